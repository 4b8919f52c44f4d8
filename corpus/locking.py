"""A lock on an open file, which the system releases when the process ends, however it ends."""

import os
import time
from contextlib import suppress
from importlib import import_module
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_RETRY_SECONDS = 0.1  # limit: until Windows is asked again for a lock that another process holds
# Windows lets nobody read what another process has locked: a byte far behind the text stands for the file.
_LOCKED_BYTE = 1 << 30


def try_lock(file: IO[str], shared: bool = False) -> bool:
    """Lock an open file; return False if another process holds it. Closing the file releases the lock.

    Others may hold a `shared` lock at the same time, except on Windows.
    """
    if fcntl is None:
        msvcrt = import_module("msvcrt")
        os.lseek(file.fileno(), _LOCKED_BYTE, os.SEEK_SET)
        with suppress(OSError):
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            return True
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        return False
    with suppress(BlockingIOError):
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        return True
    return False


def lock(file: IO[str]) -> None:
    """Lock an open file, and wait as long as another process holds it."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
        return
    while not try_lock(file):
        time.sleep(_RETRY_SECONDS)
