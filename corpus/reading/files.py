"""One file of an accepted format -> raw texts with the metadata that the file states itself. Knows formats, not news."""

import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ftfy
import yaml
from markdown_it import MarkdownIt

from corpus.article import Certainty
from corpus.reading.sandbox import ParsingError, SandboxedParser

_PLAIN = (".txt", ".md", ".jsonl")
# Read in a child process with bounds, since their parsers meet hostile files.
_BOUNDED = (".html", ".htm", ".mhtml", ".mht", ".pdf", ".docx", ".eml", ".csv", ".xml", ".rss", ".atom")
FORMATS = _PLAIN + _BOUNDED
_HOW = dict.fromkeys((".html", ".htm", ".mhtml", ".mht"), "the page's metadata") | {
    ".eml": "the e-mail's header",
    ".xml": "the feed",
    ".rss": "the feed",
    ".atom": "the feed",
    ".pdf": "the largest letters",
}
_PLAIN_INLINE = {"softbreak": " ", "hardbreak": "\n"}
_parser = SandboxedParser()
MAX_FILE_BYTES = 20_000_000
MAX_LINE_CHARS = 1_000_000
EXPORT_FORMAT = "dateline-1"
STATED_FIELDS = ("title", "publisher", "author", "date", "url", "standfirst", "section", "updated", "summary")
# As exports, front matter and tables of others name them; "summary" may be the standfirst, or written by a machine.
_ALIASES = {
    other: name
    for name, others in {
        "title": "headline",
        "publisher": "source newspaper outlet site_name",
        "author": "byline authors",
        "date": "published_at published pubdate date_published datepublished",
        "standfirst": "subtitle subheadline subhead deck dek",
        "section": "category rubric articlesection",
        "updated": "updated_at modified date_modified datemodified last_modified",
        "summary": "description abstract",
    }.items()
    for other in others.split()
}


class UnreadableFile(ValueError):
    """A file that cannot be read as articles; the message names it, says why and what to do."""


@dataclass(frozen=True, slots=True)
class RawArticle:
    """The text of one article as it stood in a file. `stated` holds those of `STATED_FIELDS` that the file names outside the text, `how` says where."""

    text: str
    origin: str
    stated: dict[str, str] = field(default_factory=dict)
    how: str = "stated by the file"
    sure: Certainty = "stated"
    given: dict[str, str] = field(default_factory=dict)  # what the user said of it; wins over all
    cleaned: bool = False  # an export: the text is a body as it is, not a page


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Files of accepted formats at or below `paths`, sorted; links are not followed out of a folder.

    Raises:
        UnreadableFile: a path does not exist, or a folder holds no file of an accepted format.
    """
    files: list[Path] = []
    for path in (path.resolve() for path in paths):
        if path.is_dir():
            inside = sorted(
                p
                for p in path.rglob("*")
                if p.suffix.lower() in FORMATS and p.is_file() and not p.is_symlink()
            )
            if not inside:
                raise UnreadableFile(
                    f"{path}: no articles in this folder; it should hold {', '.join(FORMATS)} files"
                )
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise UnreadableFile(f"{path}: no such file or folder; check the path")
    return list(dict.fromkeys(files))


def load_bytes(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file of at most `most` bytes, read once.

    Raises:
        UnreadableFile: not a regular file, too large, empty, or not readable.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableFile(f"{path}: not a regular file; give text files or a folder of them")
            data = file.read(most + 1)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}; check the path and its permissions") from error
    if len(data) > most:
        raise UnreadableFile(f"{path}: larger than {most // 1_000_000} MB; split it into smaller files")
    if not data.strip():
        raise UnreadableFile(f"{path}: the file is empty; nothing was added from it")
    return data


def decode(data: bytes, name: str) -> str:
    """Text of `data`: a byte order mark decides, then strict UTF-8, then Windows-1252.

    Raises:
        UnreadableFile: the bytes are no text.
    """
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    encoding = next((encoding for mark, encoding in marks if data.startswith(mark)), "utf-8")
    try:
        # Text that was once decoded wrongly and saved so ("itâ€™s") is mended where ftfy is certain.
        text = str(ftfy.fix_encoding(data.decode(encoding)))
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    odd = sum(text.count(char) for char in map(chr, [*range(9), *range(14, 32), 127, 0xFFFD]))
    if "\x00" in text or odd > len(text) / 100:
        raise UnreadableFile(f"{name}: a binary file, not text; save the article as {' or '.join(FORMATS)}")
    return text


def read_articles(path: Path, data: bytes) -> Iterator[RawArticle]:
    """The raw articles of one file whose bytes are `data`; the ending decides the format (.txt where it is another).

    Raises:
        UnreadableFile: the file does not hold what its ending says.
    """
    ending = path.suffix.lower()
    if ending in _BOUNDED:
        yield from _bounded(path, ending, data)
        return
    text = decode(data, str(path))
    if ending == ".jsonl":
        yield from _json_lines(text, path)
    elif ending == ".md":
        yield _markdown(text, path)
    else:
        yield RawArticle(text, str(path))


def is_parsing() -> bool:
    """True while the child process reads a file; what is begun there can be dropped without harm."""
    return _parser.busy


def _bounded(path: Path, ending: str, data: bytes) -> Iterator[RawArticle]:
    """The articles of a file that a library reads; several (a feed, a table) are numbered in their origins."""
    try:
        texts = _parser.extract(ending, data)
    except ParsingError as error:
        raise UnreadableFile(
            f"{path}: not readable as {ending[1:]} ({error}); save the article again, as text or HTML for example"
        ) from error
    for number, (text, stated) in enumerate(texts, 1):
        origin = f"{path}#{number}" if len(texts) > 1 else str(path)
        # A PDF states nothing; its headline is read from how it is set.
        yield RawArticle(
            text,
            origin,
            _stated(stated),
            _HOW.get(ending, "stated by the file"),
            "read" if ending == ".pdf" else "stated",
        )


def _markdown(text: str, path: Path) -> RawArticle:
    head, body = "", text
    if text.startswith("---\n") and "\n---\n" in text[4:]:
        head, _, body = text[4:].partition("\n---\n")
    try:
        stated = yaml.safe_load(head) or {}
    except yaml.YAMLError as error:
        raise UnreadableFile(
            f"{path}: the front matter is not YAML ({str(error).splitlines()[0]}); mend the lines between the two ---"
        ) from error
    if not isinstance(stated, dict):
        raise UnreadableFile(
            f"{path}: the front matter should be lines such as 'title: ...'; mend the lines between the two ---"
        )
    return RawArticle(_plain(body), str(path), _stated(stated), "front matter")


def _plain(markdown: str) -> str:
    """The words of a Markdown text, a paragraph or heading a line, without its marks, links and images."""
    blocks = [token for token in MarkdownIt().parse(markdown) if token.type == "inline"]
    return "\n\n".join(
        "".join(
            _PLAIN_INLINE.get(part.type, part.content)
            for part in block.children or ()
            if part.type != "image"
        )
        for block in blocks
    )


def _json_lines(text: str, path: Path) -> Iterator[RawArticle]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        if len(line) > MAX_LINE_CHARS:
            raise UnreadableFile(
                f"{where}: longer than {MAX_LINE_CHARS:,} characters; one article a line, please"
            )
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UnreadableFile(f"{where}: not JSON ({error}); each line should be one object") from error
        body = entry.get("body", entry.get("text")) if isinstance(entry, dict) else None
        if not isinstance(body, str) or not body.strip():
            raise UnreadableFile(
                f'{where}: no text under "body"; each line should be {{"title": ..., "body": ..., "date": ...}}'
            )
        exported = entry.get("format") == EXPORT_FORMAT
        yield RawArticle(body, f"{path}#{number}", _stated(entry), cleaned=exported)


def _stated(entry: dict[str, Any]) -> dict[str, str]:
    """The fields that an entry names, under our names; a value under our own name wins over one under another's."""
    named: dict[str, str] = {}
    for key, value in entry.items():
        own = str(key).lower()
        told = (
            ", ".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "")
        )
        if told.strip() and (own in STATED_FIELDS or own in _ALIASES):
            name = _ALIASES.get(own, own)
            named[name] = told.strip() if own in STATED_FIELDS else named.get(name, told.strip())
    return {name: named[name] for name in STATED_FIELDS if name in named}
