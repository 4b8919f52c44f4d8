"""Faults at chosen system calls: a kill, a full disk, and a power cut (Linux with a C compiler)."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).parent / "faults.c"
NO_JOURNAL = -1
_SECTOR_BYTES = 512  # a disk writes one whole or not at all


def can_inject() -> bool:
    """Return whether faults can be injected on this computer."""
    return sys.platform == "linux" and shutil.which("cc") is not None


def build(folder: Path) -> Path:
    """Compile the library for LD_PRELOAD and return it."""
    library = folder / "faults.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)], check=True)
    return library


@contextmanager
def without_faults() -> Iterator[None]:
    """Start other programs without the library of faults."""
    library = os.environ.pop("LD_PRELOAD", None)
    try:
        yield
    finally:
        if library:
            os.environ["LD_PRELOAD"] = library


class Faults:
    """The library's functions, in a process that was started with it."""

    def __init__(self, library: str) -> None:
        self._library = ctypes.CDLL(library)
        self._library.faults_calls.restype = ctypes.c_long

    def set(self, kill_at: int = 0, torn: bool = False, full_at: int = 0, journal: int = NO_JOURNAL) -> None:
        """Count system calls from now on, and fail at one: 0 for never; `torn` half does the write."""
        count = ctypes.c_long
        self._library.faults_set(1, count(kill_at), int(torn), count(full_at), journal)

    def clear(self) -> None:
        """Let every system call succeed again."""
        self._library.faults_set(0, ctypes.c_long(0), 0, ctypes.c_long(0), NO_JOURNAL)

    def calls(self) -> int:
        """Return how many calls were counted since `set`."""
        return int(self._library.faults_calls())


@dataclass(frozen=True, slots=True)
class _Write:
    at: int
    size: int  # of the file before
    old: bytes
    new: bytes | None  # None for a truncation


def cut_power(journal: Path, rng: np.random.Generator) -> int:
    """Leave files as after a power cut: of what was not synchronised, any part may be lost. Return the writes lost.

    The journal says what each write replaced. Writes behind the last fsync of their file are taken back, and a
    random choice of their sectors is written again. The model keeps the order of nothing but fsync; names of
    files are never lost.
    """
    lost = 0
    for path, writes in _pending(journal.read_bytes()).items():
        if not path.exists():
            continue
        data = bytearray(path.read_bytes())
        for write in reversed(writes):
            if write.new is None:
                data[write.at :] = write.old
            else:
                data[write.at : write.at + len(write.old)] = write.old
                del data[max(write.size, 0) :]
        for write in writes:
            if write.new is None:
                continue
            for first in range(0, len(write.new), _SECTOR_BYTES):
                if rng.random() < 0.5:
                    lost += 1
                    continue
                piece, at = write.new[first : first + _SECTOR_BYTES], write.at + first
                data.extend(bytes(max(0, at - len(data))))
                data[at : at + len(piece)] = piece
        path.write_bytes(data)
    return lost


def _pending(journal: bytes) -> dict[Path, list[_Write]]:
    """Return the writes of each file that no fsync followed."""
    pending: dict[Path, list[_Write]] = {}
    for kind, at, size, old, new, path in _entries(journal):
        if kind in "SU":
            pending.pop(path, None)
        else:
            pending.setdefault(path, []).append(_Write(at, size, old, new if kind == "W" else None))
    return pending


def _entries(journal: bytes) -> Iterator[tuple[str, int, int, bytes, bytes, Path]]:
    begin = 0
    while begin < len(journal):
        end = journal.index(b"\n", begin)
        kind, at, size, had, n, path = journal[begin:end].decode().split(" ", 5)
        old = journal[end + 1 : end + 1 + int(had)]
        begin = end + 1 + int(had) + int(n)
        yield kind, int(at), int(size), old, journal[begin - int(n) : begin], Path(path)
