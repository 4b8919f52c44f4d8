"""The lock that lets one process at a time, of all machines, write a collection in PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy

from corpus.store.connection import StoreError
from corpus.store.postgres.connection import open_engine, shown_address, translated
from corpus.store.schema import APPLICATION_ID

_NUMBERS = {"": APPLICATION_ID, "runs": APPLICATION_ID + 2}  # the next one is that of migrations
_TAKE = "SELECT pg_try_advisory_lock(%s)"
_HOLDER = (
    "SELECT application_name || ' since ' || backend_start::timestamp(0) "
    "FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND granted AND objid = %s AND datname = current_database()"
)


@contextmanager
def write_lock(address: str, part: str = "") -> Iterator[None]:
    """Hold the collection at an address, or a part of it, for writing; its connection holds the lock.

    Raises:
        StoreError: another process holds it, or the server does not answer.
    """
    with _connected(address) as db:
        with translated(shown_address(address)):
            is_held = db.exec_driver_sql(_TAKE, (_NUMBERS[part],)).scalar_one()
            holder = None if is_held else _holder(db, part)
        if not is_held:
            name = f"{shown_address(address)}{'/' if part else ''}{part}"
            raise StoreError(
                f"{name} is being written by {holder or 'another process'}; wait until it is done, or end it"
            )
        yield


def lock_holder(address: str) -> str | None:
    """Return which process writes the collection at an address and since when; None if there is none."""
    with _connected(address) as db, translated(shown_address(address)):
        return _holder(db)


def _holder(db: sqlalchemy.Connection, part: str = "") -> str | None:
    holder: str | None = db.exec_driver_sql(_HOLDER, (_NUMBERS[part],)).scalar()
    return holder


@contextmanager
def _connected(address: str) -> Iterator[sqlalchemy.Connection]:
    """Open a connection of its own, without a transaction that would stay open with it."""
    engine = open_engine(address)
    try:
        with translated(shown_address(address)):
            db = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with db:
            yield db
    finally:
        engine.dispose()  # the lock ends with the connection
