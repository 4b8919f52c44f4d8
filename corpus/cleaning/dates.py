"""Lines that say when an article appeared or was changed. Knows how sites write dates, nothing else of a page."""

import re
from contextlib import suppress

from corpus.article import InvalidDate, PartialDate, written_dates

# What may stand beside a date in a line that only tells when.
_BESIDE_DATE = re.compile(
    r"\d+h\d*|\b(?:first |originally )?(?:published|posted|issued?|edition|dated?|publié|veröffentlicht|publicado|on|at|the|le|am|el|um|à|den|by|de|uhr|"
    r"gmt|utc|bst|cet|cest|est|edt|et|pst|pdt|pm|a\.m|p\.m|years? ago|(?:mon|tue|wed|thu|fri|sat|sun)\w{0,6}|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)\b|[\W\d_]",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"\b(?:updated?|modified|last|modifié|mis à jour|aktualisiert|geändert|actualizado|aggiornato|printed|saved|accessed|retrieved)\b.*",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"\b(?:(?:last )?(?:updated?|modified|revised|changed)|modifié|mis à jour|(?:zuletzt )?(?:aktualisiert|geändert)|actualizado|aggiornato)\b"
    r"(?: on| at| le| am)?:?",
    re.IGNORECASE,
)
_ISO = re.compile(r"\b(?:19|20)\d{2}-\d{2}-\d{2}\b")
_NUMERIC = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.]((?:19|20)\d{2})\b")
_WEEKDAY = re.compile(r"\b(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", re.IGNORECASE)

Stamp = tuple[int, int, PartialDate]  # start and end in the line, and the date that stands there


def published(text: str, alone: bool = True) -> Stamp | None:
    """The date of a line that only tells when an article appeared, as (start, end, date).

    What follows "updated" is not looked at; a date in figures counts where only one reading of it is possible.
    """
    return _stamp(_UPDATED.sub(lambda rest: " " * len(rest[0]), text), alone)


def changed(text: str) -> Stamp | None:
    """The date that stands behind "updated" in a line, where nothing but a time stands beside it.

    >>> changed("Published 12 February 2020 | Updated: 09:41, 13 February 2020")
    (45, 61, PartialDate(year=2020, month=2, day=13))
    """
    told = _CHANGED.search(text)
    return _stamp(" " * told.end() + text[told.end() :], alone=True) if told else None


def _stamp(text: str, alone: bool) -> Stamp | None:
    dates = [*written_dates(text), *_figure_dates(text)]
    if not dates:
        return None
    start, end, published = min(dates, key=lambda found: found[0])
    beside = _BESIDE_DATE.sub("", text[:start] + " " + text[end:])
    return (start, end, published) if not alone or not beside else None


def _figure_dates(text: str) -> list[tuple[int, int, PartialDate]]:
    found = [(match.start(), match.end(), match[0]) for match in _ISO.finditer(text)]
    for match in _NUMERIC.finditer(text):
        first, second, year = match.groups()
        readings = {
            f"{year}-{int(month):02}-{int(day):02}"
            for day, month in ((first, second), (second, first))
            if int(month) <= 12 and int(day) <= 31
        }
        weekday = _WEEKDAY.search(text)
        if weekday:
            readings = {reading for reading in readings if _weekday(reading) == weekday["day"].lower()}
        if len(readings) == 1:
            found.append((match.start(), match.end(), readings.pop()))
    dates = []
    for start, end, written in found:
        with suppress(InvalidDate):
            dates.append((start, end, PartialDate.parse(written)))
    return dates


def _weekday(written: str) -> str:
    try:
        return PartialDate.parse(written).first.strftime("%a").lower()
    except InvalidDate:
        return ""
