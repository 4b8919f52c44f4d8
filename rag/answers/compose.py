"""Compose an answer from its evidence, the draft of a model, and at the end its verified sentences."""

from collections.abc import Sequence
from dataclasses import replace

from rag.answers.answer import Answer, Timings
from rag.answers.labels import label_statements
from rag.answers.sentences import SourcedSentence, VerifiedSentences
from rag.generation.writer import ModelOutput
from rag.query.parse import ParsedQuestion
from rag.retrieval.evidence import Evidence, find_conflict
from rag.retrieval.selection import SelectedEvidence
from rag.retrieval.series import values_disagree
from rag.verification.answerability import describe_missing_dates, find_denial
from rag.verification.citations import QUOTED, Statement, number_citations, visible_text

ON_TRIAL = "Written by a model on trial: compare each sentence with the words that it cites."
SOURCES_DISAGREE = "The sources disagree: two articles say the same with different figures."
SOURCE_DENIES = "An article denies something here; read whether the question takes it for granted."


def begin_answer(evidence: SelectedEvidence, index_version: str, model: str, seconds: float) -> Answer:
    """Return an answer that has only its evidence yet, found in so many seconds."""
    question = evidence.question
    return Answer(
        question.text,
        question.standalone,
        "writing",
        evidence=evidence.shown,
        filters=question.filters,
        timings=Timings(evidence=seconds),
        index_version=index_version,
        model=model,
    )


def add_draft(answer: Answer, output: ModelOutput, seconds: float, before: str = "") -> Answer:
    """Return the answer with what the model has written after so many seconds, and `before`."""
    timings = replace(answer.timings, tokens_read=output.tokens_read, tokens_written=output.tokens_written)
    if timings.first_word is None and output.text.strip():
        timings = replace(timings, first_word=seconds)
    codes = ("without_model",) if output.failure else answer.codes
    draft = f"{before} {visible_text(output.text)}".strip()
    return answer.replace(draft=draft, timings=timings, codes=codes)


def compose_answer(answer: Answer, evidence: SelectedEvidence, verified: VerifiedSentences) -> Answer:
    """Return the answer with its statements: the verified sentences and the evidence that contradicts them.

    It is a partial answer if the question names dates that nothing cited refers to.
    """
    cited = [item for sentence in verified.sentences for item in sentence.evidence]
    conflicts = [
        other for item in cited if (other := find_conflict(item, answer.evidence)) and other not in cited
    ]
    denial = _denial(evidence.question, answer.evidence, cited)
    contradicting = list(dict.fromkeys([*conflicts, *denial]))
    sentences = [
        *verified.sentences,
        *(SourcedSentence(i.text, (i,), QUOTED, i.words) for i in contradicting),
    ]
    read = list(dict.fromkeys([*cited, *contradicting, *answer.evidence]))
    statements = label_statements(evidence.question, _statements(sentences), read)
    answer = answer.replace(statements=statements)
    missing_dates = describe_missing_dates(evidence.question.dates, cited_text(answer))
    disagreement = bool(conflicts) or any(find_conflict(item, cited) for item in cited)
    warnings = (
        *verified.warnings,
        *([SOURCE_DENIES] if denial else []),
        *([SOURCES_DISAGREE] if disagreement else []),
        *([missing_dates] if missing_dates else []),
        *([SOURCES_DISAGREE] if not disagreement and values_disagree(verified.values) else []),
    )
    return answer.replace(status="partly" if missing_dates else "answered", warnings=warnings)


def cited_text(answer: Answer) -> str:
    """Return the cited words of an answer, with the headlines and the dates of their articles."""
    return " ".join(
        f"{citation.quote} {citation.article.headline} {citation.article.day}"
        for citation in answer.citations
    )


def _denial(
    question: ParsedQuestion, evidence: Sequence[Evidence], cited: Sequence[Evidence]
) -> list[Evidence]:
    """Return the sentence that denies what a question for one fact takes for granted, if it is not cited."""
    denial = None if question.intent.several else find_denial(question.standalone, evidence)
    return [denial] if denial and denial not in cited else []


def _statements(sentences: Sequence[SourcedSentence]) -> list[Statement]:
    numbered = number_citations(
        [(sentence.text, sentence.evidence, sentence.verdict) for sentence in sentences]
    )
    return [
        replace(statement, words=sentence.words)
        for statement, sentence in zip(numbered, sentences, strict=True)
    ]
