"""Where the words of a body stand in the raw text that it was read from. Knows characters and offsets, not news.

Nothing is stored: the map is found from the two texts, so it cannot go stale when the cleaning changes.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from corpus.characters import is_removed_character

_LINE_END = re.compile("[\n\r\x85\u2028\u2029]")
_TRIES = 100  # places of a paragraph's words that are looked at before the first of them is taken


@dataclass(frozen=True, slots=True)
class AlignedSpan:
    """Characters that stand in both texts: `body[start : start + length] == raw[raw_start : raw_start + length]`."""

    start: int
    raw_start: int
    length: int


def aligned_spans(raw: str, body: str) -> list[AlignedSpan]:
    """The spans of `body` in `raw`, ascending in both. What cleaning changed (a line break, a doubled space, a letter) breaks a span.

    >>> aligned_spans("Menu\\n\\nA ferry\\nsails.", "A ferry sails.")
    [Span(start=0, raw_start=6, length=7), Span(start=8, raw_start=14, length=6)]
    """
    found: list[AlignedSpan] = []
    for at, place in _places(raw, body):
        last = found[-1] if found else None
        if last and (at, place) == (last.start + last.length, last.raw_start + last.length):
            found[-1] = AlignedSpan(last.start, last.raw_start, last.length + 1)
        else:
            found.append(AlignedSpan(at, place, 1))
    return found


def raw_span(raw: str, body: str, start: int, end: int) -> tuple[int, int] | None:
    """Where `body[start:end]` begins and ends in `raw`; None where no character of it was found there.

    >>> raw_span("Menu\\n\\nA ferry\\nsails.", "A ferry sails.", 2, 13)
    (8, 19)
    """
    places = [place for at, place in _places(raw, body) if start <= at < end]
    return (places[0], places[-1] + 1) if places else None


def _places(raw: str, body: str) -> Iterator[tuple[int, int]]:
    """(offset in body, offset in raw) of every character of the body that stands unchanged in the raw text, ascending.

    The paragraphs are looked for one after the other without their white space, since that is what cleaning changes most.
    """
    squeezed, places = _squeezed(raw, 0, len(raw))
    position, begin = 0, 0
    for paragraph in body.split("\n"):
        letters, offsets = _squeezed(body, begin, begin + len(paragraph))
        at = _paragraph(raw, squeezed, places, letters, position) if letters else -1
        if at >= 0:
            yield from _verbatim(raw, body, offsets, places[at : at + len(letters)])
            position = at + len(letters)
        begin += len(paragraph) + 1


def _squeezed(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """The characters that cleaning leaves alone, decomposed, without white space; and the offset of each."""
    letters: list[str] = []
    offsets: list[int] = []
    for at in range(start, end):
        char = text[at]
        if char.isspace() or is_removed_character(char):
            continue
        for part in char if char.isascii() else unicodedata.normalize("NFD", char):
            letters.append(part)
            offsets.append(at)
    return "".join(letters), offsets


def _paragraph(raw: str, squeezed: str, places: list[int], letters: str, position: int) -> int:
    """Where a paragraph stands: the first place at whose end a line ends, since cleaning never cuts the end of a line off; else the first place."""
    first = at = squeezed.find(letters, position)
    for _ in range(_TRIES):
        end = at + len(letters)
        if at < 0 or end == len(places) or _LINE_END.search(raw, places[end - 1], places[end]):
            break
        at = squeezed.find(letters, at + 1)
    else:
        return first
    return at if at >= 0 else first


def _verbatim(raw: str, body: str, offsets: list[int], places: list[int]) -> Iterator[tuple[int, int]]:
    """Pairs of equal characters; the white space between two of them counts where it is the same in both texts."""
    before: tuple[int, int] | None = None
    for at, place in zip(offsets, places, strict=True):
        if before and before[0] == at:
            continue
        gap = body[before[0] + 1 : at] if before else ""
        if before and gap and raw[before[1] + 1 : place] == gap:
            yield from zip(range(before[0] + 1, at), range(before[1] + 1, place), strict=True)
        if raw[place] == body[at]:
            yield at, place
        before = (at, place)
