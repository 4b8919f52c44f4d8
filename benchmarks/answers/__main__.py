"""Whole answers in one table: python -m benchmarks.answers [--set gold] [--rows Dateline "without checks"] [--most 100] [--work DIR] [--out FILE]

Rows: the product as it is set, without its reader, without each of `steps.STEPS`, and a newcomer's recipe with the same reader.
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

from benchmarks.answers.newcomer import Newcomer
from benchmarks.answers.sets import SETS
from benchmarks.answers.steps import STEPS, left_out
from docs.results import systems
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.answers.answer import Answer
from rag.assistant import Assistant
from rag.evaluation.gold import GoldQuestion
from rag.evaluation.run import RANKING_DEPTH, measure_answer
from rag.evaluation.summary import summarise
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel, open_model
from rag.query.answer_type import parse_answer_type
from rag.retrieval.search import Retriever
from rag.settings import NO_MODEL, ROOT, Settings
from rag.verification.verify import verify_statement

PRODUCT, NO_READER, NEWCOMER = "Dateline", "without reader", "newcomer's recipe"
ROWS = (PRODUCT, NO_READER, *STEPS, NEWCOMER)
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def stated(gold: GoldQuestion, answer: Answer) -> dict[str, int]:
    """What an answer states and what of it its own citations do not carry, counted.

    "unsupported" by the product's checks, so it judges the other rows as the product would; "figures invented" by nothing but the digits.
    "dated": of answers to questions for an amount, those in which the day of the first statement is told.
    """
    counts = dict.fromkeys(("statements", "unsupported", "figures invented", "amounts", "dated"), 0)
    for statement in answer.statements:
        quotes = [citation.quote for citation in statement.citations]
        headlines = [citation.article.headline for citation in statement.citations]
        publishers = [
            citation.article.publisher for citation in statement.citations if citation.article.publisher
        ]
        held = {figure for text in [*quotes, *headlines] for figure in _FIGURE.findall(text)}
        counts["statements"] += 1
        counts["unsupported"] += bool(
            statement.verdict != "quoted" and verify_statement(statement.text, quotes, headlines, publishers)
        )
        counts["figures invented"] += bool(set(_FIGURE.findall(statement.text)) - held)
    if answer.statements and gold.kind != "follow-up" and parse_answer_type(gold.question).amount:
        counts["amounts"] = 1
        counts["dated"] = answer.statements[0].as_of is not None
    return counts


def run(system: Assistant | Newcomer, questions: Iterable[GoldQuestion]) -> dict[str, Any]:
    """Ask every question; the run's summary with what is counted here."""
    results, counts = [], []
    for gold in questions:
        found = (
            [hit.passage.article for hit in system.search(gold.question, RANKING_DEPTH, history=gold.history)]
            if gold.evidence
            else []
        )
        system.library.encoder.clear_cache()
        began = time.monotonic()
        answer = system.ask(gold.question, gold.history)
        results.append(measure_answer(gold, found, answer, time.monotonic() - began))
        counts.append(stated(gold, answer))
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


def rows(
    library: Library, names: Iterable[str], settings: Settings
) -> Iterable[tuple[str, Callable[[], Any], Assistant | Newcomer]]:
    """For each row its name, what leaves its step out, and the system to ask."""
    reader = open_model(settings)
    prompts = Prompts.of(reader.extractive)
    retriever = Retriever(library=library, k=settings.hits)
    for name in names:
        if name == NEWCOMER:
            untrained = open_model(replace(settings, adapter=NO_MODEL))
            assert untrained.chat is not None
            yield name, nullcontext, Newcomer(library, untrained.chat)
            untrained.close()
        else:
            yield (
                name,
                lambda name=name: left_out(name) if name in STEPS else nullcontext(),
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
    given = parser.parse_args()
    settings = Settings.read()
    library, questions = SETS[given.set](given.work, Encoder(settings.threads))
    questions = [
        gold for gold in questions if not given.half or gold.for_development == (given.half == "development")
    ][: given.most]
    kept: dict[str, Any] = json.loads(given.out.read_text()) if given.out and given.out.exists() else {}
    found: dict[str, dict[str, Any]] = kept.setdefault(given.set, {})
    for name, step, system in rows(library, given.rows, settings):
        with step():
            found[name] = run(system, tqdm(questions, desc=name, disable=None))
        if given.out:
            given.out.write_text(json.dumps(kept, indent=1) + "\n")
    library.store.close()
    print(systems(found))


if __name__ == "__main__":
    main()
