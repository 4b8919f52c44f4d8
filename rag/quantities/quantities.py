"""Parse the quantities of a sentence: value, bound, unit, day, and whether each is planned.

Calendar dates, years, times of day and numbers that are names ("phase 2", "737 MAX") are no quantities.
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

_MAX_CHARS, _MAX_NUMBERS = 1_000, 30  # limits: of a sentence; what has more is a table
# The share by which a value that is "about" right may differ.
_ABOUT = Decimal("0.05")  # hand-set on the sample questions; issue J replaces it
# The opening of a sentence that can name a date for all of it.
_OPENING_CHARS = 40  # hand-set on the sample questions; issue J replaces it
QuantityBound = Literal["", "about", "more than", "up to", "fewer than", "range"]
Stage = Literal["actual", "announced", "planned", "estimated"]

# Words for a body of people, before its size.
_BODY_OF = re.compile(
    r"\b(?:force|mission|team|contingent|presence|garrison|staff|crew|deployment|"
    r"headcount)s? of (?:\w+ ){0,2}$",
    re.IGNORECASE,
)
# Words before a number that is a name.
_NUMBERED_THING = re.compile(
    r"\b(?:phase|page|terminal|chapter|section|article|no\.?|flight|runway|line|route|part|version|stage|"
    r"type|gate|room|group|class|cat|row|"
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
    r"\d|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    r"seventeen|eighteen|nineteen",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|by|of|until|from|before|after|during|the|and|to|late|early) $", re.IGNORECASE
)
# "and" ends a clause only before a verb, as it also joins the parts of one thing.
_CLAUSE_END = re.compile(
    r"[;:–] |, |\s(?:and|but) (?=(?:will|would|is|are|was|were|has|have|had|may|could|should|cost|costs|"
    r"announced)\b)|\s(?:while|whereas|against) "
)
_DATE_FIRST = re.compile(r"(?:In|By|On|At|A year|Last|Two)\b")
_NOW = re.compile(r"\b(?:now|currently|today|at present|at the moment|so far)\b", re.IGNORECASE)
_IS_NOW = re.compile(
    r"\b(?:ha(?:ve|s)|is|are|stands?) (?:now|currently|at present|at the moment)\b", re.IGNORECASE
)
# A relative clause has a stage of its own: "the idea is for the wardens, who run a 300-strong patrol, to ..."
_RELATIVE = re.compile(r"(?:which|who|whose)\b")
_FACT_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|cost|amounts?|stands?|rose|fell)\b")
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
            r"\b(?:plan(?:s|ned|ning)?|will|would|shall|should|(?:is|are|was|were) to(?! have)|intend\w*|"
            # "deaths due to rain" are no plan
            r"aim\w*|target\w*|due(?! to\b)|(?:is|are|was|were|be|now|not|still|,) due|propos\w+|"
            r"goal|may)\b",
            re.IGNORECASE,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount in a sentence.

    Attributes:
        text: characters `start` to `end` of the sentence, with the words of its bound and unit.
        low, high: the ends of a range; else both the value.
        unit: a kind of measure ("money", "area", "people"), or the stem of what is counted; "" if unknown.
        day: the day that it refers to; None if the sentence names none, so that it is the day of its article.
        stage: whether it is a fact, announced, planned or estimated.
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
        """Return True if both can be true of one thing: one value is within the other's range or bound."""
        return self._allows(other) or other._allows(self)

    def _allows(self, other: "Quantity") -> bool:
        if self.bound == "more than":
            return other.high >= self.low
        if self.bound in ("up to", "fewer than"):
            return other.low <= self.high
        slack = self.high * _ABOUT if self.bound == "about" else Decimal(0)
        return other.low <= self.high + slack and self.low - slack <= other.high


def parse_quantities(sentence: str, published: PartialDate | None = None) -> list[Quantity]:
    """Return the quantities of a sentence in order.

    `published`, the day of its article, completes "last year" and "in May".

    >>> found = parse_quantities("They agreed that a force of about 500 may rise to around 4,000.")
    >>> [(q.text, q.unit, str(q.low), q.stage) for q in found]
    [('about 500', 'people', '500', 'announced'), ('around 4,000', 'people', '4000', 'announced')]
    >>> found = parse_quantities("In 2018 it had fewer than 20 people, working from an embassy.")
    >>> [(q.text, q.bound, str(q.day)) for q in found]
    [('fewer than 20 people', 'fewer than', '2018')]
    >>> parse_quantities("Flight 302 of the Boeing 737 MAX took off at 8.38 a.m. on 10 March 2019.")
    []
    """
    sentence = sentence[:_MAX_CHARS]
    found = list(_amounts(sentence))
    return [
        replace(
            quantity,
            unit=quantity.unit or _borrowed_unit(quantity, found),
            day=_day(sentence, quantity, published),
            stage=_stage(sentence, quantity),
        )
        for quantity in found
    ]


def date_quantities(sentence: str) -> list[Quantity]:
    """Return the years, months and days of a sentence as quantities with the unit "date".

    >>> found = date_quantities("It is due to fly on 30 March 2021, not in the spring of 2019.")
    >>> [(q.text, q.stage) for q in found]
    [('30 March 2021', 'planned'), ('spring of 2019', 'planned')]
    """
    sentence = sentence[:_MAX_CHARS]
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
    for number, last in pairs[:_MAX_NUMBERS]:
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
    return unit or ("people" if _BODY_OF.search(sentence[: first.start]) else ""), end


def _is_amount(sentence: str, first: Number, last: Number, unit: str) -> bool:
    """Return False for a date, a time, a name, an ordinal, a part of a word and a small number of nothing."""
    text, before, after = sentence[first.start : first.end], sentence[: first.start], sentence[last.end :]
    if (
        {first.unit, last.unit} & {"ordinal", "multiple"}
        or _SCALE_ALONE.match(text)
        or (text[0].isdigit() and _JOINED_BEFORE.match(before[-1:]))
    ):
        return False
    if overlaps_date(sentence, first.start, last.end):
        return False
    if _NUMBERED_THING.search(before) or (_CAPITAL_BEFORE.search(before) and not unit):
        return False
    if _YEAR.fullmatch(text):
        return bool(unit) and not _YEAR_BEFORE.search(before)
    if text.isdigit() and _CAPITALS_AFTER.match(after):
        return False
    if not unit and _NAME_OR_TIME_AFTER.match(after):
        return False
    return bool(unit) or not _SMALL.fullmatch(text)


def _borrowed_unit(bare: Quantity, found: list[Quantity]) -> str:
    """Return the unit of the nearest quantity of similar size: "5,200 troops, now 2,500"."""
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
    """Return where the clause around a character starts and ends."""
    borders = list(_CLAUSE_END.finditer(sentence))
    first = max((border.end() for border in borders if border.end() <= start), default=0)
    last = min((border.start() for border in borders if border.start() > start), default=len(sentence))
    return first, last


def _day(sentence: str, quantity: Quantity, published: PartialDate | None) -> PartialDate | None:
    """Return the day that a quantity refers to, or None.

    Its clause names it, or the opening of its sentence does and the clause does not say "now".
    """
    first, last = clause_span(sentence, quantity.end - 1)
    own = find_event_dates(sentence[first:last], published)
    if own:
        return min(own, key=lambda span: abs(first + span.start - quantity.start)).date
    if not first or not _DATE_FIRST.match(sentence) or _NOW.search(sentence[first:last]):
        return None
    opening = min(clause_span(sentence, 0)[1], _OPENING_CHARS)
    return next((span.date for span in find_event_dates(sentence[:opening], published)), None)


def _stage(sentence: str, quantity: Quantity) -> Stage:
    """Return the stage that the verbs of its clause give to a quantity, or else those before its clause."""
    first, last = clause_span(sentence, quantity.start)
    if _IS_NOW.search(sentence, first, quantity.start):
        return "actual"
    for text in (sentence[first:last], sentence[:first]):
        for stage, verbs in _STAGES:
            if verbs.search(text):
                return stage
        if _RELATIVE.match(text):
            break
        if first and _FACT_VERB.search(text):
            break
    return "actual"
