"""Parse Word documents."""

import io
from collections.abc import Iterator

import docx
from docx.opc.exceptions import PackageNotFoundError

from corpus.reading.raw import ParsedText

WORD_ERRORS = (PackageNotFoundError,)


def parse_docx(data: bytes) -> Iterator[ParsedText]:
    """Yield the text of a document, a paragraph a line."""
    document = docx.Document(io.BytesIO(data))
    yield ParsedText("\n".join(paragraph.text for paragraph in document.paragraphs))
