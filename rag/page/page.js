// The page's script, run once by the component "page-events": turns clicks and keys in and around answers into Gradio events.
// Buttons and citations are identified by ids and numbers alone; no text from articles is ever made into HTML here.
const CITATION = /^#(?:source|near)-(\d+)-(\d+)$/;
const ACTION = /^([a-z]+)-(\d+)(?:-([a-z0-9-]+))?$/;
const page = Object.assign(window.dateline ??= {}, {record: null, opener: null});

const citationOf = element =>
  CITATION.exec(element?.getAttribute('href') || '') || CITATION.exec(`#${element?.id || ''}`);
const openCitation = (turn, citation, opener) => {
  if (opener) page.opener = opener;
  trigger('select', {turn: Number(turn), citation: Number(citation)});
};
const closeArticle = () => {
  trigger('collapse', {});
  page.opener?.focus();
};
page.setRecord = record => {
  const before = page.record;
  const sameTurn = before?.exchanges?.length === record?.exchanges?.length
    && before?.exchanges?.at(-1)?.answer.status !== 'writing';
  page.record = record;
  page.storeConversation?.(record, before);
  if (!sameTurn) setTimeout(scrollToQuestion, 50); // when the messages have been drawn
};
// Scroll the last question to the top, so that its answer is read from the beginning.
const scrollToQuestion = () => {
  const question = [...document.querySelectorAll('#chat [data-testid=user]')].at(-1);
  const pane = question?.closest('[role=log]');
  if (pane) pane.scrollTop += question.getBoundingClientRect().top - pane.getBoundingClientRect().top - 12;
};

// Clicks.
document.addEventListener('click', event => {
  const link = event.target.closest('#chat a[href^="#"]');
  if (link && citationOf(link)) {
    event.preventDefault();
    hideCard();
    return openCitation(citationOf(link)[1], citationOf(link)[2], link);
  }
  const step = event.target.closest('#cited-article button[data-citation]');
  if (step) return openCitation(step.dataset.turn, step.dataset.citation);
  if (event.target.closest('#cited-article button[data-close]')) return closeArticle();
  const chip = event.target.closest('#chips button[data-filter]');
  if (chip) return trigger('delete', {filter: chip.dataset.filter});
  const button = event.target.closest('#chat button.act');
  if (button && ACTION.test(button.id)) return perform(button, ...ACTION.exec(button.id).slice(1));
  const quote = event.target.closest('#chat [id^="source-"], #chat [id^="near-"]');
  if (!quote || event.target.closest('a, button, cite') || String(getSelection())) return;
  openCitation(...citationOf(quote).slice(1), quote.querySelector('a.marker'));
});

// Keys: Escape closes the article, the arrows go to the previous and the next citation.
document.addEventListener('keydown', event => {
  const article = document.querySelector('#cited-article');
  if (event.key === 'Escape' && !hideCard() && article) closeArticle();
  const step = {ArrowLeft: 'previous', ArrowRight: 'next'}[event.key];
  if (step && article?.contains(document.activeElement)) article.querySelector(`button[data-step=${step}]`)?.click();
});

// While a marker is hovered or focused, a card shows its source: words, headline, publisher and date.
let card = null;
const hideCard = () => {
  const shown = card;
  shown?.marker.setAttribute('title', shown.title);
  shown?.remove();
  card = null;
  return Boolean(shown);
};
const showCard = marker => {
  const source = citationOf(marker) && document.getElementById(marker.getAttribute('href').slice(1));
  if (!source || source.contains(marker) || card?.marker === marker) return;
  hideCard();
  card = document.createElement('div');
  card.className = 'card';
  card.setAttribute('role', 'tooltip');
  for (const part of [source.querySelector('cite'), source.querySelector('q')]) if (part) card.append(part.cloneNode(true));
  Object.assign(card, {marker, title: marker.getAttribute('title') || ''});
  marker.removeAttribute('title');
  document.body.append(card);
  const at = marker.getBoundingClientRect();
  const above = at.top - card.offsetHeight - 8;
  card.style.left = `${Math.max(8, Math.min(at.left, innerWidth - card.offsetWidth - 8))}px`;
  card.style.top = `${above > 8 ? above : at.bottom + 8}px`;
};
for (const name of ['pointerover', 'focusin']) {
  document.addEventListener(name, event => {
    const marker = event.target.closest?.('#chat a[href^="#source-"]');
    if (marker) showCard(marker); else hideCard();
  });
}
document.addEventListener('scroll', hideCard, true);

// The buttons of an answer; all but two are events of the server.
const EVENTS = {unfilter: 'apply', export: 'download', feedback: 'like'};
const perform = (button, action, turn, detail) => {
  if (action === 'copy') return copyAnswer(button, Number(turn));
  if (action === 'search') return fill('#question textarea', button.parentElement.querySelector('.question').textContent);
  trigger(EVENTS[action] || action, {turn: Number(turn), detail: detail || '', label: button.textContent});
};
const fill = (field, text) => {
  const area = document.querySelector(field);
  area.value = text;
  area.dispatchEvent(new Event('input', {bubbles: true}));
  area.focus();
};
const copyAnswer = (button, turn) => {
  const answer = page.record?.exchanges?.[turn]?.answer;
  if (!answer) return;
  const sources = answer.citations.map(source =>
    `[${source.number}] “${source.quote}” ${source.headline}, ${source.publisher || 'publisher unknown'}${source.sample ? ' (sample)' : ''}, ${source.published || 'undated'}`);
  copyText([answer.text, ...sources].join('\n'));
  const label = button.textContent;
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = label; }, 1500);
};
const copyText = text => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.body.appendChild(document.createElement('textarea')); // outside of secure contexts
  area.value = text;
  area.select();
  document.execCommand('copy');
  area.remove();
};

// Gradio gives its examples the role of a list, although they are buttons and not items; screen readers then skip both.
new MutationObserver(() => document.querySelector('#chat .examples[role=list]')?.setAttribute('role', 'group'))
  .observe(document.body, {childList: true, subtree: true});
