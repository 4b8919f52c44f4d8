"""`Answer` -> HTML. Everything from articles, questions and models is escaped here, and nowhere is anything of theirs a tag or a link target."""

import re
from html import escape
from urllib.parse import urlsplit

from corpus.article import Article
from rag.answer import Answer
from rag.citations import QUOTED, Citation, Statement
from rag.evidence import Evidence
from rag.timing import AsOf

_NEAREST = 3
WRITING, STOPPED = "Writing, not yet checked", "Stopped, not checked"


def answer_html(answer: Answer, turn: int) -> str:
    """One answer as a block; `turn` makes its anchors unique on the page. The evidence stands there before the first word is written."""
    parts = [_head(answer), *(_statement(item, turn) for item in answer.statements)]
    shown = {item.citations[0].number for item in answer.statements if item.verdict == QUOTED}
    sources = [item for item in answer.citations if item.number not in shown]
    if sources:
        parts.append(f'<section class="sources"><h4>Sources</h4><ol>{"".join(_source(item, turn) for item in sources)}</ol></section>')
    elif answer.evidence and not answer.statements:
        heading = "From the articles" if answer.status == "writing" else "What comes nearest"
        parts.append(
            f'<section class="sources nearest"><h4>{heading}</h4><ul>{"".join(_quote(item) for item in answer.evidence[:_NEAREST])}</ul></section>'
        )
    parts += [_warnings(answer), _found(answer), _foot(answer)]
    return f'<div class="answer {answer.status}">{"".join(parts)}</div>'


def _head(answer: Answer) -> str:
    """The line above the statements: what is being written and not yet checked, or why there is none."""
    searched = f'<p class="searched">Searched for: {escaped(answer.searched)}</p>' if answer.searched != answer.question else ""
    if answer.status == "writing":
        return f'{searched}<p class="draft"><span class="label">{WRITING}</span> {escaped(answer.draft)}</p>'
    if answer.message:
        return f'{searched}<p class="message">{escaped(answer.message)}</p>'
    if answer.statements and all(item.verdict == QUOTED for item in answer.statements):
        return f'{searched}<p class="label">In the articles\' own words</p>'
    return searched


def _statement(statement: Statement, turn: int) -> str:
    """A written sentence with its markers, or an article's own words, which are their own source."""
    if statement.verdict == QUOTED:
        (citation,) = statement.citations
        marker = f'<span class="marker">[{citation.number}]</span>'
        return f'{_as_of(statement.as_of)}<blockquote id="{_anchor(citation, turn)}">“{_text(statement)}” {marker}{_cite(citation)}</blockquote>'
    markers = "".join(_marker(citation, turn) for citation in statement.citations)
    return f'{_as_of(statement.as_of)}<p class="statement">{escaped(statement.text)}{markers}</p>'


def _text(statement: Statement) -> str:
    """A statement's text, the words that answer the question in bold."""
    before, words, after = (escape(re.sub(r"\s+", " ", part), quote=True) for part in statement.parted)
    return f"{before}<strong>{words}</strong>{after}" if words else escaped(statement.text)


def _as_of(as_of: AsOf | None) -> str:
    """The figure that a statement tells, and the day of it in plain words."""
    if not as_of:
        return ""
    figure = f"<strong>{escaped(as_of.figure)}</strong> – " if as_of.figure else ""
    return f'<p class="as-of">{figure}{escaped(as_of.spoken)}</p>'


def _marker(citation: Citation, turn: int) -> str:
    label = escape(f"{citation.article.headline} ({citation.article.dateline}): {citation.quote}", quote=True)
    return f' <a class="marker" href="#{_anchor(citation, turn)}" title="{label}">[{citation.number}]</a>'


def _source(citation: Citation, turn: int) -> str:
    return f'<li id="{_anchor(citation, turn)}" value="{citation.number}"><q>{escaped(citation.quote)}</q> {_cite(citation)}</li>'


def _quote(evidence: Evidence) -> str:
    return f"<li><q>{escaped(evidence.text)}</q> {_cite(evidence)}</li>"


def _cite(source: Citation | Evidence) -> str:
    """Where words stand: headline, publisher, date, and the other papers that printed the same."""
    article = source.article
    also = f" <span class='also'>also in {escaped('; '.join(other.dateline for other in source.also_in))}</span>" if source.also_in else ""
    return f"<cite>{headline(article)}<span class='dateline'>{escape(article.dateline)}</span>{also}</cite>"


def headline(article: Article) -> str:
    """The headline; a link only where the article's own metadata holds an absolute web address."""
    unlinked = f"<span class='headline'>{escaped(article.headline)}</span> "
    try:
        address = urlsplit((article.url or "").strip())
    except ValueError:
        return unlinked
    if address.scheme not in ("http", "https") or not address.netloc or len(article.url or "") > 2_000:
        return unlinked
    href = escape(article.url or "", quote=True)
    return f'<a class="headline" href="{href}" target="_blank" rel="noopener noreferrer nofollow">{escaped(article.headline)}</a> '


def _warnings(answer: Answer) -> str:
    if not answer.warnings or not answer.finished:
        return ""
    items = "".join(f"<li>{escaped(warning)}</li>" for warning in answer.warnings)
    count = "1 remark" if len(answer.warnings) == 1 else f"{len(answer.warnings)} remarks"
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
    passages = [item.passage for item in answer.evidence]
    return [item for n, item in enumerate(answer.evidence) if item.passage not in passages[:n]]


def _foot(answer: Answer) -> str:
    if answer.timings.total is None:
        return ""
    checked = "each sentence checked against its source, " if any(item.verdict != QUOTED for item in answer.statements) else ""
    return f'<p class="foot">{checked}{answer.timings.total:.1f} s</p>'


def _anchor(citation: Citation, turn: int) -> str:
    return f"source-{turn}-{citation.number}"


def escaped(text: str) -> str:
    """Text on one line, as a page may show it."""
    return escape(" ".join(text.split()), quote=True)
