"""Compare two runs over the same questions: what got better or worse, and which of it may be chance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.answers.export import escape_markdown
from rag.evaluation.gold.questions import UNANSWERABLE, EvaluationError
from rag.evaluation.runs.summary import COSTS, MEANS, OF_ANSWERABLE

_REFUSAL, _UNSUPPORTED = "refusal right", "unsupported statements"
_FIELDS = {**MEANS, _UNSUPPORTED: "unsupported", **COSTS}
MEASURES = (*MEANS, _REFUSAL, _UNSUPPORTED, *COSTS)
# What decides by default whether a run got worse; seconds differ with whatever else the machine does.
DECISIVE_MEASURES = (
    "strictly right",
    "right",
    _REFUSAL,
    "evidence@3",
    "citation recall",
    "outdated answers",
    _UNSUPPORTED,
)
_LOWER_IS_BETTER = frozenset({"outdated answers", _UNSUPPORTED, *COSTS})
_PERMUTATIONS = 10_000


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """One measure in two runs, over the questions that both measured, with the p-value of the difference.

    `corrected` is the p-value after Holm's correction for all measures of its family.
    """

    measure: str
    questions: int
    before: float
    after: float
    p: float
    corrected: float = 1.0

    @property
    def improved(self) -> bool:
        """True if the second run is better."""
        if self.measure in _LOWER_IS_BETTER:
            return self.after < self.before
        return self.after > self.before

    def significantly_worse(self, level: float) -> bool:
        """Return True if it got worse with a corrected p-value below `level`."""
        return self.after != self.before and not self.improved and self.corrected < level


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one run to another.

    `gained` and `lost` are (question id, question, class of its failure in the run that got it wrong).
    `decisive` are the measures whose p-values were corrected together; the others' were too, apart.
    """

    changes: tuple[MeasureChange, ...]
    gained: tuple[tuple[str, str, str], ...]
    lost: tuple[tuple[str, str, str], ...]
    decisive: tuple[str, ...] = ()


def compare(
    before: dict[str, Any], after: dict[str, Any], decisive: Sequence[str] = DECISIVE_MEASURES
) -> Comparison:
    """Compare two runs, question by question; the measures in `decisive` are corrected as one family.

    Raises:
        EvaluationError: they have no question in common, or ask different things under one id.
    """
    earlier, later = ({result["id"]: result for result in run["results"]} for run in (before, after))
    shared = [name for name in earlier if name in later]
    if not shared:
        raise EvaluationError("the two runs have no question in common; compare runs over the same gold file")
    reworded = next((name for name in shared if earlier[name]["question"] != later[name]["question"]), None)
    if reworded:
        raise EvaluationError(
            f"question {reworded} is worded differently in the two runs; "
            "run the earlier one again on the new gold file"
        )
    pairs = [(earlier[name], later[name]) for name in shared]
    changed = [(one, two) for one, two in pairs if one["right"] != two["right"]]
    changes = [change for measure in MEASURES if (change := _measure_change(measure, pairs))]
    families = [[c for c in changes if (c.measure in decisive) == decides] for decides in (True, False)]
    corrected = {
        change.measure: replace(change, corrected=p)
        for family in families
        for change, p in zip(family, holm([change.p for change in family]), strict=True)
    }
    return Comparison(
        tuple(corrected[change.measure] for change in changes),
        tuple((two["id"], two["question"], one["failure"] or "") for one, two in changed if two["right"]),
        tuple((two["id"], two["question"], two["failure"] or "") for one, two in changed if not two["right"]),
        tuple(change.measure for change in families[0]),
    )


def _measure_change(
    measure: str, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]
) -> MeasureChange | None:
    both = [(_value(measure, one), _value(measure, two)) for one, two in pairs]
    known = np.array([(a, b) for a, b in both if a is not None and b is not None])
    if not len(known):
        return None
    before, after = (round(float(value), 3) for value in known.mean(axis=0))
    return MeasureChange(measure, len(known), before, after, permutation_p_value(known[:, 1] - known[:, 0]))


def _value(measure: str, result: dict[str, Any]) -> float | None:
    unanswerable = result["kind"] == UNANSWERABLE
    if measure == _REFUSAL and result["right"] is not None:
        return float(result["refused"] == unanswerable)
    if measure in OF_ANSWERABLE and unanswerable:  # counted as a refusal
        return None
    value = result.get(_FIELDS.get(measure, ""))
    return None if value is None else float(value)


def permutation_p_value(differences: NDArray[np.float64]) -> float:
    """Return the p-value of a mean difference by a seeded paired permutation test.

    Of 10,000 random changes of sign: (those with at least this absolute mean + 1) / (10,000 + 1).

    >>> permutation_p_value(np.zeros(5)), permutation_p_value(np.ones(12)) < 0.01
    (1.0, True)
    """
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return 1.0
    signs = np.random.default_rng(0).choice((-1.0, 1.0), (_PERMUTATIONS, len(nonzero)))
    as_large = np.abs(signs @ nonzero) >= abs(nonzero.sum()) - 1e-9
    return round(float((as_large.sum() + 1) / (_PERMUTATIONS + 1)), 4)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected so that the chance of any false alarm among them stays below the level.

    The smallest of n is multiplied by n, the next by n - 1 and so on, each at least as large as the one
    before and at most 1 (Holm 1979).

    >>> holm([0.04, 0.01, 0.5])
    [0.08, 0.03, 0.5]
    """
    corrected, highest = [1.0] * len(p_values), 0.0
    for rank, n in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, (len(p_values) - rank) * p_values[n])
        corrected[n] = round(min(highest, 1.0), 4)
    return corrected


def comparison_table(comparison: Comparison, level: float) -> str:
    """Return a comparison as Markdown: a table, then the questions that became right or wrong."""
    lines = ["| | questions | before | after | p | corrected | |", "|---|---|---|---|---|---|---|"]
    for change in comparison.changes:
        verdict = ""
        if change.corrected < level and change.after != change.before:
            verdict = "better" if change.improved else "worse"
        values = (change.before, change.after, change.p, change.corrected)
        lines.append(f"| {' | '.join(map(str, (change.measure, change.questions, *values, verdict)))} |")
    decisive, others = comparison.decisive, len(comparison.changes) - len(comparison.decisive)
    lines += [
        "",
        f"Corrected by Holm's method: over the {len(decisive)} measures that decide whether a run got worse "
        f"({', '.join(decisive)}), and apart over the {others} others.",
    ]
    for title, rows in (
        ("Right now, wrong before", comparison.gained),
        ("Wrong now, right before", comparison.lost),
    ):
        if rows:
            lines += ["", f"{title} ({len(rows)}):", ""]
            lines += [f"- {': '.join(map(escape_markdown, row[:2]))} ({row[2]})" for row in rows]
    return "\n".join(lines)
