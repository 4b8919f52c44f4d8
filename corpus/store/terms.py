"""The terms of texts and of queries, cut by FTS5's own tokenizer, for word indexes that are not FTS5's.

So both databases index the same terms, and a query finds and ranks the same passages in either.
"""

import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.scripts import separate_letters
from corpus.store.schema import TOKENIZER

COLUMNS = ("title", "publisher", "dated", "body")
_MAX_TERM = 400  # limit: characters; PostgreSQL's are of 2,046 bytes
_TOKEN = re.compile(
    r"(?P<sign>\b(?:AND|OR)\b|[()])"
    r'|(?:(?P<column>\w++)\s*+:\s*+)?(?:"(?P<text>(?:[^"]|"")*+)"|(?P<word>\w++))\s*+(?P<prefix>\*)?'
)


class MalformedQuery(ValueError):
    """A query that is not of words, quoted phrases, AND, OR and brackets."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that stand side by side, in any column or in one; of a `prefix`, the last only begins a word."""

    terms: tuple[str, ...]
    column: str | None = None
    prefix: bool = False


class Tokenizer:
    """FTS5's tokenizer, over an index in memory that holds one batch of texts at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute(
            f"""CREATE VIRTUAL TABLE texts USING fts5(text, content='', tokenize="{TOKENIZER}")"""
        )
        self._db.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(texts, instance)")

    def terms(self, texts: Sequence[str | None]) -> list[list[str]]:
        """Return the terms of each text, in order."""
        found: list[list[str]] = [[] for _ in texts]
        rows = [(number, separate_letters(text)) for number, text in enumerate(texts, 1) if text]
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", rows)
            instances = self._db.execute("SELECT doc, term FROM terms ORDER BY doc, offset").fetchall()
            self._db.execute("ROLLBACK")
        for number, term in instances:
            found[number - 1].append(term[:_MAX_TERM])
        return found

    def parse(self, query: str) -> list[Phrase | str]:
        """Return an FTS5 query as phrases between "&", "|", "(" and ")".

        Phrases side by side are joined by "&"; one without a term, such as "?!", is left out there.

        Raises:
            MalformedQuery: it has something that Dateline's own queries never have.
        """
        tokens = [token for token in _TOKEN.finditer(query)]
        if _TOKEN.sub("", query).strip():
            raise MalformedQuery(f"{query[:80]} is no query of words")
        texts = self.terms([(token["text"] or token["word"] or "").replace('""', '"') for token in tokens])
        parsed: list[Phrase | str] = []
        for token, terms in zip(tokens, texts, strict=True):
            sign = {"AND": "&", "OR": "|"}.get(token["sign"], token["sign"])
            starts = sign in (None, "(")
            if starts and parsed and (isinstance(parsed[-1], Phrase) or parsed[-1] == ")"):
                if sign is None and not terms:
                    continue
                parsed.append("&")
            parsed.append(sign or Phrase(tuple(terms), token["column"], bool(token["prefix"])))
        return parsed


def phrases(parsed: Iterable[Phrase | str]) -> list[Phrase]:
    """Return the phrases of a query."""
    return [part for part in parsed if isinstance(part, Phrase)]
