"""Filters on articles as SQL conditions, and the range of what there is to choose from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from string import ascii_lowercase, ascii_uppercase

_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions on articles: a range of publication days, publishers, article ids. Empty means any.

    An undated article passes no filter by date. Publishers are compared without regard to case and to
    spaces around them.
    """

    since: date | None = None
    until: date | None = None
    publishers: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.since or self.until or self.publishers or self.articles)

    def sql_condition(self) -> tuple[str, list[str]]:
        """Return an SQL condition on the table `articles` and its parameters.

        >>> Filters(since=date(2020, 1, 31)).sql_condition()
        ('TRUE AND earliest >= ?', ['2020-01-31'])
        """
        terms, values = ["TRUE"], []
        if self.since:
            terms.append("earliest >= ?")
            values.append(self.since.isoformat())
        if self.until:
            terms.append("latest <= ?")
            values.append(self.until.isoformat())
        for column, allowed in (
            ("lower(articles.publisher)", list(dict.fromkeys(_lowered(self.publishers)))),
            ("articles.id", list(self.articles)),
        ):
            if allowed:
                terms.append(f"{column} IN ({','.join('?' * len(allowed))})")
                values += allowed
        return " AND ".join(terms), values


def _lowered(names: Iterable[str]) -> Iterator[str]:
    """Yield names as the database may write them in lower case.

    SQLite leaves letters beyond ASCII as they are, so that those of "Écho" and "écho" differ.
    """
    for name in map(str.strip, names):
        for form in (name.lower(), name, name.title(), name.upper()):
            yield form.translate(_ASCII_LOWER)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a collection holds: how many articles and passages, from which publishers and days.

    `sample` counts the invented articles among them.
    """

    articles: int
    passages: int
    publishers: tuple[str, ...]
    earliest: date | None
    latest: date | None
    undated: int
    sample: int = 0
