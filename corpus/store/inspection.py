"""Facts about a collection's file, read without changing it and whatever is wrong with it.

A `Store` would migrate an old collection and create a missing one, which a diagnosis must not do.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from corpus.store.schema import APPLICATION_ID, FILE_NAME, SCHEMA_VERSION

_MAX_DAMAGES = 3  # a limit: of one file; the first says enough


class UnreadableCollection(ValueError):
    """The collection's file exists and SQLite cannot read it."""


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    """What a collection's file says of itself.

    `ours` is False for another program's file. `encoder` is the fingerprint of the encoder that made the
    stored vectors, `damage` what SQLite's own check reports, `newest` the schema of this version of Dateline.
    """

    journal: str
    ours: bool
    schema: int
    articles: int = 0
    passages: int = 0
    encoder: str | None = None
    damage: tuple[str, ...] = ()
    newest: int = SCHEMA_VERSION


def sqlite_features() -> tuple[str, bool]:
    """Return SQLite's version, and whether it has the full-text search that the word index needs."""
    with closing(sqlite3.connect(":memory:")) as db:
        options = [option for (option,) in db.execute("PRAGMA compile_options")]
    return sqlite3.sqlite_version, "ENABLE_FTS5" in options


def inspect_collection(folder: Path) -> CollectionFacts | None:
    """Return the facts about the collection in `folder`; None if there is none.

    Raises:
        UnreadableCollection: the file cannot be read as a collection.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    # In a read-only folder SQLite cannot keep the files beside a WAL; but nobody else can write there either.
    is_writable = os.access(folder, os.W_OK) and os.access(path, os.W_OK)
    mode = "mode=rw" if is_writable else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=5)) as db:
            db.execute("PRAGMA query_only = ON")
            return _read_facts(db)
    except sqlite3.Error as error:
        raise UnreadableCollection(str(error)) from error


def _read_facts(db: sqlite3.Connection) -> CollectionFacts:
    def number(query: str) -> int:
        return int(db.execute(query).fetchone()[0])

    journal = str(db.execute("PRAGMA journal_mode").fetchone()[0])
    schema = number("PRAGMA user_version")
    if number("PRAGMA application_id") != APPLICATION_ID:
        return CollectionFacts(journal, False, schema)
    encoder = db.execute("SELECT value FROM properties WHERE name = 'encoder'").fetchone()
    reports = [report for (report,) in db.execute(f"PRAGMA quick_check({_MAX_DAMAGES})")]
    return CollectionFacts(
        journal,
        True,
        schema,
        articles=number("SELECT count(*) FROM articles"),
        passages=number("SELECT count(*) FROM passages"),
        encoder=encoder[0] if encoder else None,
        damage=tuple(report for report in reports if report != "ok"),
    )
