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


def write(result: Mapping[str, Any], file: Path) -> None:
    """Write the page; parts that were not measured are left out, and their goals say so."""
    text = _OPENING.format(method=result.get("method", "")) + _goals(result)
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
        (
            name,
            row["passages_per_second"],
            row["passages_per_cpu_second"],
            row["wall_ratio"],
            row["cpu_ratio"],
        )
        for name, row in measured["rows"].items()
    ]
    return (
        f"{measured['passages']} passages a round, {measured['rounds']} rounds, of {measured['texts']}.\n\n"
        + _table(_READING_COLUMNS, rows)
    )


def _encoding(measured: Row) -> str:
    """Encoding sentences"""
    return f"{measured['sentences']} sentences.\n\n" + _compared(measured)


def _question(measured: Row) -> str:
    """A question"""
    rows = [
        (
            f"{name}{beside}",
            *(found[name][clock][key] for clock in ("wall", "cpu") for key in ("p50_ms", "p95_ms")),
        )
        for beside, found in (("", measured), *((f", {key}", measured[key]) for key in _BESIDE))
        for name in ("evidence", "answer")
    ]
    return (
        f"{measured['questions']} gold questions of the sample, without a model and with nothing cached. The process "
        f"holds {measured['memory_mb']:.0f} MB, at most {measured['peak_mb']:.0f}.\n\n"
        + _table(("ms", "p50", "p95", "processor p50", "processor p95"), rows)
        + "\n![Where the time goes](images/speed-question.svg)\n"
    )


def _page(measured: Row) -> str:
    """The page, in a browser"""
    rows = [
        (
            label,
            *(round(row[moment][key] / 1000, 3) for key in ("p50_ms", "p95_ms")),
            *(round(row[where]["p50_ms"] / 1000, 3) for where in ("server_cpu", "browser_cpu")),
            f"{row['shift']} ({row['largest_shift']})",
        )
        for label, name, moment in _MOMENTS
        for row in [measured["rows"][name]]
    ]
    return _PAGE.format(**measured) + _table(_PAGE_COLUMNS, rows)


def _searching(measured: list[Row]) -> str:
    """Searching"""
    shares = list(measured[0]["meaning"])
    rows = [
        (
            f"{row['passages']:,}",
            f"**{row['index']}**" if row["chosen"] else row["index"],
            row["meaning"]["1.0"]["p95_ms"],
            row["meaning"]["1.0"]["wall"]["p50_ms"],
            *(row["meaning"][share]["wall"]["p95_ms"] for share in reversed(shares)),
            min(one["recall"] for one in row["meaning"].values()),
            round(row["made"]["wall"], 1),
            round(row["open"]["wall"], 2),
            row["memory_mb"],
            row["file_mb"],
        )
        for row in measured
    ]
    columns = (
        *("passages", "index", "processor p95 ms", "p50 ms", "p95 ms"),
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
            row["words"]["all scored"]["wall"]["p95_ms"],
            row["words"]["shares"]["1.0"]["p95_ms"],
            row["words"]["shares"]["1.0"]["wall"]["p50_ms"],
            *(row["words"]["shares"][share]["wall"]["p95_ms"] for share in shares),
            *row["words"]["same of the best"].values(),
            round(row["version"]["wall"], 2),
        )
        for row in found
    ]
    columns = (
        *("passages", "all scored, p95 ms", "processor p95 ms", "p50 ms", "p95 ms"),
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


def _memory(measured: Row) -> str:
    """Memory"""
    sample = measured["sample"]["rows"]
    others = [measured["made"]["rows"]] if "made" in measured else []
    over = f"In the last columns the same over {measured['passages']:,} made passages. " if others else ""
    large_columns = ("large: MB held", "at most") if others else ()
    rows, before = [], 0.0
    for name, row in sample.items():
        added, before = row["mb"] - before, row["mb"]
        large = [one[name][key] for one in others for key in ("mb", "peak_mb")]
        shown = added, row["mb"], row["peak_mb"], row["anonymous_mb"], *large
        rows.append((name, *map(round, shown)))
    return (
        "The server's parts, loaded one after the other over the sample, and then questions and articles; each step's "
        f"peak is counted anew. {over}Pages of files "
        "(libraries, the language model's file) may be dropped by the system.\n\n"
        + _table(
            ("", "MB added", "MB held", "at most", "held without pages of files", *large_columns),
            rows,
        )
        + "\n![What holds the memory](images/speed-memory.svg)\n"
    )


def _precisions(measured: Row) -> str:
    """Precisions tried"""
    rows = [
        (f"**{name}**" if n == 1 else name, *row.values())
        for n, (name, row) in enumerate(measured["rows"].items())
    ]
    return (
        f"{measured['sentences']} sentences and {measured['passages']} passages of the sample on one thread, sixteen at "
        f"a time, and the reranker's windows of {measured['reranked']} questions; seconds are the processor's, in turn "
        f"over {measured['rounds']} rounds. {measured['questions']} gold questions search all {measured['searched']} sentences. "
        "Only the second row is used.\n\n"
        + _table(("", *next(iter(measured["rows"].values()))), rows)
        + _RUNTIMES
    )


def _askers(measured: Row) -> str:
    """Many people"""
    rows = [
        (
            row["askers"],
            row["answers"],
            row["answers_per_second"],
            *(
                round(row[moment][key] / 1000, 2)
                for moment in ("evidence", "answer", "written_answer")
                for key in ("p50_ms", "p95_ms")
            ),
            row["other_answers"],
            f"{row['evidence_overtaken']}, {row['written_overtaken']}",
            f"{row['fewest']} to {row['most']}",
            f"{100 * _growth(row):+.1f} %",
        )
        for row in measured["rows"]
    ]
    columns = (
        "askers", "answers", "a second", "evidence p50 s", "p95", "answer p50 s", "p95", "if the model wrote, p50 s", "p95",
        "another's answers", "overtaken by, to the evidence and to the written answer", "answers of each asker", "memory",
    )  # fmt: skip
    return (
        f"`python -m benchmarks.speed --parts askers`: {measured['seconds']:g} seconds in all over the real server with "
        f"the packaged model; {measured['questions']} gold questions of the sample in turn, each asker at another place "
        "of the list, the next as soon as the one before is answered (vectors of what was asked before are cached). "
        "Overtaken by: how many questions that were sent after the unluckiest one had been accepted came before it. "
        "Memory: of server and model together, the last fifth of the time against the first.\n\n"
        + _table(columns, rows)
    )


def _growth(row: Row) -> float:
    """Return by which share the memory grew while so many asked."""
    return float(row["mb_last_fifth"] / row["mb_first_fifth"] - 1)


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
        "Dateline's search is by words and by meaning, with the question's other spellings; of the others only txtai's is both.\n\n"
        + _table(("", "processor seconds to read in", "times langchain's", "search p50 ms", "peak MB"), rows)
        + failed
    )


_SEARCHING = """A search by meaning for a hundred candidates, in milliseconds of the clock, without a filter and with one that this share
of the articles passes; recall@10 is of a hundred questions, against a comparison of all vectors by numpy, and the least over
the filters. In bold the index that is chosen for the size. Times to open hold the check of the file's hash.
`python -m benchmarks.speed.searching` measures this, from real sentences in random order and vectors that lie between
those of real passages and of their neighbours (`benchmarks/speed/archives.py`); the questions are real ones. The first
search with a filter that many passages pass also selects them (`first_ms` in
[searching.json](../rag/evaluation/results/searching.json), which has each row's load). Other programs may have
run beside them, so see its processor time. Five million passages were not made: a million take four minutes and 4.4 GB, and no machine was free for so
long.

"""
_WORDS = """
By words (FTS5), half of the questions with 25 to 45 terms, half shorter. bm25 takes a microsecond for each passage that
holds any word of a question, so in collections of more than 50,000 passages those that hold none of its rarer words are
not scored; the first column is without that, and the two before the last say how much of its result stays. Most of what
remains is FTS5 counting the passages with each word, three times a search. The last column is what the first question
after a change of the collection waits for.

"""
_PAGE = """`python -m benchmarks.speed --parts page`: Chromium, 1,400 pixels wide, over the real server with the packaged model.
{loads} visits, each in a browser that does not know the page, which is then loaded once more; {questions} gold questions of the
sample, each in a new conversation, with nothing cached. The processor's seconds are of a whole visit or question, the
browser's of its main thread. Shift: what jumps while the page is drawn or an answer arrives, as the browser counts it.

"""
_READING_COLUMNS = (
    "",
    "passages/s",
    "passages per processor second",
    "times the first row's seconds",
    "of the processor",
)
_PAGE_COLUMNS = "seconds", "p50", "p95", "processor p50, server", "browser", "layout shift p50 (largest)"
_MOMENTS = (
    ("first visit, until a question can be typed", "first visit", "usable"),
    ("loaded again, the same", "loaded again", "usable"),
    ("Enter to the first evidence", "question", "evidence"),
    ("of it until the server has it", "question", "server_evidence"),
    ("Enter to the finished answer", "question", "answer"),
)
_RUNTIMES = """
ONNX Runtime and OpenVINO are not in the table: sentence-transformers exports models to both through optimum, which asks for
an older transformers than Dateline's. Exported by hand, ONNX Runtime's dynamic int8 came to a cosine of 0.93 with float32.
"""
_BESIDE = ("one core busy", "articles read in")  # what a question is asked beside
_STARTING = "other programs ran beside it"
_OPEN = """
Sentence vectors are not kept in the store: they would save a question at most {cosines:.0f} of the {evidence:.0f} ms of the
processor that selecting its evidence takes, and each sentence would be encoded twice, alone and with its headline, when
its article is read in. Prompt look-up decoding was not tried: an answer of the packaged model has five tokens
([scale](scale.md)), so there is hardly anything to look ahead to.
"""

_SECTIONS: dict[str, Callable[[Any], str]] = {
    "reading": _reading,
    "encoding": _encoding,
    "question": _question,
    "page": _page,
    "searching": _searching,
    "starting": _starting,
    "serving": _serving,
    "writing": _writing,
    "askers": _askers,
    "memory": _memory,
    "precisions": _precisions,
    "peers": _peers,
}


def _slower(measured: Row, beside: str) -> float:
    """Return how many times as long the median question waits for its evidence beside something else."""
    median, alone = (found["evidence"]["wall"]["p50_ms"] for found in (measured[beside], measured))
    return float(median / alone)


def _million(rows: list[Row]) -> Row:
    """Return the row of a million passages with the index that is chosen for them."""
    return {row["passages"]: row for row in rows if row["chosen"]}[1_000_000]


# Part, goal, whether a larger figure is better, the figure that was wanted, where it stands in the part, and why it
# was missed when it was.
_GOALS: tuple[tuple[str, str, bool, float, Callable[[Any], float], str], ...] = (
    ("reading", "reading in, speed of the bare encoder loop (ratio)", True, 0.95, lambda m: 1 / m["rows"]["Dateline"]["cpu_ratio"], "splitting, cleaning and storing come on top of what is encoded, and articles are encoded one by one"),
    ("peers", "reading in, times as fast as langchain's recipe", True, 2.5, lambda m: 1 / m["rows"]["Dateline"]["cpu_ratio"], "both spend their time in the encoder's layers, which are as fast as they get here in bfloat16"),
    ("question", "evidence, p50 in seconds", False, 0.35, lambda m: m["evidence"]["wall"]["p50_ms"] / 1000, "one of the two cores was busy with other programs; on two free ones it was 0.301 (commit 85fff01)"),
    ("question", "evidence, p95 in seconds", False, 0.7, lambda m: m["evidence"]["wall"]["p95_ms"] / 1000, "one of the two cores was busy with other programs; on two free ones it was 0.651 (commit 85fff01)"),
    ("question", "evidence with one core busy, times the p50 without", False, 2.2, lambda m: _slower(m, "one core busy"), "encoder and reranker then have one thread, whose core other programs use as well"),
    ("question", "evidence while articles are read in, times the p50 without", False, 1.5, lambda m: _slower(m, "articles read in"), "a batch that is being encoded is finished first"),
    ("page", "page, seconds until a question can be typed, p50", False, 1, lambda m: m["rows"]["first visit"]["usable"]["p50_ms"] / 1000, "most are Gradio's scripts, which a browser that kept them has sooner; other programs had the cores (load 2.7 to 4)"),
    ("page", "page, seconds from Enter to the first quote, p50", False, 0.7, lambda m: m["rows"]["question"]["evidence"]["p50_ms"] / 1000, "nearly all of it is the server's, which on free cores has the evidence of *A question*; here other programs had them"),
    ("page", "page, largest layout shift", False, 0.05, lambda m: max(row["largest_shift"] for row in m["rows"].values()), "seen in at least one load of each kind while other programs had the cores, for a reason not found yet; the median load has next to none"),
    ("writing", "prompt tokens, speed of the bare loop (ratio)", True, 0.95, lambda m: m["ratios"]["prompt_tokens_per_cpu_second"], "the prompt is compared with the one before, to read only what is new"),
    ("writing", "answer tokens, speed of the bare loop (ratio)", True, 0.95, lambda m: m["ratios"]["answer_tokens_per_cpu_second"], "each token is handed on alone, so that an answer can be stopped and shown as it grows"),
    ("searching", "1 million passages, p95 by meaning in ms", False, 60, lambda m: _million(m)["meaning"]["1.0"]["wall"]["p95_ms"], "all vectors are compared"),
    ("searching", "1 million passages, p95 by meaning with the slowest filter in ms", False, 60, lambda m: max(one["wall"]["p95_ms"] for one in _million(m)["meaning"].values()), "vectors that a filter leaves out are passed over one by one"),
    ("searching", "1 million passages, p95 by words in ms", False, 60, lambda m: _million(m)["words"]["shares"]["1.0"]["wall"]["p95_ms"], "FTS5 counts the passages with each word of a question anew whenever bm25 scores, and the questions are long"),
    ("searching", "1 million passages, least recall@10", True, 0.98, lambda m: min(one["recall"] for one in _million(m)["meaning"].values()), "a byte a value is less than the vectors hold"),
    ("searching", "1 million passages, opened in seconds", False, 1, lambda m: _million(m)["open"]["wall"], "the file's hash is checked"),
    ("searching", "1 million passages, GB of memory", False, 1, lambda m: _million(m)["memory_mb"] / 1000, "all vectors are mapped"),
    ("serving", "start of the server, times the imports alone", False, 1.3, lambda m: m["rows"]["dateline serve"]["wall_ratio"], "the models are loaded before the first page is served"),
    ("starting", "dateline list, seconds", False, 0.3, lambda m: m["rows"]["dateline list"]["wall"], _STARTING),
    ("starting", "dateline --help, seconds", False, 0.3, lambda m: m["rows"]["dateline --help"]["wall"], _STARTING),
    ("starting", "completion, seconds", False, 0.3, lambda m: m["rows"]["completion"]["wall"], _STARTING),
    ("askers", "many people, answers that are another question's", False, 0, lambda m: max(row["other_answers"] for row in m["rows"]), "this is a defect"),
    ("askers", "many people, growth of the memory in per cent", False, 5, lambda m: max(100 * _growth(row) for row in m["rows"]), "caches that were not filled yet"),
)  # fmt: skip


def _goals(result: Mapping[str, Any]) -> str:
    rows = []
    for part, goal, larger, wanted, find, why in _GOALS:
        measured = result.get(part, {}).get("measured")
        sign = ">=" if larger else "<="
        if not measured or "skipped" in measured or (part == "peers" and "Dateline" not in measured["rows"]):
            rows.append((goal, f"{sign} {wanted}", "not measured", f"`--parts {part}` measures it"))
            continue
        found = find(measured)
        met = found >= wanted if larger else found <= wanted
        rows.append((goal, f"{sign} {wanted}", round(found, 3), "yes" if met else f"no: {why}"))
    return "\n## Goals\n\n" + _table(("", "goal", "found", "met"), rows) + _open(result)


def _open(result: Mapping[str, Any]) -> str:
    """Return what was not done, with what sentence vectors would save."""
    steps = result.get("question", {}).get("measured", {}).get("mean_cpu_ms_of_steps")
    return _OPEN.format(cosines=steps["cosines"], evidence=steps["select evidence"]) if steps else ""
