"""HTML of an answer: what it says first, its sources under it, and below them how it was found.

Everything from articles, questions and models is escaped, and none of it becomes a tag. Links lead only to
a web address in an article's metadata.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape

from rag.answers.answer import Answer
from rag.answers.compose import SOURCES_DISAGREE
from rag.answers.schema import UNVERIFIED
from rag.answers.timeline import conflicting_statements, data_points
from rag.page.markup.answer_tools import (
    DROPPED_PREFIX,
    button_html,
    dropped_sentences,
    next_questions_html,
    search_details_html,
    tools_html,
)
from rag.page.markup.chart import chart_html
from rag.page.markup.filter_chips import applied_filters_html
from rag.page.markup.source_cards import anchor, sources_html
from rag.page.markup.text_markup import escape_line
from rag.verification.citations import QUOTED, SUPPORTED, Citation, Statement

SEARCHING_LABEL, WRITING_LABEL = "Searching your articles", "Writing, not yet checked"
STOPPED_LABEL = "Stopped, not checked"

# Label and explanation of each verdict. A sign and words, since not everybody can tell colours apart.
_VERDICT_LABELS = {
    SUPPORTED: ("✓ checked", "Its figures, dates, names and words are in its source"),
    QUOTED: ("“ ” quoted", "The article’s own words"),
    UNVERIFIED: (
        "! source removed",
        "Its article is no longer in the collection, so it cannot be checked again",
    ),
}


def question_html(question: str) -> str:
    """Return a question as the heading of its answer."""
    return f'<h2 class="asked">{escape(question)}</h2>'


def answer_html(answer: Answer, turn: int, feedback: str | None = None) -> str:
    """Return one answer, finished or not; until the first word is written it shows the evidence.

    Args:
        answer: what is known so far.
        turn: the answer's position in the conversation, which makes its anchors unique on the page.
        feedback: the reader's verdict on it, "" if there is none yet, None if nobody may give one.
    """
    quoted = {item.citations[0].number for item in answer.statements if _is_quote(item)}
    parts = [
        _head(answer, turn),
        *_statements(answer, turn),
        chart_html(data_points(answer), turn),
        _warnings(answer),
        sources_html(answer, turn, quoted),
        search_details_html(answer),
        tools_html(answer, turn, feedback),
        next_questions_html(answer, turn),
    ]
    return f'<div class="answer {answer.status}">{"".join(parts)}</div>'


def stopped_html(html: str) -> str:
    """Return the HTML of an unfinished answer, labelled as stopped."""
    for label in (SEARCHING_LABEL, WRITING_LABEL):
        html = html.replace(_label(label), _label(STOPPED_LABEL))
    return html.replace('<div class="answer writing">', '<div class="answer stopped">')


def _label(text: str) -> str:
    return f'<span class="label">{text}</span>'


def _head(answer: Answer, turn: int) -> str:
    """Return what stands above the statements: the search, the draft, or the message if there are none."""
    search = _rewritten_question(answer, turn) + applied_filters_html(
        answer.filters, turn, removable=answer.finished
    )
    if answer.status == "writing":
        label = _label(WRITING_LABEL if answer.evidence else SEARCHING_LABEL)
        return f'{search}<p class="draft">{label} {escape_line(answer.draft)}</p>'
    if answer.message:
        return f'{search}<p class="message">{escape_line(answer.message)}</p>'
    if answer.statements and all(item.verdict == QUOTED for item in answer.statements):
        reason = ", since what was written failed the checks" if dropped_sentences(answer) else ""
        return f'{search}<p class="label">In the articles\' own words{reason}</p>'
    return search


def _rewritten_question(answer: Answer, turn: int) -> str:
    """Return the question that was searched for, unless it is the one that was typed."""
    if answer.searched == answer.question:
        return ""
    edit = f" {button_html('search', turn, 'Edit')}" if answer.finished else ""
    question = f'<span class="question">{escape_line(answer.searched)}</span>'
    return f'<p class="searched">Searched for: {question}{edit}</p>'


def _statements(answer: Answer, turn: int) -> Iterator[str]:
    """Yield the statements in order, those that contradict each other side by side."""
    groups = conflicting_statements(answer) if SOURCES_DISAGREE in answer.warnings else ()
    mixed = any(item.verdict != QUOTED for item in answer.statements)
    for item in answer.statements:
        group = next((group for group in groups if item in group), (item,))
        if len(group) == 1:
            yield _statement(item, answer, turn, mixed)
        elif item is group[0]:
            columns = "".join(
                f'<div class="side">{_statement(side, answer, turn, mixed)}</div>' for side in group
            )
            yield f'<p class="label">≠ The sources disagree</p><div class="sides">{columns}</div>'


def _statement(statement: Statement, answer: Answer, turn: int, labelled: bool) -> str:
    """Return a written sentence, a value with its day, or a quote; each with its markers."""
    markers = "".join(_marker(citation, turn) for citation in statement.citations)
    as_of = f'<span class="as-of">{escape_line(statement.as_of.spoken)}</span>' if statement.as_of else ""
    verdict = f" {_verdict(statement)}" if labelled else ""
    if statement.verdict == QUOTED and not _is_quote(statement):  # its words are in its source's card
        figure = escape_line(statement.as_of.figure) if statement.as_of else ""
        return f'<p class="statement value"><strong>{figure}</strong> – {as_of}{markers}{verdict}</p>'
    shown = replace(statement, words=_answering_words(statement, answer))
    text = _highlighted_text(shown)
    if statement.verdict == QUOTED:
        text = f"<q>{text}</q>"
    return f'<p class="statement {statement.verdict}">{text}{markers}{verdict} {as_of}</p>'


def _is_quote(statement: Statement) -> bool:
    """Return True for an article's sentence that is the answer itself; a value's is in its source's card."""
    return statement.verdict == QUOTED and not (statement.as_of and statement.as_of.figure)


def _answering_words(statement: Statement, answer: Answer) -> str:
    """Return the words that answer: a quote's own, or those of the cited evidence that a sentence repeats."""
    if statement.words:
        return statement.words
    cited = {(citation.article.id, citation.start) for citation in statement.citations}
    words = [item.words for item in answer.evidence if (item.article.id, item.start) in cited]
    figure = [statement.as_of.figure] if statement.as_of else []
    candidates = (*words, *figure)
    return next((each for each in candidates if replace(statement, words=each).highlighted_parts[1]), "")


def _highlighted_text(statement: Statement) -> str:
    """Return a statement's text with the words that answer the question in bold."""
    before, words, after = (
        escape(re.sub(r"\s+", " ", part), quote=True) for part in statement.highlighted_parts
    )
    return f"{before}<strong>{words}</strong>{after}" if words else escape_line(statement.text)


def _verdict(statement: Statement) -> str:
    label, explanation = _VERDICT_LABELS[statement.verdict]
    return f'<span class="verdict {statement.verdict}" title="{explanation}">{label}</span>'


def _marker(citation: Citation, turn: int) -> str:
    article = citation.article
    label = escape(f"{article.headline} ({article.credit}): {citation.quote}", quote=True)
    return f' <a class="marker" href="#{anchor(citation, turn)}" title="{label}">[{citation.number}]</a>'


def _warnings(answer: Answer) -> str:
    """Return what to bear in mind about a finished answer, but for its sides and dropped sentences."""
    if not answer.finished:
        return ""
    sides = bool(conflicting_statements(answer))
    notes = [
        f"<li>{escape_line(warning)}</li>"
        for warning in answer.warnings
        if not warning.startswith(DROPPED_PREFIX) and not (sides and warning == SOURCES_DISAGREE)
    ]
    return f'<ul class="warnings">{"".join(notes)}</ul>' if notes else ""
