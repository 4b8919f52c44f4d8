"""Raw news text -> `Article`: what is body, and what is page furniture. Unknown stays unknown."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from corpus.article import Article, Certainty, InvalidDate, PartialDate, Provenance
from corpus.characters import normalise_text
from corpus.cleaning.boilerplate import ends_article, is_boilerplate, is_label
from corpus.cleaning.dates import changed, published
from corpus.cleaning.metadata import (
    FIELD_LINES,
    LONG,
    Line,
    Note,
    byline,
    note_around_headline,
    note_byline_and_days,
    note_headline,
    note_owner_and_credits,
    without_dateline,
)
from corpus.reading.files import RawArticle

MAX_ARTICLE_CHARS = 500_000
_GAP = re.compile(r"\S(?: {2,}|\t)(?=\S)")

_WRAPPED = (45, 100)  # columns that a line broken by hand fills, and that none of them exceeds
_ITEM = re.compile(
    r"(?:[•·▪‣–-]|\d{1,2}[.)]) ?\w.{2,}"
)  # of a list, kept where a sentence announces the list
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[a-z0-9-]+(?:\.[a-z0-9-]+)+/?\S*")
_SUMMARISED = 2  # first paragraphs of which one may be the summary that the metadata state
Finds = dict[str, tuple[str, Provenance]]  # a field's value, and how it was found


class NoText(ValueError):
    """A raw text in which no article was found."""


def clean(raw: RawArticle) -> Article:
    """The article in a raw text. Metadata that the file states wins over what its text says; the file's own time is never used.

    Raises:
        NoText: nothing is left that reads like an article.
        InvalidDate: the file states a date that is none.
    """
    text = normalise_text(raw.text)
    if len(text) > MAX_ARTICLE_CHARS:
        raise NoText(
            f"{raw.origin}: {len(text):,} characters are more than one article has ({MAX_ARTICLE_CHARS:,}); split it"
        )
    finds: Finds = {}
    for how, sure, fields in ((raw.how, raw.sure, raw.stated), ("given by the user", "stated", raw.given)):
        finds |= {
            name: (normalise_text(value), Provenance(name, how, sure=sure)) for name, value in fields.items()
        }
    if "publisher" not in raw.given and _ADDRESS.fullmatch(finds.get("publisher", ("",))[0]):
        del finds["publisher"]  # where a page lies is not who publishes it
    summary = finds.pop("summary", None)
    body = text if raw.cleaned else _page_body(raw.text, text, finds)
    if not body:
        raise NoText(f"{raw.origin}: no article text was found in it; check the file")
    if summary and summary[0] in body.split("\n\n")[:_SUMMARISED]:
        finds.setdefault("standfirst", (summary[0], replace(summary[1], field="standfirst", sure="guessed")))
    value = {name: found[0] for name, found in finds.items()}
    day = _day(value, raw.origin)
    updated = _last_change(value, day)
    return Article(
        title=value.get("title"),
        body=body,
        publisher=value.get("publisher"),
        author=value.get("author"),
        published=day,
        url=value.get("url"),
        standfirst=value.get("standfirst"),
        section=value.get("section"),
        updated=updated,
        origin=raw.origin,
        found=tuple(found for name, (_, found) in finds.items() if name != "updated" or updated),
    )


def _day(value: Mapping[str, str], origin: str) -> PartialDate | None:
    try:
        return PartialDate.parse(value["date"]) if "date" in value else None
    except InvalidDate as error:
        raise InvalidDate(f"{origin}: {error}") from None


def _last_change(value: Mapping[str, str], published: PartialDate | None) -> PartialDate | None:
    """The day of the last change; one before the day of publication, or the same, tells nothing."""
    with suppress(InvalidDate):
        updated = PartialDate.parse(value["updated"]) if "updated" in value else None
        return updated if updated and not (published and updated.last <= published.last) else None
    return None


def _page_body(raw: str, text: str, finds: Finds) -> str:
    """The body of an article in the text of a page; what the page says of it joins `finds`, where nothing better is known."""

    def note(
        field: str, value: str, how: str, start: int, sure: Certainty = "read", written: str | None = None
    ) -> None:
        finds.setdefault(field, (value, Provenance(field, how, start, start + len(written or value), sure)))

    # A menu's words stand apart; so do sentences of those who put two spaces after a full stop, which is why prose is never a menu.
    menus = {normalise_text(line).strip() for line in raw.splitlines() if len(_GAP.findall(line)) > 1}
    lines = [line for line in _lines(text) if line.prose or line.text not in menus]
    _split_title(finds, lines)
    top = next(
        (
            n
            for n, line in enumerate(lines)
            if line.prose and line.words >= LONG and not is_boilerplate(line.text)
        ),
        len(lines),
    )
    note_byline_and_days(lines[: top + FIELD_LINES], note)
    if "title" not in finds:
        note_headline(lines[:top], note)
    title = finds["title"][0] if "title" in finds else None
    headline = max((n for n, line in enumerate(lines[: top + 1]) if line.text == title), default=None)
    if headline is not None:
        note_around_headline(lines, headline, note)
    note_owner_and_credits(lines, top, note)
    return _body(lines, top, note, title)


def _lines(text: str) -> list[Line]:
    """The lines of a text; in one that was broken at a column, the lines of a paragraph are joined again."""
    parts = text.split("\n")
    lengths = sorted(len(part) for part in parts if part.strip())
    broken = (
        bool(lengths) and sum(length >= _WRAPPED[0] for length in lengths) >= 4 and lengths[-1] <= _WRAPPED[1]
    )
    lines: list[Line] = []
    position, goes_on = 0, False
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        line = part.strip()
        if line and goes_on:
            lines[-1] = Line(lines[-1].start, f"{lines[-1].text} {line}")
        elif line:
            lines.append(Line(position + part.index(line), line))
        goes_on = broken and bool(line) and _goes_on(line, following.strip(), lengths[-1])
        position += len(part) + 1
    return lines


def _goes_on(line: str, following: str, width: int) -> bool:
    """True if a line was broken by hand at `width`: it fills the column, and no sentence ends in it unless the next word had no room."""
    if not Line(0, line).ends_sentence:
        return len(line) >= _WRAPPED[0] or following[:1].islower()
    return len(line) >= _WRAPPED[0] and len(line) + 1 + len(following.partition(" ")[0]) > width


def _split_title(finds: Finds, lines: list[Line]) -> None:
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
                finds.setdefault(
                    "publisher", (site, Provenance("publisher", "the page's title", sure="read"))
                )
                return


def _body(lines: list[Line], top: int, note: Note, title: str | None) -> str:
    """The paragraphs of prose: what is above the text and reads like it (a standfirst), and what follows, without page furniture."""
    body: list[str] = []
    last = max(
        (
            n
            for n, line in enumerate(lines)
            if line.prose and line.words >= LONG and not is_boilerplate(line.text)
        ),
        default=len(lines),
    )
    headline = next((n for n, line in enumerate(lines[: top + 1]) if line.text == title), -1)
    ended = listed = False
    for n, line in enumerate(lines):
        if n < headline:
            continue
        ended = ended or (n > last and ends_article(line.text))
        if (
            listed := bool(body)
            and (listed or body[-1].endswith(":"))
            and bool(_ITEM.fullmatch(line.text))
            and not ended
        ):
            body.append(line.text)
            continue
        if (
            not line.prose
            or line.text == title
            or is_boilerplate(line.text)
            or byline(line.text)
            or (ended and line.words < LONG)
        ):
            continue
        if n < top + FIELD_LINES and (
            published(line.text) or changed(line.text) or (n < top and is_label(line.text))
        ):
            continue
        body.append(without_dateline(line, lines, note) if n <= top else line.text)
    return "\n\n".join(body)
