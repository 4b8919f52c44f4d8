"""`dateline set`: correct fields of one article, of several, or of all that a table names."""

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from corpus.article import Article, InvalidDate
from corpus.reading.csv import read_rows
from corpus.reading.decoding import BinaryData
from corpus.reading.files import load_bytes
from corpus.store.database import Store
from corpus.store.lock import write_lock
from corpus.store.opening import open_store
from corpus.store.rows import CORRECTABLE_FIELDS, changed_fields
from corpus.store.undated import date_bounds
from rag.cli.click_extensions import json_option
from rag.cli.collection import CommandError, find_article
from rag.cli.removals import KEEP_HELP, take_back
from rag.cli.tables import article_fields, show_article, show_json
from rag.settings import Settings

_Correction = tuple[str, str, str | None]


@click.command("set")
@click.argument(
    "words",
    nargs=-1,
    metavar="ID... FIELD=VALUE...",
    help=f"{', '.join(CORRECTABLE_FIELDS)}; an empty value means unknown. {KEEP_HELP}",
)
@click.option(
    "--csv",
    "table",
    type=click.Path(path_type=Path),
    help="A table with a column id and columns named as the fields; empty cells change nothing.",
)
@json_option
def set_fields(words: tuple[str, ...], table: Path | None, as_json: bool) -> None:
    """Correct fields of articles.

    The corrections are kept when the files are added again. A table to fill in: dateline list --incomplete
    --csv.
    """
    place = Settings.read().place
    with write_lock(*place), closing(open_store(*place)) as store:
        kept = take_back(store, words)
        ids = kept if kept != words and not any("=" in word for word in kept) else ()
        corrections = [*_stated(store, () if ids else kept), *(_tabulated(store, table) if table else ())]
        if not corrections and not table and not ids:
            raise CommandError("nothing to set; write ID... FIELD=VALUE..., or --csv FILE")
        store.correct_many(corrections)
        changed = [find_article(store, id) for id in dict.fromkeys([*ids, *(id for id, *_ in corrections)])]
        bounds = date_bounds(store, changed[0]) if changed else ()
    if as_json:
        for article in changed:
            show_json(article_fields(article))
    elif len(changed) == 1:
        show_article(changed[0], bounds)
    else:
        click.echo(f"{len(changed)} articles changed")


def _stated(store: Store, words: tuple[str, ...]) -> Iterator[_Correction]:
    """Yield the corrections of a command such as `set ID ID published=2018-02 publisher=Gull`."""
    ids = [find_article(store, word).id for word in words if "=" not in word]
    fields = [word for word in words if "=" in word]
    if bool(ids) != bool(fields):
        raise CommandError(f'"{" ".join(words)[:80]}" corrects nothing; write ID... FIELD=VALUE...')
    for correction in fields:
        field, _, value = correction.partition("=")
        if field not in CORRECTABLE_FIELDS:
            names = ", ".join(CORRECTABLE_FIELDS)
            raise CommandError(f'"{correction}" is no correction; write FIELD=VALUE with one of {names}')
        yield from ((id, field, value.strip() or None) for id in ids)


def _tabulated(store: Store, table: Path) -> Iterator[_Correction]:
    """Yield the cells of a table that differ from the articles' fields; an empty one changes nothing."""
    try:
        for number, row in enumerate(read_rows(load_bytes(table)), 1):
            article = _article_of_row(store, row, f"{table}, row {number}")
            cells = {field: row[field] for field in CORRECTABLE_FIELDS if row.get(field, "").strip()}
            try:
                changes = changed_fields(article, cells)
            except InvalidDate as error:
                raise CommandError(f"{table}, row {number}: {error}; nothing was changed") from None
            yield from ((article.id, field, value) for field, value in changes.items())
    except (BinaryData, csv.Error) as error:
        raise CommandError(f"{table}: not readable as a table ({error}); save it as CSV") from error


def _article_of_row(store: Store, row: dict[str, str], place: str) -> Article:
    if not row.get("id", "").strip():
        raise CommandError(f"{place}: no id; print a table with ids: dateline list --incomplete --csv")
    try:
        return find_article(store, row["id"].strip())
    except CommandError as error:
        raise CommandError(f"{place}: {error}; nothing was changed") from None
