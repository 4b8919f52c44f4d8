"""Many clients of one model, whose process crashes, hangs, starves and writes rubbish."""

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from rag.generation.model_process import ModelError, ModelProcess
from rag.limits import CANCEL_TIMEOUT_SECONDS
from torture.kills import Lab
from torture.trials import Trial

WORKER = Path(__file__).parent.parent / "small_worker.py"
_SECONDS = 6.0  # of one answer, in place of two minutes
_IN_TIME = 4.0  # on a busy computer; an accident is noticed at once, and not only when that time is over
ACCIDENTS = (
    "killed",
    "exit",
    "hang",
    "rubbish",
    "half a line",
    "endless line",
    "not an event",
    "memory",
    "deaf",
)


class SmallModel(ModelProcess):
    """The process of a model whose worker answers with the question, in the worker's own words and protocol."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        super().__init__(Path("small"), 512, 1, seconds=seconds)
        self._command = [sys.executable, str(WORKER)]

    def ask(self, question: str, max_tokens: int = 20) -> str:
        return "".join(self.generate([{"role": "user", "content": question}], max_tokens, 0.0, []))


def crossed_answers(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Fifty clients ask `count` questions in all; some close their stream early. Each gets its own words."""
    model = SmallModel(seconds=120)

    def ask(n: int) -> Trial:
        began, marks = time.monotonic(), [f"mark{n}word{word}" for word in range(5)]
        pieces = model.generate([{"role": "user", "content": " ".join(marks)}], 20, 0.0, [])
        early = n % 7 == 0
        got = [next(pieces)] if early else list(pieces)
        pieces.close()
        expected = " ".join(marks)
        same = expected.startswith("".join(got)) if early else "".join(got).strip() == expected
        return Trial(
            "closed early" if early else "read",
            "" if same else "words of another answer",
            time.monotonic() - began,
        )

    with ThreadPoolExecutor(50) as pool:
        yield from pool.map(ask, range(count))
    model.close()


def accidents(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """An accident in the middle of an answer: its caller gets an error in time, and the next question works."""
    model = SmallModel()
    for n in range(count):
        kind = ACCIDENTS[n % len(ACCIDENTS)]
        assert model.ask("one two three").split() == ["one", "two", "three"]
        began, problem = time.monotonic(), ""
        try:
            _suffer(model, kind)
            problem = "no error was raised"
        except ModelError:
            pass
        waited = time.monotonic() - began
        again = time.monotonic()
        if model.ask("four five").split() != ["four", "five"]:
            problem = "the next question was not answered"
        allowed = _SECONDS + _IN_TIME if kind in ("hang", "deaf") else _IN_TIME
        if waited > allowed:
            problem = problem or f"the error came after {waited:.1f} seconds"
        yield Trial(kind, problem, time.monotonic() - again)
    model.close()


def _suffer(model: SmallModel, kind: str) -> None:
    worker = model.pid  # it has answered before
    assert worker
    if kind == "deaf":  # it does not even read the question, which fills the pipe
        os.kill(worker, signal.SIGSTOP)
        model.ask("word " * 200_000)
    question = f"one two {kind.upper().replace(' ', '-')} three"
    pieces = model.generate([{"role": "user", "content": question}], 20, 0.0, [])
    next(pieces)
    if kind == "killed":
        os.kill(worker, signal.SIGKILL)
    if kind == "memory":
        resource.prlimit(worker, resource.RLIMIT_AS, (1 << 20, 1 << 20))
    list(pieces)


def abandoned(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Callers go away, also from a process that hangs: the next question waits two seconds at most."""
    model = SmallModel(seconds=60)
    for n in range(count):
        hangs = n % 4 == 0
        pieces = model.generate(
            [{"role": "user", "content": "one HANG" if hangs else "word " * 10_000}], 10_000, 0.0, []
        )
        next(pieces)
        began = time.monotonic()
        pieces.close()
        answered = model.ask("next").strip() == "next"
        waited = time.monotonic() - began
        problem = (
            ""
            if answered and waited < CANCEL_TIMEOUT_SECONDS + _IN_TIME
            else f"the next question took {waited:.1f} seconds"
        )
        yield Trial("hanging" if hangs else "writing", problem, waited)
    model.close()


def soak(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Ask and cancel `count` times; threads, open files and memory stay as they were."""
    model = SmallModel(seconds=60)

    def used() -> tuple[int, int, int]:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return (
            threading.active_count(),
            len(list(Path("/proc/self/fd").iterdir())),
            pages * resource.getpagesize(),
        )

    for n in range(count):
        if n == count // 10:
            before = used()
        if n % 3:
            assert model.ask("one two") == "one two "
        else:
            pieces = model.generate([{"role": "user", "content": "one two three"}], 20, 0.0, [])
            next(pieces)
            pieces.close()
        yield Trial("asked" if n % 3 else "cancelled", "")
    time.sleep(2.5)
    threads, files, memory = (now - then for now, then in zip(used(), before, strict=True))
    leaks = threads > 1 or files > 1 or memory > 5 << 20
    yield Trial("in the end", f"{threads} threads, {files} files and {memory} bytes more" if leaks else "")
    model.close()
