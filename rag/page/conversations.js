// The list of conversations, which are stored in this browser's local storage only; one is sent to the server when it is opened.
// With logins, each user has a key prefix, so that two users of one browser do not see each other's conversations.
const user = window.gradio_config?.username;
const PREFIX = user ? `dateline@${user}:` : 'dateline:';
const page = (window.dateline ??= {});
const [list, search, status] = ['ul', 'input[type=search]', '[role=status]'].map(part => element.querySelector(part));
const HASH = /^#conversation=([0-9a-z]+)$/;

const load = id => {
  try { return JSON.parse(localStorage.getItem(PREFIX + id)); } catch { return null; }
};
const loadAll = () => Object.keys(localStorage).filter(key => key.startsWith(PREFIX))
  .map(key => load(key.slice(PREFIX.length)))
  .filter(conversation => conversation?.id && conversation.exchanges)
  .sort((a, b) => (b.changed || '').localeCompare(a.changed || ''));
const store = conversation => {
  try {
    localStorage.setItem(PREFIX + conversation.id, JSON.stringify(conversation));
    status.textContent = '';
  } catch {
    status.textContent = 'The storage of this browser is full; delete some conversations. The present one is shown, but not kept.';
  }
};

// What a reader changes in a conversation: its questions, their answers and the verdicts. Keys that other versions write are left out.
const content = ({exchanges}) => JSON.stringify(
  exchanges.map(({answer, judged}) => [answer.question, answer.text, answer.status, answer.timings, judged]));
// After each finished answer, store the conversation and put its id into the address. A name given by the user is kept.
// One that was only opened keeps its day and its place in the list.
page.storeConversation = (record, before) => {
  const finished = record?.exchanges?.length && record.exchanges.at(-1).answer.status !== 'writing';
  if (finished) {
    const stored = load(record.id), named = Boolean(stored?.named), title = named ? stored.title : record.title;
    if (!stored?.exchanges || content(stored) !== content(record)) store({...record, title, named, changed: new Date().toISOString()});
    history.replaceState(null, '', `#conversation=${record.id}`);
  } else if (!record?.exchanges?.length && before) {
    history.replaceState(null, '', location.pathname + location.search);
  }
  render();
};

const open = (id, retries) => {
  const conversation = load(id);
  if (!conversation) { status.textContent = 'That conversation is not kept in this browser.'; return; }
  trigger('select', {conversation: {id, title: conversation.title, exchanges: conversation.exchanges}});
  // While the page is being built, nothing may be listening to the event yet.
  if (retries) setTimeout(() => { if (!page.record) open(id, retries - 1); }, 2000);
};
const openFromAddress = retries => {
  const id = HASH.exec(location.hash)?.[1];
  if (id && id !== page.record?.id) open(id, retries);
};
// Where three columns fit, the list is open; on a phone it covers the page, so choosing or beginning a conversation closes it.
const toggle = document.querySelector('#sidebar .toggle-button');
if (innerWidth >= 1200) toggle.click();
toggle.title = toggle.ariaLabel = 'Conversations';
toggle.parentElement.addEventListener('click', event => { if (event.target.closest('li a, #new') && innerWidth < 768) toggle.click(); });

const create = (tag, text, properties = {}) => Object.assign(document.createElement(tag), {textContent: text}, properties);
const formatDay = day => day ? new Date(day).toLocaleDateString('en-GB', {day: 'numeric', month: 'long', year: 'numeric'}) : '';
const listItem = conversation => {
  const item = create('li', '');
  const link = create('a', conversation.title, {href: `#conversation=${conversation.id}`});
  if (conversation.id === page.record?.id) link.setAttribute('aria-current', 'true');
  const count = conversation.exchanges.length, facts = `${formatDay(conversation.changed)} · ${count} ${count === 1 ? 'question' : 'questions'}`;
  const rename = create('button', 'Rename', {type: 'button', onclick: () => editTitle(conversation, item)});
  const remove = create('button', 'Delete', {type: 'button', onclick: () => {
    if (remove.textContent === 'Delete') { remove.textContent = 'Delete for good?'; return; }
    localStorage.removeItem(PREFIX + conversation.id);
    render();
  }});
  item.append(link, create('span', facts, {className: 'facts'}), rename, remove);
  return item;
};
const editTitle = (conversation, item) => {
  const field = create('input', '', {value: conversation.title, maxLength: 80, ariaLabel: 'Name of the conversation'});
  item.replaceChildren(field);
  field.focus();
  field.onkeydown = event => {
    if (event.key === 'Enter' && field.value.trim()) store({...conversation, title: field.value.trim(), named: true});
    if (event.key === 'Enter' || event.key === 'Escape') render();
  };
};
const searchableText = conversation =>
  [conversation.title, ...conversation.exchanges.flatMap(({answer}) => [answer.question, answer.text])].join(' ').toLowerCase();
const render = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = loadAll().filter(conversation => words.every(word => searchableText(conversation).includes(word)));
  const empty = create('li', words.length ? 'No conversation contains these words.' : 'None yet.', {className: 'hint'});
  list.replaceChildren(...(found.length ? found.map(listItem) : [empty]));
};

page.download = ({name, kind, text}) =>
  create('a', '', {download: name, href: `data:${kind};charset=utf-8,${encodeURIComponent(text)}`}).click();
search.addEventListener('input', render);
addEventListener('hashchange', () => openFromAddress(0));
addEventListener('storage', render); // another tab
render();
openFromAddress(10);
