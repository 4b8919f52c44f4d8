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
    rows = [
        (
            f"{row['passages']:,}",
            f"**{row['index']}**" if row["chosen"] else row["index"],
            *(row["meaning"][share]["p95_ms"] for share in reversed(shares)),
            min(one["recall"] for one in row["meaning"].values()),
            round(row["made"]["cpu"], 1),
            round(row["open"]["cpu"], 2),
            row["memory_mb"],
            row["file_mb"],
        )
        for row in measured
    ]
    columns = (
        *("passages", "index", "p95 ms"),
        *(f"{100 * float(share):g} %" for share in reversed(shares[:-1])),
        *("least recall@10", "made in s", "opened in s", "MB of memory", "MB of file"),
    )
    return (
        _SEARCHING
        + _table(columns, rows)
        + "\n![Searching against size](images/speed-searching.svg)\n"
        + _words(measured)
    )


def _words(measured: list[Row]) -> str:
    found = [row for row in measured if "words" in row]
    shares = list(found[0]["words"]["shares"]) if found else []
    rows = [
        (
            f"{row['passages']:,}",
            row["words"]["all scored"]["p95_ms"],
            *(row["words"]["shares"][share]["p95_ms"] for share in shares),
            *row["words"]["same of the best"].values(),
            round(row["version"]["cpu"], 2),
        )
        for row in found
    ]
    columns = (
        *("passages", "all scored, p95 ms", "p95 ms"),
        *(f"{100 * float(share):g} %" for share in shares[1:]),
        *("same of the best 10", "of the best 100", "hash of the collection in s"),
    )
    return _WORDS + _table(columns, rows)


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


_SEARCHING = """A search by meaning for a hundred candidates, in milliseconds of one thread of the processor, without a filter and with
one that this share of the articles passes; recall@10 is against a comparison of all vectors by numpy, and the least
over the filters. In bold the index that is chosen for the size. Times to open hold the check of the file's hash.
`python -m benchmarks.speed.searching` measures this, from real sentences in random order and vectors that lie between
those of real passages and of their neighbours (`benchmarks/speed/archives.py`); the questions are real ones. The first
search with a filter that many passages pass also selects them (`first_ms` in
[searching.json](../rag/evaluation/results/searching.json)). Five million passages and `ivf` were not measured.

"""
_WORDS = """
By words (FTS5), half of the questions with 25 to 45 terms, half shorter. bm25 takes a microsecond for each passage that
holds any word of a question, so in collections of more than 50,000 passages those that hold none of its rarer words are
not scored; the first column is without that, and the two before the last say how much of its result stays. Most of what
remains is FTS5 counting the passages with each word, three times a search. The last column is what the first question
after a change of the collection waits for.

"""

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


def _million(rows: list[Row]) -> Row:
    """Return the row of a million passages with the index that is chosen for them."""
    return {row["passages"]: row for row in rows if row["chosen"]}[1_000_000]


# Part, goal, whether a larger figure is better, the figure that was wanted, and where it stands in the part.
_GOALS: tuple[tuple[str, str, bool, float, Callable[[Any], float]], ...] = (
    ("reading", "reading in, speed of the bare encoder loop (ratio)", True, 0.95, lambda m: 1 / m["rows"]["Dateline"]["cpu_ratio"]),
    ("peers", "reading in, times as fast as langchain's recipe", True, 2.5, lambda m: 1 / m["rows"]["Dateline"]["cpu_ratio"]),
    ("question", "evidence, p50 in seconds", False, 0.35, lambda m: m["evidence"]["wall"]["p50_ms"] / 1000),
    ("question", "evidence, p95 in seconds", False, 0.7, lambda m: m["evidence"]["wall"]["p95_ms"] / 1000),
    ("writing", "prompt tokens, speed of the bare loop (ratio)", True, 0.95, lambda m: m["ratios"]["prompt_tokens_per_cpu_second"]),
    ("writing", "answer tokens, speed of the bare loop (ratio)", True, 0.95, lambda m: m["ratios"]["answer_tokens_per_cpu_second"]),
    ("searching", "1 million passages, p95 by meaning with the slowest filter in ms", False, 60, lambda m: max(one["p95_ms"] for one in _million(m)["meaning"].values())),
    ("searching", "1 million passages, p95 by words in ms", False, 60, lambda m: _million(m)["words"]["shares"]["1.0"]["p95_ms"]),
    ("searching", "1 million passages, least recall@10", True, 0.98, lambda m: min(one["recall"] for one in _million(m)["meaning"].values())),
    ("searching", "1 million passages, opened in seconds", False, 1, lambda m: _million(m)["open"]["cpu"]),
    ("searching", "1 million passages, GB of memory", False, 1, lambda m: _million(m)["memory_mb"] / 1000),
    ("serving", "start of the server, times the imports alone", False, 1.3, lambda m: m["rows"]["dateline serve"]["cpu_ratio"]),
    ("starting", "dateline list, seconds", False, 0.3, lambda m: m["rows"]["dateline list"]["wall"]),
    ("starting", "dateline --help, seconds", False, 0.3, lambda m: m["rows"]["dateline --help"]["wall"]),
    ("starting", "completion, seconds", False, 0.3, lambda m: m["rows"]["completion"]["wall"]),
)  # fmt: skip
_OPEN = """
Not done: sentence vectors kept in the store, ONNX Runtime and OpenVINO, speculative decoding, and five minutes of many askers.
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
