"""HTML of the sources of an answer: compact cards in the order of their days, each with the cited words."""

from collections.abc import Collection
from datetime import date
from html import escape

from corpus.passages import sentence_spans
from rag.answers.answer import Answer
from rag.page.markup.text_markup import escape_line, headline_html
from rag.retrieval.evidence import Evidence
from rag.verification.citations import Citation

MAX_NEAREST = 3  # limit, of sentences shown where nothing is cited
_NEIGHBOUR_CHARS = 300  # limit, of the sentence before and of the one behind the cited words


def sources_html(answer: Answer, turn: int, quoted_above: Collection[int]) -> str:
    """Return the cited sources as cards, or the nearest sentences if nothing is cited.

    Args:
        answer: what is known so far.
        turn: the answer's position in the conversation.
        quoted_above: the numbers of the sources whose words the answer itself quotes; their cards show them
            only in the card of the marker.
    """
    if answer.citations:
        items = "".join(_card(item, turn, item.number in quoted_above) for item in _by_day(answer.citations))
        return f'<section class="sources"><h3>Sources</h3><ol>{items}</ol></section>'
    if answer.statements or not answer.evidence:
        return ""
    heading = "From the articles" if answer.status == "writing" else "What comes nearest"
    items = "".join(
        _nearest(item, turn, number) for number, item in enumerate(answer.evidence[:MAX_NEAREST], 1)
    )
    return f'<section class="sources nearest"><h3>{heading}</h3><ul>{items}</ul></section>'


def anchor(citation: Citation, turn: int) -> str:
    """Return the id of the card that a marker links to."""
    return f"source-{turn}-{citation.number}"


def _by_day(citations: Collection[Citation]) -> list[Citation]:
    """Return the sources by day, undated ones last; oldest first, unless the answer begins with the newest.

    So cards and markers run the same way wherever the answer runs through time.
    """
    days = [item.article.published.first for item in citations if item.article.published]
    newest_first = bool(days) and days[0] > days[-1]
    direction = -1 if newest_first else 1

    def position(citation: Citation) -> tuple[bool, int, int]:
        day = citation.article.published
        return day is None, direction * (day.first if day else date.min).toordinal(), citation.number

    return sorted(citations, key=position)


def _card(citation: Citation, turn: int, quoted_above: bool) -> str:
    before, after = _neighbours(citation)
    words = f"{_near(f'{before} ')}<b>{escape_line(citation.quote)}</b>{_near(f' {after}')}"
    quote = f'<q class="{"above" if quoted_above else "here"}">{words}</q>'
    return (
        f'<li id="{anchor(citation, turn)}" value="{citation.number}">'
        f'<span class="number">[{citation.number}]</span> {cite_html(citation)}{quote}</li>'
    )


def _near(text: str) -> str:
    return f'<span class="near">{escape(text)}</span>' if text.strip() else ""


def _nearest(evidence: Evidence, turn: int, number: int) -> str:
    near = f"near-{turn}-{number}"
    link = f'<a class="marker" href="#{near}">read on</a>'
    quote = f'<q class="here"><b>{escape_line(evidence.text)}</b></q>'
    return f'<li id="{near}">{cite_html(evidence)}{quote} {link}</li>'


def _neighbours(citation: Citation) -> tuple[str, str]:
    """Return the sentence before the cited words and the one behind them; "" where there is none."""
    if not citation.verified:
        return "", ""
    body = citation.article.body
    first, last = max(0, citation.start - _NEIGHBOUR_CHARS), citation.end + _NEIGHBOUR_CHARS
    before = [
        f"{'… ' if 0 < first == start else ''}{body[start:end]}"
        for start, end in sentence_spans(body, first, citation.start)[-1:]
    ]
    after = [
        f"{body[start:end]}{' …' if end == last else ''}"
        for start, end in sentence_spans(body, citation.end, last)[:1]
    ]
    return " ".join("".join(before).split()), " ".join("".join(after).split())


def cite_html(source: Citation | Evidence) -> str:
    """Return headline, publisher and date of a source, and the other papers that printed the same words."""
    article = source.article
    others = escape_line("; ".join(other.credit for other in source.also_in))
    also_in = f"<span class='also'>; also in {others}</span>" if source.also_in else ""
    publisher, comma, day = article.credit.rpartition(", ")
    dateline = f"{publisher}{comma}{day.replace(' ', chr(0xA0))}"  # a line must not break inside a date
    return f"<cite>{headline_html(article)}<span class='dateline'>{escape(dateline)}</span>{also_in}</cite>"
