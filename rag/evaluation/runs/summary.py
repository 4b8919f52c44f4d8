"""Means, medians and confidence intervals of results, for all questions and for groups of them."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

import numpy as np

from rag.evaluation.gold.questions import UNANSWERABLE
from rag.evaluation.measures.answers import precision_recall
from rag.evaluation.measures.failures import FAILURE_CLASSES
from rag.evaluation.measures.risk import aurc, oracle_aurc, random_aurc
from rag.evaluation.runs.run import QuestionResult

# The measures of which a summary holds the mean, with the result's field. Those of `OF_ANSWERABLE` are over
# the answerable questions; refusals are counted beside them.
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
    "strictly right": "strict",
    "CRAG": "crag",
    "CRAG, lenient": "crag_lenient",
    "nugget recall": "nugget_recall",
    "statement precision": "statement_precision",
    "written": "written",
    "values said": "values_said",
    "exact match": "exact_match",
    "F1": "f1",
    "figures right": "figures_right",
    "as-of right": "as_of_right",
    "outdated answers": "outdated",
    "citation precision": "citation_precision",
    "citation recall": "citation_recall",
}
# What a question cost; tokens are counted for the questions that a model was asked.
COSTS = {
    "seconds to evidence": "seconds_to_evidence",
    "seconds to first word": "seconds_to_word",
    "seconds": "seconds",
    "tokens read": "tokens_read",
    "tokens written": "tokens_written",
}
OF_ANSWERABLE = frozenset({"right", "strictly right"})
_RESAMPLES = 1000
Summary = dict[str, float | int | None]


def summarise(results: Sequence[QuestionResult]) -> Summary:
    """Return a run's figures: means from 0 to 1, seconds and tokens as the median and the 95th percentile."""
    scored = [result for result in results if result.right is not None]
    precision, recall = precision_recall(
        [result.kind == UNANSWERABLE for result in scored], [result.refused for result in scored]
    )
    figures: Summary = {"questions": len(results)}
    for name in MEANS:
        values = measure_values(results, name)
        figures[name] = round(float(np.mean(values)), 3) if values else None
    figures["unsupported statements"] = sum(result.unsupported for result in results)
    figures |= {"refusal precision": round(precision, 3), "refusal recall": round(recall, 3)}
    certain = scored_by_confidence(results)
    for name, area in (("AURC", aurc), ("AURC, oracle", oracle_aurc), ("AURC, random", random_aurc)):
        figures[name] = round(area(certain), 3) if certain else None
    for name, field in COSTS.items():
        costs = [cost for result in results if (cost := getattr(result, field)) is not None]
        figures[name] = round(median(costs), 2) if costs else None
        figures[f"{name}, p95"] = round(float(np.quantile(costs, 0.95)), 2) if costs else None
    return figures


def scored_by_confidence(results: Sequence[QuestionResult]) -> list[tuple[float, float]]:
    """Return (confidence, wrong) of the questions that have both, for `rag.evaluation.measures.risk`."""
    return [
        (result.confidence, 1.0 - result.anyway)
        for result in results
        if result.confidence is not None and result.anyway is not None
    ]


def measure_values(results: Sequence[QuestionResult], measure: str) -> list[float]:
    """Return the value of one of `MEANS` for each question to which it applies."""
    if measure in OF_ANSWERABLE:
        results = [result for result in results if result.kind != UNANSWERABLE]
    return [value for result in results if (value := getattr(result, MEANS[measure])) is not None]


def confidence_intervals(results: Sequence[QuestionResult]) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of each mean that the results have."""
    return {name: confidence_interval(values) for name in MEANS if (values := measure_values(results, name))}


def confidence_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of a mean by a percentile bootstrap of 1,000 seeded resamples.

    >>> confidence_interval([1.0, 1.0, 1.0])
    (1.0, 1.0)
    """
    means = np.random.default_rng(0).choice(np.array(values), (_RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return round(float(low), 3), round(float(high), 3)


def group_results(results: Sequence[QuestionResult]) -> dict[str, list[QuestionResult]]:
    """Group the results: all, each half, each kind, each "publisher/..." and each "year/..."."""
    grouped = {
        "all": list(results),
        "development half": [result for result in results if result.development],
        "test half": [result for result in results if not result.development],
    }
    for kind in dict.fromkeys(result.kind for result in results):
        grouped[kind] = [result for result in results if result.kind == kind]
    for prefix, field in (("publisher", "publishers"), ("year", "years")):
        for name in sorted({name for result in results for name in getattr(result, field)}):
            grouped[f"{prefix}/{name}"] = [result for result in results if name in getattr(result, field)]
    return {name: group for name, group in grouped.items() if group}


def count_failures(results: Sequence[QuestionResult]) -> dict[str, int]:
    """Return how many questions failed in each class.

    >>> count_failures([])["not retrieved"]
    0
    """
    counts = Counter(result.failure for result in results)
    return {name: counts[name] for name in FAILURE_CLASSES}


def summary_table(results: Sequence[QuestionResult]) -> str:
    """Return a Markdown table: a row for each measure that applies, a column for each group."""
    columns = {name: summarise(group) for name, group in group_results(results).items() if "/" not in name}
    rows = [["", *columns], ["---"] * (len(columns) + 1)]
    rows += [
        [measure, *("-" if column[measure] is None else str(column[measure]) for column in columns.values())]
        for measure in columns["all"]
        if any(column[measure] is not None for column in columns.values())
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
