"""Parse the dates of questions and of news sentences, also those that their day of publication completes."""

import re
from collections.abc import Iterator
from contextlib import suppress

from corpus.article import MONTHS, Article, InvalidDate, PartialDate
from corpus.dates import MONTH, YEAR, DateSpan, find_dates, find_numeric_dates

_YEAR_ALONE = re.compile(rf"\b{YEAR}\b(?!-\d)")
_ISO_MONTH = re.compile(rf"\b{YEAR}-\d{{2}}\b")
# With or without a day; an impossible one ("31 June 2020") leaves its month.
_MONTH_OF_YEAR = re.compile(rf"\b(?P<month>{MONTH})(?: \d{{1,2}}(?:st|nd|rd|th)?)?,? (?P<year>{YEAR})\b")
# A month or a year that something happened in, not a number of things or the prices of that year.
_MONTH_OR_YEAR = re.compile(
    r"\b(?:[Ii]n|[Bb]y|for|of|[Dd]uring|[Aa]t the end of) "
    r"(?:early |late |mid-|the (?:end|summer|spring|autumn) of )?"
    rf"(?:(?P<month>{MONTH})(?: (?P<month_year>{YEAR}))?|(?P<year>{YEAR}))\b(?! \d{{1,2}}\b)(?! (?:prices|"
    rf"dollars|money))"
)
_DAY_WITHOUT_YEAR = re.compile(
    rf"\b(?:(?P<month_first>{MONTH}) (?P<day_second>\d{{1,2}})|"
    rf"(?P<day_first>\d{{1,2}}) (?P<month_second>{MONTH}))\b"
    rf"(?!,? {YEAR}|,\d)"
)
_YEARS_AGO = re.compile(
    r"\b(?:(?P<one>last year|a year (?:ago|earlier|before))|two years (?:ago|earlier))\b", re.IGNORECASE
)
_DATE_VALUE = re.compile(
    rf"\b(?:(?:\d{{1,2}} )?{MONTH}(?: \d{{1,2}}\b(?!,\d))?,?|(?:spring|summer|autumn|winter|end|start) of|"
    rf"(?:early|late|mid)[ -])?"
    rf" ?(?P<year>{YEAR})\b(?![-/,]\d)"
)
_CALENDAR = re.compile(
    rf"\b{MONTH}\.? \d{{1,2}}\b(?!,\d)|\b\d{{1,2}}(?:-\d{{1,2}})? {MONTH}\b|"
    r"\b\d{1,2}(?:[.:]\d\d)? ?(?:[ap]\.?m\b\.?|o'clock)|\b\d{1,2}:\d\d\b|"
    rf"\b{YEAR}[-/]\d{{2,4}}\b|\b{YEAR}s\b"
)


def parse_dates(text: str) -> tuple[PartialDate, ...]:
    """Return the dates that a text names, each once, in order.

    A day that does not exist leaves its month, and digits that can be read in two ways leave their year.

    >>> [str(day) for day in parse_dates("On 12 July 2018, in 2019-03 and in 2020")]
    ['2018-07-12', '2019-03', '2020']
    >>> [str(day) for day in parse_dates("13/02/2018, 31 June 2020 and 03/04/2017")]
    ['2018-02-13', '2020-06', '2017']
    """
    known = [*find_dates(text), *find_numeric_dates(text)]
    for pattern in (_MONTH_OF_YEAR, _ISO_MONTH, _YEAR_ALONE):
        taken = {place for span in known for place in range(span.start, span.end)}
        for match in pattern.finditer(text):
            if match.start() not in taken:
                with suppress(InvalidDate):
                    known.append(DateSpan(*match.span(), _date_of(match)))
    return tuple(dict.fromkeys(span.date for span in sorted(known, key=lambda span: span.start)))


def _date_of(match: re.Match[str]) -> PartialDate:
    parts = match.groupdict()
    if not parts:
        return PartialDate.parse(match[0])
    return PartialDate(int(parts["year"]), MONTHS.index(parts["month"]) + 1)


def published_within(article: Article, dates: tuple[PartialDate, ...]) -> bool:
    """Return True if an article appeared on one of `dates`, as precisely as each of them is known."""
    published = article.published
    return published is not None and any(
        day.first <= published.last and published.first <= day.last for day in dates
    )


def find_event_dates(text: str, published: PartialDate | None = None) -> list[DateSpan]:
    """Return the dates on which a text says that something happened or will.

    `published`, the day of its article, completes "in May", "on 15 September" and "a year ago"; without it
    they are left out.

    >>> [str(span.date) for span in find_event_dates("In 2018 and on 28 December", PartialDate(2020, 1, 3))]
    ['2018', '2019-12-28']
    """
    found = find_dates(text)
    for match in _MONTH_OR_YEAR.finditer(text):
        month = MONTHS.index(match["month"]) + 1 if match["month"] else None
        if year := match["year"] or match["month_year"]:
            found.append(DateSpan(*match.span(), PartialDate(int(year), month)))
        elif published and month:
            year_before = month > (published.month or 12)
            found.append(DateSpan(*match.span(), PartialDate(published.year - year_before, month)))
    if published:
        found += _completed_days(text, published)
        for match in _YEARS_AGO.finditer(text):
            found.append(DateSpan(*match.span(), PartialDate(published.year - (1 if match["one"] else 2))))
    return found


def _completed_days(text: str, published: PartialDate) -> Iterator[DateSpan]:
    """Yield the days without a year, each in the year that puts it nearest to the day of publication."""
    for match in _DAY_WITHOUT_YEAR.finditer(text):
        month = MONTHS.index(match["month_first"] or match["month_second"]) + 1
        day = int(match["day_first"] or match["day_second"])
        days = []
        for year in (published.year - 1, published.year, published.year + 1):
            with suppress(InvalidDate):
                days.append(PartialDate(year, month, day))
        if days:
            nearest = min(days, key=lambda date: abs((date.first - published.first).days))
            yield DateSpan(*match.span(), nearest)


def find_date_values(text: str) -> list[DateSpan]:
    """Return the days, months, seasons and years of a text as values that a question may ask for, in order.

    >>> text = "Due in March 2021, it is now to fly in the spring of 2022, not in 2018-19."
    >>> [text[span.start:span.end] for span in find_date_values(text)]
    ['March 2021', 'spring of 2022']
    """
    found = []
    for match in _DATE_VALUE.finditer(text):
        written = find_dates(match[0])
        start = match.end() - len(match[0].lstrip())
        date = written[0].date if written else PartialDate(int(match["year"]))
        found.append(DateSpan(start, match.end(), date))
    return found


def overlaps_date(text: str, start: int, end: int) -> bool:
    """Return True if some characters are part of a date, a decade, a time of day or a span of years."""
    spans = [match.span() for match in _CALENDAR.finditer(text)]
    spans += [(span.start, span.end) for span in find_dates(text)]
    return any(first < end and start < last for first, last in spans)
