"""Open the collection of a folder, or of a database server."""

from pathlib import Path

from corpus.store.database import Store
from corpus.store.postgres import check_installed


def open_store(folder: Path, address: str = "") -> Store:
    """Return the collection at `address` in PostgreSQL, or in the SQLite file of `folder` without one.

    Raises:
        StoreError: it cannot be used, or what speaks to PostgreSQL is not installed.
    """
    if not address:
        return Store(folder)
    check_installed()
    from corpus.store.postgres.store import PostgresStore  # a fifth of a second, and optional

    return PostgresStore(folder, address)
