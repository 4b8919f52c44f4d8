"""Find article files and read their articles, whatever their format."""

import atexit
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from corpus.reading.raw import (
    RawArticle,
    UnreadableFile,
    select_stated_fields,
    with_iso_dates,
    with_valid_text,
)
from corpus.reading.sandbox import ParsingError, SandboxedParser
from corpus.reading.text import TEXT_FORMATS, parse_text_file

# Parsed in a child process with limits, since their parsers meet hostile files.
SANDBOXED_FORMATS = (
    ".html",
    ".htm",
    ".mhtml",
    ".mht",
    ".pdf",
    ".docx",
    ".eml",
    ".csv",
    ".xml",
    ".rss",
    ".atom",
)
FORMATS = TEXT_FORMATS + SANDBOXED_FORMATS
# Without blocking, since a named pipe would wait for its writer; Windows has none, and a text mode instead.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
MAX_FILE_BYTES = 20_000_000  # a limit
_HOW_STATED = {
    **dict.fromkeys((".html", ".htm", ".mhtml", ".mht"), "the page's metadata"),
    **dict.fromkeys((".xml", ".rss", ".atom"), "the feed"),
    ".eml": "the e-mail's header",
    ".pdf": "the largest letters",
}
# Their text is in a field of its own, or what trafilatura takes for the article.
_BODY_FORMATS = (".html", ".htm", ".mhtml", ".mht", ".csv", ".xml", ".rss", ".atom")
_parser = SandboxedParser()
atexit.register(_parser.close)


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files of accepted formats at or below `paths`, those of a folder sorted.

    Symbolic links inside a folder are not followed.

    Raises:
        UnreadableFile: a path does not exist, or a folder holds no file of an accepted format.
    """
    files: list[Path] = []
    for path in (path.resolve() for path in paths):
        if path.is_dir():
            files += _files_in_folder(path)
        elif path.exists():
            files.append(path)
        else:
            raise UnreadableFile(f"{path}: no such file or folder; check the path")
    return list(dict.fromkeys(files))


def _files_in_folder(folder: Path) -> list[Path]:
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in FORMATS and path.is_file() and not path.is_symlink()
    )
    if not files:
        raise UnreadableFile(
            f"{folder}: no articles in this folder; it should hold {', '.join(FORMATS)} files"
        )
    return files


def load_bytes(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a regular file of at most `max_bytes` bytes.

    Raises:
        UnreadableFile: not a regular file, too large, empty, or not readable.
    """
    try:
        with os.fdopen(os.open(path, _OPEN_FLAGS), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnreadableFile(f"{path}: not a regular file; give text files or a folder of them")
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}; check the path and its permissions") from error
    if len(data) > max_bytes:
        raise UnreadableFile(f"{path}: larger than {max_bytes // 1_000_000} MB; split it into smaller files")
    if not data.strip():
        raise UnreadableFile(f"{path}: the file is empty; nothing was added from it")
    return data


def read_articles(path: Path, data: bytes) -> Iterator[RawArticle]:
    """Yield the raw articles of one file whose content is `data`.

    The suffix of `path` decides the format; a file with an unknown suffix is read as plain text. Stated
    dates are in ISO form, and a date that cannot be parsed refuses no article.

    Raises:
        UnreadableFile: the file does not hold what its suffix says.
    """
    parse = _parse_in_sandbox if path.suffix.lower() in SANDBOXED_FORMATS else parse_text_file
    yield from (with_iso_dates(with_valid_text(raw)) for raw in parse(path, data))


def is_parsing() -> bool:
    """Return True while the child process parses a file, which can be abandoned without harm."""
    return _parser.busy


def _parse_in_sandbox(path: Path, data: bytes) -> Iterator[RawArticle]:
    """Yield the articles of a file; where there are several (a feed, a table), their origins are numbered."""
    suffix = path.suffix.lower()
    try:
        texts = _parser.extract(suffix, data)
    except ParsingError as error:
        raise UnreadableFile(
            f"{path}: not readable as {suffix[1:]} ({error}); "
            "save the article again, as text or HTML for example"
        ) from error
    for number, item in enumerate(texts, 1):
        yield RawArticle(
            item.text,
            f"{path}#{number}" if len(texts) > 1 else str(path),
            select_stated_fields(item.fields),
            _HOW_STATED.get(suffix, "stated by the file"),
            # A PDF states no headline; it is read from the size of the letters.
            "read" if suffix == ".pdf" else "stated",
            kind="body" if suffix in _BODY_FORMATS else "page",
        )
