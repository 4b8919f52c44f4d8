"""Scores over samples: precision and recall of fields, boilerplate left, sentences lost."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.reading.truth import Sample
from corpus.article import Article

FIELDS = ("title", "publisher", "author", "published", "standfirst", "section", "updated")
_SPACES = re.compile(r"\s+")


def folded(text: str) -> str:
    """Return a text with single spaces and composed letters, which may differ between a file and its article.

    >>> folded("a\\u00a0 b\\nc")
    'a b c'
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one sample; `article` is None where the file was refused, and `refusal` says why."""

    sample: Sample
    article: Article | None
    refusal: str = ""

    def value(self, name: str) -> str | None:
        """Return a field as text, or None."""
        found = getattr(self.article, name) if self.article else None
        return str(found) if found else None

    def right(self, name: str) -> bool:
        """Return True if the field is found and is what the file states."""
        found, stated = self.value(name), getattr(self.sample, name)
        return found is not None and stated is not None and _SAME[name](found, stated)

    @property
    def left(self) -> list[str]:
        """Lines of boilerplate that occur more often in the article than in the true text."""
        if not self.article:
            return []
        read = folded(f"{self.article.title or ''}\n{self.article.body}")
        true = folded(f"{self.sample.title or ''}\n" + "\n".join(self.sample.sentences))
        return [
            line for line in self.sample.boilerplate if read.count(folded(line)) > true.count(folded(line))
        ]

    @property
    def lost(self) -> list[str]:
        """True sentences that are not in the body."""
        body = folded(self.article.body) if self.article else ""
        return [sentence for sentence in self.sample.sentences if folded(sentence) not in body]


def _same_title(found: str, stated: str) -> bool:
    return folded(found).casefold() == folded(stated).casefold()


def _same_publisher(found: str, stated: str) -> bool:
    return folded(found).casefold().removeprefix("the ") == folded(stated).casefold().removeprefix("the ")


def _same_author(found: str, stated: str) -> bool:
    names = re.split(r",| and ", folded(stated).casefold())
    return all(name.strip() in folded(found).casefold() for name in names) and len(found) <= len(stated) + 40


_SAME = {
    "title": _same_title,
    "publisher": _same_publisher,
    "author": _same_author,
    "published": str.__eq__,
    "standfirst": _same_title,
    "section": _same_title,
    "updated": str.__eq__,
}


@dataclass(slots=True)
class Score:
    """Sums over readings."""

    samples: int = 0
    refused: int = 0
    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0))
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0))
    stated: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0))
    boilerplate: int = 0
    left: int = 0
    sentences: int = 0
    lost: int = 0

    def add(self, reading: Reading) -> None:
        """Count one reading; boilerplate of a refused file is not counted, since nothing was read."""
        self.samples += 1
        self.refused += reading.article is None
        for name in FIELDS:
            self.right[name] += reading.right(name)
            self.found[name] += reading.value(name) is not None
            self.stated[name] += getattr(reading.sample, name) is not None
        self.boilerplate += len(reading.sample.boilerplate) if reading.article else 0
        self.left += len(reading.left)
        self.sentences += len(reading.sample.sentences)
        self.lost += len(reading.lost)

    def row(self) -> dict[str, float | int | None]:
        """Return precision (right / found) and recall (right / stated) of each field.

        And the shares of lines.
        """
        row: dict[str, float | int | None] = {"samples": self.samples, "refused": self.refused}
        for name in FIELDS:
            row[f"{name} precision"] = _share(self.right[name], self.found[name])
            row[f"{name} recall"] = _share(self.right[name], self.stated[name])
        row["boilerplate removed"] = _share(self.boilerplate - self.left, self.boilerplate)
        row["sentences lost"] = _share(self.lost, self.sentences)
        return row


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def score(readings: Iterable[Reading]) -> Score:
    """Return the sums over some readings."""
    total = Score()
    for reading in readings:
        total.add(reading)
    return total
