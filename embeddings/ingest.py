"""Ingest files into a library: read, clean, split, encode and store, with one report per article."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from corpus.article import Article, InvalidDate
from corpus.characters import normalise_text
from corpus.cleaning.clean import NoText, clean
from corpus.reading.files import load_bytes, read_articles
from corpus.reading.raw import RawArticle, UnreadableFile
from embeddings.ingest_report import IngestReport, Status
from embeddings.library import Library

# Limits, above any news article. Cleaning takes memory, and encoding takes half a minute per million
# characters.
MAX_RAW_CHARS = 1_000_000
MAX_BODY_CHARS = 250_000
_MAX_QUOTED_CHARS = 40  # limit: of what a warning quotes
# What a stated date is called in messages, and in `dateline set`.
_DATE_NAMES = {"date": ("date of publication", "published"), "updated": ("date of change", "updated")}


class ArticleTooLong(ValueError):
    """Raised for a text that is too long to be a single article."""


def ingest(library: Library, file: Path, given: Mapping[str, str] | None = None) -> Iterator[IngestReport]:
    """Add the articles of one file and yield a report for each.

    `given` holds what the user states about them (publisher, date). A file whose bytes were added before is
    not read again unless something is given. An article that is refused does not affect the others.
    """
    try:
        data = load_bytes(file)
    except UnreadableFile as error:
        yield IngestReport(str(file), "refused", problem=str(error))
        return
    yield from ingest_bytes(library, file, data, given)


def ingest_bytes(
    library: Library, file: Path, data: bytes, given: Mapping[str, str] | None = None
) -> Iterator[IngestReport]:
    """Ingest the content of a file that is already in memory.

    `file` is recorded as the articles' origin, and its suffix tells the format.
    """
    digest = sha256(data).hexdigest()
    try:
        known = library.store.origin(str(file))
        if known and known.sha256 == digest and not given:
            yield IngestReport(str(file), "unchanged", library.store.article(known.article))
            return
        for raw in read_articles(file, data):
            yield _ingest_article(library, replace(raw, given=dict(given or {})), digest)
    except UnreadableFile as error:
        yield IngestReport(str(file), "refused", problem=str(error))


def _ingest_article(library: Library, raw: RawArticle, digest: str) -> IngestReport:
    known = library.store.origin(raw.origin)
    if known and known.sha256 == digest and not raw.given:
        return IngestReport(raw.origin, "unchanged", library.store.article(known.article))
    try:
        _check_length(raw.origin, raw.text, MAX_RAW_CHARS)
        article = clean(raw)
        _check_length(raw.origin, article.body, MAX_BODY_CHARS)
    except (NoText, InvalidDate, ArticleTooLong) as error:
        return IngestReport(raw.origin, "refused", problem=str(error))
    passages = library.add(article, raw.text, digest)
    status: Status = "added" if passages else "already here"
    return IngestReport(raw.origin, status, article, passages, warnings=_date_warnings(raw, article))


def _date_warnings(raw: RawArticle, article: Article) -> tuple[str, ...]:
    """Return a sentence for each date that could not be parsed, unless the user gave it."""
    return tuple(
        f'the {_DATE_NAMES[field][0]} "{_one_line(written)}" was left out, since it is no date or can be '
        f"read in several ways; set it with: dateline set {article.id} {_DATE_NAMES[field][1]}=YYYY-MM-DD"
        for field, written in raw.unparsed_dates.items()
        if field not in raw.given
    )


def _one_line(written: str) -> str:
    """Return what a file says so that it can be printed on any terminal."""
    text = normalise_text(written.encode("utf-8", "replace").decode())
    return "".join(char for char in " ".join(text.split())[:_MAX_QUOTED_CHARS] if char.isprintable())


def _check_length(origin: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise ArticleTooLong(
            f"{origin}: {len(text):,} characters are too many for one article (at most {limit:,}); "
            "split it into articles"
        )
