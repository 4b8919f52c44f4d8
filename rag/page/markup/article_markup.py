"""HTML of a cited article beside the chat, with the cited words marked and links to the other citations.

Everything from articles and questions is escaped; a citation is identified by its number alone.
"""

from collections.abc import Sequence
from html import escape

from corpus.cleaning.offsets import raw_span
from rag.answers.answer import Answer
from rag.page.markup.source_cards import MAX_NEAREST
from rag.page.markup.text_markup import MAX_TEXT_CHARS, escape_line, headline_html
from rag.verification.citations import QUOTED, Citation, number_citations


def openable_citations(answer: Answer) -> tuple[Citation, ...]:
    """Return the citations of an answer, or those of the nearest sentences if it cites none."""
    nearest = number_citations([(item.text, [item], QUOTED) for item in answer.evidence[:MAX_NEAREST]])
    return answer.citations or tuple(citation for statement in nearest for citation in statement.citations)


def article_pane_html(answer: Answer, turn: int, number: int, raw: str) -> str:
    """Return the article of a citation with the cited words marked.

    Args:
        answer: the answer that cites it.
        turn: the answer's position in the conversation.
        number: the number of the citation.
        raw: the article's text before cleaning.
    """
    citations = openable_citations(answer)
    current = next((citation for citation in citations if citation.number == number), None)
    if current is None:
        return '<p class="empty" role="status">This source is no longer part of the answer; ask again.</p>'
    navigation = _navigation(citations, current, turn)
    if not current.verified:
        notice = (
            "This article is no longer in the collection, so its words cannot be checked. "
            f"They were: “{escape_line(current.quote)}”"
        )
        return f'{navigation}<p class="empty" role="status">{notice}</p>'
    article = current.article
    same_article = [citation for citation in citations if citation.article.id == article.id]
    return (
        f'{navigation}<article class="article-text"><h2>{headline_html(article)}</h2>'
        f'<p class="dateline">{escape(article.credit)}{_also_in(current)}</p>'
        f'<div class="body">{_body(article.body, same_article, current, turn)}</div>'
        "<details><summary>The text as it was read</summary>"
        f"<pre>{_raw_text(raw, current)}</pre></details></article>"
    )


def _navigation(citations: Sequence[Citation], current: Citation, turn: int) -> str:
    """Return the position of a citation among the others, and buttons to the previous and the next one."""
    at = citations.index(current)
    previous = citations[at - 1] if at else None
    following = citations[at + 1] if at + 1 < len(citations) else None
    position = f"Source {at + 1} of {len(citations)}" if len(citations) > 1 else "The only source"
    return (
        '<nav class="steps" aria-label="Cited sources">'
        f"{_step('previous', '‹ Previous', 'left arrow key', previous, turn)}"
        f'<span role="status">{position}</span>{_step("next", "Next ›", "right arrow key", following, turn)}'
        '<button type="button" data-close="" title="Escape key">Close</button></nav>'
    )


def _step(name: str, label: str, key: str, target: Citation | None, turn: int) -> str:
    if target is None:
        return f'<button type="button" disabled>{label}</button>'
    return (
        f'<button type="button" data-step="{name}" data-turn="{turn}" data-citation="{target.number}" '
        f'title="{key}">{label}</button>'
    )


def _also_in(citation: Citation) -> str:
    others = escape_line("; ".join(other.credit for other in citation.also_in))
    return f"; also in {others}" if others else ""


def _body(body: str, citations: Sequence[Citation], current: Citation, turn: int) -> str:
    """Return the paragraphs with citations marked; of a very long article, those around the current one."""
    first = max(0, current.start - MAX_TEXT_CHARS // 2) if current.end > MAX_TEXT_CHARS else 0
    last = first + MAX_TEXT_CHARS
    marked = _without_overlaps(citations, current)
    paragraphs, position = [], 0
    for line in body.splitlines(keepends=True):
        start, position = position, position + len(line)
        if line.strip() and start < last and position > first:
            text = _marked_text(body, start, start + len(line.rstrip()), marked, current, turn)
            paragraphs.append(f"<p>{text}</p>")
    if len(body) > MAX_TEXT_CHARS:
        paragraphs.append(f'<p class="note">A part of the article’s {len(body):,} characters.</p>')
    return "".join(paragraphs)


def _without_overlaps(citations: Sequence[Citation], current: Citation) -> list[Citation]:
    """Return the citations in text order, without those that overlap the current or an earlier one."""
    kept = [current]
    for citation in citations:
        if all(citation.end <= other.start or other.end <= citation.start for other in kept):
            kept.append(citation)
    return sorted(kept, key=lambda citation: citation.start)


def _marked_text(
    body: str, start: int, end: int, citations: Sequence[Citation], current: Citation, turn: int
) -> str:
    """Return the text from `start` to `end`, escaped, with the words of each citation marked."""
    parts, position = [], start
    for citation in citations:
        first, last = max(citation.start, start), min(citation.end, end)
        if first < last:
            words = _mark(escape(body[first:last]), citation.number, turn, citation is current)
            parts += [escape(body[position:first]), words]
            position = last
    return "".join(parts) + escape(body[position:end])


def _mark(words: str, number: int, turn: int, current: bool) -> str:
    if current:
        label = f'<span class="sr">Cited words {number}: </span>'
        return f'<mark class="current" tabindex="-1">{label}{words}</mark>'
    return (
        f'<mark>{words}</mark> <button type="button" class="marker" data-turn="{turn}" '
        f'data-citation="{number}" aria-label="Go to source {number}">[{number}]</button>'
    )


def _raw_text(raw: str, citation: Citation) -> str:
    """Return the raw text with the cited words marked if it holds them unchanged."""
    span = raw_span(raw, citation.article.body, citation.start, citation.end)
    start, end = span or (0, 0)
    first = max(0, start - MAX_TEXT_CHARS // 2) if end > MAX_TEXT_CHARS else 0
    words = f"<mark>{escape(raw[start:end])}</mark>" if span else ""
    return f"{escape(raw[first:start])}{words}{escape(raw[end : first + MAX_TEXT_CHARS])}"
