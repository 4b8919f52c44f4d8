"""Hybrid search: find passages by words and by meaning, part by part of a question, and fuse the scores.

`Retriever` is a langchain `BaseRetriever`, so it can be used in any chain.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import fsum
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from numpy.typing import NDArray
from pydantic import ConfigDict

from corpus.passages import Passage, sentence_stems
from corpus.store.filters import Filters
from corpus.words import content_words, stem
from embeddings.library import Library, as_document
from rag import limits
from rag.query.parts import QuestionPart, SearchQuery
from rag.retrieval.deduplication import deduplicate_passages
from rag.retrieval.expansion import QueryExpansion

# hand-set on the sample questions; issue J replaces it
_NEWNESS_DEPTH = 12  # best passages among which newness counts
_SENTENCE_DEPTH = 40  # limit: best passages whose sentences are compared with the question


@dataclass(frozen=True, slots=True)
class Scoring:
    """The weight of each signal in a passage's score.

    The defaults were measured in rag/evaluation/results/retrieval.json, which has a row without each of them.
    The scores of a search are normalised to 0..1 before they are added, so the weights do not depend on the
    question.
    """

    words: float = 0.8  # share of the search by words; the search by meaning has the rest
    pairs: bool = True  # also search for neighbouring words as phrases
    wordings: bool = True  # also search for other spellings, numerals, acronyms and corrected typing errors
    sources: bool = True  # do not search for the phrases that name a publisher or a day
    clauses: bool = True  # search each clause too; a passage gets the mean of its best two scores
    preference: float = 0.6  # for a publisher that the question or clause names, and again for a day
    sentence: float = 0.4  # for a single sentence with all words of a part
    newness: float = 0.3  # for the newest of the best passages, if the question asks for the latest


@dataclass(frozen=True, slots=True)
class Rank:
    """The place (from 1) and score that one signal gave a passage.

    `by` is "words", "meaning", "preference", "sentence", "newness" or "earlier".
    """

    by: str
    place: int
    score: float


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A passage that a search found.

    `score` is comparable only within one result list; higher is better. `ranks` explains it. `also_in` holds
    the passages of other publishers that repeat this one.
    """

    passage: Passage
    score: float
    ranks: tuple[Rank, ...]
    also_in: tuple[Passage, ...] = ()


ScoredIds = list[tuple[int, float]]  # (passage id, score), best first


@dataclass(frozen=True, slots=True)
class _PartResult:
    """The fused scores of the passages that one part found, and the ranks behind them, by passage id."""

    scores: Mapping[int, float]
    ranks: Mapping[int, list[Rank]]


def min_max_normalise(found: ScoredIds, scale: ScoredIds | None = None) -> dict[int, float]:
    """Return the scores scaled to 0..1: the best of `scale` (by default `found`) to 1, its worst to 0.

    Scores outside the range are clipped.

    >>> min_max_normalise([(7, 9.0), (8, 6.0), (9, 3.0)])
    {7: 1.0, 8: 0.5, 9: 0.0}
    """
    scores = [score for _, score in (scale or found)]
    lowest, highest = min(scores, default=0.0), max(scores, default=0.0)
    span = highest - lowest
    return {number: min(1.0, max(0.0, (score - lowest) / span)) if span else 1.0 for number, score in found}


class Retriever(BaseRetriever):
    """Searches one library for passages that bear on a question."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    library: Library
    k: int = 10
    scoring: Scoring = Scoring()

    @cached_property
    def expansion(self) -> QueryExpansion:
        """The query expansion with the library's vocabulary."""
        return QueryExpansion(self.library)

    def search_text(self, text: str, k: int | None = None, filters: Filters | None = None) -> list[SearchHit]:
        """Parse a text and return the `k` best passages for it, best first."""
        return self.search(SearchQuery.parse(text, self.library.coverage().publishers), k, filters)

    def search(
        self, query: SearchQuery, k: int | None = None, filters: Filters | None = None
    ) -> list[SearchHit]:
        """Return the `k` best passages for a query, best first; `filters` apply before both searches."""
        parts = query.parts if self.scoring.clauses else query.parts[:1]
        if not self.scoring.sources:
            parts = tuple(replace(part, text=part.full_text) for part in parts)
        hits = self._fuse([*self._search_parts(parts, filters)])
        hits = _best_first(self._with_sentence_scores(hits[:_SENTENCE_DEPTH], parts)) + hits[_SENTENCE_DEPTH:]
        if query.latest:
            newest = _with_newness(hits[:_NEWNESS_DEPTH], self.scoring.newness)
            hits = _best_first(newest) + hits[_NEWNESS_DEPTH:]
        hits = [replace(hit, score=round(hit.score, 4)) for hit in hits]
        unique = deduplicate_passages([hit.passage for hit in hits], k or self.k)
        return [replace(hits[n], also_in=copies) for n, copies in unique]

    def _search_parts(self, parts: Sequence[QuestionPart], filters: Filters | None) -> Iterator[_PartResult]:
        vectors = self.library.encoder.encode_queries([part.text for part in parts])
        for part, vector in zip(parts, vectors, strict=True):
            yield self._search_part(part, vector, filters)

    def _fuse(self, results: Sequence[_PartResult]) -> list[SearchHit]:
        """Return the best candidates, best first; each has the mean of its best two parts' scores."""
        fused = {
            number: _mean_of_best_two([result.scores.get(number, 0.0) for result in results])
            for result in results
            for number in result.scores
        }
        best = heapq.nlargest(limits.CANDIDATES, fused, key=lambda number: (fused[number], -number))
        return _best_first(
            SearchHit(passage, fused[number], _first_ranks(number, results))
            for number, passage in self.library.passages(best).items()
        )

    def _search_part(
        self, part: QuestionPart, vector: NDArray[np.float32], filters: Filters | None
    ) -> _PartResult:
        """Search for one part of a question by words and by meaning, and prefer the sources that it names."""
        scores: dict[int, float] = defaultdict(float)
        ranks: dict[int, list[Rank]] = defaultdict(list)
        names_sources = self.scoring.preference and bool(part.sources)
        for by, weight, search in self._searches(part, vector):
            best = search(limits.CANDIDATES, filters)
            # The named sources may have nothing among the best of all, so they are searched too, on the same
            # scale.
            named = search(limits.CANDIDATES, part.sources.filters) if names_sources and not filters else []
            for number, score in min_max_normalise([*best, *named], best).items():
                scores[number] += weight * score
            for place, (number, score) in enumerate(best, 1):
                ranks[number].append(Rank(by, place, round(score, 4)))
        for number, passage in self.library.passages(scores).items() if names_sources else ():
            preference = self.scoring.preference * part.sources.match_count(passage.article)
            if preference:
                scores[number] += preference
                ranks[number].append(Rank("preference", 1, round(preference, 4)))
        return _PartResult(scores, ranks)

    def _searches(
        self, part: QuestionPart, vector: NDArray[np.float32]
    ) -> list[tuple[str, float, Callable[[int, Filters | None], ScoredIds]]]:
        """Return the name, the weight and the function of each search for one part of a question."""
        query = self.expansion.fts_query(part.text, self.scoring.pairs, self.scoring.wordings)
        return [
            ("words", self.scoring.words, partial(self.library.search_by_words, query)),
            ("meaning", 1 - self.scoring.words, partial(self.library.search_by_vector, vector)),
        ]

    def _with_sentence_scores(
        self, hits: Iterable[SearchHit], parts: Sequence[QuestionPart]
    ) -> Iterator[SearchHit]:
        """Add to each hit the share of a part's words, weighted by idf, that its best sentence contains.

        Of several parts, the mean of the best two counts.
        """
        weights = [
            {stem(word): self.library.idf(word) for word in content_words(part.text)} for part in parts
        ]
        for hit in hits:
            stems = sentence_stems(hit.passage.text)
            gain = self.scoring.sentence * _mean_of_best_two([_best_share(words, stems) for words in weights])
            yield _with_gain(hit, "sentence", gain)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **extra: Any
    ) -> list[Document]:
        return [
            as_document(hit.passage) for hit in self.search_text(query, extra.get("k"), extra.get("filters"))
        ]


def _mean_of_best_two(scores: Sequence[float]) -> float:
    """Return the mean of the best two scores; a passage on two parts outranks one on a single part."""
    best = heapq.nlargest(2, scores)
    return sum(best) / len(best)


def _best_share(weights: dict[str, float], sentences: Iterable[frozenset[str]]) -> float:
    """Return the largest share of the words' total weight that one sentence contains."""
    total = fsum(weights.values()) or 1.0  # exact, whatever the order of a set
    shares = (fsum(weights[word] for word in weights.keys() & sentence) for sentence in sentences)
    return max(shares, default=0.0) / total


def _first_ranks(number: int, results: Sequence[_PartResult]) -> tuple[Rank, ...]:
    """Return the ranks from the first part that found a passage; the whole question is the first."""
    return tuple(next((result.ranks[number] for result in results if number in result.ranks), ()))


def _best_first(hits: Iterable[SearchHit]) -> list[SearchHit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.article.id, hit.passage.start))


def _with_gain(hit: SearchHit, by: str, gain: float) -> SearchHit:
    return replace(hit, score=hit.score + gain, ranks=(*hit.ranks, Rank(by, 1, round(gain, 4))))


def _with_newness(hits: list[SearchHit], newness: float) -> list[SearchHit]:
    """Add to each hit a share of `newness` that grows from the oldest article to the newest."""
    days = [hit.passage.article.published.first.toordinal() for hit in hits if hit.passage.article.published]
    if not days or min(days) == max(days):
        return hits
    raised = []
    for hit in hits:
        published = hit.passage.article.published
        gain = (
            newness * (published.first.toordinal() - min(days)) / (max(days) - min(days))
            if published
            else 0.0
        )
        raised.append(_with_gain(hit, "newness", gain))
    return raised
