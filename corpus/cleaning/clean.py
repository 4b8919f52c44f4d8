"""Turn the raw text of a file into an `Article`: its body, without the page around it, and its metadata."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from corpus.article import Article, InvalidDate, PartialDate, Removal
from corpus.characters import normalise_text
from corpus.cleaning.boilerplate import is_notice
from corpus.cleaning.lines import Line, page_lines
from corpus.cleaning.metadata import (
    Metadata,
    add_byline_and_dates,
    add_credits_and_owner,
    add_headline,
    add_standfirst_and_section,
    split_title,
    without_dateline,
)
from corpus.cleaning.selection import BYLINE_LINES, Reasons, body_reasons, page_reasons
from corpus.reading.raw import RawArticle

MAX_ARTICLE_CHARS = 500_000  # a limit
_SUMMARY_PARAGRAPHS = 2  # the first paragraphs, of which one may be the summary that the metadata state


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
    body, removed = (text, ()) if raw.kind == "export" else _extract_body(raw, text, metadata)
    if not body.strip():
        raise NoText(f"{raw.origin}: no article text was found in it; check the file")
    if summary and summary.value in body.split("\n\n")[:_SUMMARY_PARAGRAPHS]:
        metadata.add("standfirst", summary.value, summary.provenance.how, sure="guessed")
    return replace(_article(body, metadata, raw.origin), removed=removed, sample=raw.sample)


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
        saved=_update_date(metadata.get("saved"), None),
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


def _extract_body(raw: RawArticle, text: str, metadata: Metadata) -> tuple[str, tuple[Removal, ...]]:
    """Return the article's body and what was left out, and add what the text says of it to `metadata`."""
    lines = page_lines(raw.text, text)
    split_title(metadata, lines)
    long_lines = [n for n, line in enumerate(lines) if line.is_long_prose and not is_notice(line.text)]
    first = long_lines[0] if long_lines else len(lines)
    add_byline_and_dates(lines[: first + BYLINE_LINES], metadata)
    if metadata.get("title") is None:
        add_headline(lines[:first], " ".join(line.text for line in lines[first:]), metadata)
    title = metadata.get("title")
    headlines = [n for n, line in enumerate(lines[: first + 1]) if line.text == title]
    if headlines:
        add_standfirst_and_section(lines, headlines[-1], metadata)
    add_credits_and_owner(lines, first, metadata)
    reasons = (body_reasons if raw.kind == "body" else page_reasons)(lines, metadata)
    return _divide(lines, reasons, first, metadata)


def _divide(
    lines: Sequence[Line], reasons: Reasons, first: int, metadata: Metadata
) -> tuple[str, tuple[Removal, ...]]:
    """Return the lines without a reason as paragraphs, and the others; `first` is the first long line."""
    paragraphs: list[str] = []
    removed: list[Removal] = []
    for n, (line, reason) in enumerate(zip(lines, reasons, strict=True)):
        kept = "" if reason else line.text
        if kept and n <= first:
            kept = without_dateline(line, lines, metadata)
        paragraphs += [kept] if kept else []
        if kept != line.text:
            left_out = line.text.removesuffix(kept)
            removed.append(Removal(line.number, line.start, left_out, reason or "dateline"))
    return "\n\n".join(paragraphs), tuple(removed)
