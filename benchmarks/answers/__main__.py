"""Measure whole answers of several systems, in one table.

    python -m benchmarks.answers [--set gold] [--rows Dateline "without checks"] [--most 100] [--work DIR]
    [--out FILE]

Rows: the product as it is configured, without its model, without each of `steps.STEPS`, and a newcomer's
recipe with the same model.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tqdm import tqdm

from benchmarks.answers.sets import SETS
from benchmarks.answers.steps import STEPS, without_step
from docs.results import systems_table
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.answers.answer import Answer
from rag.assistant import Assistant
from rag.evaluation.controls.recipe import NewcomerRecipe
from rag.evaluation.gold.questions import GoldQuestion
from rag.evaluation.runs.run import RANKING_DEPTH, measure_answer
from rag.evaluation.runs.summary import summarise
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel, open_model
from rag.query.answer_type import parse_answer_type
from rag.retrieval.search import Retriever
from rag.settings import NO_MODEL, ROOT, Settings
from rag.verification.verify import verify_statement

PRODUCT, NO_READER, NEWCOMER = "Dateline", "without reader", "newcomer's recipe"
ROWS = (PRODUCT, NO_READER, *STEPS, NEWCOMER)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def count_statements(gold: GoldQuestion, answer: Answer) -> dict[str, int]:
    """Count what an answer states, and what of it its own citations do not support.

    "unsupported" is decided by the product's checks, "figures invented" by digits alone. "dated" counts, of
    the answers to questions for an amount, those whose first statement states a day.
    """
    counts = dict.fromkeys(("statements", "unsupported", "figures invented", "amounts", "dated"), 0)
    for statement in answer.statements:
        quotes = [citation.quote for citation in statement.citations]
        headlines = [citation.article.headline for citation in statement.citations]
        publishers = [
            citation.article.publisher for citation in statement.citations if citation.article.publisher
        ]
        cited_numbers = {figure for text in [*quotes, *headlines] for figure in _NUMBER.findall(text)}
        counts["statements"] += 1
        counts["unsupported"] += bool(
            statement.verdict != "quoted" and verify_statement(statement.text, quotes, headlines, publishers)
        )
        counts["figures invented"] += bool(set(_NUMBER.findall(statement.text)) - cited_numbers)
    if answer.statements and gold.kind != "follow-up" and parse_answer_type(gold.question).amount:
        counts["amounts"] = 1
        counts["dated"] = answer.statements[0].as_of is not None
    return counts


def measure_system(system: Assistant | NewcomerRecipe, questions: Iterable[GoldQuestion]) -> dict[str, Any]:
    """Ask every question; return the run's summary with what is counted here."""
    results, counts = [], []
    for gold in questions:
        found = (
            [hit.passage.article for hit in system.search(gold.question, RANKING_DEPTH, history=gold.history)]
            if gold.evidence
            else []
        )
        system.library.encoder.clear_cache()
        started = time.monotonic()
        answer = system.ask(gold.question, gold.history)
        results.append(measure_answer(gold, found, answer, time.monotonic() - started))
        counts.append(count_statements(gold, answer))
    total = {name: sum(count[name] for count in counts) for name in counts[0]}
    amounts = total.pop("amounts")
    dated = {"dated": round(total["dated"] / amounts, 3) if amounts else None}
    kinds = dict.fromkeys(result.kind for result in results)
    return {
        **summarise(results),
        **total,
        **dated,
        **{k: round(mean(r.right for r in results if r.kind == k), 3) for k in kinds},
    }


def systems_to_measure(
    library: Library, names: Iterable[str], settings: Settings
) -> Iterable[tuple[str, Callable[[], Any], Assistant | NewcomerRecipe]]:
    """Yield, for each row, its name, the context that switches its step off, and the system to ask."""
    reader = open_model(settings)
    prompts = Prompts.for_model(reader.extractive)
    retriever = Retriever(library=library, k=settings.hits)
    for name in names:
        if name == NEWCOMER:
            untrained = open_model(replace(settings, adapter=NO_MODEL))
            assert untrained.chat is not None
            yield name, nullcontext, NewcomerRecipe(library, untrained.chat)
            untrained.close()
        else:
            yield (
                name,
                lambda name=name: without_step(name) if name in STEPS else nullcontext(),
                Assistant(retriever, AnswerModel("none", None) if name == NO_READER else reader, prompts),
            )
    reader.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", choices=tuple(SETS), default="gold")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--most", type=int, default=10_000, help="ask the first so many questions only")
    parser.add_argument("--half", choices=("development", "test"))
    parser.add_argument(
        "--work", type=Path, default=ROOT / "data" / "answers", help="folder for the collections, used again"
    )
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    settings = Settings.read()
    library, questions = SETS[options.set](options.work, Encoder(settings.threads))
    questions = [
        gold
        for gold in questions
        if not options.half or gold.for_development == (options.half == "development")
    ][: options.most]
    results_by_set: dict[str, Any] = (
        json.loads(options.out.read_text()) if options.out and options.out.exists() else {}
    )
    results_of_set: dict[str, dict[str, Any]] = results_by_set.setdefault(options.set, {})
    for name, step, system in systems_to_measure(library, options.rows, settings):
        with step():
            results_of_set[name] = measure_system(system, tqdm(questions, desc=name, disable=None))
        if options.out:
            options.out.write_text(json.dumps(results_by_set, indent=1) + "\n")
    library.store.close()
    print(systems_table(results_of_set))


if __name__ == "__main__":
    main()
