"""Convert articles to rows of the collection and back."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from corpus.article import Article, PartialDate, Provenance
from corpus.characters import normalise_text
from corpus.dates import parse_stated_date
from corpus.store.connection import StoreError

CORRECTABLE_FIELDS = (
    "title",
    "publisher",
    "author",
    "published",
    "url",
    "standfirst",
    "section",
    "updated",
    "saved",
)
DATE_FIELDS = ("published", "updated", "saved")
ARTICLE_COLUMNS = (
    f"body, {', '.join(CORRECTABLE_FIELDS)}, found, sample, "
    "(SELECT path FROM origins WHERE article = articles.id LIMIT 1)"
)
# The provenance of `published` is under "date", as files call it.
PROVENANCE_NAMES = {"published": "date"}

Fields = dict[str, str | None]


def correctable_fields(article: Article) -> Fields:
    """Return the fields of an article that can be corrected, as text or None."""
    return {name: str(value) if (value := getattr(article, name)) else None for name in CORRECTABLE_FIELDS}


def changed_fields(article: Article, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that differ from the article's fields, cleaned, dates in ISO form; "" is unknown.

    Raises:
        InvalidDate: the value of a date field is no date.
    """
    changed = {}
    for field, value in values.items():
        text = " ".join(normalise_text(value).split())
        if field in DATE_FIELDS and text:
            text = str(parse_stated_date(text))
        if field in CORRECTABLE_FIELDS and text != str(getattr(article, field) or ""):
            changed[field] = text
    return changed


def complete(article: Article, other: Article) -> Article:
    """Return the article with its unknown fields from another one of the same body, as far as they fit."""
    missing = {
        name: value
        for name in CORRECTABLE_FIELDS
        if not getattr(article, name) and (value := getattr(other, name))
    }
    published, updated = missing.get("published", article.published), missing.get("updated")
    if published and updated and updated.last <= published.last:
        del missing["updated"]
    names = {PROVENANCE_NAMES.get(name, name) for name in missing}
    found = tuple(item for item in other.provenance if item.field in names)
    return replace(article, **missing, provenance=article.provenance + found)


def corrected_provenance(provenance: Iterable[Provenance], how: Mapping[str, str]) -> list[Provenance]:
    """Return the provenance of an article's fields; `how` has those that the user stated."""
    names = {PROVENANCE_NAMES.get(name, name): how[name] for name in how}
    kept = [item for item in provenance if item.field not in names]
    return kept + [Provenance(name, stated) for name, stated in names.items()]


def row_from_fields(fields: Fields, provenance: Iterable[Provenance]) -> Fields:
    """Return the columns of an article's row: its fields and what is derived from them."""
    published = PartialDate.parse(fields["published"]) if fields["published"] else None
    return {
        **fields,
        "earliest": published.first.isoformat() if published else None,
        "latest": published.last.isoformat() if published else None,
        "found": json.dumps([asdict(item) for item in provenance]),
    }


def article_from_row(row: tuple[Any, ...]) -> Article:
    """Return the article of a row of `ARTICLE_COLUMNS`.

    Raises:
        StoreError: the row is damaged.
    """
    try:
        return _article(row)
    except (TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"the row of an article in the collection is damaged ({error}); see which with: dateline check, "
            "then restore a copy, or add the articles again to another folder"
        ) from error


def _article(row: tuple[Any, ...]) -> Article:
    body, *values, found, sample, origin = row
    fields = dict(zip(CORRECTABLE_FIELDS, values, strict=True))
    for name in DATE_FIELDS:
        fields[name] = PartialDate.parse(fields[name]) if fields[name] else None
    return Article(
        body=body,
        **fields,
        sample=bool(sample),
        origin=origin or "",
        provenance=tuple(Provenance(**item) for item in json.loads(found)),
    )
