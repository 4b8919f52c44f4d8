"""The connection to a collection's SQLite file: opening, migrating, transactions and named properties."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.scripts import separate_letters
from corpus.store.documents import DocumentError, Documents, FolderDocuments, copy_documents
from corpus.store.schema import (
    APPLICATION_ID,
    CREATE_INDEXES,
    CREATE_TERMS_TABLE,
    FILE_NAME,
    MIGRATIONS,
    SCHEMA_VERSION,
    SEAL,
    SELECT_ALTERED,
)

_LOCK_TIMEOUT_SECONDS = 30  # a limit
_RETRY_SECONDS = 0.01  # limit: until a new file that another process is opening is tried again
# What sqlite3 raises for a damaged file: its message may quote bytes of the file that are no text.
_DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)


SET_PROPERTY = "INSERT INTO properties VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class StoreError(RuntimeError):
    """The collection's file cannot be used as it is; the message says what to do."""

    code = "collection_unavailable"


class Connection:
    """A connection to one collection file (WAL, synchronous=FULL).

    It is safe to use from several threads, and several processes may read while one writes.
    """

    address = ""  # of a database server, where it is in none of the folder's files

    def __init__(self, folder: Path) -> None:
        """Open the collection in `folder`, creating both if they do not exist.

        Raises:
            StoreError: the folder cannot be written, or the file is damaged, another program's or newer.
        """
        self.folder, self.path, self.name = folder, folder / FILE_NAME, str(folder / FILE_NAME)
        self._lock = threading.RLock()
        remedy = "set DATELINE_DATA to a folder that you may write"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.path.exists():
                self.path.touch(0o600)  # SQLite gives its other files the same mode
            self._db = sqlite3.connect(
                self.path, timeout=_LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._open()
            except BaseException:  # an interruption too: whoever keeps its traceback keeps no lock
                self._db.close()
                raise
        except OSError as error:
            raise StoreError(f"{folder}: {error.strerror}; {remedy}") from error
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path}: {error}; {remedy}") from error
        except _DAMAGE as error:
            raise StoreError(
                f"{self.path}: {error}; move the file away and add the articles again"
            ) from error

    def _open(self) -> None:
        self._db.create_function("separate_letters", 1, _separate_letters, deterministic=True)
        self._db.create_function("sha256_hex", 1, _sha256_hex, deterministic=True)
        self._log_ahead()
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "trusted_schema = ON",
            "recursive_triggers = ON",  # so that what replaces a row fires the triggers of its removal
        ):
            self._db.execute(f"PRAGMA {pragma}")
        with self.transaction():
            self._migrate()
        self._db.execute(CREATE_TERMS_TABLE)

    def _log_ahead(self) -> None:
        """Switch to write-ahead logging.

        While another process opens the same new file, SQLite does not wait for it but answers "busy" at once.
        """
        deadline = time.monotonic() + _LOCK_TIMEOUT_SECONDS
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(_RETRY_SECONDS)

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
        for statement in CREATE_INDEXES:
            self._db.execute(statement)
        if version < SCHEMA_VERSION:  # else opening a collection writes nothing
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    @property
    def documents(self) -> Documents:
        """What is kept beside the articles."""
        return FolderDocuments(self.folder)

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
            try:
                self._begin()
                yield
                self._db.execute(SEAL)
                self._db.execute("COMMIT")
            except sqlite3.IntegrityError:
                raise
            except sqlite3.OperationalError as error:
                raise StoreError(
                    f"{self.path}: {error}; what was added before is kept; "
                    "free space on the disk and add the rest again"
                ) from error
            except _DAMAGE as error:
                raise self._damaged(error) from error
            finally:
                # Still open if it was not committed; after "disk full" SQLite may have rolled back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read the collection as it is now, whatever others write meanwhile."""
        with self._lock:
            self._db.execute("BEGIN")
            try:
                self._db.execute("SELECT 1 FROM properties").fetchone()  # the moment is that of a read
                yield
            finally:
                self._db.execute("ROLLBACK")

    def _begin(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"{self.path}: {error}; wait until the other program is done, or free space on the disk"
            ) from error

    def copy_to(self, folder: Path) -> None:
        """Write a copy of the collection, as it is now, to a folder that has none; others may write.

        The copy has its name only when it is whole and synchronised.

        Raises:
            StoreError: the folder has a collection or cannot be written, or the disk is full.
        """
        whole, part = folder / FILE_NAME, folder / f"{FILE_NAME}.part"
        if whole.exists():
            raise StoreError(f"{whole} exists; name a folder without a collection")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.unlink(missing_ok=True)  # of a copy that was stopped
            with self._lock:
                self._db.execute("VACUUM INTO ?", (str(part),))
            with part.open("rb") as file:
                os.fsync(file.fileno())
            copy_documents(self.documents, FolderDocuments(folder))
            part.rename(whole)
        except (OSError, DocumentError, *_DAMAGE) as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"{whole} cannot be written ({error}); name another folder") from error

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one SELECT.

        Raises:
            StoreError: the file is damaged, or another program holds it.
        """
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except _DAMAGE as error:
            raise self._damaged(error) from error

    def execute(self, query: str, values: Sequence[object] = ()) -> None:
        """Run one statement of a transaction."""
        self._db.execute(query, values)

    def execute_many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement of a transaction for each of `rows`."""
        self._db.executemany(query, rows)

    def damages(self) -> Iterator[str]:
        """Yield what the database's own checks report of its pages and references."""
        for (report,) in self.rows("PRAGMA integrity_check"):
            if report != "ok":
                yield f"the database is damaged ({report}); restore a copy, or export and add again"
        for row in self.rows("PRAGMA foreign_key_check"):
            yield f"a row of {row[0]} belongs to no article"

    def altered(self) -> set[str]:
        """Return the ids of the articles whose fields are not what was written."""
        return {article for (article,) in self.rows(SELECT_ALTERED)}

    def was_ever_filled(self) -> bool:
        """Return True if there is or was a passage."""
        return bool(self.rows("SELECT 1 FROM sqlite_sequence WHERE name = 'passages'"))

    def _damaged(self, error: Exception) -> StoreError:
        return StoreError(
            f"{self.name} cannot be read ({error}); see what is damaged with: dateline check, "
            "then restore a copy, or add the articles again to another folder"
        )

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
            self.execute(SET_PROPERTY, (name, value))


def _sha256_hex(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _separate_letters(text: str | None) -> str | None:
    return separate_letters(text) if text else text
