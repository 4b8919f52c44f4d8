"""The controls: systems that are asked the same questions as the product, and what each of them shows.

A figure that such a system reaches says little about the product.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from corpus.store.filters import Filters
from embeddings.library import Library
from rag.answers.answer import Answer
from rag.assistant import Assistant
from rag.evaluation.controls.recipe import NewcomerRecipe, QuestionAlone
from rag.evaluation.gold.questions import EvaluationError, GoldQuestion
from rag.evaluation.measures.answers import relevance
from rag.generation.prompts import Prompts
from rag.generation.readers import STANDARD
from rag.generation.registry import AnswerModel, open_model
from rag.query.followups import Turn
from rag.query.parts import SearchQuery
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Retriever, SearchHit
from rag.settings import NO_MODEL, Settings
from rag.verification.citations import QUOTED, number_citations

_SEED = 20261121  # of the question whose evidence another one gets
_PASSAGES_SWAPPED = 40  # limit: of the other question; more than are read for any


class System(Protocol):
    """What a run asks: a library, its search and its answers."""

    @property
    def library(self) -> Library: ...

    def search(self, question: str, k: int, history: Sequence[Turn]) -> list[SearchHit]: ...

    def ask(self, question: str, history: Sequence[Turn]) -> Answer: ...


class BestSentence:
    """The product's best sentence for a question, quoted; it never refuses."""

    def __init__(self, assistant: Assistant) -> None:
        self.library, self._assistant = assistant.library, assistant

    def search(self, question: str, k: int = 10, history: Sequence[Turn] = ()) -> list[SearchHit]:
        """Return the product's passages."""
        return self._assistant.search(question, k, history=history)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Return the first piece of the evidence as the whole answer."""
        begun = next(self._assistant.stream(question, history))  # with its evidence, before it is judged
        return _quoted(begun, begun.evidence[:1])


class BestPassage(BestSentence):
    """The product's best passage for a question, quoted whole; it never refuses."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Return the first passage of the search as the whole answer."""
        whole = [
            Evidence(hit.passage, hit.passage.start, hit.passage.end, hit.score, hit.score)
            for hit in self.search(question, 1, history)
        ]
        return _quoted(Answer(question, question, "answered", evidence=tuple(whole)), whole)


class GivenHits(Retriever):
    """A retriever that finds the same passages whatever it is asked."""

    hits: tuple[SearchHit, ...] = ()

    def search(
        self, query: SearchQuery, k: int | None = None, filters: Filters | None = None
    ) -> list[SearchHit]:
        """Return the first `k` of the given passages."""
        return list(self.hits[:k])


class SwappedEvidence:
    """The product, given for each question the passages that it finds for another one.

    Passages of the articles that answer the question itself are left out: what is right is right by chance.
    """

    def __init__(self, assistant: Assistant, prompts: Prompts, questions: Sequence[GoldQuestion]) -> None:
        self.library, self._assistant, self._prompts = assistant.library, assistant, prompts
        self._own = {gold.question: gold for gold in questions}
        self._others = swap_questions(questions)

    def search(self, question: str, k: int = 10, history: Sequence[Turn] = ()) -> list[SearchHit]:
        """Return the passages of the other question."""
        other, own = self._others[question], self._own[question]
        hits = self._assistant.search(other.question, _PASSAGES_SWAPPED, history=other.history)
        return [hit for hit in hits if not any(relevance(own, [hit.passage.article]))][:k]

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Return the product's answer from the other question's passages."""
        hits = tuple(self.search(question, _PASSAGES_SWAPPED, history))
        retriever = GivenHits(library=self.library, k=self._assistant.retriever.k, hits=hits)
        answer = Assistant(retriever, self._assistant.model, self._prompts).ask(question, history)
        return answer.replace(confidence=None)  # what it would say anyway is not asked


def swap_questions(questions: Sequence[GoldQuestion]) -> dict[str, GoldQuestion]:
    """Return another question for each, by its text: drawn, with a seed, from those on other articles.

    Raises:
        EvaluationError: all questions are about the same articles.
    """
    others = {}
    for gold in questions:
        articles = {quote.article for quote in gold.evidence}
        pool = [
            item
            for item in questions
            if item.question != gold.question and not articles & {quote.article for quote in item.evidence}
        ]
        if not pool:
            raise EvaluationError(
                f'no question is about other articles than "{gold.id}"; add questions to the gold file'
            )
        others[gold.question] = random.Random(f"{_SEED} {gold.id}").choice(pool)
    return others


@dataclass(frozen=True, slots=True)
class Control:
    """A control's name, what it shows, and which model it is asked with: the run's, none, or a larger one.

    One that finds what the product finds says nothing about search.
    """

    name: str
    shows: str
    build: Callable[[Assistant, AnswerModel, Sequence[GoldQuestion]], System]
    reader: str = NO_MODEL  # a reader's name; "" for the run's own
    as_product: bool = False  # the model keeps its adapter
    finds_the_same: bool = False


def _recipe(assistant: Assistant, model: AnswerModel, questions: Sequence[GoldQuestion]) -> System:
    if model.chat is None:
        raise EvaluationError("a recipe needs a model; set DATELINE_MODEL to another one than none")
    return NewcomerRecipe(assistant.library, model.chat)


def _swapped(assistant: Assistant, model: AnswerModel, questions: Sequence[GoldQuestion]) -> System:
    asking = Assistant(assistant.retriever, model, Prompts.for_model(model.extractive))
    return SwappedEvidence(asking, Prompts.for_model(model.extractive), questions)


CONTROLS = {
    control.name: control
    for control in (
        Control("quotes", "Dateline without a language model", lambda one, *_: one, finds_the_same=True),
        Control(
            "best-sentence",
            "the best sentence, quoted",
            lambda one, *_: BestSentence(one),
            finds_the_same=True,
        ),
        Control(
            "best-passage",
            "the best passage, quoted whole",
            lambda one, *_: BestPassage(one),
            finds_the_same=True,
        ),
        Control("swapped", "another question's passages", _swapped, reader="", as_product=True),
        Control(
            "evidence-blind",
            "the question alone",
            lambda one, model, _: QuestionAlone(one.library, model.chat),
            reader="",
        ),
        Control("recipe", "a tutorial's recipe with the same model", _recipe, reader=""),
        Control("recipe-larger", f"the recipe with {STANDARD.model}", _recipe, reader=STANDARD.name),
    )
}


def control_model(control: Control, settings: Settings) -> AnswerModel:
    """Open the model of a control; the recipes and the question alone get it without its adapter.

    Raises:
        ModelMissing: the larger model has not been fetched; the message says how.
    """
    adapter = settings.adapter if control.as_product else NO_MODEL
    return open_model(replace(settings, model=control.reader or settings.model, adapter=adapter))


def _quoted(answer: Answer, evidence: Sequence[Evidence]) -> Answer:
    """Return an answer that quotes some evidence and nothing else; a refusal where there is none."""
    statements = number_citations([(item.text, (item,), QUOTED) for item in evidence])
    return answer.replace(status="answered" if statements else "unanswerable", statements=statements)
