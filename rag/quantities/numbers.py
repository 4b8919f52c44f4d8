"""Parse the numbers of a text: value, sign, scale, unit of money or share, bound and range.

This is the only number parser: quantities, claims, evidence and charts are built on `parse_numbers`.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import takewhile
from math import prod
from typing import Literal

from rag.quantities.bounds import BOUND_CHARS, Bound, find_bound
from rag.quantities.units import CURRENCY_SYMBOLS, WRITTEN_UNITS, unit_at

RangePart = Literal["", "low", "high"]

_SMALL = {
    name: value
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    name: 10 * value
    for value, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_SCALES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "bn": 10**9,
    "mn": 10**6,
    "m": 10**6,
    "k": 10**3,
}
_FRACTIONS = {
    name: Decimal(value) / 4
    for value, names in enumerate(("quarter ¼", "half ½", "three_quarters ¾"), 1)
    for name in names.split()
}
_MULTIPLES = {"twofold": 2, "threefold": 3, "fourfold": 4, "fivefold": 5, "eightfold": 8, "tenfold": 10}
_ORDINALS = {
    name: value
    for value, name in enumerate("second third fourth fifth sixth seventh eighth ninth tenth".split(), 2)
}
_SCALE_WORD = "hundred|thousand|million|billion|trillion|dozen"
_NUMBER_WORD = "|".join([*_SMALL, *_TENS, _SCALE_WORD])
# "two thousand and five" is one number; "two nine-player teams" and "seven and eight" are two.
_INTEGER_WORDS = (
    rf"(?:{_NUMBER_WORD})(?:(?:[ -](?={_SCALE_WORD})|(?<=ty)[ -]"
    rf"|(?:(?<=hundred)|(?<=thousand)|(?<=million)|(?<=billion)|(?<=trillion))(?:[ -]|\s+and\s+))"
    rf"(?:{_NUMBER_WORD}))*\b"
)
_DIGIT = "|".join(list(_SMALL)[:10])
_SPELLED = (
    rf"(?:\ban? (?={_SCALE_WORD}))?\b(?P<integer>{_INTEGER_WORDS})"
    rf"(?: point (?P<decimals>(?:{_DIGIT})(?:[ -](?:{_DIGIT}))*)(?P<point_scale>[ -](?:{_SCALE_WORD})\b)?\b)?"
)
_DIGITS = (
    r"(?<![\w.])(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?P<part>\.\d+)?(?P<vulgar>[½¼¾])?"
    rf"(?P<nth>st|nd|rd|th)?(?:(?P<scale>[ -]?(?:{_SCALE_WORD}|bn|mn)|m|k)\b)?"
)
# The "second" of "a 20-second drive" is none.
_ORDINAL = (
    rf"(?<!\d[ -])\b(?:(?P<tens>{'|'.join(_TENS)})[ -](?P<units>first|{'|'.join(_ORDINALS)})"
    rf"|(?P<ordinal>{'|'.join(_ORDINALS)}))\b"
)
_AND_A_HALF = rf"(?:[ -]and[ -]an?[ -](?P<added>half|quarter)\b(?P<added_scale>[ -](?:{_SCALE_WORD})\b)?)?"
_HALF_A_MILLION = (
    r"\b(?:(?:an?|one)[ -])?(?P<fraction>half|quarter|three[ -]quarters)(?: of)?(?:[ -]an?)?[ -]"
    rf"(?P<fraction_scale>{_SCALE_WORD})\b"
)
# "R$5" is not in dollars; "Amazon$5" is.
_SYMBOL = r"(?:(?-i:(?<![A-Za-z])(?:US|HK|NZ|AU|CA|[ACS])|(?<![A-Z]))\$|[£€¥])\s?|\b(?:EUR|USD|GBP|CHF) ?"
_NUMBER = re.compile(
    # A hyphen is a sign only after a space or a bracket, and not behind another number ("5 -7 %").
    r"(?P<sign>\bminus |(?:(?<!\S)(?<![\d%] )|(?<=[(\[]))[-−–]"
    r"(?=(?:(?:[A-Z]{1,2})?[$£€¥]|(?:EUR|USD|GBP|CHF) ?)?\d))?"
    rf"(?P<symbol>{_SYMBOL})?"
    rf"(?:{_ORDINAL}|\b(?P<multiple>{'|'.join(_MULTIPLES)})\b|{_HALF_A_MILLION}|"
    rf"(?:{_DIGITS}|{_SPELLED}){_AND_A_HALF})"
    rf"(?P<unit>\s?%|[ -](?:{'|'.join(map(re.escape, sorted(WRITTEN_UNITS, key=len, reverse=True)))})\b)?",
    re.IGNORECASE,
)
# "a 5m wall" and "5m high" are metres, "5m people" are millions.
_ARTICLE_BEFORE = re.compile(r"\ban? $", re.IGNORECASE)
_EXTENT_AFTER = re.compile(r"[ -](?:high|tall|deep|wide|long|thick|above|below|across|away|apart)\b")

_JOINT = re.compile(r"\s?[-–]\s?|\s+(?:to|and)\s+", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\b[^,;]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text.

    Attributes:
        value: the value with its sign and scale: "-5 million" is -5,000,000.
        unit: what is written on the number itself: a currency ("dollar", "hong kong dollar", "euro"),
            "percent", "point" (of a percentage), "ordinal", "multiple" ("tenfold"), or "" for a bare number.
        bound: how the value is bounded; "" for an exact one.
        start, end: the characters of the number with its sign, currency and unit.
        phrase_start, phrase_end: the same with the words of its bound or range ("more than 300", "300 or
            more").
        range_part: "low" or "high" for the ends of a range, which follow one another in a text; else "".
    """

    value: Decimal
    unit: str
    bound: Bound
    start: int
    end: int
    phrase_start: int
    phrase_end: int
    range_part: RangePart = ""


def parse_numbers(text: str) -> list[Number]:
    """Return the numbers of a text in order; "one" and "zero" as words count only in a range.

    >>> numbers = parse_numbers("More than HK$4.5bn for half a million people, 5-7 %")
    >>> [(int(n.value), n.unit, n.bound, n.range_part) for n in numbers]  # doctest: +NORMALIZE_WHITESPACE
    [(4500000000, 'hong kong dollar', 'more than', ''), (500000, '', '', ''),
     (5, 'percent', '', 'low'), (7, 'percent', '', 'high')]
    """
    found = [_Expression(match, text) for match in _NUMBER.finditer(text)]
    numbers = [_number(expression) for expression in found]
    for n in range(len(found) - 1):
        if not numbers[n].range_part:
            numbers[n : n + 2] = _join(text, numbers[n], numbers[n + 1], found[n].scale, found[n + 1].scale)
    return [
        number
        for expression, number in zip(found, numbers, strict=True)
        if number.range_part or expression.match[0].lower() not in ("one", "zero")
    ]


@dataclass(frozen=True, slots=True)
class _Expression:
    """A match of the number pattern, evaluated."""

    match: re.Match[str]
    text: str

    @property
    def end(self) -> int:
        return self.match.start("scale") if self._is_in_metres else self.match.end()

    @property
    def unit(self) -> str:
        if self.match["ordinal"] or self.match["units"] or self.match["nth"]:
            return "ordinal"
        if self.match["multiple"]:
            return "multiple"
        return WRITTEN_UNITS.get(self._word("unit"), "") or CURRENCY_SYMBOLS.get(self._word("symbol"), "")

    @property
    def value(self) -> Decimal:
        match = self.match
        if match["multiple"]:
            return Decimal(_MULTIPLES[self._word("multiple")])
        if match["ordinal"] or match["units"]:
            unit = _ORDINALS.get(self._word("ordinal") or self._word("units"), 1)
            return Decimal(unit + _TENS.get(self._word("tens"), 0))
        value = self._whole + _FRACTIONS.get(self._word("added"), 0) * self._inner_scale
        return (value * self._outer_scale * (-1 if match["sign"] else 1)).normalize() + 0

    @property
    def scale(self) -> Decimal:
        """The scale words of the number, multiplied: 1,000,000 for "2 million"; 1 without any."""
        return self._inner_scale * self._outer_scale

    @property
    def _whole(self) -> Decimal:
        """The value up to "and a half" and the scale behind it."""
        match = self.match
        if match["fraction"]:
            return _FRACTIONS["_".join(_words(match["fraction"]))] * self._inner_scale
        if match["integer"]:
            decimals = "".join(str(_SMALL[word]) for word in _words(match["decimals"] or ""))
            return Decimal(f"{_integer(match['integer'])}.{decimals or 0}")
        value = Decimal(match["whole"].replace(",", "") + (match["part"] or ""))
        return (value + _FRACTIONS.get(match["vulgar"] or "", 0)) * self._inner_scale

    @property
    def _inner_scale(self) -> Decimal:
        """The scale before "and a half": none in "two and a half million"."""
        if self.match["integer"]:
            words = _words(self.match["integer"])
            return prod(
                (Decimal(_SCALES[word]) for word in takewhile(_SCALES.__contains__, reversed(words))),
                start=Decimal(1),
            )
        scale = "" if self._is_in_metres else self._word("scale") or self._word("fraction_scale")
        return Decimal(_SCALES.get(scale, 1))

    @property
    def _outer_scale(self) -> Decimal:
        """The scale behind "and a half" or behind spelled decimals ("two point six million")."""
        return Decimal(_SCALES.get(self._word("added_scale") or self._word("point_scale"), 1))

    @property
    def _is_in_metres(self) -> bool:
        """True for "a 5m wall" and "5m high"; "£5m", "5M", "5m euros" and "5m people" are millions."""
        match = self.match
        if match["scale"] != "m" or match["symbol"] or match["unit"]:
            return False
        end = match.end()
        article = _ARTICLE_BEFORE.search(self.text[max(0, match.start() - 3) : match.start()])
        return bool(article or _EXTENT_AFTER.match(self.text, end)) or not unit_at(self.text, end)[0]

    def _word(self, group: str) -> str:
        return (self.match[group] or "").strip(" -").lower()


def _words(text: str) -> list[str]:
    return re.split(r"[\s-]+", text.strip().lower()) if text else []


def _integer(text: str) -> int:
    """Return the value of a whole number in words.

    >>> _integer("two hundred and five thousand and six")
    205006
    """
    total, current = 0, 0
    for word in _words(text):
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if current >= 1000:
                total, current = total + current, 0
        elif word != "and":
            current += _SMALL.get(word, 0) + _TENS.get(word, 0)
    return total + current


def _number(expression: _Expression) -> Number:
    text, start, end, unit = expression.text, expression.match.start(), expression.end, expression.unit
    bound, phrase_start, phrase_end = find_bound(text, start, end, unit)
    return Number(expression.value, unit, bound, start, end, phrase_start, phrase_end)


def _join(
    text: str, first: Number, second: Number, scale: Decimal, second_scale: Decimal
) -> tuple[Number, Number]:
    """Return two neighbours as the ends of a range or a change, with the scale and unit that they share."""
    relation = _relation(text, first, second)
    if not relation:
        return first, second
    if scale == 1 and abs(first.value) < min(second_scale, Decimal(1000)):  # "5 to 7 million"
        first = replace(first, value=(first.value * second_scale).normalize() + 0)
    first = replace(first, unit=first.unit or second.unit)
    second = replace(second, unit=second.unit or first.unit)
    if relation == "change":
        return first, second
    if relation == "between":
        first = replace(first, phrase_start=_between_start(text, first.phrase_start))
    return replace(first, range_part="low"), replace(second, bound=first.bound, range_part="high")


def _relation(text: str, first: Number, second: Number) -> Literal["", "range", "between", "change"]:
    """Return what joins two neighbours.

    "5-7", "5 to 7" and "between 5 and 7" are ranges, "from 5 to 7" is a change; "5 and 7" are two numbers.
    """
    joint = _JOINT.fullmatch(text[first.end : second.start])
    if not joint or _differ_in_kind(text, first, second):
        return ""
    before = text[max(0, first.phrase_start - BOUND_CHARS) : first.phrase_start]
    match joint[0].strip().lower():
        case "and":
            return "between" if _BETWEEN.search(before) else ""
        case "to":
            return "change" if _FROM.search(before) else "range"
        case _:
            return "" if text[first.start : first.end].lower() == "one" else "range"  # "a one-two"


def _between_start(text: str, start: int) -> int:
    """Return where the word "between" starts that ends before a character."""
    window = text[max(0, start - BOUND_CHARS) : start]
    between = _BETWEEN.search(window)
    return start - len(window) + between.start() if between else start


def _differ_in_kind(text: str, first: Number, second: Number) -> bool:
    """Return whether the units that are written on two numbers keep them from being the ends of one range."""
    if not first.unit:
        return second.unit == "ordinal" or text[second.start] in "$£€¥"
    return first.unit != second.unit and bool(second.unit or first.unit == "ordinal")
