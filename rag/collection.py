"""The collection as page and API change it: uploads and pasted text go in; articles are listed, corrected and removed. Knows no page.

Whoever changes it holds the writer's lock for as long as that takes, so a second writer is told who does, and since when.
"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from corpus.article import Article, PartialDate
from corpus.cleaning import MAX_ARTICLE_CHARS
from corpus.copies import Copies, near_copies
from corpus.filters import Coverage
from corpus.listing import Listing, listing
from corpus.lock import writing
from corpus.plain import clean_text
from corpus.readers import MAX_FILE_BYTES, UnreadableFile, load
from corpus.report import Report
from corpus.rows import CORRECTABLE, DATES
from embeddings.intake import take_in_bytes
from embeddings.library import Library
from rag import limits

UPLOAD = "upload:"
Given = Mapping[str, str]


class ChangesOff(ValueError):
    """The collection may be read, but not changed, by whoever asked."""

    code = "changes_off"


class UnknownArticle(ValueError):
    """An id that names no article."""

    code = "not_found"


class BadAddition(ValueError):
    """Nothing to add, or nothing that may be added."""


class TooLarge(BadAddition):
    """More than one addition takes; the message says what."""

    code = "too_large"


@dataclass(frozen=True, slots=True)
class Addition:
    """How far an addition is: files that are done, of how many, after how many seconds, and what became of each article so far."""

    done: int
    total: int
    seconds: float
    reports: tuple[Report, ...] = ()

    @property
    def finished(self) -> bool:
        return self.done == self.total

    @property
    def left(self) -> float | None:
        """The seconds that the rest takes at this rate; None before the first file is done.

        >>> Addition(done=1, total=3, seconds=2.0).left
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

    def list(self, search: str = "", sort: str = "newest", limit: int = limits.LISTED) -> Listing:
        """The articles that hold the searched words.

        Raises:
            UnknownSort: there is no such way of sorting.
        """
        return listing(self._library.store, search[: limits.SEARCH_CHARS], sort, max(1, min(limit, limits.LISTED_MOST)))

    def article(self, name: str) -> Article:
        """The article of an id.

        Raises:
            UnknownArticle: there is none.
        """
        found = self.find(name)
        if found is None:
            raise UnknownArticle(f'"{name[:40]}" is the id of no article; it may have been removed, see the list of articles')
        return found

    def find(self, name: str) -> Article | None:
        """The article of an id, or None where there is none."""
        return self._library.store.article(name)

    def raw(self, name: str) -> str:
        """An article's text as it was read, before cleaning."""
        return self._library.store.raw(name) or ""

    def copies(self) -> Iterator[Copies]:
        """Pairs of articles that are nearly the same."""
        return near_copies(self._library.store.articles())

    # Changing

    def add(self, files: Sequence[Path], text: str = "", given: Given | None = None) -> Generator[Addition, None, None]:
        """Add uploaded files, which are deleted when all were read, and a pasted text. What is refused leaves the rest untouched.

        Equal bytes of the same name are known again; other bytes of that name are another article, since two sites' "index.html" are
        not one. Nothing that was added is ever replaced.

        Raises:
            ChangesOff, BadAddition, InvalidDate, StoreError: nothing was added, or (disk full) only what was told before.
        """
        self.check_allowed()
        said = _said(given or {})
        paths = list(dict.fromkeys(self._uploaded(file) for file in files))
        text = _pasted(text)
        total = len(paths) + bool(text)
        if not total:
            raise BadAddition("There is nothing to add; choose files or paste a text.")
        if total > limits.UPLOADS:
            raise TooLarge(
                f"{total:,} files are more than one addition takes ({limits.UPLOADS:,}); add them in parts, or: python -m corpus add"
            )
        reports: list[Report] = []
        began = time.monotonic()
        with writing(self._library.store.path.parent):
            yield Addition(0, total, 0.0)
            sources: list[Path | str] = [*paths, *([text] if text else [])]
            for done, source in enumerate(sources):
                for report in self._take_in(source, said):
                    reports.append(self._as_kept(report))
                    yield Addition(done, total, time.monotonic() - began, tuple(reports))
            # Not before: who stops an addition can go on with the same files.
            for path in paths:
                path.unlink(missing_ok=True)
            yield Addition(total, total, time.monotonic() - began, tuple(reports))

    def correct(self, name: str, fields: Mapping[str, str]) -> Article:
        """Set fields by hand, those that differ from what is known; an empty text means unknown. The article as it is now.

        Raises:
            ChangesOff, UnknownArticle, InvalidDate, StoreError: nothing was changed.
        """
        self.check_allowed()
        known = self.article(name)
        wanted = {
            field: " ".join(clean_text(value).split())[: limits.FIELD_CHARS] for field, value in fields.items() if field in CORRECTABLE
        }
        wanted |= {field: str(PartialDate.parse(wanted[field])) for field in DATES if wanted.get(field)}
        with writing(self._library.store.path.parent):
            for field, value in wanted.items():
                if value != str(getattr(known, field) or ""):
                    self._library.store.correct(name, field, value or None)
        return self.article(name)

    def remove(self, name: str) -> Article:
        """Take an article away; the article that it was.

        Raises:
            ChangesOff, UnknownArticle, StoreError: nothing was removed.
        """
        self.check_allowed()
        with writing(self._library.store.path.parent):
            known = self.article(name)
            self._library.remove(name)
        return known

    def check_allowed(self) -> None:
        """Refuse whoever may only read.

        Raises:
            ChangesOff: whoever asks may not write here.
        """
        if not self.changes:
            raise ChangesOff(
                "Changes are off here, since others can reach this server; use python -m corpus on the computer itself, "
                "or start it with DATELINE_CHANGES=all"
            )

    def _uploaded(self, file: Path) -> Path:
        """The file, if it is one that was uploaded: a path that a client made up is neither read nor deleted."""
        path = file.resolve()
        if not path.is_relative_to(self._uploads):
            raise BadAddition("A file was named that was not uploaded; upload it first.")
        return path

    def _take_in(self, source: Path | str, said: Given) -> Iterator[Report]:
        if isinstance(source, str):
            yield from take_in_bytes(self._library, _pasted_origin(source), source.encode(), said)
            return
        try:
            data = load(source, self.largest)
        except UnreadableFile as error:
            yield Report(source.name, "refused", problem=str(error).replace(str(source), source.name))
            return
        origin = Path(f"{UPLOAD}{sha256(data).hexdigest()[:8]}") / source.name
        for report in take_in_bytes(self._library, origin, data, said):
            yield replace(report, problem=report.problem.replace(f"{origin.parent}/", ""))

    def _as_kept(self, report: Report) -> Report:
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
    said = {name: value.strip()[: limits.FIELD_CHARS] for name, value in given.items() if value and value.strip()}
    if "date" in said:
        PartialDate.parse(said["date"])
    return said


def _pasted(text: str) -> str:
    if len(text) > MAX_ARTICLE_CHARS:
        raise TooLarge(f"The pasted text has {len(text):,} characters, more than one article has ({MAX_ARTICLE_CHARS:,}); split it.")
    # Half a surrogate pair cannot be written as UTF-8.
    return text.encode("utf-8", "ignore").decode() if text.strip() else ""


def _pasted_origin(text: str) -> Path:
    """Two texts pasted within a minute are two origins."""
    return Path(f"pasted text, {datetime.now():%Y-%m-%d %H:%M} ({sha256(text.encode()).hexdigest()[:8]})")
