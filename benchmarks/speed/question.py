"""Where a question's milliseconds go: each gold question of the sample collection, with nothing cached."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import embeddings.encoder
import embeddings.library
import embeddings.reranker
import rag.assistant
import rag.retrieval.evidence
import rag.retrieval.selection
import rag.verification.answerability
from benchmarks.speed.measuring import busy_core, memory, percentiles
from benchmarks.speed.reading import articles_file
from embeddings.ingest import ingest
from rag.assistant import Assistant
from rag.evaluation.gold.questions import read_gold
from rag.factory import open_assistant
from rag.settings import NO_MODEL, ROOT, Settings

_PAUSE = 0.5  # seconds between questions while articles are read in, which wait for questions

# The steps, from the outermost to the innermost; the seconds of an inner step are part of an outer one's.
_STEPS: dict[str, tuple[Any, str]] = {
    "parse": (rag.assistant, "parse_question"),
    "retrieve": (rag.assistant, "retrieve"),
    "search by words": (embeddings.library.Library, "search_by_words"),
    "search by vector": (embeddings.library.Library, "search_by_vector"),
    "select evidence": (rag.assistant, "select_evidence"),
    "cheap features": (rag.retrieval.evidence, "_cheap_features"),
    "cosines": (rag.retrieval.evidence, "_cosines"),
    "reranker": (rag.retrieval.evidence, "_predict"),
    "near-copies": (rag.retrieval.selection, "deduplicate"),
    "answerability": (rag.assistant, "judge_answerability"),
    "keywords": (rag.verification.answerability, "_keyword_similarity"),
    "compose": (rag.assistant, "compose_answer"),
    "inside the encoder": (embeddings.encoder.Encoder, "_encode_uncached"),
}


def watch(owner: Any, name: str, label: str, seconds: Counter[str]) -> Callable[[], None]:
    """Add up the processor's seconds that a function takes; return what undoes it."""
    function = getattr(owner, name)

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[label] += time.process_time() - began

    setattr(owner, name, timed)
    return lambda: setattr(owner, name, function)


def ask_all(assistant: Assistant, questions: int, pause: float = 0.0) -> dict[str, Any]:
    """Ask gold questions with a pause of seconds between; return the milliseconds to the evidence and to the end."""
    walls: dict[str, list[float]] = {"evidence": [], "answer": []}
    cpus: dict[str, list[float]] = {"evidence": [], "answer": []}
    for gold in read_gold(ROOT / "corpus/gold.jsonl")[:questions]:
        time.sleep(pause)
        assistant.library.encoder.clear_cache()
        wall, cpu = time.perf_counter(), time.process_time()
        for n, _ in enumerate(assistant.stream(gold.question, gold.history)):
            for name in ("evidence",) if n == 0 else ():
                walls[name].append(time.perf_counter() - wall)
                cpus[name].append(time.process_time() - cpu)
        walls["answer"].append(time.perf_counter() - wall)
        cpus["answer"].append(time.process_time() - cpu)
    return {name: {"wall": percentiles(walls[name]), "cpu": percentiles(cpus[name])} for name in walls}


@contextmanager
def reading_in(assistant: Assistant) -> Iterator[None]:
    """Read in made articles, one after the other, during the `with` block."""
    ended = Event()

    def read() -> None:
        with tempfile.TemporaryDirectory() as folder:
            for n in count():
                for _ in ingest(assistant.library, articles_file(Path(folder), 6, n)):
                    if ended.is_set():
                        return

    thread = Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def measure(data: Path, threads: int, questions: int = 40) -> dict[str, Any]:
    """Ask without a model, again beside a busy core, with each step watched, and while articles are read in."""
    copy = shutil.copytree(data, Path(tempfile.mkdtemp()) / "data")
    settings = replace(Settings.read(), data=copy, model=NO_MODEL, threads=threads)
    assistant = open_assistant(settings)
    for gold in read_gold(ROOT / "corpus/gold.jsonl")[-3:]:
        assistant.ask(gold.question, gold.history)
    rest = memory()
    result = ask_all(assistant, questions)
    with busy_core():
        busy = ask_all(assistant, questions)
    seconds: Counter[str] = Counter()
    undo = [watch(owner, name, label, seconds) for label, (owner, name) in _STEPS.items()]
    ask_all(assistant, questions)
    for action in undo:
        action()
    peak = memory()["peak_mb"]
    with reading_in(assistant):
        beside = ask_all(assistant, questions, _PAUSE)
    assistant.close()
    shutil.rmtree(copy.parent)
    steps = {label: round(1000 * seconds[label] / questions, 2) for label in _STEPS}
    return {
        "questions": questions,
        "threads": threads,
        **result,
        "one core busy": busy,
        "articles read in": beside,
        "mean_cpu_ms_of_steps": steps,
        "memory_mb": rest["mb"],
        "peak_mb": peak,
    }
