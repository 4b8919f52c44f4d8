"""Results -> figures: shares, medians and how sure they are, for all questions and for groups of them. Knows results, not how they came about."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

import numpy as np

from rag.evaluation.failures import FAILURE_CLASSES
from rag.evaluation.gold import UNANSWERABLE
from rag.evaluation.measures import precision_recall
from rag.evaluation.run import QuestionResult

# The means that a summary holds, by the name of their field; "right" counts the answerable questions, refusals are counted beside it.
MEANS = {
    "right article@3": "article_3",
    "precision@3": "precision_3",
    "recall@3": "recall_3",
    "recall@10": "recall_10",
    "MRR": "reciprocal_rank",
    "MAP": "average_precision",
    "nDCG@10": "ndcg_10",
    "evidence@1": "evidence_1",
    "evidence@3": "evidence_3",
    "right": "right",
    "values said": "values_said",
    "exact match": "exact_match",
    "F1": "f1",
    "figures right": "figures_right",
    "as-of right": "as_of_right",
    "outdated answers": "outdated",
    "citation precision": "citation_precision",
    "citation recall": "citation_recall",
}
# What a question cost; tokens are those of the questions that a model was asked.
COSTS = {
    "seconds to evidence": "seconds_to_evidence",
    "seconds to first word": "seconds_to_word",
    "seconds": "seconds",
    "tokens read": "tokens_read",
    "tokens written": "tokens_written",
}
_RESAMPLED = 1000
Summary = dict[str, float | int | None]


def summarise(results: Sequence[QuestionResult]) -> Summary:
    """A run's figures: shares from 0 to 1, seconds and tokens as medians and as the 95th of 100."""
    precision, recall = precision_recall(
        [result.kind == UNANSWERABLE for result in results], [result.refused for result in results]
    )
    figures: Summary = {"questions": len(results)}
    figures |= {
        name: round(float(np.mean(found)), 3) if (found := measure_values(results, name)) else None
        for name in MEANS
    }
    figures |= {"unsupported statements": sum(result.unsupported for result in results)}
    figures |= {"refusal precision": round(precision, 3), "refusal recall": round(recall, 3)}
    for name, field in COSTS.items():
        took = [getattr(result, field) for result in results if getattr(result, field) is not None]
        figures |= {
            name: round(median(took), 2) if took else None,
            f"{name}, p95": round(float(np.quantile(took, 0.95)), 2) if took else None,
        }
    return figures


def measure_values(results: Sequence[QuestionResult], measure: str) -> list[float]:
    """What one of `MEANS` is for each question that it says something about."""
    asked = [result for result in results if result.kind != UNANSWERABLE] if measure == "right" else results
    return [value for result in asked if (value := getattr(result, MEANS[measure])) is not None]


def confidence_intervals(results: Sequence[QuestionResult]) -> dict[str, tuple[float, float]]:
    """Between which two values 95 of 100 means lie when as many questions are drawn again from these (percentile bootstrap, seeded)."""
    return {name: confidence_interval(found) for name in MEANS if (found := measure_values(results, name))}


def confidence_interval(found: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean.

    >>> confidence_interval([1.0, 1.0, 1.0])
    (1.0, 1.0)
    """
    drawn = np.random.default_rng(0).choice(np.array(found), (_RESAMPLED, len(found))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return round(float(low), 3), round(float(high), 3)


def group_results(results: Sequence[QuestionResult]) -> dict[str, list[QuestionResult]]:
    """All results, those of each half, those of each kind, and those about each "publisher/..." and "year/..."."""
    found = {
        "all": list(results),
        "development half": [r for r in results if r.development],
        "test half": [r for r in results if not r.development],
    }
    for kind in dict.fromkeys(result.kind for result in results):
        found[kind] = [result for result in results if result.kind == kind]
    for field, of in (("publisher", "publishers"), ("year", "years")):
        for name in sorted({name for result in results for name in getattr(result, of)}):
            found[f"{field}/{name}"] = [result for result in results if name in getattr(result, of)]
    return {name: chosen for name, chosen in found.items() if chosen}


def count_failures(results: Sequence[QuestionResult]) -> dict[str, int]:
    """How many questions failed in which way; those that did not are left out.

    >>> count_failures([])
    {'not retrieved': 0, 'retrieved, not in evidence': 0, 'in evidence, misread': 0, 'right but unsupported': 0, 'wrongly refused': 0, 'wrongly answered': 0}
    """
    counted = Counter(result.failure for result in results)
    return {name: counted[name] for name in FAILURE_CLASSES}


def summary_table(results: Sequence[QuestionResult]) -> str:
    """The summary as a Markdown table: a row a measure that says something, a column for all questions, each half and each kind."""
    columns = {name: summarise(chosen) for name, chosen in group_results(results).items() if "/" not in name}
    rows = [["", *columns], ["---"] * (len(columns) + 1)]
    rows += [
        [measure, *("-" if column[measure] is None else str(column[measure]) for column in columns.values())]
        for measure in columns["all"]
        if any(column[measure] is not None for column in columns.values())
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
