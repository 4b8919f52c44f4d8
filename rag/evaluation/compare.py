"""Two runs over the same questions: what got better, what got worse, and which of it may be chance. Knows runs as they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.evaluation.gold import UNANSWERABLE, EvaluationError
from rag.evaluation.summary import COSTS, MEANS

_REFUSAL, _UNSUPPORTED = "refusal right", "unsupported statements"
_FIELDS = {**MEANS, _UNSUPPORTED: "unsupported", **COSTS}
MEASURES = (*MEANS, _REFUSAL, _UNSUPPORTED, *COSTS)
# What a run is judged by where nobody says otherwise; seconds differ with whatever else the machine does.
DECISIVE_MEASURES = ("right", _REFUSAL, "evidence@3", "citation recall", "outdated answers", _UNSUPPORTED)
_LOWER_IS_BETTER = frozenset({"outdated answers", _UNSUPPORTED, *COSTS})
_FLIPS = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """One measure in two runs, over the questions that both measured. `p` is the chance of such a difference where there is none."""

    measure: str
    questions: int
    before: float
    after: float
    p: float

    @property
    def better(self) -> bool:
        return (self.after < self.before) if self.measure in _LOWER_IS_BETTER else (self.after > self.before)

    def worse(self, level: float) -> bool:
        """True if it got worse, and by more than chance would do at this level."""
        return self.after != self.before and not self.better and self.p < level


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one run to another; `gained` and `lost` are (question id, question, what is wrong with it in the other run)."""

    changes: tuple[Change, ...]
    gained: tuple[tuple[str, str, str], ...]
    lost: tuple[tuple[str, str, str], ...]


def compare(before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    """Compare two runs, question by question.

    Raises:
        GoldError: they have no question in common, or ask different things under one id.
    """
    earlier, later = ({result["id"]: result for result in run["results"]} for run in (before, after))
    shared = [name for name in earlier if name in later]
    if not shared:
        raise EvaluationError("the two runs have no question in common; compare runs over the same gold file")
    other = next((name for name in shared if earlier[name]["question"] != later[name]["question"]), None)
    if other:
        raise EvaluationError(
            f"question {other} is worded differently in the two runs; run the earlier one again on the new gold file"
        )
    pairs = [(earlier[name], later[name]) for name in shared]
    changed = [(one, two) for one, two in pairs if one["right"] != two["right"]]
    return Comparison(
        tuple(change for measure in MEASURES if (change := _change(measure, pairs))),
        tuple((two["id"], two["question"], one["failure"] or "") for one, two in changed if two["right"]),
        tuple((two["id"], two["question"], two["failure"] or "") for one, two in changed if not two["right"]),
    )


def _change(measure: str, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> Change | None:
    both = [(_value(measure, one), _value(measure, two)) for one, two in pairs]
    known = np.array([(a, b) for a, b in both if a is not None and b is not None])
    if not len(known):
        return None
    means = known.mean(axis=0)
    return Change(
        measure,
        len(known),
        round(float(means[0]), 3),
        round(float(means[1]), 3),
        permutation_p_value(known[:, 1] - known[:, 0]),
    )


def _value(measure: str, result: dict[str, Any]) -> float | None:
    unanswerable = result["kind"] == UNANSWERABLE
    if measure == _REFUSAL:
        return float(result["refused"] == unanswerable)
    if measure == "right" and unanswerable:  # counted as a refusal
        return None
    value = result.get(_FIELDS[measure])
    return None if value is None else float(value)


def permutation_p_value(differences: NDArray[np.float64]) -> float:
    """The share of random changes of sign under which the mean difference is as large as it is (paired permutation test, seeded).

    >>> permutation_p_value(np.zeros(5)), chance(np.ones(12)) < 0.01
    (1.0, True)
    """
    told = differences[differences != 0]
    if not len(told):
        return 1.0
    signs = np.random.default_rng(0).choice((-1.0, 1.0), (_FLIPS, len(told)))
    as_large = np.abs(signs @ told) >= abs(told.sum()) - 1e-9
    return round(float((as_large.sum() + 1) / (_FLIPS + 1)), 4)


def comparison_table(found: Comparison, level: float) -> str:
    """A comparison as Markdown: a table, then the questions that changed sides."""
    lines = ["| | questions | before | after | p | |", "|---|---|---|---|---|---|"]
    for change in found.changes:
        verdict = (
            ("better" if change.better else "worse")
            if change.p < level and change.after != change.before
            else ""
        )
        lines.append(
            f"| {change.measure} | {change.questions} | {change.before} | {change.after} | {change.p} | {verdict} |"
        )
    for title, rows in (("Right now, wrong before", found.gained), ("Wrong now, right before", found.lost)):
        if rows:
            lines += ["", f"{title} ({len(rows)}):", ""]
            lines += [f"- {name}: {question} ({why})" for name, question, why in rows]
    return "\n".join(lines)
