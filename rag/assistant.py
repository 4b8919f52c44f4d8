"""The whole trip of a question: search, evidence, writing, checks, answer; streamed. Knows the order of things, not how each is done."""

import re
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from math import inf
from threading import Event
from typing import Any, cast

from langchain_core.messages import AIMessageChunk

from corpus.store.filters import Coverage, Filters
from rag import limits
from rag.answers.answer import Answer, Timings, Turn
from rag.answers.schema import AnswerCode
from rag.generation.decoding import CONFIDENCE_THRESHOLD, EXCLUDED, RANKING_WEIGHT
from rag.generation.prompts import Prompts, prompt_text
from rag.generation.registry import AnswerModel
from rag.query.followups import rewrite_followup
from rag.query.sources import extract_filters
from rag.query.timing import parse_intent
from rag.query.validation import ShuttingDown, validate_question
from rag.retrieval.evidence import Evidence, asks_for_number, best_per_article, filter_by_years, find_conflict
from rag.retrieval.search import Retriever, SearchHit
from rag.retrieval.selection import SelectedEvidence, by_clause, hits, select_evidence
from rag.retrieval.series import disagree, labelled
from rag.verification.answerability import (
    ANSWER_THRESHOLD,
    ASK_READER_THRESHOLD,
    answerability_score,
    describe_date_range,
    describe_missing,
    describe_missing_dates,
    find_denial,
    is_answerable,
    is_topic_covered,
)
from rag.verification.citations import (
    QUOTED,
    SUPPORTED,
    find_support,
    number_citations,
    parse_drafts,
    parse_extractive_answer,
    visible_text,
)

_REFUSAL = re.compile(
    r"\b(?:articles?|sentences?|sources?|texts?|passages?)\b.{0,30}\b(?:do|does|did) not (?:say|mention|state|tell|specify|contain)",
    re.IGNORECASE,
)
SOURCES_DISAGREE = "The sources disagree: two articles say the same with different figures."
_SHOWN = 6  # pieces of evidence on the page and in an answer
_SEQUENCE = 4  # dates or sides in one answer
_WITHIN_SEQUENCE = 5.0  # how much worse than the best sentence another date's or side's may be
# The second-best sentence is quoted too when it is nearly as good: the best one answers 53 % of the development questions, two 69 %.
_NEARLY_AS_GOOD = 2.0


class Assistant:
    """Answers questions over one library with one reader."""

    def __init__(
        self,
        retriever: Retriever,
        model: AnswerModel,
        prompts: Prompts,
        question_chars: int = limits.MAX_QUESTION_CHARS,
    ) -> None:
        self.retriever = retriever
        self.library = retriever.library
        self.model = model
        self._prompts = prompts
        self._question_chars = question_chars
        self._ending = Event()

    def begin_shutdown(self) -> None:
        """Take no more questions, and end those that are being answered with `ShuttingDown`."""
        self._ending.set()

    def _go_on(self) -> None:
        if self._ending.is_set():
            raise ShuttingDown("Dateline is shutting down; ask again when it has been started anew.")

    def close(self) -> None:
        """End the model's process and give the collection's file back."""
        self.model.close()
        self.library.store.close()

    def search(
        self, question: str, k: int = 10, filters: Filters | None = None, history: Sequence[Turn] = ()
    ) -> list[SearchHit]:
        """The `k` passages that fit a question best, without an answer. Without `filters` the question's own hold ("only the Gull").

        Raises:
            BadQuestion: the question is empty or too long.
        """
        searched = rewrite_followup(validate_question(question, self._question_chars), history)
        filters = (
            extract_filters(searched, self.library.coverage().publishers) if filters is None else filters
        )
        return hits(
            self.retriever, searched, min(max(k, 1), limits.MAX_SEARCH_HITS), filters, question, history
        )

    def ask(self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None) -> Answer:
        """The finished answer: the last value of `stream`."""
        *_, last = self.stream(question, history, filters)
        return last

    def stream(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Iterator[Answer]:
        """The answer as it grows: first with its evidence, then with unchecked words, last checked. Closing the iterator stops the model.

        Raises:
            BadQuestion: the question is empty or too long.
            ShuttingDown: the program ends.
        """
        began = time.monotonic()
        question = validate_question(question, self._question_chars)
        self._go_on()
        history = history[-limits.MAX_HISTORY_TURNS :]
        searched = rewrite_followup(question, history)
        filters = (
            extract_filters(searched, self.library.coverage().publishers) if filters is None else filters
        )
        wanted = parse_intent(searched, self.library.coverage().publishers)
        found = select_evidence(self.retriever, searched, wanted, filters, question, history)
        answer = Answer(
            question,
            searched,
            "writing",
            evidence=_evidence(found),
            filters=filters,
            timings=Timings(evidence=_since(began)),
            index_version=self.library.version,
            model=self.model.name,
        )
        yield answer
        quoted = not self.model.describes_changes and (
            bool(found.dated) or wanted.several or found.things > 1
        )
        asked_too = self.model.extractive and not quoted
        carried = self._carried(found)
        if carried < (ASK_READER_THRESHOLD if asked_too else ANSWER_THRESHOLD):
            yield self._finished(self._refused(answer), began)
        elif found.dated and (quoted or self.model.chat is None):
            yield self._finished(_dated(answer, found), began)
        elif quoted or self.model.chat is None:
            yield self._finished(_quoted(answer, found), began)
        else:
            yield from self._written(answer, found, carried, began)

    def _carried(self, found: SelectedEvidence) -> float:
        """How far the evidence carries an answer, on the scale of `ANSWER_THRESHOLD`."""
        if found.wanted.overview:
            return inf if is_topic_covered(found.subject, found.ranked) else -inf
        return answerability_score(by_clause(found, self.library), self.library.encoder, self.library.idf)

    def _written(
        self, answer: Answer, found: SelectedEvidence, carried: float, began: float
    ) -> Iterator[Answer]:
        """The answer while the model writes, and after its words were checked; the evidence itself where nothing of them holds."""
        assert self.model.chat is not None
        messages, given = self._prompts.messages(
            answer.searched, answer.evidence[: self.model.evidence], self.model.budget
        )
        how: dict[str, Any] = {"stop": ["\n\n", "\nQuestion:"]}
        if self.model.extractive:
            how = {
                "sentences": [prompt_text(item) for item in given],
                "leanings": [EXCLUDED, *(RANKING_WEIGHT * item.score for item in given)],
            }
        written, problems = "", []
        chances: list[float] = []
        try:
            # Closing langchain's generator ends the model's turn too.
            with closing(
                cast(Generator[AIMessageChunk, None, None], self.model.chat.stream(messages, **how))
            ) as pieces:
                for piece in pieces:
                    self._go_on()
                    written += piece.text
                    chances = piece.response_metadata.get("chances", chances)
                    if used := piece.usage_metadata:
                        read, tokens = used["input_tokens"], used["output_tokens"]
                        answer = answer.replace(
                            timings=replace(answer.timings, tokens_read=read, tokens_written=tokens)
                        )
                    if answer.timings.first_word is None and written.strip():
                        answer = answer.replace(timings=replace(answer.timings, first_word=_since(began)))
                    if visible_text(written) != answer.draft:
                        answer = answer.replace(draft=visible_text(written))
                        yield answer
        except self.model.errors as error:
            self._go_on()  # the model may have ended with the program
            answer = answer.replace(codes=("without_model",))
            problems.append(
                f"Shown without the model: {str(error).rstrip('.')}. If this goes on, check DATELINE_MODEL ({self.model.name})."
            )
        refusal = _REFUSAL.search(written) or written.startswith(self._prompts.refusal)
        if (self.model.may_refuse and refusal) or (
            self.model.extractive and not is_answerable(carried, chances[0] if chances else None)
        ):
            yield self._finished(self._refused(answer), began)
            return
        told = partial(_pointed, chances=chances) if self.model.extractive else _checked
        yield self._finished(told(answer, written, given, found, problems), began)

    def _finished(self, answer: Answer, began: float) -> Answer:
        return answer.replace(draft="", timings=replace(answer.timings, total=_since(began)))

    def _refused(self, answer: Answer) -> Answer:
        coverage = self.library.coverage()
        told: tuple[AnswerCode, str] = (
            "not_said",
            " ".join(
                filter(
                    None,
                    [
                        describe_missing(answer.question, answer.evidence),
                        describe_date_range(answer.evidence),
                        describe_coverage(coverage),
                    ],
                )
            ),
        )
        if not coverage.articles:
            told = (
                "collection_empty",
                "The collection is empty. Add articles with: python -m corpus add FOLDER",
            )
        elif not answer.evidence and answer.filters:
            filters = describe_filters(answer.filters)
            told = (
                "nothing_in_filter",
                f"No article passes the filter ({filters}). Remove it to search all {coverage.articles} articles.",
            )
        return answer.replace(status="unanswerable", codes=(*answer.codes, told[0]), message=told[1])


def _evidence(found: SelectedEvidence) -> tuple[Evidence, ...]:
    ranked, wanted = found.ranked, found.wanted
    if found.dated:
        best = sorted(found.dated, key=lambda figure: -figure.fit)
        return tuple(dict.fromkeys([*(figure.evidence for figure in best), *ranked]))[:_SHOWN]
    if wanted.change or wanted.overview:
        ranked = filter_by_years(best_per_article(ranked, asks_for_number(found.subject)), wanted.dates)
    return tuple(ranked[:_SHOWN])


Bound = tuple[str, Sequence[Evidence], str]  # a statement's text, the evidence that it cites, its verdict


def _quoted(answer: Answer, found: SelectedEvidence) -> Answer:
    """The evidence itself as the answer: the best sentence, or one an article, newest first, where the question asks for several."""
    best = answer.evidence[0]
    if found.things > 1:
        chosen = list(answer.evidence[: found.things])
    elif found.wanted.several:
        chosen = sorted(
            (item for item in answer.evidence[:_SEQUENCE] if item.score >= best.score - _WITHIN_SEQUENCE),
            key=_newest_first,
        )
    else:
        chosen = [item for item in answer.evidence[:2] if item.score >= best.score - _NEARLY_AS_GOOD]
    return _stated(answer, [(item.text, [item], QUOTED) for item in chosen], found)


def _dated(answer: Answer, found: SelectedEvidence) -> Answer:
    """The figures that the question asks for, newest first, each in its article's own words."""
    answer = _stated(
        answer,
        [(item.text, [item], QUOTED) for item in dict.fromkeys(figure.evidence for figure in found.dated)],
        found,
    )
    if disagree(found.dated) and SOURCES_DISAGREE not in answer.warnings:
        answer = answer.replace(warnings=(*answer.warnings, SOURCES_DISAGREE))
    return answer


def _checked(
    answer: Answer, written: str, given: Sequence[Evidence], found: SelectedEvidence, problems: list[str]
) -> Answer:
    """The sentences that the model wrote and the evidence carries; where none is left, the evidence itself."""
    bound: list[Bound] = []
    for draft in parse_drafts(written):
        cited, reasons = find_support(draft, given)
        if cited:
            bound.append((draft.text, cited, SUPPORTED))
        else:
            problems.append(f"Dropped “{draft.text}”: {'; '.join(reasons)}.")
    answer = answer.replace(warnings=tuple(problems))
    if not bound:
        return _quoted(answer, found)
    return _stated(answer, bound, found)


def _pointed(
    answer: Answer,
    written: str,
    given: Sequence[Evidence],
    found: SelectedEvidence,
    problems: list[str],
    chances: Sequence[float],
) -> Answer:
    """The sentence that a trained reader points to and the best one where that is another, newest first, with the words that answer.

    Where it is not sure of the best one, the next is quoted too if it is nearly as good. What it writes only marks words of articles.
    """
    told = dict(parse_extractive_answer(written, given))
    answer = answer.replace(warnings=tuple(problems))
    if not told:
        return _quoted(answer, found)
    best, *others = answer.evidence
    chosen = list(dict.fromkeys([best, *told]))
    if len(chosen) == 1 and chances and chances[1] <= CONFIDENCE_THRESHOLD:
        chosen += [item for item in others[:1] if item.score >= best.score - _NEARLY_AS_GOOD]
    words = {item: item.words or told.get(item, "") for item in sorted(chosen, key=_newest_first)}
    answer = _stated(answer, [(item.text, [item], QUOTED) for item in words], found)
    marked = [
        replace(statement, words=said)
        for statement, said in zip(answer.statements, words.values(), strict=False)
    ]
    return answer.replace(statements=(*marked, *answer.statements[len(words) :]))


def _stated(answer: Answer, bound: Sequence[Bound], found: SelectedEvidence) -> Answer:
    """The answer with its statements: rivals of what is cited stand beside it, and named dates that nothing cited speaks of make it a partial one."""
    cited = [item for _, items, _ in bound for item in items]
    rivals = [
        other for item in cited if (other := find_conflict(item, answer.evidence)) and other not in cited
    ]
    denied = None if found.wanted.several else find_denial(answer.searched, answer.evidence)
    denied = denied if denied not in cited else None
    others = dict.fromkeys([*rivals, *([denied] if denied else [])])
    statements = number_citations([*bound, *((other.text, [other], QUOTED) for other in others)])
    statements = labelled(
        answer.searched,
        found.subject,
        statements,
        [*dict.fromkeys([*cited, *others, *answer.evidence])],
        found.wanted,
    )
    answer = answer.replace(status="answered", statements=statements)
    if denied:
        answer = answer.replace(
            warnings=(
                *answer.warnings,
                "An article denies something here; read whether the question takes it for granted.",
            )
        )
    if rivals or any(find_conflict(item, cited) for item in cited):
        answer = answer.replace(warnings=(*answer.warnings, SOURCES_DISAGREE))
    told = " ".join(
        f"{citation.quote} {citation.article.headline} {citation.article.dateline}"
        for citation in answer.citations
    )
    lacking = describe_missing_dates(found.wanted.dates, told)
    return answer.replace(status="partly", warnings=(*answer.warnings, lacking)) if lacking else answer


def _newest_first(item: Evidence) -> int:
    return -(item.article.published.first if item.article.published else date.min).toordinal()


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def describe_coverage(coverage: Coverage) -> str:
    """What a collection holds, in a sentence."""
    years = list(dict.fromkeys(day.year for day in (coverage.earliest, coverage.latest) if day))
    span = f" from {years[0]} to {years[-1]}" if len(years) > 1 else f" of {years[0]}" if years else ""
    undated = f", {coverage.undated} of them undated" if coverage.undated else ""
    return f"The collection holds {coverage.articles:,} articles of {len(coverage.publishers)} publishers{span}{undated}."


def describe_filters(filters: Filters) -> str:
    """A filter in words: "since 2018-01-01, publisher Meridian Wire"."""
    parts = [
        f"since {filters.since}" if filters.since else "",
        f"until {filters.until}" if filters.until else "",
    ]
    parts += [
        f"publisher {' or '.join(filters.publishers)}" if filters.publishers else "",
        f"article {' or '.join(filters.articles)}" if filters.articles else "",
    ]
    return ", ".join(part for part in parts if part)
