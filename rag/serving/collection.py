"""The collection as page and API change it: uploads and pasted text go in; articles are listed, corrected and removed. Knows no page.

Whoever changes it holds the writer's lock for as long as that takes, so a second writer is told who does, and since when.
"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.article import Article, PartialDate
from corpus.characters import normalise_text
from corpus.cleaning.clean import MAX_ARTICLE_CHARS
from corpus.reading.files import MAX_FILE_BYTES, load_bytes
from corpus.reading.raw import UnreadableFile
from corpus.store.duplicates import NearDuplicates, find_near_duplicates
from corpus.store.filters import Coverage
from corpus.store.listing import Listing, list_articles
from corpus.store.lock import write_lock
from corpus.store.rows import CORRECTABLE_FIELDS, DATE_FIELDS
from embeddings.ingest import ingest_bytes
from embeddings.ingest_report import IngestReport
from embeddings.library import Library
from rag import limits
from rag.answers.answer import Answer, Turn
from rag.answers.feedback import record_feedback

UPLOAD_PREFIX = "upload:"
Given = Mapping[str, str]


class ChangesDisabled(ValueError):
    """The collection may be read, but not changed, by whoever asked."""

    code = "changes_off"


class UnknownArticle(ValueError):
    """An id that names no article."""

    code = "not_found"


class InvalidUpload(ValueError):
    """Nothing to add, or nothing that may be added."""


class UploadTooLarge(InvalidUpload):
    """More than one addition takes; the message says what."""

    code = "too_large"


@dataclass(frozen=True, slots=True)
class AddProgress:
    """How far an addition is: files that are done, of how many, after how many seconds, and what became of each article so far."""

    done: int
    total: int
    seconds: float
    reports: tuple[IngestReport, ...] = ()

    @property
    def finished(self) -> bool:
        return self.done == self.total

    @property
    def left(self) -> float | None:
        """The seconds that the rest takes at this rate; None before the first file is done.

        >>> AddProgress(done=1, total=3, seconds=2.0).left
        4.0
        """
        return self.seconds / self.done * (self.total - self.done) if self.done else None


class Collection:
    """A library with a door for people: `changes` says whether they may write, `uploads` is the folder that uploaded files come from.

    `largest` is the most bytes that one of them may have.
    """

    def __init__(self, library: Library, uploads: Path, changes: bool, largest: int = MAX_FILE_BYTES) -> None:
        self._library = library
        self._uploads = uploads.resolve()
        self.changes = changes
        self.largest = largest

    # Reading

    def coverage(self) -> Coverage:
        """What the collection holds at present, whoever changed it."""
        return self._library.coverage()

    @property
    def version(self) -> str:
        """A short name of the present content."""
        return self._library.version

    @property
    def folder(self) -> Path:
        """Where the collection's files lie."""
        return self._library.store.path.parent

    def list(self, search: str = "", sort: str = "newest", limit: int = limits.LIST_LENGTH) -> Listing:
        """The articles that hold the searched words.

        Raises:
            UnknownSort: there is no such way of sorting.
        """
        return list_articles(
            self._library.store,
            search[: limits.MAX_LIST_SEARCH_CHARS],
            sort,
            max(1, min(limit, limits.MAX_LIST_LENGTH)),
        )

    def article(self, name: str) -> Article:
        """The article of an id.

        Raises:
            UnknownArticle: there is none.
        """
        found = self.find(name)
        if found is None:
            raise UnknownArticle(
                f'"{name[:40]}" is the id of no article; it may have been removed, see the list of articles'
            )
        return found

    def find(self, name: str) -> Article | None:
        """The article of an id, or None where there is none."""
        return self._library.store.article(name)

    def raw(self, name: str) -> str:
        """An article's text as it was read, before cleaning."""
        return self._library.store.raw(name) or ""

    def copies(self) -> Iterator[NearDuplicates]:
        """Pairs of articles that are nearly the same."""
        return find_near_duplicates(self._library.store.articles())

    # Changing

    def add(
        self, files: Sequence[Path], text: str = "", given: Given | None = None
    ) -> Generator[AddProgress, None, None]:
        """Add uploaded files, which are deleted when all were read, and a pasted text. What is refused leaves the rest untouched.

        Equal bytes of the same name are known again; other bytes of that name are another article, since two sites' "index.html" are
        not one. Nothing that was added is ever replaced.

        Raises:
            ChangesOff, BadAddition, InvalidDate, StoreError: nothing was added, or (disk full) only what was told before.
        """
        self.check_writable()
        said = _said(given or {})
        paths = list(dict.fromkeys(self._uploaded(file) for file in files))
        text = _pasted(text)
        total = len(paths) + bool(text)
        if not total:
            raise InvalidUpload("There is nothing to add; choose files or paste a text.")
        if total > limits.MAX_UPLOADS:
            raise UploadTooLarge(
                f"{total:,} files are more than one addition takes ({limits.MAX_UPLOADS:,}); add them in parts, or: python -m corpus add"
            )
        reports: list[IngestReport] = []
        began = time.monotonic()
        with write_lock(self._library.store.path.parent):
            yield AddProgress(0, total, 0.0)
            sources: list[Path | str] = [*paths, *([text] if text else [])]
            for done, source in enumerate(sources):
                for report in self._take_in(source, said):
                    reports.append(self._as_kept(report))
                    yield AddProgress(done, total, time.monotonic() - began, tuple(reports))
            # Not before: who stops an addition can go on with the same files.
            for path in paths:
                path.unlink(missing_ok=True)
            yield AddProgress(total, total, time.monotonic() - began, tuple(reports))

    def correct(self, name: str, fields: Mapping[str, str]) -> Article:
        """Set fields by hand, those that differ from what is known; an empty text means unknown. The article as it is now.

        Raises:
            ChangesOff, UnknownArticle, InvalidDate, StoreError: nothing was changed.
        """
        self.check_writable()
        known = self.article(name)
        wanted = {
            field: " ".join(normalise_text(value).split())[: limits.MAX_FIELD_CHARS]
            for field, value in fields.items()
            if field in CORRECTABLE_FIELDS
        }
        wanted |= {field: str(PartialDate.parse(wanted[field])) for field in DATE_FIELDS if wanted.get(field)}
        with write_lock(self._library.store.path.parent):
            for field, value in wanted.items():
                if value != str(getattr(known, field) or ""):
                    self._library.store.correct(name, field, value or None)
        return self.article(name)

    def record_feedback(
        self, answer: Answer, verdict: str, comment: str = "", history: Sequence[Turn] = ()
    ) -> dict[str, Any]:
        """Record a verdict on an answer in the data folder, and return the proposed gold question.

        Raises:
            ChangesDisabled, InvalidFeedback, FeedbackTooLarge: nothing was recorded.
        """
        self.check_writable()
        return record_feedback(self.folder, answer, verdict, comment, history)

    def remove(self, name: str) -> Article:
        """Take an article away; the article that it was.

        Raises:
            ChangesOff, UnknownArticle, StoreError: nothing was removed.
        """
        self.check_writable()
        with write_lock(self._library.store.path.parent):
            known = self.article(name)
            self._library.remove(name)
        return known

    def check_writable(self) -> None:
        """Refuse whoever may only read.

        Raises:
            ChangesOff: whoever asks may not write here.
        """
        if not self.changes:
            raise ChangesDisabled(
                "Changes are off here, since others can reach this server; use python -m corpus on the computer itself, "
                "or start it with DATELINE_CHANGES=all"
            )

    def _uploaded(self, file: Path) -> Path:
        """The file, if it is one that was uploaded: a path that a client made up is neither read nor deleted."""
        path = file.resolve()
        if not path.is_relative_to(self._uploads):
            raise InvalidUpload("A file was named that was not uploaded; upload it first.")
        return path

    def _take_in(self, source: Path | str, said: Given) -> Iterator[IngestReport]:
        if isinstance(source, str):
            yield from ingest_bytes(self._library, _pasted_origin(source), source.encode(), said)
            return
        try:
            data = load_bytes(source, self.largest)
        except UnreadableFile as error:
            yield IngestReport(source.name, "refused", problem=str(error).replace(str(source), source.name))
            return
        origin = Path(f"{UPLOAD_PREFIX}{sha256(data).hexdigest()[:8]}") / source.name
        for report in ingest_bytes(self._library, origin, data, said):
            yield replace(report, problem=report.problem.replace(f"{origin.parent}/", ""))

    def _as_kept(self, report: IngestReport) -> IngestReport:
        """The report with the article as the collection has it: one that was here already keeps its fields."""
        kept = self._library.store.article(report.article.id) if report.article else None
        return replace(report, article=kept)


def origin_name(origin: str) -> str:
    """An origin as it may be shown to others: without the folders of this computer.

    >>> origin_name("upload:1a2b3c4d/news.pdf"), origin_name("/home/ada/feed.xml#3")
    ('news.pdf', 'feed.xml#3')
    """
    return origin.rpartition("/")[2]


def _said(given: Given) -> dict[str, str]:
    """What the user said of the articles, without what was left empty."""
    said = {
        name: value.strip()[: limits.MAX_FIELD_CHARS]
        for name, value in given.items()
        if value and value.strip()
    }
    if "date" in said:
        PartialDate.parse(said["date"])
    return said


def _pasted(text: str) -> str:
    if len(text) > MAX_ARTICLE_CHARS:
        raise UploadTooLarge(
            f"The pasted text has {len(text):,} characters, more than one article has ({MAX_ARTICLE_CHARS:,}); split it."
        )
    # Half a surrogate pair cannot be written as UTF-8.
    return text.encode("utf-8", "ignore").decode() if text.strip() else ""


def _pasted_origin(text: str) -> Path:
    """Two texts pasted within a minute are two origins."""
    return Path(f"pasted text, {datetime.now():%Y-%m-%d %H:%M} ({sha256(text.encode()).hexdigest()[:8]})")
