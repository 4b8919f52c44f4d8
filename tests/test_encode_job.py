"""Passages that are encoded beforehand: by two workers, each once, though one is killed; and added from there."""

import os
import shutil
import signal
from collections import Counter
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from corpus.reading.files import find_files
from corpus.store.database import Store
from embeddings.encode_job import EncodeJob, passage_texts
from embeddings.encoded import EncodedError, EncodedPassages
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library

FERRY, TAXES, OTTERS = "The ferry sailed at noon.", "Taxes rise next year.", "Otters swim in the bay."


@pytest.fixture
def encoded(tmp_path: Path, encoder: Encoder) -> EncodedPassages:
    return EncodedPassages(tmp_path / "encoded", encoder.fingerprint, digits=1)


def test_what_a_shard_holds_is_not_encoded_again(encoded: EncodedPassages, encoder: Encoder) -> None:
    asked: list[str] = []

    def encode(texts: Any) -> np.ndarray:
        asked.extend(texts)
        return encoder.encode_in_background(texts)

    for text in (FERRY, TAXES):
        assert encoded.add(encoded.shard(text), [text, text], encode) == 1
        assert encoded.add(encoded.shard(text), [text], encode) == 0
    texts = [OTTERS, TAXES, FERRY, TAXES]
    opened = EncodedPassages(encoded._folder, encoder.fingerprint)
    assert np.allclose(opened.vectors(texts, encode), encoder.encode(texts), atol=1e-3)
    assert asked == [FERRY, TAXES, OTTERS] and opened.vectors([], encode).shape == (0, 384)


@pytest.mark.parametrize("damage", ["cut", "other", "vector", "gone"])
def test_a_damaged_shard_is_encoded_again(encoded: EncodedPassages, encoder: Encoder, damage: str) -> None:
    name = encoded.shard(FERRY)
    encoded.add(name, [FERRY], encoder.encode)
    file = encoded._folder / f"{name}.npy"
    data = file.read_bytes()
    changed = {"cut": data[:-9], "other": os.urandom(len(data)), "vector": data[:-4] + b"\0\0\0\x44"}
    file.write_bytes(changed[damage]) if damage in changed else file.unlink()
    opened = EncodedPassages(encoded._folder, encoder.fingerprint)
    assert np.allclose(opened.vectors([FERRY], encoder.encode), encoder.encode([FERRY]))
    if damage != "vector":
        assert encoded.add(name, [FERRY], encoder.encode) == 1 and file.read_bytes() == data


def test_a_folder_of_another_encoder_is_refused(encoded: EncodedPassages, encoder: Encoder) -> None:
    from dataclasses import replace

    other = replace(encoder.fingerprint, weights="0" * 64)
    for fingerprint, digits in ((other, None), (encoder.fingerprint, 2)):
        with pytest.raises(EncodedError, match=r"with --digits 1; name another folder"):
            EncodedPassages(encoded._folder, fingerprint, digits)
    with pytest.raises(EncodedError, match="name a folder that dateline encode wrote"):
        EncodedPassages(encoded._folder / "none", encoder.fingerprint)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Twelve articles, one of them twice, and a file that is none."""
    folder = tmp_path / "files"
    folder.mkdir()
    for file in sorted((ROOT / "corpus/articles").glob("*.md"))[:12]:
        shutil.copy(file, folder)
    shutil.copy(file, folder / "again.md")
    (folder / "none.pdf").write_bytes(b"\x00")
    return find_files([folder])


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray, about itself
def test_two_workers_encode_each_passage_once_though_one_is_killed(
    files: list[Path],
    tmp_path: Path,
    encoder: Encoder,
    encoded: EncodedPassages,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if find_spec("ray") is None:  # not imported here: Ray reads RAY_AUTH_MODE when it is
        pytest.skip("ray is not installed; run: pip install -r requirements-ray.txt")
    folder, log = tmp_path / "encoded", tmp_path / "encoded.log"

    def open_encoder(folder: str) -> Encoder:
        class Mortal(Encoder):
            """Logs what it encoded; the first worker to have a third batch is killed in it."""

            batches = 0

            def encode_in_background(self, texts):  # workers have no names for types in a class body
                self.batches += 1
                with suppress(FileExistsError):
                    if self.batches == 3:
                        Path(folder, "killed").touch(exist_ok=False)
                        os.kill(os.getpid(), signal.SIGKILL)
                vectors = super().encode_in_background(texts)
                with Path(folder, "encoded.log").open("a") as out:
                    out.write("".join(f"{os.getpid()} {text!r}\n" for text in texts))
                return vectors

        return Mortal(threads=1)

    texts = {text for file in files for text in passage_texts(file, encoder)}
    # What an earlier run, which was stopped, has left: one shard, and a piece of another.
    first = encoded.shard(min(texts))
    done = {text for text in texts if encoded.shard(text) == first}
    encoded.add(first, done, encoder.encode)
    (folder / "0.npy.piece.tmp").write_bytes(b"\x93NUMPY")
    shards = list(EncodeJob(folder, 1, open_encoder, str(tmp_path)).run(files, workers=2))
    assert (tmp_path / "killed").exists()
    assert sum(count for count, _ in shards) == len(texts)
    # What the killed worker had finished is not new to the one that does its task again.
    assert 0 < sum(new for _, new in shards) <= len(texts - done)
    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    assert Counter(text for _, text in lines) == Counter(map(repr, texts - done))
    assert len({worker for worker, _ in lines}) >= 2

    monkeypatch.setattr(
        Encoder,
        "encode_in_background",
        lambda self, texts: pytest.fail("encoded again") if texts else np.empty((0, 384), np.float32),
    )
    with closing(Store(tmp_path / "data")) as store:
        library = Library(store, encoder, encoded=EncodedPassages(folder, encoder.fingerprint))
        reports = [report for file in files for report in ingest(library, file)]
        assert Counter(report.status for report in reports) == {"added": 12, "already here": 1, "refused": 1}
        ids, vectors = store.vectors(store.passage_ids())
        stored = [store.passages(ids)[n].text for n in ids.tolist()]
        assert set(stored) == texts and np.allclose(vectors, encoder.encode(stored), atol=1e-2)
