// The conversations that this browser keeps, under a name each in its local storage; nothing of them is sent anywhere until one is opened.
// Where people log in, each has a name of their own before it, so that two of them at one browser do not see each other's.
const who = window.gradio_config?.username;
const PREFIX = who ? `dateline@${who}:` : 'dateline:';
const page = (window.dateline ??= {});
const list = element.querySelector('ul');
const search = element.querySelector('input[type=search]');
const status = element.querySelector('[role=status]');
const HASH = /^#conversation=([0-9a-z]+)$/;

const read = id => {
  try { return JSON.parse(localStorage.getItem(PREFIX + id)); } catch { return null; }
};
const all = () => Object.keys(localStorage).filter(key => key.startsWith(PREFIX)).map(key => read(key.slice(PREFIX.length)))
  .filter(talk => talk?.id && talk.exchanges).sort((a, b) => (b.changed || '').localeCompare(a.changed || ''));
const write = talk => {
  try {
    localStorage.setItem(PREFIX + talk.id, JSON.stringify(talk));
    status.textContent = '';
  } catch {
    status.textContent = 'This browser has no room for more conversations; delete some. The present one is shown, but not kept.';
  }
};

// After each finished answer the conversation is kept, and the address names it. A name that was given stays.
page.remember = (record, before) => {
  const finished = record?.exchanges?.length && record.exchanges.at(-1).answer.status !== 'writing';
  if (finished) {
    const named = read(record.id)?.named;
    write({...record, title: named ? read(record.id).title : record.title, named: Boolean(named), changed: new Date().toISOString()});
  }
  if (finished) history.replaceState(null, '', `#conversation=${record.id}`);
  else if (!record?.exchanges?.length && before) history.replaceState(null, '', location.pathname + location.search);
  draw();
};

const open = (id, tries) => {
  const talk = read(id);
  if (!talk) { status.textContent = 'That conversation is not kept in this browser.'; return; }
  trigger('select', {conversation: {id: talk.id, title: talk.title, exchanges: talk.exchanges}});
  // While the page is being built, nobody may be listening yet.
  if (tries) setTimeout(() => { if (!page.record) open(id, tries - 1); }, 2000);
};
const fromAddress = tries => {
  const id = HASH.exec(location.hash)?.[1];
  if (id && id !== page.record?.id) open(id, tries);
};
// On a phone the list covers the page, so it makes way when one is chosen.
const side = document.querySelector('#side .toggle-button');
for (const name of ['aria-label', 'title']) side?.setAttribute(name, 'Conversations');
list.addEventListener('click', event => { if (event.target.closest('a') && innerWidth < 768) side?.click(); });

const made = (tag, text, more = {}) => Object.assign(document.createElement(tag), {textContent: text}, more);
const spoken = day => day ? new Date(day).toLocaleDateString('en-GB', {day: 'numeric', month: 'long', year: 'numeric'}) : '';
const entry = talk => {
  const line = made('li', '');
  const link = made('a', talk.title, {href: `#conversation=${talk.id}`});
  if (talk.id === page.record?.id) link.setAttribute('aria-current', 'true');
  const count = talk.exchanges.length;
  const facts = made('span', `${spoken(talk.changed)} · ${count} ${count === 1 ? 'question' : 'questions'}`, {className: 'facts'});
  const rename = made('button', 'Rename', {type: 'button', onclick: () => renaming(talk, line)});
  const remove = made('button', 'Delete', {type: 'button', onclick: () => {
    if (remove.textContent === 'Delete') { remove.textContent = 'Delete for good?'; return; }
    localStorage.removeItem(PREFIX + talk.id);
    draw();
  }});
  line.append(link, facts, rename, remove);
  return line;
};
const renaming = (talk, line) => {
  const field = made('input', '', {value: talk.title, maxLength: 80});
  field.setAttribute('aria-label', 'Name of the conversation');
  line.replaceChildren(field);
  field.focus();
  field.onkeydown = event => {
    if (event.key === 'Enter' && field.value.trim()) write({...talk, title: field.value.trim(), named: true});
    if (event.key === 'Enter' || event.key === 'Escape') draw();
  };
};
const draw = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const told = talk => [talk.title, ...talk.exchanges.flatMap(item => [item.answer.question, item.answer.text])].join(' ').toLowerCase();
  const found = all().filter(talk => words.every(word => told(talk).includes(word)));
  list.replaceChildren(...found.map(entry));
  if (!found.length) list.append(made('li', words.length ? 'None holds these words.' : 'None yet.', {className: 'hint'}));
};

page.save = document_ => {
  const link = made('a', '', {download: document_.name, href: URL.createObjectURL(new Blob([document_.text], {type: document_.kind}))});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
search.addEventListener('input', draw);
addEventListener('hashchange', () => fromAddress(0));
addEventListener('storage', draw); // another tab
draw();
fromAddress(10);
