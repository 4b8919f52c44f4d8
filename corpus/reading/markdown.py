"""Parse Markdown with front matter."""

from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from corpus.reading.raw import RawArticle, UnreadableFile, select_stated_fields

_LINE_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


class _FrontMatterLoader(yaml.SafeLoader):
    """A safe loader that leaves dates and numbers as they are written: YAML refuses 2018-02-30 as a date."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in the class above
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def parse_markdown(text: str, path: Path) -> RawArticle:
    """Return the article of a Markdown file, with the fields of its front matter if it has one.

    Raises:
        UnreadableFile: the front matter is not YAML.
    """
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
