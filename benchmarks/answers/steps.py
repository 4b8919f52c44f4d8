"""Each step of the way to an answer, and how to leave it out while a run is measured. Nothing of the product knows of this."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import inf
from typing import Any
from unittest.mock import patch

import numpy as np

from rag.query.intent import Intent

_EVERY = 10_000  # sentences: all of them are ranked


def _bound_as_marked(draft: Any, evidence: Any) -> Any:
    """The evidence that the model's own markers name, unread; the first where it names none."""
    return [evidence[n - 1] for n in draft.numbers if 1 <= n <= len(evidence)] or list(evidence[:1]), []


# What is put in the place of a step: (module, name) -> instead.
STEPS: dict[str, dict[tuple[str, str], Any]] = {
    "without ranking (plain cosine)": {
        ("rag.retrieval.evidence", "WEIGHTS"): np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ("rag.retrieval.evidence", "_RANKED"): 0.0,
        ("rag.retrieval.selection", "SHORTLIST_SIZE"): _EVERY,
    },
    "without checks": {("rag.answers.sentences", "find_support"): _bound_as_marked},
    "without refusal": {("rag.verification.answerability", "answerability_score"): lambda *given: inf},
    "without time": {
        ("rag.query.parse", "parse_intent"): lambda *given: Intent(),
        ("rag.query.parse", "parse_dates"): lambda *given: (),
    },
    "without follow-ups": {
        ("rag.query.parse", "rewrite_followup"): lambda question, history: question,
        ("rag.query.parse", "previous_exchange"): lambda question, history: "",
    },
}


@contextmanager
def left_out(step: str) -> Iterator[None]:
    """The product without one of `STEPS`, as long as the block runs."""
    with ExitStack() as stack:
        for (module, name), instead in STEPS[step].items():
            stack.enter_context(patch(f"{module}.{name}", instead))
        yield
