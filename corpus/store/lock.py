"""The lock that lets one process at a time write a collection."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from corpus.locking import try_lock
from corpus.store.connection import StoreError
from corpus.store.postgres import check_installed

LOCK_FILE_NAME = "collection.writer"


@contextmanager
def write_lock(folder: Path, address: str = "", part: str = "") -> Iterator[None]:
    """Hold the collection in `folder` for writing, or that at `address` in PostgreSQL.

    With `part`, such as "runs", that alone is held: another may hold the collection.

    The kernel, or the server, releases the lock when the process ends, however it ends.

    Raises:
        StoreError: another process holds it; the message says which, and since when.
    """
    if address:
        check_installed()
        from corpus.store.postgres import lock

        with lock.write_lock(address, part):
            yield
        return
    folder = folder / part
    path = folder / LOCK_FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{folder}: {error.strerror}; set DATELINE_DATA to a folder that you may write"
        ) from error
    with file:
        if not try_lock(file):
            raise StoreError(
                f"{folder} is being written by {_recorded_holder(path)}; wait until it is done, or end it"
            )
        since = datetime.now().isoformat(sep=" ", timespec="seconds")
        holder = json.dumps({"process": os.getpid(), "since": since})
        with suppress(OSError):  # on a full disk the lock holds, and who holds it stays unknown
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), holder.encode())
        try:
            yield
        finally:
            os.ftruncate(file.fileno(), 0)


def lock_holder(folder: Path, address: str = "") -> str | None:
    """Return which process writes the collection and since when; None if there is none."""
    if address:
        check_installed()
        from corpus.store.postgres import lock

        return lock.lock_holder(address)
    path = folder / LOCK_FILE_NAME
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as file:
        return None if try_lock(file, shared=True) else _recorded_holder(path)


def _recorded_holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['process']} since {holder['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"
