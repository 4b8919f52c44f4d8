"""What amount a question asks for: whether any, and in what unit. Knows questions and units, no evidence."""

import re
from collections.abc import Callable

from rag.quantities.quantities import Quantity, date_quantities, parse_quantities
from rag.quantities.units import unit_of

MEASURED = ("people", "area", "volume", "length", "mass", "power", "energy", "speed")
_MONEY = re.compile(
    r"\b(?:cost\w*|prices?|priced|budget\w*|bill|money|pledge\w*|donat\w+|gifts?|funding|funds|fees?|fines?|penalt\w+|settlement|spen[dt]\w*|"
    r"pa(?:y|id)|loans?|debts?|revenue|profit|salary|compensation|financ\w+|euros?|dollars?|pounds?|crowns?)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\b(?:dates?|when|schedule|timetable|deadline)\b", re.IGNORECASE)
_ASKED = (
    (
        "percent",
        re.compile(
            r"\b(?:shares?|percent\w*|per cent|proportion|turnout|rate)\b|\bhow much of .*\b(?:complete|finished|built|done)",
            re.IGNORECASE,
        ),
    ),
    ("power", re.compile(r"\b(?:mega|giga|kilo)watts\b", re.IGNORECASE)),
    ("money", _MONEY),
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
_COUNTED = re.compile(
    r"\b(?:how many|number of) ((?:[\w-]+ ){0,2}?(?:[\w-]+[^su\W]s|people|men|women|children|personnel|staff|aircraft))\b",
    re.IGNORECASE,
)
# Words that ask for an amount without saying in what.
_MEASURE = re.compile(
    r"\bhow (?:many|much|large|big|long|high|old|far|deep|tall|wide|heavy|fast|small)\b|\b(?:amount|size|number|extent|area|capacity|volume|"
    r"output|total|figure|minimum|maximum|level|value|ceiling|height|depth|length|toll|population|strength|estimate|count|power)s?\b",
    re.IGNORECASE,
)
_FIRST_ASKING = re.compile(r"\b(?:(?P<other>when|who|whom|why|where)|what|which|how)\b", re.IGNORECASE)
_NO_MEASURE = re.compile(
    r"\b(?:(?:launch|opening|start|completion|delivery|due) date|date|deadline|position|stance|view)s?\b",
    re.IGNORECASE,
)


def asks_amount(question: str) -> bool:
    """True if the question wants an amount, in whatever unit.

    >>> asks_amount("the Arctic sea ice minimum ?"), asks_amount("When did it cost 5?"), asks_amount("How many sailed when it rained?")
    (True, False, True)
    """
    asking = _FIRST_ASKING.search(question)
    if (asking and asking["other"]) or _NO_MEASURE.search(question):
        return False
    return bool(_MEASURE.search(question) or any(words.search(question) for _, words in _ASKED))


def asks_date(question: str) -> bool:
    """True if the question wants a date as a value: the one that was planned, expected, or given."""
    return bool(_WHEN.search(question)) and not _MEASURE.search(question)


def requested_unit(question: str) -> str:
    """The unit that a question asks for, as `Quantity.unit` has it; "" where it leaves that open.

    >>> requested_unit("How many helicopters will Canada send?"), unit_asked("What does HS2 cost?"), unit_asked("How big is the lake?")
    ('helicopt', 'money', '')
    """
    if asks_date(question):
        return "date"
    counted = _COUNTED.search(question)
    return (
        unit_of(counted[1])
        if counted
        else next((unit for unit, words in _ASKED if words.search(question)), "")
    )


def amount_filter(question: str) -> Callable[[str], bool]:
    """Whether a sentence may answer a question for an amount: it holds one in the unit that is asked for, or in any measure where that is open."""
    unit = requested_unit(question)
    if unit == "date":
        return lambda sentence: bool(date_quantities(sentence))
    return lambda sentence: any(
        has_unit(quantity, unit) if unit else quantity.unit in ("", "money", *MEASURED)
        for quantity in parse_quantities(sentence)
    )


def has_unit(quantity: Quantity, unit: str) -> bool:
    """True if a quantity is in a unit, or is written without any and may be."""
    if quantity.unit or unit not in ("money", *MEASURED):
        return quantity.unit == unit
    # Without a unit it is read from the size: sums of money are large, bodies of people are not in the millions.
    return {"money": quantity.high >= 100_000, "people": quantity.high < 100_000}.get(unit, True)
