"""What went wrong with one question: the first step on its way at which the answer was lost. Knows gold, measures and answers."""

from collections.abc import Sequence

from rag.answers.answer import Answer
from rag.evaluation import measures
from rag.evaluation.gold import UNANSWERABLE, GoldQuestion

NOT_RETRIEVED = "not retrieved"
NOT_IN_EVIDENCE = "retrieved, not in evidence"
MISREAD = "in evidence, misread"
UNSUPPORTED = "right but unsupported"
WRONGLY_REFUSED = "wrongly refused"
WRONGLY_ANSWERED = "wrongly answered"
FAILURE_CLASSES = (NOT_RETRIEVED, NOT_IN_EVIDENCE, MISREAD, UNSUPPORTED, WRONGLY_REFUSED, WRONGLY_ANSWERED)


def classify_failure(gold: GoldQuestion, places: Sequence[bool], answer: Answer) -> str | None:
    """The class of an answer's failure, None where it is right; `places` are those of the gold articles among the articles found.

    A refusal is told apart by what was there: it is wrong only where the words that answer were in the evidence.
    """
    if measures.right(gold, answer):
        return UNSUPPORTED if measures.unsupported(answer) else None
    if gold.kind == UNANSWERABLE:
        return WRONGLY_ANSWERED
    if gold.evidence:
        if not any(places):
            return NOT_RETRIEVED
        if not measures.evidence_at(
            len(answer.evidence), gold, [(item.article, item.start, item.end) for item in answer.evidence]
        ):
            return NOT_IN_EVIDENCE
    return WRONGLY_REFUSED if measures.refused(answer) else MISREAD
