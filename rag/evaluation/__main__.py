"""`python -m rag.evaluation corpus/gold.jsonl`: measure the answers, or retrieval alone, against gold questions; prints a table, writes JSON."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from rag.doors import door
from rag.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.evaluation", description="Measure the answers against gold questions.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("gold", nargs="?", type=Path, help="gold questions, one JSON object a line (see corpus/gold.jsonl)")
    what.add_argument("--retrieval", type=Path, metavar="FOLDER", help="measure retrieval on the MultiHop-RAG set in this folder instead")
    parser.add_argument("--work", type=Path, help="with --retrieval: folder for its collections, used again (default: the data folder's)")
    parser.add_argument("--perturbed", action="store_true", help="search only: how much is lost when the questions are typed otherwise")
    parser.add_argument("--out", type=Path, help="file for the results (default: beside the gold file, with the ending .results.json)")
    parser.add_argument("--half", choices=("development", "test"), help="only this half of the questions")
    given = parser.parse_args(arguments)
    if given.retrieval:
        return _retrieval(given)
    return _perturbed(given) if given.perturbed else _answers(given)


def _answers(given: argparse.Namespace) -> int:
    from rag.evaluation.gold import read_gold
    from rag.evaluation.run import evaluate, record, save, table
    from rag.wiring import open_assistant

    questions = [gold for gold in read_gold(given.gold) if not given.half or gold.for_development == (given.half == "development")]
    assistant = open_assistant()
    results = evaluate(assistant, tqdm(questions, unit=" questions", disable=None))
    out = given.out or given.gold.with_suffix(".results.json")
    save(out, record(assistant, given.gold, results))
    assistant.close()
    sys.stdout.write(f"{table(results)}\n\nEvery question and answer: {out}\n")
    return 0


def _retrieval(given: argparse.Namespace) -> int:
    from rag.evaluation.retrieval import evaluate, save, table

    rows = []
    work = given.work or Settings.read().data / "multihop-rag"
    for row in evaluate(given.retrieval, work, lambda items, total, unit: tqdm(items, total=total, unit=f" {unit}", disable=None)):
        rows.append(row)
        sys.stderr.write(f"measured: {row.collection}, {row.name}\n")
    if given.out:
        save(given.out, rows)
    sys.stdout.write(f"{table(rows)}\n")
    return 0


def _perturbed(given: argparse.Namespace) -> int:
    from rag.evaluation.gold import read_gold
    from rag.evaluation.perturbed import measured, save, table
    from rag.retriever import Retriever
    from rag.wiring import open_library

    library = open_library(Settings.read())
    rows = measured(Retriever(library=library), read_gold(given.gold))
    library.store.close()
    if given.out:
        save(given.out, rows)
    sys.stdout.write(f"{table(rows)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(door(main))
