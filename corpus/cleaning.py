"""Raw news text -> `Article`: what is headline, byline, date and body, and what is page furniture. Unknown stays unknown."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol

from corpus.article import Article, Found, InvalidDate, PartialDate, written_dates
from corpus.readers import RawArticle

MAX_ARTICLE_CHARS = 500_000
# Long runs of one character crash some tokenizers (40,000 were enough) and mean nothing in news.
_MAX_RUN = 100
_RUN = re.compile(rf"(.)\1{{{_MAX_RUN},}}", re.DOTALL)
_SPACES = re.compile(r"[^\S\n]+")
_KEPT_CONTROLS = "\n\t"

# Lines that pages put around an article. Each pattern is matched against one whole line and is linear in its length.
_FURNITURE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\d{1,3} min(ute)?s?( read)?",
        r"[\d.,_ -]+",
        r"(©|\(c\) ?\d|copyright\b).*",
        r".{0,60}all rights reserved\.?",
        r"follow (us|the topics|\w+ on)\b.*",
        r"reuse this content\b.*",
        r"(jump to )?comments?( \(\d+\))?(jump to.*)?",
        r"(beta\b.*)?\W*powered by automated translation.*",
        r"(share|print|save|email|advertisement|sponsored|read more|related( articles?| stories)?)\b.{0,60}",
        r"sign up (for|to) .{0,100}newsletter.*",
        r"(we|this site) uses? cookies.*",
        r"image credit:.*",
    )
)
_CAPTION_END = re.compile(
    r"(\[[A-Z][\w /.-]{1,30}\]|(image|photo|picture)( credit)?: ?[^.]{2,60}|\([^()]*tags:[^()]*\)|\bREUTERS/[^.]{2,60})$", re.IGNORECASE
)
_PROSE_END = re.compile(r"[.!?:;…][\"”’'»)\]]*$")
_DATELINE = re.compile(
    r"(?P<place>[A-Z][A-Z .,’'/-]{1,40}|[A-Z][a-z]{2,20})(?:, \w{3,9} \d{1,2})? ?\((?P<agency>[A-Z][\w .&-]{1,40})\) ?[:—–-]+ ?"
)
_BYLINE = re.compile(r"(?:by|reporting by) (?P<name>[A-Z][\w.’'-]+(?: (?:[A-Z][\w.’'-]+|and|de|van|von|al)){1,8})", re.IGNORECASE)
_STAMP = re.compile(
    r"(?:(?:published|posted|updated|last modified|date)\b[: ]*(?:on |at )?)?"
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?(?P<date>.{6,40})",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"(?:©|copyright) ?(?:©|\(c\))? ?(?:\d{4} )?(?P<owner>The [A-Z][\w&’' -]{2,40}?)(?: Limited| Ltd| Inc| LLC| plc)?\.?(?: \d{4})?\.? All rights reserved",
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
    def prose(self) -> bool:
        return bool(_PROSE_END.search(self.text)) and len(self.text.split()) > 3


def clean(raw: RawArticle) -> Article:
    """The article in a raw text. Metadata that the file states wins over what its text says; the file's own time is never used.

    Raises:
        NoText: nothing is left that reads like an article.
        InvalidDate: the file states a date that is none.
    """
    text = clean_text(raw.text)
    if len(text) > MAX_ARTICLE_CHARS:
        raise NoText(f"{raw.origin}: {len(text):,} characters are more than one article has ({MAX_ARTICLE_CHARS:,}); split it")
    finds: dict[str, tuple[str, Found]] = {name: (clean_text(value), Found(name, "given by the user")) for name, value in raw.given.items()}
    stated: dict[str, tuple[str, Found]] = {name: (clean_text(value), Found(name, raw.how)) for name, value in raw.stated.items()}

    finds = stated | finds

    def note(field: str, value: str, how: str, start: int, written: str | None = None) -> None:
        finds.setdefault(field, (value, Found(field, how, start, start + len(written or value))))

    lines = _lines(text)
    if raw.cleaned:
        body = text
    else:
        _copyright(text, note)
        body = _body(lines, note, finds["title"][0] if "title" in finds else None)
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


def _lines(text: str) -> list[_Line]:
    """The lines of a text; lines that were broken at a column are joined again."""
    lines: list[_Line] = []
    position, open_block = 0, False
    for part in text.split("\n"):
        line = part.strip()
        if line and open_block and 45 <= len(lines[-1].text.rsplit("\n", 1)[-1]) <= 100 and not lines[-1].prose and len(line) <= 100:
            lines[-1] = _Line(lines[-1].start, f"{lines[-1].text}\n{line}")
        elif line:
            lines.append(_Line(position + part.index(line), line))
        open_block = bool(line)
        position += len(part) + 1
    return [_Line(line.start, line.text.replace("\n", " ")) for line in lines]


def _copyright(text: str, note: Note) -> None:
    for match in _COPYRIGHT.finditer(text):
        note("publisher", match["owner"], "copyright line", match.start("owner"))


def _body(lines: list[_Line], note: Note, title: str | None) -> str:
    """The paragraphs of prose, with what stands above and between them noted as fields or left out as page furniture."""
    body: list[str] = []
    for line in lines:
        if title and line.text == title:
            continue
        if any(pattern.fullmatch(line.text) for pattern in _FURNITURE) or _CAPTION_END.search(line.text):
            continue
        # A standfirst may read like prose above the byline and the date, so these are looked for after one paragraph too.
        if len(body) < 2 and _above_the_text(line, note):
            continue
        if not line.prose:
            if not body and title is None and len(line.text.split()) > 2:
                title = line.text
                note("title", line.text, "first line of the text", line.start)
            continue
        body.append(line.text if body else _without_dateline(line, note))
    return "\n\n".join(body)


def _above_the_text(line: _Line, note: Note) -> bool:
    byline = _BYLINE.fullmatch(line.text)
    if byline:
        note("author", byline["name"], "byline", line.start + byline.start("name"))
        return True
    stamp = _STAMP.fullmatch(line.text)
    dates = written_dates(stamp["date"]) if stamp else []
    if not stamp or not dates or dates[0][0] > 0 or len(stamp["date"]) - dates[0][1] > 20:
        return False
    start, end, published = dates[0]
    written = stamp["date"][start:end]
    note("date", str(published), f'"{written}" above the text', line.start + stamp.start("date") + start, written)
    return True


def _without_dateline(line: _Line, note: Note) -> str:
    dateline = _DATELINE.match(line.text)
    if not dateline:
        return line.text
    note("publisher", dateline["agency"].strip(), "dateline", line.start + dateline.start("agency"))
    return line.text[dateline.end() :]
