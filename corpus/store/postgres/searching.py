"""Searching a collection in PostgreSQL: FTS5's terms in a tsvector, found by GIN and ranked by bm25.

PostgreSQL's own ranks leave out how rare a word is, so bm25 is computed from the counts in the index,
with FTS5's constants: a query ranks the same passages as in SQLite, with the same scores.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.store.postgres.connection import PostgresConnection
from corpus.store.searching import WORD_WEIGHTS, Ids, Scored, Searching
from corpus.store.terms import COLUMNS, Phrase, Tokenizer, phrases

_BLOCK = 4096  # limit: the positions of each column, of the 16,383 that a tsvector has
_LABELS = dict(zip(COLUMNS, "BCCD", strict=True))  # "A" marks the terms of a query
_CACHED = 10_000  # limit: phrases whose passages were counted
_K1, _B, _LEAST_IDF = 1.2, 0.75, 1e-6  # FTS5's (ext/fts5/fts5_aux.c)
_NO_TERM = "' '"  # matches nothing, since no term is a space

# Where each phrase begins in the passages that match, by positions; a position's block says the column.
_SEARCH = f"""
WITH sized AS (
    SELECT * FROM unnest(?::int[], ?::int[], ?::float8[]) AS listed(phrase, size, idf)
), wanted AS (
    SELECT * FROM unnest(?::int[], ?::int[], ?::int[], ?::text[]) AS listed(phrase, place, col, term)
    JOIN sized USING (phrase)
), starts AS (
    SELECT matched.id, matched.length, phrase, position - place AS start
    FROM (
        SELECT id, length, ts_filter(setweight(words, 'A', ?::text[]), '{{a}}') AS words
        FROM passages WHERE words @@ ?::tsquery AND CONDITION
    ) AS matched
    CROSS JOIN LATERAL unnest(matched.words) AS entry
    JOIN wanted ON term = lexeme
    CROSS JOIN LATERAL unnest(entry.positions) AS position
    WHERE col < 0 OR position / {_BLOCK} = col
    GROUP BY 1, 2, 3, 4, size HAVING count(*) = size
), weighed AS (
    SELECT id, length, phrase, sum((?::float8[])[start / {_BLOCK} + 1]) AS weight
    FROM starts GROUP BY 1, 2, 3
)
SELECT id, sum(idf * weight * {_K1 + 1} / (weight + {_K1} * ({1 - _B} + {_B} * length / ?::float8))) AS score
FROM weighed JOIN sized USING (phrase) GROUP BY id ORDER BY score DESC, id LIMIT ?
"""
_DIFFERING = """
SELECT count(*) FROM unnest(?::bigint[], ?::text[], ?::int[]) AS listed(id, words, length)
JOIN passages USING (id)
WHERE passages.words <> listed.words::tsvector OR passages.length <> listed.length
"""

_tokenizer = lru_cache(1)(Tokenizer)


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of one version of a collection: its passages, the terms in them, and the passages of a query."""

    version: tuple[int, int]
    passages: int
    terms: int
    of: Callable[[str], int]


class PostgresSearching(PostgresConnection, Searching):
    """A connection to PostgreSQL with what the indexes are filled from, and the search by words."""

    _WANTED = (
        "(SELECT value::bigint AS value, key FROM json_array_elements_text(?::json) "
        "WITH ORDINALITY AS listed(value, key)) AS wanted"
    )
    _JOINED = "string_agg(id::text, ',')"
    _BY_ARTICLE = _BY_FIELDS = ""
    _counts: _Counts | None = None

    def _matching(self, query: str, k: int, among: Ids | None) -> Scored:
        parsed = _tokenizer().parse(query)
        found = [phrase for phrase in phrases(parsed) if phrase.terms]
        if not found or (among is not None and not len(among)):
            return []
        counts = self._counted()
        sizes = [
            (n, len(phrase.terms), _idf(counts.passages, counts.of(_tsquery([phrase]))))
            for n, phrase in enumerate(found)
        ]
        places = [
            (n, place, COLUMNS.index(phrase.column) if phrase.column else -1, term)
            for n, phrase in enumerate(found)
            for place, term in enumerate(phrase.terms)
        ]
        condition, chosen = ("TRUE", []) if among is None else ("id = ANY(?::bigint[])", [among.tolist()])
        values = [
            *map(list, zip(*sizes, strict=True)),
            *map(list, zip(*places, strict=True)),
            sorted({term for *_, term in places}),
            _tsquery(parsed),
            *chosen,
            list(WORD_WEIGHTS),
            counts.terms / max(1, counts.passages),
            k,
        ]
        return self.rows(_SEARCH.replace("CONDITION", condition), values)

    def _counted(self) -> _Counts:
        """Return the counts of the present version, which bm25 asks for in every search."""
        version, known = self.version, self._counts
        if known is None or known.version != version:
            ((passages, terms),) = self.rows("SELECT count(*), coalesce(sum(length), 0) FROM passages")
            known = self._counts = _Counts(version, passages, int(terms), lru_cache(_CACHED)(self._count))
        return known

    def _count(self, query: str) -> int:
        ((count,),) = self.rows("SELECT count(*) FROM passages WHERE words @@ ?::tsquery", [query])
        return int(count)

    def count_passages(self, query: str) -> int:
        """Return the number of passages that match an FTS5 query."""
        return self._count(_tsquery(_tokenizer().parse(query)))

    def holding(self, query: str) -> tuple[str, str]:
        """Return an SQL condition on the table `passages`, that it matches an FTS5 query, and its value."""
        return "passages.words @@ ?::tsquery", _tsquery(_tokenizer().parse(query))

    def document_frequencies(self, stems: Iterable[str]) -> list[tuple[str, int]]:
        """Return those of `stems` (Porter) that occur, each with the number of passages that hold it."""
        wanted = list(stems)
        return self.rows(
            "SELECT stem, count FROM unnest(?::text[], ?::text[]) AS listed(stem, query), "
            "LATERAL (SELECT count(*) FROM passages WHERE words @@ query::tsquery) AS held "
            "WHERE count > 0 ORDER BY stem",
            [wanted, [_lexeme(stem) for stem in wanted]],
        )

    def word_index_is_intact(self) -> bool:
        """Return True if the word index agrees with the passages."""
        articles = self.rows("SELECT id FROM articles")
        return not any(self._differing(article) for (article,) in articles)

    def _differing(self, article: str) -> int:
        rows = self._words_of(article)
        ((count,),) = self.rows(_DIFFERING, list(map(list, zip(*rows, strict=True))) or [[], [], []])
        return int(count)

    def rebuild_word_index(self) -> None:
        """Build the word index again from the passages."""
        with self.transaction():
            for (article,) in self.rows("SELECT id FROM articles"):
                self._index_words(article)

    def _index_words(self, article: str) -> None:
        self.execute_many(
            "UPDATE passages SET words = ?::tsvector, length = ? WHERE id = ?",
            [(words, length, number) for number, words, length in self._words_of(article)],
        )

    def _words_of(self, article: str) -> list[tuple[int, str, int]]:
        """Return the id of each of an article's passages, its words as a tsvector, and their number."""
        rows = self.rows(
            f"SELECT id, {', '.join(COLUMNS)} FROM passage_words WHERE article = ? ORDER BY id", [article]
        )
        terms = _tokenizer().terms([text for _, *texts in rows for text in texts])
        columns = [terms[n : n + len(COLUMNS)] for n in range(0, len(terms), len(COLUMNS))]
        return [
            (number, _tsvector(held), sum(map(len, held)))
            for (number, *_), held in zip(rows, columns, strict=True)
        ]

    def _unindex_words(self, article: str) -> None:
        """Do nothing: the words stand in the passage's row, and are written over."""


def _idf(passages: int, holding: int) -> float:
    """Return FTS5's weight of a phrase that `holding` of all passages have."""
    return max(_LEAST_IDF, math.log((passages - holding + 0.5) / (holding + 0.5)))


def _lexeme(term: str) -> str:
    """Return a term as a lexeme of a tsvector or a tsquery.

    >>> _lexeme("o'clock")
    "'o''clock'"
    """
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _tsvector(columns: Sequence[Sequence[str]]) -> str:
    """Return the terms of a passage's columns as a tsvector: each column in its block, with its label.

    >>> _tsvector([["ferri"], [], [], ["a", "ferri"]])
    "'ferri':1B,12290D 'a':12289D"
    """
    found: dict[str, list[str]] = {}
    for block, (label, terms) in enumerate(zip(_LABELS.values(), columns, strict=True)):
        for place, term in enumerate(terms, 1):
            found.setdefault(term, []).append(f"{block * _BLOCK + min(place, _BLOCK - 1)}{label}")
    return " ".join(f"{_lexeme(term)}:{','.join(places)}" for term, places in found.items())


def _tsquery(parsed: Sequence[Phrase | str]) -> str:
    """Return a parsed query as a tsquery.

    >>> _tsquery([Phrase(("high", "speed"), "body"), "|", Phrase(("fer",), prefix=True)])
    "('high':D <-> 'speed':D) | ('fer':*)"
    """
    return " ".join(part if isinstance(part, str) else f"({_phrase(part)})" for part in parsed) or _NO_TERM


def _phrase(phrase: Phrase) -> str:
    label = _LABELS[phrase.column] if phrase.column else ""
    marks = [label] * (len(phrase.terms) - 1) + ["*" * phrase.prefix + label]
    terms = zip(phrase.terms, marks, strict=False)
    return " <-> ".join(_lexeme(term) + f":{mark}" * bool(mark) for term, mark in terms) or _NO_TERM
