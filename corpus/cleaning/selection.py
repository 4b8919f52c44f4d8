"""Decide which lines of a text are the article's, and say why each of the others is left out.

A body is kept whole but for lines that match exactly. On a page the position decides: lines that are no
sentences belong to the page above the headline, beside the byline, behind the heading of a block (related
stories, comments), and below the text where a label or a date shows that a page goes on there.
"""

import re
from collections.abc import Iterator, Sequence

from corpus.cleaning.boilerplate import ends_article, is_caption, is_notice, is_section_name
from corpus.cleaning.lines import LONG_LINE_WORDS, Line
from corpus.cleaning.metadata import (
    Metadata,
    is_date_line,
    is_page_line,
    match_byline,
    states_known_field,
)

# Byline and date may follow a standfirst, which reads like the article's first paragraph. Measured in
# rag/evaluation/results/reading-seen.json and reading-kept.json.
BYLINE_LINES = 5
_LIST_ITEM = re.compile(r"(?:[•·▪‣–-]|\d{1,2}[.)]) ?\w.{2,}")

Reasons = list[str | None]


def body_reasons(lines: Sequence[Line], metadata: Metadata) -> Reasons:
    """Return why each line of a body is left out; None for those that stay.

    Left out are known lines of pages and, above the text, the headline and what only repeats the fields.
    """
    first, _ = text_bounds(lines)
    title = metadata.get("title")

    def reason(n: int, line: Line) -> str | None:
        if n <= first and line.text == title:
            return "headline"
        if n < first + BYLINE_LINES and not line.is_prose and states_known_field(line.text, metadata):
            return "byline or date"
        return "notice of the page" if is_notice(line.text) else None

    return [reason(n, line) for n, line in enumerate(lines)]


def page_reasons(lines: Sequence[Line], metadata: Metadata) -> Reasons:
    """Return why each line of a page is left out; None for those that stay."""
    first, last = text_bounds(lines)
    title = metadata.get("title")
    reasons = [_own_reason(line, title, n < first + BYLINE_LINES) for n, line in enumerate(lines)]
    headline = next((n for n in range(min(first, len(lines))) if reasons[n] == "headline"), -1)
    start, end = _text_start(lines, reasons, headline, first), _text_end(lines, reasons, last)
    regions = (
        ("above the headline", range(headline)),
        ("between headline and text", range(headline + 1, start)),
        ("below the text", range(end, len(lines))),
        *(("block beside the text", block) for block in _blocks(lines, start, end)),
    )
    for why, region in regions:
        if why == "above the headline" or any(reasons[n] or _is_page_line(lines[n]) for n in region):
            for n in region:
                reasons[n] = reasons[n] or (None if lines[n].is_prose else why)
    ended = next((n for n in range(end, len(lines)) if _ends_article(lines[n])), len(lines))
    for n in range(ended, len(lines)):
        if lines[n].words < LONG_LINE_WORDS:
            reasons[n] = reasons[n] or "after the article's end"
    return reasons


def text_bounds(lines: Sequence[Line]) -> tuple[int, int]:
    """Return the indices of the first and the last line that is surely the article's.

    These are long sentences, or any sentences if none is long; both are the number of lines if there is none.
    """
    prose = [n for n, line in enumerate(lines) if line.is_prose and not is_notice(line.text)]
    found = [n for n in prose if lines[n].is_long_prose] or prose or [len(lines)]
    return found[0], found[-1]


def _own_reason(line: Line, title: str | None, is_near_top: bool) -> str | None:
    """Return why a line is left out whatever is around it, or None."""
    if line.text == title:
        return "headline"
    if is_near_top and not line.is_prose and (match_byline(line.text) or is_date_line(line.text)):
        return "byline or date"
    if is_notice(line.text):
        return "notice of the page"
    return "caption" if not line.ends_sentence and is_caption(line.text) else None


def _text_start(lines: Sequence[Line], reasons: Reasons, headline: int, first: int) -> int:
    """Return the index at which the text begins: `first`, or two sentences in succession before it."""
    sentences = [n for n in range(headline + 1, first) if lines[n].is_prose and not reasons[n]]
    return next((n for n in sentences if n + 1 in sentences), first)


def _text_end(lines: Sequence[Line], reasons: Reasons, last: int) -> int:
    """Return the index behind the last line of the text.

    Behind `last` the text goes on with sentences, with a single line between two of them, and with the items
    of a list.
    """
    end = min(last + 1, len(lines))
    while end < len(lines):
        line = lines[end]
        following = lines[end + 1] if end + 1 < len(lines) else None
        if reasons[end] or _is_page_line(line):
            break
        if line.is_prose or _LIST_ITEM.fullmatch(line.text):
            end += 1
        elif following and following.is_prose and not reasons[end + 1]:
            end += 2
        else:
            break
    return end


def _blocks(lines: Sequence[Line], start: int, end: int) -> Iterator[range]:
    """Yield the blocks between `start` and `end`: a heading and the lines up to the next sentence."""
    begin: int | None = None
    for n in range(start, end):
        if lines[n].is_prose:
            if begin is not None and n - begin > 1:
                yield range(begin, n)
            begin = None
        elif begin is None and _ends_article(lines[n]):
            begin = n


def _ends_article(line: Line) -> bool:
    return not line.is_prose and ends_article(line.text)


def _is_page_line(line: Line) -> bool:
    """Return True if a line shows that a page is around it: a menu, a label, a name, a date."""
    return not line.is_prose and (
        line.is_menu or is_page_line(line.text) or is_section_name(line.text) or ends_article(line.text)
    )
