"""Turn a reader's verdict on an answer into a proposed gold question, a line that a person reviews.

A proposal becomes a gold question when somebody has filled in what the right answer holds and moved the line
to a gold file.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from corpus.store.documents import Document
from rag import limits
from rag.answers.answer import Answer, datelines
from rag.query.followups import Turn

PROPOSALS_FILE = "proposed.jsonl"
GOOD_VERDICT = "good"
# The verdicts by their names in the API, with their labels; all but the first say what is wrong.
FEEDBACK_VERDICTS = {
    GOOD_VERDICT: "Good",
    "wrong-figure": "Wrong figure",
    "wrong-source": "Wrong source",
    "outdated": "Outdated",
    "should-refuse": "Should have refused",
    "incomplete": "Incomplete",
}


class InvalidFeedback(ValueError):
    """An unknown verdict."""


class FeedbackTooLarge(InvalidFeedback):
    """The answer is too long to be recorded, or the proposals for review are full; the message says which."""

    code = "too_large"


def record_feedback(
    proposals: Document, answer: Answer, verdict: str, comment: str = "", history: Sequence[Turn] = ()
) -> dict[str, Any]:
    """Append a proposed gold question to the others, and return it.

    `history` holds the turns before the question.

    Raises:
        InvalidFeedback, FeedbackTooLarge: nothing was recorded.
    """
    if verdict not in FEEDBACK_VERDICTS:
        known = ", ".join(FEEDBACK_VERDICTS)
        raise InvalidFeedback(f'"{verdict[:40]}" is no verdict; choose one of {known}')
    proposal = propose_question(answer, verdict, comment, history)
    line = (json.dumps(proposal, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    if len(line) > limits.MAX_PROPOSAL_BYTES:
        raise FeedbackTooLarge("This answer is too long to be recorded; save it as a document instead.")
    if proposals.size() + len(line) > limits.MAX_PROPOSAL_FILE_BYTES:
        raise FeedbackTooLarge(
            "The proposals for review are full; move them to a file (dateline evaluate feedback --out FILE) "
            "and try again."
        )
    proposals.append(line.decode())
    return proposal


def propose_question(
    answer: Answer, verdict: str, comment: str = "", history: Sequence[Turn] = ()
) -> dict[str, Any]:
    """Return a gold question as `rag.evaluation` reads it, with the answer and why it is proposed."""
    good = verdict == GOOD_VERDICT
    figures = [item.as_of.figure for item in answer.statements if item.as_of and item.as_of.figure]
    quotes = [citation for citation in answer.citations if citation.verified]
    is_followup = answer.searched != answer.question
    now = datetime.now(UTC).isoformat(timespec="seconds")
    digest = sha256(f"{now} {answer.question} {verdict}".encode("utf-8", "replace")).hexdigest()
    return {
        "id": f"proposed-{digest[:12]}",
        "draft": True,
        "question": answer.question,
        "history": [{"role": turn.role, "text": turn.text} for turn in history] if is_followup else [],
        "kind": "unanswerable" if verdict == "should-refuse" or (good and not answer.statements) else "fact",
        "answers": [[figure] for figure in figures] if good else [],
        "evidence": [{"article": item.article.id, "quote": item.quote} for item in quotes] if good else [],
        "must_not": figures if verdict == "wrong-figure" else [],
        "verdict": verdict,
        "comment": " ".join(comment.split())[: limits.MAX_FIELD_CHARS],
        "said": answer.text,
        "cited": [
            {"article": item.article.id, "told": datelines(item), "quote": item.quote} for item in quotes
        ],
        "searched": answer.searched,
        "model": answer.model,
        "index_version": answer.index_version,
        "at": now,
    }
