"""`Answer` -> HTML. Everything from articles, questions and models is escaped here, and nowhere is anything of theirs a tag or a link target."""

import re
from collections.abc import Iterator
from html import escape
from urllib.parse import urlsplit

from corpus.article import Article
from rag.answers.answer import Answer
from rag.answers.feedback import FEEDBACK_VERDICTS, GOOD_VERDICT
from rag.answers.schema import UNVERIFIED
from rag.answers.timeline import conflicting_statements, data_points
from rag.assistant import SOURCES_DISAGREE
from rag.page.chart import chart_html
from rag.page.filter_chips import applied_filters_html
from rag.query.timing import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.citations import QUOTED, SUPPORTED, Citation, Statement

MAX_NEAREST = 3
WRITING_LABEL, STOPPED_LABEL = "Writing, not yet checked", "Stopped, not checked"


# How a statement is backed, in words and with a sign, since colour alone tells some people nothing.
_VERDICTS = {
    SUPPORTED: ("✓ checked", "Its figures, dates, names and words stand in its source"),
    QUOTED: ("“ ” quoted", "The article’s own words"),
    UNVERIFIED: (
        "! source removed",
        "Its article is no longer in the collection, so it cannot be checked again",
    ),
}
_FORMATS = (
    ("markdown", "Markdown"),
    ("html", "HTML"),
    ("json", "JSON"),
    ("bibtex", "BibTeX"),
    ("csl", "CSL-JSON"),
)
DROPPED_PREFIX = "Dropped “"  # how a remark begins that tells of a sentence that did not hold


def answer_html(answer: Answer, turn: int, judged: str | None = None) -> str:
    """One answer as a block; `turn` makes its anchors unique on the page. The evidence stands there before the first word is written.

    `judged` is the reader's verdict, "" where there is none yet, None where nobody may give one.
    """
    alone = all(item.verdict == QUOTED for item in answer.statements)
    parts = [_head(answer, turn), chart_html(data_points(answer), turn), *_statements(answer, turn, alone)]
    shown = {item.citations[0].number for item in answer.statements if item.verdict == QUOTED}
    sources = [item for item in answer.citations if item.number not in shown]
    if sources:
        parts.append(
            f'<section class="sources"><h4>Sources</h4><ol>{"".join(_source(item, turn) for item in sources)}</ol></section>'
        )
    elif answer.evidence and not answer.statements:
        heading = "From the articles" if answer.status == "writing" else "What comes nearest"
        quotes = "".join(
            _quote(item, turn, place) for place, item in enumerate(answer.evidence[:MAX_NEAREST], 1)
        )
        parts.append(f'<section class="sources nearest"><h4>{heading}</h4><ul>{quotes}</ul></section>')
    parts += [_dropped(answer), _warnings(answer), _found(answer), _tools(answer, turn, judged)]
    return f'<div class="answer {answer.status}">{"".join(parts)}</div>'


def _head(answer: Answer, turn: int) -> str:
    """The line above the statements: what is being written and not yet checked, or why there is none."""
    searched = _searched(answer, turn) + applied_filters_html(answer.filters, turn, removable=answer.finished)
    if answer.status == "writing":
        return f'{searched}<p class="draft"><span class="label">{WRITING_LABEL}</span> {escape_line(answer.draft)}</p>'
    if answer.message:
        return f'{searched}<p class="message">{escape_line(answer.message)}</p>'
    if answer.statements and all(item.verdict == QUOTED for item in answer.statements):
        replaced = " instead of what was written and did not hold" if _drops(answer) else ""
        return f'{searched}<p class="label">In the articles\' own words{replaced}</p>'
    return searched


def _searched(answer: Answer, turn: int) -> str:
    """What was searched for where it is not what was typed; it can be taken over, changed and asked."""
    if answer.searched == answer.question:
        return ""
    edit = f' <button type="button" class="act" id="search-{turn}">Edit</button>' if answer.finished else ""
    return f'<p class="searched">Searched for: <span class="question">{escape_line(answer.searched)}</span>{edit}</p>'


def _statements(answer: Answer, turn: int, alone: bool) -> Iterator[str]:
    """The statements in their order, those that contradict each other side by side."""
    groups = conflicting_statements(answer) if SOURCES_DISAGREE in answer.warnings else ()
    for item in answer.statements:
        group = next((group for group in groups if item in group), (item,))
        if len(group) == 1:
            yield _statement(item, turn, alone)
        elif item is group[0]:
            told = "".join(f'<div class="side">{_statement(side, turn, alone)}</div>' for side in group)
            yield f'<p class="label">≠ The sources disagree</p><div class="sides">{told}</div>'


def _statement(statement: Statement, turn: int, alone: bool) -> str:
    """A written sentence with its markers, or an article's own words, which are their own source; said so where not all are (`alone`)."""
    if statement.verdict == QUOTED:
        (citation,) = statement.citations
        title = escape(f"Read on in {citation.article.headline} ({citation.article.dateline})", quote=True)
        anchor = _anchor(citation, turn)
        marker = f'<a class="marker" href="#{anchor}" title="{title}">[{citation.number}]</a>'
        quote = f"<q>{_text(statement)}</q> {marker} {'' if alone else _verdict(statement)}{_cite(citation)}"
        return f'{_as_of(statement.as_of)}<blockquote id="{anchor}">{quote}</blockquote>'
    markers = "".join(_marker(citation, turn) for citation in statement.citations)
    return f'{_as_of(statement.as_of)}<p class="statement {statement.verdict}">{escape_line(statement.text)}{markers} {_verdict(statement)}</p>'


def _verdict(statement: Statement) -> str:
    label, why = _VERDICTS[statement.verdict]
    return f'<span class="verdict {statement.verdict}" title="{why}">{label}</span>'


def _text(statement: Statement) -> str:
    """A statement's text, the words that answer the question in bold."""
    before, words, after = (
        escape(re.sub(r"\s+", " ", part), quote=True) for part in statement.highlighted_parts
    )
    return f"{before}<strong>{words}</strong>{after}" if words else escape_line(statement.text)


def _as_of(as_of: AsOf | None) -> str:
    """The figure that a statement tells, and the day of it in plain words."""
    if not as_of:
        return ""
    figure = f"<strong>{escape_line(as_of.figure)}</strong> – " if as_of.figure else ""
    return f'<p class="as-of">{figure}{escape_line(as_of.spoken)}</p>'


def _marker(citation: Citation, turn: int) -> str:
    label = escape(f"{citation.article.headline} ({citation.article.dateline}): {citation.quote}", quote=True)
    return f' <a class="marker" href="#{_anchor(citation, turn)}" title="{label}">[{citation.number}]</a>'


def _source(citation: Citation, turn: int) -> str:
    return f'<li id="{_anchor(citation, turn)}" value="{citation.number}"><q>{escape_line(citation.quote)}</q> {_cite(citation)}</li>'


def _quote(evidence: Evidence, turn: int, place: int) -> str:
    anchor = f"near-{turn}-{place}"
    return f'<li id="{anchor}"><q>{escape_line(evidence.text)}</q> <a class="marker" href="#{anchor}">read on</a> {_cite(evidence)}</li>'


def _cite(source: Citation | Evidence) -> str:
    """Where words stand: headline, publisher, date, and the other papers that printed the same."""
    article = source.article
    also = (
        f"<span class='also'>; also in {escape_line('; '.join(other.dateline for other in source.also_in))}</span>"
        if source.also_in
        else ""
    )
    publisher, comma, day = article.dateline.rpartition(", ")
    told = f"{publisher}{comma}{day.replace(' ', chr(0xA0))}"  # no line ends inside of a date
    return f"<cite>{headline(article)}<span class='dateline'>{escape(told)}</span>{also}</cite>"


def headline(article: Article) -> str:
    """The headline; a link only where the article's own metadata holds an absolute web address."""
    unlinked = f"<span class='headline'>{escape_line(article.headline)}</span> "
    try:
        address = urlsplit((article.url or "").strip())
    except ValueError:
        return unlinked
    if address.scheme not in ("http", "https") or not address.netloc or len(article.url or "") > 2_000:
        return unlinked
    href = escape(article.url or "", quote=True)
    return f'<a class="headline" href="{href}" target="_blank" rel="noopener noreferrer nofollow">{escape_line(article.headline)}</a> '


def _drops(answer: Answer) -> list[str]:
    return [warning for warning in answer.warnings if warning.startswith(DROPPED_PREFIX)]


def _dropped(answer: Answer) -> str:
    """What was written and did not hold, struck out, and why."""
    drops = _drops(answer) if answer.finished else []
    if not drops:
        return ""
    pairs = (drop.removeprefix(DROPPED_PREFIX).rpartition("”: ") for drop in drops)
    items = "".join(
        f"<li><del>{escape_line(text)}</del> <span class='why'>{escape_line(why)}</span></li>"
        for text, _, why in pairs
    )
    count = "1 sentence" if len(drops) == 1 else f"{len(drops)} sentences"
    return f'<details class="dropped"><summary>✕ {count} dropped, since no source carries it</summary><ul>{items}</ul></details>'


def _warnings(answer: Answer) -> str:
    warnings = [warning for warning in answer.warnings if not warning.startswith(DROPPED_PREFIX)]
    if not warnings or not answer.finished:
        return ""
    items = "".join(f"<li>{escape_line(warning)}</li>" for warning in warnings)
    count = "1 remark" if len(warnings) == 1 else f"{len(warnings)} remarks"
    return f'<details class="warnings"><summary>{count} on this answer</summary><ul>{items}</ul></details>'


_BY = {
    "words": "words: place {place}", "meaning": "meaning: place {place}", "preference": "named in the question: +{score:.2f}",
    "sentence": "best sentence: +{score:.2f}", "newness": "newer than others: +{score:.2f}",
    "earlier": "in the answer before: +{score:.2f}",
}  # fmt: skip


def _found(answer: Answer) -> str:
    """How the passages behind the evidence were found, for those who wonder why these."""
    if not answer.finished or not any(item.ranks for item in answer.evidence):
        return ""
    items = "".join(
        f"<li>{headline(item.article)}<span class='dateline'>{escape(item.article.dateline)}</span> "
        f"{escape('; '.join(_BY[rank.by].format(place=rank.place, score=rank.score) for rank in item.ranks))}</li>"
        for item in _one_a_passage(answer)
    )
    return f'<details class="found"><summary>How the sources were found</summary><ul>{items}</ul></details>'


def _one_a_passage(answer: Answer) -> list[Evidence]:
    found = [(item.article.id, item.ranks) for item in answer.evidence]
    return [item for n, item in enumerate(answer.evidence) if found[n] not in found[:n]]


def _foot(answer: Answer) -> str:
    if answer.timings.total is None:
        return ""
    checked = (
        "each sentence checked against its source, "
        if any(item.verdict != QUOTED for item in answer.statements)
        else ""
    )
    return f'<p class="foot">{checked}{answer.timings.total:.1f} s</p>'


def _tools(answer: Answer, turn: int, judged: str | None) -> str:
    """What may be done with a finished answer; the page's script listens to these buttons."""
    if not answer.finished:
        return ""
    acts = (("copy", "Copy"), ("retry", "Ask again"), ("edit", "Edit the question"))
    return f'<div class="tools">{"".join(f"{_act(name, turn, label)} " for name, label in acts)}{_saving(turn)}{_foot(answer)}{_judging(turn, judged)}</div>'


def _saving(turn: int) -> str:
    """The formats that an answer, or the whole conversation, can be saved in."""
    rows = "".join(
        f"<p>{told}: {' '.join(_act('export', turn, label, f'{scope}{form}') for form, label in _FORMATS)}</p>"
        for told, scope in (("This answer", ""), ("The whole conversation", "all-"))
    )
    return f'<details class="save"><summary>Save as</summary>{rows}</details>'


def _judging(turn: int, judged: str | None) -> str:
    """Where a reader says what the answer was like, or what was said."""
    if judged is None:
        return ""
    if judged:
        return f'<p class="judged" role="status">✓ Noted for review: {escape_line(FEEDBACK_VERDICTS.get(judged, judged))}</p>'
    wrong = " ".join(
        _act("judge", turn, label, verdict)
        for verdict, label in FEEDBACK_VERDICTS.items()
        if verdict != GOOD_VERDICT
    )
    return f'<p class="judge">Was this right? {_act("judge", turn, FEEDBACK_VERDICTS[GOOD_VERDICT], GOOD_VERDICT)} or rather: {wrong}</p>'


def _act(name: str, turn: int, label: str, more: str = "") -> str:
    return (
        f'<button type="button" class="act" id="{name}-{turn}{f"-{more}" if more else ""}">{label}</button>'
    )


def _anchor(citation: Citation, turn: int) -> str:
    return f"source-{turn}-{citation.number}"


def escape_line(text: str) -> str:
    """Text on one line, as a page may show it."""
    return escape(" ".join(text.split()), quote=True)
