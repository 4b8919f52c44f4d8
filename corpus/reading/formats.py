"""HTML, MHTML, e-mail, PDF, Word, CSV and feeds -> texts with what the file states of them. Runs only in the child of `corpus.reading.sandbox`.

A well-kept library reads each format; here stands which of its findings are trusted. A file's own time is never one of them.
"""

import csv
import email
import io
import re
import zlib
from collections.abc import Callable, Iterator
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile

import docx
import trafilatura
from docx.opc.exceptions import PackageNotFoundError
from lxml.etree import LxmlError
from pypdf.errors import PyPdfError

from corpus.cleaning.boilerplate import is_newsroom
from corpus.reading.html import parse_html
from corpus.reading.pdf import parse_pdf

MAX_TEXT_CHARS = 2_000_000
# What parsers are known to throw at files that are broken or hostile.
PARSER_ERRORS = (
    *(
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RuntimeError,
        ArithmeticError,
        AssertionError,
        OSError,
        EOFError,
        MemoryError,
        SyntaxError,
    ),
    *(csv.Error, BadZipFile, zlib.error, PyPdfError, LxmlError, PackageNotFoundError, MessageError),
)
Extract = tuple[str, dict[str, Any]]  # a text, and the fields that the file states of it
# Who sends or lists what others publish.
_COLLECTOR = re.compile(
    r"\b(?:google|bing|yahoo|feedly|inoreader|alerts?|search|rss|clippings?|press review|monitoring|all items)\b",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"^\s*(fwd?|wg|tr)\s*:", re.IGNORECASE)


class NothingInside(ValueError):
    """A file of a known format that holds no text."""


def extract(ending: str, data: bytes) -> list[Extract]:
    """The texts in a file whose name ends in `ending`.

    Raises:
        NothingInside: it holds none.
        ValueError and what the libraries raise: it is not what its ending says.
    """
    found = [
        (text[:MAX_TEXT_CHARS], {name: value for name, value in stated.items() if value})
        for text, stated in _READERS[ending](data)
        if text.strip()
    ]
    if not found:
        raise NothingInside("no text in it")
    return found


def _html(data: bytes | str) -> Iterator[Extract]:
    found = parse_html(data)
    if found:
        yield found


def _mhtml(data: bytes) -> Iterator[Extract]:
    message = email.message_from_bytes(data, policy=policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            for text, stated in _html(_part_text(part)):
                yield (
                    text,
                    {
                        "url": part.get("Content-Location") or message.get("Snapshot-Content-Location"),
                        **stated,
                    },
                )
            return


def _eml(data: bytes) -> Iterator[Extract]:
    message = email.message_from_bytes(data, policy=policy.default)
    body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
    if body is None:
        return
    text = _part_text(body)
    text = trafilatura.html2txt(text) if body.get_content_type() == "text/html" else text
    subject = str(message.get("Subject", "")).strip()
    name, address = parseaddr(str(message.get("From", "")))
    if _FORWARDED.match(subject):
        # Who forwards an article is not its publisher, and the day of forwarding not its date.
        yield text, {"title": _FORWARDED.sub("", subject).strip()}
    elif _is_of_a_person(name, address) or _COLLECTOR.search(name):
        yield text, {"title": subject if subject in map(str.strip, text.splitlines()) else None}
    else:
        yield text, {"title": subject, "date": _mail_date(message.get("Date")), "publisher": name}


def _is_of_a_person(name: str, address: str) -> bool:
    """True for "Anna Holm <a.holm@...>": a person's address carries the person's name, a newsletter's its task."""
    words, local = name.casefold().split(), re.split(r"[._+@-]", address.casefold())
    return (
        2 <= len(words) <= 4
        and not is_newsroom(name)
        and any(part in (words[0], words[-1], words[0][0] + words[-1]) for part in local[:-1])
    )


def _part_text(part: Any) -> str:
    content = part.get_content()
    return content if isinstance(content, str) else bytes(content).decode("utf-8", "replace")


def _mail_date(value: str | None) -> str | None:
    try:
        return parsedate_to_datetime(str(value)).date().isoformat() if value else None
    except ValueError:
        return None


def _pdf(data: bytes) -> Iterator[Extract]:
    yield parse_pdf(data)


def _docx(data: bytes) -> Iterator[Extract]:
    document = docx.Document(io.BytesIO(data))
    yield "\n".join(paragraph.text for paragraph in document.paragraphs), {}


def _csv(data: bytes) -> Iterator[Extract]:
    text = data.decode("utf-8-sig", "replace")
    rows = csv.DictReader(
        io.StringIO(text, newline=""),
        dialect=csv.Sniffer().sniff(text[:4096], ",;\t") if "," not in text[:200] else csv.excel,
    )
    for row in rows:
        named = {str(name).strip().lower(): value for name, value in row.items() if isinstance(value, str)}
        yield named.pop("body", "") or named.pop("text", "") or named.pop("content", ""), named


def _feed(data: bytes) -> Iterator[Extract]:
    """RSS and Atom: one article an item; the feed's title is the publisher."""
    root = ElementTree.fromstring(data)
    channel = root.find("channel")
    publisher = _inside(channel if channel is not None else root, "title")
    publisher = "" if _COLLECTOR.search(publisher) else publisher
    for item in root.iter():
        if _bare(item.tag) in ("item", "entry"):
            content = (
                _inside(item, "encoded")
                or _inside(item, "content")
                or _inside(item, "description")
                or _inside(item, "summary")
            )
            written = _inside(item, "published") or _mail_date(_inside(item, "pubDate"))
            link = next(
                (node.get("href") or (node.text or "").strip() for node in item if _bare(node.tag) == "link"),
                None,
            )
            sections = [
                node.get("term") or (node.text or "").strip()
                for node in item
                if _bare(node.tag) == "category"
            ]
            changed = _inside(item, "modified") or _inside(item, "updated")
            yield (
                _plain(content),
                {
                    "title": _inside(item, "title"),
                    "author": _inside(item, "creator") or _inside(item, "author"),
                    "publisher": _source(item) or publisher,
                    "date": written,
                    "url": link,
                    "standfirst": _inside(item, "subtitle"),
                    "summary": _plain(_inside(item, "description") or _inside(item, "summary")),
                    "section": sections[0] if len(sections) == 1 else None,
                    "updated": changed if changed[:10] != (written or "")[:10] else None,
                },
            )


def _source(item: ElementTree.Element) -> str:
    """Whom a feed that collects from others names as an item's origin."""
    source = next((node for node in item if _bare(node.tag) == "source"), None)
    return "" if source is None else _inside(source, "title") or (source.text or "").strip()


def _inside(node: ElementTree.Element, name: str) -> str:
    return next(("".join(child.itertext()).strip() for child in node if _bare(child.tag) == name), "")


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def _plain(content: str) -> str:
    """Text of a feed's item, whose content is HTML more often than not."""
    if "<" not in content:
        return content
    breaks = re.sub(r"</(?:p|div|li|h\d)>|<br ?/?>", r"\g<0>\n", content)
    tree = trafilatura.load_html(f"<html><body>{breaks}</body></html>")
    return "" if tree is None else "\n".join(line.strip() for line in "".join(tree.itertext()).splitlines())


_READERS: dict[str, Callable[[bytes], Iterator[Extract]]] = {
    **dict.fromkeys((".html", ".htm"), _html),
    **dict.fromkeys((".mhtml", ".mht"), _mhtml),
    **dict.fromkeys((".xml", ".rss", ".atom"), _feed),
    ".eml": _eml,
    ".pdf": _pdf,
    ".docx": _docx,
    ".csv": _csv,
}
