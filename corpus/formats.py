"""HTML, MHTML, e-mail, PDF, Word, CSV and feeds -> texts with what the file states of them. Runs only in the child of `corpus.bounded`.

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
import pypdf
import trafilatura
from docx.opc.exceptions import PackageNotFoundError
from htmldate import find_date
from lxml.etree import LxmlError
from pypdf.errors import PyPdfError

MAX_PAGES = 500
MAX_TEXT_CHARS = 2_000_000
_HIDDEN = [
    "//*[@hidden]",
    "//*[@aria-hidden='true']",
    "//*[contains(translate(@style, ' ', ''), 'display:none')]",
    "//noscript",
    "//template",
]
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
_FORWARDED = re.compile(r"^\s*(fwd?|wg|tr)\s*:", re.IGNORECASE)


_PAGE_BORDER = 12  # lines of foot, head and white space between two pages
_SENTENCE_END = re.compile(r"[.!?][\"”’')]*$")


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
    page = trafilatura.bare_extraction(data, with_metadata=True, include_comments=False, include_tables=False, prune_xpath=_HIDDEN)
    if page is None:
        return
    found: dict[str, Any] = page if isinstance(page, dict) else page.as_dict()
    yield (
        str(found.get("text") or ""),
        {
            "title": found.get("title"),
            "author": _author(found.get("author")),
            "publisher": found.get("sitename"),
            "date": _html_date(data),
            "url": found.get("url"),
        },
    )


def _date_settings() -> dict[str, Any]:
    # Only what the markup states: dates somewhere in the text or the address are as often another event's.
    return {"extensive_search": False, "original_date": True}


def _html_date(data: bytes | str) -> str | None:
    tree = trafilatura.load_html(data)
    return find_date(tree, **_date_settings()) if tree is not None else None


def _author(names: str | None) -> str | None:
    return names.replace("; ", " and ") if names else None


def _mhtml(data: bytes) -> Iterator[Extract]:
    message = email.message_from_bytes(data, policy=policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            for text, stated in _html(_part_text(part)):
                yield text, {"url": part.get("Content-Location") or message.get("Snapshot-Content-Location"), **stated}
            return


def _eml(data: bytes) -> Iterator[Extract]:
    message = email.message_from_bytes(data, policy=policy.default)
    subject = str(message.get("Subject", "")).strip()
    stated: dict[str, Any] = {"title": _FORWARDED.sub("", subject).strip()}
    if not _FORWARDED.match(subject):
        # Who forwards an article is not its publisher, and the day of forwarding not its date.
        stated |= {"date": _mail_date(message.get("Date")), "publisher": parseaddr(str(message.get("From", "")))[0]}
    body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
    if body is None:
        return
    text = _part_text(body)
    yield (trafilatura.html2txt(text) if body.get_content_type() == "text/html" else text), stated


def _part_text(part: Any) -> str:
    content = part.get_content()
    return content if isinstance(content, str) else bytes(content).decode("utf-8", "replace")


def _mail_date(value: str | None) -> str | None:
    try:
        return parsedate_to_datetime(str(value)).date().isoformat() if value else None
    except ValueError:
        return None


def _pdf(data: bytes) -> Iterator[Extract]:
    reader = pypdf.PdfReader(io.BytesIO(data))
    lines = [line.strip() for page in reader.pages[:MAX_PAGES] for line in [*page.extract_text().splitlines(), ""]]
    yield "\n".join(_unbroken(lines)), {}


def _unbroken(lines: list[str]) -> list[str]:
    """Lines that a PDF broke at its column's width, joined again: one that fills the column goes on in the next.

    One that ends a sentence before the column's end does not, and what is wider than the column is a running head.
    """
    widths = sorted(len(line) for line in lines if line)
    width = widths[len(widths) * 9 // 10] if widths else 0
    joined: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on and line:
            joined[-1] = f"{joined[-1]} {line}"
        elif line and line[0].islower() and (at := _unfinished(joined, width)) is not None:
            joined[at] = f"{joined[at]} {line}"
        else:
            joined.append(line)
        goes_on = bool(line) and (0.92 if _SENTENCE_END.search(line) else 0.8) * width < len(line) < 1.05 * width
    return joined


def _unfinished(joined: list[str], width: int) -> int | None:
    """The last of the paragraphs just above that broke off within a sentence: at the end of a page its foot and the next one's head come between."""
    for at in range(len(joined) - 1, max(-1, len(joined) - _PAGE_BORDER), -1):
        if len(joined[at]) > 0.8 * width and not _SENTENCE_END.search(joined[at]):
            return at
    return None


def _docx(data: bytes) -> Iterator[Extract]:
    document = docx.Document(io.BytesIO(data))
    yield "\n".join(paragraph.text for paragraph in document.paragraphs), {}


def _csv(data: bytes) -> Iterator[Extract]:
    text = data.decode("utf-8-sig", "replace")
    rows = csv.DictReader(
        io.StringIO(text, newline=""), dialect=csv.Sniffer().sniff(text[:4096], ",;\t") if "," not in text[:200] else csv.excel
    )
    for row in rows:
        named = {str(name).strip().lower(): value for name, value in row.items() if isinstance(value, str)}
        yield named.pop("body", "") or named.pop("text", "") or named.pop("content", ""), named


def _feed(data: bytes) -> Iterator[Extract]:
    """RSS and Atom: one article an item; the feed's title is the publisher."""
    root = ElementTree.fromstring(data)
    channel = root.find("channel")
    publisher = _inside(channel if channel is not None else root, "title")
    for item in root.iter():
        if _bare(item.tag) in ("item", "entry"):
            content = _inside(item, "encoded") or _inside(item, "content") or _inside(item, "description") or _inside(item, "summary")
            written = _inside(item, "published") or _mail_date(_inside(item, "pubDate"))
            link = next((node.get("href") or (node.text or "").strip() for node in item if _bare(node.tag) == "link"), None)
            author = _inside(item, "creator") or _inside(item, "author")
            yield _plain(content), {"title": _inside(item, "title"), "author": author, "publisher": publisher, "date": written, "url": link}


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
