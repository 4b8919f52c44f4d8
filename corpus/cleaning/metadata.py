"""Find the metadata of an article: headline, standfirst, byline, section, dates and publisher.

`Metadata` collects what is found. The functions below read the lines around an article's text and add to it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from corpus.article import GIVEN, Certainty, Provenance
from corpus.characters import normalise_text
from corpus.cleaning.boilerplate import is_caption, is_label, is_notice, is_section_name
from corpus.cleaning.dates import find_published_date, find_saved_date, find_updated_date
from corpus.cleaning.lines import LONG_LINE_WORDS, Line
from corpus.dates import DateSpan
from corpus.publishers import is_publisher_name, may_be_name
from corpus.reading.raw import RawArticle
from corpus.scripts import count_words
from corpus.words import content_stems

# The lengths are measured in rag/evaluation/results/reading-seen.json and reading-kept.json.
MIN_HEADLINE_WORDS, _MAX_HEADLINE_WORDS = 4, 30
_MIN_STANDFIRST_WORDS, _MAX_STANDFIRST_WORDS = 6, 60
_MAX_SITE_NAME_WORDS = 5
_TITLE_SEPARATORS = (": ", " | ", " - ", " – ", " — ", " · ")
_HEADLINE_PARTS = re.compile(r" [/|›·•-] ")
_HEAD_PARTS = re.compile(r" [/|›·-] |\s{2,}")
_PARENTHESES = re.compile(r"\([^()]*\)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[a-z0-9-]+\.[a-z0-9-]\S*")
_DATELINE = re.compile(
    r"(?P<place>[A-Z][A-Z .,’'/-]{1,40}|[A-Z][a-zé]{2,20}(?: [A-Z][a-z]{2,20}){0,2})(?:, \w{3,9}\.? "
    r"\d{1,2})? ?\((?P<agency>dpa|[A-Z][\w .&’'-]{1,40})\) ?[:—–-]+ ?"
)
_NAME = r"[A-Z][\w.’'-]*"
_PEOPLE = (
    rf"{_NAME}(?: (?:{_NAME}|de|van|von|der|den|al|bin|da|di|la|le))+"
    rf"(?:(?:,| and| &|, and) {_NAME}(?: (?:{_NAME}|de|van|von|al))+)*"
)
_BYLINE = re.compile(
    r"(?:(?i:written |words |story |analysis |interview |reported |reporting )?(?i:by|par|von|por):? |"
    r"(?i:authors?): ?)"
    rf"(?P<name>{_PEOPLE})(?P<rest>(?:,| in | for | at | FOR | \|).{{0,80}})?"
)
_NAME_AND_DATE = re.compile(rf"(?P<name>{_PEOPLE}) ?[|·•-] ?(?P<date>.{{4,40}})")
_NAME_AND_PLACE = re.compile(rf"{_PEOPLE},? (?:in|at|for) {_NAME}.{{0,30}}")
_REPORTS_FROM = re.compile(rf"(?P<name>{_PEOPLE}) (?:reports|reporting) (?:from|in) .{{2,40}}")
_CREDIT = re.compile(rf"\((?i:reporting|writing) by (?P<name>{_PEOPLE})[;)].{{0,200}}")
_SECTION = re.compile(
    r"(?:section|rubric|ressort|filed under) ?: ?(?P<name>\w[^;|]{1,40}?)(?: ?[;|].*)?", re.IGNORECASE
)
_BREADCRUMBS = re.compile(r"\w[\w &’'-]{1,30}(?: [›»>] \w[\w &’'-]{1,30}){1,4}")
_COPYRIGHT = re.compile(
    r"(?:©|copyright|\(c\))(?: ?(?:©|\(c\)))? ?(?:\d{4}(?:[-–]\d{4})? )?(?P<owner>[A-Z][\w&’'. -]{1,40}?)"
    r"(?: Limited| Ltd| Inc| LLC| plc)?(?:[.,|;]| \d{4}|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundField:
    """The value of one field, and where it was found."""

    value: str
    provenance: Provenance


class Metadata:
    """The fields found for one article, in the order in which they were found."""

    def __init__(self, raw: RawArticle) -> None:
        """Start with the fields that the file or the user states."""
        self._fields: dict[str, FoundField] = {}
        self._state(raw.stated, raw.how, raw.sure)
        self._state(raw.given, GIVEN, "stated")
        publisher = self.get("publisher") or ""
        if "publisher" not in raw.given and (_ADDRESS.fullmatch(publisher) or not may_be_name(publisher)):
            self.pop("publisher")  # an address is none, nor is what would only be there to be found

    def _state(self, fields: Mapping[str, str], how: str, sure: Certainty) -> None:
        for name, value in fields.items():
            self._fields[name] = FoundField(normalise_text(value), Provenance(name, how, sure=sure))

    def get(self, field: str) -> str | None:
        """Return the value of a field, or None."""
        return self._fields[field].value if field in self._fields else None

    def pop(self, field: str) -> FoundField | None:
        """Remove and return a field, or None."""
        return self._fields.pop(field, None)

    def add(
        self,
        field: str,
        value: str,
        how: str,
        start: int | None = None,
        *,
        sure: Certainty = "read",
        written: str | None = None,
    ) -> None:
        """Add a field unless it is known already.

        `start` is the offset in the normalised text at which `written`, by default the value, begins.
        """
        end = start + len(written or value) if start is not None else None
        self._fields.setdefault(field, FoundField(value, Provenance(field, how, start, end, sure)))

    def replace_value(self, field: str, value: str) -> None:
        """Change the value of a known field and keep its provenance."""
        self._fields[field] = replace(self._fields[field], value=value)

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """Where the fields were found."""
        return tuple(field.provenance for field in self._fields.values())


def match_byline(text: str) -> re.Match[str] | None:
    """Match a whole line that names who wrote the article; the group `name` holds the names."""
    return _BYLINE.fullmatch(text) or _REPORTS_FROM.fullmatch(text)


def is_date_line(text: str) -> bool:
    """Return True if a line says nothing but when the article was published or changed."""
    return bool(find_published_date(text) or find_updated_date(text))


def states_known_field(text: str, metadata: Metadata) -> bool:
    """Return True if a line says nothing but the author or a date that `metadata` holds."""
    byline = match_byline(text)
    if byline:
        return byline["name"] in (metadata.get("author") or "") and not byline["rest"]
    spans = (find_published_date(text), find_updated_date(text))
    dates = [str(span.date) for span in spans if span]
    return bool(dates) and all(date in (metadata.get("date"), metadata.get("updated")) for date in dates)


def split_title(metadata: Metadata, lines: Iterable[Line]) -> None:
    """Separate a stated title from the name of the site ("Site: Headline", "Headline | Site").

    The part that is a line of the page is the headline.
    """
    title = metadata.get("title")
    texts = {line.text for line in lines}
    if title is None or title in texts:
        return
    for separator in _TITLE_SEPARATORS:
        first, _, rest = title.partition(separator)
        start, _, last = title.rpartition(separator)
        for headline, site in ((rest, first), (start, last)):
            if headline in texts and 0 < len(site.split()) <= _MAX_SITE_NAME_WORDS:
                metadata.replace_value("title", headline)
                metadata.add("publisher", site, "the page's title")
                return


def add_byline_and_dates(lines: Iterable[Line], metadata: Metadata) -> None:
    """Add author and dates from the lines above the text, each from the first line that says nothing else."""
    for line in lines:
        byline = match_byline(line.text)
        if byline:
            metadata.add("author", byline["name"], "byline", line.start + byline.start("name"))
        named = _NAME_AND_DATE.fullmatch(line.text)
        if named and find_published_date(named["date"]):
            metadata.add("author", named["name"], "byline", line.start)
        published = find_published_date(line.text, alone=not (byline or named))
        _add_date("date", line, published, metadata)
        _add_date("updated", line, find_updated_date(line.text), metadata)
        _add_date("saved", line, find_saved_date(line.text), metadata)


def _add_date(field: str, line: Line, span: DateSpan | None, metadata: Metadata) -> None:
    if span:
        written = line.text[span.start : span.end]
        start = line.start + span.start
        metadata.add(field, str(span.date), f'"{written}" above the text', start, written=written)


def add_headline(lines: Sequence[Line], text: str, metadata: Metadata) -> None:
    """Add the headline from the lines above the `text`.

    It is a line that is repeated, or else the one that is no sentence, label, byline or date and has most
    words in common with the text, the longer one of two. Of two
    such lines in succession the first is the headline and the second the standfirst, unless the first is as
    short as a section's name. A full sentence is a headline only where nothing else is and where a byline, a
    date or the like follows before the text.
    """
    texts = [line.text for line in lines]
    candidates = [n for n, line in enumerate(lines) if _may_be_headline(line)]
    repeated = [n for n in candidates if texts.count(texts[n]) > 1]
    if repeated:
        line = lines[repeated[0]]
        metadata.add("title", line.text, "repeated headline", line.start)
        return
    phrases = [n for n in candidates if not lines[n].is_prose or texts[n].endswith("?")]
    firsts = [n for n in phrases if n - 1 not in phrases or lines[n - 1].words < _MIN_STANDFIRST_WORDS]
    sentences = [
        n
        for n in candidates
        if lines[n].is_prose
        and lines[n].words < LONG_LINE_WORDS
        and any(map(is_page_line, texts[n + 1 : n + 3]))
    ]
    stems = set(content_stems(text))
    shared = {n: len(stems.intersection(content_stems(texts[n]))) for n in firsts}
    chosen = sorted(firsts, key=lambda n: (-shared[n], -lines[n].words)) or sentences
    if chosen:
        line = lines[chosen[0]]
        metadata.add("title", line.text, "headline above the text", line.start, sure="guessed")


def _may_be_headline(line: Line) -> bool:
    words = count_words(_PARENTHESES.sub("", line.text))
    return (
        MIN_HEADLINE_WORDS <= words <= _MAX_HEADLINE_WORDS
        and not line.text[0].islower()
        and not line.text.endswith((",", ";", ":"))
        and not line.is_menu
        and not is_label(line.text)
        and not any(
            is_publisher_name(part) or is_section_name(part) for part in _HEADLINE_PARTS.split(line.text)
        )
        and not is_notice(line.text)
        and not is_caption(line.text)
        and not match_byline(line.text)
        and not find_published_date(line.text)
    )


def is_page_line(text: str) -> bool:
    """Return True if a line is part of neither the headline nor the text: a byline, a date, a caption."""
    return bool(
        is_notice(text)
        or is_publisher_name(text)
        or is_caption(text)
        or is_label(text)
        or match_byline(text)
        or is_date_line(text)
        or _NAME_AND_DATE.fullmatch(text)
        or _NAME_AND_PLACE.fullmatch(text)
    )


def add_standfirst_and_section(lines: Sequence[Line], headline: int, metadata: Metadata) -> None:
    """Add the standfirst below the headline and the section above it; `headline` is the index of its line."""
    below = lines[headline + 1 : headline + 3]
    if len(below) == 2 and _MIN_STANDFIRST_WORDS <= below[0].words <= _MAX_STANDFIRST_WORDS:
        first, second = below
        # A line of the page sets the standfirst apart from the text.
        if not is_page_line(first.text) and is_page_line(second.text):
            metadata.add("standfirst", first.text, "below the headline, apart from the text", first.start)
    above = lines[:headline]
    for line in above:
        if _BREADCRUMBS.fullmatch(line.text) and not find_published_date(line.text):
            metadata.add("section", line.text, "trail above the headline", line.start)
    sections = [n for n, line in enumerate(above) if is_section_name(line.text)]
    if len(sections) == 1 and all(is_page_line(line.text) for line in above[sections[0] + 1 :]):
        section = above[sections[0]]
        metadata.add("section", section.text, "rubric above the headline", section.start, sure="guessed")


def add_credits_and_owner(lines: Sequence[Line], top: int, metadata: Metadata) -> None:
    """Add what lines anywhere on the page state: credits of reporters, labelled sections, the owner.

    The owner is the publisher if the lines before `top` name it too, or if it reserves all rights, and if no
    other owner is named.
    """
    head = {
        name
        for line in lines[:top]
        for name in (line.text.casefold(), *_HEAD_PARTS.split(line.text.casefold()))
    }
    owners: dict[str, int] = {}
    for line in lines:
        owner = _COPYRIGHT.match(line.text)
        if owner:
            name = owner["owner"].strip(" .")
            reserves_rights = "all rights reserved" in line.text.casefold() and name.startswith("The ")
            if name.casefold() in head or reserves_rights:
                owners.setdefault(name, line.start + owner.start("owner"))
        for field, match, how in (
            ("author", _CREDIT.fullmatch(line.text), "credit below the text"),
            ("section", _SECTION.fullmatch(line.text), "labelled line"),
        ):
            if match:
                metadata.add(field, match["name"], how, line.start + match.start("name"))
    if len({name.casefold() for name in owners}) == 1:
        name, start = next(iter(owners.items()))
        metadata.add("publisher", name, "copyright line", start)


def without_dateline(line: Line, lines: Iterable[Line], metadata: Metadata) -> str:
    """Return a first paragraph without its dateline, as in "BERLIN (dpa) - ...".

    It is one if what the brackets hold reads like a publisher's name, or if another line of the page names
    it. Then that is the publisher.
    """
    dateline = _DATELINE.match(line.text)
    if not dateline:
        return line.text
    agency = dateline["agency"].strip()
    if not (is_publisher_name(agency) or _is_named_elsewhere(agency, line, lines)):
        return line.text
    metadata.add("publisher", agency, "dateline", line.start + dateline.start("agency"))
    return line.text[dateline.end() :]


def _is_named_elsewhere(name: str, line: Line, lines: Iterable[Line]) -> bool:
    page_lines = (other for other in lines if not other.is_prose or _COPYRIGHT.match(other.text))
    return any(other is not line and name.casefold() in other.text.casefold() for other in page_lines)
