"""The collection in SQLite: articles, passages, vectors and full text; the one source of truth. Knows rows, not meaning.

One transaction an article, acknowledged after commit (WAL, synchronous=FULL). Vectors are float32 BLOBs; nothing is pickled.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article, PartialDate
from corpus.passages import Passage
from corpus.store.filters import Coverage, Filters
from corpus.store.inspection import FILE_NAME
from corpus.store.rows import ARTICLE_COLUMNS, DATE_FIELDS, Fields, article_of, corrected, fields_of, row_of
from corpus.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION, TERMS

# Columns of the words' index and their weights in bm25: headline, publisher, date, body.
_WORD_WEIGHTS = (2.0, 1.0, 1.0, 1.0)


class StoreError(RuntimeError):
    """The collection's file cannot be used as it is; the message says what to do."""

    code = "collection_unavailable"


class Store:
    """One collection file. Safe to use from several threads; several processes may read while one writes."""

    def __init__(self, folder: Path) -> None:
        """Open the collection in `folder`, making both where they do not exist.

        Raises:
            StoreError: the folder cannot be written, the file is damaged, of another program or of a newer version.
        """
        self.path = folder / FILE_NAME
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            self._open()
        except OSError as error:
            raise StoreError(
                f"{folder}: {error.strerror}; set DATELINE_DATA to a folder that you may write"
            ) from error
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"{self.path}: {error}; set DATELINE_DATA to a folder that you may write"
            ) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self.path}: {error}; move the file away and add the articles again"
            ) from error

    def _open(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        with self.transaction():
            version = self._pragma("user_version")
            empty = version == 0 and not self._db.execute("SELECT 1 FROM sqlite_master").fetchone()
            if not empty and self._pragma("application_id") != APPLICATION_ID:
                raise StoreError(
                    f"{self.path} belongs to another program; set DATELINE_DATA to another folder"
                )
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"{self.path} was written by a newer Dateline (schema {version}, this one knows {SCHEMA_VERSION}); update Dateline"
                )
            for step in range(version, SCHEMA_VERSION):
                for statement in MIGRATIONS[step].split(";\n"):
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._db.execute(TERMS)

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])

    def close(self) -> None:
        """Give the file back; a closed store answers nothing more."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what happens inside is committed together, or not at all."""
        with self._lock:
            self._begin()
            try:
                yield
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                told = f"{self.path}: {error}; what was added before is kept; free space on the disk and add the rest again"
                raise StoreError(told) from error
            finally:
                # Not committed; after "disk full" SQLite may have rolled back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _begin(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"{self.path}: {error}; wait until the other program is done, or free space on the disk"
            ) from error

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one SELECT."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    @property
    def version(self) -> tuple[int, int]:
        """A value that changes whenever this or another process changed the collection."""
        with self._lock:
            return self._pragma("data_version"), self._db.total_changes

    def property(self, name: str) -> str | None:
        """A named text kept beside the articles, such as the encoder's fingerprint."""
        found = self.rows("SELECT value FROM properties WHERE name = ?", (name,))
        return found[0][0] if found else None

    def set_property(self, name: str, value: str) -> None:
        with self.transaction():
            self._db.execute(
                "INSERT INTO properties VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (name, value),
            )

    # Articles

    def origin(self, path: str) -> tuple[str, str] | None:
        """(SHA-256 of the raw bytes, article id) of what was last added from `path`, or None."""
        found = self.rows("SELECT sha256, article FROM origins WHERE path = ?", (path,))
        return found[0] if found else None

    def has(self, article: str) -> bool:
        return bool(self.rows("SELECT 1 FROM articles WHERE id = ?", (article,)))

    def add(
        self,
        article: Article,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        raw: str,
        sha256: str,
    ) -> None:
        """Keep an article with its passages and their vectors (one float32 row a passage), in one transaction.

        What was added from the same origin before is replaced; an article that is already here only gains the origin.
        """
        if len(passages) != len(vectors):
            raise ValueError(
                f"number of vectors ({len(vectors)}) must match number of passages ({len(passages)})"
            )
        with self.transaction():
            before = self.origin(article.origin)
            if not self.has(article.id):
                self._insert(article, passages, vectors, raw)
            elif before and before[1] == article.id:
                self._set_fields(article)
            if before and before[1] != article.id:
                self._carry_corrections(before[1], article.id)
            self._db.execute(
                "INSERT OR REPLACE INTO origins VALUES (?, ?, ?)", (article.origin, sha256, article.id)
            )
            if (
                before
                and before[1] != article.id
                and not self.rows("SELECT 1 FROM origins WHERE article = ?", (before[1],))
            ):
                self._delete(before[1])

    def correct(self, article: str, field: str, value: str | None) -> None:
        """Set one of `corpus.store.rows.CORRECTABLE_FIELDS` by hand; None means unknown. The correction outlives any reading of the file again.

        Raises:
            InvalidDate: the date is none.
        """
        with self.transaction():
            self._db.execute(
                "INSERT INTO corrections VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (article, field, str(PartialDate.parse(value)) if field in DATE_FIELDS and value else value),
            )
            found = self.article(article)
            if found:
                self._set_fields(found)

    def _carry_corrections(self, old: str, new: str) -> None:
        """A file that changed keeps what was corrected by hand."""
        self._db.execute(
            "INSERT OR IGNORE INTO corrections SELECT ?, field, value FROM corrections WHERE article = ?",
            (new, old),
        )
        found = self.article(new)
        if found:
            self._set_fields(found)

    def _set_fields(self, article: Article) -> None:
        """Write an article's fields again, corrections over all, and its words with them."""
        corrections: Fields = dict(
            self.rows("SELECT field, value FROM corrections WHERE article = ?", (article.id,))
        )
        row = row_of(fields_of(article) | corrections, corrected(article.provenance, corrections))
        self._unlist_words(article.id)
        self._db.execute(
            f"UPDATE articles SET {', '.join(f'{name} = ?' for name in row)} WHERE id = ?",
            (*row.values(), article.id),
        )
        self._list_words(article.id)

    def _insert(
        self, article: Article, passages: Sequence[Passage], vectors: NDArray[np.float32], raw: str
    ) -> None:
        added = datetime.now(UTC).isoformat(timespec="seconds")
        row = {
            "id": article.id,
            "body": article.body,
            "raw": raw,
            "added": added,
            **row_of(fields_of(article), article.provenance),
        }
        self._db.execute(
            f"INSERT INTO articles ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
            tuple(row.values()),
        )
        self._insert_passages(article.id, passages, vectors)
        self._list_words(article.id)

    def _insert_passages(
        self, article: str, passages: Sequence[Passage], vectors: NDArray[np.float32]
    ) -> None:
        for passage, vector in zip(passages, vectors, strict=True):
            values = (article, passage.start, passage.end, np.asarray(vector, "<f4").tobytes())
            self._db.execute(
                'INSERT INTO passages (article, start, "end", vector) VALUES (?, ?, ?, ?)', values
            )

    def _list_words(self, article: str) -> None:
        self._db.execute(
            f"INSERT INTO words (rowid, {_WORD_COLUMNS}) SELECT id, {_WORD_COLUMNS} {_WORDS_OF_ARTICLE}",
            (article,),
        )

    def _unlist_words(self, article: str) -> None:
        """FTS5 is told the very words that it was given, so this comes before any change of them."""
        columns = f"'delete', id, {_WORD_COLUMNS}"
        self._db.execute(
            f"INSERT INTO words (words, rowid, {_WORD_COLUMNS}) SELECT {columns} {_WORDS_OF_ARTICLE}",
            (article,),
        )

    def _delete(self, article: str) -> None:
        self._unlist_words(article)
        self._db.execute("DELETE FROM articles WHERE id = ?", (article,))

    def remove(self, article: str) -> bool:
        """Take an article and all that was derived from it away; False where there is none of this id."""
        with self.transaction():
            found = self.has(article)
            if found:
                self._delete(article)
        return found

    def articles(self, filters: Filters | None = None) -> list[Article]:
        """The articles that pass `filters`, newest first, undated ones last."""
        condition, values = (filters or Filters()).sql_condition()
        rows = self.rows(
            f"SELECT {ARTICLE_COLUMNS} FROM articles WHERE {condition} ORDER BY earliest DESC, title", values
        )
        return [article_of(row) for row in rows]

    def article(self, article: str) -> Article | None:
        """The article of an id, or None."""
        rows = self.rows(f"SELECT {ARTICLE_COLUMNS} FROM articles WHERE id = ?", (article,))
        return article_of(rows[0]) if rows else None

    def raw(self, article: str) -> str | None:
        """The text of an article's file as it was read, before cleaning."""
        rows = self.rows("SELECT raw FROM articles WHERE id = ?", (article,))
        return rows[0][0] if rows else None

    def coverage(self) -> Coverage:
        """How many articles and passages there are, by whom, from when to when."""
        ((articles, first, last, undated),) = self.rows(
            "SELECT count(*), min(earliest), max(latest), count(*) - count(earliest) FROM articles"
        )
        ((passages,),) = self.rows("SELECT count(*) FROM passages")
        publishers = self.rows(
            "SELECT DISTINCT publisher FROM articles WHERE publisher IS NOT NULL ORDER BY publisher"
        )
        first, last = (date.fromisoformat(day) if day else None for day in (first, last))
        return Coverage(articles, passages, tuple(name for (name,) in publishers), first, last, undated)

    def word_index_is_intact(self) -> bool:
        """True if the words' index holds what the passages hold."""
        try:
            with self._lock:
                self._db.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError:
            return False
        return True

    def rebuild_word_index(self) -> None:
        """Make the words' index anew from the passages."""
        with self.transaction():
            self._db.execute("INSERT INTO words (words) VALUES ('rebuild')")

    def replace_passages(
        self, article: str, passages: Sequence[Passage], vectors: NDArray[np.float32]
    ) -> None:
        """Give an article other passages and vectors, in one transaction."""
        with self.transaction():
            self._unlist_words(article)
            self._db.execute("DELETE FROM passages WHERE article = ?", (article,))
            self._insert_passages(article, passages, vectors)
            self._list_words(article)

    # Passages

    def passage_ids(self, filters: Filters | None = None) -> NDArray[np.int64]:
        """Ids of the passages whose article passes `filters`, ascending."""
        if not filters:
            rows = self.rows("SELECT id FROM passages ORDER BY id")
        else:
            condition, values = filters.sql_condition()
            rows = self.rows(
                f"SELECT passages.id FROM passages JOIN articles ON articles.id = article WHERE {condition} ORDER BY 1",
                values,
            )
        return np.array([row[0] for row in rows], np.int64)

    def vectors(self, ids: Iterable[int]) -> NDArray[np.float32]:
        """The stored vectors of passages, one row each, in the order of `ids`."""
        wanted = json.dumps([int(n) for n in ids])
        rows = self.rows(
            "SELECT vector FROM json_each(?) AS wanted JOIN passages ON passages.id = wanted.value ORDER BY wanted.key",
            (wanted,),
        )
        return (
            np.frombuffer(b"".join(row[0] for row in rows), "<f4").reshape(len(rows), -1)
            if rows
            else np.empty((0, 0), np.float32)
        )

    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        """Passages by id; ids that are gone are left out. Passages of one article share it."""
        wanted = json.dumps([int(n) for n in ids])
        rows = self.rows(
            'SELECT passages.id, article, start, "end" FROM json_each(?) AS wanted JOIN passages ON passages.id = wanted.value',
            (wanted,),
        )
        articles = (
            {
                article.id: article
                for article in self.articles(Filters(articles=tuple({row[1] for row in rows})))
            }
            if rows
            else {}
        )
        return {row[0]: Passage(articles[row[1]], row[2], row[3]) for row in rows if row[1] in articles}

    def matches(self, query: str, k: int, filters: Filters | None = None) -> list[tuple[int, float]]:
        """The `k` passages that score best for an FTS5 query under bm25 as (passage id, score), best first; higher is better."""
        condition, values = (filters or Filters()).sql_condition()
        weights = ", ".join(map(str, _WORD_WEIGHTS))
        among = (
            f"JOIN passages ON passages.id = words.rowid JOIN articles ON articles.id = passages.article WHERE {condition} AND"
            if filters
            else "WHERE"
        )
        return self.rows(
            f"SELECT words.rowid, -bm25(words, {weights}) AS score FROM words {among} words MATCH ? ORDER BY score DESC LIMIT ?",
            [*values, query, k],
        )

    def terms(self, wanted: Iterable[str]) -> list[tuple[str, int]]:
        """Those of `wanted` that are terms of the words' index (Porter stems), each with the number of passages that hold it."""
        return self.rows(
            "SELECT term, doc FROM temp.terms WHERE term IN (SELECT value FROM json_each(?))",
            (json.dumps(list(wanted)),),
        )


_WORD_COLUMNS = "title, publisher, dated, body"
_WORDS_OF_ARTICLE = "FROM passage_words WHERE id IN (SELECT id FROM passages WHERE article = ?)"
