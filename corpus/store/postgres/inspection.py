"""Facts about a collection in PostgreSQL, read without making or migrating one."""

import sqlalchemy

from corpus.store.inspection import CollectionFacts
from corpus.store.postgres.connection import (
    SCHEMA_VERSION,
    open_engine,
    schema_version,
    shown_address,
    translated,
)


def inspect_database(address: str) -> CollectionFacts | None:
    """Return the facts about the collection at an address; None if there is none.

    Raises:
        StoreError: the address is none, or the server does not answer.
    """
    engine = open_engine(address)
    try:
        with translated(shown_address(address)), engine.connect() as db:
            version = schema_version(db)
            return _facts(db, version) if version else None
    finally:
        engine.dispose()


def _facts(db: sqlalchemy.Connection, version: int) -> CollectionFacts:
    server, articles, passages, encoder = db.exec_driver_sql(
        "SELECT current_setting('server_version'), (SELECT count(*) FROM articles), "
        "(SELECT count(*) FROM passages), (SELECT value FROM properties WHERE name = 'encoder')"
    ).one()
    return CollectionFacts(
        f"of PostgreSQL {server.split()[0]}",
        True,
        version,
        articles,
        passages,
        encoder,
        newest=SCHEMA_VERSION,
    )
