"""Find the dates in the lines of a page that say when its article appeared or was changed."""

import re

from corpus.article import PartialDate
from corpus.dates import find_dates, find_numeric_dates

# The words that may stand beside a date in a line that only says when.
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
FoundDate = tuple[int, int, PartialDate]  # its first and last character in the line, and the date


def published(text: str, alone: bool = True) -> FoundDate | None:
    """Return the date of a line that says when an article appeared; with `alone`, of a line that says nothing else.

    What follows "updated" is left out.
    """
    return _first_date(_UPDATED.sub(lambda rest: " " * len(rest[0]), text), alone)


def changed(text: str) -> FoundDate | None:
    """Return the date behind "updated" in a line, if nothing but a time stands beside it.

    >>> changed("Published 12 February 2020 | Updated: 09:41, 13 February 2020")
    (45, 61, PartialDate(year=2020, month=2, day=13))
    """
    updated = _CHANGED.search(text)
    return _first_date(" " * updated.end() + text[updated.end() :], alone=True) if updated else None


def _first_date(text: str, alone: bool) -> FoundDate | None:
    dates = [*find_dates(text), *find_numeric_dates(text)]
    if not dates:
        return None
    first = min(dates, key=lambda span: span.start)
    beside = _BESIDE_DATE.sub("", text[: first.start] + " " + text[first.end :])
    return (first.start, first.end, first.date) if not alone or not beside else None
