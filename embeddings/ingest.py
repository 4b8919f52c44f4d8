"""Ingest files into a library: read, clean, split, encode and store, with one report per article."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from corpus.article import Article, InvalidDate
from corpus.characters import normalise_text
from corpus.cleaning.clean import NoText, clean
from corpus.cleaning.restore import restore_body
from corpus.reading.files import load_bytes, read_articles
from corpus.reading.raw import RawArticle, UnreadableFile
from corpus.store.rows import CORRECTABLE_FIELDS, PROVENANCE_NAMES, correctable_fields
from embeddings.ingest_report import IngestReport
from embeddings.library import Library

# Limits, above any news article. Cleaning takes memory, and encoding takes half a minute per million
# characters.
MAX_RAW_CHARS = 1_000_000
MAX_BODY_CHARS = 250_000
_MAX_QUOTED_CHARS = 40  # limit: of what a warning quotes
# What a stated date is called in messages, and in `dateline set`.
_DATE_NAMES = {
    "date": ("date of publication", "published"),
    "updated": ("date of change", "updated"),
    "saved": ("date of saving", "saved"),
}
_FIELDS_BY_STATED_NAME = {stated: field for field, stated in PROVENANCE_NAMES.items()}


class ArticleTooLong(ValueError):
    """Raised for a text that is too long to be a single article."""


def ingest(
    library: Library, file: Path, given: Mapping[str, str] | None = None, sample: bool = False
) -> Iterator[IngestReport]:
    """Add the articles of one file and yield a report for each.

    `given` holds what the user states about them (publisher, date); `sample` marks them as invented. A file
    whose bytes were added before is not read again unless something is given. An article that is refused does
    not affect the others.
    """
    try:
        data = load_bytes(file)
    except UnreadableFile as error:
        yield IngestReport(_printable(file), "refused", problem=_printable(error))
        return
    yield from ingest_bytes(library, file, data, given, sample)


def ingest_bytes(
    library: Library,
    file: Path,
    data: bytes,
    given: Mapping[str, str] | None = None,
    sample: bool = False,
) -> Iterator[IngestReport]:
    """Ingest the content of a file that is already in memory.

    `file` is recorded as the articles' origin, and its suffix tells the format.
    """
    file, digest = Path(_printable(file)), sha256(data).hexdigest()
    try:
        known = library.store.origin(str(file))
        if known and known.sha256 == digest and not given:
            yield IngestReport(str(file), "unchanged", library.store.article(known.article))
            return
        for raw in read_articles(file, data):
            raw = replace(raw, given=dict(given or {}), sample=raw.sample or sample)
            yield _ingest_article(library, raw, digest)
    except UnreadableFile as error:
        yield IngestReport(str(file), "refused", problem=str(error))


def _printable(name: object) -> str:
    """Return a file's name with the bytes that are no UTF-8 written out, as SQLite takes no others."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def _ingest_article(library: Library, raw: RawArticle, digest: str) -> IngestReport:
    known = library.store.origin(raw.origin)
    if known and known.sha256 == digest and not raw.given:
        return IngestReport(raw.origin, "unchanged", library.store.article(known.article))
    try:
        _check_length(raw.origin, raw.text, MAX_RAW_CHARS)
        article = _with_kept_lines(library, raw, clean(raw))
        _check_length(raw.origin, article.body, MAX_BODY_CHARS)
    except (NoText, InvalidDate, ArticleTooLong) as error:
        return IngestReport(raw.origin, "refused", problem=str(error))
    given = [_FIELDS_BY_STATED_NAME.get(name, name) for name in raw.given]
    before = library.store.article(article.id)
    passages = library.add(article, raw.text, digest, given)
    stored = library.store.article(article.id) or article
    return IngestReport(
        raw.origin,
        "added" if passages else "already here",
        stored,
        passages,
        warnings=_date_warnings(raw, article) + _kept_warnings(article, stored, given),
        completed=_completed(before, stored),
        removed=len(article.removed),
    )


def _with_kept_lines(library: Library, raw: RawArticle, article: Article) -> Article:
    """Return the article with the lines that the user took back when this file was read before."""
    known = library.store.origin(raw.origin)
    kept = {item.text for item in library.store.removed(known.article, kept=True)} if known else set()
    back = [item for item in article.removed if item.text in kept]
    if not back:
        return article
    left = tuple(item for item in article.removed if item not in back)
    return replace(article, body=restore_body(raw.text, article.body, back), removed=left)


def _completed(before: Article | None, after: Article) -> tuple[str, ...]:
    """Return the names of the fields that were unknown and are known now."""
    return tuple(
        name for name in CORRECTABLE_FIELDS if before and not getattr(before, name) and getattr(after, name)
    )


def _kept_warnings(article: Article, stored: Article, given: Iterable[str]) -> tuple[str, ...]:
    """Return a sentence for each field that the user gave and that was corrected by hand before."""
    fields, kept = correctable_fields(article), correctable_fields(stored)
    return tuple(
        f'{name} stays "{kept[name] or ""}", as it was corrected by hand; change it with: '
        f'dateline set {article.id} {name}="{fields[name]}"'
        for name in given
        if fields[name] and fields[name] != kept[name]
    )


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
