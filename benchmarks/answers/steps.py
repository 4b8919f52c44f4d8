"""Switch off one step of the pipeline while a run is measured, by replacing what the step calls."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import inf
from typing import Any
from unittest.mock import patch

import numpy as np

from rag.query.intent import Intent

_ALL_SENTENCES = 10_000  # sentences: all of them are ranked


def _cited_as_marked(draft: Any, evidence: Any) -> Any:
    """Return the evidence that the model's own markers name, unchecked; the first where it names none."""
    return [evidence[n - 1] for n in draft.numbers if 1 <= n <= len(evidence)] or list(evidence[:1]), []


# What switches a step off: (module, name) -> its replacement.
STEPS: dict[str, dict[tuple[str, str], Any]] = {
    "without ranking (plain cosine)": {
        ("rag.retrieval.evidence", "WEIGHTS"): np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ("rag.retrieval.evidence", "_RERANKED_SHARE"): 0.0,
        ("rag.retrieval.selection", "SHORTLIST_SIZE"): _ALL_SENTENCES,
    },
    "without checks": {("rag.answers.sentences", "find_support"): _cited_as_marked},
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
def without_step(step: str) -> Iterator[None]:
    """Run a block without one of `STEPS`."""
    with ExitStack() as stack:
        for (module, name), replacement in STEPS[step].items():
            stack.enter_context(patch(f"{module}.{name}", replacement))
        yield
