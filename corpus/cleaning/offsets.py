"""Map offsets in an article's body to offsets in the raw text that it was read from.

The map is computed from the two texts, not stored, so it cannot become stale when the cleaning changes.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from corpus.characters import is_removed_character

_LINE_END = re.compile("[\n\r\x85\u2028\u2029]")
_MAX_TRIES = 100  # a limit: occurrences of a paragraph that are examined before the first of them is taken


@dataclass(frozen=True, slots=True)
class AlignedSpan:
    """A span that both texts have: `body[start : start + length] == raw[raw_start : raw_start + length]`."""

    start: int
    raw_start: int
    length: int


@dataclass(frozen=True, slots=True)
class _Letters:
    """The characters of a text that cleaning leaves alone, decomposed, each with its offset."""

    text: str
    offsets: list[int]


def aligned_spans(raw: str, body: str) -> list[AlignedSpan]:
    """Return the spans of `body` in `raw`, in ascending order of both offsets.

    What cleaning changed (a line break, a doubled space, a letter) separates two spans.

    >>> aligned_spans("Menu\\n\\nA ferry\\nsails.", "A ferry sails.")
    [AlignedSpan(start=0, raw_start=6, length=7), AlignedSpan(start=8, raw_start=14, length=6)]
    """
    spans: list[AlignedSpan] = []
    for at, raw_at in _aligned_offsets(raw, body):
        last = spans[-1] if spans else None
        if last and (at, raw_at) == (last.start + last.length, last.raw_start + last.length):
            spans[-1] = AlignedSpan(last.start, last.raw_start, last.length + 1)
        else:
            spans.append(AlignedSpan(at, raw_at, 1))
    return spans


def raw_span(raw: str, body: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where `body[start:end]` begins and ends in `raw`; None if no character of it is there.

    >>> raw_span("Menu\\n\\nA ferry\\nsails.", "A ferry sails.", 2, 13)
    (8, 19)
    """
    raw_offsets = [raw_at for at, raw_at in _aligned_offsets(raw, body) if start <= at < end]
    return (raw_offsets[0], raw_offsets[-1] + 1) if raw_offsets else None


def _aligned_offsets(raw: str, body: str) -> Iterator[tuple[int, int]]:
    """Yield (offset in body, offset in raw) of each character that both have unchanged, in ascending order.

    The paragraphs are searched for in turn and without white space, which cleaning changes most.
    """
    raw_letters = _letters(raw, 0, len(raw))
    position, start = 0, 0
    for paragraph in body.split("\n"):
        letters = _letters(body, start, start + len(paragraph))
        at = _find_paragraph(raw, raw_letters, letters.text, position) if letters.text else -1
        if at >= 0:
            end = at + len(letters.text)
            yield from _unchanged(raw, body, letters.offsets, raw_letters.offsets[at:end])
            position = end
        start += len(paragraph) + 1


def _letters(text: str, start: int, end: int) -> _Letters:
    letters: list[str] = []
    offsets: list[int] = []
    for at in range(start, end):
        char = text[at]
        if char.isspace() or is_removed_character(char):
            continue
        for part in char if char.isascii() else unicodedata.normalize("NFD", char):
            letters.append(part)
            offsets.append(at)
    return _Letters("".join(letters), offsets)


def _find_paragraph(raw: str, raw_letters: _Letters, paragraph: str, position: int) -> int:
    """Return the index in `raw_letters` at which a paragraph begins, from `position` on; -1 if nowhere.

    Cleaning never cuts off the end of a line, so the first occurrence that a line end follows is taken, else
    the first of all.
    """
    first = at = raw_letters.text.find(paragraph, position)
    for _ in range(_MAX_TRIES):
        end = at + len(paragraph)
        if at < 0 or end == len(raw_letters.offsets):
            break
        if _LINE_END.search(raw, raw_letters.offsets[end - 1], raw_letters.offsets[end]):
            break
        at = raw_letters.text.find(paragraph, at + 1)
    else:
        return first
    return at if at >= 0 else first


def _unchanged(raw: str, body: str, offsets: list[int], raw_offsets: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the offsets of equal characters, and of equal white space between two of them."""
    previous: tuple[int, int] | None = None
    for at, raw_at in zip(offsets, raw_offsets, strict=True):
        if previous and previous[0] == at:
            continue
        gap = body[previous[0] + 1 : at] if previous else ""
        if previous and gap and raw[previous[1] + 1 : raw_at] == gap:
            yield from zip(range(previous[0] + 1, at), range(previous[1] + 1, raw_at), strict=True)
        if raw[raw_at] == body[at]:
            yield at, raw_at
        previous = (at, raw_at)
