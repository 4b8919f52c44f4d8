"""Keep freed memory from piling up: each text has a length of its own, and so have the tensors it needs.

glibc gives each thread a heap and keeps what lies between pieces that are still used. Beside the caches that
`corpus/environment.py` limits, this more than doubled a server's memory in five minutes of questions.
"""

import ctypes
import sys
import time
from typing import Any

_ARENA_MAX, _HEAPS = -8, 2  # glibc's M_ARENA_MAX, and a limit: one for each thread that finds evidence
_SECONDS_BETWEEN = 10.0  # limit: returning takes up to 50 ms, and what is used again must be fetched again
_returned = 0.0


def share_heaps() -> None:
    """Have all threads share two heaps, so that one uses what another has freed."""
    if mallopt := _glibc("mallopt"):
        mallopt(_ARENA_MAX, _HEAPS)


def return_freed_memory() -> None:
    """Return freed memory to the system."""
    global _returned
    _returned = time.monotonic()
    if trim := _glibc("malloc_trim"):
        trim(0)


def return_freed_memory_at_times() -> None:
    """Return freed memory to the system, unless that was done in the last ten seconds."""
    if time.monotonic() - _returned >= _SECONDS_BETWEEN:
        return_freed_memory()


def _glibc(name: str) -> Any:
    """Return a function of the C library; None where another one, such as musl, has none of that name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
