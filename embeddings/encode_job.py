"""Encode the passages of many files on many machines, as a Ray Data job.

Files are read, cleaned and cut as `embeddings.ingest` does it, passages are brought together by their hash,
and each shard is encoded and written by one worker (`embeddings.encoded`). What a dead worker had in hand is
done again by another, and a job that is started again encodes only what is missing.
"""

import logging
import os
import secrets
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.article import InvalidDate
from corpus.cleaning.clean import NoText, clean
from corpus.passages import split_passages
from corpus.reading.files import load_bytes, read_articles
from corpus.reading.raw import UnreadableFile
from embeddings.encoded import EncodedPassages
from embeddings.encoder import Encoder
from embeddings.ingest import MAX_BODY_CHARS, MAX_RAW_CHARS
from embeddings.library import PASSAGE_TOKENS

_FILES_A_TASK = 20  # limit: files whose passages are in memory at once
_MAX_PARTS = 200  # limit: groups of shards that Ray hands to its workers, as many as it makes by default


class RayNotInstalled(RuntimeError):
    """Ray is missing; the message says how to install it."""


@dataclass(frozen=True)
class EncodeJob:
    """What travels to the workers of a job.

    `folder` takes the passages, in shards named by so many `digits` of their hash. A worker calls
    `open_encoder` with `settings`, once.
    """

    folder: Path
    digits: int
    open_encoder: Callable[[Any], Encoder]
    settings: Hashable

    def run(self, files: Sequence[Path], workers: int | None = None) -> Iterator[tuple[int, int]]:
        """Encode the passages of files; yield for each shard how many passages it got, and how many were new.

        The work is shared among the machines of the cluster that RAY_ADDRESS names, which must see the files
        and the folder under the same names, or else among `workers` processes here, by default one a core.
        A file that cannot be read is passed over: adding it says why.

        Raises:
            RayNotInstalled: Ray is missing.
            EncodedError: the folder has another encoder's passages.
        """
        _lock_out_others()
        try:
            import ray
            import ray.data
        except ImportError as error:
            raise RayNotInstalled("ray is not installed; run: pip install -r requirements-ray.txt") from error
        _tools(self)  # begins the folder, or refuses it
        here = {"num_cpus": workers, "include_dashboard": False}
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ray.init(log_to_driver=False, logging_level="ERROR", **({} if "RAY_ADDRESS" in os.environ else here))
        try:
            ray.data.DataContext.get_current().enable_progress_bars = False
            tasks, parts = -(-len(files) // _FILES_A_TASK), min(16**self.digits, _MAX_PARTS)
            named = ray.data.from_items([{"file": str(file)} for file in files], override_num_blocks=tasks)
            texts = named.map_batches(self.read, batch_size=_FILES_A_TASK)
            for row in texts.groupby("shard", parts).map_groups(self.encode).iter_rows():
                yield int(row["passages"]), int(row["new"])
        finally:
            ray.shutdown()

    def read(self, batch: dict[str, Any]) -> dict[str, NDArray[np.str_]]:
        """Return the texts of the passages of a batch of files, each with its shard."""
        encoder, passages = _tools(self)
        files = (Path(str(name)) for name in batch["file"])
        texts = list(dict.fromkeys(text for file in files for text in passage_texts(file, encoder)))
        # Arrays, as a list without texts would have no type.
        return {
            "shard": np.array([passages.shard(text) for text in texts], "U"),
            "text": np.array(texts, "U"),
        }

    def encode(self, batch: dict[str, Any]) -> dict[str, list[int]]:
        """Encode and write the passages of one shard."""
        encoder, passages = _tools(self)
        texts = set(map(str, batch["text"]))
        new = passages.add(str(batch["shard"][0]), sorted(texts), encoder.encode_in_background)
        return {"passages": [len(texts)], "new": [new]}


def _lock_out_others() -> None:
    """Have Ray's processes here, which listen to the network, ask for a token made up for them."""
    if "RAY_ADDRESS" not in os.environ:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


@lru_cache(1)
def _tools(job: EncodeJob) -> tuple[Encoder, EncodedPassages]:
    """Return what a process keeps between its tasks."""
    encoder = job.open_encoder(job.settings)
    return encoder, EncodedPassages(job.folder, encoder.fingerprint, job.digits)


def passage_texts(file: Path, encoder: Encoder) -> Iterator[str]:
    """Yield the passages that adding a file would encode; of one that would be refused, none."""
    try:
        for raw in read_articles(file, load_bytes(file)):
            if len(raw.text) > MAX_RAW_CHARS:
                continue
            try:
                article = clean(raw)
            except (NoText, InvalidDate):
                continue
            if len(article.body) <= MAX_BODY_CHARS:
                yield from (
                    passage.text for passage in split_passages(article, PASSAGE_TOKENS, encoder.count_tokens)
                )
    except UnreadableFile:
        return
