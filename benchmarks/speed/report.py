"""Write docs/performance.md from the results: the figures, and beside each goal whether it was met."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

_OPENING = """# How fast Dateline is

`make bench` (`python -m benchmarks.speed`) measures all of this and writes this page; the raw figures are in
[speed.json](../rag/evaluation/results/speed.json). {method}

What makes the difference: linear layers multiply in bfloat16 where the processor can
(`embeddings/precision.py`), texts are encoded sixteen at a time, sorted by length, and each batch takes as many
threads as cores are free (`embeddings/threads.py`).
"""
_PRECISION = """
## Precisions tried

64 sentences and 8 passages of the sample on one thread (AMD EPYC with AVX512-BF16, 21 November 2026, other programs
running; processor seconds). Only the second row is used.

| linear layers | sentences/s, 32 at a time | 16 at a time | passages/s | least cosine with float32 |
|---|---|---|---|---|
| float32 | 88 | 111 | 13.8 | 1 |
| **bfloat16, all else float32** | 201 | **281** | **30.3** | **0.9999** |
| bfloat16, and all else too | 239 | 279 | 32.4 | 0.9980 |
| torch's dynamic int8 | 254 | 365 | 38.0 | 0.74 |

Of 49 gold questions (every third, no model, both precisions in one process) 4 answers differ in a score or a rank,
none in a statement, and 36 are right either way; the processor's seconds to the evidence fell from 0.999 to 0.448.
"""


def write(result: Mapping[str, Any], file: Path) -> None:
    """Write the page; parts that were not measured are left out, and their goals say so."""
    text = _OPENING.format(method=result.get("method", "")) + _goals(result) + _PRECISION
    for name, section in _SECTIONS.items():
        if name in result:
            measured, conditions = result[name]["measured"], result[name]["conditions"]
            text += f"\n## {section.__doc__}\n\n{_conditions(conditions)}\n\n{section(measured)}"
    file.write_text(text, encoding="utf-8")


def _conditions(conditions: Row) -> str:
    return (
        f"{conditions['cpu']}; commit {conditions['commit']}, {conditions['when'][:10]}; "
        f"load before the run {conditions['load']}."
    )


def _table(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def _compared(measured: Row) -> str:
    rows = measured["rows"]
    return _table(
        ("", "seconds", "of the processor", "times the first row"),
        [(name, round(row["wall"], 3), round(row["cpu"], 3), row["cpu_ratio"]) for name, row in rows.items()],
    )


def _reading(measured: Row) -> str:
    """Reading in"""
    rows = [
        (name, row["passages_per_second"], row["passages_per_cpu_second"], row["cpu_ratio"])
        for name, row in measured["rows"].items()
    ]
    return (
        f"{measured['passages']} passages a round, {measured['rounds']} rounds, of {measured['texts']}.\n\n"
        + _table(("", "passages/s", "passages per processor second", "times the first row"), rows)
    )


def _encoding(measured: Row) -> str:
    """Encoding sentences"""
    return f"{measured['sentences']} sentences.\n\n" + _compared(measured)


def _question(measured: Row) -> str:
    """A question"""
    rows = [
        (name, *(measured[name][clock][key] for clock in ("wall", "cpu") for key in ("p50_ms", "p95_ms")))
        for name in ("evidence", "answer")
    ]
    return (
        f"{measured['questions']} gold questions of the sample, without a model and with nothing cached. The process "
        f"holds {measured['memory_mb']:.0f} MB, at most {measured['peak_mb']:.0f}.\n\n"
        + _table(("ms", "p50", "p95", "processor p50", "processor p95"), rows)
        + "\n![Where the time goes](images/speed-question.svg)\n"
    )


def _searching(measured: list[Row]) -> str:
    """Searching"""
    shares = list(measured[0]["meaning"])
    columns = (
        "passages",
        *(f"{100 * float(share):g} % p95 ms" for share in shares),
        "words p95 ms",
        "recall@10",
        "open s",
        "MB",
    )
    rows = [
        (
            f"{row['passages']:,}",
            *(row["meaning"][share]["p95_ms"] for share in shares),
            row["words"]["p95_ms"],
            row["recall_at_10"],
            row["open"]["cpu"],
            row["memory_mb"],
        )
        for row in measured
    ]
    return (
        "Processor milliseconds of a search by meaning, with a filter that this share of the passages passes, and by "
        "words. Real sentences in random order; vectors are those of real sentences with noise.\n\n"
        + _table(columns, rows)
        + "\n![Searching against size](images/speed-searching.svg)\n"
    )


def _starting(measured: Row) -> str:
    """Commands"""
    return _compared(measured)


def _serving(measured: Row) -> str:
    """Starting the server"""
    return "Up to the first page, when questions are answered.\n\n" + _compared(measured)


def _writing(measured: Row) -> str:
    """Writing"""
    columns = ("", *(key.replace("_", " ") for key in next(iter(measured["rows"].values()))))
    return f"{measured['model']}, {measured['threads']} thread(s).\n\n" + _table(
        columns, [(name, *row.values()) for name, row in measured["rows"].items()]
    )


def _peers(measured: Row) -> str:
    """Beside what people would use instead"""
    if "rows" not in measured:
        return f"Not measured: {measured['skipped']}.\n"
    rows = [
        (name, round(row["cpu"], 2), row["cpu_ratio"], row["search_p50_ms"], row["peak_mb"])
        for name, row in measured["rows"].items()
    ]
    failed = "".join(f"\n{name} did not run: {why}\n" for name, why in measured["failed"].items())
    return (
        f"{measured['articles']} articles read in by processes that take turns, one thread each, the same weights. "
        "Dateline's search is its hybrid search.\n\n"
        + _table(("", "processor seconds to read in", "times langchain's", "search p50 ms", "peak MB"), rows)
        + failed
    )


_SECTIONS: dict[str, Callable[[Any], str]] = {
    "reading": _reading,
    "encoding": _encoding,
    "question": _question,
    "searching": _searching,
    "starting": _starting,
    "serving": _serving,
    "writing": _writing,
    "peers": _peers,
}
# Part, goal, whether a larger figure is better, the figure that was wanted, and where it stands in the part.
_GOALS: tuple[tuple[str, str, bool, float, Callable[[Any], float]], ...] = (
    ("reading", "reading in, speed of the bare encoder loop (ratio)", True, 0.95, lambda m: 1 / m["rows"]["Dateline"]["cpu_ratio"]),
    ("peers", "reading in, times as fast as langchain's recipe", True, 2.5, lambda m: 1 / m["rows"]["Dateline"]["cpu_ratio"]),
    ("question", "evidence, p50 in seconds", False, 0.35, lambda m: m["evidence"]["wall"]["p50_ms"] / 1000),
    ("question", "evidence, p95 in seconds", False, 0.7, lambda m: m["evidence"]["wall"]["p95_ms"] / 1000),
    ("writing", "prompt tokens, speed of the bare loop (ratio)", True, 0.95, lambda m: m["ratios"]["prompt_tokens_per_cpu_second"]),
    ("writing", "answer tokens, speed of the bare loop (ratio)", True, 0.95, lambda m: m["ratios"]["answer_tokens_per_cpu_second"]),
    ("serving", "start of the server, times the imports alone", False, 1.3, lambda m: m["rows"]["dateline serve"]["cpu_ratio"]),
    ("starting", "dateline list, seconds", False, 0.3, lambda m: m["rows"]["dateline list"]["wall"]),
    ("starting", "dateline --help, seconds", False, 0.3, lambda m: m["rows"]["dateline --help"]["wall"]),
    ("starting", "completion, seconds", False, 0.3, lambda m: m["rows"]["completion"]["wall"]),
)  # fmt: skip
_OPEN = """
Not done: an index that is chosen by size (search is exact and in memory; an earlier trial took 311 ms for a million
vectors, 49 ms with an 8-bit quantiser, and collections of that size were not measured here), sentence vectors kept in
the store, ONNX Runtime and OpenVINO, speculative decoding, and five minutes of many askers.
"""


def _goals(result: Mapping[str, Any]) -> str:
    rows = []
    for part, goal, larger, wanted, find in _GOALS:
        measured = result.get(part, {}).get("measured")
        if (
            not measured
            or "skipped" in measured
            or (part == "peers" and "Dateline" not in measured.get("rows", {}))
        ):
            rows.append((goal, f"{'>=' if larger else '<='} {wanted}", "not measured", ""))
            continue
        found = find(measured)
        met = found >= wanted if larger else found <= wanted
        load = result[part]["conditions"]["load"]
        rows.append(
            (
                goal,
                f"{'>=' if larger else '<='} {wanted}",
                round(found, 3),
                "yes" if met else f"no (load {load})",
            )
        )
    return "\n## Goals\n\n" + _table(("", "goal", "found", "met"), rows) + _OPEN
