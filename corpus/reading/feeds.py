"""Parse RSS and Atom feeds, one article an item."""

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from corpus.publishers import is_aggregator_name
from corpus.reading.decoding import decode_text
from corpus.reading.html import fragment_to_text
from corpus.reading.raw import ParsedText


def parse_feed(data: bytes) -> Iterator[ParsedText]:
    """Yield each item of a feed, with the feed's title as its publisher.

    An aggregator's title names no publisher; an item's own source does.
    """
    root = _parse_xml(data)
    channel = root.find("channel")
    feed_title = _child_text(channel if channel is not None else root, "title")
    publisher = "" if is_aggregator_name(feed_title) else feed_title
    for node in root.iter():
        if _local_name(node.tag) in ("item", "entry"):
            yield _parse_item(node, publisher)


def _parse_xml(data: bytes) -> Element:
    """Parse XML by its stated encoding (UTF-8 if it states none); if that is wrong, as text is decoded."""
    try:
        return ElementTree.fromstring(data)
    except ElementTree.ParseError:
        return ElementTree.fromstring(decode_text(data))


def _parse_item(item: Element, publisher: str) -> ParsedText:
    summary = _child_text(item, "description") or _child_text(item, "summary")
    content = _child_text(item, "encoded") or _child_text(item, "content") or summary
    published = _child_text(item, "published") or _child_text(item, "pubDate")
    updated = _child_text(item, "modified") or _child_text(item, "updated")
    links = [node.get("href") or (node.text or "").strip() for node in _children(item, "link")]
    sections = [node.get("term") or (node.text or "").strip() for node in _children(item, "category")]
    return ParsedText(
        fragment_to_text(content),
        {
            "title": _child_text(item, "title"),
            "author": _child_text(item, "creator") or _child_text(item, "author"),
            "publisher": _source(item) or publisher,
            "date": published,
            "url": links[0] if links else None,
            "standfirst": _child_text(item, "subtitle"),
            "summary": fragment_to_text(summary),
            "section": sections[0] if len(sections) == 1 else None,
            "updated": updated if updated[:10] != published[:10] else None,
        },
    )


def _source(item: Element) -> str:
    """Return the publisher that an aggregator's feed names as an item's source."""
    sources = _children(item, "source")
    return _child_text(sources[0], "title") or (sources[0].text or "").strip() if sources else ""


def _child_text(node: Element, name: str) -> str:
    """Return all text inside the first child with this name, or ""."""
    return next(("".join(child.itertext()).strip() for child in _children(node, name)), "")


def _children(node: Element, name: str) -> list[Element]:
    return [child for child in node if _local_name(child.tag) == name]


def _local_name(tag: str) -> str:
    """Return a tag's name without its namespace."""
    return tag.rpartition("}")[2]
