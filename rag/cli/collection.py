"""The commands on articles: add, list, show, remove, copies."""

import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from corpus.article import Article
from corpus.reading.files import FORMATS, find_files, is_parsing
from corpus.signals import EXIT_STOPPED, GracefulStop
from corpus.store.database import Store
from corpus.store.duplicates import find_near_duplicates
from corpus.store.filters import Filters
from corpus.store.lock import write_lock
from corpus.store.opening import open_store
from corpus.store.undated import date_bounds
from embeddings.ingest_report import IngestReport, with_date_bounds
from rag.cli.click_extensions import json_option
from rag.cli.tables import (
    article_fields,
    show_article,
    show_copies,
    show_csv,
    show_incomplete,
    show_json,
    show_list,
    show_removed,
    show_reports,
)
from rag.settings import Settings

if TYPE_CHECKING:
    from tqdm import tqdm

_EXIT_ALL_REFUSED = 2


class CommandError(ValueError):
    """An id without an article, a malformed correction, or a file that cannot be written."""


@click.command(help=f"Add files, or all articles in folders.\n\nFormats: {', '.join(FORMATS)}.")
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--publisher", help="Who published them, where the files do not state it or are wrong.")
@click.option("--published", metavar="DATE", help="When they were published (YYYY, YYYY-MM or YYYY-MM-DD).")
@click.option("--sample", is_flag=True, help="Add the invented articles of the sample collection.")
@click.option(
    "--encoded",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Take vectors from a folder that `dateline encode` wrote.",
)
@json_option
def add(
    paths: tuple[Path, ...],
    publisher: str | None,
    published: str | None,
    sample: bool,
    encoded: Path | None,
    as_json: bool,
) -> int:
    if bool(paths) == sample:
        raise click.UsageError("nothing to add; name files or folders, or only --sample")
    if sample:
        return _add_sample(Settings.read(), as_json)
    settings, files = Settings.read(), find_files(list(paths))
    stated = {name: value for name, value in (("publisher", publisher), ("date", published)) if value}
    reports: list[IngestReport] = []
    with write_lock(*settings.place):
        done = _add_files(settings, files, stated, reports, encoded)
    _show_added(reports, as_json)
    _mention_sample(settings)
    if done < len(files):
        sys.stderr.write(
            f"stopped: {done} of {len(files)} files added; run the same command again for the rest\n"
        )
        return EXIT_STOPPED
    return _EXIT_ALL_REFUSED if all(report.status == "refused" for report in reports) else 0


def _add_sample(settings: Settings, as_json: bool) -> int:
    from tqdm import tqdm

    from rag.factory import open_library
    from rag.serving.sample import add_sample, sample_size

    library = open_library(settings)
    with closing(library.store):
        reports = list(tqdm(add_sample(library), total=sample_size(), unit=" articles", disable=None))
    _show_added(reports, as_json)
    return 0


def _add_files(
    settings: Settings,
    files: list[Path],
    stated: dict[str, str],
    reports: list[IngestReport],
    encoded: Path | None,
) -> int:
    """Add files, append the result for each article to `reports`, and return how many files are done.

    Fewer than all are done where the user stopped it.
    """
    store: Store | None = None
    done = 0
    # Opening the collection and reading a file are abandoned at once; adding an article is finished.
    with GracefulStop(lambda: store is not None and not is_parsing()) as stop:
        try:
            from embeddings.ingest import ingest
            from rag.factory import open_library

            library = open_library(settings, encoded)
            store = library.store
            with progress_bar(sum(map(_estimate_articles, files))) as bar:
                for file in files:
                    before = len(reports)
                    for report in ingest(library, file, stated):
                        reports.append(report)
                        bar.update()
                        if stop.requested:  # a file of several articles may hold more
                            return done + (report.origin == str(file))
                    bar.total = (bar.total or 0) + len(reports) - before - _estimate_articles(file)
                    done += 1
        except KeyboardInterrupt:
            return done
        finally:
            if store:
                reports[:] = with_date_bounds(store, reports)
                store.close()
    return done


def _mention_sample(settings: Settings) -> None:
    """Say on standard error that sample articles are among the user's, and how to remove them."""
    with closing(open_store(*settings.place)) as store:
        coverage = store.coverage()
    if coverage.sample:
        sys.stderr.write(
            f"{coverage.sample} of {coverage.articles} articles are the invented sample; "
            "remove them with: dateline remove --sample\n"
        )


def progress_bar(articles: int) -> "tqdm[NoReturn]":
    """Return a bar with the rate and the time left, shown on standard error where that is a terminal."""
    from tqdm import tqdm

    return tqdm(total=articles, unit=" articles", disable=None)


def _estimate_articles(file: Path) -> int:
    """Return how many articles a file seems to hold: the lines of JSON lines, one for any other format."""
    if file.suffix.lower() != ".jsonl":
        return 1
    try:
        with file.open("rb") as lines:
            return sum(1 for _ in lines)
    except OSError:
        return 1  # adding it reports the error


def _show_added(reports: list[IngestReport], as_json: bool) -> None:
    if not as_json and reports:
        show_reports(reports)
        return
    for report in reports:
        show_json(
            {
                **article_fields(report.article),
                "origin": report.origin,
                "status": report.status,
                "passages": report.passages,
                "problem": report.problem,
                "warnings": report.warnings,
                "completed": report.completed,
                "bounds": [bound.to_json() for bound in report.bounds],
                "removed": report.removed,
            }
        )


@click.command("list")
@click.option(
    "--incomplete",
    is_flag=True,
    help="Only articles without a date or a publisher, and what tells when they appeared.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for `dateline set --csv`.")
@json_option
def list_articles(incomplete: bool, as_csv: bool, as_json: bool) -> None:
    """List the articles, newest first."""
    with closing(open_store(*Settings.read().place)) as store:
        articles = store.articles()
        if incomplete:
            articles = [article for article in articles if not (article.published and article.publisher)]
        bounds = {article.id: date_bounds(store, article) for article in articles} if incomplete else {}
        if as_csv:
            show_csv(articles, bounds)
        elif as_json:
            for article in articles:
                found = [bound.to_json() for bound in bounds.get(article.id, ())]
                show_json({**article_fields(article), **({"bounds": found} if incomplete else {})})
        elif incomplete:
            show_incomplete(articles, bounds)
        else:
            show_list(articles, store.coverage().passages)


@click.command()
@click.argument("id")
@click.option("--raw", is_flag=True, help="Print the text as it was read, before cleaning.")
@click.option("--removed", is_flag=True, help="Print what cleaning left out of the text, and why.")
@json_option
def show(id: str, raw: bool, removed: bool, as_json: bool) -> None:
    """Show one article, and where its fields were found.

    Beside each field is printed where it was found and how certain that is.
    """
    with closing(open_store(*Settings.read().place)) as store:
        article = find_article(store, id)
        if raw:
            text = store.raw(article.id) or ""
            show_json({"id": article.id, "raw": text}) if as_json else sys.stdout.write(text)
        elif removed:
            items = store.removed(article.id)
            if as_json:
                show_json({"id": article.id, "removed": [asdict(item) for item in items]})
            else:
                show_removed(items, article.id)
        elif as_json:
            found = [asdict(item) for item in article.provenance]
            show_json({**article_fields(article), "body": article.body, "found": found})
        else:
            show_article(article, date_bounds(store, article))


@click.command()
@click.argument("ids", nargs=-1, metavar="ID...")
@click.option("--publisher", multiple=True, help="Remove all articles of a publisher; may be repeated.")
@click.option("--sample", is_flag=True, help="Remove the invented articles of the sample collection.")
@json_option
def remove(ids: tuple[str, ...], publisher: tuple[str, ...], sample: bool, as_json: bool) -> None:
    """Remove articles."""
    if not ids and not publisher and not sample:
        raise click.UsageError("nothing to remove; name ids, --publisher, or --sample")
    place = Settings.read().place
    with write_lock(*place), closing(open_store(*place)) as store:
        if sample:
            from rag.serving.sample import remove_sample

            count = remove_sample(store)
            click.echo(json.dumps({"removed": count}) if as_json else f"{count} sample articles removed")
        for article in [*(find_article(store, id) for id in ids), *_published_by(store, publisher)]:
            store.remove(article.id)
            if as_json:
                show_json({**article_fields(article), "status": "removed"})
            else:
                click.echo(f"removed {article.id}: {article.headline}")


def _published_by(store: Store, publishers: tuple[str, ...]) -> list[Article]:
    """Return all articles of some publishers.

    Raises:
        UsageError: one of them published none.
    """
    found = [article for name in publishers for article in store.articles(Filters(publishers=(name,)))]
    known = {(article.publisher or "").lower() for article in found}
    if missing := [name for name in publishers if name.strip().lower() not in known]:
        raise click.UsageError(f'no article is by "{missing[0]}"; see: dateline list')
    return found


@click.command()
@json_option
def copies(as_json: bool) -> None:
    """List articles that are nearly the same, and their differences."""
    with closing(open_store(*Settings.read().place)) as store:
        articles = store.articles()
    with progress_bar(len(articles)) as bar:
        pairs = list(find_near_duplicates(articles, bar.update))
    for pair in pairs:
        if not as_json:
            show_copies(pair)
            continue
        first, second = article_fields(pair.first), article_fields(pair.second)
        show_json(
            {"first": first, "second": second, "differences": [asdict(item) for item in pair.differences]}
        )


def find_article(store: Store, id: str) -> Article:
    """Return the article with this id, or raise CommandError."""
    article = store.article(id)
    if article is None:
        raise CommandError(f"{id}: no article has this id; see: dateline list")
    return article
