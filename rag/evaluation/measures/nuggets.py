"""TREC's nuggets: of several things that an answer may say, how many it says, and in how many sentences.

A vital nugget is one of a gold question's `answers`, an okay nugget one of its `okay`: good to say, and never
missed (Voorhees 2003, "Overview of the TREC 2003 Question Answering Track").
"""

from statistics import mean

from rag.answers.answer import Answer
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion
from rag.evaluation.measures.strict import first_words, new_wordings, own_sentences, says


def nugget_recall(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return the share of the vital nuggets that the answer's own 60 words say; None where there is one.

    Vital "500" and "4,000", okay "fewer than 20", said "500 in 2020": 1/2.
    """
    if not has_nuggets(gold):
        return None
    said = _said(gold, answer, gold.answers)
    return mean(float(any(column)) for column in zip(*said, strict=True)) if said else 0.0


def statement_precision(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return the share of the answer's own sentences that say a nugget; None where there is one.

    None too for a refusal. "500 in 2020. Otters swim.", of which one is a nugget: 1/2.
    """
    if not has_nuggets(gold) or not answer.statements:
        return None
    return mean(float(any(row)) for row in _said(gold, answer, (*gold.answers, *gold.okay)))


def has_nuggets(gold: GoldQuestion) -> bool:
    """Return True if a gold question lists several things."""
    return gold.kind != UNANSWERABLE and bool(gold.answers) and len(gold.answers) + len(gold.okay) > 1


def _said(gold: GoldQuestion, answer: Answer, nuggets: tuple[tuple[str, ...], ...]) -> list[list[bool]]:
    """Return, for each own sentence, which of the nuggets it says."""
    sentences = own_sentences(answer)
    return [
        [says(item, text, new_wordings(gold, wordings), n == 0) for wordings in nuggets]
        for n, (item, text) in enumerate(zip(sentences, first_words(sentences), strict=True))
    ]
