"""Measure adding, in articles and passages a second, and the encoder's share of the time.

python benchmarks/adding.py [COUNT]
python benchmarks/adding.py questions    # how long a question takes while a long article is added
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.public_sets import DATA, read_lines
from corpus.reading.files import find_files
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.ingest import MAX_BODY_CHARS, ingest, ingest_bytes
from embeddings.library import Library
from rag.factory import open_assistant
from rag.serving.sample import SAMPLE_QUESTIONS
from rag.settings import ROOT, Settings


class TimedEncoder(Encoder):
    """The encoder, which adds up the seconds spent in it."""

    seconds = 0.0

    def _encode(self, texts: Sequence[str]) -> Any:
        started = time.perf_counter()
        vectors = super()._encode(texts)
        self.seconds += time.perf_counter() - started
        return vectors


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "corpus.jsonl"
        entries = list(islice(read_lines(DATA / "multihop_rag/corpus.jsonl.gz"), count))
        file.write_text(
            "\n".join(json.dumps({**entry, "published_at": None}) for entry in entries),
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
            f"{added} of {len(entries)} articles, {passages} passages in {seconds:.1f} s: {added / seconds:.1f} articles/s, {passages / seconds:.1f} passages/s"
        )
        print(
            f"inside the encoder: {encoder.seconds / seconds:.3f} of the time, on {Settings().threads} thread(s)"
        )


def measure_questions(rounds: int = 5) -> None:
    """Ask the sample's questions in turn, with nothing else to do and while a long article is added."""
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(Settings.read({"DATELINE_MODEL": "none"}), data=Path(folder) / "data")
        assistant = open_assistant(settings)
        for file in find_files([ROOT / "corpus/articles"]):
            list(ingest(assistant.library, file))
        texts = [article.body for article in assistant.library.store.articles()]

        def seconds(question: str) -> float:
            assistant.library.encoder.clear_cache()
            started = time.perf_counter()
            assistant.ask(question)
            return time.perf_counter() - started

        def add(n: int) -> float:
            started = time.perf_counter()
            body = f"Part {n} begins. " + "\n\n".join(texts * 3)[: MAX_BODY_CHARS - 100]
            (report,) = ingest_bytes(assistant.library, Path(f"long-{n}.txt"), body.encode())
            assert report.status == "added", report.problem
            return time.perf_counter() - started

        def print_seconds(what: str, taken: list[float]) -> None:
            print(
                f"{what}: median {statistics.median(taken):.2f} s, longest {max(taken):.2f} s, of {len(taken)}"
            )

        seconds(SAMPLE_QUESTIONS[0])
        idle = [seconds(question) for _ in range(rounds) for question in SAMPLE_QUESTIONS]
        busy = []
        with ThreadPoolExecutor(1) as pool:
            adding = pool.submit(add, 0)
            while not adding.done() and len(busy) < len(idle):
                busy.append(seconds(SAMPLE_QUESTIONS[len(busy) % len(SAMPLE_QUESTIONS)]))
                time.sleep(1)  # a person reads the answer
        print_seconds("idle", idle)
        print_seconds(f"while an article of {MAX_BODY_CHARS:,} characters was added", busy)
        print(f"ratio of medians {statistics.median(busy) / statistics.median(idle):.2f}")
        print(f"the article took {adding.result():.1f} s, with nobody asking {add(1):.1f} s")
        assistant.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["questions"]:
        measure_questions()
        sys.exit()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 609)
