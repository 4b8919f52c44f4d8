"""Split page text into lines, and join those that were broken at a column."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from corpus.characters import normalise_text
from corpus.scripts import count_words, ends_sentence

# The lengths are measured in rag/evaluation/results/reading-seen.json and reading-kept.json.
LONG_LINE_WORDS = 20  # from this length on a line that reads like a sentence is surely the article's
# Lines that were broken at a column fill the first and do not exceed the second.
_MIN_WRAPPED_CHARS, _MAX_WRAPPED_CHARS = 45, 100
_MIN_WRAPPED_LINES = 4
_WIDE_GAP = re.compile(r"\S(?: {2,}|\t)(?=\S)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: the offset at which it begins, its number from 1 on, and whether it is a menu."""

    start: int
    text: str
    number: int = 1
    is_menu: bool = False

    @property
    def words(self) -> int:
        """The number of words."""
        return count_words(self.text)

    @property
    def ends_sentence(self) -> bool:
        """True if the line ends like a sentence."""
        return ends_sentence(self.text)

    @property
    def is_prose(self) -> bool:
        """True if the line reads like a sentence; one of two or three words must end with a full stop."""
        return self.words > (3 if self.text.endswith((":", ";", "…")) else 1) and self.ends_sentence

    @property
    def is_long_prose(self) -> bool:
        """True if the line reads like a sentence that only an article has."""
        return self.is_prose and self.words >= LONG_LINE_WORDS


def page_lines(raw_text: str, text: str) -> list[Line]:
    """Return the non-empty lines of the normalised `text`.

    The words of a menu are set apart by wide gaps, which only `raw_text` shows. Prose is never a menu: some
    people put two spaces after a full stop.
    """
    menus = {
        normalise_text(line).strip() for line in raw_text.splitlines() if len(_WIDE_GAP.findall(line)) > 1
    }
    return [replace(line, is_menu=not line.is_prose and line.text in menus) for line in _split_lines(text)]


def _split_lines(text: str) -> list[Line]:
    """Split text into lines; where it was broken at a column, join the lines of each paragraph."""
    parts = text.split("\n")
    width = _wrapped_width(parts)
    lines: list[Line] = []
    position, continues = 0, False
    for number, (part, following) in enumerate(pairwise([*parts, ""]), 1):
        line = part.strip()
        if line and continues:
            lines[-1] = replace(lines[-1], text=f"{lines[-1].text} {line}")
        elif line:
            lines.append(Line(position + part.index(line), line, number))
        continues = bool(width and line) and _continues(line, following.strip(), width)
        position += len(part) + 1
    return lines


def _wrapped_width(parts: list[str]) -> int:
    """Return the length of the longest line if the text was broken at a column, else 0."""
    lengths = [len(part) for part in parts if part.strip()]
    wrapped = sum(length >= _MIN_WRAPPED_CHARS for length in lengths)
    longest = max(lengths, default=0)
    return longest if wrapped >= _MIN_WRAPPED_LINES and longest <= _MAX_WRAPPED_CHARS else 0


def _continues(line: str, following: str, width: int) -> bool:
    """Return True if a line was broken by hand at `width`.

    It fills the column, and no sentence ends in it unless the next word did not fit.
    """
    if not Line(0, line).ends_sentence:
        return len(line) >= _MIN_WRAPPED_CHARS or following[:1].islower()
    next_word = following.partition(" ")[0]
    return len(line) >= _MIN_WRAPPED_CHARS and len(line) + 1 + len(next_word) > width
