"""Search made collections of 10 thousand passages and more with each kind of index, and compare.

    python -m benchmarks.speed.searching [--sizes 10000 100000 1000000 5000000] [--kinds flat sq8 ivf]
                                         [--real FOLDER] [--work FOLDER]

The figures of the sizes and kinds that are named are put into rag/evaluation/results/searching.json; `make bench`
measures the smaller sizes. `benchmarks.speed.archives` says how collections are made; a million passages take
about four minutes and 4.3 GB, once. FOLDER of --real holds a collection of real articles, whose vectors the made
ones are near to; without it some passages are encoded. `flat` is measured up to a million.
"""

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.archives import DAYS, FIRST_DAY, Vectors, build, real_vectors
from benchmarks.speed.measuring import child_json, memory, percentiles
from benchmarks.speed.texts import real_questions, sample_questions
from corpus.store.database import Store
from corpus.store.filters import Filters
from embeddings.encoder import Encoder
from embeddings.index_file import FILE_NAME
from embeddings.kinds import KINDS, Kind, kind_for
from embeddings.library import Library
from embeddings.vectors import VectorIndex
from rag.evaluation.runs.provenance import current_commit, machine_info
from rag.limits import CANDIDATES
from rag.retrieval.search import Retriever
from rag.settings import ROOT, Settings

RESULTS = ROOT / "rag/evaluation/results/searching.json"
WORK = ROOT / "data" / "speed"
SHARES = (0.0001, 0.001, 0.01, 0.1, 0.5, 1.0)  # of the articles, that a filter passes
_MODULE = "benchmarks.speed.searching"
_SEARCHES, _COMPARED = 100, 100  # by meaning; with those that numpy finds
_WORD_SEARCHES = 15  # and as many short questions
_TOP = 10  # of recall


def results() -> dict[str, Any]:
    """Return what was measured, as a part of the results of the other measurements."""
    return {"searching": json.loads(RESULTS.read_text())} if RESULTS.exists() else {}


def prepared(size: int, work: Path, real: Path | None = None) -> Path:
    """Return the folder of a made collection of so many passages, which is made unless it is there."""
    folder = work / f"search-{size}"
    if not (folder / "nearest.json").exists():
        near = ["--real", str(real)] if real else []
        child_json(_MODULE, "--child", "build", "--sizes", str(size), "--work", str(work), *near, cwd=ROOT)
    return folder


def update(sizes: Sequence[int], kinds: Sequence[Kind], work: Path, real: Path | None = None) -> None:
    """Measure these sizes with each kind, every one in a process of its own, and keep the figures."""
    rows = {
        (row["passages"], row["index"]): row for row in results().get("searching", {}).get("measured", [])
    }
    for size in sizes:
        prepared(size, work, real)
        folder = ["--work", str(work)]
        for kind in kinds:
            if kind == "flat" and size > 1_000_000:
                continue
            named = ["--child", "measure", "--sizes", str(size), "--kinds", kind]
            row = child_json(_MODULE, *named, *folder, cwd=ROOT)
            if row["chosen"]:
                row |= child_json(_MODULE, "--child", "words", "--sizes", str(size), *folder, cwd=ROOT)
            rows[size, kind] = {**row, "commit": current_commit(), "load": round(os.getloadavg()[0], 1)}
            _write([rows[key] for key in sorted(rows, key=lambda key: (key[0], KINDS.index(key[1])))])
            sys.stdout.write(f"{json.dumps(row)[:400]}\n")


def _write(rows: list[dict[str, Any]]) -> None:
    from benchmarks.speed.__main__ import cpu_name

    conditions = {**machine_info(), "cpu": cpu_name(), "commit": rows[-1]["commit"], "load": rows[-1]["load"]}
    RESULTS.write_text(json.dumps({"conditions": conditions, "measured": rows}, indent=1) + "\n")


def filters(share: float, articles: int) -> Filters | None:
    """Return a filter that this share of so many articles passes, at least one; None for all."""
    last = FIRST_DAY + timedelta(days=max(0, round(share * min(DAYS, articles)) - 1))
    return None if share == 1 else Filters(since=FIRST_DAY, until=last)


def measure(folder: Path, kind: Kind, threads: int) -> dict[str, Any]:
    """Make the index, open it again and search it."""
    encoder = Encoder(threads)
    questions = real_questions(_SEARCHES)
    vectors = encoder.encode(questions)
    (folder / FILE_NAME).unlink(missing_ok=True)
    made = _taken(lambda: _open(folder, encoder, kind).store.close())
    gc.collect()
    before = memory()["mb"]
    libraries: list[Library] = []
    opened = _taken(lambda: libraries.append(_open(folder, encoder, kind)))
    (library,) = libraries
    nearest = json.loads((folder / "nearest.json").read_text())
    meaning = {str(share): _by_meaning(library, vectors, share, nearest[str(share)]) for share in SHARES}
    return {
        "passages": len(library.store.passage_ids()),
        "index": library.index_kind,
        "chosen": kind == kind_for(library.store.passage_count()),
        "made": made,
        "open": opened,
        "meaning": meaning,
        "memory_mb": round(memory()["mb"] - before, 1),
        "file_mb": _megabytes(folder / FILE_NAME),
        "collection_mb": _megabytes(library.store.path),
    }


def measure_words(folder: Path, threads: int) -> dict[str, Any]:
    """Search by words, and compute what the first question after a change of the collection waits for."""
    library = Library(Store(folder), Encoder(threads))
    version = _taken(lambda: library.version)
    questions = [*real_questions(_WORD_SEARCHES), *sample_questions(_WORD_SEARCHES)]
    return {"version": version, "words": _by_words(library, questions)}


def _open(folder: Path, encoder: Encoder, kind: Kind) -> Library:
    store = Store(folder)
    return Library(store, encoder, index=VectorIndex(store, encoder.dimension, kind=kind))


def _megabytes(file: Path) -> float:
    return round(file.stat().st_size / 1e6, 1) if file.exists() else 0.0


def _taken(action: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return {
        "wall": round(time.perf_counter() - wall, 5),
        "cpu": round(time.process_time() - cpu, 5),
    }


def _times(taken: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return percentiles of the processor's milliseconds, and under "wall" of those of the clock."""
    cpu, wall = (percentiles([one[clock] for one in taken]) for clock in ("cpu", "wall"))
    return {**cpu, "wall": wall}


def _by_meaning(
    library: Library, vectors: Vectors, share: float, nearest: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """Search as questions do, which want a hundred candidates; the first search also selects the passages."""
    chosen = filters(share, library.coverage().articles)
    first = _taken(lambda: library.search_by_vector(vectors[0], CANDIDATES, chosen))
    taken = [_taken(lambda v=v: library.search_by_vector(v, CANDIDATES, chosen)) for v in vectors]
    compared = vectors[: len(nearest)]
    found = [{n for n, _ in library.search_by_vector(vector, _TOP, chosen)} for vector in compared]
    wanted = sum(map(len, nearest))
    return {
        "first_ms": round(1000 * first["cpu"], 1),
        **_times(taken),
        "recall": round(sum(len(a & set(b)) for a, b in zip(found, nearest, strict=True)) / wanted, 4),
    }


def _by_words(library: Library, questions: Sequence[str]) -> dict[str, Any]:
    """Search by words at each share; and without leaving any passage out, for comparison."""
    expansion = Retriever(library=library).expansion
    queries = [expansion.fts_query(question) for question in questions]
    found: dict[str, list[list[int]]] = {}
    articles = library.coverage().articles

    def search(name: str, one: Callable[[str], list[tuple[int, float]]]) -> dict[str, Any]:
        taken = [
            _taken(lambda q=q: found.setdefault(name, []).append([n for n, _ in one(q)])) for q in queries
        ]
        return _times(taken)

    library.search_by_words(queries[0], CANDIDATES)
    times = {}
    for share in reversed(SHARES):
        chosen = filters(share, articles)
        times[str(share)] = search(
            str(share), lambda q, chosen=chosen: library.search_by_words(q, CANDIDATES, chosen)
        )
    whole = search("whole", lambda q: library.store.search_words(q, CANDIDATES))
    return {
        "terms": round(float(np.mean([query.count(" OR ") + 1 for query in queries])), 1),
        "shares": times,
        "all scored": whole,
        "same of the best": {
            str(k): round(
                float(
                    np.mean(
                        [
                            len(set(a[:k]) & set(b[:k])) / max(1, len(b[:k]))
                            for a, b in zip(found["1.0"], found["whole"], strict=True)
                        ]
                    )
                ),
                4,
            )
            for k in (_TOP, CANDIDATES)
        },
    }


def prepare(folder: Path, size: int, real: Vectors, encoder: Encoder) -> None:
    """Make the collection, and keep the nearest passages of each question at each share, by numpy."""
    build(folder, size, real)
    store, queries = Store(folder), encoder.encode(real_questions(_COMPARED))
    ids = store.passage_ids()
    scores = np.concatenate(
        [queries @ store.vectors(ids[at : at + 20_000])[1].T for at in range(0, len(ids), 20_000)], axis=1
    )
    nearest = {}
    for share in SHARES:
        among = np.isin(ids, store.passage_ids(filters(share, store.coverage().articles)))
        best = np.argpartition(-scores[:, among], min(_TOP, int(among.sum())) - 1, axis=1)[:, :_TOP]
        nearest[str(share)] = ids[among][best].tolist()
    store.close()
    (folder / "nearest.json").write_text(json.dumps(nearest))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure searching.")
    sizes = [10_000, 100_000, 1_000_000, 5_000_000]
    parser.add_argument("--sizes", nargs="+", type=int, default=sizes, help="passages")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--real", type=Path, help="folder of a collection of real articles")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for collections, used again")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    folder = options.work / f"search-{options.sizes[0]}"
    if options.child == "build":
        encoder = Encoder(1)
        real = real_vectors(options.work, encoder, options.real)
        prepare(folder, options.sizes[0], real, encoder)
        sys.stdout.write("null\n")
    elif options.child == "measure":
        row = measure(folder, options.kinds[0], Settings.read().model_threads)
        sys.stdout.write(json.dumps(row) + "\n")
    elif options.child == "words":
        row = measure_words(folder, Settings.read().model_threads)
        sys.stdout.write(json.dumps(row) + "\n")
    else:
        update(options.sizes, options.kinds, options.work, options.real)


if __name__ == "__main__":
    main()
