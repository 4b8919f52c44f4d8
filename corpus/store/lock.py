"""One writer at a time, and who it is. Knows a lock file, not what is written."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from corpus.store.database import StoreError

FILE_NAME = "collection.writer"


@contextmanager
def write_lock(folder: Path) -> Iterator[None]:
    """Hold the collection in `folder` for writing. The kernel gives the lock back when the process ends, however it ends.

    Raises:
        StoreError: another process holds it; the message says which, and since when.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{folder}: {error.strerror}; set DATELINE_DATA to a folder that you may write"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(
                f"{folder} is being written by {_holder(path)}; wait until it is done, or end it"
            ) from error
        file.truncate(0)
        file.write(
            json.dumps(
                {"process": os.getpid(), "since": datetime.now().isoformat(sep=" ", timespec="seconds")}
            )
        )
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def lock_holder(folder: Path) -> str | None:
    """Who writes the collection in `folder` and since when; None where nobody does."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(path)
    return None


def _holder(path: Path) -> str:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return f"process {told['process']} since {told['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"
