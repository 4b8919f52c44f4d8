"""Parse what a question asks for: an amount and its unit, a date, a name, a reason, yes or no."""

import re
from dataclasses import dataclass
from typing import Literal

from rag.quantities.quantities import Quantity, date_quantities, parse_quantities
from rag.quantities.units import unit_of

AnswerKind = Literal["time", "number", "name", "reason", ""]
_MEASURES = ("people", "area", "volume", "length", "mass", "power", "energy", "speed")
# The first words in a question decide: "how many flew when it rained" asks for a number.
_KINDS: tuple[tuple[AnswerKind, re.Pattern[str]], ...] = (
    (
        "time",
        re.compile(r"\bwhen\b|\b(what|which) (date|year|day|month)|\buntil\b|\bsince when\b", re.IGNORECASE),
    ),
    (
        "number",
        re.compile(
            r"\bhow (many|much|large|big|long|high|old|far)\b|"
            r"\b(cost|price|figure|size|capacity|extent|total|budget|percentage|share|number)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "name",
        re.compile(
            r"\bwho(m|se)?\b|\b(what|which) (minister|general|country|company|person)|\bnamed?\b",
            re.IGNORECASE,
        ),
    ),
    ("reason", re.compile(r"\bwhy\b|\breasons?\b", re.IGNORECASE)),
)
_YES_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE
)
_AT_PRESENT = re.compile(r"(?:is|are|do|does|has|have)\b", re.IGNORECASE)
_DATE = re.compile(r"\b(?:dates?|when|schedule|timetable|deadline)\b", re.IGNORECASE)
# hand-set on the sample questions; issue J replaces it
_UNITS = (
    (
        "percent",
        re.compile(
            r"\b(?:shares?|percent\w*|per cent|proportion|turnout|rate)\b|"
            # Atomic, as each "how much of" would otherwise look through the rest of the question.
            r"\A(?>.*?\bhow much of ).*\b(?:complete|finished|built|done)",
            re.IGNORECASE,
        ),
    ),
    ("power", re.compile(r"\b(?:mega|giga|kilo)watts\b", re.IGNORECASE)),
    (
        "money",
        re.compile(
            r"\b(?:cost\w*|prices?|priced|budget\w*|bill|money|pledge\w*|donat\w+|gifts?|funding|"
            r"funds|fees?|fines?|penalt\w+|settlement|spen[dt]\w*|pa(?:y|id)|loans?|debts?|"
            r"revenue|profit|salary|compensation|financ\w+|euros?|dollars?|pounds?|crowns?)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "time",
        re.compile(
            r"\bhow (?:long|old)\b|\bhow many (?:years|months|weeks|days|hours|minutes)\b|\bduration\b",
            re.IGNORECASE,
        ),
    ),
    (
        "length",
        re.compile(r"\bhow (?:high|tall|deep|wide|far)\b|\b(?:height|depth|width|distance)\b", re.IGNORECASE),
    ),
    ("mass", re.compile(r"\bhow heavy\b|\bweight\b", re.IGNORECASE)),
    ("speed", re.compile(r"\bhow fast\b|\bspeed\b", re.IGNORECASE)),
    (
        "people",
        re.compile(
            r"\b(?:troops?|soldiers|staff|population|toll|deaths|attendance|headcount|passengers|visitors)\b",
            re.IGNORECASE,
        ),
    ),
)
# hand-set on the sample questions; issue J replaces it
_COUNTED = re.compile(
    r"\b(?:how many|number of) "
    r"((?:[\w-]+ ){0,2}?(?:[\w-]+[^su\W]s|people|men|women|children|personnel|staff|aircraft))\b",
    re.IGNORECASE,
)
# Words that ask for an amount in no particular unit. hand-set on the sample questions; issue J replaces it
_AMOUNT = re.compile(
    r"\bhow (?:many|much|large|big|long|high|old|far|deep|tall|wide|heavy|fast|small)\b|"
    r"\b(?:amount|size|number|extent|area|capacity|volume|output|total|figure|minimum|maximum|level|value|"
    r"ceiling|height|depth|length|toll|population|strength|estimate|count|power)s?\b",
    re.IGNORECASE,
)
# Words of names inside a question: "Bill Gates" is no money and "High Speed 2" no speed.
_NAME_WORDS = re.compile(r"(?<=[\w,’'] )\(?[A-Z][\w’'-]*+|\([A-Z][\w’'-]*+")
# Words that are in lower case although the question is not written like a headline.
_LOWER_CASE = re.compile(r"(?<![\w’'-])(?!(?:the|of|an?|in|on|for|and|to|at|by|or|with|from)\b)[a-z]")
_FIRST_QUESTION_WORD = re.compile(
    r"\b(?:(?P<no_amount>when|who|whom|why|where)|what|which|how)\b", re.IGNORECASE
)
_NO_AMOUNT = re.compile(
    r"\b(?:(?:launch|opening|start|completion|delivery|due) date|date|deadline|position|stance|view)s?\b",
    re.IGNORECASE,
)
# Between sums of money and numbers of people that are written without a unit.
# hand-set on the sample questions; issue J replaces it
_LEAST_MONEY = 100_000


@dataclass(frozen=True, slots=True)
class AnswerType:
    """What a question asks for.

    kind: what a sentence that answers it holds; "" if that is open.
    amount, date: whether the answer is a value, to be compared between articles.
    unit: the unit of that value as in `Quantity.unit`, "date" for a date; "" if it is open.
    yes_no: whether the answer is yes or no.
    present: whether it is so of the present: "is it open", "has it been built".
    """

    kind: AnswerKind = ""
    amount: bool = False
    date: bool = False
    unit: str = ""
    yes_no: bool = False
    present: bool = False

    @property
    def value(self) -> bool:
        """True if an amount or a date is asked for."""
        return self.amount or self.date

    def admits(self, sentence: str) -> bool:
        """Return True if a sentence has a value in the requested unit, or in any where none is requested."""
        if self.unit == "date":
            return bool(date_quantities(sentence))
        return any(
            has_unit(quantity, self.unit) if self.unit else quantity.unit in ("", "money", *_MEASURES)
            for quantity in parse_quantities(sentence)
        )


def parse_answer_type(question: str) -> AnswerType:
    """Return the type of answer that a question asks for.

    >>> parse_answer_type("How many tickets were sold when it rained?")
    AnswerType(kind='number', amount=True, date=False, unit='ticket', yes_no=False, present=False)
    >>> parse_answer_type("What does the ticket cost?").unit, parse_answer_type("How big is the lake?").unit
    ('money', '')
    """
    date = bool(_DATE.search(question)) and not _AMOUNT.search(question)
    return AnswerType(
        kind=_kind(question),
        amount=_asks_amount(question),
        date=date,
        unit="date" if date else _unit(question),
        yes_no=bool(_YES_NO.match(question)),
        present=bool(_AT_PRESENT.match(question)),
    )


def _kind(question: str) -> AnswerKind:
    found = [(match.start(), n) for n, (_, words) in enumerate(_KINDS) if (match := words.search(question))]
    return _KINDS[min(found)[1]][0] if found else ""


def _asks_amount(question: str) -> bool:
    first = _FIRST_QUESTION_WORD.search(question)
    if (first and first["no_amount"]) or _NO_AMOUNT.search(question):
        return False
    common = _without_names(question)
    return bool(_AMOUNT.search(common) or any(words.search(common) for _, words in _UNITS))


def _unit(question: str) -> str:
    counted = _COUNTED.search(question)
    if counted:
        return unit_of(counted[1])
    common = _without_names(question)
    return next((unit for unit, words in _UNITS if words.search(common)), "")


def _without_names(question: str) -> str:
    """Return a question without its capitalised words but the first, unless it is written in capitals.

    >>> _without_names("What does HS2 (High Speed 2) say of Bill Gates?")
    'What does    2) say of  ?'
    """
    return _NAME_WORDS.sub("", question) if _LOWER_CASE.search(question) else question


def has_unit(quantity: Quantity, unit: str) -> bool:
    """Return True if a quantity is in a unit, or is written without one and may be in this one.

    Without a unit its size decides: sums of money are large, and groups of people are not in the millions.
    """
    if quantity.unit or unit not in ("money", *_MEASURES):
        return quantity.unit == unit
    if unit == "money":
        return quantity.high >= _LEAST_MONEY
    return unit != "people" or quantity.high < _LEAST_MONEY
