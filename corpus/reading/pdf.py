"""Parse PDF files: paragraphs and the headline.

pypdf extracts the letters; this module joins lines into paragraphs, drops running heads, and finds the line
that is set in the largest letters.
"""

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pypdf
from pypdf.errors import PyPdfError

from corpus.publishers import is_publisher_name
from corpus.reading.raw import ParsedText

PDF_ERRORS = (PyPdfError,)
MAX_PAGES = 500  # a limit
# What follows is measured in rag/evaluation/results/reading-seen.json and reading-kept.json.
_PAGE_BREAK_LINES = 12  # of footer, header and white space between two pages
_BORDER_LINES = 2  # at the top and at the bottom of a page, where running heads are
_HEADLINE_SIZE = 1.2  # from this multiple of the text's size on letters are a headline's
_MIN_HEADLINE_WORDS, _MAX_HEADLINE_WORDS = 4, 40
_MAX_HEADLINE_LINES = 5
# Shares of the column's width: a line that is longer than the first, or than the second where it ends a
# sentence, continues in the next unless it is as long as the third; one as long as the last broke off at the
# end of a page.
_FULL, _FULL_AFTER_SENTENCE, _OVERFULL, _BROKEN_OFF = 0.6, 0.92, 1.05, 0.8
_SENTENCE_END = re.compile(r"[.!?:][\"”’')\]]*$")
_SEPARATE_LINE = re.compile(r"(?:By|Photo|Image|Source|Credit|Page)\b")
_DIGITS = re.compile(r"\d+")
# What browsers print above a page: the day and hour of printing, and the page's title.
_PRINT_HEADER = re.compile(r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}, \d{1,2}:\d{2}(?: ?[AP]M)?(?: .*)?")


@dataclass(frozen=True, slots=True)
class _Run:
    """Text that is set in letters of one size."""

    size: float
    text: str


def parse_pdf(data: bytes) -> Iterator[ParsedText]:
    """Yield the text, a paragraph a line.

    The field "title" is what the first page sets in the largest letters, if they are larger than the text's.
    """
    pages: list[list[str]] = []
    runs: list[list[_Run]] = []
    for page in pypdf.PdfReader(io.BytesIO(data)).pages[:MAX_PAGES]:
        lines, page_runs = _extract_page(page)
        pages.append(lines)
        runs.append(page_runs)
    text_size = _text_size(run for page_runs in runs for run in page_runs)
    headline = _headline(runs[0], text_size) if runs else None
    separate = {run.text for page_runs in runs for run in page_runs if run.size != text_size} | {headline}
    lines = [line for page_lines in _without_running_heads(pages) for line in [*page_lines, ""]]
    paragraphs = _join_paragraphs(_join_headline(lines, headline), separate)
    yield ParsedText("\n".join(paragraphs), {"title": headline})


def _extract_page(page: pypdf.PageObject) -> tuple[list[str], list[_Run]]:
    """Return the lines of a page, and its text in runs with the size of their letters."""
    runs: list[_Run] = []

    def visit(
        text: str, matrix: list[float], text_matrix: list[float], font: object, font_size: float
    ) -> None:
        if text.strip():
            size = font_size * abs(text_matrix[3] or text_matrix[1]) * abs(matrix[3] or matrix[1])
            runs.append(_Run(round(size, 1), " ".join(text.split())))

    lines = page.extract_text(visitor_text=visit).splitlines()
    return [" ".join(line.split()) for line in lines], runs


def _text_size(runs: Iterable[_Run]) -> float:
    """Return the size of most letters; 0 if there are none."""
    letters: Counter[float] = Counter()
    for run in runs:
        letters[run.size] += len(run.text)
    return letters.most_common(1)[0][0] if letters else 0.0


def _headline(runs: list[_Run], text_size: float) -> str | None:
    """Return what is set in the largest letters, if it is larger than the text and no newspaper's name."""
    joined: list[_Run] = []
    for run in runs:
        if joined and joined[-1].size == run.size:
            joined[-1] = _Run(run.size, f"{joined[-1].text} {run.text}")
        else:
            joined.append(run)
    candidates = [
        run
        for run in joined
        if run.size >= _HEADLINE_SIZE * text_size
        and _MIN_HEADLINE_WORDS <= len(run.text.split()) <= _MAX_HEADLINE_WORDS
        and not is_publisher_name(run.text)
    ]
    return max(candidates, key=lambda run: run.size).text if candidates else None


def _without_running_heads(pages: list[list[str]]) -> Iterator[list[str]]:
    """Yield the pages without running heads: lines at their borders that recur or that a browser printed.

    Lines recur if they differ only in their digits. A line that ends a sentence is the text's own, which may
    repeat itself; `corpus.cleaning.boilerplate` drops copyright lines.
    """
    page_counts = Counter(pattern for page in pages for pattern in _border_patterns(page))
    for page in pages:
        yield [
            line
            for n, line in enumerate(page)
            if not _is_at_border(n, page)
            or not (page_counts[_DIGITS.sub("#", line)] > 1 or _PRINT_HEADER.fullmatch(line))
        ]


def _border_patterns(page: list[str]) -> set[str]:
    """Return the lines at the borders of a page that may be running heads, with "#" for numbers."""
    return {
        _DIGITS.sub("#", line)
        for line in (*page[:_BORDER_LINES], *page[-_BORDER_LINES:])
        if len(line) > 1 and not _SENTENCE_END.search(line)
    }


def _is_at_border(number: int, page: list[str]) -> bool:
    return number < _BORDER_LINES or number >= len(page) - _BORDER_LINES


def _join_headline(lines: list[str], headline: str | None) -> list[str]:
    """Return the lines with a headline that was broken into several joined again."""
    joined: list[str] = []
    while lines:
        count = _headline_lines(lines, headline) if headline else 0
        joined.append(headline if headline and count else lines[0])
        lines = lines[count or 1 :]
    return joined


def _headline_lines(lines: list[str], headline: str) -> int:
    """Return how many of the first lines make up the headline; 0 if they do not."""
    for count in range(1, _MAX_HEADLINE_LINES + 1):
        if " ".join(" ".join(lines[:count]).split()) == headline:
            return count
    return 0


def _join_paragraphs(lines: list[str], separate: set[str | None]) -> list[str]:
    """Join lines that were broken at the column's width: a line that fills the column continues in the next.

    A line that ends a sentence before the column's end does not continue. Lines wider than the column and
    those in `separate`, which are set in another size, stay on their own.
    """
    lengths = sorted(len(line) for line in lines if line)
    width = lengths[len(lengths) * 9 // 10] if lengths else 0
    joined: list[str] = []
    continues = False
    for line in lines:
        in_text = bool(line) and line not in separate
        if continues and in_text and not _SEPARATE_LINE.match(line):
            joined[-1] = f"{joined[-1]} {line}"
        elif in_text and line[0].islower() and (at := _unfinished_paragraph(joined, width)) is not None:
            joined[at] = f"{joined[at]} {line}"
        else:
            joined.append(line)
        full = _FULL_AFTER_SENTENCE if _SENTENCE_END.search(line) else _FULL
        continues = in_text and full * width < len(line) < _OVERFULL * width
    return joined


def _unfinished_paragraph(paragraphs: list[str], width: int) -> int | None:
    """Return the index of the last paragraph just above that broke off within a sentence.

    At the end of a page its footer and the next page's header come between.
    """
    for at in range(len(paragraphs) - 1, max(-1, len(paragraphs) - _PAGE_BREAK_LINES), -1):
        if len(paragraphs[at]) > _BROKEN_OFF * width and not _SENTENCE_END.search(paragraphs[at]):
            return at
    return None
