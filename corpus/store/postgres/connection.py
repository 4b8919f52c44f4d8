"""The connection to a collection in PostgreSQL: opening, migrating, transactions and locks."""

import logging
import os
import platform
import ssl
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pg8000
import sqlalchemy
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, SQLAlchemyError

from corpus.store.connection import Connection, StoreError
from corpus.store.schema import APPLICATION_ID, SEALED_COLUMNS, SEALED_TABLES

SCHEMA_VERSION = 10  # SQLite's 9, and the documents
_DRIVER = "postgresql+pg8000"
_LOCK_TIMEOUT_SECONDS = 30  # a limit, as SQLite's
_SOCKET_SECONDS = 120  # a limit: without a byte from the server; more than the lock's
_CONNECTIONS = 16  # a limit, of one process
_MIGRATING = APPLICATION_ID + 1  # the number of a lock
_LOCK_NOT_AVAILABLE, _DISK_FULL, _INTEGRITY = "55P03", "53100", "23"  # SQLSTATEs; the last is a class
_GONE = "the server does not answer"
_START = "start the database, or correct DATELINE_DATABASE; what was committed is kept"
_ROWS_OF_TABLES = ", ".join(
    f"(SELECT json_agg(json_build_array({columns}) ORDER BY {columns}) FROM {table} "
    "WHERE article = articles.id)"
    for table, columns in SEALED_TABLES.items()
)
_CHECKSUM = (
    f"encode(sha256(convert_to(json_build_array({SEALED_COLUMNS}, {_ROWS_OF_TABLES})::text, 'UTF8')), 'hex')"
)
_SEAL = f"UPDATE articles SET checksum = {_CHECKSUM} WHERE checksum IS NULL"
_SELECT_ALTERED = f"SELECT id FROM articles WHERE checksum IS DISTINCT FROM {_CHECKSUM}"

# What fails is raised; the pool would print besides that it could not close a connection that is gone.
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


class PostgresConnection(Connection):
    """Connections to a collection in a PostgreSQL database; safe to use from several threads and machines.

    `folder` keeps what is of this machine: the index of vectors.
    """

    def __init__(self, folder: Path, address: str) -> None:
        """Open the collection at `address` (postgresql://user:password@host/database), or make it there.

        Raises:
            StoreError: the address is none, the server does not answer, or the collection is newer.
        """
        self._engine = open_engine(address)
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._frozen = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self.folder, self.address, self.name = folder, address, shown_address(address)
        self._lock = threading.RLock()
        self._current = threading.local()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(
                f"{folder}: {error.strerror}; set DATELINE_DATA to a folder that you may write"
            ) from error
        try:
            with translated(self.name):
                self._migrate()
        except BaseException:
            self.close()
            raise

    def _migrate(self) -> None:
        with self._engine.begin() as db:
            db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
            version = schema_version(db)
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"{self.name} was written by a newer Dateline (schema {version}; this one reads up to "
                    f"{SCHEMA_VERSION}); update Dateline"
                )
            if version < SCHEMA_VERSION:
                from alembic import command  # with what it needs, a tenth of a second
                from alembic.config import Config

                config = Config(attributes={"connection": db, "folder": self.folder})
                config.set_main_option("script_location", "corpus.store.postgres:migrations")
                command.upgrade(config, "head")

    def close(self) -> None:
        """Close the connections; they cannot be used again."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside as a whole, or roll it back if it fails; one writes at a time.

        Raises:
            StoreError: another program writes, the disk is full, or the server is gone.
        """
        with self._lock, self._transaction() as db:
            db.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'")
            db.exec_driver_sql("UPDATE changes SET number = number + 1")  # its row is the lock of writers
            yield
            db.exec_driver_sql(_SEAL)

    @contextmanager
    def unnoticed(self) -> Iterator[None]:
        """Commit changes beside the articles: no index follows them, and no writer waits.

        Raises:
            StoreError: the disk is full, or the server is gone.
        """
        if getattr(self._current, "db", None) is not None:  # a part of what else is changed
            yield
            return
        with self._transaction():
            yield

    @contextmanager
    def _transaction(self) -> Iterator[sqlalchemy.Connection]:
        with translated(self.name), self._engine.begin() as db:
            db.exec_driver_sql("SET LOCAL synchronous_commit = on")
            self._current.db = db
            try:
                yield db
            finally:
                self._current.db = None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read the collection as it is now, whatever others write meanwhile."""
        with translated(self.name), self._frozen.connect() as db:
            db.exec_driver_sql("SELECT FROM changes")  # the moment is that of the first statement
            self._current.db = db
            try:
                yield
            finally:
                self._current.db = None

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one SELECT.

        Raises:
            StoreError: the server does not answer, or refuses.
        """
        db = getattr(self._current, "db", None)
        if db is not None:  # a transaction, which reads what it wrote
            return self._run(db, query, values)
        with translated(self.name), self._reading.connect() as db:
            return self._run(db, query, values)

    @staticmethod
    def _run(db: sqlalchemy.Connection, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        result = db.exec_driver_sql(_placeholders(query), tuple(map(_storable, values)))
        return [tuple(row) for row in result] if result.returns_rows else []

    def execute(self, query: str, values: Sequence[object] = ()) -> None:
        """Run one statement of a transaction."""
        self._run(self._current.db, query, values)

    def execute_many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement of a transaction for each of `rows`."""
        if values := [tuple(map(_storable, row)) for row in rows]:
            self._current.db.exec_driver_sql(_placeholders(query), values)

    @property
    def version(self) -> tuple[int, int]:
        """A value that changes whenever this or another process changed the collection."""
        ((number,),) = self.rows("SELECT number FROM changes")
        return number, 0

    def damages(self) -> Iterator[str]:
        """Yield nothing: PostgreSQL holds references itself, and its pages are checked with pg_amcheck."""
        yield from ()

    def altered(self) -> set[str]:
        """Return the ids of the articles whose fields are not what was written."""
        return {article for (article,) in self.rows(_SELECT_ALTERED)}

    def was_ever_filled(self) -> bool:
        """Return True if there is or was a passage."""
        ((filled,),) = self.rows("SELECT is_called FROM passages_id_seq")
        return bool(filled)


def schema_version(db: sqlalchemy.Connection) -> int:
    """Return the version of the collection; 0 where there is none."""
    if db.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar() is None:
        return 0
    return int(db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def shown_address(address: str) -> str:
    """Return an address as others may see it: without user, password and options.

    >>> shown_address("postgresql://ada:kestrel@news.example/archive?sslmode=require")
    'postgresql://news.example/archive'
    """
    host = address.partition("://")[2].rpartition("@")[2].partition("?")[0]
    return f"postgresql://{host}"


def open_engine(address: str) -> sqlalchemy.Engine:
    """Return an engine for the database at an address; it connects when it is used.

    Raises:
        StoreError: the address is none of PostgreSQL's.
    """
    try:
        url = sqlalchemy.make_url(address)
        if url.get_backend_name() != "postgresql" or not url.username or set(url.query) - {"sslmode"}:
            raise ArgumentError(url.get_backend_name())
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "DATELINE_DATABASE is no address; it should be postgresql://user:password@host/database, "
            "perhaps with ?sslmode=verify-full or require"
        ) from error
    mode = str(url.query.get("sslmode", "disable"))
    options: dict[str, Any] = {
        "timeout": _SOCKET_SECONDS,
        "application_name": f"dateline process {os.getpid()} on {platform.node()}",
    }
    if mode != "disable":
        options["ssl_context"] = context = ssl.create_default_context()
        if mode != "verify-full":
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    engine = sqlalchemy.create_engine(
        url.set(drivername=_DRIVER).difference_update_query(["sslmode"]),
        connect_args=options,
        hide_parameters=True,  # errors quote no article
        max_overflow=_CONNECTIONS - 5,
    )
    sqlalchemy.event.listen(engine, "checkout", _check_alive)
    return engine


def _check_alive(connection: Any, record: object, proxy: object) -> None:
    """Replace all connections if this one is dead, so that a question after a restart is answered.

    Not `pool_pre_ping`, which does not know pg8000's OSError for a connection that was reset.
    """
    was, connection.autocommit = connection.autocommit, True  # else a transaction begins
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
    except (OSError, pg8000.Error) as error:
        raise InvalidatePoolError from error
    finally:
        connection.autocommit = was


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise what the database says as a StoreError; a broken condition of the schema as it is."""
    try:
        yield
    except DBAPIError as error:
        code, message = _state(error)
        if code.startswith(_INTEGRITY):
            raise
        if code == _LOCK_NOT_AVAILABLE:
            remedy = "wait until the other program is done"
        elif code == _DISK_FULL:
            remedy = "what was added before is kept; free space on its disk and add the rest again"
        elif code and not code.startswith(("57", "08", "28", "3D")):
            remedy = "see what is damaged with: dateline check"
        else:
            remedy = _START
        raise StoreError(f"{name}: {message}; {remedy}") from error
    except (OSError, SQLAlchemyError) as error:
        raise StoreError(f"{name}: {_GONE}; {_START}") from error


def _placeholders(query: str) -> str:
    """Return a statement of the store with this driver's placeholders."""
    return query.replace("%", "%%").replace("?", "%s")


def _storable(value: object) -> object:
    """Return a value that PostgreSQL can hold: its texts have no NUL, whose place another sign keeps."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _state(error: DBAPIError) -> tuple[str, str]:
    """Return the SQLSTATE and the message of an error; no state where the server did not answer."""
    stated = error.orig.args[0] if error.orig and error.orig.args else None
    if isinstance(stated, dict):
        return str(stated.get("C", "")), str(stated.get("M", ""))
    return "", _GONE
