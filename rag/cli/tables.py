"""Articles and reports as tables, lines and JSON for a terminal. Knows how things look, not where they come from."""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from textwrap import shorten
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from corpus.article import Article, PartialDate
from corpus.dates import find_dates
from corpus.store.duplicates import NearDuplicates
from corpus.store.rows import CORRECTABLE_FIELDS
from embeddings.ingest_report import IngestReport

_FOUND_AS = {"published": "date"}


def show_reports(reports: list[IngestReport]) -> None:
    """What became of each file: a table, the counts, and a line on standard error for each problem."""
    table = Table("status", "headline", "publisher", "published", "author", box=None, header_style="bold")
    for report in reports:
        if report.article:
            known = report.article
            cells = (known.publisher, known.published.spoken if known.published else None, known.author)
            table.add_row(
                report.status,
                _headline(known),
                *(escape(cell) if cell else "[dim]unknown[/]" for cell in cells),
            )
    console = Console()
    if table.row_count:
        console.print(table)
    counts = Counter(report.status for report in reports)
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()))
    for report in reports:
        if report.problem:
            sys.stderr.write(f"{report.problem}\n")


def show_list(articles: Iterable[Article], passages: int) -> None:
    """Articles as a table, one a line; section and day of change where any article states them."""
    shown = list(articles)
    more = [name for name in ("section", "updated") if any(getattr(article, name) for article in shown)]
    table = Table("id", "headline", "publisher", "published", *more, box=None, header_style="bold")
    for article in shown:
        table.add_row(
            article.id,
            _headline(article),
            escape(article.publisher or "unknown"),
            article.published.spoken if article.published else "undated",
            *(escape(_told(getattr(article, name)) or "") for name in more),
        )
    console = Console()
    console.print(table)
    console.print(f"{len(shown)} articles, {passages} passages")


def show_article(article: Article) -> None:
    """One article, with where each field was found and how sure it is."""
    found = {item.field: item for item in article.provenance}
    for field in CORRECTABLE_FIELDS:
        source = found.get(_FOUND_AS.get(field, field))
        told = _told(getattr(article, field)) or "unknown" + (_bound(article) if field == "published" else "")
        sys.stdout.write(f"{field + ':':11} {told}{f'   ({source.sure}: {source.how})' if source else ''}\n")
    sys.stdout.write(f"origin:     {article.origin}\n\n{article.body}\n")


def _told(value: str | PartialDate | None) -> str | None:
    return value.spoken if isinstance(value, PartialDate) else value


def _bound(article: Article) -> str:
    """What is known of an article's day where the day itself is not; it is told and used for nothing."""
    if article.updated:
        return f"; not after {article.updated.spoken}, when it was updated"
    named = max(
        (span.date for span in find_dates(article.body) if span.date.day),
        key=lambda date: date.first,
        default=None,
    )
    return f"; the latest day that its text names is {named.spoken}" if named else ""


def show_copies(pair: NearDuplicates) -> None:
    """Two near-copies, and what differs; figures and names first, since they are what people ask about."""
    for article in (pair.first, pair.second):
        sys.stdout.write(f"{article.id}  {article.headline} ({article.dateline})\n")
    for item in sorted(pair.differences, key=lambda item: not item.is_material):
        sys.stdout.write(f"    {'! ' if item.is_material else '  '}“{item.first}” / “{item.second}”\n")
    sys.stdout.write("\n")


def article_fields(article: Article | None) -> dict[str, Any]:
    """An article's fields for JSON, without its body."""
    if article is None:
        return {}
    return {
        "id": article.id,
        **{name: str(value) if (value := getattr(article, name)) else None for name in CORRECTABLE_FIELDS},
        "origin": article.origin,
    }


def show_json(entry: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _headline(article: Article) -> str:
    """The headline, cut to what a terminal has room for; in brackets where it is only the text's first words."""
    short = shorten(article.headline, max(24, Console().width - 64), placeholder=" ...")
    return escape(short if article.title else f"({short})")
