"""Find the dates that a text names: the one grammar of dates for the whole repository."""

import calendar
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate

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

# The forms of exports, besides written ones: year first, with or without separators, and month and year.
_MAX_STATED_CHARS = 200  # limit: no date is longer
_FIRST_YEAR = 1600  # limit: before the first newspaper; years such as 0001 and 1 stand for no date
_YEAR_FIRST = (
    re.compile(
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
        r"(?:[T ]?\d{4}(?:\d\d)?(?:[Z.+-].*)?)?",
        re.ASCII,
    ),
    re.compile(
        r"(?P<year>\d{4})[/.年](?P<month>\d\d?)(?:[/.月](?P<day>\d\d?))?[月日]?(?:[T ,].*)?", re.ASCII
    ),
    re.compile(r"(?P<month>\d\d?)[/.](?P<year>\d{4})", re.ASCII),
)
_TIMESTAMP = re.compile(r"(?P<seconds>[1-9]\d{8,9})(?:\d{3})?(?:\.\d+)?", re.ASCII)  # or milliseconds
_NAMED_MONTH_WITH_SEPARATORS = re.compile(r"\b(\d{1,2})[-/]([^\W\d_]{3,9})[-/](\d{4})(?!\d)")
_TIME_MARK = re.compile(r"(?<=\d)T(?=\d)")
_NUMBERS_WITH_DASHES = re.compile(r"(?<![\d-])(\d{1,2})-(\d{1,2})-(\d{4})(?![\d-])")


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


def parse_stated_date(text: str) -> PartialDate:
    """Parse a date that a file states, in any form of news exports that can be read in one way only.

    These are ISO dates with or without a time, "20180213", "2018/02/13", "February 13, 2018" in six
    languages, "13-Feb-2018", "13/02/2018", the dates of e-mails and Unix time. The day is the one written,
    whatever its
    time zone; that of Unix time is in UTC.

    Raises:
        InvalidDate: the text states no date, more than one, or one that can be read in several ways.

    >>> [str(parse_stated_date(text)) for text in ("Tue, 13 Feb 2018 10:00:00 GMT", "20180213", "02/2018")]
    ['2018-02-13', '2018-02-13', '2018-02']
    """
    text = text.strip()
    date = (
        _parse_year_first(text) or _parse_timestamp(text) or _parse_only_date(text) or _parse_mail_date(text)
    )
    date = date or PartialDate.parse(text)
    if date.year < _FIRST_YEAR:
        raise InvalidDate(f'"{text[:40]}" is before the first newspaper; write YYYY-MM-DD, YYYY-MM or YYYY')
    return date


def _parse_year_first(text: str) -> PartialDate | None:
    for pattern in _YEAR_FIRST:
        match = pattern.fullmatch(text[:_MAX_STATED_CHARS])
        if match:
            parts = match.groupdict()
            return PartialDate(
                int(match["year"]), int(match["month"]), int(parts["day"]) if parts.get("day") else None
            )
    return None


def _parse_timestamp(text: str) -> PartialDate | None:
    match = _TIMESTAMP.fullmatch(text[:_MAX_STATED_CHARS])
    if not match:
        return None
    day = datetime.fromtimestamp(int(match["seconds"]), UTC)
    return PartialDate(day.year, day.month, day.day)


def _parse_only_date(text: str) -> PartialDate | None:
    """Return the one date that a text names, with a month's name or in digits; None if it names none.

    Raises:
        InvalidDate: it names several.
    """
    text = _NAMED_MONTH_WITH_SEPARATORS.sub(r"\1 \2 \3 ", text[:_MAX_STATED_CHARS])
    text = _NUMBERS_WITH_DASHES.sub(r"\1/\2/\3", _TIME_MARK.sub(" ", text))
    dates = {span.date for span in (*find_dates(text), *find_numeric_dates(text))}
    if len(dates) > 1:
        raise InvalidDate(f'"{text[:40]}" is more than one date; write YYYY-MM-DD, YYYY-MM or YYYY')
    return dates.pop() if dates else None


def _parse_mail_date(text: str) -> PartialDate | None:
    """Return the day of a date as in the header of an e-mail, also with a year of two digits."""
    parts = parsedate(text[:_MAX_STATED_CHARS])
    return PartialDate(*parts[:3]) if parts and parts[0] < 10_000 else None
