"""Parse CSV tables, one article a row."""

import csv
import io
from collections.abc import Iterator

from corpus.reading.raw import ParsedText

_TEXT_COLUMNS = ("body", "text", "content")
_SAMPLE_CHARS = 4096  # a limit: what the dialect is guessed from


def parse_csv(data: bytes) -> Iterator[ParsedText]:
    """Yield one text a row, from the first non-empty column named "body", "text" or "content"."""
    text = data.decode("utf-8-sig", "replace")
    for row in csv.DictReader(io.StringIO(text, newline=""), dialect=_dialect(text)):
        fields = {str(name).strip().lower(): value for name, value in row.items() if isinstance(value, str)}
        column = next((name for name in _TEXT_COLUMNS if fields.get(name)), None)
        body = fields.pop(column) if column else ""
        yield ParsedText(body, fields)


def _dialect(text: str) -> type[csv.Dialect]:
    if "," in text[:200]:
        return csv.excel
    return csv.Sniffer().sniff(text[:_SAMPLE_CHARS], ",;\t")
