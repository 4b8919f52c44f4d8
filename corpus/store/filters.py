"""Filters on articles as SQL conditions, and the range of what there is to choose from."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions on articles: a range of publication days, publishers, article ids. Empty means any.

    An undated article passes no filter by date. Publishers are compared without regard to case.
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
            ("lower(articles.publisher)", [name.lower() for name in self.publishers]),
            ("articles.id", list(self.articles)),
        ):
            if allowed:
                terms.append(f"{column} IN ({','.join('?' * len(allowed))})")
                values += allowed
        return " AND ".join(terms), values


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
