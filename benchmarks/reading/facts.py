"""The facts of a generated page.

Articles of the evaluation corpus, completed with invented names and days.
"""

import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from benchmarks.public_sets import DATA, read_lines

OUTLETS = (
    "The Meridian Post", "Harbour Times", "Northgate Herald", "The Alder Tribune", "Lowland Observer", "Capital Dispatch", "Vesper Daily",
    "The Eastbridge Chronicle", "Quayside News", "Pan-Continental Review", "Silverline Media", "Fenwick Gazette", "The Morning Ledger",
    "Orchard Valley Star", "Kestrel News Network", "The Daily Cormorant", "Saltmarsh Standard", "Ninefold Business", "Euroscope", "TechParade",
)  # fmt: skip
FIRST = "Amara Benedikt Chiara Dmitri Eleanor Farid Greta Hamish Ingrid Jonas Katya Liam Marguerite Nadia Oskar Priya Rafael Sinead Tomas Yuki".split()
LAST = (
    "Abernathy Baumann Castellano Dufour Eriksen Fairweather Grabowski Hollins Ibarra Jansen "
    "Kowalczyk Lindqvist Mbeki O'Rourke Pereira Quigley Rostami Whitcombe"
).split()
CITIES = (
    "Brussels",
    "London",
    "Washington",
    "Nairobi",
    "Sydney",
    "Berlin",
    "Paris",
    "New Delhi",
    "Geneva",
    "Toronto",
    "Jakarta",
    "Lagos",
)
GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
AP = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
# Characters that the layouts use between their parts; sentences are not chosen by their words.
_SEPARATORS = re.compile(r"[|©@\[\]•→►…]|https?:|www\.")
_PERSON = re.compile(r"(?!The )[A-Z][\w'’-]+ (?:[A-Z]\. )?[A-Z][\w'’-]+")
_END = re.compile(r"(?<=[a-z0-9%)][.!?])\s+(?=[A-Z])|(?<=[.!?][\"”])\s+(?=[A-Z“\"])")
_CURLY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Facts:
    """One article before it is saved as a page.

    The page does not state what is None; `lead` is a true sentence beside `paragraphs`.
    """

    title: str | None
    publisher: str | None
    author: str | None
    published: date | None
    second: str
    city: str
    copyright: int
    lead: str
    paragraphs: tuple[tuple[str, ...], ...]
    others: tuple[str, ...]

    @property
    def body(self) -> list[str]:
        """The paragraphs as texts."""
        return [" ".join(sentences) for sentences in self.paragraphs]

    @property
    def sentences(self) -> tuple[str, ...]:
        """All sentences of the paragraphs, in order."""
        return tuple(sentence for sentences in self.paragraphs for sentence in sentences)

    @property
    def rights(self) -> str:
        """A year and, where it is stated, a publisher, as copyright lines have them."""
        return f"{self.copyright} {self.publisher}" if self.publisher else str(self.copyright)


def all_facts(seed: int) -> list[Facts]:
    """Return every article of the corpus with enough clean text, shuffled with `seed`."""
    rows = [
        {**row, "title": unicodedata.normalize("NFC", " ".join(row["title"].split()))}
        for row in read_lines(DATA / "multihop_rag/corpus.jsonl.gz")
    ]
    random.Random(seed).shuffle(rows)
    titles = [row["title"] for row in rows if _good_title(row["title"])]
    return list(_facts(rows, titles, random.Random(seed + 1)))


def _facts(rows: list[dict[str, Any]], titles: list[str], rng: random.Random) -> Iterator[Facts]:
    for row in rows:
        paragraphs = _paragraphs(row["body"])
        if len(paragraphs) < 6 or not _good_title(row["title"]):
            continue
        others = rng.sample(
            [title for title in titles if title != row["title"] and title not in row["body"]], 4
        )
        lead = paragraphs.pop(3)[0]
        day = (
            date.fromisoformat(row["published_at"][:10])
            if row["published_at"]
            else date(2009, 1, 1) + timedelta(rng.randrange(5500))
        )
        yield Facts(
            title=row["title"],
            publisher=_publisher(row["source"], rng),
            author=_author(row["author"], rng),
            published=day,
            second=_invented_name(rng),
            city=rng.choice(CITIES),
            copyright=rng.choice([year for year in range(2012, 2025) if year != day.year]),
            lead=lead,
            paragraphs=tuple(paragraphs[: rng.randint(5, 10)]),
            others=tuple(others),
        )


def _good_title(title: str) -> bool:
    return (
        25 < len(title) < 110
        and not re.search(r"[|©•]| - |^\W|\b(deals?|live|newsletter)\b", title, re.IGNORECASE)
        and title[:1].isupper()
    )


def _paragraphs(body: str) -> list[tuple[str, ...]]:
    lines = [unicodedata.normalize("NFC", " ".join(line.split())) for line in body.split("\n")]
    whole = [
        line
        for line in dict.fromkeys(lines)
        if 70 <= len(line) <= 1100 and re.match(r"[A-Z“\"]", line) and re.search(r"[.!?][”\"]?$", line)
    ]
    cut = [
        [part for part in _END.split(line) if not _SEPARATORS.search(part) and len(part) >= 35][:3]
        for line in whole
    ]
    plain = [
        tuple(part for part in parts if all(unicodedata.category(char)[0] != "C" for char in part))
        for parts in cut
    ]
    return [
        parts
        for parts in plain
        if parts and len(parts[0]) >= 60 and all(re.search(r"[.!?][”\"]?$", part) for part in parts)
    ]


def _publisher(source: str | None, rng: random.Random) -> str:
    invented = rng.choice(OUTLETS)
    return source if source and re.fullmatch(r"[A-Z][\w ]+", source) else invented


def _author(author: str | None, rng: random.Random) -> str:
    invented = _invented_name(rng)
    return author if author and _PERSON.fullmatch(author) else invented


def _invented_name(rng: random.Random) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def latin(facts: Facts) -> Facts:
    """Return the same facts in characters that the built-in fonts of PDF have."""

    def to_latin(text: str) -> str:
        return (
            unicodedata.normalize("NFC", text.translate(_CURLY)).encode("latin-1", "ignore").decode("latin-1")
        )

    return replace(
        facts,
        title=to_latin(facts.title or "") or None,
        publisher=to_latin(facts.publisher or "") or None,
        author=to_latin(facts.author or "") or None,
        lead=to_latin(facts.lead),
        paragraphs=tuple(tuple(map(to_latin, sentences)) for sentences in facts.paragraphs),
        others=tuple(map(to_latin, facts.others)),
    )


def unambiguous_day(day: date) -> date:
    """Return `day`, or the next one whose weekday decides which of two numbers is the month."""
    while day.day <= 12 and (
        day.day == day.month or date(day.year, day.day, day.month).weekday() == day.weekday()
    ):
        day += timedelta(1)
    return day


def british(day: date) -> str:
    """12 February 2020"""
    return f"{day.day} {day:%B} {day.year}"


def american(day: date) -> str:
    """February 12, 2020"""
    return f"{day:%B} {day.day}, {day.year}"


def short(day: date) -> str:
    """Feb. 12, 2020"""
    return f"{AP[day.month - 1]} {day.day}, {day.year}"


def german(day: date) -> str:
    """12. Februar 2020"""
    return f"{day.day}. {GERMAN[day.month - 1]} {day.year}"


def french(day: date) -> str:
    """12 février 2020"""
    return f"{'1er' if day.day == 1 else day.day} {FRENCH[day.month - 1]} {day.year}"
