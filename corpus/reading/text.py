"""Parse the plain formats: text and JSON lines; Markdown is parsed by `corpus.reading.markdown`."""

import json
from collections.abc import Iterator
from pathlib import Path

from corpus.reading.decoding import BinaryData, decode_text
from corpus.reading.raw import RawArticle, TextKind, UnreadableFile, select_stated_fields

TEXT_FORMATS = (".txt", ".md", ".jsonl")
MAX_LINE_CHARS = 1_000_000  # a limit
_LISTED_LINES = 10  # limit: of the numbers of bad lines in one message
EXPORT_FORMAT = "dateline-1"


def parse_text_file(path: Path, data: bytes) -> Iterator[RawArticle]:
    """Yield the articles of a text, Markdown or JSON lines file; a file with another suffix is plain text.

    Raises:
        UnreadableFile: the data is not text, or not what the suffix says.
    """
    try:
        text = decode_text(data)
    except BinaryData as error:
        raise UnreadableFile(f"{path}: {error}; save the article as text, HTML or PDF") from error
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        yield from _parse_json_lines(text, path)
    elif suffix == ".md":
        from corpus.reading.markdown import parse_markdown  # a twentieth of a second

        yield parse_markdown(text, path)
    else:
        yield RawArticle(text, str(path))


def _parse_json_lines(text: str, path: Path) -> Iterator[RawArticle]:
    """Yield the article of each good line; the bad ones are named at the end."""
    refused: dict[int, UnreadableFile] = {}
    for number, line in enumerate(text.split("\n"), 1):  # other line breaks may stand in a string of JSON
        if line.strip():
            try:
                article = _parse_json_line(line, f"{path}, line {number}", f"{path}#{number}")
            except UnreadableFile as error:
                refused[number] = error
            else:
                yield article
    if refused:
        first, *others = refused
        listed = ", ".join(map(str, others[:_LISTED_LINES])) + ", ..." * (len(others) > _LISTED_LINES)
        also = f" ({len(others)} more lines were refused: {listed})" if others else ""
        raise UnreadableFile(f"{refused[first]}{also}") from refused[first]


def _parse_json_line(line: str, place: str, origin: str) -> RawArticle:
    if len(line) > MAX_LINE_CHARS:
        raise UnreadableFile(f"{place}: longer than {MAX_LINE_CHARS:,} characters; write one article a line")
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{place}: not JSON ({error}); each line should be one object") from error
    body = entry.get("body", entry.get("text")) if isinstance(entry, dict) else None
    if not isinstance(body, str) or not body.strip():
        raise UnreadableFile(
            f'{place}: no text under "body"; each line should be {{"title": ..., "body": ..., "date": ...}}'
        )
    kind: TextKind = "export" if entry.get("format") == EXPORT_FORMAT else "body"
    is_sample = kind == "export" and entry.get("sample") is True
    return RawArticle(body, origin, select_stated_fields(entry), kind=kind, sample=is_sample)
