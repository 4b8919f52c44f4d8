"""One article beside the chat -> HTML: the cited words marked, what else the answer cites there, the way to the next place, the raw text.

Everything of others is escaped here; a place is named by its number alone.
"""

from collections.abc import Sequence
from html import escape

from corpus.cleaning.offsets import raw_span
from rag.answers.answer import Answer
from rag.page.answer_markup import MAX_NEAREST, escape_line, headline
from rag.verification.citations import QUOTED, Citation, number_citations

_SHOWN_CHARS = 100_000  # of a body or a raw text; a page of more is slow to draw


def openable_citations(answer: Answer) -> tuple[Citation, ...]:
    """Where one can read on: the sources that an answer cites, or what came nearest where it cites none."""
    nearest = number_citations([(item.text, [item], QUOTED) for item in answer.evidence[:MAX_NEAREST]])
    return answer.citations or tuple(citation for statement in nearest for citation in statement.citations)


def article_pane_html(answer: Answer, turn: int, chosen: int, raw: str) -> str:
    """The article of the place with the number `chosen`, at its words; `raw` is the text as it was read, `turn` the answer's place in the talk."""
    known = openable_citations(answer)
    here = next((place for place in known if place.number == chosen), None)
    if here is None:
        return '<p class="empty" role="status">That place is no longer known; ask again.</p>'
    if not here.verified:
        told = f"This article is no longer in the collection, so its words cannot be checked. They were: “{escape_line(here.quote)}”"
        return f'{_steps(known, here, turn)}<p class="empty" role="status">{told}</p>'
    article = here.article
    return (
        f'{_steps(known, here, turn)}<article class="reader"><h2>{headline(article)}</h2>'
        f'<p class="dateline">{escape(article.dateline)}{_also_in(here)}</p>'
        f'<div class="body">{_body(article.body, [place for place in known if place.article.id == article.id], here, turn)}</div>'
        f"<details><summary>The text as it was read</summary><pre>{_raw(raw, here)}</pre></details></article>"
    )


def _steps(known: Sequence[Citation], here: Citation, turn: int) -> str:
    """Where one is among the answer's places, and the way to the others."""
    at = known.index(here)
    before, after = known[at - 1] if at else None, known[at + 1] if at + 1 < len(known) else None
    told = f"{at + 1} of {len(known)} places" if len(known) > 1 else "the only place"
    return (
        f'<nav class="steps" aria-label="Cited places">{_step("previous", "‹ Previous", "left arrow key", before, turn)}'
        f'<span role="status">{told}</span>{_step("next", "Next ›", "right arrow key", after, turn)}'
        '<button type="button" data-close="" title="Escape key">Close</button></nav>'
    )


def _step(name: str, label: str, key: str, to: Citation | None, turn: int) -> str:
    if to is None:
        return f'<button type="button" disabled>{label}</button>'
    return f'<button type="button" data-step="{name}" data-turn="{turn}" data-place="{to.number}" title="{key}">{label}</button>'


def _also_in(here: Citation) -> str:
    return (
        f"; also in {escape_line('; '.join(other.dateline for other in here.also_in))}"
        if here.also_in
        else ""
    )


def _body(body: str, known: Sequence[Citation], here: Citation, turn: int) -> str:
    """The paragraphs with every cited place marked. A very long article is shown around its words only."""
    first = max(0, here.start - _SHOWN_CHARS // 2) if here.end > _SHOWN_CHARS else 0
    last = first + _SHOWN_CHARS
    marked = _apart(known, here)
    parts, position = [], 0
    for line in body.splitlines(keepends=True):
        start, position = position, position + len(line)
        if line.strip() and start < last and position > first:
            parts.append(f"<p>{_marked(body, start, start + len(line.rstrip()), marked, here, turn)}</p>")
    cut = (
        f'<p class="how">A part of the article’s {len(body):,} characters.</p>'
        if len(body) > _SHOWN_CHARS
        else ""
    )
    return "".join(parts) + cut


def _apart(known: Sequence[Citation], here: Citation) -> list[Citation]:
    """The places in their order, without those that overlap the chosen one or one before."""
    kept = [here]
    for place in known:
        if all(place.end <= other.start or other.end <= place.start for other in kept):
            kept.append(place)
    return sorted(kept, key=lambda place: place.start)


def _marked(body: str, start: int, end: int, marked: Sequence[Citation], here: Citation, turn: int) -> str:
    """The text from `start` to `end`, escaped, with what is cited of it marked."""
    parts, at = [], start
    for place in marked:
        first, last = max(place.start, start), min(place.end, end)
        if first >= last:
            continue
        words = escape(body[first:last])
        parts.append(escape(body[at:first]))
        if place is here:
            parts.append(
                f'<mark class="here" tabindex="-1"><span class="sr">Cited words {place.number}: </span>{words}</mark>'
            )
        else:
            parts.append(
                f'<mark>{words}</mark> <button type="button" class="marker" data-turn="{turn}" data-place="{place.number}" '
                f'aria-label="Go to cited place {place.number}">[{place.number}]</button>'
            )
        at = last
    return "".join(parts) + escape(body[at:end])


def _raw(raw: str, here: Citation) -> str:
    """The raw text with the same words marked, where they stand in it unchanged."""
    found = raw_span(raw, here.article.body, here.start, here.end)
    start, end = found or (0, 0)
    first = max(0, start - _SHOWN_CHARS // 2) if end > _SHOWN_CHARS else 0
    words = f"<mark>{escape(raw[start:end])}</mark>" if found else ""
    return f"{escape(raw[first:start])}{words}{escape(raw[end : first + _SHOWN_CHARS])}"
