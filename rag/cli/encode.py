"""The command that encodes passages beforehand, on several cores or machines: encode."""

import json
from dataclasses import replace
from pathlib import Path

import click

from corpus.reading.files import find_files
from corpus.store.lock import write_lock
from rag.cli.click_extensions import json_option
from rag.settings import Settings


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The folder that takes the vectors."
)
@click.option("--workers", type=click.IntRange(1), help="Processes; by default one a core.")
@click.option(
    "--digits",
    type=click.IntRange(1, 5),
    default=2,
    show_default=True,
    help="Hexadecimal digits that name a shard: 2 make 256, 3 make 4,096.",
)
@json_option
def encode(paths: tuple[Path, ...], out: Path, workers: int | None, digits: int, as_json: bool) -> None:
    """Encode files with Ray, to be added later.

    `dateline add --encoded FOLDER` then takes the vectors from the folder. With RAY_ADDRESS the machines of
    that cluster share the work. A run that was stopped is continued by the same command.
    """
    from tqdm import tqdm

    from embeddings.encode_job import EncodeJob
    from rag.factory import open_encoder

    files, settings = find_files(list(paths)), Settings.read()
    # A worker is one thread: Ray runs one on each core.
    settings = replace(settings, threads=settings.threads or 1)
    passages = new = 0
    with write_lock(out):
        job = EncodeJob(out.resolve(), digits, open_encoder, settings)
        for shard in tqdm(job.run(files, workers), total=16**digits, unit=" shards", disable=None):
            passages, new = passages + shard[0], new + shard[1]
    if as_json:
        click.echo(json.dumps({"passages": passages, "encoded": new}))
    else:
        click.echo(f"{passages} passages of {len(files)} files, {new} of them encoded now")
