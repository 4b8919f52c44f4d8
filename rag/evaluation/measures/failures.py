"""What went wrong with a question: the first step of the pipeline that lost the answer."""

from collections.abc import Sequence

from rag.answers.answer import Answer
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion
from rag.evaluation.measures import answers as measures

NOT_RETRIEVED = "not retrieved"
NOT_IN_EVIDENCE = "retrieved, not in evidence"
MISREAD = "in evidence, misread"
UNSUPPORTED = "right but unsupported"
WRONGLY_REFUSED = "wrongly refused"
WRONGLY_ANSWERED = "wrongly answered"
FAILURE_CLASSES = (
    NOT_RETRIEVED,
    NOT_IN_EVIDENCE,
    MISREAD,
    UNSUPPORTED,
    WRONGLY_REFUSED,
    WRONGLY_ANSWERED,
)


def classify_failure(gold: GoldQuestion, relevant: Sequence[bool], answer: Answer) -> str | None:
    """Return the class of an answer's failure, or None where the answer is right or the question has no gold.

    `relevant` is True for each article found that is a gold article. A refusal counts as wrong only where the
    gold words were in the evidence; otherwise the step that lost them is named.
    """
    if not gold.scored:
        return None
    if measures.right(gold, answer):
        return UNSUPPORTED if measures.unsupported(answer) else None
    if gold.kind == UNANSWERABLE:
        return WRONGLY_ANSWERED
    if gold.evidence:
        if not any(relevant):
            return NOT_RETRIEVED
        spans = [(item.article, item.start, item.end) for item in answer.evidence]
        if not measures.evidence_at(len(spans), gold, spans):
            return NOT_IN_EVIDENCE
    return WRONGLY_REFUSED if measures.refused(answer) else MISREAD
