"""Turn the raw text of a file into an `Article`: its body, without the page around it, and its metadata."""

import re
from contextlib import suppress

from corpus.article import Article, InvalidDate, PartialDate
from corpus.characters import normalise_text
from corpus.cleaning.boilerplate import ends_article, is_boilerplate, is_label
from corpus.cleaning.dates import find_published_date, find_updated_date
from corpus.cleaning.lines import LONG_LINE_WORDS, Line, page_lines
from corpus.cleaning.metadata import (
    Metadata,
    add_byline_and_dates,
    add_credits_and_owner,
    add_headline,
    add_standfirst_and_section,
    match_byline,
    split_title,
    without_dateline,
)
from corpus.reading.raw import RawArticle

MAX_ARTICLE_CHARS = 500_000  # a limit
# Byline and date may follow a standfirst, which reads like the article's first paragraph. Both numbers are
# measured in rag/evaluation/results/reading-seen.json and reading-kept.json.
_BYLINE_LINES = 5
_SUMMARY_PARAGRAPHS = 2  # the first paragraphs, of which one may be the summary that the metadata state
_LIST_ITEM = re.compile(r"(?:[•·▪‣–-]|\d{1,2}[.)]) ?\w.{2,}")


class NoText(ValueError):
    """A raw text in which no article was found."""


def clean(raw: RawArticle) -> Article:
    """Return the article in a raw text.

    Fields that the user or the file states win over what the text says. The time at which the file was saved
    is never used.

    Raises:
        NoText: no article was found in the text, or it is longer than `MAX_ARTICLE_CHARS`.
        InvalidDate: the file states a date that is none.
    """
    text = normalise_text(raw.text)
    if len(text) > MAX_ARTICLE_CHARS:
        raise NoText(
            f"{raw.origin}: {len(text):,} characters are more than one article has "
            f"({MAX_ARTICLE_CHARS:,}); split it"
        )
    metadata = Metadata(raw)
    summary = metadata.pop("summary")
    body = text if raw.cleaned else _extract_body(raw.text, text, metadata)
    if not body:
        raise NoText(f"{raw.origin}: no article text was found in it; check the file")
    if summary and summary.value in body.split("\n\n")[:_SUMMARY_PARAGRAPHS]:
        metadata.add("standfirst", summary.value, summary.provenance.how, sure="guessed")
    return _article(body, metadata, raw.origin)


def _article(body: str, metadata: Metadata, origin: str) -> Article:
    published = _publication_date(metadata.get("date"), origin)
    updated = _update_date(metadata.get("updated"), published)
    return Article(
        title=metadata.get("title"),
        body=body,
        publisher=metadata.get("publisher"),
        author=metadata.get("author"),
        published=published,
        url=metadata.get("url"),
        standfirst=metadata.get("standfirst"),
        section=metadata.get("section"),
        updated=updated,
        origin=origin,
        provenance=tuple(item for item in metadata.provenance if item.field != "updated" or updated),
    )


def _publication_date(text: str | None, origin: str) -> PartialDate | None:
    try:
        return None if text is None else PartialDate.parse(text)
    except InvalidDate as error:
        raise InvalidDate(f"{origin}: {error}") from None


def _update_date(text: str | None, published: PartialDate | None) -> PartialDate | None:
    """Return the day of the last change, unless it is not after the day of publication or no date."""
    with suppress(InvalidDate):
        updated = None if text is None else PartialDate.parse(text)
        if updated and not (published and updated.last <= published.last):
            return updated
    return None


def _extract_body(raw_text: str, text: str, metadata: Metadata) -> str:
    """Return the body of the article on a page, and add what the page says of it to `metadata`."""
    lines = page_lines(raw_text, text)
    split_title(metadata, lines)
    long_lines = [n for n, line in enumerate(lines) if line.is_long_prose and not is_boilerplate(line.text)]
    first, last = (long_lines[0], long_lines[-1]) if long_lines else (len(lines), len(lines))
    add_byline_and_dates(lines[: first + _BYLINE_LINES], metadata)
    if metadata.get("title") is None:
        add_headline(lines[:first], metadata)
    title = metadata.get("title")
    headlines = [n for n, line in enumerate(lines[: first + 1]) if line.text == title]
    if headlines:
        add_standfirst_and_section(lines, headlines[-1], metadata)
    add_credits_and_owner(lines, first, metadata)
    return "\n\n".join(_paragraphs(lines, first, last, metadata))


def _paragraphs(lines: list[Line], first: int, last: int, metadata: Metadata) -> list[str]:
    """Return the paragraphs of prose, also of a standfirst above the text, without boilerplate.

    `first` and `last` are the indices of the first and the last long line.
    """
    title = metadata.get("title")
    headline = next((n for n, line in enumerate(lines[: first + 1]) if line.text == title), 0)
    paragraphs: list[str] = []
    ended = in_list = False
    for n, line in enumerate(lines[headline:], headline):
        ended = ended or (n > last and ends_article(line.text))
        in_list = (
            bool(paragraphs)
            and (in_list or paragraphs[-1].endswith(":"))
            and not ended
            and bool(_LIST_ITEM.fullmatch(line.text))
        )
        if in_list:
            paragraphs.append(line.text)
        elif not _is_prose_of_article(line, title) or (ended and line.words < LONG_LINE_WORDS):
            continue
        elif not (n < first + _BYLINE_LINES and _is_metadata(line.text, above=n < first)):
            paragraphs.append(without_dateline(line, lines, metadata) if n <= first else line.text)
    return paragraphs


def _is_prose_of_article(line: Line, title: str | None) -> bool:
    return (
        line.is_prose and line.text != title and not is_boilerplate(line.text) and not match_byline(line.text)
    )


def _is_metadata(text: str, above: bool) -> bool:
    """Return True if a line states a date or, `above` the first long line, is a label."""
    return bool(find_published_date(text) or find_updated_date(text) or (above and is_label(text)))
