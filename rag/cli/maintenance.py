"""The commands on the collection as a whole: check, rebuild, export, backup."""

import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from corpus.signals import EXIT_STOPPED, GracefulStop
from corpus.store.database import Store
from corpus.store.integrity import Problem, check_integrity, export_lines
from corpus.store.lock import write_lock
from corpus.store.opening import open_store
from corpus.store.schema import FILE_NAME
from rag.cli.click_extensions import json_option
from rag.cli.collection import CommandError, progress_bar
from rag.cli.tables import show_json
from rag.settings import Settings

_EXIT_PROBLEMS = 1


@click.command()
@click.option("--repair", is_flag=True, help="Repair what can be derived from the articles.")
@json_option
def check(repair: bool, as_json: bool) -> int:
    """Compare articles, passages, vectors and full text.

    The exit code is 1 where a problem remains.
    """
    settings = Settings.read()
    with closing(open_store(*settings.place)) as store:
        problems = _find_problems(store)
        if repair and problems:
            with write_lock(*settings.place):
                _repair(settings, store, problems)
            problems = _find_problems(store)
        for problem in problems:
            show_json(asdict(problem)) if as_json else click.echo(problem.text)
        if not as_json:
            click.echo(f"{store.coverage().articles} articles checked: {_summarise(problems)}")
    return _EXIT_PROBLEMS if problems else 0


def _find_problems(store: Store) -> list[Problem]:
    with progress_bar(store.coverage().articles) as bar:
        return list(check_integrity(store, bar.update))


def _summarise(problems: list[Problem]) -> str:
    if not problems:
        return "nothing is wrong"
    repairable = any(problem.article or problem.words for problem in problems)
    return f"{len(problems)} problems" + ("; repair them with: dateline check --repair" if repairable else "")


def _repair(settings: Settings, store: Store, problems: list[Problem]) -> None:
    from rag.factory import open_library_over

    store.rebuild_word_index()  # first, since FTS5 can only remove rows that it still has
    damaged = {problem.article for problem in problems if problem.article}
    if damaged:
        library = open_library_over(store, settings)
        with progress_bar(len(damaged)) as bar:
            for article in store.articles():
                if article.id in damaged:
                    library.reencode(article)
                    bar.update()


@click.command()
@json_option
def rebuild(as_json: bool) -> int:
    """Split and encode all articles again."""
    from tqdm import tqdm

    from embeddings import library
    from rag.factory import check_rebuildable, open_encoder

    settings = Settings.read()
    with write_lock(*settings.place), closing(open_store(*settings.place)) as store:
        encoder = open_encoder(settings)
        check_rebuildable(store, encoder)
        total, count = store.coverage().articles, 0
        with GracefulStop(lambda: True) as stop:
            for _ in tqdm(library.rebuild(store, encoder), total=total, unit=" articles", disable=None):
                count += 1
                if stop.requested and count < total:
                    sys.stderr.write(
                        f"stopped: {count} of {total} articles encoded again; until all are, "
                        "only this opens the collection: dateline rebuild\n"
                    )
                    return EXIT_STOPPED
    click.echo(
        json.dumps({"rebuilt": count}) if as_json else f"{count} articles were split and encoded again"
    )
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def export(file: Path, as_json: bool) -> None:
    """Write the collection as JSON lines.

    `dateline add` reads them back.
    """
    from tqdm import tqdm

    with closing(open_store(*Settings.read().place)) as store:
        count = store.coverage().articles
        try:
            with file.open("w", encoding="utf-8") as out:
                for line in tqdm(export_lines(store), total=count, unit=" articles", disable=None):
                    out.write(f"{line}\n")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}; choose another file") from error
    click.echo(json.dumps({"exported": count}) if as_json else f"{count} articles written to {file}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def backup(folder: Path, as_json: bool) -> None:
    """Copy the collection to a folder, also while it is used.

    DATELINE_DATA=FOLDER uses the copy.
    """
    with closing(open_store(*Settings.read().place)) as store:
        store.copy_to(folder)
    with closing(Store(folder)) as copy:
        count = copy.coverage().articles
    click.echo(json.dumps({"copied": count}) if as_json else f"{count} articles copied to {folder}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def restore(folder: Path, as_json: bool) -> None:
    """Copy the collection of a folder into this one, which is empty.

    DATELINE_DATABASE=ADDRESS moves it to PostgreSQL.
    """
    if not (folder / FILE_NAME).is_file():
        raise CommandError(f"{folder} has no collection; name a folder that dateline backup wrote")
    place = Settings.read().place
    with write_lock(*place), closing(open_store(*place)) as store:
        with closing(Store(folder)) as source:
            store.copy_from(source)
        count = store.coverage().articles
    click.echo(json.dumps({"copied": count}) if as_json else f"{count} articles copied from {folder}")
