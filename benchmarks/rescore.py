"""Score a kept run by the present rules: python -m benchmarks.rescore rag/evaluation/results/baseline.json

A run made before the strict score keeps each answer's text and quotes. Where all its statements are quotes, as
with the packaged model, the answers can be built again from these and scored; nothing is asked again, so there
is no confidence in them, and no AURC. The run is written over, and says under `rescored` by which scoring.
"""

import argparse
import json
import re
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

from benchmarks.honesty import ROOT, load_articles
from corpus.article import Article
from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion, read_gold
from rag.evaluation.measures import answers, nuggets, strict
from rag.evaluation.runs.run import QuestionResult
from rag.evaluation.runs.summary import confidence_intervals, group_results, summarise
from rag.retrieval.evidence import Evidence
from rag.verification.citations import QUOTED, number_citations

_MARKERS = re.compile(r"(?: \[\d+\])+$")


def rebuilt_answer(gold: GoldQuestion, result: dict[str, Any], articles: dict[str, Article]) -> Answer:
    """Return the answer that a result keeps, without the days of its values.

    Raises:
        ValueError: a statement is no quote of an article.
    """
    if result["refused"]:
        return Answer(gold.question, gold.question, "unanswerable")
    said = []
    for line in result["text"].splitlines():
        shown = _MARKERS.sub("", line)
        quote = next((c["quote"] for c in result["shown"]["citations"] if f"“{c['quote']}”" in shown), None)
        article = next((a for a in articles.values() if quote and quote in a.body), None)
        if not quote or not article:
            raise ValueError(f"{gold.id}: no quote of an article is “{shown}”; ask the questions again")
        start = article.body.index(quote)
        source = Evidence(Passage(article, start, start + len(quote)), start, start + len(quote), 0.0, 0.0)
        said.append((quote, (source,), QUOTED))
    return Answer(gold.question, gold.question, "answered", statements=number_citations(said))


def rescored(gold: GoldQuestion, result: dict[str, Any], articles: dict[str, Article]) -> dict[str, Any]:
    """Return a result with the measures that it lacks."""
    answer = rebuilt_answer(gold, result, articles)
    if answers.right(gold, answer) != result["right"]:
        raise ValueError(f"{gold.id}: is built again otherwise than it was measured; ask the questions again")
    broken = set(strict.broken_rules(gold, answer))
    if result["as_of_right"] not in (None, 1.0) and not result["refused"]:
        broken.add(strict.WRONG_DAY)
    strictly = float(not broken)
    return {
        **result,
        "strict": strictly,
        "broken": [rule for rule in strict.RULES if rule in broken],
        "anyway": None,
        "confidence": None,
        "crag": strict.crag(gold, answer, strictly),
        "crag_lenient": strict.crag(gold, answer, result["right"]),
        "nugget_recall": nuggets.nugget_recall(gold, answer),
        "statement_precision": nuggets.statement_precision(gold, answer),
        "written": strict.written(answer),
    }


def differences(results: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    """Return (rule, right answers that break it first, right answers that break it at all), as in `RULES`."""
    broken = [r["broken"] for r in results if r["kind"] != UNANSWERABLE and r["right"] and r["broken"]]
    first, any_ = Counter(rules[0] for rules in broken), Counter(rule for rules in broken for rule in rules)
    return [(rule, first[rule], any_[rule]) for rule in strict.RULES if any_[rule]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the results of a run over corpus/gold.jsonl")
    path = parser.parse_args().run
    run, articles = json.loads(path.read_text()), load_articles()
    golds = {gold.id: gold for gold in read_gold(ROOT / "corpus/gold.jsonl")}
    run["results"] = [rescored(golds[result["id"]], result, articles) for result in run["results"]]
    names = [field.name for field in fields(QuestionResult)]
    results = [QuestionResult(**{name: result[name] for name in names}) for result in run["results"]]
    grouped = group_results(results)
    run["summary"] = {name: summarise(group) for name, group in grouped.items()}
    run["intervals"] = confidence_intervals(results)
    run["group_intervals"] = {n: confidence_intervals(group) for n, group in grouped.items() if n != "all"}
    run["rescored"] = {"scoring": strict.SCORING_VERSION}
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("| a right answer is not strictly right | by this rule first | by this rule |\n|---|---|---|")
    for rule, first, any_ in differences(run["results"]):
        print(f"| {rule} | {first} | {any_} |")


if __name__ == "__main__":
    main()
