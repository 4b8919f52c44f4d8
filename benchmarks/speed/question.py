"""Where a question's milliseconds go: each gold question of the sample collection, with nothing cached."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import embeddings.encoder
import embeddings.library
import embeddings.reranker
import rag.assistant
import rag.retrieval.evidence
import rag.retrieval.selection
import rag.verification.answerability
from benchmarks.speed.measuring import busy_core, memory, percentiles
from rag.assistant import Assistant
from rag.evaluation.gold.questions import read_gold
from rag.factory import open_assistant
from rag.settings import NO_MODEL, ROOT, Settings

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


def ask_all(assistant: Assistant, questions: int) -> dict[str, Any]:
    """Ask gold questions; return the milliseconds to the evidence and to the end."""
    walls: dict[str, list[float]] = {"evidence": [], "answer": []}
    cpus: dict[str, list[float]] = {"evidence": [], "answer": []}
    for gold in read_gold(ROOT / "corpus/gold.jsonl")[:questions]:
        assistant.library.encoder.clear_cache()
        wall, cpu = time.perf_counter(), time.process_time()
        for n, _ in enumerate(assistant.stream(gold.question, gold.history)):
            for name in ("evidence",) if n == 0 else ():
                walls[name].append(time.perf_counter() - wall)
                cpus[name].append(time.process_time() - cpu)
        walls["answer"].append(time.perf_counter() - wall)
        cpus["answer"].append(time.process_time() - cpu)
    return {name: {"wall": percentiles(walls[name]), "cpu": percentiles(cpus[name])} for name in walls}


def measure(data: Path, threads: int, questions: int = 40) -> dict[str, Any]:
    """Ask without a model, again beside a busy core, and once more with each step watched."""
    settings = replace(Settings.read(), data=data, model=NO_MODEL, threads=threads)
    assistant = open_assistant(settings)
    for gold in read_gold(ROOT / "corpus/gold.jsonl")[-3:]:
        assistant.ask(gold.question, gold.history)
    rest = memory()
    result = ask_all(assistant, questions)
    with busy_core():
        beside = ask_all(assistant, questions)
    seconds: Counter[str] = Counter()
    undo = [watch(owner, name, label, seconds) for label, (owner, name) in _STEPS.items()]
    ask_all(assistant, questions)
    for action in undo:
        action()
    assistant.close()
    steps = {label: round(1000 * seconds[label] / questions, 2) for label in _STEPS}
    peak = memory()["peak_mb"]
    return {
        "questions": questions,
        "threads": threads,
        **result,
        "one core busy": beside,
        "mean_cpu_ms_of_steps": steps,
        "memory_mb": rest["mb"],
        "peak_mb": peak,
    }
