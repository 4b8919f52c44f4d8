"""Searching collections of 10 thousand passages and more: time, recall, memory and time to open.

The words are those of real sentences in random order. The vectors are synthetic: the vector of a real sentence
with noise of 0.7 times its length in a random direction, made a unit vector, so that neighbourhoods stay.
"""

import gc
import sqlite3
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.measuring import memory, percentiles
from benchmarks.speed.texts import made_articles, real_bodies
from corpus.passages import Passage, sentence_spans
from corpus.store.database import Store
from corpus.store.filters import Filters
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.evaluation.gold.questions import read_gold
from rag.retrieval.search import Retriever
from rag.settings import ROOT

SELECTIVITIES = (0.0001, 0.001, 0.01, 0.1, 1.0)
_NOISE, _CENTRES, _PER_PASSAGE, _DEPTH = 0.7, 1500, 5, 50
_FIRST_DAY, _DAYS = date(2000, 1, 1), 10_000


def centres(encoder: Encoder) -> NDArray[np.float32]:
    """Return the vectors of real sentences."""
    bodies = real_bodies()[1]
    sentences = [body[start:end] for body in bodies for start, end in sentence_spans(body, 0, len(body))]
    step = max(1, len(sentences) // _CENTRES)
    return encoder.encode(sentences[::step][:_CENTRES])


def noisy(vectors: NDArray[np.float32], count: int, seed: int) -> NDArray[np.float32]:
    """Return unit vectors near randomly chosen ones."""
    draw = np.random.default_rng(seed)
    noise = draw.standard_normal((count, vectors.shape[1]), np.float32)
    noise *= _NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    made = vectors[draw.integers(len(vectors), size=count)] + noise
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def build(folder: Path, passages: int, encoder: Encoder) -> None:
    """Make a collection of so many passages, unless it is there."""
    if (folder / "done").exists():
        return
    vectors, store = centres(encoder), Store(folder)
    with store.transaction():
        made, n = 0, 0
        for article in made_articles(passages // 8 + 1):
            spans = sentence_spans(article.body, 0, len(article.body))
            groups = [spans[i : i + _PER_PASSAGE] for i in range(0, len(spans), _PER_PASSAGE)]
            own = [Passage(article, group[0][0], group[-1][1]) for group in groups][: passages - made]
            if own:
                store._insert(article, own, noisy(vectors, len(own), n), "")
            made, n = made + len(own), n + 1
    store.close()
    (folder / "done").touch()


def measure(folder: Path, passages: int, threads: int, searches: int = 40) -> dict[str, Any]:
    """Open a collection and search it; building it takes most of the time, once."""
    encoder = Encoder(threads)
    build(folder, passages, encoder)
    queries = [gold.question for gold in read_gold(ROOT / "corpus/gold.jsonl")][:searches]
    vectors = encoder.encode(queries)
    gc.collect()
    before, wall, cpu = memory()["mb"], time.perf_counter(), time.process_time()
    library = Library(Store(folder), encoder)
    opened = {"wall": round(time.perf_counter() - wall, 3), "cpu": round(time.process_time() - cpu, 3)}
    exact = _exact(library.store, vectors)
    retriever = Retriever(library=library)
    result: dict[str, Any] = {
        "passages": len(library.store.passage_ids()),
        "open": opened,
        "meaning": {str(share): _times(library, vectors, _filters(share)) for share in SELECTIVITIES},
        "recall_at_10": _recall(library, vectors, exact),
    }
    result["memory_mb"] = round(memory()["mb"] - before, 1)
    result["words"] = percentiles([_seconds(lambda q=q: _by_words(retriever, q)) for q in queries])
    result["whole search"] = percentiles(
        [_seconds(lambda q=q: retriever.search_text(q, 10)) for q in queries]
    )
    result["file_mb"] = round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 1)
    return result


def _seconds(action: Any) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began


def _by_words(retriever: Retriever, question: str) -> None:
    retriever.library.search_by_words(retriever.expansion.fts_query(question), _DEPTH)


def _filters(share: float) -> Filters | None:
    """Return a filter that this share of the articles passes; None for all."""
    last = _FIRST_DAY + timedelta(days=max(0, round(share * _DAYS) - 1))
    return None if share == 1 else Filters(since=_FIRST_DAY, until=last)


def _times(
    library: Library, vectors: Sequence[NDArray[np.float32]], filters: Filters | None
) -> dict[str, float]:
    library.search_by_vector(vectors[0], _DEPTH, filters)
    return percentiles([_seconds(lambda v=v: library.search_by_vector(v, _DEPTH, filters)) for v in vectors])


def _exact(store: Store, queries: NDArray[np.float32]) -> list[set[int]]:
    """Return the ten nearest passages of each query, by numpy over the stored vectors."""
    best = np.full((len(queries), 0), -1.0, np.float32)
    ids = np.empty((len(queries), 0), np.int64)
    with sqlite3.connect(store.path) as db:
        rows = db.execute("SELECT id, vector FROM passages")
        while block := rows.fetchmany(20_000):
            vectors = np.frombuffer(b"".join(row[1] for row in block), "<f4").reshape(len(block), -1)
            best = np.hstack([best, queries @ vectors.T])
            ids = np.hstack([ids, np.tile([row[0] for row in block], (len(queries), 1))])
            top = np.argsort(-best, axis=1)[:, :10]
            best, ids = np.take_along_axis(best, top, 1), np.take_along_axis(ids, top, 1)
    return [set(row.tolist()) for row in ids]


def _recall(library: Library, vectors: NDArray[np.float32], exact: Sequence[set[int]]) -> float:
    found = [{number for number, _ in library.search_by_vector(v, 10)} for v in vectors]
    return round(sum(len(a & b) for a, b in zip(found, exact, strict=True)) / (10 * len(exact)), 4)
