"""Check a collection for damage, and export it."""

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

_NORM_TOLERANCE = 1e-3  # a limit: float32 unit vectors differ from length 1 by less


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a collection.

    `article` is set if encoding that article again repairs it, `words` if rebuilding the word index does.
    """

    text: str
    article: str | None = None
    words: bool = False


def check_integrity(store: Store, on_article: Callable[[], object] = lambda: None) -> Iterator[Problem]:
    """Yield every problem of a collection; `on_article` is called after each article.

    Checked are the database's pages and references, bodies against ids, fields against checksums, passages
    against bodies, vectors, and the word index.
    """
    yield from map(Problem, store.damages())
    altered = store.altered()
    for article, body in store.rows("SELECT id, body FROM articles"):
        if not isinstance(body, str) or sha256(body.encode()).hexdigest()[:12] != article:
            yield Problem(f"{article}: its text is not what was added; remove it and add its file again")
        elif article in altered:
            yield Problem(f"{article}: its fields are not what was written; remove it and add its file again")
        try:
            yield from _check_passages(store, article, body)
        except (TypeError, ValueError):  # a number or a vector is none
            yield Problem(f"{article}: a passage is damaged", article=article)
        on_article()
    if not store.word_index_is_intact():
        yield Problem("the word index does not match the passages", words=True)


def _check_passages(store: Store, article: str, body: str) -> Iterator[Problem]:
    """Check that an article's passages cover its whole body in order, each with a unit vector."""
    rows = store.rows(
        'SELECT start, "end", vector FROM passages WHERE article = ? ORDER BY start', (article,)
    )
    covered = 0
    for start, end, vector in rows:
        if not covered <= start < end <= len(body) or body[covered:start].strip():
            break
        values = np.frombuffer(vector, "<f4").astype(np.float64)  # the squares of damaged ones exceed float32
        if not abs(float(np.linalg.norm(values)) - 1) <= _NORM_TOLERANCE:
            yield Problem(f"{article}: a vector is damaged", article=article)
            return
        covered = end
    if body[covered:].strip():
        yield Problem(f"{article}: its passages do not cover its text", article=article)


def export_lines(store: Store) -> Iterator[str]:
    """Yield the collection as JSON lines, one article each, that `add` reads back to the same articles."""
    for article in store.articles():
        yield json.dumps(_export_entry(article), ensure_ascii=False)


def _export_entry(article: Article) -> dict[str, Any]:
    fields = {name: str(value) for name in CORRECTABLE_FIELDS if (value := getattr(article, name))}
    return {
        "format": EXPORT_FORMAT,
        "id": article.id,
        **fields,
        "body": article.body,
        "origin": article.origin,
        **({"sample": True} if article.sample else {}),
    }
