"""A PDF -> its text and its headline. Runs only in the child of `corpus.reading.sandbox`, called by `corpus.reading.formats`.

pypdf reads the letters; here stands how lines become paragraphs again, what recurs on each page, and which line is set largest.
"""

import io
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pypdf

from corpus.cleaning.boilerplate import is_newsroom

MAX_PAGES = 500
_PAGE_BORDER = 12  # lines of foot, head and white space between two pages
_BORDER_LINES = 2  # at the top and at the bottom of a page, where running heads stand
_LARGER = 1.2  # times the size of the text's letters, from which on letters are a headline's
_HEADLINE_WORDS = (4, 40)
_SENTENCE_END = re.compile(r"[.!?:][\"”’')\]]*$")
_APART = re.compile(r"(?:By|Photo|Image|Source|Credit|Page)\b")
_DIGITS = re.compile(r"\d+")
# What browsers print above a page: the day and hour of printing, and the page's title.
_PRINTED = re.compile(r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}, \d{1,2}:\d{2}(?: ?[AP]M)?(?: .*)?")


def parse_pdf(data: bytes) -> tuple[str, dict[str, Any]]:
    """The text of a PDF, a paragraph a line, and under "title" what is set in the largest letters of its first page, if it is larger than the text."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    sizes: list[list[tuple[float, str]]] = []

    def visit(text: str, matrix: list[float], at: list[float], font: object, size: float) -> None:
        if text.strip():
            sizes[-1].append(
                (round(size * abs(at[3] or at[1]) * abs(matrix[3] or matrix[1]), 1), " ".join(text.split()))
            )

    pages: list[list[str]] = []
    for page in reader.pages[:MAX_PAGES]:
        sizes.append([])
        pages.append([" ".join(line.split()) for line in page.extract_text(visitor_text=visit).splitlines()])
    usual = _usual(piece for found in sizes for piece in found)
    headline = _headline(sizes[0], usual) if sizes else None
    apart = {text for found in sizes for size, text in found if size != usual} | {headline}
    lines = _on_one_line([line for page in _without_running_heads(pages) for line in [*page, ""]], headline)
    return "\n".join(_unbroken(lines, apart)), {"title": headline}


def _usual(pieces: Iterable[tuple[float, str]]) -> float:
    """The size of most letters."""
    letters: Counter[float] = Counter()
    for size, text in pieces:
        letters[size] += len(text)
    return letters.most_common(1)[0][0] if letters else 0.0


def _headline(pieces: list[tuple[float, str]], usual: float) -> str | None:
    """What is set in the largest letters, if they are larger than the text's; a newspaper's name in larger letters still is none."""
    runs: list[tuple[float, str]] = []
    for size, text in pieces:
        if runs and runs[-1][0] == size:
            runs[-1] = (size, f"{runs[-1][1]} {text}")
        else:
            runs.append((size, text))
    fitting = [
        (size, text)
        for size, text in runs
        if size >= _LARGER * usual
        and _HEADLINE_WORDS[0] <= len(text.split()) <= _HEADLINE_WORDS[1]
        and not is_newsroom(text)
    ]
    return max(fitting, key=lambda run: run[0])[1] if fitting else None


def _without_running_heads(pages: list[list[str]]) -> Iterable[list[str]]:
    """Pages without the lines at their borders that recur on another page (but for their figures), or that a browser printed there.

    A line that ends a sentence is the text's own, which may repeat itself; `corpus.cleaning.boilerplate` knows lines on copyright.
    """
    borders = Counter(
        form
        for page in pages
        for form in {
            _DIGITS.sub("#", line)
            for line in (*page[:_BORDER_LINES], *page[-_BORDER_LINES:])
            if len(line) > 1 and not _SENTENCE_END.search(line)
        }
    )
    for page in pages:
        kept = []
        for n, line in enumerate(page):
            border = n < _BORDER_LINES or n >= len(page) - _BORDER_LINES
            if not (border and (borders[_DIGITS.sub("#", line)] > 1 or _PRINTED.fullmatch(line))):
                kept.append(line)
        yield kept


def _on_one_line(lines: list[str], headline: str | None) -> list[str]:
    """Lines in which a headline that was broken into several is one again."""
    joined: list[str] = []
    while lines:
        for count in range(1, 6):
            if headline and " ".join(" ".join(lines[:count]).split()) == headline:
                joined.append(headline)
                lines = lines[count:]
                break
        else:
            joined.append(lines[0])
            lines = lines[1:]
    return joined


def _unbroken(lines: list[str], apart: set[str | None]) -> list[str]:
    """Lines that a PDF broke at its column's width, joined again: one that fills the column goes on in the next.

    One that ends a sentence before the column's end does not; what is wider than the column, or set in another size, stands alone.
    """
    widths = sorted(len(line) for line in lines if line)
    width = widths[len(widths) * 9 // 10] if widths else 0
    joined: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on and line and line not in apart and not _APART.match(line):
            joined[-1] = f"{joined[-1]} {line}"
        elif (
            line
            and line not in apart
            and line[0].islower()
            and (at := _unfinished(joined, width)) is not None
        ):
            joined[at] = f"{joined[at]} {line}"
        else:
            joined.append(line)
        full = 0.92 if _SENTENCE_END.search(line) else 0.6
        goes_on = bool(line) and line not in apart and full * width < len(line) < 1.05 * width
    return joined


def _unfinished(joined: list[str], width: int) -> int | None:
    """The last of the paragraphs just above that broke off within a sentence: at the end of a page its foot and the next one's head come between."""
    for at in range(len(joined) - 1, max(-1, len(joined) - _PAGE_BORDER), -1):
        if len(joined[at]) > 0.8 * width and not _SENTENCE_END.search(joined[at]):
            return at
    return None
