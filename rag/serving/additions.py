"""Additions to a collection: what may be added, how far one is, and one that goes on whoever watches it."""

import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from corpus.article import PartialDate
from corpus.cleaning.clean import MAX_ARTICLE_CHARS
from embeddings.ingest_report import IngestReport
from rag import limits

_LOOK_SECONDS = 0.2  # limit: how often those who watch look on


class InvalidUpload(ValueError):
    """There is nothing to add, or nothing that may be added."""


class UploadTooLarge(InvalidUpload):
    """There are too many files or too long a text for one addition."""

    code = "too_large"


@dataclass(frozen=True, slots=True)
class AddProgress:
    """How far an addition is.

    Attributes:
        done: files that are finished, a pasted text counting as one.
        total: files in all.
        seconds: time since the start.
        reports: what became of each article so far.
    """

    done: int
    total: int
    seconds: float
    reports: tuple[IngestReport, ...] = ()

    @property
    def finished(self) -> bool:
        """Return True after the last file."""
        return self.done == self.total

    @property
    def seconds_left(self) -> float | None:
        """Return the time that the rest takes at this rate, or None before the first file is done.

        >>> AddProgress(done=1, total=3, seconds=2.0).seconds_left
        4.0
        """
        return self.seconds / self.done * (self.total - self.done) if self.done else None


class Addition:
    """An addition that goes on in a thread of its own, whoever watches it."""

    def __init__(self, steps: Generator[AddProgress, None, None]) -> None:
        """Take the first step here, so that what cannot be begun raises its error here."""
        self._steps = steps
        self.progress = next(steps)
        self._stopped = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with closing(self._steps):
                for step in self._steps:
                    self.progress = step
                    if self._stopped.is_set():
                        break
        except (ValueError, RuntimeError, OSError) as error:  # for those who watch
            self._error = error

    @property
    def running(self) -> bool:
        """True until the last step."""
        return self._thread.is_alive()

    def watch(self) -> Iterator[AddProgress]:
        """Yield the present progress and each later one, up to the last.

        Raises:
            StoreError: the disk is full; what was reported before is kept.
        """
        shown = None
        while True:
            running = self.running  # before the progress is read, so that the last one is shown
            if self.progress is not shown:
                shown = self.progress
                yield shown
            if not running:
                break
            time.sleep(_LOOK_SECONDS)
        if self._error:
            raise self._error

    def stop(self) -> None:
        """End it after the article in progress, and wait for that."""
        self._stopped.set()
        self._thread.join()


def stated_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that the user filled in, with a valid date."""
    stated = {
        name: value.strip()[: limits.MAX_FIELD_CHARS]
        for name, value in fields.items()
        if value and value.strip()
    }
    if "date" in stated:
        PartialDate.parse(stated["date"])
    return stated


def check_count(total: int) -> None:
    if not total:
        raise InvalidUpload("There is nothing to add; choose files or paste a text.")
    if total > limits.MAX_UPLOADS:
        raise UploadTooLarge(
            f"{total:,} files are more than can be added at once ({limits.MAX_UPLOADS:,}); "
            "add them in parts, or: dateline add"
        )


def valid_text(text: str) -> str:
    if len(text) > MAX_ARTICLE_CHARS:
        raise UploadTooLarge(
            f"The pasted text has {len(text):,} characters, more than one article may have "
            f"({MAX_ARTICLE_CHARS:,}); split it."
        )
    # Half a surrogate pair cannot be written as UTF-8.
    return text.encode("utf-8", "ignore").decode() if text.strip() else ""


def pasted_origin(text: str) -> Path:
    """Return an origin that differs for two texts pasted within the same minute."""
    return Path(f"pasted text, {datetime.now():%Y-%m-%d %H:%M} ({sha256(text.encode()).hexdigest()[:8]})")
