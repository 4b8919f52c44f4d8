"""The collection as the page and the API use it: list, read, add, correct and remove articles.

Each change holds the write lock until it is finished; a second writer gets an error that names the first.
"""

import os
import re
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.article import Article, Removal
from corpus.reading.files import MAX_FILE_BYTES, load_bytes
from corpus.reading.raw import UnreadableFile
from corpus.store.database import RemovedArticle
from corpus.store.duplicates import NearDuplicates, find_near_duplicates
from corpus.store.filters import Coverage, Filters
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
from rag.serving.additions import (
    Addition,
    AddProgress,
    InvalidUpload,
    check_count,
    pasted_origin,
    stated_fields,
    valid_text,
)
from rag.serving.sample import add_sample, remove_sample, sample_size

UPLOAD_PREFIX = "upload:"  # of the origin of uploaded files
_MAX_UNDOS = 10  # limit: removals that are kept to be undone


class ChangesDisabled(ValueError):
    """The collection may be read, but not changed, by the user who asks."""

    code = "changes_off"


class UnknownArticle(ValueError):
    """No article has that id."""

    code = "not_found"


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
        self._removals: list[list[RemovedArticle]] = []
        self._copies: tuple[str, tuple[str, ...]] = ("", ())
        self.addition: Addition | None = None  # the last that was begun

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

    def list(
        self, search: str = "", sort: str = "newest", limit: int = limits.LIST_LENGTH, only: str = "all"
    ) -> Listing:
        """Return the articles that contain the words of `search` and pass the filter `only`.

        Raises:
            UnknownSort: `sort` or `only` is not one of `SORTS` and `FILTERS` of `corpus.store.listing`.
        """
        search, limit = search[: limits.MAX_LIST_SEARCH_CHARS], max(1, min(limit, limits.MAX_LIST_LENGTH))
        among = Filters(articles=self._near_copies()) if only == "copies" else None
        if among is not None and not among:
            return Listing((), 0)
        return list_articles(self._library.store, search, sort, limit, only, among)

    def _near_copies(self) -> tuple[str, ...]:
        """Return the ids of articles that are nearly the same as another one; compared once a version."""
        version, found = self._copies
        if version != self.version:
            pairs = ((pair.first.id, pair.second.id) for pair in self.near_duplicates())
            found = tuple(dict.fromkeys(name for pair in pairs for name in pair))[: limits.MAX_LIST_LENGTH]
            self._copies = self.version, found
        return found

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
        stated = stated_fields(fields or {})
        paths = list(dict.fromkeys(self._check_uploaded(file) for file in files))
        text = valid_text(text)
        total = len(paths) + bool(text)
        check_count(total)
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

    def begin_adding(
        self, files: Sequence[Path], text: str = "", fields: Mapping[str, str] | None = None
    ) -> Addition:
        """Add as `add` does, in a thread of its own; what keeps it from beginning is raised here."""
        self.addition = Addition(self.add(files, text, fields))
        return self.addition

    def stop_adding(self) -> None:
        """End an addition that goes on after its article in progress."""
        if self.addition:
            self.addition.stop()

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
        known = self.article(article_id)
        self.remove_many([article_id])
        return known

    def remove_many(self, article_ids: Sequence[str]) -> int:
        """Remove those of the articles that are here, in one step, and return how many there were.

        Raises:
            ChangesDisabled, StoreError: nothing was removed.
        """
        self.check_writable()
        with self._held():
            removed = self._library.store.remove_many(article_ids)
        if removed:
            self._removals = [*self._removals, removed][-_MAX_UNDOS:]
        return len(removed)

    @property
    def undoable(self) -> int:
        """How many articles `undo` would put back: those of the last removal through this server."""
        return len(self._removals[-1]) if self._removals else 0

    def undo(self) -> int:
        """Put the articles of the last removal back as they were; return how many are here again by it.

        Raises:
            ChangesDisabled, StoreError: nothing was changed.
        """
        self.check_writable()
        if not self._removals:
            return 0
        with self._held():
            restored = self._library.store.restore(self._removals[-1])
        self._removals = self._removals[:-1]
        return restored

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
            yield from ingest_bytes(self._library, pasted_origin(source), source.encode(), stated)
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


def _cut(values: Mapping[str, str]) -> dict[str, str]:
    return {field: value[: limits.MAX_FIELD_CHARS] for field, value in values.items()}
