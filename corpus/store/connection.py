"""The connection to a collection's SQLite file: opening, migrating, transactions and named properties."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from corpus.scripts import separate_letters
from corpus.store.schema import APPLICATION_ID, CREATE_TERMS_TABLE, FILE_NAME, MIGRATIONS, SCHEMA_VERSION

_LOCK_TIMEOUT_SECONDS = 30  # a limit


class StoreError(RuntimeError):
    """The collection's file cannot be used as it is; the message says what to do."""

    code = "collection_unavailable"


class Connection:
    """A connection to one collection file (WAL, synchronous=FULL).

    It is safe to use from several threads, and several processes may read while one writes.
    """

    def __init__(self, folder: Path) -> None:
        """Open the collection in `folder`, creating both if they do not exist.

        Raises:
            StoreError: the folder cannot be written, or the file is damaged, another program's or newer.
        """
        self.path = folder / FILE_NAME
        self._lock = threading.RLock()
        remedy = "set DATELINE_DATA to a folder that you may write"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(
                self.path, timeout=_LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._open()
        except OSError as error:
            raise StoreError(f"{folder}: {error.strerror}; {remedy}") from error
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path}: {error}; {remedy}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self.path}: {error}; move the file away and add the articles again"
            ) from error

    def _open(self) -> None:
        self._db.create_function("separate_letters", 1, _separate_letters, deterministic=True)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "trusted_schema = ON",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        with self.transaction():
            self._migrate()
        self._db.execute(CREATE_TERMS_TABLE)

    def _migrate(self) -> None:
        """Bring the file to the current version of the schema."""
        version = self._pragma("user_version")
        is_empty = version == 0 and not self._db.execute("SELECT 1 FROM sqlite_master").fetchone()
        if not is_empty and self._pragma("application_id") != APPLICATION_ID:
            raise StoreError(f"{self.path} belongs to another program; set DATELINE_DATA to another folder")
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} was written by a newer Dateline (schema {version}; this one reads up to "
                f"{SCHEMA_VERSION}); update Dateline"
            )
        for older in range(version, SCHEMA_VERSION):
            for statement in MIGRATIONS[older].split(";\n"):
                self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])

    def close(self) -> None:
        """Close the connection; it cannot be used again."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside as a whole, or roll it back if it fails.

        Raises:
            StoreError: another program writes the file, or the disk is full.
        """
        with self._lock:
            self._begin()
            try:
                yield
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise StoreError(
                    f"{self.path}: {error}; what was added before is kept; "
                    "free space on the disk and add the rest again"
                ) from error
            finally:
                # Still open if it was not committed; after "disk full" SQLite may have rolled back by itself.
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
        """Return the rows of one SELECT."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def succeeds(self, statement: str) -> bool:
        """Return True if a statement runs without an error of the database."""
        try:
            with self._lock:
                self._db.execute(statement)
        except sqlite3.DatabaseError:
            return False
        return True

    @property
    def version(self) -> tuple[int, int]:
        """A value that changes whenever this or another process changed the collection."""
        with self._lock:
            return self._pragma("data_version"), self._db.total_changes

    def get_property(self, name: str) -> str | None:
        """Return a named text that is stored beside the articles, such as the encoder's fingerprint."""
        rows = self.rows("SELECT value FROM properties WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def set_property(self, name: str, value: str) -> None:
        """Store a named text beside the articles."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO properties VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (name, value),
            )


def _separate_letters(text: str | None) -> str | None:
    return separate_letters(text) if text else text
