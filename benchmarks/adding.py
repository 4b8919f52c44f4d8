"""Measure adding, in articles and passages a second, and the encoder's share of the time.

python benchmarks/adding.py [COUNT]
"""

import gzip
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.settings import ROOT, Settings

CORPUS = ROOT.parent / "shared/data/multihop_rag/corpus.jsonl.gz"


class TimedEncoder(Encoder):
    """The encoder, which adds up the seconds spent in it."""

    seconds = 0.0

    def encode(self, texts: Sequence[str]) -> Any:
        started = time.perf_counter()
        vectors = super().encode(texts)
        self.seconds += time.perf_counter() - started
        return vectors


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "corpus.jsonl"
        lines = gzip.decompress(CORPUS.read_bytes()).decode().splitlines()[:count]
        file.write_text(
            "\n".join(json.dumps({**json.loads(line), "published_at": None}) for line in lines),
            encoding="utf-8",
        )
        encoder = TimedEncoder(Settings().threads)
        library = Library(Store(Path(folder) / "data"), encoder)
        encoder.seconds, started = 0.0, time.perf_counter()
        reports = list(ingest(library, file))
        seconds = time.perf_counter() - started
        passages = sum(report.passages for report in reports)
        added = sum(report.status == "added" for report in reports)
        print(
            f"{added} of {len(lines)} articles, {passages} passages in {seconds:.1f} s: {added / seconds:.1f} articles/s, {passages / seconds:.1f} passages/s"
        )
        print(
            f"inside the encoder: {encoder.seconds / seconds:.3f} of the time, on {Settings().threads} thread(s)"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 609)
