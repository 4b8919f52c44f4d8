"""Export answers as Markdown, HTML or JSON, and their sources as BibTeX or CSL-JSON.

All text is escaped as its format requires. Sources keep the numbers that the statements of their
answer cite.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from corpus.article import MONTHS, Article
from rag.answers.answer import Answer, datelines
from rag.verification.citations import QUOTED, SUPPORTED, Citation, Statement

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_TEX_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$", "#": r"\#",
    "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_VERDICT_LABELS = {SUPPORTED: "checked against its source", QUOTED: "quoted"}
_SAMPLE_NOTE = "Sample: an invented article"
_UNVERIFIED_LABEL = "its source can no longer be checked"
_STYLE = (
    "body{max-width:42rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere;"
    "font:1.05rem/1.55 Georgia,serif;color:#1c1917;background:#fff}"
    "q,blockquote{font-style:normal}small,.facts{color:#57534e}"
    "section{border-top:1px solid #d6d3d1;margin-top:2rem}"
    "@media(prefers-color-scheme:dark){body{color:#e7e5e4;background:#1c1917}"
    "small,.facts{color:#a8a29e}a{color:#fb923c}}"
)


class UnknownFormat(ValueError):
    """A format that answers cannot be exported to."""


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """The name, media type and text of an exported file."""

    name: str
    media_type: str
    text: str


def export_answers(answers: Sequence[Answer], form: str, title: str = "") -> ExportedFile:
    """Return answers in a format of `FORMATS`; `title` is the title of the conversation, if they are one.

    Raises:
        UnknownFormat: there is no such format.
    """
    write, suffix, media_type = FORMATS[validate_format(form)]
    words = re.findall(r"[a-z0-9]+", (title or answers[0].question).lower())
    name = "-".join(words)[:60].strip("-") or "answer"
    return ExportedFile(f"{name}.{suffix}", media_type, write(answers, title))


def validate_format(form: str) -> str:
    """Return the name of a format as it is.

    Raises:
        UnknownFormat: there is no such format.
    """
    if form not in FORMATS:
        raise UnknownFormat(f'"{form[:40]}" is no format for an export; choose one of {", ".join(FORMATS)}')
    return form


def _markdown(answers: Sequence[Answer], title: str) -> str:
    heading = [f"# {escape_markdown(title)}"] if title else []
    return (
        "\n\n".join([*heading, *(block for answer in answers for block in _markdown_blocks(answer))]) + "\n"
    )


def _markdown_blocks(answer: Answer) -> list[str]:
    statements = (
        f"{escape_markdown(_statement_text(item))}{_markers(item)} *({_verdict_label(item)})*"
        for item in answer.statements
    )
    sources = [_markdown_source(item) for item in answer.citations]
    return [
        f"## {escape_markdown(answer.question)}",
        *statements,
        *([escape_markdown(answer.message)] if answer.message else []),
        *(["### Sources", *sources] if sources else []),
        *(f"- {escape_markdown(warning)}" for warning in answer.warnings),
        f"*{escape_markdown(_provenance(answer))}*",
    ]


def _markdown_source(item: Citation) -> str:
    quote, headline, line = map(escape_markdown, (item.quote, item.article.headline, datelines(item)))
    url = _url(item.article)
    link = f", <{url}>" if url else ""
    return f"{item.number}. “{quote}” {headline}, {line}{link} *({_location(item)})*"


def _html(answers: Sequence[Answer], title: str) -> str:
    name = escape(title or answers[0].question)
    sections = "".join(map(_html_section, answers))
    heading = f"<h1>{name}</h1>" if title else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{name}</title><style>{_STYLE}</style></head><body>{heading}{sections}</body></html>\n"
    )


def _html_section(answer: Answer) -> str:
    statements = "".join(
        f"<p>{escape(_statement_text(item))}{_markers(item)} <small>({_verdict_label(item)})</small></p>"
        for item in answer.statements
    )
    sources = "".join(map(_html_source, answer.citations))
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in answer.warnings)
    parts = (
        f"<h2>{escape(answer.question)}</h2>{statements}",
        f"<p>{escape(answer.message)}</p>" if answer.message else "",
        f"<h3>Sources</h3><ol>{sources}</ol>" if sources else "",
        f"<ul>{warnings}</ul>" if warnings else "",
        f'<p class="facts">{escape(_provenance(answer))}</p>',
    )
    return f"<section>{''.join(parts)}</section>"


def _html_source(item: Citation) -> str:
    headline, url = escape(item.article.headline), _url(item.article)
    link = f'<a href="{escape(url, quote=True)}" rel="noreferrer">{headline}</a>' if url else headline
    return (
        f'<li value="{item.number}"><q>{escape(item.quote)}</q> {link}, {escape(datelines(item))} '
        f"<small>({_location(item)})</small></li>"
    )


def _json(answers: Sequence[Answer], title: str) -> str:
    """Return one answer as `/ask` returns it, or a conversation as its title and answers."""
    entries = [answer.to_json() for answer in answers]
    return _dumps({"title": title, "answers": entries} if title else entries[0])


def _bibtex(answers: Sequence[Answer], title: str) -> str:
    return "\n".join(map(_bibtex_entry, _cited_articles(answers)))


def _bibtex_entry(article: Article) -> str:
    day = article.published
    fields = {
        "title": article.headline,
        "author": article.author,
        "howpublished": article.publisher,
        "year": str(day.year) if day else None,
        "month": MONTHS[day.month - 1] if day and day.month else None,
        "day": str(day.day) if day and day.day else None,
        "url": _url(article),
        "note": _SAMPLE_NOTE if article.sample else None,
    }
    lines = "".join(f"  {name} = {{{{{_escape_tex(value)}}}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{_citation_key(article)},\n{lines}}}\n"


def _csl(answers: Sequence[Answer], title: str) -> str:
    return _dumps([_csl_item(article) for article in _cited_articles(answers)])


def _csl_item(article: Article) -> dict[str, Any]:
    day = article.published
    date_parts = [part for part in (day.year, day.month, day.day) if part] if day else []
    fields = {
        "id": _citation_key(article),
        "type": "article-newspaper",
        "title": article.headline,
        "author": [{"literal": article.author}] if article.author else None,
        "container-title": article.publisher,
        "issued": {"date-parts": [date_parts]} if day else None,
        "URL": _url(article),
        "note": _SAMPLE_NOTE if article.sample else None,
    }
    return {name: value for name, value in fields.items() if value}


# By name: the function that writes it, the suffix of its files, their media type.
FORMATS: dict[str, tuple[Callable[[Sequence[Answer], str], str], str, str]] = {
    "markdown": (_markdown, "md", "text/markdown"),
    "html": (_html, "html", "text/html"),
    "json": (_json, "json", "application/json"),
    "bibtex": (_bibtex, "bib", "application/x-bibtex"),
    "csl": (_csl, "csl.json", "application/vnd.citationstyles.csl+json"),
}


def _cited_articles(answers: Sequence[Answer]) -> list[Article]:
    """Return the cited articles, each once."""
    cited = [citation.article for answer in answers for citation in answer.citations]
    return list({(article.id, article.headline): article for article in cited}.values())


def _citation_key(article: Article) -> str:
    """Return a key that stays the same from export to export: publisher, year and the beginning of the id."""
    publisher = "".join(re.findall(r"[a-z0-9]+", (article.publisher or "unknown").lower()))[:20] or "unknown"
    return f"{publisher}{article.published.year if article.published else ''}-{article.id[:6]}"


def _statement_text(statement: Statement) -> str:
    text = f"“{statement.text}”" if statement.verdict == QUOTED else statement.text
    as_of = statement.as_of
    return f"{as_of.figure or 'A figure'} – {as_of.spoken}: {text}" if as_of else text


def _markers(statement: Statement) -> str:
    return "".join(f" [{citation.number}]" for citation in statement.citations)


def _verdict_label(statement: Statement) -> str:
    return _VERDICT_LABELS.get(statement.verdict, _UNVERIFIED_LABEL)


def _location(citation: Citation) -> str:
    if not citation.verified:
        return "the article is no longer in the collection"
    characters = f"characters {citation.start}–{citation.end}"
    return f"article {citation.article.id}, {characters}, found there word for word"


def _provenance(answer: Answer) -> str:
    """Return how an answer came about: its status, question, collection and model."""
    searched = f"searched for: {answer.searched}; " if answer.searched != answer.question else ""
    return f"Dateline, {answer.status}; {searched}collection {answer.index_version}; model {answer.model}"


def _url(article: Article) -> str | None:
    """Return the article's address if it is a web address that needs no escaping, else None."""
    url = (article.url or "").strip()
    return url if re.fullmatch(r"https?://[^\s<>\"']{1,2000}", url) else None


def _dumps(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def escape_markdown(text: str) -> str:
    """Return a text on one line in which nothing is a mark of Markdown or HTML."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _escape_tex(text: str) -> str:
    return "".join(_TEX_ESCAPES.get(letter, letter) for letter in " ".join(text.split()))
