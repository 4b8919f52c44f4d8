"""`python -m corpus add|list|show|remove`: the collection from the command line. A door: it may use `rag.wiring`, no other file here may."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tqdm import tqdm

from corpus.article import Article
from corpus.readers import find
from corpus.store import Store
from rag.doors import door
from rag.settings import Settings

if TYPE_CHECKING:
    from embeddings.intake import Report


class NoSuchArticle(ValueError):
    """An id that names no article."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m corpus", description="Add articles to the collection, list, show and remove them.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="add files, or all articles in folders (.txt, .md, .jsonl)")
    add.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    verbs.add_parser("list", help="list the articles, newest first")
    show = verbs.add_parser("show", help="show one article and where each of its fields was found")
    remove = verbs.add_parser("remove", help="remove articles")
    show.add_argument("id")
    remove.add_argument("ids", nargs="+", metavar="ID")
    for verb in verbs.choices.values():
        verb.add_argument("--json", action="store_true", help="print JSON lines")
    given = parser.parse_args(arguments)
    settings = Settings.read()
    if given.verb == "add":
        return _add(settings, given.paths, given.json)
    store = Store(settings.data)
    if given.verb == "list":
        _list(store, given.json)
    elif given.verb == "show":
        _show(store, given.id, given.json)
    else:
        _remove(store, given.ids, given.json)
    store.close()
    return 0


def _add(settings: Settings, paths: list[Path], as_json: bool) -> int:
    """Exit code 2 if nothing of what was given could be read."""
    files = find(paths)
    from embeddings.intake import take_in
    from rag.wiring import open_library

    library = open_library(settings)
    reports: list[Report] = []
    for file in tqdm(files, unit=" files", disable=None):
        reports += take_in(library, file)
    library.store.close()
    if as_json:
        for report in reports:
            _print_json(
                _facts(report.article)
                | {"origin": report.origin, "status": report.status, "passages": report.passages, "problem": report.problem}
            )
    else:
        _say_reports(reports)
    return 2 if all(report.status == "refused" for report in reports) else 0


def _say_reports(reports: "list[Report]") -> None:
    table = _table("status", "headline", "publisher", "published", "author")
    for report in reports:
        if report.article:
            known = report.article
            cells = (known.publisher, known.published.spoken if known.published else None, known.author)
            table.add_row(report.status, _headline(known), *(escape(cell) if cell else "[dim]unknown[/]" for cell in cells))
    console = Console()
    if table.row_count:
        console.print(table)
    counts = Counter(report.status for report in reports)
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()))
    for report in reports:
        if report.problem:
            sys.stderr.write(f"{report.problem}\n")


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, header_style="bold")


def _headline(article: Article) -> str:
    """The headline, cut to what a terminal has room for; in brackets where it is only the text's first words."""
    short = shorten(article.headline, max(24, Console().width - 64), placeholder=" ...")
    return escape(short if article.title else f"({short})")


def _list(store: Store, as_json: bool) -> None:
    if as_json:
        for article in store.articles():
            _print_json(_facts(article))
        return
    table = _table("id", "headline", "publisher", "published")
    for article in store.articles():
        table.add_row(
            article.id,
            _headline(article),
            escape(article.publisher or "unknown"),
            article.published.spoken if article.published else "undated",
        )
    console = Console()
    console.print(table)
    coverage = store.coverage()
    console.print(f"{coverage.articles} articles, {coverage.passages} passages")


def _show(store: Store, name: str, as_json: bool) -> None:
    article = _article(store, name)
    if as_json:
        _print_json(
            {
                **_facts(article),
                "body": article.body,
                "found": [{"field": f.field, "how": f.how, "start": f.start, "end": f.end} for f in article.found],
            }
        )
        return
    how = {found.field: found.how for found in article.found}
    for field, value in (
        ("title", article.title),
        ("publisher", article.publisher),
        ("author", article.author),
        ("date", article.published and article.published.spoken),
        ("url", article.url),
    ):
        sys.stdout.write(f"{field + ':':11}{value or 'unknown'}{f'   ({how[field]})' if field in how else ''}\n")
    sys.stdout.write(f"origin:    {article.origin}\n\n{article.body}\n")


def _remove(store: Store, names: list[str], as_json: bool) -> None:
    for article in [_article(store, name) for name in names]:
        store.remove(article.id)
        if as_json:
            _print_json(_facts(article) | {"status": "removed"})
        else:
            sys.stdout.write(f"removed {article.id}: {article.headline}\n")


def _article(store: Store, name: str) -> Article:
    article = store.article(name)
    if article is None:
        raise NoSuchArticle(f"{name}: no article has this id; see: python -m corpus list")
    return article


def _facts(article: Article | None) -> dict[str, str | None]:
    if article is None:
        return {}
    published = str(article.published) if article.published else None
    return {
        "id": article.id,
        "title": article.title,
        "publisher": article.publisher,
        "author": article.author,
        "published": published,
        "url": article.url,
        "origin": article.origin,
    }


def _print_json(entry: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(entry, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(door(main))
