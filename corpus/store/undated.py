"""What tells when an undated article appeared, without being its date: bounds, and what they rest on."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from corpus.article import Article, InvalidDate, PartialDate
from corpus.dates import find_dates, find_numeric_dates
from corpus.store.database import Store

_NUMBERED_ORIGIN = re.compile(r"(?P<file>.*)#(?P<number>\d+)", re.DOTALL)
_DAY_IN_ADDRESS = re.compile(r"/((?:19|20)\d\d)[/-](\d\d?)(?:[/-](\d\d?))?(?=[/-]|$)")
_MIN_DATED_NEIGHBOURS = 3  # limit: any two dates are in order


@dataclass(frozen=True, slots=True)
class DateBound:
    """One thing known of the day on which an undated article appeared.

    "not after" and "not before" bound it. "near" is a day that its address or its text names: an article may
    look back or ahead (of 115 dated articles of MultiHop-RAG that name another day, 28 look ahead).
    """

    relation: Literal["not after", "not before", "near"]
    day: PartialDate
    rests_on: str

    @property
    def spoken(self) -> str:
        """The bound in words: "not after 3 May 2021 (its file was last changed then)"."""
        if self.relation == "near":
            return f"{self.rests_on} {self.day.spoken}"
        return f"{self.relation} {self.day.spoken} ({self.rests_on})"

    def to_json(self) -> dict[str, str]:
        """Return plain values for JSON."""
        return {"relation": self.relation, "day": str(self.day), "rests_on": self.rests_on}


@dataclass(frozen=True, slots=True)
class IncompleteArticles:
    """Articles without a date or a publisher, last added first, and how many there are in all."""

    articles: tuple[Article, ...]
    total: int


def find_incomplete(store: Store, limit: int) -> IncompleteArticles:
    """Return the first `limit` articles whose date or publisher is unknown."""
    condition = "FROM articles WHERE published IS NULL OR publisher IS NULL"
    ((total,),) = store.rows(f"SELECT count(*) {condition}")
    ids = [name for (name,) in store.rows(f"SELECT id {condition} ORDER BY added DESC, id LIMIT ?", (limit,))]
    found = store.articles_by_id(ids)
    return IncompleteArticles(tuple(found[name] for name in ids if name in found), total)


def date_bounds(store: Store, article: Article) -> tuple[DateBound, ...]:
    """Return the closest bound on each side of an undated article's day, and the days that it names.

    A dated article has none.
    """
    if article.published:
        return ()
    origins = [path for (path,) in store.rows("SELECT path FROM origins WHERE article = ?", (article.id,))]
    bounds = [*_stated_bounds(article), *_file_bounds(origins), *_added_bounds(store, article.id)]
    for origin in origins:
        bounds += _neighbour_bounds(store, origin)
    latest = min((bound for bound in bounds if bound.relation == "not after"), key=_last, default=None)
    earliest = max((bound for bound in bounds if bound.relation == "not before"), key=_first, default=None)
    last = latest.day.last if latest else date.max
    closest = (earliest, latest, _day_in_address(article.url), _named_day(article.body, last))
    return tuple(bound for bound in closest if bound)


def _first(bound: DateBound) -> date:
    return bound.day.first


def _last(bound: DateBound) -> date:
    return bound.day.last


def _stated_bounds(article: Article) -> Iterable[DateBound]:
    if article.updated:
        yield DateBound("not after", article.updated, "it was changed then")
    if article.saved:
        yield DateBound("not after", article.saved, "it was saved from its site then")


def _file_bounds(origins: Iterable[str]) -> Iterable[DateBound]:
    """Yield the days on which the article's files on this computer were last changed."""
    for origin in origins:
        numbered = _NUMBERED_ORIGIN.fullmatch(origin)
        file = Path(numbered["file"] if numbered else origin)
        with suppress(OSError, ValueError):
            if file.is_absolute():
                changed = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                yield DateBound("not after", _day(changed.date()), "its file was last changed then")


def _added_bounds(store: Store, article: str) -> Iterable[DateBound]:
    for (added,) in store.rows("SELECT added FROM articles WHERE id = ?", (article,)):
        yield DateBound("not after", PartialDate.parse(added), "it was added then")


def _neighbour_bounds(store: Store, origin: str) -> Iterable[DateBound]:
    """Yield the dates of the articles before and after this one in a file that is in order of dates."""
    numbered = _NUMBERED_ORIGIN.fullmatch(origin)
    if not numbered:
        return
    prefix, number = f"{numbered['file']}#", int(numbered["number"])
    rows = store.rows(
        "SELECT path, published FROM origins JOIN articles ON articles.id = article "
        "WHERE substr(path, 1, ?) = ? AND published IS NOT NULL",
        (len(prefix), prefix),
    )
    dated = sorted(
        (int(path[len(prefix) :]), PartialDate.parse(published))
        for path, published in rows
        if path[len(prefix) :].isdecimal()
    )
    days = [day.first for _, day in dated]
    if len(dated) < _MIN_DATED_NEIGHBOURS or days not in (sorted(days), sorted(days, reverse=True)):
        return
    older, newer = _around(dated, number, newest_first=days[0] > days[-1])
    if older:
        yield DateBound("not before", older, "the next older article of its file is of that day")
    if newer:
        yield DateBound("not after", newer, "the next newer article of its file is of that day")


def _around(
    dated: Sequence[tuple[int, PartialDate]], number: int, newest_first: bool
) -> tuple[PartialDate | None, PartialDate | None]:
    """Return the dates of the next older and the next newer article."""
    above = next((day for n, day in reversed(dated) if n < number), None)
    below = next((day for n, day in dated if n > number), None)
    return (below, above) if newest_first else (above, below)


def _day_in_address(url: str | None) -> DateBound | None:
    match = _DAY_IN_ADDRESS.search(url or "")
    with suppress(InvalidDate):
        if match:
            year, month = int(match[1]), int(match[2])
            return DateBound(
                "near", PartialDate(year, month, int(match[3]) if match[3] else None), "its address names"
            )
    return None


def _named_day(body: str, last: date) -> DateBound | None:
    """Return the latest day or month that a text names, as far as it is not after `last`."""
    named = [span.date for span in (*find_dates(body), *find_numeric_dates(body)) if span.date.first <= last]
    return DateBound("near", max(named, key=lambda day: day.first), "its text names") if named else None


def _day(day: date) -> PartialDate:
    return PartialDate(day.year, day.month, day.day)
