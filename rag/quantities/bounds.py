"""Find the words that bound a number: "more than 300", "300 or so"."""

import re
from typing import Literal, cast

from rag.quantities.units import unit_at

Bound = Literal["", "about", "more than", "up to", "fewer than"]

_WORDS: tuple[tuple[Bound, str], ...] = (
    (
        "up to",
        "up to|as (?:many|much|large|high) as|at most|no more than|not more than|a maximum of|a ceiling of|"
        "capped at",
    ),
    (
        "fewer than",
        "(?:(?:just |well |slightly )?(?:under|below)|fewer than|less than|smaller than|lower than|"
        "just short of|not (?:quite|even)|shy of)",
    ),
    (
        "more than",
        "(?:slightly |far |significantly )?more than|(?:just |well )?(?:over|above)|at least|"
        "no (?:fewer|less) than|not less than|exceed(?:s|ed|ing)?|pass(?:ed|ing)|topped|surpass(?:ed|ing)|"
        "upwards? of|in excess of|beyond|a minimum of|(?:larger|greater|higher|longer) than",
    ),
    (
        "about",
        "about|around|some|approximately|roughly|nearly|almost|close to|an estimated|estimated|circa|"
        "more or less|approaching|virtually|practically|barely|hardly|scarcely|in the region of",
    ),
)
_BEFORE = re.compile(
    "|".join(
        rf"(?P<{bound.replace(' ', '_')}>\b(?:{words})\s+(?:the\s+|an?\s+)?$)" for bound, words in _WORDS
    ),
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?P<more_than>\+(?!\s?\d)|-plus\b|\s+or (?:more|above|over)\b)|(?P<up_to>\s+or (?:less|fewer|under)\b)"
    r"|(?P<about>\s+or so\b|-ish\b)"
)
_OVER = re.compile(r"over\s+(?:the\s+|an?\s+)?", re.IGNORECASE)
# "It took over two years" is a bound, "it grew over two years" a duration.
_EXTENT = re.compile(
    r"\b(?:span|last|took|take|taking|spen[dt]|wait|is|are|was|were|been|"
    r"for|in|after|of|by|at|with|within|than)(?:s|ed|ing)?\s+$",
    re.IGNORECASE,
)
_VERB = re.compile(r"exceed|pass|topped|surpass|estimated", re.IGNORECASE)
# Characters before a number that can hold the words of its bound.
BOUND_CHARS = 30  # measured in rag/evaluation/results/corruption.json


def find_bound(text: str, start: int, end: int, unit: str) -> tuple[Bound, int, int]:
    """Return the bound of a number, and where the phrase with the words of the bound starts and ends.

    A verb ("exceeds 300") is not part of the phrase. "It grew over two years" is a duration, "it took over
    two years" a bound.
    """
    window = max(0, start - BOUND_CHARS)
    if before := _BEFORE.search(text[window:start]):
        is_duration = (
            _OVER.fullmatch(before[0])
            and not unit
            and unit_at(text, end)[0] == "time"
            and not _EXTENT.search(text[window : window + before.start()])
        )
        if not is_duration:
            verb = _VERB.match(before[0])
            return _kind(before), start if verb else window + before.start(), end
    if after := _AFTER.match(text, end):
        return _kind(after), start, after.end()
    return "", start, end


def _kind(match: re.Match[str]) -> Bound:
    return cast(Bound, (match.lastgroup or "").replace("_", " "))
