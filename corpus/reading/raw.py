"""Texts as they were read from files, before cleaning, and the error of files that cannot be read."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from corpus.article import Certainty, InvalidDate
from corpus.dates import parse_stated_date

# The fields of an article that a file can state outside its text.
STATED_FIELDS = (
    "title", "publisher", "author", "date", "url", "standfirst", "section", "updated", "saved", "summary",
)  # fmt: skip
_DATES = ("date", "updated", "saved")
# Other names of these fields in exports, front matter and tables. A "summary" may be the standfirst, or made
# by a machine.
_ALIASES = {
    alias: name
    for name, aliases in {
        "title": "headline",
        "publisher": "source newspaper outlet site_name",
        "author": "byline authors",
        "date": "published_at published pubdate date_published datepublished",
        "standfirst": "subtitle subheadline subhead deck dek",
        "section": "category rubric articlesection",
        "updated": "updated_at modified date_modified datemodified last_modified",
        "saved": "saved_at crawled crawled_at date_crawled date_download downloaded_at retrieved "
        "retrieved_at accessed accessed_at scraped_at fetched_at archived_at",
        "summary": "description abstract",
    }.items()
    for alias in aliases.split()
}


TextKind = Literal["page", "body", "export"]


class UnreadableFile(ValueError):
    """A file that cannot be read as articles; the message names the file, the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class ParsedText:
    """One text that a parser found in a file, and the fields that the file states of it, under any names."""

    text: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawArticle:
    """The text of one article as the file had it, before cleaning.

    Attributes:
        text: the text, boilerplate included.
        origin: the file's path, with the number of the article where a file holds several.
        stated: those of `STATED_FIELDS` that the file states outside the text.
        how: where in the file they are stated, in words.
        sure: how certain they are.
        given: fields that the user stated; they override all others.
        kind: where the text comes from. A "page" is text with whatever was around the article; a "body" comes
            from a field of its own or out of an extractor and holds little else; an "export" is a body as it
            was stored.
        unparsed_dates: the dates that the file states in no form that can be parsed, by field; `stated` does
            not hold them.
        sample: True for an invented article of the sample collection.
    """

    text: str
    origin: str
    stated: dict[str, str] = field(default_factory=dict)
    how: str = "stated by the file"
    sure: Certainty = "stated"
    given: dict[str, str] = field(default_factory=dict)
    kind: TextKind = "page"
    unparsed_dates: dict[str, str] = field(default_factory=dict)
    sample: bool = False


def select_stated_fields(entry: dict[str, Any]) -> dict[str, str]:
    """Return the non-empty `STATED_FIELDS` of an entry, as text.

    Names are compared without regard to case. A value under a field's own name wins over one under an alias.

    >>> select_stated_fields({"Headline": "Ferry sails", "authors": ["A. Holm", "B. Ek"], "views": 7})
    {'title': 'Ferry sails', 'author': 'A. Holm, B. Ek'}
    """
    fields: dict[str, str] = {}
    for key, value in entry.items():
        name = str(key).lower()
        text = _as_text(value)
        if name in STATED_FIELDS and text:
            fields[name] = text
        elif name in _ALIASES and text:
            fields.setdefault(_ALIASES[name], text)
    return {name: fields[name] for name in STATED_FIELDS if name in fields}


def with_iso_dates(raw: RawArticle) -> RawArticle:
    """Return the article with its stated dates in ISO form, and those that cannot be parsed set apart."""
    stated, unparsed = dict(raw.stated), {}
    for name in _DATES:
        if name in stated:
            try:
                stated[name] = str(parse_stated_date(stated[name]))
            except InvalidDate:
                unparsed[name] = stated.pop(name)
    return replace(raw, stated=stated, unparsed_dates=unparsed)


def with_valid_text(raw: RawArticle) -> RawArticle:
    """Return the article with "?" for each lone surrogate, which JSON can escape and UTF-8 cannot hold."""
    stated = {name: _valid(value) for name, value in raw.stated.items()}
    return replace(raw, text=_valid(raw.text), stated=stated)


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)).strip()
    return "" if value is None else str(value).strip()
