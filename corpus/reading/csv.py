"""Parse CSV tables, one article a row."""

import csv
import io
from collections.abc import Iterator

from corpus.reading.decoding import decode_text
from corpus.reading.raw import ParsedText

_TEXT_COLUMNS = ("body", "text", "content")
_DELIMITERS = ",;\t"


def parse_csv(data: bytes) -> Iterator[ParsedText]:
    """Yield one text a row, from the first non-empty column named "body", "text" or "content"."""
    for fields in read_rows(data):
        column = next((name for name in _TEXT_COLUMNS if fields.get(name)), None)
        body = fields.pop(column) if column else ""
        yield ParsedText(body, fields)


def read_rows(data: bytes) -> Iterator[dict[str, str]]:
    """Yield each row of a table as a dict from the names in its header, in lower case, to its cells.

    Raises:
        BinaryData: the data is not text.
        csv.Error: it is no table.
    """
    text = decode_text(data).lstrip("\r\n")
    # The default limit of 131,072 characters a cell would refuse the whole table for one long article.
    csv.field_size_limit(len(text))
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
        yield {str(name).strip().lower(): value for name, value in row.items() if isinstance(value, str)}


def _delimiter(text: str) -> str:
    """Return the delimiter of a table, which is the most frequent one in its first line.

    >>> _delimiter("title;body;source\\nFerry, at last, sails;The ferry sailed.;Harbour News")
    ';'
    """
    header = next(io.StringIO(text, newline=""), "")
    return max(_DELIMITERS, key=header.count)
