"""HTML of an answer.

Everything from articles, questions and models is escaped, and none of it becomes a tag. Links lead only to
a web address in an article's metadata.
"""

import re
from collections.abc import Iterator
from html import escape

from rag.answers.answer import Answer
from rag.answers.compose import SOURCES_DISAGREE
from rag.answers.feedback import FEEDBACK_VERDICTS, GOOD_VERDICT
from rag.answers.schema import UNVERIFIED
from rag.answers.timeline import conflicting_statements, data_points
from rag.page.chart import chart_html
from rag.page.filter_chips import applied_filters_html
from rag.page.text_markup import escape_line, headline_html
from rag.quantities.as_of import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.citations import QUOTED, SUPPORTED, Citation, Statement

MAX_NEAREST = 3  # limit, of sentences shown where nothing is cited
WRITING_LABEL, STOPPED_LABEL = "Writing, not yet checked", "Stopped, not checked"
DROPPED_PREFIX = "Dropped “"  # of warnings about a written sentence that failed verification

# Label and explanation of each verdict. A sign and words, since not everybody can tell colours apart.
_VERDICT_LABELS = {
    SUPPORTED: ("✓ checked", "Its figures, dates, names and words are in its source"),
    QUOTED: ("“ ” quoted", "The article’s own words"),
    UNVERIFIED: (
        "! source removed",
        "Its article is no longer in the collection, so it cannot be checked again",
    ),
}
_EXPORT_FORMATS = (
    ("markdown", "Markdown"),
    ("html", "HTML"),
    ("json", "JSON"),
    ("bibtex", "BibTeX"),
    ("csl", "CSL-JSON"),
)
_RANK_LABELS = {
    "words": "words: rank {place}",
    "meaning": "meaning: rank {place}",
    "preference": "named in the question: +{score:.2f}",
    "sentence": "best sentence: +{score:.2f}",
    "newness": "newer than others: +{score:.2f}",
    "earlier": "in the previous answer: +{score:.2f}",
}


def answer_html(answer: Answer, turn: int, feedback: str | None = None) -> str:
    """Return one answer, finished or not; until the first word is written it shows the evidence.

    Args:
        answer: what is known so far.
        turn: the answer's position in the conversation, which makes its anchors unique on the page.
        feedback: the reader's verdict on it, "" if there is none yet, None if nobody may give one.
    """
    only_quotes = all(item.verdict == QUOTED for item in answer.statements)
    parts = [
        _head(answer, turn),
        chart_html(data_points(answer), turn),
        *_statements(answer, turn, label_quotes=not only_quotes),
        _sources(answer, turn),
        _dropped_sentences(answer),
        _warnings(answer),
        _search_details(answer),
        _actions(answer, turn, feedback),
    ]
    return f'<div class="answer {answer.status}">{"".join(parts)}</div>'


def _head(answer: Answer, turn: int) -> str:
    """Return what stands above the statements: the search, the draft, or the message if there are none."""
    search = _rewritten_question(answer, turn) + applied_filters_html(
        answer.filters, turn, removable=answer.finished
    )
    if answer.status == "writing":
        label = f'<span class="label">{WRITING_LABEL}</span>'
        return f'{search}<p class="draft">{label} {escape_line(answer.draft)}</p>'
    if answer.message:
        return f'{search}<p class="message">{escape_line(answer.message)}</p>'
    if answer.statements and all(item.verdict == QUOTED for item in answer.statements):
        reason = ", since what was written failed the checks" if _drop_warnings(answer) else ""
        return f'{search}<p class="label">In the articles\' own words{reason}</p>'
    return search


def _rewritten_question(answer: Answer, turn: int) -> str:
    """Return the question that was searched for, unless it is the one that was typed."""
    if answer.searched == answer.question:
        return ""
    edit = f' <button type="button" class="act" id="search-{turn}">Edit</button>' if answer.finished else ""
    question = f'<span class="question">{escape_line(answer.searched)}</span>'
    return f'<p class="searched">Searched for: {question}{edit}</p>'


def _statements(answer: Answer, turn: int, label_quotes: bool) -> Iterator[str]:
    """Yield the statements in order, those that contradict each other side by side."""
    groups = conflicting_statements(answer) if SOURCES_DISAGREE in answer.warnings else ()
    for item in answer.statements:
        group = next((group for group in groups if item in group), (item,))
        if len(group) == 1:
            yield _statement(item, turn, label_quotes)
        elif item is group[0]:
            columns = "".join(
                f'<div class="side">{_statement(side, turn, label_quotes)}</div>' for side in group
            )
            yield f'<p class="label">≠ The sources disagree</p><div class="sides">{columns}</div>'


def _statement(statement: Statement, turn: int, label_quotes: bool) -> str:
    """Return a written sentence with its markers, or a quote with its source."""
    if statement.verdict == QUOTED:
        return _quoted_statement(statement, turn, label_quotes)
    markers = "".join(_marker(citation, turn) for citation in statement.citations)
    text = f"{escape_line(statement.text)}{markers} {_verdict(statement)}"
    return f'{_as_of(statement.as_of)}<p class="statement {statement.verdict}">{text}</p>'


def _quoted_statement(statement: Statement, turn: int, label_quotes: bool) -> str:
    (citation,) = statement.citations
    title = escape(f"Read on in {citation.article.headline} ({citation.article.credit})", quote=True)
    anchor = _anchor(citation, turn)
    marker = f'<a class="marker" href="#{anchor}" title="{title}">[{citation.number}]</a>'
    verdict = _verdict(statement) if label_quotes else ""
    quote = f"<q>{_highlighted_text(statement)}</q> {marker} {verdict}{_cite(citation)}"
    return f'{_as_of(statement.as_of)}<blockquote id="{anchor}">{quote}</blockquote>'


def _verdict(statement: Statement) -> str:
    label, explanation = _VERDICT_LABELS[statement.verdict]
    return f'<span class="verdict {statement.verdict}" title="{explanation}">{label}</span>'


def _highlighted_text(statement: Statement) -> str:
    """Return a statement's text with the words that answer the question in bold."""
    before, words, after = (
        escape(re.sub(r"\s+", " ", part), quote=True) for part in statement.highlighted_parts
    )
    return f"{before}<strong>{words}</strong>{after}" if words else escape_line(statement.text)


def _as_of(as_of: AsOf | None) -> str:
    """Return the figure that a statement reports and the day it applies to."""
    if not as_of:
        return ""
    figure = f"<strong>{escape_line(as_of.figure)}</strong> – " if as_of.figure else ""
    return f'<p class="as-of">{figure}{escape_line(as_of.spoken)}</p>'


def _marker(citation: Citation, turn: int) -> str:
    article = citation.article
    label = escape(f"{article.headline} ({article.credit}): {citation.quote}", quote=True)
    return f' <a class="marker" href="#{_anchor(citation, turn)}" title="{label}">[{citation.number}]</a>'


def _sources(answer: Answer, turn: int) -> str:
    """Return the sources that are not quoted above, or the nearest sentences if nothing is cited."""
    quoted = {item.citations[0].number for item in answer.statements if item.verdict == QUOTED}
    sources = [item for item in answer.citations if item.number not in quoted]
    if sources:
        items = "".join(_source(item, turn) for item in sources)
        return f'<section class="sources"><h4>Sources</h4><ol>{items}</ol></section>'
    if answer.statements or not answer.evidence:
        return ""
    heading = "From the articles" if answer.status == "writing" else "What comes nearest"
    items = "".join(
        _nearest(item, turn, number) for number, item in enumerate(answer.evidence[:MAX_NEAREST], 1)
    )
    return f'<section class="sources nearest"><h4>{heading}</h4><ul>{items}</ul></section>'


def _source(citation: Citation, turn: int) -> str:
    quote = f"<q>{escape_line(citation.quote)}</q> {_cite(citation)}"
    return f'<li id="{_anchor(citation, turn)}" value="{citation.number}">{quote}</li>'


def _nearest(evidence: Evidence, turn: int, number: int) -> str:
    anchor = f"near-{turn}-{number}"
    link = f'<a class="marker" href="#{anchor}">read on</a>'
    return f'<li id="{anchor}"><q>{escape_line(evidence.text)}</q> {link} {_cite(evidence)}</li>'


def _cite(source: Citation | Evidence) -> str:
    """Return headline, publisher and date of a source, and the other papers that printed the same words."""
    article = source.article
    others = escape_line("; ".join(other.credit for other in source.also_in))
    also_in = f"<span class='also'>; also in {others}</span>" if source.also_in else ""
    publisher, comma, day = article.credit.rpartition(", ")
    dateline = f"{publisher}{comma}{day.replace(' ', chr(0xA0))}"  # a line must not break inside a date
    return f"<cite>{headline_html(article)}<span class='dateline'>{escape(dateline)}</span>{also_in}</cite>"


def _drop_warnings(answer: Answer) -> list[str]:
    return [warning for warning in answer.warnings if warning.startswith(DROPPED_PREFIX)]


def _dropped_sentences(answer: Answer) -> str:
    """Return the written sentences that failed verification, struck out, each with the reason."""
    warnings = _drop_warnings(answer) if answer.finished else []
    if not warnings:
        return ""
    pairs = (warning.removeprefix(DROPPED_PREFIX).rpartition("”: ") for warning in warnings)
    items = "".join(
        f"<li><del>{escape_line(text)}</del> <span class='why'>{escape_line(reason)}</span></li>"
        for text, _, reason in pairs
    )
    count = "1 sentence" if len(warnings) == 1 else f"{len(warnings)} sentences"
    summary = f"<summary>✕ {count} dropped, since no source supports it</summary>"
    return f'<details class="dropped">{summary}<ul>{items}</ul></details>'


def _warnings(answer: Answer) -> str:
    warnings = [warning for warning in answer.warnings if not warning.startswith(DROPPED_PREFIX)]
    if not warnings or not answer.finished:
        return ""
    items = "".join(f"<li>{escape_line(warning)}</li>" for warning in warnings)
    count = "1 remark" if len(warnings) == 1 else f"{len(warnings)} remarks"
    return f'<details class="warnings"><summary>{count} on this answer</summary><ul>{items}</ul></details>'


def _search_details(answer: Answer) -> str:
    """Return how the passages behind the evidence were ranked, folded away."""
    if not answer.finished or not any(item.ranks for item in answer.evidence):
        return ""
    items = "".join(_ranked_passage(item) for item in _one_per_passage(answer))
    summary = "<summary>How the sources were found</summary>"
    return f'<details class="search-details">{summary}<ul>{items}</ul></details>'


def _ranked_passage(evidence: Evidence) -> str:
    article = evidence.article
    ranks = "; ".join(
        _RANK_LABELS[rank.by].format(place=rank.place, score=rank.score) for rank in evidence.ranks
    )
    dateline = f"<span class='dateline'>{escape(article.credit)}</span>"
    return f"<li>{headline_html(article)}{dateline} {escape(ranks)}</li>"


def _one_per_passage(answer: Answer) -> list[Evidence]:
    keys = [(item.article.id, item.ranks) for item in answer.evidence]
    return [item for n, item in enumerate(answer.evidence) if keys[n] not in keys[:n]]


def _actions(answer: Answer, turn: int, feedback: str | None) -> str:
    """Return the buttons of a finished answer, which `page.js` listens to, and how long it took."""
    if not answer.finished:
        return ""
    actions = (("copy", "Copy"), ("retry", "Ask again"), ("edit", "Edit the question"))
    buttons = "".join(f"{_button(name, turn, label)} " for name, label in actions)
    rest = _export_menu(turn) + _duration(answer) + _feedback(turn, feedback)
    return f'<div class="tools">{buttons}{rest}</div>'


def _export_menu(turn: int) -> str:
    """Return the formats that an answer, or the whole conversation, can be saved in."""

    def row(label: str, scope: str) -> str:
        buttons = (_button("export", turn, name, f"{scope}{form}") for form, name in _EXPORT_FORMATS)
        return f"<p>{label}: {' '.join(buttons)}</p>"

    rows = row("This answer", "") + row("The whole conversation", "all-")
    return f'<details class="save"><summary>Save as</summary>{rows}</details>'


def _duration(answer: Answer) -> str:
    if answer.timings.total is None:
        return ""
    written = any(item.verdict != QUOTED for item in answer.statements)
    checked = "each sentence checked against its source, " if written else ""
    return f'<p class="foot">{checked}{answer.timings.total:.1f} s</p>'


def _feedback(turn: int, feedback: str | None) -> str:
    """Return the buttons that judge an answer, or the verdict if there is one."""
    if feedback is None:
        return ""
    if feedback:
        label = escape_line(FEEDBACK_VERDICTS.get(feedback, feedback))
        return f'<p class="feedback given" role="status">✓ Noted for review: {label}</p>'
    good = _button("feedback", turn, FEEDBACK_VERDICTS[GOOD_VERDICT], GOOD_VERDICT)
    others = " ".join(
        _button("feedback", turn, label, verdict)
        for verdict, label in FEEDBACK_VERDICTS.items()
        if verdict != GOOD_VERDICT
    )
    return f'<p class="feedback">Was this right? {good} or rather: {others}</p>'


def _button(action: str, turn: int, label: str, detail: str = "") -> str:
    """Return a button whose id says what it does: "copy-0", "export-0-markdown"."""
    suffix = f"-{detail}" if detail else ""
    return f'<button type="button" class="act" id="{action}-{turn}{suffix}">{label}</button>'


def _anchor(citation: Citation, turn: int) -> str:
    return f"source-{turn}-{citation.number}"
