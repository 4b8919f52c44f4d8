"""What larger archives would cost, computed from what was measured: python docs/scale.py

It writes docs/scale.md from rag/evaluation/results/scale.json and speed.json and the committed baseline. The
first is measured by `python -m benchmarks.scale`.
"""

import json
from math import ceil
from pathlib import Path
from statistics import mean, median
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "rag/evaluation/results"
MEASURED = RESULTS / "scale.json"
DOCUMENT = ROOT / "docs/scale.md"
SIZES = (10_000_000, 1_000_000_000)
# Assumed, not measured: the machine that is counted, and what is asked of all of them together.
CORES, MEMORY_GB, QUESTIONS_A_SECOND, DAYS_TO_READ_IN = 16, 64, 10, 7


def figures() -> dict[str, float]:
    """Return what the model is computed from: measured values, per passage, question or second."""
    scale, speed = json.loads(MEASURED.read_text()), json.loads((RESULTS / "speed.json").read_text())
    results = json.loads((RESULTS / "baseline.json").read_text())["results"]
    asked = [result for result in results if result["tokens_read"]]
    largest = scale["measured"][-1]
    real = scale["measured"][0]  # of real articles; the larger ones are made
    writing = speed["writing"]["measured"]["rows"]["Dateline"]
    question = speed["question"]["measured"]
    reading = speed["reading"]["measured"]["rows"]["Dateline"]
    return {
        "bytes a passage": sum(real["bytes_a_passage"].values()),
        "bytes of its vector": real["bytes_a_passage"]["vectors"],
        "bytes of its words": real["bytes_a_passage"]["index of words"],
        "passages an article": real["passages"] / real["articles"],
        "passages a core-second": reading["passages_per_cpu_second"],
        "core-seconds a question": question["answer"]["cpu"]["p50_ms"] / 1000,
        "core-seconds of it that search": question["mean_cpu_ms_of_steps"]["retrieve"] / 1000,
        "MB a process": question["peak_mb"],
        "sq8 ms a million vectors": largest["sq8_ms"] / largest["vectors_searched"] * 1e6,
        "flat ms a million vectors": largest["flat_ms"] / largest["vectors_searched"] * 1e6,
        "words ms a million passages": largest["words_ms"] / largest["passages"] * 1e6,
        "prompt tokens a question": mean(result["tokens_read"] for result in asked),
        "answer tokens a question": mean(result["tokens_written"] for result in asked),
        "prompt tokens a core-second": writing["prompt_tokens_per_cpu_second"],
        "answer tokens a core-second": writing["answer_tokens_per_cpu_second"],
    }


def project(passages: int, known: dict[str, float]) -> dict[str, float]:
    """Return what an archive of so many passages would cost.

    Reading in and bytes grow with the passages; a search of all vectors does too, and is shared by shards.
    The rest of a question does not grow: it reads the best passages, however many there are.
    """
    hours = passages / known["passages a core-second"] / 3600
    vector_gb = passages * known["bytes of its vector"] / 4 / 1e9  # sq8: a byte a value in place of four
    shards = ceil(vector_gb / (MEMORY_GB / 2))  # half of the memory is left to pages of the database
    model = (
        known["prompt tokens a question"] / known["prompt tokens a core-second"]
        + known["answer tokens a question"] / known["answer tokens a core-second"]
    )
    search = passages * (known["sq8 ms a million vectors"] + known["words ms a million passages"]) / 1e9
    steady = known["core-seconds a question"] - known["core-seconds of it that search"] + model
    cores = QUESTIONS_A_SECOND * (steady + search)
    return {
        "articles": passages / known["passages an article"],
        "core-hours to read in": hours,
        "machines to read in within a week": ceil(hours / CORES / 24 / DAYS_TO_READ_IN),
        "collection, GB": passages * known["bytes a passage"] / 1e9,
        "of it words, GB": passages * known["bytes of its words"] / 1e9,
        "vectors at a byte a value, GB": vector_gb,
        "shards of the vectors": shards,
        "core-seconds a search of all": search,
        "seconds a search, each shard on one core": search / shards,
        "core-seconds a question beside": steady,
        "cores for the questions": cores,
        "machines for the questions": max(shards, ceil(cores / CORES)),
    }


def document() -> str:
    """Return the text of docs/scale.md."""
    known = figures()
    scale = json.loads(MEASURED.read_text())
    projected = [project(size, known) for size in SIZES]
    slower = scale["postgresql"]["words_ms"] / scale["postgresql"]["sqlite_words_ms"]
    measured = [f"| {name} | {_shown(value)} |" for name, value in known.items()]
    collections = [_row(row) for row in scale["measured"]]
    checked = [f"| {name} | {_shown(model)} | {_shown(found)} |" for name, (model, found) in checks().items()]
    carried = [
        f"| {name} | {' | '.join(_shown(found[name]) for found in projected)} |" for name in projected[0]
    ]
    return _TEXT.format(
        processor=scale["processor"],
        collections="\n".join(collections),
        checked="\n".join(checked),
        measured="\n".join(measured),
        sizes=" | ".join(f"{size:,}" for size in SIZES),
        rule="---|" * len(SIZES),
        carried="\n".join(carried),
        cores=CORES,
        memory=MEMORY_GB,
        questions=QUESTIONS_A_SECOND,
        days=DAYS_TO_READ_IN,
        half=_shown(_even(known)),
        **_first_limits(known),
        **{f"pg_{name}": _shown(value) for name, value in scale["postgresql"].items() if name != "server"},
        sqlite_bytes=_shown(known["bytes a passage"]),
        sqlite_vector=_shown(known["bytes of its vector"]),
        sqlite_words=_shown(known["bytes of its words"]),
        pg_count=scale["postgresql"]["passages"],
        pg_server=scale["postgresql"]["server"],
        pg_more=_shown(scale["postgresql"]["bytes_a_passage"] / known["bytes a passage"]),
        pg_slower=_shown(slower),
        pg_half=_shown(_even(known, slower)),
    )


def checks() -> dict[str, tuple[float, float]]:
    """Return what the model says of what was measured apart from its own figures, and what was measured."""
    known, scale = figures(), json.loads(MEASURED.read_text())
    results = json.loads((RESULTS / "baseline.json").read_text())["results"]
    small, large = scale["measured"][0], scale["measured"][-1]
    said = project(large["passages"], known)
    millions = small["passages"] / 1e6
    return {
        f"GB of {large['passages']:,} made passages": (
            said["collection, GB"],
            sum(large["bytes_a_passage"].values()) * large["passages"] / 1e9,
        ),
        f"ms of a search of {small['passages']:,} passages by words": (
            known["words ms a million passages"] * millions,
            small["words_ms"],
        ),
        f"ms of a search of {small['passages']:,} vectors (sq8)": (
            known["sq8 ms a million vectors"] * millions,
            small["sq8_ms"],
        ),
        "seconds a question that the small model reads": (
            project(small["passages"], known)["core-seconds a question beside"],
            median(result["seconds"] for result in results if result["tokens_read"]),
        ),
    }


def _row(row: dict[str, Any]) -> str:
    sizes = row["bytes_a_passage"]
    cells = [sum(sizes.values()), sizes["vectors"], sizes["index of words"], row["words_ms"], row["flat_ms"]]
    shown = [f"{cell:,}" for cell in (row["passages"], *cells, row["sq8_ms"])]
    return f"| {' | '.join(shown)} |"


def _even(known: dict[str, float], slower: float = 1.0) -> float:
    """Return how many passages take as long to search as the rest of a question takes without a model.

    `slower` is how many times as long as FTS5 another search by words takes.
    """
    a_million = (known["sq8 ms a million vectors"] + slower * known["words ms a million passages"]) / 1000
    return (known["core-seconds a question"] - known["core-seconds of it that search"]) / a_million * 1e6


def _first_limits(known: dict[str, float]) -> dict[str, str]:
    return {
        "day": _shown(known["passages a core-second"] * 2 * 86_400),
        "flat_memory": _shown(MEMORY_GB / 2 * 1e9 / known["bytes of its vector"]),
        "sq8_memory": _shown(MEMORY_GB / 2 * 1e9 / known["bytes of its vector"] * 4),
    }


def _shown(value: float) -> str:
    """Return a figure with three places that count.

    >>> _shown(0.60895), _shown(8735.1), _shown(1.0)
    ('0.609', '8,740', '1')
    """
    if not value:
        return "0"
    digits = 2 - len(str(int(abs(value)))) + 1 if abs(value) >= 1 else 3
    rounded = round(value, digits)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,}"


_TEXT = """# How far it carries

Made by `python docs/scale.py`; `tests/test_scale.py` holds it to the files that it is computed from.
Nothing here was run at the sizes below: measured values of one computer are carried on, in straight
lines where a step grows with the archive, and unchanged where it does not. Money is left out, as prices
are no measurement: multiply machines and hours.

## Measured

{processor}, one thread; the processor's time. The smallest collection
is MultiHop-RAG's 609 articles, the other is made (`benchmarks/speed/archives.py`).
`python -m benchmarks.scale FOLDER ...` measures others.

| passages | bytes each | of the vector | of the words' index | words, ms | flat vectors, ms | sq8, ms |
|---|---|---|---|---|---|---|
{collections}

Beside them from [speed.json](../rag/evaluation/results/speed.json) and the
[baseline](../rag/evaluation/results/baseline.json):

| what the model is computed from | |
|---|---|
{measured}

### In PostgreSQL

The smallest collection in PostgreSQL {pg_server}, with default settings on the same computer
(`python -m benchmarks.scale --postgresql ADDRESS FOLDER`); times are of the clock, through the store, on a
busy machine, and the larger collection was not tried there.

| {pg_count:,} passages | PostgreSQL | SQLite |
|---|---|---|
| bytes a passage | {pg_bytes_a_passage} | {sqlite_bytes} |
| of the vector | {pg_bytes_of_vectors} | {sqlite_vector} |
| of the words' index | {pg_bytes_of_words} | {sqlite_words} |
| ms of a search by words | {pg_words_ms} | {pg_sqlite_words_ms} |
| seconds to copy it there | {pg_copied_in_seconds} | |

### Checked

What the model says of values that it is not computed from. Straight lines say too little of small
searches, which cost something whatever they search; made articles are smaller than real ones; and the
language model's fixed prompt is read once and kept, which is not counted here.

| | model | measured |
|---|---|---|
{checked}

## Tried together

- **Two processes of two folders over one PostgreSQL** (22 November 2026, the sample, the packaged model on
  one thread each, all on the computer above, busy with other work: load 4.9 before and 6.5 after), 50 askers
  for five minutes: 219 answers (107 and 112), none crossed, none lost, no queue full; median 83 seconds, 95th
  percentile 125, as two cores write for fifty people. Each process held at most 1.1 GB beside its model.

      export DATELINE_DATABASE=postgresql://...       # filled by: dateline restore FOLDER
      DATELINE_DATA=a dateline serve --port 7881 & DATELINE_DATA=b dateline serve --port 7882 &
      python -m benchmarks.askers http://127.0.0.1:7881 http://127.0.0.1:7882 --askers 50 --seconds 300

- **Gold questions over PostgreSQL and Milvus Lite**, without a model, against SQLite and FAISS: all 145
  results (answers, citations, ranks, verdicts) and every measure are the same in both; only times differ.

      DATELINE_MODEL=none DATELINE_LIBRARY=milvus.db DATELINE_DATABASE=postgresql://... \\
          dateline evaluate corpus/gold.jsonl --half development     # and test

- **Killed in mid-answer**: `tests/test_several_machines.py` kills PostgreSQL, Milvus Lite's server and
  llama-cpp-python's server while a question on the page waits for them. The chat says which one is away and
  what to do, or shows quotes and says so; the next question is answered when it is back, and nothing is lost.

## Carried on

Assumed: machines of {cores} cores and {memory} GB, half of it for vectors; {questions} questions a
second; {days} days to read an archive in. All vectors are searched, a byte a value (`sq8`), every shard
at once; clusters (`ivf`) search a sixteenth of them, at a loss that this model does not count.

| | {sizes} |
|---|{rule}
{carried}

## What breaks first

In the order in which it happens as an archive grows:

1. **Reading in**, on one computer. Two cores like those measured encode {day} passages a day. It is the
   same work for each passage, so it is shared among machines by `dateline encode` (below).
2. **One computer.** A collection is one SQLite file by default, and its lock and its WAL need one
   computer: no network file system. With `DATELINE_DATABASE` it is in PostgreSQL, with {pg_more} times the
   bytes a passage, and processes on several computers answer over it and take turns in writing.
   `dateline restore FOLDER` moves a collection there, `dateline backup FOLDER` back into a file. Each
   computer still makes its own index of the vectors, a file in its folder, from those in PostgreSQL.
3. **The search of all**, which grows with the archive: at {half} passages it takes as long as all the
   rest of a question without a model. By words it is FTS5's, which reads each list of passages whole,
   and cannot be shared among shards as it is. PostgreSQL's took {pg_slower} times as long (above): in a
   straight line that is {pg_half} passages.
4. **Memory of flat vectors**: {flat_memory} passages fill half of such a machine; with a byte a value
   {sq8_memory}. Dateline goes over to the latter by itself (`embeddings/kinds.py`). With `DATELINE_LIBRARY`
   the vectors are in Milvus, which holds and searches them on several machines, and no process of Dateline
   has them in memory. Only Milvus Lite was run here, as a file and as a server of one process; no
   standalone or distributed Milvus was.

## Reading in on several machines

    pip install -r requirements-ray.txt
    dateline encode FOLDER --out VECTORS       # a Ray process on each core; with RAY_ADDRESS, on a cluster
    dateline add FOLDER --encoded VECTORS      # reads and stores the articles, and encodes nothing again

`dateline encode` reads, cleans and cuts files as `dateline add` does, brings passages together by the
SHA-256 of their text, and has each shard encoded and written by one worker: a passage is encoded once,
however many files hold it. A shard gets its name when it is whole and on the disk. So what a worker that
is killed had in hand is done again by another, and a job that is stopped is continued by the same
command, which encodes what is missing; `--digits` sets how much a shard is (2 make 256 of them).
Machines of a cluster see the same files under the same names. `dateline add` encodes itself what it does
not find there, such as articles with lines that were taken back, so it can be run at any time, and a
damaged shard costs time alone.

The small model is the larger part of a question's time on one core. On a server with a GPU
(`DATELINE_MODEL=openai:NAME@http://host/v1`) it leaves this budget. No GPU, and neither vLLM nor
Ollama, was run here: what is tested is `python -m llama_cpp.server` with the packaged model, and small
servers that fail as others do. `Dockerfile`, `compose.yaml` and `deploy/kubernetes` are linted and compared
with the program by tests, and were never started.
"""


if __name__ == "__main__":
    DOCUMENT.write_text(document())
