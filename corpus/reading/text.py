"""Parse the plain formats: text, Markdown with front matter, and JSON lines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from corpus.reading.decoding import BinaryData, decode_text
from corpus.reading.raw import RawArticle, TextKind, UnreadableFile, select_stated_fields

TEXT_FORMATS = (".txt", ".md", ".jsonl")
MAX_LINE_CHARS = 1_000_000  # a limit
_LISTED_LINES = 10  # limit: of the numbers of bad lines in one message
EXPORT_FORMAT = "dateline-1"
_LINE_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


class _FrontMatterLoader(yaml.SafeLoader):
    """A safe loader that leaves dates and numbers as they are written: YAML refuses 2018-02-30 as a date."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in the class above
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


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
        yield _parse_markdown(text, path)
    else:
        yield RawArticle(text, str(path))


def _parse_markdown(text: str, path: Path) -> RawArticle:
    head, body = "", text
    if text.startswith("---\n") and "\n---\n" in text[4:]:
        head, _, body = text[4:].partition("\n---\n")
    return RawArticle(
        _markdown_to_text(body),
        str(path),
        select_stated_fields(_parse_front_matter(head, path)),
        "front matter",
        kind="body" if head else "page",
    )


def _parse_front_matter(head: str, path: Path) -> dict[str, Any]:
    try:
        fields = yaml.load(head, _FrontMatterLoader) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise UnreadableFile(
            f"{path}: the front matter is not YAML ({reason}); correct the lines between the two ---"
        ) from error
    if not isinstance(fields, dict):
        raise UnreadableFile(
            f"{path}: the front matter should be lines such as 'title: ...'; "
            "correct the lines between the two ---"
        )
    return fields


def _markdown_to_text(markdown: str) -> str:
    """Return the words of a Markdown text, a paragraph or heading a line, without marks, links and images."""
    blocks = [token.children or () for token in MarkdownIt().parse(markdown) if token.type == "inline"]
    return "\n\n".join(
        "".join(_LINE_BREAKS.get(part.type, part.content) for part in block if part.type != "image")
        for block in blocks
    )


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
