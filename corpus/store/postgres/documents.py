"""Texts that are kept beside the articles, as rows of the database: each addition is one."""

from collections.abc import Iterator
from contextlib import contextmanager

from corpus.store.postgres.connection import PostgresConnection

_INSERT = "INSERT INTO documents (name, text) VALUES (?, ?)"
_DELETE = "DELETE FROM documents WHERE name = ?"


class PostgresDocument:
    """A text in rows, in the order of their numbers."""

    def __init__(self, database: PostgresConnection, name: str) -> None:
        self._database, self._key = database, name
        self.name = f"{database.name}/{name}"

    def read(self) -> str | None:
        """Return the text; None where there are no rows."""
        rows = self._database.rows("SELECT text FROM documents WHERE name = ? ORDER BY number", (self._key,))
        return "".join(text for (text,) in rows) if rows else None

    def size(self) -> int:
        """Return its length in bytes."""
        query = "SELECT coalesce(sum(octet_length(text)), 0) FROM documents WHERE name = ?"
        ((size,),) = self._database.rows(query, (self._key,))
        return int(size)

    def append(self, text: str) -> None:
        """Add a row."""
        with self._database.unnoticed():
            self._database.execute(_INSERT, (self._key, text))

    def write(self, text: str) -> None:
        """Replace all rows by one."""
        with self._database.unnoticed():
            self._database.execute(_DELETE, (self._key,))
            self._database.execute(_INSERT, (self._key, text))

    def delete(self) -> None:
        """Delete its rows, if there are any."""
        with self._database.unnoticed():
            self._database.execute(_DELETE, (self._key,))

    @contextmanager
    def taken(self) -> Iterator[str]:
        """Give the text, and delete the rows that hold it; those that are added meanwhile stay."""
        query = "SELECT number, text FROM documents WHERE name = ? ORDER BY number"
        rows = self._database.rows(query, (self._key,))
        yield "".join(text for _, text in rows)
        with self._database.unnoticed():
            numbers = [number for number, _ in rows]
            self._database.execute("DELETE FROM documents WHERE number = ANY(?::bigint[])", (numbers,))


class PostgresDocuments:
    """The documents of a collection in PostgreSQL."""

    def __init__(self, database: PostgresConnection) -> None:
        self._database = database

    def names(self) -> list[str]:
        """Return all names, in order."""
        return [name for (name,) in self._database.rows("SELECT DISTINCT name FROM documents ORDER BY name")]

    def __getitem__(self, name: str) -> PostgresDocument:
        return PostgresDocument(self._database, name)
