"""What a reader thinks of an answer -> a proposed gold question, a line of a file that a person reviews. Knows answers and that file.

A proposal becomes a gold question when somebody has filled in what the right answer holds and moved the line to a gold file.
"""

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from rag import limits
from rag.answers.answer import Answer, Turn, datelines
from rag.serving.collection import Collection

PROPOSALS_FILE = "proposed.jsonl"
GOOD_VERDICT = "good"
# How a verdict is told; all but the first say what is wrong.
FEEDBACK_VERDICTS = {
    GOOD_VERDICT: "Good",
    "wrong-figure": "Wrong figure",
    "wrong-source": "Wrong source",
    "outdated": "Outdated",
    "should-refuse": "Should have refused",
    "incomplete": "Incomplete",
}


class BadFeedback(ValueError):
    """A verdict that there is not."""


class FeedbackTooLarge(BadFeedback):
    """No room for an answer this long, or for more of them; the message says which."""

    code = "too_large"


def record_feedback(
    collection: Collection, answer: Answer, verdict: str, comment: str = "", history: Sequence[Turn] = ()
) -> dict[str, Any]:
    """Add a proposal to the collection's file of them; the proposal. `history` are the turns before the question, where it leans on them.

    Raises:
        ChangesOff, BadFeedback, NoRoom: nothing was noted.
    """
    collection.check_writable()
    if verdict not in FEEDBACK_VERDICTS:
        raise BadFeedback(f'"{verdict[:40]}" is no verdict; choose one of {", ".join(FEEDBACK_VERDICTS)}')
    proposal = proposed(answer, verdict, comment, history)
    line = (json.dumps(proposal, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    path = collection.folder / PROPOSALS_FILE
    if len(line) > limits.MAX_PROPOSAL_BYTES:
        raise FeedbackTooLarge("This answer is too long to be noted; save it as a document instead.")
    if path.exists() and path.stat().st_size + len(line) > limits.MAX_PROPOSAL_FILE_BYTES:
        raise FeedbackTooLarge(
            f"{path.name} in the data folder is full; review it and move it away, then say it again."
        )
    # One write to the end of the file: proposals of two processes never mix, and nobody else may read what was asked here.
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)
    return proposal


def proposed(answer: Answer, verdict: str, comment: str = "", history: Sequence[Turn] = ()) -> dict[str, Any]:
    """A gold question as `rag.evaluation` reads it, with what was said and why it is proposed."""
    right = verdict == GOOD_VERDICT
    figures = [item.as_of.figure for item in answer.statements if item.as_of and item.as_of.figure]
    quotes = [citation for citation in answer.citations if citation.verified]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "id": f"proposed-{sha256(f'{now} {answer.question} {verdict}'.encode('utf-8', 'replace')).hexdigest()[:12]}",
        "draft": True,
        "question": answer.question,
        "history": [{"role": turn.role, "text": turn.text} for turn in history]
        if answer.searched != answer.question
        else [],
        "kind": "unanswerable" if verdict == "should-refuse" or (right and not answer.statements) else "fact",
        "answers": [[figure] for figure in figures] if right else [],
        "evidence": [{"article": item.article.id, "quote": item.quote} for item in quotes] if right else [],
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
