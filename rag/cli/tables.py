"""Print articles and reports for a terminal: as tables, lines and JSON."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from textwrap import shorten
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from corpus.article import Article, PartialDate, Removal
from corpus.store.duplicates import NearDuplicates
from corpus.store.rows import CORRECTABLE_FIELDS, PROVENANCE_NAMES
from corpus.store.undated import DateBound
from embeddings.ingest_report import IngestReport

_MAX_INCOMPLETE = 20  # limit, of articles that are listed; a table has all
_HOW_TO_COMPLETE = (
    "Set what you know: dateline set ID... published=YYYY-MM-DD publisher=NAME; or in a table: "
    "dateline list --incomplete --csv > dates.csv, then dateline set --csv dates.csv"
)


def show_reports(reports: list[IngestReport]) -> None:
    """Print the result for each file: a table, the counts, and a line on standard error for each remark."""
    names = ("status", "headline", "publisher", "published", "author", "left out")
    table = Table(*names, box=None, header_style="bold")
    for report in reports:
        if report.article:
            article = report.article
            cells = (article.publisher, _spoken(article.published), article.author)
            table.add_row(
                _status(report),
                _headline(article),
                *(escape(cell) if cell else "[dim]unknown[/]" for cell in cells),
                f"{report.removed} lines" if report.removed else "",
            )
    console = Console()
    if table.row_count:
        console.print(table)
    counts = Counter(report.status for report in reports)
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()))
    undated = {item.article.id: item for item in reports if item.article and not item.article.published}
    if undated:
        console.print(f"\n{len(undated):,} undated, so no filter by date finds them:")
        articles = [item.article for item in undated.values() if item.article]
        show_incomplete(articles, {id: item.bounds for id, item in undated.items()})
    for report in reports:
        if report.problem:
            sys.stderr.write(f"{report.problem}\n")
        for warning in report.warnings:
            sys.stderr.write(f"{report.origin}: {warning}\n")


def _status(report: IngestReport) -> str:
    """Return the status, with the fields that an article already here gained: "already here (+ author)"."""
    return f"{report.status} (+ {', '.join(report.completed)})" if report.completed else report.status


def show_removed(removed: Iterable[Removal], article: str) -> None:
    """Print what cleaning left out of an article, each piece with its line and reason."""
    items = list(removed)
    for item in items:
        sys.stdout.write(f"{item.line:5}  {item.reason}: {item.text}\n")
    remedy = f"; take one back with: dateline set {article} keep=LINE" if items else ""
    sys.stdout.write(f"{len(items)} pieces of the text were left out{remedy}\n")


def show_list(articles: Iterable[Article], passages: int) -> None:
    """Print a table with a line for each article.

    Section and date of change are columns where any article states them.
    """
    shown = list(articles)
    more = [name for name in ("section", "updated") if any(getattr(article, name) for article in shown)]
    table = Table("id", "headline", "publisher", "published", *more, box=None, header_style="bold")
    for article in shown:
        table.add_row(
            article.id,
            _headline(article),
            escape(article.publisher or "unknown") + (" [dim](sample)[/]" if article.sample else ""),
            _spoken(article.published) or "undated",
            *(escape(_spoken(getattr(article, name)) or "") for name in more),
        )
    console = Console()
    console.print(table)
    console.print(f"{len(shown)} articles, {passages} passages")


def show_article(article: Article, bounds: Sequence[DateBound] = ()) -> None:
    """Print one article, with where each field was found and how certain that is.

    `bounds` tell when it appeared, if it is undated.
    """
    found = {item.field: item for item in article.provenance}
    for field in CORRECTABLE_FIELDS:
        source = found.get(PROVENANCE_NAMES.get(field, field))
        value = _spoken(getattr(article, field)) or "unknown"
        if value == "unknown" and field == "published":
            value += "".join(f"; {bound.spoken}" for bound in bounds)
        found_in = f"   ({source.sure}: {source.how})" if source else ""
        sys.stdout.write(f"{field + ':':11} {value}{found_in}\n")
    sample = "sample:     yes, an invented article\n" if article.sample else ""
    sys.stdout.write(f"{sample}origin:     {article.origin}\n\n{article.body}\n")


def show_incomplete(articles: Sequence[Article], bounds: Mapping[str, Sequence[DateBound]]) -> None:
    """Print the articles without a date or a publisher, with what tells when they appeared."""
    console = Console()
    for article in articles[:_MAX_INCOMPLETE]:
        known = "; ".join(bound.spoken for bound in bounds.get(article.id, ()))
        console.print(f"{article.id}  {_headline(article)} [dim]({escape(article.credit)})[/]")
        console.print(f"              {escape(known)}" if known else "", end="\n" if known else "")
    more = len(articles) - _MAX_INCOMPLETE
    console.print(f"and {more:,} more" if more > 0 else "", end="\n" if more > 0 else "")
    if articles:
        console.print(_HOW_TO_COMPLETE, highlight=False, soft_wrap=True)


def show_csv(articles: Iterable[Article], bounds: Mapping[str, Sequence[DateBound]]) -> None:
    """Print a table to fill in for `dateline set --csv`."""
    table = csv.writer(sys.stdout)
    table.writerow(("id", "published", "publisher", "headline", "known"))
    for article in articles:
        known = "; ".join(bound.spoken for bound in bounds.get(article.id, ()))
        table.writerow(
            (article.id, article.published or "", article.publisher or "", article.headline, known)
        )


def _spoken(value: str | PartialDate | None) -> str | None:
    return value.spoken if isinstance(value, PartialDate) else value


def show_copies(pair: NearDuplicates) -> None:
    """Print two near duplicates and what differs, numbers and names first, since people ask about those."""
    for article in (pair.first, pair.second):
        sys.stdout.write(f"{article.id}  {article.headline} ({article.credit})\n")
    for item in sorted(pair.differences, key=lambda item: not item.is_material):
        sys.stdout.write(f"    {'! ' if item.is_material else '  '}“{item.first}” / “{item.second}”\n")
    sys.stdout.write("\n")


def article_fields(article: Article | None) -> dict[str, Any]:
    """Return an article's fields for JSON, without its body."""
    if article is None:
        return {}
    return {
        "id": article.id,
        **{name: str(value) if (value := getattr(article, name)) else None for name in CORRECTABLE_FIELDS},
        "origin": article.origin,
        **({"sample": True} if article.sample else {}),
    }


def show_json(entry: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _headline(article: Article) -> str:
    """Return the headline, cut to fit the terminal; in brackets where it is only the text's first words."""
    short = shorten(article.headline, max(24, Console().width - 64), placeholder=" ...")
    return escape(short if article.title else f"({short})")
