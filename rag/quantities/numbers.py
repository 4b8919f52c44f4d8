"""Figures in news text as values, with what they are measured in and how they are bounded. Knows numbers and units, nothing of what they are of.

A figure that is bounded ("more than 300", "up to 300", "about 300", "between 200 and 300") is another claim than the bare one.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

_UNITS = {
    name: n
    for n, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    name: 10 * n for n, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "dozen": 12,
    "bn": 10**9,
    "m": 10**6,
    "mn": 10**6,
    "k": 10**3,
}
_TIMES = {"twofold": 2, "threefold": 3, "fourfold": 4, "fivefold": 5, "eightfold": 8, "tenfold": 10}
_ORDINALS = {
    name: n for n, name in enumerate("second third fourth fifth sixth seventh eighth ninth tenth".split(), 2)
}
_CURRENCIES = {
    "$": "dollar",
    "£": "pound",
    "€": "euro",
    "¥": "yen",
    "eur": "euro",
    "usd": "dollar",
    "gbp": "pound",
    "chf": "franc",
}
_MEASURES = {
    "%": "percent", "percent": "percent", "per cent": "percent", "pct": "percent", "percentage point": "point", "percentage points": "point",
    **{name + end: name for name in "dollar euro pound yen yuan crown franc rupee rouble ruble peso rand krona zloty lira".split() for end in ("", "s")},
}  # fmt: skip
_NUMBER_WORD = "|".join([*_UNITS, *_TENS, "hundred", "thousand", "million", "billion", "trillion", "dozen"])
_SCALE_WORD = "hundred|thousand|million|billion|trillion|dozen"
# "two thousand and five" is one number, "two nine-player teams" and "seven and eight" are two.
_SPELLED = (
    rf"(?:{_NUMBER_WORD})(?:(?:[ -](?={_SCALE_WORD})|(?<=ty)[ -]|(?:(?<=hundred)|(?<=thousand)|(?<=million)|(?<=billion))(?:[ -]|\s+and\s+))"
    rf"(?:{_NUMBER_WORD}))*\b"
)
_DIGIT = "|".join(list(_UNITS)[:10])
POINT = rf" point (?:{_DIGIT})(?:[ -](?:{_DIGIT}))*(?:[ -](?:{_SCALE_WORD}))?\b"  # behind a number in words: "forty-two point six billion"
_FIGURE = re.compile(
    r"(?P<before>(?:US|A|C|AU|NZ|HK)?[$£€¥]\s?|\b(?:EUR|USD|GBP|CHF) ?)?"
    r"(?:(?<![\w.])(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?P<part>\.\d+)?(?P<nth>st|nd|rd|th)?"
    r"(?:(?P<scale>[ -]?(?:hundred|thousand|million|billion|trillion|dozen|bn|mn)|m|k)\b)?"
    rf"|\b(?P<spelled>{_SPELLED}(?:{POINT})?)|\b(?P<times>{'|'.join(_TIMES)})\b|\b(?P<ordinal>{'|'.join(_ORDINALS)})\b)"
    rf"(?P<after>\s?%|[ -](?:{'|'.join(sorted((re.escape(word) for word in _MEASURES if word != '%'), key=len, reverse=True))})\b)?",
    re.IGNORECASE,
)
_BOUNDS = {
    "more": "more than|over|at least|no fewer than|no less than|not less than|exceeding|exceeds|exceeded|above|upwards? of|in excess of"
    "|beyond|a minimum of|larger than|greater than|higher than|longer than|topped|surpassed|surpassing",
    "less": "as many as|less than|fewer than|under|below|up to|at most|no more than|not more than|a maximum of|smaller than|lower than|just short of",
    "about": "about|around|roughly|approximately|some|nearly|almost|close to|an estimated|estimated|circa|or so|more or less|approaching",
}
_BOUND = re.compile(
    "|".join(rf"(?P<{kind}>\b(?:{words})\s+(?:the\s+|an?\s+)?$)" for kind, words in _BOUNDS.items()),
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    r"(?P<more>\s?\+|[ -]plus\b|\s+or (?:more|above|over)\b)|(?P<less>\s+or (?:less|fewer|under)\b)|(?P<about>\s+or so\b|-ish\b)"
)
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\b[^,;]*$", re.IGNORECASE)
_JOINED = re.compile(r"\s?[-–—]\s?|\s+(?:to|and)\s+", re.IGNORECASE)
_WINDOW = 30  # characters before a figure in which its bound stands


@dataclass(frozen=True, slots=True)
class Number:
    """Characters `start` to `end` of a text give `value`, measured in `unit` ("dollar", "percent", "" where none is written).

    `bound` is "more", "less", "about", "range" or "" for a bare figure.
    """

    value: Decimal
    unit: str
    bound: str
    start: int
    end: int


def parse_numbers(text: str) -> list[Number]:
    """The figures of a text in order; "one" and "zero" as words say too little to be figures.

    >>> [(int(figure.value), figure.unit, figure.bound) for figure in parse_numbers("More than $4.5bn for four thousand people, 5-7 %")]
    [(4500000000, 'dollar', 'more'), (4000, '', ''), (5, 'percent', 'range'), (7, 'percent', 'range')]
    """
    found = [
        _figure(match, text)
        for match in _FIGURE.finditer(text)
        if (match["spelled"] or "").lower() not in ("one", "zero")
    ]
    for n in range(len(found) - 1):
        first, second = found[n], found[n + 1]
        if _JOINED.fullmatch(text[first.end : second.start]) and _joined(text, first, second):
            found[n] = replace(first, unit=first.unit or second.unit, bound=f"{first.bound} range".strip())
            found[n + 1] = replace(
                second, unit=second.unit or first.unit, bound=f"{first.bound} range".strip()
            )
    return found


def _joined(text: str, first: Number, second: Number) -> bool:
    """True for "5-7", "5 to 7" and "between 5 and 7"; "5 and 7" are two figures, and "from 5 to 7" is a change."""
    joint = text[first.end : second.start].strip().lower()
    before = text[max(0, first.start - _WINDOW) : first.start]
    if joint == "and":
        return bool(_BETWEEN.search(before))
    return joint != "to" or not _FROM.search(before)


def _figure(match: re.Match[str], text: str) -> Number:
    symbol, word = (match["before"] or "").strip().lower()[-3:], (match["after"] or "").strip(" -").lower()
    unit = _MEASURES.get(word, "") or _CURRENCIES.get(symbol, "") or _CURRENCIES.get(symbol[-1:], "")
    if match["ordinal"] or match["nth"]:
        unit = "th"
    around = _BOUND.search(text[max(0, match.start() - _WINDOW) : match.start()]) or _BOUND_AFTER.match(
        text, match.end()
    )
    bound = (around.lastgroup or "") if around else ""
    return Number(_value(match), unit, bound, match.start(), match.end())


def _value(match: re.Match[str]) -> Decimal:
    if match["whole"]:
        scale = _SCALES.get((match["scale"] or "").lower().strip(" -"), 1)
        return (Decimal(match["whole"].replace(",", "") + (match["part"] or "")) * scale).normalize() + 0
    if match["spelled"]:
        whole, _, part = match["spelled"].lower().partition(" point ")
        digits = [str(_UNITS[word]) for word in re.split(r"[\s-]+", part) if word in _UNITS]
        scale = next((_SCALES[word] for word in re.split(r"[\s-]+", part) if word in _SCALES), 1)
        return (Decimal(f"{_spelled(whole)}.{''.join(digits) or 0}") * scale).normalize() + 0
    return Decimal(_TIMES.get((match["times"] or "").lower(), 0) or _ORDINALS[match["ordinal"].lower()])


def _spelled(words: str) -> int:
    total, current = 0, 0
    for word in re.split(r"[\s-]+", words.lower()):
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if current >= 1000:
                total, current = total + current, 0
        elif word != "and":
            current += _UNITS.get(word, 0) + _TENS.get(word, 0)
    return total + current
