"""Find the dates in the lines of a page that say when its article appeared or was changed."""

import re

from corpus.dates import DateSpan, find_dates, find_numeric_dates

# What may be beside a date in a line that only says when.
_BESIDE_DATE = re.compile(
    r"(?<!\d)\d{1,2}h\d{0,2}|"
    r"\b(?:first |originally )?(?:published|posted|issued?|edition|dated?|publié|veröffentlicht|"
    r"publicado|on|at|the|le|am|el|um|à|den|by|de|uhr|gmt|utc|bst|cet|cest|est|edt|et|pst|pdt|pm|a\.m|p\.m|"
    r"years? ago|(?:mon|tue|wed|thu|fri|sat|sun)\w{0,6}|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|"
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)\b|[\W\d_]",
    re.IGNORECASE,
)
_NOT_PUBLISHED = re.compile(
    r"\b(?:updated?|modified|last|modifié|mis à jour|aktualisiert|geändert|actualizado|aggiornato|printed|"
    r"saved|accessed|retrieved)\b.*",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"\b(?:(?:last )?(?:updated?|modified|revised|changed)|modifié|mis à jour|(?:zuletzt )?(?:aktualisiert|"
    r"geändert)|actualizado|aggiornato)\b(?: on| at| le| am)?:?",
    re.IGNORECASE,
)
_SAVED = re.compile(
    r"\b(?:saved|printed|accessed|retrieved|archived|downloaded)\b(?: on| at)?:?", re.IGNORECASE
)


def find_published_date(text: str, alone: bool = True) -> DateSpan | None:
    """Return the date of a line that says when an article appeared; None if there is none.

    With `alone` the line must say nothing else. What follows "updated" is ignored.

    >>> find_published_date("Published 12 February 2020 | Updated 13 February 2020")
    DateSpan(start=10, end=26, date=PartialDate(year=2020, month=2, day=12))
    """
    return _first_date(_NOT_PUBLISHED.sub(lambda rest: " " * len(rest[0]), text), alone)


def find_updated_date(text: str) -> DateSpan | None:
    """Return the date behind "updated" in a line, if nothing but a time is beside it.

    >>> find_updated_date("Published 12 February 2020 | Updated: 09:41, 13 February 2020")
    DateSpan(start=45, end=61, date=PartialDate(year=2020, month=2, day=13))
    """
    return _date_behind(_UPDATED, text)


def find_saved_date(text: str) -> DateSpan | None:
    """Return the date behind "saved", "printed" or the like in a line, if nothing but a time is beside it.

    >>> find_saved_date("Printed 13 February 2020, 09:41")
    DateSpan(start=8, end=24, date=PartialDate(year=2020, month=2, day=13))
    """
    return _date_behind(_SAVED, text)


def _date_behind(words: re.Pattern[str], text: str) -> DateSpan | None:
    match = words.search(text)
    return _first_date(" " * match.end() + text[match.end() :], alone=True) if match else None


def _first_date(text: str, alone: bool) -> DateSpan | None:
    dates = [*find_dates(text), *find_numeric_dates(text)]
    if not dates:
        return None
    first = min(dates, key=lambda span: span.start)
    beside = _BESIDE_DATE.sub("", text[: first.start] + " " + text[first.end :])
    return None if alone and beside else first
