"""The collection as the page and the API use it: list, read, add, correct and remove articles.

Each change holds the write lock until it is finished; a second writer gets an error that names the first.
"""

import os
import re
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.article import Article, PartialDate, Removal
from corpus.cleaning.clean import MAX_ARTICLE_CHARS
from corpus.reading.files import MAX_FILE_BYTES, load_bytes
from corpus.reading.raw import UnreadableFile
from corpus.store.duplicates import NearDuplicates, find_near_duplicates
from corpus.store.filters import Coverage
from corpus.store.listing import Listing, count_by_year, list_articles
from corpus.store.lock import write_lock
from corpus.store.rows import changed_fields
from corpus.store.undated import DateBound, IncompleteArticles, date_bounds, find_incomplete
from embeddings.ingest import ingest_bytes
from embeddings.ingest_report import IngestReport, with_date_bounds
from embeddings.library import Library
from rag import limits
from rag.answers.answer import Answer
from rag.answers.feedback import PROPOSALS_FILE, record_feedback
from rag.query.followups import Turn
from rag.serving.sample import add_sample, remove_sample, sample_size

UPLOAD_PREFIX = "upload:"  # of the origin of uploaded files


class ChangesDisabled(ValueError):
    """The collection may be read, but not changed, by the user who asks."""

    code = "changes_off"


class UnknownArticle(ValueError):
    """No article has that id."""

    code = "not_found"


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


class Collection:
    """A library as users see it, who may only read it unless it is `writable`.

    Args:
        library: the articles.
        uploads: the folder of uploaded files; files from elsewhere are refused.
        writable: users may add, correct and remove articles.
        max_file_bytes: the largest file that may be added.
    """

    def __init__(
        self, library: Library, uploads: Path, writable: bool, max_file_bytes: int = MAX_FILE_BYTES
    ) -> None:
        self._library = library
        self._uploads = uploads.resolve()
        self.writable = writable
        self.max_file_bytes = max_file_bytes

    # Reading

    def coverage(self) -> Coverage:
        """Return what the collection holds at present, including changes by other processes."""
        return self._library.coverage()

    @property
    def version(self) -> str:
        """Return a short name of the present content."""
        return self._library.version

    @property
    def folder(self) -> Path:
        """Return the folder of the collection's files."""
        return self._library.store.folder

    def _held(self) -> AbstractContextManager[None]:
        """Hold the collection for writing."""
        return write_lock(self.folder, self._library.store.address)

    def count_by_year(self) -> Sequence[tuple[int, int]]:
        """Return each year with the number of its articles, oldest first; undated ones are left out."""
        return count_by_year(self._library.store)

    def list(self, search: str = "", sort: str = "newest", limit: int = limits.LIST_LENGTH) -> Listing:
        """Return the articles that contain the words of `search`.

        Raises:
            UnknownSort: `sort` is not one of `corpus.store.listing.SORTS`.
        """
        search, limit = search[: limits.MAX_LIST_SEARCH_CHARS], max(1, min(limit, limits.MAX_LIST_LENGTH))
        return list_articles(self._library.store, search, sort, limit)

    def article(self, article_id: str) -> Article:
        """Return the article with that id.

        Raises:
            UnknownArticle: there is none.
        """
        found = self.find(article_id)
        if found is None:
            raise UnknownArticle(
                f'No article has the id "{article_id[:40]}"; it may have been removed, '
                "see the list of articles"
            )
        return found

    def find(self, article_id: str) -> Article | None:
        """Return the article with that id, or None if there is none."""
        return self._library.store.article(article_id)

    def raw_text(self, article_id: str) -> str:
        """Return an article's text before cleaning."""
        return self._library.store.raw(article_id) or ""

    def incomplete(self, limit: int = limits.LIST_LENGTH) -> IncompleteArticles:
        """Return articles whose date or publisher is unknown, last added first."""
        return find_incomplete(self._library.store, limit)

    def date_bounds(self, article: Article) -> tuple[DateBound, ...]:
        """Return what tells when an undated article appeared; nothing for a dated one."""
        return date_bounds(self._library.store, article)

    def removed(self, article_id: str) -> tuple[Removal, ...]:
        """Return what cleaning left out of an article's text."""
        return self._library.store.removed(article_id)

    def near_duplicates(self) -> Iterator[NearDuplicates]:
        """Yield pairs of articles that are nearly the same."""
        return find_near_duplicates(self._library.store.articles())

    # Changing

    def add(
        self, files: Sequence[Path], text: str = "", fields: Mapping[str, str] | None = None
    ) -> Generator[AddProgress, None, None]:
        """Add uploaded files and a pasted text, and yield the progress after each article.

        A file that is refused does not affect the others. Files are recognised by name and content: the same
        bytes under the same name are unchanged, other bytes under that name are another article (two sites
        may both have an "index.html"), and nothing is ever replaced. The files are deleted when all have been
        read.

        Args:
            files: files in the folder of uploads.
            text: the text of one article, or empty.
            fields: publisher, date, title or url, which take precedence over those found in the articles.

        Raises:
            ChangesDisabled, InvalidUpload, InvalidDate: nothing was added.
            StoreError: nothing was added, or (disk full) only what the progress reported.
        """
        self.check_writable()
        stated = _stated_fields(fields or {})
        paths = list(dict.fromkeys(self._check_uploaded(file) for file in files))
        text = _valid_text(text)
        total = len(paths) + bool(text)
        _check_count(total)
        sources: list[Path | str] = [*paths, *([text] if text else [])]
        reports: list[IngestReport] = []
        started = time.monotonic()
        with self._held():
            yield AddProgress(0, total, 0.0)
            for done, source in enumerate(sources):
                for report in self._ingest(source, stated):
                    reports.append(report)
                    yield AddProgress(done, total, time.monotonic() - started, tuple(reports))
            # Only now, so that an addition that was stopped can be repeated with the same files.
            for path in paths:
                path.unlink(missing_ok=True)
            finished = tuple(with_date_bounds(self._library.store, reports))
            yield AddProgress(total, total, time.monotonic() - started, finished)

    def correct(self, article_id: str, fields: Mapping[str, str]) -> Article:
        """Set the fields that differ from the present ones, where empty means unknown; return the article.

        Raises:
            ChangesDisabled, UnknownArticle, InvalidDate, StoreError: nothing was changed.
        """
        self.correct_many({article_id: fields})
        return self.article(article_id)

    def correct_many(self, fields: Mapping[str, Mapping[str, str]]) -> int:
        """Set fields of several articles, by their ids, as `correct` does; return how many articles changed.

        Raises:
            ChangesDisabled, UnknownArticle, InvalidDate, StoreError: nothing was changed.
        """
        self.check_writable()
        corrections = [
            (article_id, field, value or None)
            for article_id, values in fields.items()
            for field, value in changed_fields(self.article(article_id), _cut(values)).items()
        ]
        with self._held():
            self._library.store.correct_many(corrections)
        return len({article_id for article_id, *_ in corrections})

    def remove(self, article_id: str) -> Article:
        """Remove an article and return it.

        Raises:
            ChangesDisabled, UnknownArticle, StoreError: nothing was removed.
        """
        self.check_writable()
        with self._held():
            known = self.article(article_id)
            self._library.remove(article_id)
        return known

    def take_back(self, article_id: str, line: int) -> Article:
        """Put a line that cleaning left out back into an article; return it with its new id.

        Raises:
            ChangesDisabled, UnknownLine, StoreError: nothing was changed.
        """
        self.check_writable()
        with self._held():
            return self._library.take_back(article_id, {line})

    def add_sample(self) -> Iterator[tuple[int, int]]:
        """Add the sample articles; yield how many are done, and how many there are.

        Raises:
            ChangesDisabled, StoreError: nothing was added.
        """
        self.check_writable()
        total = sample_size()
        yield from ((done, total) for done, _ in enumerate(add_sample(self._library), 1))

    def remove_sample(self) -> int:
        """Remove the sample articles, and return how many there were.

        Raises:
            ChangesDisabled, StoreError: nothing was removed.
        """
        self.check_writable()
        with self._held():
            return remove_sample(self._library.store)

    def record_feedback(
        self, answer: Answer, verdict: str, comment: str = "", history: Sequence[Turn] = ()
    ) -> dict[str, Any]:
        """Record a verdict on an answer beside the articles, and return the proposed gold question.

        Raises:
            ChangesDisabled, InvalidFeedback, FeedbackTooLarge, StoreError, DocumentError: nothing was
                recorded.
        """
        self.check_writable()
        proposals = self._library.store.documents[PROPOSALS_FILE]
        return record_feedback(proposals, answer, verdict, comment, history)

    def check_writable(self) -> None:
        """Raise an error if the collection may not be changed.

        Raises:
            ChangesDisabled: users may only read it.
        """
        if not self.writable:
            raise ChangesDisabled(
                "Changes are off here, since others can reach this server; use dateline on the "
                "computer itself, or start it with DATELINE_CHANGES=all"
            )

    def _check_uploaded(self, file: Path) -> Path:
        """Return the file's path; clients may send any path, and only uploads may be read and deleted."""
        path = file.resolve()
        if not path.is_relative_to(self._uploads):
            raise InvalidUpload("A file was named that was not uploaded; upload it first.")
        return path

    def _ingest(self, source: Path | str, stated: Mapping[str, str]) -> Iterator[IngestReport]:
        """Add the articles of a file or a pasted text, and yield a report on each."""
        if isinstance(source, str):
            yield from ingest_bytes(self._library, _pasted_origin(source), source.encode(), stated)
            return
        try:
            data = load_bytes(source, self.max_file_bytes)
        except UnreadableFile as error:
            problem = str(error).replace(str(source), source.name)
            yield IngestReport(source.name, "refused", problem=problem)
            return
        origin = Path(f"{UPLOAD_PREFIX}{sha256(data).hexdigest()[:8]}") / source.name
        for report in ingest_bytes(self._library, origin, data, stated):
            yield replace(report, problem=report.problem.replace(f"{origin.parent}{os.sep}", ""))


def origin_name(origin: str) -> str:
    """Return an origin without the folders of this computer, so that it may be shown to others.

    >>> [origin_name(name) for name in ("upload:1a2b3c4d/news.pdf", "/home/ada/feed.xml#3", r"C:\\ada\\a.md")]
    ['news.pdf', 'feed.xml#3', 'a.md']
    """
    return re.split(r"[/\\]", origin)[-1]


def _stated_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that the user filled in, with a valid date."""
    stated = {
        name: value.strip()[: limits.MAX_FIELD_CHARS]
        for name, value in fields.items()
        if value and value.strip()
    }
    if "date" in stated:
        PartialDate.parse(stated["date"])
    return stated


def _cut(values: Mapping[str, str]) -> dict[str, str]:
    return {field: value[: limits.MAX_FIELD_CHARS] for field, value in values.items()}


def _check_count(total: int) -> None:
    if not total:
        raise InvalidUpload("There is nothing to add; choose files or paste a text.")
    if total > limits.MAX_UPLOADS:
        raise UploadTooLarge(
            f"{total:,} files are more than can be added at once ({limits.MAX_UPLOADS:,}); "
            "add them in parts, or: dateline add"
        )


def _valid_text(text: str) -> str:
    if len(text) > MAX_ARTICLE_CHARS:
        raise UploadTooLarge(
            f"The pasted text has {len(text):,} characters, more than one article may have "
            f"({MAX_ARTICLE_CHARS:,}); split it."
        )
    # Half a surrogate pair cannot be written as UTF-8.
    return text.encode("utf-8", "ignore").decode() if text.strip() else ""


def _pasted_origin(text: str) -> Path:
    """Return an origin that differs for two texts pasted within the same minute."""
    return Path(f"pasted text, {datetime.now():%Y-%m-%d %H:%M} ({sha256(text.encode()).hexdigest()[:8]})")
