"""A collection's file as it lies there, read only and whatever is wrong with it. Knows SQLite's own facts; changes nothing and needs no library.

`corpus.store.database` would bring an old collection up to date and make a missing one; whoever looks for what is wrong must not.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from corpus.store.schema import APPLICATION_ID

FILE_NAME = "collection.sqlite"
_DAMAGES = 3  # told of one file; the first says enough


class UnreadableCollection(ValueError):
    """The file is there and SQLite cannot read it."""


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    """What a collection's file says of itself. `damage` is what SQLite's own check finds; `encoder` the fingerprint of the stored vectors."""

    journal: str
    ours: bool
    schema: int
    articles: int = 0
    passages: int = 0
    encoder: str | None = None
    damage: tuple[str, ...] = ()


def sqlite_features() -> tuple[str, bool]:
    """SQLite's version, and whether it has the full-text search that the words' index needs."""
    with closing(sqlite3.connect(":memory:")) as db:
        options = [option for (option,) in db.execute("PRAGMA compile_options")]
    return sqlite3.sqlite_version, "ENABLE_FTS5" in options


def inspect_collection(folder: Path) -> CollectionFacts | None:
    """The facts of the collection in `folder`; None where there is none.

    Raises:
        UnreadableCollection: it cannot be read as a collection.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    # Where the folder cannot be written, SQLite cannot keep the files beside a WAL; then nobody else writes either.
    how = "mode=rw" if os.access(folder, os.W_OK) and os.access(path, os.W_OK) else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=5)) as db:
            db.execute("PRAGMA query_only = ON")
            return _facts(db)
    except sqlite3.Error as error:
        raise UnreadableCollection(str(error)) from error


def _facts(db: sqlite3.Connection) -> CollectionFacts:
    def one(query: str) -> int:
        return int(db.execute(query).fetchone()[0])

    journal = str(db.execute("PRAGMA journal_mode").fetchone()[0])
    schema, ours = one("PRAGMA user_version"), one("PRAGMA application_id") == APPLICATION_ID
    if not ours:
        return CollectionFacts(journal, False, schema)
    encoder = db.execute("SELECT value FROM properties WHERE name = 'encoder'").fetchone()
    damage = [told for (told,) in db.execute(f"PRAGMA quick_check({_DAMAGES})") if told != "ok"]
    counts = one("SELECT count(*) FROM articles"), one("SELECT count(*) FROM passages")
    return CollectionFacts(journal, True, schema, *counts, encoder[0] if encoder else None, tuple(damage))
