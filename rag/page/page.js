// The page's script, run once by the component "page-events": turns clicks and keys in and around answers into Gradio events.
// Buttons and citations are identified by ids and numbers alone; no text from articles is ever made into HTML here.
const CITATION = /^#(?:source|near)-(\d+)-(\d+)$/;
const ACTION = /^([a-z]+)-(\d+)(?:-([a-z0-9-]+))?$/;
const BOX = '#question textarea';
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
  document.querySelectorAll('#chat .tools details').forEach(menu => { menu.open &&= menu.contains(event.target); });
  const link = event.target.closest('.card') ? card?.marker : event.target.closest('#chat a[href^="#"]');
  if (link && citationOf(link)) {
    event.preventDefault();
    if (touched === link) { touched = null; return; } // the first touch shows the card, the second opens the article
    hideCard();
    return openCitation(citationOf(link)[1], citationOf(link)[2], link);
  }
  if (event.target.closest('#ask, #stop')) document.querySelector(BOX).focus(); // the one takes the other's place
  const step = event.target.closest('#cited-article button[data-citation]');
  if (step) return openCitation(step.dataset.turn, step.dataset.citation);
  if (event.target.closest('#cited-article button[data-close]')) return closeArticle();
  const chip = event.target.closest('#chips button[data-filter]');
  if (chip) return trigger('delete', {filter: chip.dataset.filter});
  const button = event.target.closest('#chat button.act');
  if (button && ACTION.test(button.id)) return perform(button, ...ACTION.exec(button.id).slice(1));
  const quote = event.target.closest('#chat [id^="source-"], #chat [id^="near-"]');
  if (!quote || event.target.closest('a, button') || String(getSelection())) return;
  openCitation(...citationOf(quote).slice(1), document.querySelector(`#chat a.marker[href="#${quote.id}"]`));
});

// Keys: Escape closes the article, the arrows go to the previous and the next citation, "/" to the question;
// the arrows up and down recall earlier questions in its field.
document.addEventListener('keydown', event => {
  const article = document.querySelector('#cited-article');
  if (event.key === 'Escape' && !hideCard() && article) closeArticle();
  const step = {ArrowLeft: 'previous', ArrowRight: 'next'}[event.key];
  if (step && article?.contains(document.activeElement)) article.querySelector(`button[data-step=${step}]`)?.click();
  if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.target.closest('input, textarea, select')) {
    event.preventDefault();
    document.querySelector(BOX).focus();
  }
  if (event.target.matches(BOX) && ['ArrowUp', 'ArrowDown'].includes(event.key)) recall(event);
});
const recall = event => {
  const asked = [...new Set(page.record?.exchanges?.map(({answer}) => answer.question))];
  const at = event.target.value ? asked.indexOf(event.target.value) : asked.length;
  const next = at + (event.key === 'ArrowUp' ? -1 : 1);
  if (at < 0 || next < 0 || next > asked.length) return; // words of the reader's own are never replaced
  event.preventDefault();
  fill(asked[next] ?? '');
};

// While a marker is hovered, focused or touched, a card shows its source: headline, publisher, date, and the words among
// their neighbours. The pointer may move into the card; a click there opens the article too.
let card = null, leaving = 0, touched = null;
const hideCard = () => {
  const shown = card;
  shown?.marker.setAttribute('title', shown.heading);
  shown?.marker.removeAttribute('aria-describedby');
  shown?.remove();
  card = null;
  return Boolean(shown);
};
const showCard = marker => {
  const source = citationOf(marker) && document.getElementById(marker.getAttribute('href').slice(1));
  if (!source || source.contains(marker) || card?.marker === marker) return;
  hideCard();
  card = Object.assign(document.createElement('div'), {className: 'card', id: 'card', role: 'tooltip', popover: 'manual'});
  for (const part of [source.querySelector('cite'), source.querySelector('q')]) if (part) card.append(part.cloneNode(true));
  for (const link of card.querySelectorAll('a')) link.removeAttribute('href'); // the whole card leads to the article
  Object.assign(card, {marker, heading: marker.getAttribute('title') || ''});
  marker.removeAttribute('title');
  marker.setAttribute('aria-describedby', 'card');
  document.body.append(card);
  card.showPopover?.();
  const at = marker.getBoundingClientRect(), below = at.bottom + 6; // not over the words that it explains
  card.style.left = `${Math.max(8, Math.min(at.left - 12, innerWidth - card.offsetWidth - 8))}px`;
  card.style.top = `${below + card.offsetHeight < innerHeight - 8 ? below : Math.max(8, at.top - card.offsetHeight - 6)}px`;
};
for (const name of ['pointerover', 'focusin', 'pointerdown']) {
  document.addEventListener(name, event => {
    const marker = event.target.closest?.('#chat a[href^="#source-"]');
    if (name === 'pointerdown') {
      touched = event.pointerType === 'touch' && marker && card?.marker !== marker ? marker : null;
      if (marker && !touched) return;
    } else if (event.pointerType === 'touch') return;
    clearTimeout(leaving);
    if (marker) showCard(marker);
    else if (!event.target.closest?.('.card')) leaving = setTimeout(hideCard, name === 'pointerover' ? 200 : 0);
  });
}
// A marker that is focused by keyboard is scrolled into view itself: its card stays.
document.addEventListener('scroll', () => { if (!card?.marker.matches(':focus-visible')) hideCard(); }, true);

// The buttons of an answer; all but two are events of the server.
const EVENTS = {unfilter: 'apply', export: 'download', feedback: 'like'};
const perform = (button, action, turn, detail) => {
  const answer = page.record?.exchanges?.[turn]?.answer;
  if (action === 'copy') return copyText(button, [answer.text, ...answer.citations.map(sourceLine)].join('\n'), 'Copied');
  if (action === 'share') return copyText(button, shareLink(answer.question), 'Link copied');
  if (action === 'follow') return page.ask(button.textContent);
  if (action === 'begin') return begin(detail);
  if (action === 'search') return fill(button.parentElement.querySelector('.question').textContent);
  trigger(EVENTS[action] || action, {turn: Number(turn), detail: detail || '', label: button.textContent});
};
const fill = (text, area = document.querySelector(BOX)) => {
  area.value = text;
  area.dispatchEvent(new Event('input', {bubbles: true}));
  if (area.matches(BOX)) area.focus();
};
page.ask = question => {
  document.querySelector('#ask-tab-button').click();
  fill(question);
  setTimeout(() => document.querySelector('#ask').click());
};
const begin = way => {
  document.querySelector(way === 'sample' ? '#add-sample' : '#collection-tab-button').click();
  if (way !== 'sample') setTimeout(() => document.querySelector(way === 'text' ? '#pasted textarea' : '#files button')?.focus(), 300); // when it is drawn
};
const sourceLine = ({number, quote, headline, publisher, sample, published}) =>
  `[${number}] “${quote}” ${headline}, ${publisher || 'publisher unknown'}${sample ? ' (sample)' : ''}, ${published || 'undated'}`;
// A link that puts the question into the field of another reader of this collection, who then decides to ask it.
const shareLink = question => `${location.origin}${location.pathname}#${new URLSearchParams({ask: question})}`;
const copyText = (button, text, done) => {
  const label = button.textContent;
  button.textContent = done;
  setTimeout(() => { button.textContent = label; }, 1500);
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  document.addEventListener('copy', event => { event.clipboardData.setData('text', text); event.preventDefault(); }, {once: true});
  document.execCommand('copy'); // outside of secure contexts
};

const shared = new URLSearchParams(location.hash.slice(1)).get('ask');
const fillShared = () => document.querySelector(BOX) ? fill(shared) : setTimeout(fillShared, 100); // until it is drawn
if (shared) fillShared();
// The date slider writes years into the fields of the filter, an end of it nothing, and shows what stands there.
const handle = end => document.querySelector(`#years input.${end}`);
const field = end => document.querySelector(`#${end} input, #${end} textarea`);
page.showYears = () => {
  const [since, until] = ['since', 'until'].map(end => {
    if (!handle(end)) return 0;
    handle(end).value = parseInt(field(end)?.value) || handle(end)[end === 'since' ? 'min' : 'max'];
    return document.querySelector(`#years output.${end}`).value = handle(end).value;
  });
  for (const bar of document.querySelectorAll('#years rect')) bar.classList.toggle('out', bar.dataset.year < since || bar.dataset.year > until);
};
document.addEventListener('input', event => {
  if (!event.target.matches('#years input')) return;
  const end = event.target.className, other = handle(end === 'since' ? 'until' : 'since').value;
  const year = end === 'since' ? Math.min(event.target.value, other) : Math.max(event.target.value, other);
  fill(`${year}` === event.target[end === 'since' ? 'min' : 'max'] ? '' : year, field(end));
  page.showYears();
});
