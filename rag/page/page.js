// The page's own script, run once by the part named "wire": what is pressed inside of answers and beside them becomes events of Gradio.
// Buttons and places are known by ids and numbers alone; no text of articles is ever made HTML here.
const PLACE = /^#(?:source|near)-(\d+)-(\d+)$/;
const ACT = /^([a-z]+)-(\d+)(?:-([a-z0-9-]+))?$/;
const page = Object.assign(window.dateline ??= {}, {record: null, opener: null});

const placeOf = element => PLACE.exec(element?.getAttribute('href') || '') || PLACE.exec(`#${element?.id || ''}`);
const openPlace = (turn, place, opener) => {
  if (opener) page.opener = opener;
  trigger('select', {turn: Number(turn), place: Number(place)});
};
const closeReader = () => {
  trigger('collapse', {});
  page.opener?.focus();
};
page.keep = record => {
  const known = page.record?.exchanges?.length === record?.exchanges?.length && page.record?.exchanges?.at(-1)?.answer.status !== 'writing';
  const before = page.record;
  page.record = record;
  page.remember?.(record, before);
  if (!known) setTimeout(toQuestion, 50); // when the messages have been drawn
};
// An answer is read from its beginning: its question goes to the top of the conversation.
const toQuestion = () => {
  const asked = [...document.querySelectorAll('#chat [data-testid=user]')].at(-1);
  const pane = asked?.closest('[role=log]');
  if (pane) pane.scrollTop += asked.getBoundingClientRect().top - pane.getBoundingClientRect().top - 12;
};

// What is pressed.
document.addEventListener('click', event => {
  const link = event.target.closest('#chat a[href^="#"]');
  if (link && placeOf(link)) {
    event.preventDefault();
    hideCard();
    return openPlace(placeOf(link)[1], placeOf(link)[2], link);
  }
  const step = event.target.closest('#reader button[data-place]');
  if (step) return openPlace(step.dataset.turn, step.dataset.place);
  if (event.target.closest('#reader button[data-close]')) return closeReader();
  const chip = event.target.closest('#chips button[data-drop]');
  if (chip) return trigger('delete', {drop: chip.dataset.drop});
  const act = event.target.closest('#chat button.act');
  if (act && ACT.test(act.id)) return perform(act, ...ACT.exec(act.id).slice(1));
  const quote = event.target.closest('#chat [id^="source-"], #chat [id^="near-"]');
  if (!quote || event.target.closest('a, button, cite') || String(getSelection())) return;
  openPlace(...placeOf(quote).slice(1), quote.querySelector('a.marker'));
});

// The keys: Escape leaves the reader, the arrows go to the cited place before and after.
document.addEventListener('keydown', event => {
  const reader = document.querySelector('#reader');
  if (event.key === 'Escape' && !hideCard() && reader) closeReader();
  const step = {ArrowLeft: 'previous', ArrowRight: 'next'}[event.key];
  if (step && reader?.contains(document.activeElement)) reader.querySelector(`button[data-step=${step}]`)?.click();
});

// The card of a marker, while it is pointed at or has the focus: its source's words, headline, publisher and date.
let card = null;
const hideCard = () => {
  const shown = card;
  shown?.marker.setAttribute('title', shown.title);
  shown?.remove();
  card = null;
  return Boolean(shown);
};
const showCard = marker => {
  const source = placeOf(marker) && document.getElementById(marker.getAttribute('href').slice(1));
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

// What may be done with an answer.
const perform = (button, what, turn, more) => {
  if (what === 'copy') return copyAnswer(button, Number(turn));
  if (what === 'search') return fill('#question textarea', button.parentElement.querySelector('.question').textContent);
  trigger({unfilter: 'apply', export: 'download', judge: 'like'}[what] || what, {turn: Number(turn), more: more || '', told: button.textContent});
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
    `[${source.number}] “${source.quote}” ${source.headline}, ${source.publisher || 'publisher unknown'}, ${source.published || 'undated'}`);
  copyText([answer.text, ...sources].join('\n'));
  const label = button.textContent;
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = label; }, 1500);
};
const copyText = text => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.body.appendChild(document.createElement('textarea')); // where the page is no secure context
  area.value = text;
  area.select();
  document.execCommand('copy');
  area.remove();
};

// Gradio calls its examples a list, although they are buttons and no items; screen readers then read neither.
new MutationObserver(() => document.querySelector('#chat .examples[role=list]')?.setAttribute('role', 'group'))
  .observe(document.body, {childList: true, subtree: true});
