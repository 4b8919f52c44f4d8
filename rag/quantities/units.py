"""Find what the numbers of a sentence measure or count: the one table of units and currencies."""

import re

from corpus.words import STOP_WORDS, stem

# What each symbol or code of money stands for.
CURRENCY_SYMBOLS = {
    "$": "dollar", "us$": "dollar", "usd": "dollar", "€": "euro", "eur": "euro", "£": "pound", "gbp": "pound",
    "¥": "yen", "chf": "franc", "hk$": "hong kong dollar", "nz$": "new zealand dollar",
    "s$": "singapore dollar",
    "a$": "australian dollar", "au$": "australian dollar", "c$": "canadian dollar", "ca$": "canadian dollar",
}  # fmt: skip
_CURRENCIES = (
    "dollar euro pound yen yuan crown franc rupee rouble ruble peso rand krona kronor krone kroner zloty "
    "lira birr"
).split()
_DOLLARS = ("hong kong", "australian", "canadian", "new zealand", "singapore")
# Units that are read as part of a number, in all their forms.
WRITTEN_UNITS = {
    "%": "percent", "percent": "percent", "per cent": "percent", "pct": "percent",
    "percentage point": "point", "percentage points": "point",
    **{name + end: name for name in _CURRENCIES for end in ("", "s")},
    **{f"{country} dollar{end}": f"{country} dollar" for country in _DOLLARS for end in ("", "s")},
}  # fmt: skip

_UNITS: tuple[tuple[str, str], ...] = (
    ("percent", r"%|per cent\b|percent\b|pct\b|percentage points?\b"),
    ("money", rf"(?:\w+ )?(?:(?:{'|'.join(_CURRENCIES)})s?|cents?|pence)\b"),
    ("area", r"(?:square (?:kilomet\w+|miles?|met(?:re|er)s?|feet)|sq ?(?:km|mi)|km²|m²|hectares?|acres?)\b"),
    (
        "volume",
        r"(?:cubic (?:kilomet\w+|met(?:re|er)s?|feet|miles?)|m³|km³|lit(?:re|er)s?|gallons?|barrels?)\b",
    ),
    ("speed", r"(?:(?:kilomet\w+|miles?|met(?:re|er)s?) (?:per|an?) (?:hour|second)|km/h|kph|mph|knots)\b"),
    (
        "length",
        r"(?:kilomet\w+|(?:centi|milli)?met(?:re|er)s?|miles?|feet|foot|inch(?:es)?|km|cm|mm|m|"
        r"light[- ]years?)\b",
    ),
    ("mass", r"(?:tonnes?|tons?|kilogram\w*|kilos?|grams?|kg)\b"),
    ("power", r"(?:(?:mega|giga|kilo)watts?|watts?|[MGk]W)\b(?! hours?)"),
    ("energy", r"(?:(?:mega|giga|tera|kilo)watt[ -]hours?|[MGTk]Wh)\b"),
    ("temperature", r"(?:degrees?(?: celsius| fahrenheit| kelvin)?|kelvin|°[CF]?)\b"),
    (
        "time",
        r"(?:(?:calendar |working |more |whole |full )?(?:years?|months?|weeks?|days?|hours?|minutes?|"
        r"seconds?|decades?)(?:[- ](?:old|long))?)\b",
    ),
    ("people", r"strong\b"),
)
_UNIT = tuple((unit, re.compile(rf"[ -]?(?:{words})", re.IGNORECASE)) for unit, words in _UNITS)
# Units that are no counted nouns: two numbers with different ones are different.
MEASURE_NOUNS = (
    "year month week day hour minute second mile kilometer meter foot feet inch ton kilogram gram litre "
    "liter gallon "
    "acre hectare pound degree knot megawatt gigawatt"
).split()
_PEOPLE = frozenset(
    "people person persons troops soldiers personnel staff trainers men women workers employees jobs "
    "visitors passengers residents "
    "civilians refugees students officers guards police experts advisers instructors citizens voters guests "
    "migrants servicemen children".split()
)
_PLURALS_WITHOUT_S = frozenset("people men women children personnel staff police aircraft crew feet".split())
_NOT_PLURAL = frozenset(
    "is was has as its this thus plus less us does goes comes says his versus across perhaps always towards "
    "besides times".split()
)
_NEXT_WORD = re.compile(r"[ -](?:of (?:the|its|their|his|her|our) )?([A-Za-z][\w’'-]*)")


def unit_at(sentence: str, end: int) -> tuple[str, int]:
    """Return the unit of the number that ends at `end`, and where the unit ends; "" and `end` for none."""
    for unit, words in _UNIT:
        found = words.match(sentence, end)
        if found:
            return unit, found.end()
    # What is counted is the first plural among the next four words.
    place = end
    for _ in range(4):
        word = _NEXT_WORD.match(sentence, place)
        if not word or (word[1].lower() in STOP_WORDS and word[1].lower() != "other"):
            break
        noun = word[1].lower()
        if noun in _PLURALS_WITHOUT_S or (
            noun.endswith("s") and not noun.endswith("ss") and noun not in _NOT_PLURAL
        ):
            return "people" if noun in _PEOPLE else stem(noun), word.end()
        if sentence[place] == "-":
            return stem(noun), word.end()
        place = word.end()
    return "", end


def unit_of(noun: str) -> str:
    """Return the unit of a counted noun: a kind of measure, "people", or its stem.

    "How many times" is no measure of time.

    >>> unit_of("Canadian soldiers"), unit_of("cubic metres"), unit_of("ferries"), unit_of("times")
    ('people', 'volume', 'ferri', 'occasion')
    """
    measured = next((unit for unit, words in _UNIT if words.fullmatch(f" {noun}")), "")
    last = noun.lower().split()[-1]
    if last == "times":
        return "occasion"
    return measured or ("people" if last in _PEOPLE else stem(last))
