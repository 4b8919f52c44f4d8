"""Select the best sentence for each of several sub-questions."""

from collections.abc import Sequence
from dataclasses import replace

from embeddings.reranker import Reranker
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence, find_conflict, rank_sentences
from rag.retrieval.search import SearchHit

_SENTENCES = 12  # limit: compared for each sub-question; the search has put the best first


def best_for_each(
    questions: Sequence[QuestionPart], hits: Sequence[SearchHit], reranker: Reranker
) -> list[Evidence]:
    """Return the best sentence for each of several sub-questions, in their order, each sentence once.

    For a publisher that is named only its own articles count, those of the named day if there are any.
    Returns no sentence for a single sub-question, which is the whole question.
    """
    if len(questions) < 2:
        return []
    best: dict[tuple[str, int], Evidence] = {}
    for question in questions:
        for item in rank_sentences(question, _of_sources(question, hits), reranker, _SENTENCES):
            if find_conflict(item, best.values()):
                continue  # a near-copy with another figure, which is shown beside the first one anyway
            if best.setdefault((item.article.id, item.start), item) is item:
                break
    return list(best.values())


def _of_sources(question: QuestionPart, hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return the hits in articles of the named publishers, of those the ones that match best."""
    sources = question.sources
    own = [
        hit for hit in hits if not sources.publishers or hit.passage.article.publisher in sources.publishers
    ]
    counts = [sources.match_count(hit.passage.article) for hit in own]
    most = max(counts, default=0)
    return [hit for hit, count in zip(own, counts, strict=True) if count == most]


def put_first(first: Sequence[Evidence], ranked: Sequence[Evidence]) -> list[Evidence]:
    """Return the ranked sentences with some of them first.

    Those keep the score that they have for the whole question, and the answering words for their own.
    """
    scored = {(item.article.id, item.start): item for item in ranked}
    lowest = min((item.score for item in ranked), default=0.0)
    best = [
        replace(scored.get((item.article.id, item.start), replace(item, score=lowest)), words=item.words)
        for item in first
    ]
    places = {(item.article.id, item.start) for item in best}
    return [*best, *(item for item in ranked if (item.article.id, item.start) not in places)]
