"""Looking after a collection: what is wrong in it, and its export. Knows the store's rows; repairs only what can be derived."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from corpus.article import Article
from corpus.reading.text import EXPORT_FORMAT
from corpus.store.database import Store
from corpus.store.rows import CORRECTABLE_FIELDS


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a collection. `article` is set where encoding that article again mends it; `words` where listing them again does."""

    text: str
    article: str | None = None
    words: bool = False


def check_integrity(store: Store, step: Callable[[], object] = lambda: None) -> Iterator[Problem]:
    """Everything that is wrong: pages, references, bodies against their ids, passages against bodies, vectors, the words' index.

    `step` is called after each article.
    """
    for (told,) in store.rows("PRAGMA integrity_check"):
        if told != "ok":
            yield Problem(f"the database is damaged ({told}); restore a copy, or export and add again")
    for row in store.rows("PRAGMA foreign_key_check"):
        yield Problem(f"a row of {row[0]} belongs to no article")
    for article, body in store.rows("SELECT id, body FROM articles"):
        if sha256(body.encode()).hexdigest()[:12] != article:
            yield Problem(f"{article}: its text is not what was added; remove it and add its file again")
        yield from _passages(store, article, body)
        step()
    if not store.word_index_is_intact():
        yield Problem("the words' index does not match the passages", words=True)


def _passages(store: Store, article: str, body: str) -> Iterator[Problem]:
    """The passages of one article should follow each other through its whole body, each with a unit vector."""
    rows = store.rows(
        'SELECT start, "end", vector FROM passages WHERE article = ? ORDER BY start', (article,)
    )
    covered = 0
    for start, end, vector in rows:
        if not covered <= start < end <= len(body) or body[covered:start].strip():
            break
        if abs(float(np.linalg.norm(np.frombuffer(vector, "<f4"))) - 1) > 1e-3:
            yield Problem(f"{article}: a vector is damaged", article=article)
            return
        covered = end
    if body[covered:].strip():
        yield Problem(f"{article}: its passages do not cover its text", article=article)


def export_lines(store: Store) -> Iterator[str]:
    """The collection as JSON lines, one article each, that `add` reads back to the same articles."""
    for article in store.articles():
        yield json.dumps(_exported(article), ensure_ascii=False)


def _exported(article: Article) -> dict[str, Any]:
    fields = {name: str(value) for name in CORRECTABLE_FIELDS if (value := getattr(article, name))}
    return {
        "format": EXPORT_FORMAT,
        "id": article.id,
        **fields,
        "body": article.body,
        "origin": article.origin,
    }
