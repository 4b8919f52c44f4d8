"""Measure the size of collections and their searches, for docs/scale.py to carry on to larger ones.

python -m benchmarks.scale FOLDER ...                       each collection, read only
python -m benchmarks.scale --postgresql ADDRESS FOLDER      copied into an empty database of PostgreSQL
"""

import argparse
import json
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.__main__ import cpu_name
from rag.settings import ROOT

MEASURED = ROOT / "rag/evaluation/results/scale.json"
_SEARCHES = 20
_QUERIES = (
    "airport OR opening OR called OR fire",
    "ferry OR cost OR crowns",
    "council OR plan OR approved",
    "minister OR budget OR deficit OR said",
    "election OR poll OR party OR votes",
)


def measure(folders: list[Path]) -> None:
    """Keep bytes a passage and milliseconds a search of each collection, read only."""
    rows = [_measure(folder) for folder in folders]
    kept = {
        **json.loads(MEASURED.read_text()),
        "processor": cpu_name(),
        "threads": 1,
        "measured": sorted(rows, key=lambda row: row["passages"]),
    }
    MEASURED.write_text(json.dumps(kept, indent=1) + "\n")


def _measure(folder: Path) -> dict[str, Any]:
    file = folder / "collection.sqlite"
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as db:
        ((passages,),) = db.execute("SELECT count(*) FROM passages")
        ((articles,),) = db.execute("SELECT count(*) FROM articles")
        parts = dict(db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
        words = [
            _milliseconds(lambda query=query: _search_words(db, query)) for query in _QUERIES for _ in (1, 2)
        ]
        vectors = [row for (row,) in db.execute("SELECT vector FROM passages ORDER BY id LIMIT 100000")]
    total = sum(parts.values())
    shares = {
        "vectors": sum(map(len, vectors)) / len(vectors),
        "index of words": sum(size for name, size in parts.items() if name.startswith("words")) / passages,
    }
    shares["articles and the rest"] = total / passages - sum(shares.values())
    return {
        "passages": passages,
        "articles": articles,
        "bytes_a_passage": {name: round(value) for name, value in shares.items()},
        "words_ms": round(median(words), 2),
        **_search_vectors(b"".join(vectors)),
    }


def _search_words(db: sqlite3.Connection, query: str) -> None:
    db.execute(
        "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT 100", (query,)
    ).fetchall()


def measure_postgresql(folder: Path, address: str) -> None:
    """Copy a collection into an empty database, and keep its size there and the times of searches in both."""
    from corpus.store.database import Store
    from corpus.store.opening import open_store

    with tempfile.TemporaryDirectory() as work:
        Store(folder).copy_to(Path(work))
        with closing(Store(Path(work))) as source, closing(open_store(Path(work) / "data", address)) as store:
            began = time.monotonic()
            store.copy_from(source)
            seconds = time.monotonic() - began
            store.rows("VACUUM (FULL, ANALYZE)")
            passages = source.passage_count()
            # Bytes of all tables with their indexes and long values, and of parts of them.
            (row,) = store.rows(
                "SELECT (SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables), "
                "(SELECT sum(pg_column_size(vector)) FROM passages), "
                "(SELECT sum(pg_column_size(words)) FROM passages) + pg_relation_size('passages_words'), "
                "current_setting('server_version')"
            )
            sizes = [int(size) / passages for size in row[:3]]
            kept = {
                "server": row[3].split()[0],
                "passages": passages,
                "bytes_a_passage": round(sizes[0]),
                "bytes_of_vectors": round(sizes[1]),
                "bytes_of_words": round(sizes[2]),
                "copied_in_seconds": round(seconds, 1),
                "words_ms": _search_stored(store),
                "sqlite_words_ms": _search_stored(source),
            }
    MEASURED.write_text(json.dumps({**json.loads(MEASURED.read_text()), "postgresql": kept}, indent=1) + "\n")


def _search_stored(store: Any) -> float:
    """Return the median milliseconds of a search by words, through the store."""
    taken = []
    for query in _QUERIES * 3:
        words = " OR ".join(f'"{word}"' for word in query.split(" OR "))
        began = time.monotonic()
        store.search_words(words, 100, None, None)
        taken.append((time.monotonic() - began) * 1000)
    return round(median(taken[len(_QUERIES) :]), 2)  # the first round fills caches


def _search_vectors(data: bytes) -> dict[str, Any]:
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)
    rows = np.frombuffer(data, "<f4").reshape(-1, 384)
    found: dict[str, Any] = {"vectors_searched": len(rows)}
    for name, index in (
        ("flat", faiss.IndexFlatIP(384)),
        ("sq8", faiss.IndexScalarQuantizer(384, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)),
    ):
        index.train(rows[:20_000])
        index.add(rows)
        taken = [
            _milliseconds(lambda n=n, index=index: index.search(rows[n : n + 1], 100))
            for n in range(_SEARCHES)
        ]
        found[f"{name}_ms"] = round(median(taken), 2)
    return found


def _milliseconds(call: Any) -> float:
    """Return the processor's time of a call, as other programs run beside it."""
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--postgresql", metavar="ADDRESS")
    options = parser.parse_args()
    if options.postgresql:
        measure_postgresql(options.folders[0], options.postgresql)
    else:
        measure(options.folders)


if __name__ == "__main__":
    main()
