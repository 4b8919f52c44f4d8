"""The stress of honesty: what the committed figures say, made again from the gold file."""

import json

from conftest import ROOT

from benchmarks.honesty import KINDS, load_articles, measure, right_answer, table
from rag.evaluation.gold.questions import UNANSWERABLE, read_gold
from rag.evaluation.measures import strict

COMMITTED = json.loads((ROOT / "rag/evaluation/results/honesty.json").read_text())
README = (ROOT / "rag/evaluation/results/README.md").read_text()


def test_every_one_of_200_wrong_answers_costs_points() -> None:
    found = measure(200, COMMITTED["seed"])
    assert found == COMMITTED and table(found) in README
    assert found["missed"] == [] and found["all"] == {**COMMITTED["all"], "shown": 200, "cost in strict": 200}
    assert set(COMMITTED["kinds"]) == set(KINDS) and all(
        row["shown"] > 5 for row in COMMITTED["kinds"].values()
    )


def test_right_answers_can_be_written_for_nearly_all_questions() -> None:
    articles, golds = load_articles(), read_gold(ROOT / "corpus/gold.jsonl")
    right = [answer for gold in golds if (answer := right_answer(gold, articles))]
    assert len(right) >= 0.95 * len(golds)
    written = [(gold, right_answer(gold, articles)) for gold in golds if gold.kind != UNANSWERABLE]
    assert all(strict.strict(gold, answer) == 1 for gold, answer in written if answer)
