"""Files -> library, one report an article. Knows the order of reading, cleaning and adding; says nothing on a screen itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from corpus.article import Article, InvalidDate
from corpus.cleaning import NoText, clean
from corpus.readers import RawArticle, UnreadableFile, load, read
from embeddings.library import Library


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one article of a file. `problem` is a sentence with the remedy where it was refused."""

    origin: str
    status: Literal["added", "unchanged", "already here", "refused"]
    article: Article | None = None
    passages: int = 0
    problem: str = ""


def take_in(library: Library, file: Path) -> Iterator[Report]:
    """Add the articles of one file. A file whose bytes were added before is not read again; a refused one leaves the rest untouched."""
    try:
        data = load(file)
        digest = sha256(data).hexdigest()
        known = library.store.origin(str(file))
        if known and known[0] == digest:
            yield Report(str(file), "unchanged", library.store.article(known[1]))
            return
        for raw in read(file, data):
            yield _add(library, raw, digest)
    except UnreadableFile as error:
        yield Report(str(file), "refused", problem=str(error))


def _add(library: Library, raw: RawArticle, digest: str) -> Report:
    known = library.store.origin(raw.origin)
    if known and known[0] == digest:
        return Report(raw.origin, "unchanged", library.store.article(known[1]))
    try:
        article = clean(raw)
    except (NoText, InvalidDate) as error:
        return Report(raw.origin, "refused", problem=str(error))
    passages = library.add(article, raw.text, digest)
    return Report(raw.origin, "added" if passages else "already here", article, passages)
