"""`Article`, its metadata and their provenance, and dates of any precision."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

MONTHS = tuple(calendar.month_name)[1:]
_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?![\d-])")


class InvalidDate(ValueError):
    """A text that should be a date and is not."""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A calendar date known to the day, the month or the year.

    >>> str(PartialDate(2018, 2)), PartialDate(2018, 2).spoken, PartialDate(2018, 2).last.day
    ('2018-02', 'February 2018', 28)
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        try:
            date(self.year, 1 if self.month is None else self.month, 1 if self.day is None else self.day)
        except ValueError as error:
            raise InvalidDate(
                f"{self.year}-{self.month}-{self.day} is no date: {error}; write YYYY-MM-DD, YYYY-MM or YYYY"
            ) from None

    @classmethod
    def parse(cls, text: str) -> "PartialDate":
        """Parse an ISO date of any precision: "2018-02-13", "2018-02", "2018"; a time after it is ignored.

        Raises:
            InvalidDate: the text does not begin with a date.
        """
        match = _ISO.match(text.strip())
        if not match:
            raise InvalidDate(f'"{text[:40]}" is no date; write YYYY-MM-DD, YYYY-MM or YYYY')
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        return cls(year, month, day)

    @property
    def first(self) -> date:
        """The first day that the date can mean."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The last day that the date can mean."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @property
    def spoken(self) -> str:
        """The date as people write it: "13 February 2018", "February 2018", "2018"."""
        parts = (
            str(self.day) if self.day else "",
            MONTHS[self.month - 1] if self.month else "",
            str(self.year),
        )
        return " ".join(part for part in parts if part)

    def __str__(self) -> str:
        return "-".join([f"{self.year:04}"] + [f"{part:02}" for part in (self.month, self.day) if part])


# How certain a field is: "stated" outside the text (by the file or a person), "read" in text that says
# nothing else (a byline, a date line, a label), "guessed" from the position of a line.
Certainty = Literal["stated", "read", "guessed"]
# How a field is known that the user stated: for an article, or for all articles of an addition.
BY_HAND, GIVEN = "corrected by hand", "given by the user"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one field of an article was found.

    `how` names the source in words; `start` and `end` are offsets in the normalised text, if it was there.
    """

    field: str
    how: str
    start: int | None = None
    end: int | None = None
    sure: Certainty = "stated"


@dataclass(frozen=True, slots=True)
class Removal:
    """A piece of the text as it was read that cleaning left out of the body.

    `line` counts from 1, `start` is the offset in the normalised text, and `reason` says in words why.
    """

    line: int
    start: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Article:
    """A cleaned news article. A field that its source did not state is None.

    `standfirst` is the line that sums the article up; if it is a sentence, the body holds it too. `updated`
    is the day of the last change, if it differs from `published`, and `saved` the day on which the page was
    saved or crawled. `sample` marks an invented article of the sample collection. `origin` is the path or
    address it was read from, and `provenance` says where each known field was found. `removed` is what
    cleaning left out; an article from a collection has none, see `Store.removed`.
    """

    title: str | None
    body: str
    publisher: str | None = None
    author: str | None = None
    published: PartialDate | None = None
    url: str | None = None
    standfirst: str | None = None
    section: str | None = None
    updated: PartialDate | None = None
    saved: PartialDate | None = None
    sample: bool = False
    origin: str = ""
    provenance: tuple[Provenance, ...] = ()
    removed: tuple[Removal, ...] = ()

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of the body's SHA-256: the same text is always the same article."""
        return sha256(self.body.encode()).hexdigest()[:12]

    @property
    def headline(self) -> str:
        """The title, or the first ten words of the body if there is none."""
        if self.title:
            return self.title
        words = self.body.split()
        return " ".join(words[:10]) + ("..." if len(words) > 10 else "")

    @property
    def dateline(self) -> str:
        """Publisher and date, or that they are unknown: "Meridian Wire, 3 December 2014"."""
        return f"{self.publisher or 'publisher unknown'}, {self.day}"

    @property
    def credit(self) -> str:
        """The dateline as readers see it, which marks a sample: "Meridian Wire (sample), 3 December 2014"."""
        mark = " (sample)" if self.sample else ""
        return f"{self.publisher or 'publisher unknown'}{mark}, {self.day}"

    @property
    def day(self) -> str:
        """The day of publication as people write it: "3 December 2014", or "undated"."""
        return self.published.spoken if self.published else "undated"
