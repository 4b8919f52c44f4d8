"""A sentence -> the quantities in it: value, bound, unit, the day that each speaks of, and whether it is planned or a fact.

Knows how English news writes amounts. Calendar dates, years, clock times and numbers that are names ("phase 2", "737 MAX") are none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from corpus.article import PartialDate
from rag.quantities.dates import find_date_values, find_event_dates, overlaps_date
from rag.quantities.numbers import Number, parse_numbers
from rag.quantities.units import unit_at

_CHARS, _MOST = 1_000, 30  # of a sentence, and numbers in it, that are read; what has more is a table
QuantityBound = Literal["", "about", "more than", "up to", "fewer than", "range"]
Stage = Literal["actual", "announced", "planned", "estimated"]

_BODY = re.compile(
    r"\b(?:force|mission|team|contingent|presence|garrison|staff|crew|deployment|headcount)s? of (?:\w+ ){0,2}$",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:phase|page|terminal|chapter|section|article|no\.?|flight|runway|line|route|part|version|stage|type|gate|room|group|class|cat|row|"
    r"paragraph|tier|level|number|clause)s? $",
    re.IGNORECASE,
)
_CAPITAL_BEFORE = re.compile(r"[a-z,] [A-Z][\w’'-]* $")
_JOINED_BEFORE = re.compile(r"[.,/:-]")  # "1/2", "F-16"
_NAME_OR_TIME_AFTER = re.compile(
    r"[A-Za-z°]|'s\b|[.,/]\d| (?:local time|GMT|o'clock|at night|in the (?:morning|afternoon|evening))\b|"
    r"(?: to| past) \w+ (?:in the|at night)"
)
_CAPITALS_AFTER = re.compile(r" [A-Z]{3,}\b")  # "737 MAX"
_SCALE_ALONE = re.compile(r"(?:hundred|thousand|million|billion|trillion|dozen)\b", re.IGNORECASE)
_SMALL = re.compile(
    r"\d|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|by|of|until|from|before|after|during|the|and|to|late|early) $", re.IGNORECASE
)
# A comma inside a figure ends no clause; "and" does only where a verb follows, as it also joins the parts of one thing.
_CLAUSE_END = re.compile(
    r"[;:–] |, |\s(?:and|but) (?=(?:will|would|is|are|was|were|has|have|had|may|could|should|cost|costs|announced)\b)|\s(?:while|whereas|against) "
)
_DATE_FIRST = re.compile(r"(?:In|By|On|At|A year|Last|Two)\b")
_NOW = re.compile(r"\b(?:now|currently|today|at present|at the moment|so far)\b", re.IGNORECASE)
_HELD = re.compile(
    r"\b(?:ha(?:ve|s)|is|are|stands?) (?:now|currently|at present|at the moment)\b", re.IGNORECASE
)
_ASIDE = re.compile(
    r"(?:which|who|whose)\b"
)  # says something of its own: "the idea is for the wardens, who run a 300-strong patrol, to ..."
_STAGES: tuple[tuple[Stage, re.Pattern[str]], ...] = (
    (
        "estimated",
        re.compile(
            r"\b(?:estimat\w+|expect\w*|forecast\w*|could|might|may (?:now )?(?:cost|reach|take)|"
            r"reckon\w*|project(?:ed|ion)|predict\w*|believe\w*|put at|likely)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "announced",
        re.compile(
            r"\b(?:announc\w+|agree[ds]?|pledg\w+|promis\w+|commit(?:ted|s)|approv\w+|order(?:ed|s))\b",
            re.IGNORECASE,
        ),
    ),
    (
        "planned",
        re.compile(
            r"\b(?:plan(?:s|ned|ning)?|will|would|shall|should|(?:is|are|was|were) to(?! have)|intend\w*|aim\w*|target\w*|due|propos\w+|goal|may)\b",
            re.IGNORECASE,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount, by its place in a sentence. `text`, with its bound and unit, stands there verbatim.

    `unit` is a kind of measure ("money", "area", "people") or the stem of what is counted; "" where nothing tells. `day` is None where the
    sentence names none, so that it speaks of its article's day.
    """

    text: str
    start: int
    end: int
    low: Decimal
    high: Decimal
    bound: QuantityBound = ""
    unit: str = ""
    day: PartialDate | None = None
    stage: Stage = "actual"

    def compatible_with(self, other: "Quantity") -> bool:
        """True if both can hold of the same thing: equal values, or one within the other's range or on its side of a bound."""
        return self._allows(other) or other._allows(self)

    def _allows(self, other: "Quantity") -> bool:
        if self.bound == "more than":
            return other.high >= self.low
        if self.bound in ("up to", "fewer than"):
            return other.low <= self.high
        slack = self.high / 20 if self.bound == "about" else Decimal(0)
        return other.low <= self.high + slack and self.low - slack <= other.high


def parse_quantities(sentence: str, published: PartialDate | None = None) -> list[Quantity]:
    """The quantities of a sentence in order; `published`, its article's day, gives "last year" and "in May" their year.

    >>> [(q.text, q.unit, str(q.low), q.stage) for q in parse_quantities("They agreed that a force of about 500 may rise to around 4,000.")]
    [('about 500', 'people', '500', 'announced'), ('around 4,000', 'people', '4000', 'announced')]
    >>> [(q.text, q.bound, str(q.day)) for q in parse_quantities("In 2018 it had fewer than 20 people, working from an embassy.")]
    [('fewer than 20 people', 'fewer than', '2018')]
    >>> parse_quantities("Flight 302 of the Boeing 737 MAX took off at 8.38 a.m. on 10 March 2019.")
    []
    """
    sentence = sentence[:_CHARS]
    found = list(_amounts(sentence))
    return [
        replace(
            quantity,
            unit=quantity.unit or _lent(quantity, found),
            day=_day(sentence, quantity, published),
            stage=_stage(sentence, quantity),
        )
        for quantity in found
    ]


def date_quantities(sentence: str) -> list[Quantity]:
    """The dates of a sentence as values of their own (unit "date"), for questions that ask which date was given: years, months and days.

    >>> [(q.text, q.stage) for q in date_quantities("It is due to fly on 30 March 2021, not in the spring of 2019.")]
    [('30 March 2021', 'planned'), ('spring of 2019', 'planned')]
    """
    sentence = sentence[:_CHARS]
    found = []
    for span in find_date_values(sentence):
        low, high = Decimal(span.date.first.toordinal()), Decimal(span.date.last.toordinal())
        quantity = Quantity(sentence[span.start : span.end], span.start, span.end, low, high, unit="date")
        found.append(replace(quantity, stage=_stage(sentence, quantity)))
    return found


def _amounts(sentence: str) -> Iterator[Quantity]:
    """Yield the numbers and ranges of a sentence that are amounts of something, with their units."""
    numbers = parse_numbers(sentence)
    pairs = [
        (number, numbers[n + 1] if number.range_part else number)
        for n, number in enumerate(numbers)
        if number.range_part != "high"
    ]
    for number, last in pairs[:_MOST]:
        unit, end = _unit(sentence, number, last)
        if _is_amount(sentence, number, last, unit):
            values = (number.value, last.value)
            bound = number.bound or ("range" if number.range_part else "")
            start = number.phrase_start
            yield Quantity(sentence[start:end], start, end, min(values), max(values), bound, unit)


def _unit(sentence: str, first: Number, last: Number) -> tuple[str, int]:
    """Return the unit of a number or a range, and where it ends with that unit."""
    written = first.unit or last.unit
    if written:
        return "percent" if written in ("percent", "point") else "money", last.phrase_end
    unit, end = unit_at(sentence, last.phrase_end)
    return unit or ("people" if _BODY.search(sentence[: first.start]) else ""), end


def _is_amount(sentence: str, first: Number, last: Number, unit: str) -> bool:
    """Return whether a number is an amount: no date, time, name, rank, part of another word, and no mere word."""
    text, before, after = sentence[first.start : first.end], sentence[: first.start], sentence[last.end :]
    if (
        {first.unit, last.unit} & {"ordinal", "multiple"}
        or _SCALE_ALONE.match(text)
        or (text[0].isdigit() and _JOINED_BEFORE.match(before[-1:]))
    ):
        return False
    if overlaps_date(sentence, first.start, last.end):
        return False
    if _NAMED.search(before) or (_CAPITAL_BEFORE.search(before) and not unit):
        return False
    if _YEAR.fullmatch(text):
        return bool(unit) and not _YEAR_BEFORE.search(before)
    if text.isdigit() and _CAPITALS_AFTER.match(after):
        return False
    if not unit and _NAME_OR_TIME_AFTER.match(after):
        return False
    return bool(unit) or not _SMALL.fullmatch(text)


def _lent(bare: Quantity, found: list[Quantity]) -> str:
    """The unit of the nearest quantity of the sentence that has one and is not of another order of size: "5,200 troops, now 2,500"."""
    near = [
        other
        for other in found
        if other.unit
        and other.unit != "time"
        and other.low
        and Decimal("0.01") <= bare.high / other.low <= 100
    ]
    return min(near, key=lambda other: abs(other.start - bare.start)).unit if near else ""


def clause_span(sentence: str, start: int) -> tuple[int, int]:
    """Where the clause around a place begins and ends."""
    ends = [found for found in _CLAUSE_END.finditer(sentence)]
    return max((e.end() for e in ends if e.end() <= start), default=0), min(
        (e.start() for e in ends if e.start() > start), default=len(sentence)
    )


def _day(sentence: str, quantity: Quantity, published: PartialDate | None) -> PartialDate | None:
    """The day that a quantity speaks of: one named in its clause, or at the head of its sentence, unless the clause says "now"."""
    first, last = clause_span(sentence, quantity.end - 1)
    own = find_event_dates(sentence[first:last], published)
    if own:
        return min(own, key=lambda span: abs(first + span.start - quantity.start)).date
    if not first or not _DATE_FIRST.match(sentence) or _NOW.search(sentence[first:last]):
        return None
    opening = min(clause_span(sentence, 0)[1], 40)
    return next((span.date for span in find_event_dates(sentence[:opening], published)), None)


def _stage(sentence: str, quantity: Quantity) -> Stage:
    """What the nearest verbs make of a quantity: those of its clause, or those that the sentence says before it."""
    first, last = clause_span(sentence, quantity.start)
    if _HELD.search(sentence, first, quantity.start):
        return "actual"
    for text in (sentence[first:last], sentence[:first]):
        for stage, verbs in _STAGES:
            if verbs.search(text):
                return stage
        if _ASIDE.match(text):
            break
        if first and re.search(r"\b(?:is|are|was|were|has|have|had|cost|amounts?|stands?|rose|fell)\b", text):
            break
    return "actual"
