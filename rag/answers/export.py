"""Answers -> documents to keep: Markdown, HTML, JSON, and their sources as BibTeX and CSL-JSON. Knows formats, nothing of pages or files.

Every text of others is escaped as its format wants it. The sources of each answer keep the numbers that its sentences cite.
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

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_STATES = {SUPPORTED: "checked against its source", QUOTED: "quoted"}
_GONE = "its source can no longer be checked"
_STYLE = (
    "body{max-width:42rem;margin:2rem auto;padding:0 1rem;font:1.05rem/1.55 Georgia,serif;color:#1c1917;background:#fff}"
    "q,blockquote{font-style:normal}small,.facts{color:#57534e}section{border-top:1px solid #d6d3d1;margin-top:2rem}"
    "@media(prefers-color-scheme:dark){body{color:#e7e5e4;background:#1c1917}small,.facts{color:#a8a29e}a{color:#fb923c}}"
)


class UnknownFormat(ValueError):
    """A format that answers cannot be exported to."""


@dataclass(frozen=True, slots=True)
class Document:
    """An export: its text, and the name and type that a file of it has."""

    name: str
    kind: str
    text: str


def export_answers(answers: Sequence[Answer], form: str, title: str = "") -> Document:
    """Answers in a format of `FORMATS`; `title` is the conversation's name, if they are one.

    Raises:
        UnknownFormat: there is no such format.
    """
    write, ending, kind = FORMATS[validate_format(form)]
    name = (
        "-".join(re.findall(r"[a-z0-9]+", (title or answers[0].question).lower()))[:60].strip("-") or "answer"
    )
    return Document(f"{name}.{ending}", kind, write(answers, title))


def validate_format(form: str) -> str:
    """The same name of a format.

    Raises:
        UnknownFormat: there is no such format.
    """
    if form not in FORMATS:
        raise UnknownFormat(f'"{form[:40]}" is no format for an export; choose one of {", ".join(FORMATS)}')
    return form


def _markdown(answers: Sequence[Answer], title: str) -> str:
    parts = [f"# {_marked(title)}"] if title else []
    for answer in answers:
        parts.append(f"## {_marked(answer.question)}")
        parts += [f"{_marked(_told(item))}{_numbers(item)} *({_state(item)})*" for item in answer.statements]
        parts += [_marked(answer.message)] if answer.message else []
        if answer.citations:
            parts.append("### Sources")
            parts += [
                f"{item.number}. “{_marked(item.quote)}” {_marked(item.article.headline)}, {_marked(datelines(item))}{_link(item.article)} *({_place(item)})*"
                for item in answer.citations
            ]
        parts += [f"- {_marked(warning)}" for warning in answer.warnings]
        parts.append(f"*{_marked(_facts(answer))}*")
    return "\n\n".join(parts) + "\n"


def _html(answers: Sequence[Answer], title: str) -> str:
    name = escape(title or answers[0].question)
    sections = "".join(map(_section, answers))
    heading = f"<h1>{name}</h1>" if title else ""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{name}</title><style>{_STYLE}</style></head><body>{heading}{sections}</body></html>\n"
    )


def _section(answer: Answer) -> str:
    told = "".join(
        f"<p>{escape(_told(item))}{_numbers(item)} <small>({_state(item)})</small></p>"
        for item in answer.statements
    )
    sources = "".join(
        f'<li value="{item.number}"><q>{escape(item.quote)}</q> {_anchor(item.article)}, {escape(datelines(item))} <small>({_place(item)})</small></li>'
        for item in answer.citations
    )
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in answer.warnings)
    return (
        f"<section><h2>{escape(answer.question)}</h2>{told}{f'<p>{escape(answer.message)}</p>' if answer.message else ''}"
        f"{f'<h3>Sources</h3><ol>{sources}</ol>' if sources else ''}{f'<ul>{warnings}</ul>' if warnings else ''}"
        f'<p class="facts">{escape(_facts(answer))}</p></section>'
    )


def _json(answers: Sequence[Answer], title: str) -> str:
    """One answer as `/ask` returns it; a conversation as its title and its answers."""
    entries = [answer.to_json() for answer in answers]
    return (
        json.dumps(
            {"title": title, "answers": entries} if title else entries[0], indent=1, ensure_ascii=False
        )
        + "\n"
    )


def _bibtex(answers: Sequence[Answer], title: str) -> str:
    return "\n".join(map(_entry, _articles(answers)))


def _entry(article: Article) -> str:
    day = article.published
    fields = {
        "title": article.headline, "author": article.author, "howpublished": article.publisher, "year": str(day.year) if day else None,
        "month": MONTHS[day.month - 1] if day and day.month else None, "day": str(day.day) if day and day.day else None, "url": _address(article),
    }  # fmt: skip
    lines = "".join(f"  {name} = {{{{{_tex(value)}}}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{_key(article)},\n{lines}}}\n"


def _csl(answers: Sequence[Answer], title: str) -> str:
    return json.dumps([_item(article) for article in _articles(answers)], indent=1, ensure_ascii=False) + "\n"


def _item(article: Article) -> dict[str, Any]:
    day = article.published
    fields = {
        "id": _key(article),
        "type": "article-newspaper",
        "title": article.headline,
        "author": [{"literal": article.author}] if article.author else None,
        "container-title": article.publisher,
        "issued": {"date-parts": [[part for part in (day.year, day.month, day.day) if part]]}
        if day
        else None,
        "URL": _address(article),
    }
    return {name: value for name, value in fields.items() if value}


FORMATS: dict[str, tuple[Callable[[Sequence[Answer], str], str], str, str]] = {
    "markdown": (_markdown, "md", "text/markdown"),
    "html": (_html, "html", "text/html"),
    "json": (_json, "json", "application/json"),
    "bibtex": (_bibtex, "bib", "application/x-bibtex"),
    "csl": (_csl, "csl.json", "application/vnd.citationstyles.csl+json"),
}


def _articles(answers: Sequence[Answer]) -> list[Article]:
    """The cited articles, each once."""
    cited = [citation.article for answer in answers for citation in answer.citations]
    return list({(article.id, article.headline): article for article in cited}.values())


def _key(article: Article) -> str:
    """A name for an entry that stays the same: publisher, year and the beginning of the id."""
    publisher = "".join(re.findall(r"[a-z0-9]+", (article.publisher or "unknown").lower()))[:20] or "unknown"
    return f"{publisher}{article.published.year if article.published else ''}-{article.id[:6]}"


def _told(statement: Statement) -> str:
    text = f"“{statement.text}”" if statement.verdict == QUOTED else statement.text
    as_of = statement.as_of
    return f"{as_of.figure or 'A figure'} – {as_of.spoken}: {text}" if as_of else text


def _numbers(statement: Statement) -> str:
    return "".join(f" [{citation.number}]" for citation in statement.citations)


def _state(statement: Statement) -> str:
    return _STATES.get(statement.verdict, _GONE)


def _place(citation: Citation) -> str:
    if not citation.verified:
        return "the article is no longer in the collection"
    return f"article {citation.article.id}, characters {citation.start}–{citation.end}, found there word for word"


def _facts(answer: Answer) -> str:
    """What else a reader of the document should know of an answer."""
    searched = f"searched for: {answer.searched}; " if answer.searched != answer.question else ""
    return f"Dateline, {answer.status}; {searched}collection {answer.index_version}; model {answer.model}"


def _address(article: Article) -> str | None:
    address = (article.url or "").strip()
    return address if re.fullmatch(r"https?://[^\s<>\"']{1,2000}", address) else None


def _link(article: Article) -> str:
    return f", <{address}>" if (address := _address(article)) else ""


def _anchor(article: Article) -> str:
    address = _address(article)
    return (
        f'<a href="{escape(address, quote=True)}" rel="noreferrer">{escape(article.headline)}</a>'
        if address
        else escape(article.headline)
    )


def _marked(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in " ".join(text.split()))
