"""Files -> library, one report an article. Knows the order of reading, cleaning and adding; says nothing on a screen itself."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from corpus.article import InvalidDate
from corpus.cleaning.clean import NoText, clean
from corpus.reading.files import load_bytes, read_articles
from corpus.reading.raw import RawArticle, UnreadableFile
from embeddings.ingest_report import IngestReport
from embeddings.library import Library

# Longer than any news article. Cleaning costs memory, and encoding half a minute a million characters.
MAX_RAW_CHARS = 1_000_000
MAX_BODY_CHARS = 250_000


class ArticleTooLong(ValueError):
    """A text that is no single article; the message says what to do."""


def ingest(library: Library, file: Path, given: Mapping[str, str] | None = None) -> Iterator[IngestReport]:
    """Add the articles of one file, with what the user says of them under `given` (publisher, date).

    A file whose bytes were added before is not read again, unless something is given; a refused one leaves the rest untouched.
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
    """Like `ingest`, of bytes that came some other way than from a file; `file` is their origin, and its ending their format."""
    digest = sha256(data).hexdigest()
    try:
        known = library.store.origin(str(file))
        if known and known.sha256 == digest and not given:
            yield IngestReport(str(file), "unchanged", library.store.article(known.article))
            return
        for raw in read_articles(file, data):
            yield _add(library, replace(raw, given=dict(given or {})), digest)
    except UnreadableFile as error:
        yield IngestReport(str(file), "refused", problem=str(error))


def _add(library: Library, raw: RawArticle, digest: str) -> IngestReport:
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
    return IngestReport(raw.origin, "added" if passages else "already here", article, passages)


def _check_length(origin: str, text: str, most: int) -> None:
    if len(text) > most:
        raise ArticleTooLong(
            f"{origin}: {len(text):,} characters are no single article (at most {most:,}); split it into articles"
        )
