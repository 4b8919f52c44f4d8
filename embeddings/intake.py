"""Files -> library, one report an article. Knows the order of reading, cleaning and adding; says nothing on a screen itself."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from corpus.article import InvalidDate
from corpus.cleaning import NoText, clean
from corpus.readers import RawArticle, UnreadableFile, load, read
from corpus.report import Report
from embeddings.library import Library

# Longer than any news article. Cleaning costs memory, and encoding half a minute a million characters.
MAX_RAW_CHARS = 1_000_000
MAX_BODY_CHARS = 250_000


class TooLong(ValueError):
    """A text that is no single article; the message says what to do."""


def take_in(library: Library, file: Path, given: Mapping[str, str] | None = None) -> Iterator[Report]:
    """Add the articles of one file, with what the user says of them under `given` (publisher, date).

    A file whose bytes were added before is not read again, unless something is given; a refused one leaves the rest untouched.
    """
    try:
        data = load(file)
    except UnreadableFile as error:
        yield Report(str(file), "refused", problem=str(error))
        return
    yield from take_in_bytes(library, file, data, given)


def take_in_bytes(library: Library, file: Path, data: bytes, given: Mapping[str, str] | None = None) -> Iterator[Report]:
    """Like `take_in`, of bytes that came some other way than from a file; `file` is their origin, and its ending their format."""
    digest = sha256(data).hexdigest()
    try:
        known = library.store.origin(str(file))
        if known and known[0] == digest and not given:
            yield Report(str(file), "unchanged", library.store.article(known[1]))
            return
        for raw in read(file, data):
            yield _add(library, replace(raw, given=dict(given or {})), digest)
    except UnreadableFile as error:
        yield Report(str(file), "refused", problem=str(error))


def _add(library: Library, raw: RawArticle, digest: str) -> Report:
    known = library.store.origin(raw.origin)
    if known and known[0] == digest and not raw.given:
        return Report(raw.origin, "unchanged", library.store.article(known[1]))
    try:
        _check_length(raw.origin, raw.text, MAX_RAW_CHARS)
        article = clean(raw)
        _check_length(raw.origin, article.body, MAX_BODY_CHARS)
    except (NoText, InvalidDate, TooLong) as error:
        return Report(raw.origin, "refused", problem=str(error))
    passages = library.add(article, raw.text, digest)
    return Report(raw.origin, "added" if passages else "already here", article, passages)


def _check_length(origin: str, text: str, most: int) -> None:
    if len(text) > most:
        raise TooLong(f"{origin}: {len(text):,} characters are no single article (at most {most:,}); split it into articles")
