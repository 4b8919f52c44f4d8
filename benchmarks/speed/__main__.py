"""Measure speed and memory, and draw the results.

    python -m benchmarks.speed [--parts reading question ...] [--peers PYTHON] [--sizes 10000]
                               [--seconds 300] [--work FOLDER] [--out FILE]

Each part runs in a process of its own and its figures are put into FILE, where those of parts that are not
named stay; those of searching have a file of their own (`benchmarks.speed.searching` measures more sizes).
PYTHON is the interpreter of an environment in which Dateline's requirements, langchain-community,
llama-index-core, llama-index-embeddings-huggingface, haystack-ai and txtai are installed. Collections for
searching are made once, in --work.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from benchmarks.speed import (
    askers,
    page,
    peers,
    precisions,
    question,
    reading,
    report,
    searching,
    starting,
    writing,
)
from benchmarks.speed.measuring import METHOD, child_json, with_ratios
from benchmarks.speed.plots import draw
from rag.evaluation.runs.provenance import current_commit, machine_info
from rag.settings import ROOT, Settings

RESULTS = ROOT / "rag/evaluation/results/speed.json"
_MODULE = "benchmarks.speed"
_PEER_ARTICLES, _PEER_ROUNDS = 10, 2
_MEMORY_SIZE = 100_000  # passages of a made collection beside the sample
_PARTS = (
    *(
        "encoding",
        "reading",
        "question",
        "searching",
        "starting",
        "serving",
        "writing",
        "memory",
        "precisions",
    ),
    *("page", "askers", "peers"),
)


def cpu_name() -> str:
    """Return the processor's name and what of it this process may use."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    flags = next((line for line in lines if line.startswith("flags")), "")
    kinds = [kind for kind in ("avx2", "avx512_bf16", "avx512_vnni", "amx_bf16") if kind in flags]
    return f"{name}, {len(os.sched_getaffinity(0))} cores, {' '.join(kinds)}"


def measure_peers(python: str | None) -> dict[str, Any]:
    """Read in and search the same articles with each system in turn."""
    if python is None:
        return {"skipped": "no --peers given"}
    taken: dict[str, list[dict[str, Any]]] = {}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = reading.articles_file(Path(folder), _PEER_ARTICLES)
        for _ in range(_PEER_ROUNDS):
            for name in peers.SYSTEMS:
                try:
                    row = child_json(
                        f"{_MODULE}.peers", name, str(file), cwd=ROOT, python=python, OMP_NUM_THREADS="1"
                    )
                except RuntimeError as error:
                    failed[name] = str(error).strip().splitlines()[-1].split(" (/")[0]  # without folders
                    continue
                taken.setdefault(name, []).append(row)
    flat = {
        name: [
            {
                **{key: row[key] for key in ("wall", "cpu", "first_search", "peak_mb")},
                "search_p50_ms": row["search"]["cpu"]["p50_ms"],
            }
            for row in rows
        ]
        for name, rows in taken.items()
    }
    return {
        "articles": _PEER_ARTICLES,
        "rounds": _PEER_ROUNDS,
        "threads": 1,
        "rows": with_ratios(flat),
        "failed": failed,
    }


def measure_memory(sample: Path, work: Path) -> dict[str, Any]:
    """Load the parts of a server over the sample, and over a made collection."""
    made = searching.prepared(_MEMORY_SIZE, work)
    return {
        "passages": _MEMORY_SIZE,
        "sample": child_json(f"{_MODULE}.memory", str(sample), cwd=ROOT),
        "made": child_json(f"{_MODULE}.memory", str(made), cwd=ROOT),
    }


def parts(options: argparse.Namespace) -> dict[str, Callable[[], Any]]:
    """Return what measures each part; each runs in a child process."""
    threads, work, settings = options.threads, options.work, Settings.read()
    sample = work / "sample"
    return {
        "encoding": lambda: reading.measure_sentences(threads),
        "reading": lambda: reading.measure(threads),
        "question": lambda: question.measure(sample, threads),
        "starting": lambda: starting.measure(sample),
        "serving": lambda: starting.measure_serving(sample),
        "writing": lambda: writing.measure(threads or settings.model_threads),
        "memory": lambda: measure_memory(sample, work),
        "precisions": precisions.measure,
        "page": lambda: page.measure(sample),
        "askers": lambda: askers.measure(sample, options.seconds),
        "peers": lambda: measure_peers(options.peers),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure speed and memory.")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS))
    parser.add_argument("--peers", help="Python with langchain-community, llama-index, haystack and txtai")
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000], help="passages to search")
    parser.add_argument("--seconds", type=float, default=300, help="how long many people ask, in all")
    parser.add_argument("--threads", type=int, default=Settings.read().threads)
    parser.add_argument(
        "--work", type=Path, default=ROOT / "data" / "speed", help="folder for collections, used again"
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(parts(options)[options.child]()))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    starting.run_child(
        [sys.executable, "-m", "rag", "add", "--sample"],
        ROOT,
        {"DATELINE_DATA": str(options.work / "sample")},
    )
    result: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    shared = [
        "--work",
        str(options.work),
        "--threads",
        str(options.threads),
        "--seconds",
        str(options.seconds),
    ]
    for name in options.parts:
        if name == "searching":  # has a file of its own
            searching.update(options.sizes, searching.KINDS, options.work)
            continue
        load = os.getloadavg()[0]
        if name == "peers":
            measured = measure_peers(options.peers)
        else:
            measured = child_json(_MODULE, "--child", name, *shared, cwd=ROOT)
        conditions = {**machine_info(), "cpu": cpu_name(), "commit": current_commit(), "load": round(load, 2)}
        result["method"], result[name] = METHOD, {"conditions": conditions, "measured": measured}
        options.out.write_text(json.dumps(result, indent=1) + "\n")
        print(name, json.dumps(measured)[:600], flush=True)
    if options.out == RESULTS:
        result |= searching.results()
        draw(result, ROOT / "docs/images")
        report.write(result, ROOT / "docs/performance.md")


if __name__ == "__main__":
    main()
