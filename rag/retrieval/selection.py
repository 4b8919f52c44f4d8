"""Select the evidence for a question from the passages that were retrieved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from embeddings.reranker import Reranker
from rag.query.parse import ParsedQuestion
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import (
    SHORTLIST_SIZE,
    Evidence,
    best_per_article,
    deduplicate,
    filter_by_years,
    rank_sentences,
)
from rag.retrieval.retrieve import evidence_breadth
from rag.retrieval.search import SearchHit
from rag.retrieval.series import select_values, whole_articles
from rag.retrieval.subquestions import best_for_each, put_first
from rag.retrieval.values import DatedValue

_DEDUPLICATED = 12  # limit: best sentences whose near-copies are looked for; what is shown is among them
_CLAUSE_SENTENCES = 8  # limit: ranked for each clause of a long question
_SHOWN = 6  # limit: pieces of evidence on the page and in an answer
# How much worse than the best sentence the newest may be, if the question asks for what is so now: as among
# the dates of rag/retrieval/series.py.
_NEWEST_GAP = 3.0  # hand-set on questions of our own; issue J replaces it


@dataclass(frozen=True, slots=True)
class SelectedEvidence:
    """The evidence for a question.

    question: the question that it was selected for.
    hits: the passages that were read.
    ranked: their sentences, best first; the first `answered` ones answer a sub-question each.
    values: the values over time, newest first; none if the question asks for none or none fits it.
    answered: how many sub-questions were answered on their own, 1 for a question for one thing.
    shown: the best sentences for the question's intent, as the page and the model get them.
    """

    question: ParsedQuestion
    hits: tuple[SearchHit, ...]
    ranked: tuple[Evidence, ...]
    values: tuple[DatedValue, ...]
    answered: int
    shown: tuple[Evidence, ...]

    @property
    def several(self) -> bool:
        """True if one sentence is not enough: for values over time, several sides or several questions."""
        return bool(self.values) or self.question.intent.several or self.answered > 1


@dataclass(frozen=True, slots=True)
class PartEvidence:
    """A question or a clause of it, and the sentences that are ranked for it, best first."""

    part: QuestionPart
    ranked: tuple[Evidence, ...]


def select_evidence(
    question: ParsedQuestion, hits: Sequence[SearchHit], reranker: Reranker, k: int
) -> SelectedEvidence:
    """Select the evidence from retrieved passages; `k` is how many of them are read for a fact."""
    selected = _select_values(question, hits, reranker) if question.wants_values else None
    return selected or _select_sentences(question, hits, reranker, k)


def rank_by_clause(evidence: SelectedEvidence, reranker: Reranker) -> list[PartEvidence]:
    """Return the evidence for the question and, if it has clauses, the best sentences for each of them.

    This takes as long as selecting the evidence, so it is done after that is shown.
    """
    question = evidence.question
    clauses = () if evidence.values else question.clauses
    return [
        PartEvidence(question.topic, evidence.ranked),
        *(
            PartEvidence(clause, tuple(rank_sentences(clause, evidence.hits, reranker, _CLAUSE_SENTENCES)))
            for clause in clauses
        ),
    ]


def _select_values(
    question: ParsedQuestion, hits: Sequence[SearchHit], reranker: Reranker
) -> SelectedEvidence | None:
    """Select the values that whole articles hold; None if no value fits the question."""
    articles = whole_articles(hits)
    admitted = rank_sentences(
        question.topic, articles, reranker, 2 * SHORTLIST_SIZE, question.answer_type.admits
    )
    ranked = deduplicate(admitted, articles, 2 * _DEDUPLICATED)
    values = select_values(question, ranked)
    if not values:
        return None
    best_first = sorted(values, key=lambda value: -value.score)
    shown = tuple(dict.fromkeys([*(value.evidence for value in best_first), *ranked]))[:_SHOWN]
    return SelectedEvidence(question, tuple(articles), tuple(ranked), tuple(values), 1, shown)


def _select_sentences(
    question: ParsedQuestion, hits: Sequence[SearchHit], reranker: Reranker, k: int
) -> SelectedEvidence:
    """Select the sentences that bear on the question and on each of its sub-questions."""
    breadth = evidence_breadth(question)
    hits = hits[: breadth * k]
    ranked = rank_sentences(question.topic, hits, reranker, breadth * SHORTLIST_SIZE)
    if question.followup:
        own = rank_sentences(question.followup, hits, reranker, breadth * SHORTLIST_SIZE)
        ranked = combine_scores(ranked, own)
    best = best_for_each(question.subquestions, hits, reranker)
    ranked = deduplicate(put_first(best, ranked), hits, breadth * _DEDUPLICATED)
    shown = tuple(_for_intent(question, ranked)[:_SHOWN])
    return SelectedEvidence(question, tuple(hits), tuple(ranked), (), max(1, len(best)), shown)


def _for_intent(question: ParsedQuestion, ranked: Sequence[Evidence]) -> Sequence[Evidence]:
    """Return the sentences to show: for an account of several articles the best of each."""
    if not (question.intent.change or question.intent.overview):
        # Of several sub-questions each has its sentence in front, in their order.
        one = len(question.subquestions) < 2
        return _newest_first(ranked) if question.wants_newest and one else ranked
    best = best_per_article(ranked, question.topic.answer_type.kind == "number")
    return filter_by_years(best, question.dates)


def _newest_first(ranked: Sequence[Evidence]) -> list[Evidence]:
    """Return the sentences with the best one of the newest article first, if it is nearly as good as any."""
    near = [item for item in ranked[:_SHOWN] if item.score >= ranked[0].score - _NEWEST_GAP]
    return list(dict.fromkeys([max(near, key=attrgetter("day")), *ranked])) if near else []


def combine_scores(ranked: Sequence[Evidence], own: Sequence[Evidence]) -> list[Evidence]:
    """Return sentences ranked for a rewritten follow-up, by the mean of that score and of `own`.

    `own` are the same sentences ranked for the question as it was typed. The subject that was added finds the
    articles; among their sentences the question's own words should decide.
    """
    scores = {(item.article.id, item.start): item.score for item in own}
    lowest = min(scores.values(), default=0.0)

    def mean(item: Evidence) -> float:
        return round((item.score + scores.get((item.article.id, item.start), lowest)) / 2, 3)

    return sorted((replace(item, score=mean(item)) for item in ranked), key=lambda item: -item.score)
