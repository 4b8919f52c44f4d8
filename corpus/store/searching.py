"""Searching a collection's file: ids and vectors of passages, and the word index."""

import json
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.scripts import separate_letters
from corpus.store.connection import Connection
from corpus.store.filters import Filters

# The weights of the word index's columns in bm25: hand-set on the sample questions; issue J replaces it
_WORD_WEIGHTS = (2.0, 1.0, 1.0, 1.0)

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]


class Searching(Connection):
    """A connection with what the indexes are filled from, and the search by words."""

    def passage_count(self) -> int:
        """Return the number of passages."""
        ((count,),) = self.rows("SELECT count(*) FROM passages")
        return int(count)

    def passage_ids(self, filters: Filters | None = None, after: int = 0) -> Ids:
        """Return the ids of the passages whose article passes `filters`, or of all above `after`, ascending.

        An id always belongs to the same passage: those of removed passages are not given to others.
        """
        if filters:
            condition, values = filters.sql_condition()
            return self._ids(
                "SELECT passages.id AS id FROM articles JOIN passages ON article = articles.id "
                f"WHERE {condition}",
                values,
            )
        if after:
            return self._ids("SELECT id FROM passages WHERE id > ?", (after,))
        # The index by article is a fiftieth of the table, which holds the vectors.
        return self._ids("SELECT id FROM passages INDEXED BY passages_article", ())

    def _ids(self, query: str, values: Sequence[object]) -> Ids:
        """Return the numbers that a query selects as `id`, ascending.

        They travel as one text: a million Python integers take six times as long.
        """
        ((text,),) = self.rows(f"SELECT group_concat(id) FROM ({query})", values)
        return np.sort(np.fromstring(text, np.int64, sep=",")) if text else np.empty(0, np.int64)

    def vectors(self, ids: Iterable[int]) -> tuple[Ids, Vectors]:
        """Return those of `ids` that exist, and the stored vectors of these passages, one row each.

        A vector that is not finite, as in a damaged file, is left out: words alone find its passage.

        Raises:
            StoreError: the vectors differ in length.
        """
        rows = self.rows(
            "SELECT passages.id, vector FROM json_each(?) AS wanted "
            "JOIN passages ON passages.id = wanted.value ORDER BY wanted.key",
            (json.dumps([int(n) for n in ids]),),
        )
        if not rows:
            return np.empty(0, np.int64), np.empty((0, 0), np.float32)
        try:
            vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)
        except (TypeError, ValueError) as error:
            raise self._damaged(error) from error
        found, whole = np.array([row[0] for row in rows], np.int64), np.isfinite(vectors).all(axis=1)
        return (found, vectors) if whole.all() else (found[whole], vectors[whole])

    def search_words(self, query: str, k: int, filters: Filters | None = None) -> list[tuple[int, float]]:
        """Return the (passage id, score) of the `k` passages that match an FTS5 query best, best first.

        The score is bm25's, negated so that higher is better.
        """
        condition, values = (filters or Filters()).sql_condition()
        weights = ", ".join(map(str, _WORD_WEIGHTS))
        filtered = (
            "JOIN passages ON passages.id = words.rowid JOIN articles ON articles.id = passages.article "
            f"WHERE {condition} AND"
            if filters
            else "WHERE"
        )
        return self.rows(
            f"SELECT words.rowid, -bm25(words, {weights}) AS score FROM words {filtered} words MATCH ? "
            "ORDER BY score DESC LIMIT ?",
            [*values, separate_letters(query), k],
        )

    def count_passages(self, query: str) -> int:
        """Return the number of passages that match an FTS5 query."""
        ((count,),) = self.rows("SELECT count(*) FROM words WHERE words MATCH ?", (separate_letters(query),))
        return int(count)

    def document_frequencies(self, stems: Iterable[str]) -> list[tuple[str, int]]:
        """Return those of `stems` (Porter) that occur, each with the number of passages that hold it."""
        return self.rows(
            "SELECT term, doc FROM temp.terms WHERE term IN (SELECT value FROM json_each(?))",
            (json.dumps(list(stems)),),
        )

    def word_index_is_intact(self) -> bool:
        """Return True if the word index agrees with the passages."""
        return self.succeeds("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")

    def rebuild_word_index(self) -> None:
        """Build the word index again from the passages."""
        with self.transaction():
            self._db.execute("INSERT INTO words (words) VALUES ('rebuild')")
