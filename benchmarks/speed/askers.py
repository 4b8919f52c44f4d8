"""Many people at once: askers over the real server, each with questions of its own, one after the other.

    python -m benchmarks.speed.askers DATA

DATA is the folder of a collection. Each asker sends its next question as soon as the one before it is answered.
Every answer must be the one that the same question gets when nobody else asks.
"""

import json
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.speed.measuring import child_processes, memory, percentiles
from benchmarks.speed.starting import served
from rag.evaluation.gold.questions import read_gold
from rag.settings import ROOT

ASKERS = {1: 0.2, 10: 0.3, 50: 0.5}  # and the share of the time that each number of them has
_TIMEOUT = 600  # seconds
_SAMPLE_SECONDS = 2.0  # between two looks at the memory


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its answer, and the seconds of the clock at which it was sent, accepted and answered."""

    asker: int
    question: str
    answer: Mapping[str, Any]
    drafted: bool  # the model wrote
    sent: float
    accepted: float
    evidence: float
    answered: float


class Refused(RuntimeError):
    """The server did not take a question, or answered with an error."""


def ask(address: str, question: str, asker: int = 0) -> Asked:
    """Ask as a script does, and follow the answer as it grows.

    Raises:
        Refused: with the server's own words.
    """
    calls, sent = f"{address}/gradio_api/call/ask_stream", time.perf_counter()
    reply = httpx.post(calls, json={"data": [question, None, None]}, timeout=_TIMEOUT)
    accepted = time.perf_counter()
    if reply.status_code != 200:
        raise Refused(reply.json()["error"])
    evidence, drafted, event, last = 0.0, False, "", ""
    with httpx.stream("GET", f"{calls}/{reply.json()['event_id']}", timeout=_TIMEOUT) as stream:
        for line in stream.iter_lines():
            kind, _, value = line.partition(": ")
            if kind == "event":
                event = value
            elif kind == "data" and event == "error":
                raise Refused(value)
            elif kind == "data" and event == "generating":
                evidence, last = evidence or time.perf_counter(), value
                drafted = drafted or '"draft": ""' not in value
    return Asked(asker, question, json.loads(last)[0], drafted, sent, accepted, evidence, time.perf_counter())


def ask_together(address: str, questions: Sequence[Iterable[str]]) -> list[Asked]:
    """Ask the questions of each asker one after the other, all askers at once; return them as they were sent."""
    start = threading.Barrier(len(questions))

    def ask_all(asker: int, own: Iterable[str]) -> list[Asked]:
        start.wait(_TIMEOUT)
        return [ask(address, question, asker) for question in own]

    with ThreadPoolExecutor(len(questions)) as pool:
        done = pool.map(ask_all, range(len(questions)), questions)
    return sorted((one for own in done for one in own), key=lambda one: one.sent)


def overtaken(asked: Sequence[Asked], moment: str) -> int:
    """Return by how many later questions the unluckiest one was overtaken at a moment, a field of `Asked`.

    A question is later if it was sent after the other one had been accepted.
    """
    return max(
        (
            sum(
                one.accepted < later.sent and getattr(later, moment) < getattr(one, moment) for later in asked
            )
            for one in asked
        ),
        default=0,
    )


def content(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what of an answer does not depend on how long it took."""
    return {**answer, "timings": None}


def measure(data: Path, seconds: float = 300.0, port: int = 7910) -> dict[str, Any]:
    """Ask over a server with the packaged model, for `seconds` in all."""
    gold = [one.question for one in read_gold(ROOT / "corpus/gold.jsonl") if not one.history]
    alone: dict[str, Mapping[str, Any]] = {}
    rows = []
    with served(data, port, DATELINE_QUEUE=str(max(ASKERS))) as process:
        address = f"http://127.0.0.1:{port}"
        ask(address, gold[-1])
        for askers, share in ASKERS.items():
            held: list[float] = []
            ended = threading.Event()
            watcher = threading.Thread(target=_watch, args=(process.pid, held, ended))
            watcher.start()
            began = time.perf_counter()
            own = [_until(began + share * seconds, gold, n * len(gold) // askers) for n in range(askers)]
            asked = ask_together(address, own)
            ended.set()
            watcher.join()
            rows.append({"askers": askers, **_row(asked, held, alone, time.perf_counter() - began)})
    return {"seconds": seconds, "questions": len(gold), "rows": rows}


def _until(deadline: float, questions: Sequence[str], first: int) -> Iterator[str]:
    """Yield questions in turn, from the `first` on, until a moment of the clock."""
    n = first
    while time.perf_counter() < deadline:
        yield questions[n % len(questions)]
        n += 1


def _watch(pid: int, held: list[float], ended: threading.Event) -> None:
    """Note the megabytes of the server and its model every few seconds."""
    while not ended.wait(_SAMPLE_SECONDS):
        held.append(sum(memory(process)["mb"] for process in (pid, *child_processes(pid))))


def _row(
    asked: Sequence[Asked], held: Sequence[float], alone: dict[str, Mapping[str, Any]], seconds: float
) -> dict[str, Any]:
    """Return the figures of one number of askers; `alone` holds the first answer of each question."""
    counts = Counter(one.asker for one in asked)
    part = max(1, len(held) // 5)
    others = sum(
        one.answer["question"] != one.question
        or content(one.answer) != content(alone.setdefault(one.question, one.answer))
        for one in asked
    )
    return {
        "answers": len(asked),
        "answers_per_second": round(len(asked) / seconds, 2),
        "evidence": percentiles([one.evidence - one.sent for one in asked]),
        "answer": percentiles([one.answered - one.sent for one in asked]),
        "written_answer": percentiles([one.answered - one.sent for one in asked if one.drafted]),
        "written": sum(one.drafted for one in asked),
        "other_answers": others,
        "evidence_overtaken": overtaken(asked, "evidence"),
        "written_overtaken": overtaken([one for one in asked if one.drafted], "answered"),
        "fewest": min(counts.values()),
        "most": max(counts.values()),
        "mb_first_fifth": round(statistics.median(held[:part]), 1),
        "mb_last_fifth": round(statistics.median(held[-part:]), 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
