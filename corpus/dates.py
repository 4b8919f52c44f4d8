"""Find the dates that a text names: the one grammar of dates for cleaning, questions, evidence and claims."""

import calendar
import re
from contextlib import suppress
from dataclasses import dataclass

from corpus.article import MONTHS, InvalidDate, PartialDate

# Patterns of an English month, a weekday and a year, for the phrases that hold them.
MONTH = rf"(?:{'|'.join(MONTHS)})"
WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
YEAR = r"(?:19|20)\d\d"
# English months, their abbreviations and weekdays, each with its full name, all in lower case.
CALENDAR_WORDS = {
    **{month.lower(): month.lower() for month in MONTHS},
    **{month[:3].lower(): month.lower() for month in MONTHS},
    "sept": "september",
    **{day.lower(): day.lower() for day in calendar.day_name},
}
# Months as English, French, German, Spanish, Italian and Dutch papers write them.
_MONTH_NUMBERS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier januar jänner enero gennaio januari",
            "february feb février fevrier februar febrero febbraio februari",
            "march mar mars märz marzo maart",
            "april apr avril abril aprile",
            "may mai mayo maggio mei",
            "june jun juin juni junio giugno",
            "july jul juillet juli julio luglio",
            "august aug août aout agosto augustus",
            "september sept sep septembre septiembre settembre",
            "october oct octobre oktober octubre ottobre",
            "november nov novembre noviembre",
            "december dec décembre decembre dezember diciembre dicembre",
        ),
        1,
    )
    for name in names.split()
}
_ANY_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTH_NUMBERS, key=len, reverse=True))})\b\.?"
# The longest forms first: what one has matched, the next leave alone.
_WRITTEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:de |"
        rf"of )?{_ANY_MONTH},?\s+(?:de )?(?P<year>\d{{4}})\b",
        rf"\b{_ANY_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b",
        rf"\b{_ANY_MONTH},?\s+(?P<year>\d{{4}})\b",
    )
)
_ISO = re.compile(rf"\b{YEAR}-\d{{2}}-\d{{2}}\b")
_DAY_MONTH_YEAR = re.compile(rf"\b(\d{{1,2}})[/.](\d{{1,2}})[/.]({YEAR})\b")
_WEEKDAY_NAMED = re.compile(r"\b(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A date, and the characters of a text that name it."""

    start: int
    end: int
    date: PartialDate


def find_dates(text: str) -> list[DateSpan]:
    """Return the dates with a month's name and a year, in order; impossible ones are left out.

    >>> [(span.start, span.end, str(span.date)) for span in find_dates("on 12 February, 2020")]
    [(3, 20, '2020-02-12')]
    """
    found: list[DateSpan] = []
    matched: set[int] = set()
    for pattern in _WRITTEN:
        for match in pattern.finditer(text):
            characters = range(*match.span())
            if not matched.isdisjoint(characters):
                continue
            matched.update(characters)
            month = _MONTH_NUMBERS[match["month"].lower()]
            day = int(match["day"]) if "day" in pattern.groupindex else None
            with suppress(InvalidDate):
                found.append(DateSpan(*match.span(), PartialDate(int(match["year"]), month, day)))
    return sorted(found, key=lambda span: span.start)


def find_numeric_dates(text: str) -> list[DateSpan]:
    """Return the days in digits that can be read in one way only.

    These are ISO dates, and days whose month cannot be the day; a weekday in the text decides too.

    >>> [str(span.date) for span in find_numeric_dates("2018-02-13, 13/02/2018, 03/04/2018")]
    ['2018-02-13', '2018-02-13']
    """
    found = []
    for match in _ISO.finditer(text):
        with suppress(InvalidDate):
            found.append(DateSpan(*match.span(), PartialDate.parse(match[0])))
    weekday = _WEEKDAY_NAMED.search(text)
    for match in _DAY_MONTH_YEAR.finditer(text):
        readings = _readings(*map(int, match.groups()))
        if weekday:
            readings = {
                date for date in readings if date.first.strftime("%a").lower() == weekday["day"].lower()
            }
        if len(readings) == 1:
            found.append(DateSpan(*match.span(), readings.pop()))
    return found


def _readings(first: int, second: int, year: int) -> set[PartialDate]:
    """Return the days that "first/second/year" can mean."""
    days = set()
    for day, month in ((first, second), (second, first)):
        with suppress(InvalidDate):
            days.add(PartialDate(year, month, day))
    return days
