"""Keep a collection in PostgreSQL, through SQLAlchemy: the same store as over SQLite."""

from importlib.util import find_spec

from corpus.store.connection import StoreError


def check_installed() -> None:
    """Check that the optional packages are here.

    Raises:
        StoreError: one is not.
    """
    for name in ("sqlalchemy", "pg8000", "alembic"):
        if find_spec(name) is None:
            raise StoreError(f"{name} is not installed; run: pip install -r requirements-postgresql.txt")
