"""An article as a row of the collection, and back. Knows columns, not SQLite."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from corpus.article import Article, PartialDate, Provenance

CORRECTABLE_FIELDS = ("title", "publisher", "author", "published", "url", "standfirst", "section", "updated")
DATE_FIELDS = ("published", "updated")
ARTICLE_COLUMNS = f"body, {', '.join(CORRECTABLE_FIELDS)}, found, (SELECT path FROM origins WHERE article = articles.id LIMIT 1)"
# A file's "date" is the article's `published`.
_COLUMN, _FOUND_AS = {"date": "published"}, {"published": "date"}

Fields = dict[str, str | None]


def fields_of(article: Article) -> Fields:
    """What can be corrected of an article, as its columns hold it."""
    return {name: str(value) if (value := getattr(article, name)) else None for name in CORRECTABLE_FIELDS}


def corrected(found: Iterable[Provenance], corrections: Iterable[str]) -> list[Provenance]:
    """How fields were found, once those of `corrections` were set by hand."""
    by_hand = list(corrections)
    return [item for item in found if _COLUMN.get(item.field, item.field) not in by_hand] + [
        Provenance(_FOUND_AS.get(name, name), "corrected by hand") for name in by_hand
    ]


def row_of(fields: Fields, found: Iterable[Provenance]) -> Fields:
    """An article's fields with what is derived from them, by column."""
    published = PartialDate.parse(fields["published"]) if fields["published"] else None
    earliest, latest = (
        (published.first.isoformat(), published.last.isoformat()) if published else (None, None)
    )
    return {
        **fields,
        "earliest": earliest,
        "latest": latest,
        "found": json.dumps([asdict(item) for item in found]),
    }


def article_of(row: tuple[Any, ...]) -> Article:
    """The article of a row of `ARTICLE_COLUMNS`."""
    body, *values, found, origin = row
    fields = dict(zip(CORRECTABLE_FIELDS, values, strict=True))
    for name in DATE_FIELDS:
        fields[name] = PartialDate.parse(fields[name]) if fields[name] else None
    return Article(
        body=body,
        **fields,
        origin=origin or "",
        provenance=tuple(Provenance(**item) for item in json.loads(found)),
    )
