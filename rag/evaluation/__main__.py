"""`python -m rag.evaluation corpus/gold.jsonl`: measure the answers against gold questions; prints a table and writes JSON."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from rag.doors import door


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.evaluation", description="Measure the answers against gold questions.")
    parser.add_argument("gold", type=Path, help="gold questions, one JSON object a line (see corpus/gold.jsonl)")
    parser.add_argument("--out", type=Path, help="file for the results (default: beside the gold file, with the ending .results.json)")
    parser.add_argument("--half", choices=("development", "test"), help="only this half of the questions")
    given = parser.parse_args(arguments)

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


if __name__ == "__main__":
    sys.exit(door(main))
