"""What the lines around a text say of it: headline, standfirst, byline, section, days, publisher. Knows lines; not files, not the body."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from corpus.article import Certainty
from corpus.cleaning.boilerplate import is_boilerplate, is_label, is_newsroom, is_section_name
from corpus.cleaning.dates import changed, published

FIELD_LINES = (
    5  # lines below the first paragraph (a standfirst may be long) in which byline and date still stand
)
LONG = 20  # words from which on a sentence-like line is surely the article's
_HEADLINE_WORDS = (4, 30)
_STANDFIRST_WORDS = (6, 60)
_PARTS = re.compile(r" [/|›·•-] ")
_ASIDE = re.compile(r"\([^()]*\)")
_PROSE_END = re.compile(r"[.!?:;…][\"”’'»)\]]*(?: ?\[\d{1,3}\])*$")
_DATELINE = re.compile(
    r"(?P<place>[A-Z][A-Z .,’'/-]{1,40}|[A-Z][a-zé]{2,20}(?: [A-Z][a-z]{2,20}){0,2})(?:, \w{3,9}\.? \d{1,2})? ?"
    r"\((?P<agency>dpa|[A-Z][\w .&’'-]{1,40})\) ?[:—–-]+ ?"
)
_WORD = r"[A-Z][\w.’'-]*"
_PEOPLE = rf"{_WORD}(?: (?:{_WORD}|de|van|von|der|den|al|bin|da|di|la|le))+(?:(?:,| and| &|, and) {_WORD}(?: (?:{_WORD}|de|van|von|al))+)*"
_BYLINE = re.compile(
    rf"(?:(?i:written |words |story |analysis |interview |reported |reporting )?(?i:by|par|von|por):? |(?i:authors?): ?)"
    rf"(?P<name>{_PEOPLE})(?P<rest>(?:,| in | for | at | FOR | \|).{{0,80}})?"
)
_NAMED_DATE = re.compile(rf"(?P<name>{_PEOPLE}) ?[|·•-] ?(?P<date>.{{4,40}})")
_REPORTS = re.compile(rf"(?P<name>{_PEOPLE}) (?:reports|reporting) (?:from|in) .{{2,40}}")
_NAMED_PLACE = re.compile(rf"{_PEOPLE},? (?:in|at|for) {_WORD}.{{0,30}}")
_CREDIT = re.compile(rf"\((?i:reporting|writing) by (?P<name>{_PEOPLE})[;)].{{0,200}}")
_SECTION = re.compile(
    r"(?:section|rubric|ressort|filed under) ?: ?(?P<name>\w[^;|]{1,40}?)(?: ?[;|].*)?", re.IGNORECASE
)
_CRUMBS = re.compile(r"\w[\w &’'-]{1,30}(?: [›»>] \w[\w &’'-]{1,30}){1,4}")
_OWNER = re.compile(
    r"(?:©|copyright|\(c\))(?: ?(?:©|\(c\)))? ?(?:\d{4}(?:[-–]\d{4})? )?(?P<owner>[A-Z][\w&’'. -]{1,40}?)(?: Limited| Ltd| Inc| LLC| plc)?(?:[.,|;]| \d{4}|$)",
    re.IGNORECASE,
)


class Note(Protocol):
    """Remembers a field's value, how it was found and how sure that is, and at which character of the text it begins (`written`: as it stands there)."""

    def __call__(
        self,
        field: str,
        value: str,
        how: str,
        start: int,
        sure: Certainty = "read",
        written: str | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page, and where it begins."""

    start: int
    text: str

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def ends_sentence(self) -> bool:
        return bool(_PROSE_END.search(self.text))

    @property
    def prose(self) -> bool:
        return self.ends_sentence and self.words > 3


def byline(text: str) -> re.Match[str] | None:
    """The match of a whole line that names who wrote the article, as `name`."""
    return _BYLINE.fullmatch(text) or _REPORTS.fullmatch(text)


def note_byline_and_days(lines: Sequence[Line], note: Note) -> None:
    """Byline and days from the lines above the text; each is taken from the first line that holds nothing else."""
    for line in lines:
        written = byline(line.text)
        if written:
            note("author", written["name"], "byline", line.start + written.start("name"))
        named = _NAMED_DATE.fullmatch(line.text)
        if named and published(named["date"]):
            note("author", named["name"], "byline", line.start)
        for field, stamp in (
            ("date", published(line.text, alone=not (written or named))),
            ("updated", changed(line.text)),
        ):
            if stamp:
                start, end, day = stamp
                told = line.text[start:end]
                note(field, str(day), f'"{told}" above the text', line.start + start, written=told)


def note_headline(lines: Sequence[Line], note: Note) -> None:
    """The headline among the lines above the text: one that is repeated, or else the longest that is no sentence, label, byline or date.

    Of two such lines that follow each other the first is the headline and the second the standfirst, unless the first is short as rubrics
    are. A full sentence is a headline only where nothing else is, and where a byline, a date or the like follows before the text.
    """
    texts = [line.text for line in lines]
    fitting = [n for n, line in enumerate(lines) if _may_be_headline(line)]
    repeated = [n for n in fitting if texts.count(texts[n]) > 1]
    plain = [n for n in fitting if not lines[n].prose or texts[n].endswith("?")]
    firsts = [n for n in plain if n - 1 not in plain or lines[n - 1].words < _STANDFIRST_WORDS[0]]
    sentences = [
        n
        for n in fitting
        if lines[n].prose and lines[n].words < LONG and any(map(_is_apart, texts[n + 1 : n + 3]))
    ]
    chosen = repeated or sorted(firsts, key=lambda n: -lines[n].words) or sentences
    if chosen:
        line = lines[chosen[0]]
        note(
            "title",
            line.text,
            "repeated headline" if repeated else "headline above the text",
            line.start,
            "read" if repeated else "guessed",
        )


def _may_be_headline(line: Line) -> bool:
    words = len(_ASIDE.sub("", line.text).split())
    return (
        _HEADLINE_WORDS[0] <= words <= _HEADLINE_WORDS[1]
        and not line.text[0].islower()
        and not line.text.endswith((",", ";", ":"))
        and not is_label(line.text)
        and not any(is_newsroom(part) or is_section_name(part) for part in _PARTS.split(line.text))
        and not is_boilerplate(line.text)
        and not byline(line.text)
        and not published(line.text)
    )


def _is_apart(text: str) -> bool:
    """True if a line belongs neither to the headline nor to the text: byline, days, reading time, caption."""
    named = _NAMED_DATE.fullmatch(text) or _NAMED_PLACE.fullmatch(text)
    return bool(
        is_boilerplate(text) or is_label(text) or byline(text) or published(text) or changed(text) or named
    )


def note_around_headline(lines: Sequence[Line], headline: int, note: Note) -> None:
    """Standfirst and section: the line below the headline where something sets it apart from the text, and a rubric or a trail above it."""
    below = lines[headline + 1 : headline + 3]
    if len(below) == 2 and _STANDFIRST_WORDS[0] <= below[0].words <= _STANDFIRST_WORDS[1]:
        first, second = below
        if not _is_apart(first.text) and _is_apart(second.text):
            note("standfirst", first.text, "below the headline, apart from the text", first.start)
    above = lines[:headline]
    rubrics = [n for n, line in enumerate(above) if is_section_name(line.text)]
    for line in above:
        if _CRUMBS.fullmatch(line.text) and not published(line.text):
            note("section", line.text, "trail above the headline", line.start)
    if len(rubrics) == 1 and all(_is_apart(line.text) for line in above[rubrics[0] + 1 :]):
        note(
            "section", above[rubrics[0]].text, "rubric above the headline", above[rubrics[0]].start, "guessed"
        )


def note_owner_and_credits(lines: Sequence[Line], top: int, note: Note) -> None:
    """Who owns the copyright is the publisher where the page's head names it too, or all rights are reserved, and no other owner is named;
    agencies credit reporters at the end; databases label the section."""
    head = {
        word
        for line in lines[:top]
        for word in (line.text.casefold(), *re.split(r" [/|›·-] |\s{2,}", line.text.casefold()))
    }
    owners: dict[str, int] = {}
    for line in lines:
        owner = _OWNER.match(line.text)
        if owner:
            name = owner["owner"].strip(" .")
            if name.casefold() in head or (
                "all rights reserved" in line.text.casefold() and name.startswith("The ")
            ):
                owners.setdefault(name, line.start + owner.start("owner"))
        credit = _CREDIT.fullmatch(line.text)
        if credit:
            note("author", credit["name"], "credit below the text", line.start + credit.start("name"))
        section = _SECTION.fullmatch(line.text)
        if section:
            note("section", section["name"], "labelled line", line.start + section.start("name"))
    if len({name.casefold() for name in owners}) == 1:
        note("publisher", *next((name, "copyright line", start) for name, start in owners.items()))


def without_dateline(line: Line, others: Sequence[Line], note: Note) -> str:
    """A first paragraph without its dateline. The agency in it is the publisher where it is one, or where the page names it elsewhere."""
    dateline = _DATELINE.match(line.text)
    if not dateline:
        return line.text
    agency = dateline["agency"].strip()
    elsewhere = [
        other.text.casefold()
        for other in others
        if other is not line and (not other.prose or _OWNER.match(other.text))
    ]
    if is_newsroom(agency) or any(agency.casefold() in text for text in elsewhere):
        note("publisher", agency, "dateline", line.start + dateline.start("agency"))
    return line.text[dateline.end() :]
