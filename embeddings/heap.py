"""Give memory that was freed back to the system: glibc keeps what lies between pieces that are still used."""

import ctypes
import sys


def return_freed_memory() -> None:
    """Return freed memory to the system; do nothing where the C library cannot."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own; musl has none
        if trim is not None:
            trim(0)
