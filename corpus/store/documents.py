"""Texts that are kept beside the articles: readers' feedback, evaluation runs and their journals.

Beside SQLite they are files of the data folder, which a person can read and move; with PostgreSQL, whose
processes have no folder in common, they are rows of the database.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from corpus.locking import lock

# Of all files of a folder, those that belong to its collection.
_KEPT = ("proposed.jsonl", "runs/*.json", "runs/*.unfinished")


class DocumentError(RuntimeError):
    """A document cannot be written, as on a full disk; it is as it was."""

    code = "collection_unavailable"


class Document(Protocol):
    """One text, which several processes may lengthen. `name` is what errors call it."""

    name: str

    def read(self) -> str | None:
        """Return the text; None where there is none."""

    def size(self) -> int:
        """Return its length in bytes."""

    def append(self, text: str) -> None:
        """Add to its end, whole, whoever else does at the same time."""

    def write(self, text: str) -> None:
        """Replace it."""

    def delete(self) -> None:
        """Delete it, if it is there."""

    def taken(self) -> AbstractContextManager[str]:
        """Give the text, and delete what was given when the block ends without an error."""


class Documents(Protocol):
    """The documents of a collection, by their names, such as "runs/2026-11-22 gold.json"."""

    def names(self) -> list[str]:
        """Return all names, in order."""

    def __getitem__(self, name: str) -> Document: ...


class FileDocument:
    """A text in a file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)

    def read(self) -> str | None:
        """Return the text; None where there is no file."""
        return self.path.read_text(encoding="utf-8") if self.path.exists() else None

    def size(self) -> int:
        """Return its length in bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def append(self, text: str) -> None:
        """Append in one write, so that processes never mix theirs.

        Raises:
            DocumentError: it cannot be written, and is as it was.
        """
        data = text.encode()
        with _writing(self.path), self._opened(os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
            written = os.write(file, data)
            if written < len(data):  # what comes next would be joined to half a line
                os.ftruncate(file, os.lseek(file, 0, os.SEEK_CUR) - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write(self, text: str) -> None:
        """Replace the file by another, which has its name when it is whole.

        Raises:
            DocumentError: it cannot be written, and is as it was.
        """
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            with _writing(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                    file.write(text.encode())
                part.replace(self.path)
        finally:
            with suppress(OSError):  # the error that is on its way says more
                part.unlink()

    def delete(self) -> None:
        """Delete the file, if it is there."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def taken(self) -> Iterator[str]:
        """Give the text, and empty the file; what others append meanwhile waits and stays."""
        if not self.path.exists():
            yield ""
            return
        with self._opened(os.O_RDWR) as file:
            yield self.path.read_text(encoding="utf-8")
            os.ftruncate(file, 0)

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        with os.fdopen(os.open(self.path, flags, 0o600), "a" if flags & os.O_APPEND else "r+") as file:
            lock(file)
            yield file.fileno()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DocumentError(
            f"{path.name} in the data folder cannot be written ({error.strerror}); free space on the disk "
            "and try again"
        ) from error


class FolderDocuments:
    """The documents of a collection in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return all names, in order."""
        found = (path for pattern in _KEPT for path in self._folder.glob(pattern))
        return sorted(path.relative_to(self._folder).as_posix() for path in found)

    def __getitem__(self, name: str) -> FileDocument:
        return FileDocument(self._folder / name)


def copy_documents(source: Documents, target: Documents) -> None:
    """Copy what the target does not have; of lines that both collect, those that are missing there."""
    for name in source.names():
        text, there = source[name].read() or "", target[name].read()
        if there is None:
            target[name].write(text)
        elif name.endswith(".jsonl"):
            known = set(there.split("\n"))
            target[name].append(
                "".join(f"{line}\n" for line in text.split("\n") if line and line not in known)
            )
