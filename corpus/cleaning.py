"""Raw news text -> `Article`: what is headline, byline, date and body, and what is page furniture. Unknown stays unknown."""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from corpus.article import Article, Found, InvalidDate, PartialDate, written_dates
from corpus.furniture import ends_article, is_furniture, is_label
from corpus.readers import RawArticle

MAX_ARTICLE_CHARS = 500_000
# Long runs of one character crash some tokenizers (40,000 were enough) and mean nothing in news.
_MAX_RUN = 100
_RUN = re.compile(rf"(.)\1{{{_MAX_RUN},}}", re.DOTALL)
_GAP = re.compile(r"\S(?: {2,}|\t)(?=\S)")
_SPACES = re.compile(r"[^\S\n]+")
_KEPT_CONTROLS = "\n\t"

_PROSE_END = re.compile(r"[.!?:;…][\"”’'»)\]]*$")
_WRAPPED = (45, 100)  # columns that a line broken by hand fills, and that none of them exceeds
_FIELD_LINES = 5  # lines below the first paragraph (a standfirst may be long) in which byline and date still stand
_LONG = 20  # words from which on a sentence-like line is surely the article's
_DATELINE = re.compile(
    r"(?P<place>[A-Z][A-Z .,’'/-]{1,40}|[A-Z][a-zé]{2,20}(?: [A-Z][a-z]{2,20}){0,2})(?:, \w{3,9}\.? \d{1,2})? ?"
    r"\((?P<agency>[A-Z][\w .&’'-]{1,40})\) ?[:—–-]+ ?"
)
_WORD = r"[A-Z][\w.’'-]*"
_PEOPLE = rf"{_WORD}(?: (?:{_WORD}|de|van|von|der|den|al|bin|da|di|la|le))+(?:(?:,| and| &|, and) {_WORD}(?: (?:{_WORD}|de|van|von|al))+)*"
_BYLINE = re.compile(
    rf"(?:(?i:written |words |story |analysis |reported |reporting )?(?i:by|par|von|por):? |(?i:authors?): ?)"
    rf"(?P<name>{_PEOPLE})(?P<rest>(?:,| in | for | at | FOR | \|).{{0,80}})?"
)
_NAMED_DATE = re.compile(rf"(?P<name>{_PEOPLE}) ?[|·•-] ?(?P<date>.{{4,40}})")
_REPORTS = re.compile(rf"(?P<name>{_PEOPLE}) (?:reports|reporting) (?:from|in) .{{2,40}}")
_CREDIT = re.compile(rf"\((?i:reporting|writing) by (?P<name>{_PEOPLE})[;)].{{0,200}}")
# What may stand beside a date in a line that only tells when.
_BESIDE_DATE = re.compile(
    r"\d+h\d*|\b(?:first |originally )?(?:published|posted|issued?|edition|dated?|publié|veröffentlicht|publicado|on|at|the|le|am|el|um|à|den|by|de|uhr|"
    r"gmt|utc|bst|cet|cest|est|edt|et|pst|pdt|pm|a\.m|p\.m|years? ago|(?:mon|tue|wed|thu|fri|sat|sun)\w{0,6}|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)\b|[\W\d_]",
    re.IGNORECASE,
)
_UPDATED = re.compile(r"\b(?:updated?|modified|last|modifié|mis à jour|aktualisiert|printed|saved|accessed|retrieved)\b.*", re.IGNORECASE)
_ISO = re.compile(r"\b(?:19|20)\d{2}-\d{2}-\d{2}\b")
_NUMERIC = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.]((?:19|20)\d{2})\b")
_WEEKDAY = re.compile(r"\b(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", re.IGNORECASE)
_OWNER = re.compile(
    r"(?:©|copyright|\(c\))(?: ?(?:©|\(c\)))? ?(?:\d{4}(?:[-–]\d{4})? )?(?P<owner>[A-Z][\w&’'. -]{1,40}?)(?: Limited| Ltd| Inc| LLC| plc)?(?:[.,|;]| \d{4}|$)",
    re.IGNORECASE,
)


class NoText(ValueError):
    """A raw text in which no article was found."""


def clean_text(text: str) -> str:
    """Text as it may enter the collection: NFC, plain spaces, no control, bidi, tag or zero-width characters, no endless runs. Idempotent.

    >>> clean_text("5,200\\u00a0US\\u200b soldiers")
    '5,200 US soldiers'
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n"))
    text = "".join(char for char in text if char in _KEPT_CONTROLS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    text = _SPACES.sub(" ", text.replace("\u2028", "\n").replace("\u2029", "\n"))
    return unicodedata.normalize("NFC", _RUN.sub(lambda run: run[1] * _MAX_RUN, text))


class Note(Protocol):
    """Remembers a field's value, how it was found, and at which character of the raw text it begins (`written`: as it stands there)."""

    def __call__(self, field: str, value: str, how: str, start: int, written: str | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def prose(self) -> bool:
        return bool(_PROSE_END.search(self.text)) and self.words > 3


def clean(raw: RawArticle) -> Article:
    """The article in a raw text. Metadata that the file states wins over what its text says; the file's own time is never used.

    Raises:
        NoText: nothing is left that reads like an article.
        InvalidDate: the file states a date that is none.
    """
    text = clean_text(raw.text)
    if len(text) > MAX_ARTICLE_CHARS:
        raise NoText(f"{raw.origin}: {len(text):,} characters are more than one article has ({MAX_ARTICLE_CHARS:,}); split it")
    finds: dict[str, tuple[str, Found]] = {}
    for how, fields in ((raw.how, raw.stated), ("given by the user", raw.given)):
        finds |= {name: (clean_text(value), Found(name, how)) for name, value in fields.items()}
    body = text if raw.cleaned else _page_body(raw.text, text, finds)
    if not body:
        raise NoText(f"{raw.origin}: no article text was found in it; check the file")
    value = {name: found[0] for name, found in finds.items()}
    try:
        published = PartialDate.parse(value["date"]) if "date" in value else None
    except InvalidDate as error:
        raise InvalidDate(f"{raw.origin}: {error}") from None
    return Article(
        title=value.get("title"),
        body=body,
        publisher=value.get("publisher"),
        author=value.get("author"),
        published=published,
        url=value.get("url"),
        origin=raw.origin,
        found=tuple(found for _, found in finds.values()),
    )


def _page_body(raw: str, text: str, finds: dict[str, tuple[str, Found]]) -> str:
    """The body of an article in the text of a page; what the page says of it joins `finds`, where nothing better is known."""

    def note(field: str, value: str, how: str, start: int, written: str | None = None) -> None:
        finds.setdefault(field, (value, Found(field, how, start, start + len(written or value))))

    # A menu's words stand apart; so do sentences of those who put two spaces after a full stop, which is why prose is never a menu.
    menus = {clean_text(line).strip() for line in raw.splitlines() if len(_GAP.findall(line)) > 1}
    lines = [line for line in _lines(text) if line.prose or line.text not in menus]
    _split_title(finds, lines)
    top = next((n for n, line in enumerate(lines) if line.prose and line.words >= _LONG and not is_furniture(line.text)), len(lines))
    _fields_above(lines[: top + _FIELD_LINES], note)
    if "title" not in finds:
        _headline(lines[:top], note)
    _fields_below(lines, top, note)
    return _body(lines, top, note, finds["title"][0] if "title" in finds else None)


def _lines(text: str) -> list[_Line]:
    """The lines of a text; in one that was broken at a column, the lines of a paragraph are joined again."""
    parts = text.split("\n")
    lengths = sorted(len(part) for part in parts if part.strip())
    broken = bool(lengths) and sum(length >= _WRAPPED[0] for length in lengths) >= 4 and lengths[-1] <= _WRAPPED[1]
    lines: list[_Line] = []
    position, goes_on = 0, False
    for part in parts:
        line = part.strip()
        if line and goes_on:
            lines[-1] = _Line(lines[-1].start, f"{lines[-1].text} {line}")
        elif line:
            lines.append(_Line(position + part.index(line), line))
        # A line that fills the column goes on in the next one.
        goes_on = broken and len(line) >= _WRAPPED[0]
        position += len(part) + 1
    return lines


def _fields_above(lines: list[_Line], note: Note) -> None:
    """Byline and date from the lines above the text; each is taken from the first line that holds nothing else."""
    for line in lines:
        byline = _byline(line.text)
        if byline:
            note("author", byline["name"], "byline", line.start + byline.start("name"))
        named = _NAMED_DATE.fullmatch(line.text)
        if named and _stamp(named["date"]):
            note("author", named["name"], "byline", line.start)
        stamp = _stamp(line.text, alone=not (byline or named))
        if stamp:
            start, end, published = stamp
            note("date", str(published), f'"{line.text[start:end]}" above the text', line.start + start, line.text[start:end])


def _byline(text: str) -> re.Match[str] | None:
    return _BYLINE.fullmatch(text) or _REPORTS.fullmatch(text)


def _stamp(text: str, alone: bool = True) -> tuple[int, int, PartialDate] | None:
    """The date of a line that only tells when an article appeared, as (start, end, date).

    What follows "updated" is not looked at; a date in figures counts where only one reading of it is possible.
    """
    text = _UPDATED.sub(lambda rest: " " * len(rest[0]), text)
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


def _split_title(finds: dict[str, tuple[str, Found]], lines: list[_Line]) -> None:
    """A page's title often names the site too ("Site: Headline", "Headline | Site"); where one part stands on the page, that is the headline."""
    if "title" not in finds:
        return
    title, found = finds["title"]
    texts = {line.text for line in lines}
    for mark in (": ", " | ", " - ", " – ", " — ", " · "):
        first, _, rest = title.partition(mark)
        start, _, last = title.rpartition(mark)
        for headline, site in ((rest, first), (start, last)):
            if headline in texts and title not in texts and 0 < len(site.split()) <= 5:
                finds["title"] = (headline, found)
                finds.setdefault("publisher", (site, Found("publisher", "the page's title")))
                return


def _headline(lines: list[_Line], note: Note) -> None:
    """The headline among the lines above the text: one that is repeated, or else the longest that is no sentence, label, byline or date."""
    texts = [line.text for line in lines]
    fitting = [
        line
        for line in lines
        if 3 <= line.words <= 30
        and not is_furniture(line.text)
        and not is_label(line.text)
        and not _byline(line.text)
        and not _stamp(line.text)
    ]
    repeated = [line for line in fitting if texts.count(line.text) > 1]
    plain = [line for line in fitting if not line.prose or line.text.endswith("?")]
    # A question may be a headline; a full sentence is one only where nothing else is and another one follows it.
    sentences_above = [line for line in fitting if line.prose and line.words < _LONG]
    chosen = repeated or sorted(plain, key=lambda line: -line.words) or (sentences_above[:1] if len(sentences_above) > 1 else [])
    if chosen:
        note("title", chosen[0].text, "headline above the text", chosen[0].start)


def _fields_below(lines: list[_Line], top: int, note: Note) -> None:
    """Who owns the copyright is the publisher where the page's head names it too, or all rights are reserved; agencies credit reporters at the end."""
    head = {word for line in lines[:top] for word in (line.text.casefold(), *re.split(r" [/|›·-] |\s{2,}", line.text.casefold()))}
    for line in lines:
        owner = _OWNER.match(line.text)
        if owner:
            name = owner["owner"].strip(" .")
            if name.casefold() in head or ("all rights reserved" in line.text.casefold() and name.startswith("The ")):
                note("publisher", name, "copyright line", line.start + owner.start("owner"))
        credit = _CREDIT.fullmatch(line.text)
        if credit:
            note("author", credit["name"], "credit below the text", line.start + credit.start("name"))


def _body(lines: list[_Line], top: int, note: Note, title: str | None) -> str:
    """The paragraphs of prose: what is above the text and reads like it (a standfirst), and what follows, without page furniture."""
    body: list[str] = []
    last = max(
        (n for n, line in enumerate(lines) if line.prose and line.words >= _LONG and not is_furniture(line.text)), default=len(lines)
    )
    ended = False
    for n, line in enumerate(lines):
        ended = ended or (n > last and ends_article(line.text))
        if not line.prose or line.text == title or is_furniture(line.text) or _byline(line.text) or (ended and line.words < _LONG):
            continue
        if n < top + _FIELD_LINES and (_stamp(line.text) or (n < top and is_label(line.text))):
            continue
        body.append(_without_dateline(line, note) if n <= top else line.text)
    return "\n\n".join(body)


def _without_dateline(line: _Line, note: Note) -> str:
    dateline = _DATELINE.match(line.text)
    if not dateline:
        return line.text
    note("publisher", dateline["agency"].strip(), "dateline", line.start + dateline.start("agency"))
    return line.text[dateline.end() :]
