"""The parser of each complex format. Imported only in the child process of `corpus.reading.sandbox`.

A well-kept library parses each format; the modules beside this one decide which of its findings to trust. The
time at which a file was saved is never one of them.
"""

import csv
import zlib
from collections.abc import Callable, Iterator
from email.errors import MessageError
from zipfile import BadZipFile

from corpus.reading.csv import parse_csv
from corpus.reading.email import parse_email, parse_mhtml
from corpus.reading.feeds import parse_feed
from corpus.reading.html import HTML_ERRORS, parse_html
from corpus.reading.pdf import PDF_ERRORS, parse_pdf
from corpus.reading.raw import ParsedText
from corpus.reading.word import WORD_ERRORS, parse_docx

MAX_TEXT_CHARS = 2_000_000  # a limit
# What parsers are known to raise for files that are broken or hostile.
PARSER_ERRORS: tuple[type[Exception], ...] = (
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
    csv.Error,
    BadZipFile,
    zlib.error,
    MessageError,
    *HTML_ERRORS,
    *PDF_ERRORS,
    *WORD_ERRORS,
)
PARSERS: dict[str, Callable[[bytes], Iterator[ParsedText]]] = {
    **dict.fromkeys((".html", ".htm"), parse_html),
    **dict.fromkeys((".mhtml", ".mht"), parse_mhtml),
    **dict.fromkeys((".xml", ".rss", ".atom"), parse_feed),
    ".eml": parse_email,
    ".pdf": parse_pdf,
    ".docx": parse_docx,
    ".csv": parse_csv,
}


class EmptyFile(ValueError):
    """A file of a known format that holds no text."""


def extract(suffix: str, data: bytes) -> list[ParsedText]:
    """Return the texts of a file with the given suffix, cut at `MAX_TEXT_CHARS`, and their non-empty fields.

    Raises:
        EmptyFile: the file holds no text.
        PARSER_ERRORS: the file is not what its suffix says.
    """
    texts = [
        ParsedText(item.text[:MAX_TEXT_CHARS], {name: value for name, value in item.fields.items() if value})
        for item in PARSERS[suffix](data)
        if item.text.strip()
    ]
    if not texts:
        raise EmptyFile("no text in it")
    return texts
