"""Retrieve the passages among which the evidence for a question is selected."""

from collections.abc import Sequence
from dataclasses import replace

from rag.query.parse import ParsedQuestion
from rag.query.parts import SearchQuery
from rag.retrieval.search import Rank, Retriever, SearchHit

_WIDER_FOR_EXCHANGE = 3  # limit: times as many hits, where the articles of the exchange before are preferred
_WIDER_FOR_VALUES = 5  # limit: times as many passages, for the value that each article holds
_EXCHANGE_ARTICLES = 2  # limit: articles that the previous exchange is taken to be about
_EXCHANGE_BONUS = (
    0.5  # for their passages, added to a score. hand-set on the sample questions; issue J replaces it
)


def retrieve(question: ParsedQuestion, retriever: Retriever) -> list[SearchHit]:
    """Return the passages for a question, best first; more if values are to be compared between articles."""
    times = _WIDER_FOR_VALUES if question.wants_values else evidence_breadth(question)
    return _search(question.query, question, retriever, times * retriever.k)


def search_passages(question: ParsedQuestion, retriever: Retriever, k: int) -> list[SearchHit]:
    """Return the `k` best passages for all words of a question, for a search without an answer."""
    return _search(question.query, question, retriever, k)


def evidence_breadth(question: ParsedQuestion) -> int:
    """Return how many times as much evidence as for a fact is read: an account needs several articles."""
    return 2 if question.intent.change or question.intent.overview else 1


def _search(query: SearchQuery, question: ParsedQuestion, retriever: Retriever, k: int) -> list[SearchHit]:
    if not question.previous_query:
        return retriever.search(query, k, question.filters)
    hits = retriever.search(query, _WIDER_FOR_EXCHANGE * k, question.filters)
    return prefer_articles_of(retriever.search(question.previous_query, k, question.filters), hits, k)


def prefer_articles_of(exchange: Sequence[SearchHit], hits: Sequence[SearchHit], k: int) -> list[SearchHit]:
    """Return the best `k` hits if the articles of the first hits for the previous exchange are preferred."""
    articles = list(dict.fromkeys(hit.passage.article.id for hit in exchange))[:_EXCHANGE_ARTICLES]
    rank = Rank("earlier", 1, _EXCHANGE_BONUS)
    raised = [
        replace(hit, score=round(hit.score + _EXCHANGE_BONUS, 4), ranks=(*hit.ranks, rank))
        if hit.passage.article.id in articles
        else hit
        for hit in hits
    ]
    return sorted(raised, key=lambda hit: (-hit.score, hit.passage.article.id, hit.passage.start))[:k]
