"""The store over PostgreSQL."""

import shutil
from contextlib import closing
from pathlib import Path

from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.documents import FolderDocuments, copy_documents
from corpus.store.postgres.documents import PostgresDocuments
from corpus.store.postgres.searching import PostgresSearching
from corpus.store.schema import FILE_NAME


class PostgresStore(PostgresSearching, Store):
    """One collection in PostgreSQL: all that `Store` does, with the statements that differ replaced."""

    @property
    def documents(self) -> PostgresDocuments:
        """What is kept beside the articles, for all machines."""
        return PostgresDocuments(self)

    def copy_to(self, folder: Path) -> None:
        """Write a copy of the collection, as it is now, to a folder that has none, in SQLite.

        Raises:
            StoreError: the folder has a collection or cannot be written, or this one is damaged.
        """
        whole, part = folder / FILE_NAME, folder / "part"
        if whole.exists():
            raise StoreError(f"{whole} exists; name a folder without a collection")
        try:
            (part / FILE_NAME).unlink(missing_ok=True)  # of a copy that was stopped
            with closing(Store(part)) as copy:
                copy.copy_from(self)
            copy_documents(self.documents, FolderDocuments(folder))
            (part / FILE_NAME).rename(whole)
            shutil.rmtree(part)
        except OSError as error:
            raise StoreError(f"{whole} cannot be written ({error}); name another folder") from error
