"""Plan what a model that writes sentences is asked, and verify what it wrote against what it read.

A question for one fact is put to the best evidence, and to the next where that yields nothing. A question for
values over time is put to each value's sentence, several questions in one each to its own sentence, and a
question for several sides to the best sentences together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from embeddings.library import Library
from rag.answers.sentences import SourcedSentence, quote_evidence
from rag.generation.prompts import CheckingPrompts
from rag.generation.registry import AnswerModel
from rag.generation.writer import ModelOutput, yes_or_no
from rag.query.parse import ParsedQuestion
from rag.retrieval.evidence import Evidence
from rag.retrieval.selection import SelectedEvidence
from rag.verification.citations import SUPPORTED, parse_drafts
from rag.verification.judgement import Judgement, read_source
from rag.verification.written import (
    answering_words,
    support_claim,
    verify_written,
    without_relative_times,
)

_ALTERNATIVES = 3  # limit: sentences of evidence that a question for one fact is put to, one after the other
_KEPT_READINGS = 64  # limit: of what a model makes of a sentence, for the question in hand
_SIDES = 4  # limit: sentences that are read together
# The log-odds of support from which a sentence is shown. Measured in rag/evaluation/results/written.json: of
# held-out wrong answers 10 % pass, of right ones 67 %.
MIN_SUPPORT = 1.5
# The log-odds of a judgement from which a sentence is shown. Fitted by training/judge.py fit: of what is
# shown of its fitting part, where two in five are wrong, a tenth may be wrong (training/JUDGE.md).
MIN_JUDGED = 0.59
# What the model says of a sentence counts so much beside its score, when the one that answers is chosen; it
# is asked about so many sentences, unless it is so sure of the first. Measured by training/answerability.py:
# 0.87 -> 0.90 right.
CHOICE_WEIGHT, SENTENCES, SURE = 3.0, 3, 0.5


@dataclass(frozen=True, slots=True)
class WritingTask:
    """A question, and the sentences of evidence that it is put to.

    `words` are the words of a single sentence that answer, "" if they are not known. Of tasks that are
    `alternative` to each other only the first one that yields something counts.
    """

    question: str
    evidence: tuple[Evidence, ...]
    words: str = ""
    alternative: bool = False


def plan_writing(evidence: SelectedEvidence) -> list[WritingTask]:
    """Return the tasks for a question's evidence, in the order in which their sentences are shown."""
    question = evidence.question
    if evidence.values:
        oldest_first = dict.fromkeys(value.evidence for value in reversed(evidence.values))
        asked = _ask_for(question) if question.intent.change else question.standalone
        return [_task(asked, item) for item in oldest_first]
    quotes = [sentence.evidence[0] for sentence in quote_evidence(evidence).sentences]
    if evidence.answered > 1:
        return [
            _task(part.full_text, item)
            for part, item in zip(question.subquestions, evidence.shown[: evidence.answered], strict=False)
        ]
    if question.intent.change:
        return [_task(_ask_for(question), item) for item in reversed(quotes[:_SIDES])]
    if question.intent.several:
        return [WritingTask(without_relative_times(question.standalone), tuple(quotes[:_SIDES]))]
    return [_task(question.standalone, item, alternative=True) for item in evidence.shown[:_ALTERNATIVES]]


def _task(question: str, item: Evidence, alternative: bool = False) -> WritingTask:
    """Return the task of one sentence, which is asked without "this week" and the like: it has its own."""
    return WritingTask(without_relative_times(question), (item,), item.words, alternative)


def _ask_for(question: ParsedQuestion) -> str:
    """Return a question over time as it is put to one article: for its topic alone.

    >>> from rag.query.parse import parse_question
    >>> _ask_for(parse_question("How has the price of the ticket changed from 2012 to 2020?"))
    'What was the price of the ticket?'
    """
    return f"What was {question.topic.text.rstrip(' ?.')}?"


# Takes a question, what was written, and its source; returns whether the source says so.
Check = Callable[[str, str, Evidence], bool]


class Reader:
    """A model that `checks`, reading: which sentence answers, and does it say what was written?

    What it has said is kept for the question in hand, so that the same is not asked twice.
    """

    def __init__(self, model: AnswerModel, prompts: CheckingPrompts, library: Library) -> None:
        self._model, self._prompts, self._library = model, prompts, library
        self._support = check_by_support(library)
        self._answers = lru_cache(maxsize=_KEPT_READINGS)(self._ask_whether_it_answers)

    def choose(self, question: str, evidence: Sequence[Evidence]) -> tuple[list[Evidence], float | None]:
        """Return the evidence, the sentence that answers best first, and the log-odds that it answers.

        The others are read only where the model is not sure of the first. The log-odds are None if the model
        cannot be asked.
        """
        first, *others = evidence
        question = without_relative_times(question)
        answers = self.answers(question, first)
        if answers is None:
            return list(evidence), None
        read = {first: answers}
        for item in others[: SENTENCES - 1] if answers < SURE else ():
            if (answers := self.answers(question, item)) is not None:
                read[item] = answers
        best = max(read, key=lambda item: item.score + CHOICE_WEIGHT * read[item])
        return [best, *(item for item in evidence if item != best)], read[best]

    def answers(self, question: str, item: Evidence) -> float | None:
        """Return by how much yes is likelier than no to whether a sentence answers a question, as log-odds.

        None if the model cannot be asked.
        """
        try:
            return self._answers(question, item)
        except LookupError:
            return None

    def says(self, question: str, statement: str, item: Evidence) -> bool:
        """Return whether a source says what was written, as the answer to its question."""
        answers = self.answers(question, item)
        says = self._margin(question, item, self._prompts.endings(statement)[1])
        if answers is None or says is None:
            return self._support(question, statement, item)
        reading = read_source(question, item, self._library.reranker)
        return Judgement(reading, answers, says).log_odds >= MIN_JUDGED

    def _ask_whether_it_answers(self, question: str, item: Evidence) -> float:
        margin = self._margin(question, item, self._prompts.endings("")[0])
        if margin is None:
            raise LookupError("the model cannot be asked")  # an exception, as what is returned is kept
        return margin

    def _margin(self, question: str, item: Evidence, ending: str) -> float | None:
        margins = yes_or_no(self._prompts.messages(question, item), [ending], self._model)
        return margins[0] if margins else None


def check_by_support(library: Library) -> Check:
    """Return a check that asks the model of support about what a statement adds to its question."""

    def is_said(question: str, statement: str, item: Evidence) -> bool:
        claim = support_claim(answering_words(statement, question), question, item)
        return library.support.score([claim])[0] >= MIN_SUPPORT

    return is_said


def verify_written_output(
    output: ModelOutput, task: WritingTask, check: Check
) -> tuple[list[SourcedSentence], list[str]]:
    """Return the sentences that the evidence supports, and for each other one why it does not.

    A sentence about several sources cites those of its markers; one about a single source cites that.
    """
    kept, reasons = [], []
    for draft in parse_drafts(output.text, len(task.evidence)):
        numbers = draft.numbers if len(task.evidence) > 1 else (1,)
        cited = [task.evidence[n - 1] for n in numbers if n <= len(task.evidence)]
        found = _why_not(draft.text, task.question, cited, check)
        if found:
            reasons.append(f"Dropped “{draft.text}”: {'; '.join(found)}.")
        else:
            kept.append(SourcedSentence(draft.text, tuple(cited[:1]), SUPPORTED))
    return kept, reasons


def _why_not(text: str, question: str, cited: Sequence[Evidence], check: Check) -> list[str]:
    """Return why a sentence must not be shown; the cheap reasons first, as they are certain."""
    if not cited:
        return ["no source is cited"]
    reasons = verify_written(text, question, cited[0])
    if not answering_words(text, question):
        reasons = [*reasons, "it only repeats the question"]
    if reasons or check(question, text, cited[0]):
        return reasons
    return ["the source does not say that this answers the question"]
