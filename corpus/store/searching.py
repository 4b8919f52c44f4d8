"""Searching a collection's file: ids and vectors of passages, and the word index."""

import heapq
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from corpus.scripts import separate_letters
from corpus.store.connection import Connection, StoreError
from corpus.store.filters import Filters

# The weights of the word index's columns in bm25: hand-set on the sample questions; issue J replaces it
WORD_WEIGHTS = (2.0, 1.0, 1.0, 1.0)

# Passages that bm25 scores; what it leaves out was measured in rag/evaluation/results/searching.json
_MAX_SCORED = 40_000

Scored = list[tuple[int, float]]  # (passage id, score), best first
Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]


def _rarest(counts: Mapping[str, int], limit: float) -> list[str]:
    """Return the rarest terms, at least one, as long as so many passages hold them at most in all.

    >>> _rarest({"a": 900, "b": 5, "c": 80}, 100)
    ['b', 'c']
    """
    rarest = sorted(counts, key=counts.__getitem__)
    sums = accumulate(counts[term] for term in rarest)
    return rarest[: max(1, sum(total <= limit for total in sums))]


_WORD_COLUMNS = "title, publisher, dated, body"
_WORDS_OF_ARTICLE = "FROM passage_words WHERE id IN (SELECT id FROM passages WHERE article = ?)"


class Searching(Connection):
    """A connection with what the indexes are filled from, and the search by words."""

    # What another database writes in another way.
    _WANTED = "json_each(?) AS wanted"  # the numbers of a list in JSON, each with its place
    _JOINED = "group_concat(id)"
    _BY_ARTICLE = "INDEXED BY passages_article"
    _BY_FIELDS = "INDEXED BY articles_fields"

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
        return self._ids(f"SELECT id FROM passages {self._BY_ARTICLE}", ())

    def _ids(self, query: str, values: Sequence[object]) -> Ids:
        """Return the numbers that a query selects as `id`, ascending.

        They travel as one text: a million Python integers take six times as long.
        """
        ((text,),) = self.rows(f"SELECT {self._JOINED} FROM ({query}) AS found", values)
        return np.sort(np.fromstring(text, np.int64, sep=",")) if text else np.empty(0, np.int64)

    def vectors(self, ids: Iterable[int]) -> tuple[Ids, Vectors]:
        """Return those of `ids` that exist, and the stored vectors of these passages, one row each.

        A vector that is not finite, as in a damaged file, is left out: words alone find its passage.

        Raises:
            StoreError: the vectors differ in length.
        """
        rows = self.rows(
            f"SELECT passages.id, vector FROM {self._WANTED} "
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

    def search_words(
        self,
        query: str,
        k: int,
        among: Ids | None = None,
        frequency: Callable[[str], int] | None = None,
    ) -> Scored:
        """Return the (passage id, score) of the `k` passages that match an FTS5 query best, best first.

        The score is bm25's, negated so that higher is better. With `among`, ascending ids, only those
        passages are searched. In a large collection `frequency` counts the passages with a term, and the
        query must join its terms by " OR ": as bm25 takes a microsecond a passage, passages that hold none of
        the rarer terms are left out. The others have the scores that they have without it.
        """
        terms = query.split(" OR ") if frequency else []
        counts = {term: count for term in terms if frequency and (count := frequency(term))}
        share = 1.0 if among is None else len(among) / max(1, self.passage_count())
        rare = _rarest(counts, _MAX_SCORED / max(share, 1e-9))
        common = [term for term in counts if term not in rare]
        if not rare or not common:
            return self._matching(query, k, among)
        # Passages without a common term are scored in full by the first query, all others by the second.
        either = " OR ".join(rare)
        scores = dict(self._matching(either, k, among))
        for number, score in self._matching(f"({either}) AND ({' OR '.join(common)})", k, among):
            scores[number] = max(score, scores.get(number, score))
        return heapq.nlargest(k, scores.items(), key=lambda item: item[1])

    def _matching(self, query: str, k: int, among: Ids | None) -> Scored:
        weights = ", ".join(map(str, WORD_WEIGHTS))
        condition, values = "1", []
        if among is not None:
            if not len(among):
                return []
            # FTS5 itself skips what is outside a range; a join for the rest would take ten times as long.
            first, last = int(among[0]), int(among[-1])
            chosen = np.zeros(last + 1, np.uint8)
            chosen[among] = 1
            condition, values = "rowid BETWEEN ? AND ? AND is_chosen(rowid)", [first, last]
        with self._lock:
            if among is not None:
                self._db.create_function("is_chosen", 1, chosen.tobytes().__getitem__)
            return self.rows(
                f"SELECT rowid, -bm25(words, {weights}) AS score FROM words WHERE {condition} "
                "AND words MATCH ? ORDER BY score DESC LIMIT ?",
                [*values, separate_letters(query), k],
            )

    def count_passages(self, query: str) -> int:
        """Return the number of passages that match an FTS5 query."""
        ((count,),) = self.rows("SELECT count(*) FROM words WHERE words MATCH ?", (separate_letters(query),))
        return int(count)

    def holding(self, query: str) -> tuple[str, str]:
        """Return an SQL condition on the table `passages`, that it matches an FTS5 query, and its value."""
        return "passages.id IN (SELECT rowid FROM words WHERE words MATCH ?)", query

    def document_frequencies(self, stems: Iterable[str]) -> list[tuple[str, int]]:
        """Return those of `stems` (Porter) that occur, each with the number of passages that hold it."""
        return self.rows(
            "SELECT term, doc FROM temp.terms WHERE term IN (SELECT value FROM json_each(?))",
            (json.dumps(list(stems)),),
        )

    def word_index_is_intact(self) -> bool:
        """Return True if the word index agrees with the passages."""
        try:
            self.rows("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        except StoreError:
            return False
        return True

    def rebuild_word_index(self) -> None:
        """Build the word index again from the passages."""
        with self.transaction():
            self._db.execute("INSERT INTO words (words) VALUES ('rebuild')")

    def _index_words(self, article: str) -> None:
        self._db.execute(
            f"INSERT INTO words (rowid, {_WORD_COLUMNS}) SELECT id, {_WORD_COLUMNS} {_WORDS_OF_ARTICLE}",
            (article,),
        )

    def _unindex_words(self, article: str) -> None:
        """Remove an article's words from the index.

        FTS5 needs the very words that were indexed, so this precedes any change of them.
        """
        self._db.execute(
            f"INSERT INTO words (words, rowid, {_WORD_COLUMNS}) "
            f"SELECT 'delete', id, {_WORD_COLUMNS} {_WORDS_OF_ARTICLE}",
            (article,),
        )
