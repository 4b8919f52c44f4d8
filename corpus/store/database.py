"""The collection in its database: articles, passages, vectors and the word index; the single source of truth.

Each article is written in one transaction and acknowledged after the commit. Vectors are float32 BLOBs;
nothing is pickled.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.article import BY_HAND, GIVEN, Article, Removal
from corpus.cleaning.restore import missing_lines
from corpus.dates import parse_stated_date
from corpus.passages import Passage
from corpus.store.connection import SET_PROPERTY, StoreError
from corpus.store.documents import copy_documents
from corpus.store.filters import Coverage, Filters
from corpus.store.rows import (
    ARTICLE_COLUMNS,
    CORRECTABLE_FIELDS,
    DATE_FIELDS,
    Fields,
    article_from_row,
    complete,
    correctable_fields,
    corrected_provenance,
    row_from_fields,
)
from corpus.store.schema import SEALED_COLUMNS, SEALED_TABLES
from corpus.store.searching import Searching

# The rows of an article: the columns that are copied and put back, and which of them names the article. The
# ids of passages are not among them: they only grow, which the index of vectors relies on.
_ROWS = {
    "articles": (SEALED_COLUMNS, "id"),
    **{table: (f"article, {columns}", "article") for table, columns in SEALED_TABLES.items()},
    "passages": ('article, start, "end", vector', "article"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What was last added from one path: the SHA-256 of the raw bytes, and the article's id."""

    sha256: str
    article: str


@dataclass(frozen=True, slots=True)
class RemovedArticle:
    """An article's rows, by table, as they were when it was removed."""

    id: str
    rows: dict[str, list[tuple[Any, ...]]]


class Store(Searching):
    """One collection: its articles with their passages, vectors and words."""

    # Articles

    def origin(self, path: str) -> Origin | None:
        """Return what was last added from `path`, or None."""
        rows = self.rows("SELECT sha256, article FROM origins WHERE path = ?", (path,))
        return Origin(*rows[0]) if rows else None

    def has(self, article: str) -> bool:
        """Return True if there is an article with this id."""
        return bool(self.rows("SELECT 1 FROM articles WHERE id = ?", (article,)))

    def add(
        self,
        article: Article,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        raw: str,
        sha256: str,
        given: Iterable[str] = (),
    ) -> None:
        """Store an article with its passages and their vectors, one float32 row each, in one transaction.

        What was added from the same origin before is replaced. An article that is already stored gains the
        origin, and from it the fields that were unknown. The fields named in `given` were stated by the user:
        they win over what any file says, now and when it is read again, but not over what `correct` set.

        Raises:
            ValueError: the numbers of passages and vectors differ.
            StoreError: another program writes the file, or the disk is full.
        """
        if len(passages) != len(vectors):
            raise ValueError(
                f"number of vectors ({len(vectors)}) must match number of passages ({len(passages)})"
            )
        with self.transaction():
            previous = self.origin(article.origin)
            is_changed = previous is not None and previous.article != article.id
            stored = self.article(article.id)
            if stored is None:
                self._insert(article, passages, vectors, raw)
            if previous and is_changed:
                self._copy_corrections(previous.article, article.id)
                self._insert_removals(article.id, self.removed(previous.article, kept=True), kept=True)
            self._state_given(article, given)
            if stored is None:
                self._update_fields(article)
            elif previous is None or is_changed:
                self._update_fields(complete(stored, article))
            else:
                several = self._origins(article.id) > 1
                self._update_fields(complete(article, stored) if several else article)
            # Not an upsert: the article that had the origin needs another checksum, too.
            self.execute("DELETE FROM origins WHERE path = ?", (article.origin,))
            self.execute("INSERT INTO origins VALUES (?, ?, ?)", (article.origin, sha256, article.id))
            if previous and is_changed and not self._origins(previous.article):
                self._delete(previous.article)

    def _origins(self, article: str) -> int:
        ((count,),) = self.rows("SELECT count(*) FROM origins WHERE article = ?", (article,))
        return int(count)

    def _insert(
        self, article: Article, passages: Sequence[Passage], vectors: NDArray[np.float32], raw: str
    ) -> None:
        row = {
            "id": article.id,
            "body": article.body,
            "raw": raw,
            "sample": int(article.sample),
            "added": datetime.now(UTC).isoformat(timespec="seconds"),
            **row_from_fields(correctable_fields(article), article.provenance),
        }
        self.execute(
            f"INSERT INTO articles ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
            tuple(row.values()),
        )
        self._insert_passages(article.id, passages, vectors)
        self._insert_removals(article.id, article.removed)
        self._index_words(article.id)

    def _insert_removals(self, article: str, removed: Iterable[Removal], kept: bool = False) -> None:
        self.execute_many(
            "INSERT INTO removals VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (article, start, kept) "
            "DO UPDATE SET line = excluded.line, text = excluded.text, reason = excluded.reason",
            [(article, item.line, item.start, item.text, item.reason, int(kept)) for item in removed],
        )

    def removed(self, article: str, kept: bool = False) -> tuple[Removal, ...]:
        """Return what cleaning left out of an article, in the order of the text; or what was `kept` of it."""
        rows = self.rows(
            "SELECT kept, line, start, text, reason FROM removals WHERE article = ? ORDER BY start",
            (article,),
        )
        stored = self.article(article)
        if rows or kept or stored is None:
            return tuple(Removal(*row) for is_kept, *row in rows if is_kept == kept)
        return missing_lines(self.raw(article) or "", stored.body)  # older articles have no rows

    def replace(
        self,
        old: str,
        article: Article,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        kept: Iterable[Removal],
    ) -> None:
        """Store `article` in place of `old` with all its origins; `kept` is what the user took back."""
        with self.transaction():
            if not self.has(article.id):
                self._insert(article, passages, vectors, self.raw(old) or "")
            self._insert_removals(article.id, [*self.removed(old, kept=True), *kept], kept=True)
            self._copy_corrections(old, article.id)
            self.execute("UPDATE origins SET article = ? WHERE article = ?", (article.id, old))
            self._update_fields(article)
            self._delete(old)

    def _insert_passages(
        self, article: str, passages: Sequence[Passage], vectors: NDArray[np.float32]
    ) -> None:
        for passage, vector in zip(passages, vectors, strict=True):
            row = (article, passage.start, passage.end, np.asarray(vector, "<f4").tobytes())
            self.execute('INSERT INTO passages (article, start, "end", vector) VALUES (?, ?, ?, ?)', row)

    def correct(self, article: str, field: str, value: str | None) -> None:
        """Set one of `CORRECTABLE_FIELDS` by hand; see `correct_many`."""
        self.correct_many([(article, field, value)])

    def correct_many(self, corrections: Iterable[tuple[str, str, str | None]]) -> None:
        """Set fields by hand, each given as (article, field, value), in one transaction; None means unknown.

        The corrections stay when the files are read again.

        Raises:
            InvalidDate: the value of a date field is no date; nothing is changed.
        """
        rows = [
            (
                article,
                field,
                str(parse_stated_date(value)) if field in DATE_FIELDS and value else value,
                BY_HAND,
            )
            for article, field, value in corrections
        ]
        with self.transaction():
            self.execute_many(
                "INSERT INTO corrections VALUES (?, ?, ?, ?) "
                "ON CONFLICT (article, field) DO UPDATE SET value = excluded.value, how = excluded.how",
                rows,
            )
            for article in dict.fromkeys(article for article, *_ in rows):
                stored = self.article(article)
                if stored:
                    self._update_fields(stored)

    def _copy_corrections(self, old: str, new: str) -> None:
        """Copy what the user said of one article to another, so that it stays when a file changes."""
        self.execute(
            "INSERT INTO corrections SELECT ?, field, value, how FROM corrections WHERE article = ? "
            "ON CONFLICT DO NOTHING",
            (new, old),
        )

    def _state_given(self, article: Article, given: Iterable[str]) -> None:
        """Record the fields that the user gave with an addition, except over those corrected by hand."""
        fields = correctable_fields(article)
        self.execute_many(
            "INSERT INTO corrections VALUES (?, ?, ?, ?) "
            "ON CONFLICT (article, field) DO UPDATE SET value = excluded.value "
            "WHERE corrections.how = excluded.how",
            [(article.id, name, fields[name], GIVEN) for name in given if fields[name]],
        )

    def _update_fields(self, article: Article) -> None:
        """Write an article's fields, with what the user said over them, and index its words again."""
        rows = self.rows("SELECT field, value, how FROM corrections WHERE article = ?", (article.id,))
        corrections: Fields = {field: value for field, value, _ in rows}
        row = row_from_fields(
            correctable_fields(article) | corrections,
            corrected_provenance(article.provenance, {field: how for field, _, how in rows}),
        )
        self._unindex_words(article.id)
        self.execute(
            f"UPDATE articles SET {', '.join(f'{name} = ?' for name in row)} WHERE id = ?",
            (*row.values(), article.id),
        )
        self._index_words(article.id)

    def remove(self, article: str) -> bool:
        """Remove an article and all that was derived from it; return False if there is none with this id."""
        return bool(self.remove_many([article]))

    def remove_many(self, articles: Iterable[str]) -> list[RemovedArticle]:
        """Remove articles in one transaction; return those that there were, for `restore`.

        Raises:
            StoreError: another program writes the file; nothing was removed.
        """
        with self.transaction():
            removed = [self._rows_of(article) for article in dict.fromkeys(articles) if self.has(article)]
            for article in removed:
                self._delete(article.id)
        return removed

    def _rows_of(self, article: str) -> RemovedArticle:
        rows = {
            table: self.rows(f"SELECT {columns} FROM {table} WHERE {key} = ? ORDER BY 1, 2", (article,))
            for table, (columns, key) in _ROWS.items()
        }
        return RemovedArticle(article, rows)

    def restore(self, removed: Iterable[RemovedArticle]) -> int:
        """Put removed articles back in one transaction, but those that are here again; return how many.

        Raises:
            StoreError: another program writes the file, or the disk is full; nothing was changed.
        """
        with self.transaction():
            missing = [article for article in removed if not self.has(article.id)]
            for article in missing:
                self._insert_rows(article)
        return len(missing)

    def _insert_rows(self, article: RemovedArticle) -> None:
        for table, rows in article.rows.items():
            columns, _ = _ROWS[table]
            marks = ", ".join("?" * len(columns.split(", ")))
            insert = f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"
            self.execute_many(insert, rows)  # a path may lead to another article by now
        self._index_words(article.id)

    def _delete(self, article: str) -> None:
        self._unindex_words(article)
        self.execute("DELETE FROM articles WHERE id = ?", (article,))

    def articles(self, filters: Filters | None = None) -> list[Article]:
        """Return the articles that pass `filters`, newest first and undated ones last."""
        condition, values = (filters or Filters()).sql_condition()
        rows = self.rows(
            f"SELECT {ARTICLE_COLUMNS} FROM articles WHERE {condition} "
            "ORDER BY earliest DESC NULLS LAST, title NULLS FIRST, id",
            values,
        )
        return [article_from_row(row) for row in rows]

    def article(self, article: str) -> Article | None:
        """Return the article with this id, or None."""
        rows = self.rows(f"SELECT {ARTICLE_COLUMNS} FROM articles WHERE id = ?", (article,))
        return article_from_row(rows[0]) if rows else None

    def content_hash(self) -> str:
        """Return the SHA-256 of all articles: their texts, by their ids, and their fields."""
        fields = ", ".join(("id", *CORRECTABLE_FIELDS))
        rows = self.rows(f"SELECT {fields} FROM articles {self._BY_FIELDS} ORDER BY id")
        return sha256(json.dumps(rows).encode()).hexdigest()

    def articles_by_id(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return the articles with these ids; ids that do not exist are left out."""
        wanted = tuple(ids)
        return {article.id: article for article in self.articles(Filters(articles=wanted))} if wanted else {}

    def raw(self, article: str) -> str | None:
        """Return the text of an article's file as it was read, before cleaning."""
        rows = self.rows("SELECT raw FROM articles WHERE id = ?", (article,))
        return rows[0][0] if rows else None

    def coverage(self) -> Coverage:
        """Return how many articles and passages there are, from which publishers and days."""
        ((articles, first, last, undated, sample),) = self.rows(
            "SELECT count(*), min(earliest), max(latest), count(*) - count(earliest), "
            "count(*) FILTER (WHERE sample = 1) FROM articles"
        )
        ((passages,),) = self.rows("SELECT count(*) FROM passages")
        publishers = self.rows(
            "SELECT DISTINCT publisher FROM articles WHERE publisher IS NOT NULL ORDER BY publisher"
        )
        first, last = (date.fromisoformat(day) if day else None for day in (first, last))
        return Coverage(articles, passages, tuple(row[0] for row in publishers), first, last, undated, sample)

    def copy_from(self, source: "Store") -> None:
        """Copy all of a collection to this one, which is empty, whichever databases hold them.

        Raises:
            StoreError: this one has articles, or a row of the other is damaged.
        """
        with self.transaction():
            with source.snapshot():
                self._copy_articles(source)
            copy_documents(source.documents, self.documents)

    def _copy_articles(self, source: "Store") -> None:
        if self.coverage().articles:
            raise StoreError(f"{self.name} has articles; name an empty collection")
        if altered := source.altered():
            raise StoreError(f"{min(altered)} is damaged; see what else is with: dateline check")
        properties = source.rows("SELECT name, value FROM properties")
        self.execute_many(SET_PROPERTY, [row for row in properties if not row[0].startswith("index")])
        for (article,) in source.rows("SELECT id FROM articles ORDER BY added, id"):
            self._insert_rows(source._rows_of(article))

    # Passages

    def replace_passages(
        self, article: str, passages: Sequence[Passage], vectors: NDArray[np.float32]
    ) -> None:
        """Replace an article's passages and vectors, in one transaction."""
        with self.transaction():
            self._unindex_words(article)
            self.execute("DELETE FROM passages WHERE article = ?", (article,))
            self._insert_passages(article, passages, vectors)
            self._index_words(article)

    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        """Return those of the passages that exist, in the order of `ids`; those of one article share it."""
        rows = self.rows(
            f'SELECT passages.id, article, start, "end" FROM {self._WANTED} '
            "JOIN passages ON passages.id = wanted.value ORDER BY wanted.key",
            (json.dumps([int(n) for n in ids]),),
        )
        articles = self.articles_by_id({article for _, article, _, _ in rows})
        return {
            passage: Passage(articles[article], start, end)
            for passage, article, start, end in rows
            if article in articles
        }
