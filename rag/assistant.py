"""Answer a question: parse, retrieve, select evidence, generate, verify, present."""

import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from math import inf, isfinite
from threading import Event

from corpus.store.filters import Filters
from embeddings.heap import return_freed_memory_at_times
from rag import limits
from rag.answers.answer import Answer
from rag.answers.compose import ON_TRIAL, add_draft, begin_answer, compose_answer
from rag.answers.refusal import is_refusal, refuse
from rag.answers.sentences import SourcedSentence, VerifiedSentences, quote_evidence, quotes, verify_output
from rag.answers.written import Reader, check_by_support, plan_writing, verify_written_output
from rag.generation.prompts import CheckingPrompts, Prompts, WritingPrompts
from rag.generation.registry import AnswerModel
from rag.generation.writer import ModelOutput, write_answer, write_sentences
from rag.query.followups import Turn
from rag.query.parse import ParsedQuestion, parse_question
from rag.query.validation import ShuttingDown, validate_question
from rag.retrieval.retrieve import retrieve, search_passages
from rag.retrieval.search import Retriever, SearchHit
from rag.retrieval.selection import SelectedEvidence, select_evidence
from rag.telemetry import QuestionTrace, Telemetry
from rag.verification.answerability import (
    ANSWER_THRESHOLD,
    ASK_READER_THRESHOLD,
    answer_margin,
    find_denial,
    is_answerable,
    judge_answerability,
)
from rag.verification.citations import SUPPORTED


class Assistant:
    """Answers questions about one library with one model."""

    def __init__(
        self,
        retriever: Retriever,
        model: AnswerModel,
        prompts: Prompts,
        question_chars: int = limits.MAX_QUESTION_CHARS,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.retriever = retriever
        self.library = retriever.library
        self.model = model
        self._prompts = prompts
        self._writing = WritingPrompts()
        self._reader = Reader(model, CheckingPrompts(), self.library) if model.checks else None
        self._check = self._reader.says if self._reader else check_by_support(self.library)
        self._question_chars = question_chars
        self._shutting_down = Event()
        self.telemetry = telemetry or Telemetry()
        self.telemetry.watch_size(self._size)
        # Its queue is first come, first served, which waiting for a semaphore is not.
        self._finders = ThreadPoolExecutor(limits.CONCURRENT_SEARCHES, "evidence")

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        *,
        may_refuse: bool = True,
    ) -> Answer:
        """Return the finished answer: the last one of `stream`."""
        *_, last = self.stream(question, history, filters, may_refuse=may_refuse)
        return last

    def validate(self, question: str) -> str:
        """Return a question as it is asked, without anything that is not text.

        Raises:
            InvalidQuestion: the question is empty or too long.
        """
        return validate_question(question, self._question_chars)

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        *,
        may_refuse: bool = True,
    ) -> Iterator[Answer]:
        """Yield the answer as it grows: with its evidence, then with unverified words, at last verified.

        Closing the iterator stops the model. Without `may_refuse` whatever comes nearest is the answer: the
        evaluation asks so what refusing has spared.

        Raises:
            InvalidQuestion: the question is empty or too long.
            ShuttingDown: the program ends.
        """
        try:
            with (
                self.telemetry.question() as trace,
                closing(self._stream(question, history, filters, may_refuse, trace)) as answers,
            ):
                for answer in answers:
                    trace.without_model = "without_model" in answer.codes
                    if answer.finished:
                        trace.status = answer.status
                    yield answer
        finally:
            return_freed_memory_at_times()

    def _stream(
        self,
        question: str,
        history: Sequence[Turn],
        filters: Filters | None,
        may_refuse: bool,
        trace: QuestionTrace,
    ) -> Generator[Answer, None, None]:
        began = time.monotonic()
        self._check_running()
        evidence = self._finders.submit(self._find_evidence, question, history, filters, trace).result()
        answer = begin_answer(evidence, self.library.version, self.model.name, _since(began))
        yield answer
        with self.library.encoder.questions_first(), trace.step("answerability"):
            score = judge_answerability(evidence, self.library)
        evidence, opinion = self._read(evidence, score)
        answer = _with_confidence(answer, score, opinion=opinion)
        if not evidence.shown or (may_refuse and self._refuses(evidence, score, opinion)):
            answer = refuse(answer, self.library.coverage())
        elif not self._writes(evidence):
            answer = compose_answer(answer, evidence, quote_evidence(evidence))
        elif self.model.writes:
            with trace.step("generate"):
                answer, verified = yield from self._write(answer, evidence, began)
            answer = compose_answer(answer, evidence, verified)
        else:
            with trace.step("generate"):
                answer, output = yield from self._generate(answer, evidence, began)
            answer = _with_confidence(answer, score, _refusal_probability(output))
            if may_refuse and self._declines(output, score):
                answer = refuse(answer, self.library.coverage())
            else:
                verified = verify_output(output, evidence, self.model.extractive)
                answer = compose_answer(answer, evidence, verified)
        yield answer.replace(draft="", timings=replace(answer.timings, total=_since(began)))

    def search(
        self, question: str, k: int = 10, filters: Filters | None = None, history: Sequence[Turn] = ()
    ) -> list[SearchHit]:
        """Return the `k` passages that fit a question best, without an answer.

        Without `filters` those apply that the question sets itself ("only the Gull").

        Raises:
            InvalidQuestion: the question is empty or too long.
        """
        with self.library.encoder.questions_first():
            parsed = self._parse(question, history, filters)
            return search_passages(parsed, self.retriever, min(max(k, 1), limits.MAX_SEARCH_HITS))

    def check_ready(self) -> None:
        """Check that a question could be answered now.

        Raises:
            ShuttingDown: the program ends.
            StoreError: the collection cannot be read.
        """
        self._check_running()
        self.library.refresh()

    def begin_shutdown(self) -> None:
        """Accept no more questions, and end those that are being answered with `ShuttingDown`."""
        self._shutting_down.set()

    def close(self) -> None:
        """End the model's process and close the collection's file."""
        self.model.close()
        self._finders.shutdown()
        self.library.store.close()
        self.telemetry.close()

    def _size(self) -> tuple[int, int]:
        coverage = self.library.coverage()
        return coverage.articles, coverage.passages

    def _find_evidence(
        self, question: str, history: Sequence[Turn], filters: Filters | None, trace: QuestionTrace
    ) -> SelectedEvidence:
        self._check_running()
        with self.library.encoder.questions_first():
            with trace.step("parse"):
                parsed = self._parse(question, history[-limits.MAX_HISTORY_TURNS :], filters)
            with trace.step("retrieve"):
                hits = retrieve(parsed, self.retriever)
            with trace.step("select evidence"):
                return select_evidence(parsed, hits, self.library.reranker, self.retriever.k)

    def _parse(self, question: str, history: Sequence[Turn], filters: Filters | None) -> ParsedQuestion:
        return parse_question(
            question,
            history,
            filters,
            publishers=self.library.coverage().publishers,
            expand_acronyms=self.retriever.expansion.expand_acronyms,
            max_chars=self._question_chars,
        )

    def _writes(self, evidence: SelectedEvidence) -> bool:
        """Return True if the model writes the answer; some models can only answer from one sentence."""
        several = self.model.describes_changes or self.model.writes
        return self.model.chat is not None and (several or not evidence.several)

    def _read(self, evidence: SelectedEvidence, score: float) -> tuple[SelectedEvidence, float | None]:
        """Return the evidence as the reader ranks it, and its log-odds that the best sentence answers.

        It is not asked (None) where one sentence cannot answer, and where nothing that it says would count.
        Where a sentence denies the question's premise its opinion does not count: that is worth showing, and
        answers nothing.
        """
        question = evidence.question.standalone
        if self._reader is None or evidence.several or not ASK_READER_THRESHOLD <= score < inf:
            return evidence, None
        shown, opinion = self._reader.choose(question, evidence.shown)
        denied = find_denial(question, evidence.shown) is not None
        return replace(evidence, shown=tuple(shown)), None if denied else opinion

    def _refuses(self, evidence: SelectedEvidence, score: float, opinion: float | None) -> bool:
        """Return whether the question is refused before an answer is written."""
        if opinion is not None:
            return answer_margin(score, opinion=opinion) < 0
        asks_later = self.model.extractive and self._writes(evidence)
        return score < (ASK_READER_THRESHOLD if asks_later else ANSWER_THRESHOLD)

    def _generate(
        self, answer: Answer, evidence: SelectedEvidence, began: float
    ) -> Generator[Answer, None, tuple[Answer, ModelOutput]]:
        """Yield the answer with each draft of the model; return the last one and the model's whole output."""
        question = evidence.question.standalone
        outputs = write_answer(question, evidence.shown, self.model, self._prompts)
        return (yield from self._follow(answer, outputs, began))

    def _follow(
        self, answer: Answer, outputs: Generator[ModelOutput, None, None], began: float, before: str = ""
    ) -> Generator[Answer, None, tuple[Answer, ModelOutput]]:
        """Yield the answer with each draft, behind what was written `before`; return both last values."""
        output = ModelOutput(())
        with closing(outputs):
            for output in outputs:
                self._check_running()
                drafted = add_draft(answer, output, _since(began), before)
                if drafted.draft != answer.draft:
                    yield drafted
                answer = drafted
        return answer, output

    def _write(
        self, answer: Answer, evidence: SelectedEvidence, began: float
    ) -> Generator[Answer, None, tuple[Answer, VerifiedSentences]]:
        """Yield the answer with each draft; return it and the sentences that were verified, else quotes."""
        written: list[SourcedSentence] = []
        dropped: list[str] = []
        for task in plan_writing(evidence):
            if written and task.alternative:
                break
            outputs = write_sentences(task.question, task.evidence, task.words, self.model, self._writing)
            before = " ".join(sentence.text for sentence in written)
            answer, output = yield from self._follow(answer, outputs, began, before)
            kept, reasons = verify_written_output(output, task, self._check)
            # Of several values none is lost because its sentence is.
            written += kept or ([] if task.alternative else quotes(task.evidence))
            dropped += reasons
            if not kept and evidence.answered > 1:  # the quote of one question may answer the others too
                written = []
                break
            if output.failure:
                written, dropped = [], [output.failure]
                break
        if any(sentence.verdict == SUPPORTED for sentence in written):
            return answer, VerifiedSentences(tuple(written), evidence.values, (ON_TRIAL,))
        return answer, replace(quote_evidence(evidence), warnings=tuple(dropped[:1]))

    def _declines(self, output: ModelOutput, score: float) -> bool:
        """Return True if the model refuses to answer, or doubts an answer together with the evidence."""
        if self.model.may_refuse and is_refusal(output.text, self._prompts.refusal):
            return True
        return self.model.extractive and not is_answerable(score, _refusal_probability(output))

    def _check_running(self) -> None:
        if self._shutting_down.is_set():
            raise ShuttingDown("Dateline is shutting down; ask again when it has been started anew.")


def _refusal_probability(output: ModelOutput) -> float | None:
    return output.probabilities[0] if output.probabilities else None


def _with_confidence(
    answer: Answer, score: float, refusal: float | None = None, opinion: float | None = None
) -> Answer:
    margin = answer_margin(score, refusal, opinion)
    return answer.replace(confidence=margin if isfinite(margin) else None)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
