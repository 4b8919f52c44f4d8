"""Rank the sentences of the passages that a search found by how well they answer a question."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article, PartialDate
from corpus.dates import MONTH, YEAR
from corpus.passages import Passage, sentence_spans
from corpus.scripts import is_question
from corpus.words import content_stems, repeats
from embeddings.encoder import Encoder
from embeddings.reranker import Prediction, Reranker, Window
from rag.quantities.quantities import parse_quantities
from rag.query.answer_type import AnswerKind, AnswerType
from rag.query.parts import QuestionPart
from rag.retrieval.deduplication import comparison_text, find_copies
from rag.retrieval.search import Rank, SearchHit

# The features of a sentence, in the order of the weights.
FEATURES = (
    "cosine with headline",
    "cosine alone",
    "shared words",
    "hit",
    "kind of answer",
    "length",
    "reranker",
)
# Fitted by benchmarks/fit_evidence.py on the development half of corpus/gold.jsonl.
WEIGHTS = np.array([8.6, 2.9, 7.4, 4.7, 2.9, 0.6, 0.35])
# Fitted by the same script before there was a reranker ("six features" in training/RERANKER.md). The last
# four choose the sentences that are encoded, all six those that the reranker reads.
_WEIGHTS_BEFORE_RERANKING = np.array([10.1, 4.8, 8.3, 3.7, 1.4, 1.3])
# Only the features that are comparable between questions; `rag.verification.answerability` weighs their sum.
# hand-set on the sample questions; issue J replaces it
RELEVANCE_WEIGHTS = np.array([6.0, 3.0, 6.0, 3.0, 0.0, 0.0, 0.0])
# limit: sentences that are encoded for a question; with all of them it takes three times as long
SHORTLIST_SIZE = 24
# The share of the shortlist that the reranker reads, which costs as much as the encoder. Measured in
# training/RERANKER.md: reading all takes half as long again and ranks no better.
_RERANKED_SHARE = 2 / 3
_MAX_WINDOW_SENTENCES = 4  # limit: about as many as the reranker read together in its training
# The probability from which the reranker's answer words are shown. Measured in training/RERANKER.md: F1 0.77,
# and 0.70 without it.
_MIN_WORDS_PROBABILITY = 0.5
_LONG_SENTENCE_CHARS = 300  # scale of the feature "length", whose weight is fitted

# hand-set on the sample questions; issue J replaces it: the patterns up to `_ANSWER_PATTERNS`
_NUMBER = re.compile(
    r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|half|third|"
    r"hundreds?|thousands?|millions?|billions?)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    rf"\b(?:{YEAR}|{MONTH}|spring|summer|autumn|winter|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|weeks?|months?|years?)\b"
)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w’'-]+")
_REASON = re.compile(
    r"\b(because|since|due|after|so that|reasons?|blame[ds]?|to avoid|owing|caused?|means?|meant|"
    r"aims?|wanted|therefore|in order)\b",
    re.IGNORECASE,
)
# What a sentence contains that can answer a question for this kind of thing.
_ANSWER_PATTERNS: dict[AnswerKind, re.Pattern[str]] = {
    "time": _TIME,
    "number": _NUMBER,
    "name": _NAME,
    "reason": _REASON,
}
# A capitalised name, or a word or figure with the signs that belong to it.
_WHOLE_WORD = re.compile(r"[A-Z][\w’'-]*(?: [A-Z][\w’'-]*)+|[\w$€£](?:[\w%’'-]|[.,](?=\w))*")
_DIGITS = re.compile(r"\d[\d.,]*")
_AMOUNT = re.compile(r"\d|\b(hundred|thousand|million|billion)\b", re.IGNORECASE)
_DATE = re.compile(rf"\b(?:\d{{1,2}} )?{MONTH}(?: \d{{1,2}},?)?(?: {YEAR})?\b|\b{YEAR}\b")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage, by its offsets in the article's body.

    `score` is comparable only within one ranking, `relevance` between questions; higher is better. `also_in`
    holds copies of its article by other publishers that contain the same sentence, `ranks` explains how its
    passage was found. `words` are the words of the sentence that answer; "" if the reranker is not sure of
    them or only the whole sentence can answer.
    """

    passage: Passage
    start: int
    end: int
    score: float
    relevance: float
    also_in: tuple[Article, ...] = ()
    ranks: tuple[Rank, ...] = ()
    words: str = ""

    @property
    def article(self) -> Article:
        """The article that the sentence is from."""
        return self.passage.article

    @property
    def text(self) -> str:
        """The sentence."""
        return self.article.body[self.start : self.end]

    @property
    def day(self) -> date:
        """The day by which its article was published, to sort by; the undated are the oldest."""
        return self.article.published.first if self.article.published else date.min


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a search hit that may become evidence, by its offsets in the article's body."""

    hit: SearchHit
    start: int
    end: int

    @property
    def article(self) -> Article:
        """The article that the sentence is from."""
        return self.hit.passage.article

    @property
    def text(self) -> str:
        """The sentence."""
        return self.article.body[self.start : self.end]


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Candidates, their features, shape (candidates, 7), and the words of each that answer (or "")."""

    candidates: list[Candidate]
    features: NDArray[np.float64]
    words: list[str]


def rank_sentences(
    question: QuestionPart,
    hits: Sequence[SearchHit],
    reranker: Reranker,
    limit: int = SHORTLIST_SIZE,
    accept: Callable[[str], bool] | None = None,
) -> list[Evidence]:
    """Return at most `limit` sentences of the hits' passages that bear on a question, best first.

    With `accept`, only the sentences that it returns True for are ranked, and without the reranker: such
    sentences are compared by their values (`rag.retrieval.series`), while the reranker expects one answer to
    a question.
    """
    table = sentence_features(question, hits, reranker, limit, accept)
    weights = WEIGHTS if accept is None else np.array([*_WEIGHTS_BEFORE_RERANKING, 0.0])
    scores = np.column_stack([table.features @ weights, table.features @ RELEVANCE_WEIGHTS]).round(3).tolist()
    evidence = [
        Evidence(item.hit.passage, item.start, item.end, score, relevance, ranks=item.hit.ranks, words=words)
        for item, (score, relevance), words in zip(table.candidates, scores, table.words, strict=True)
    ]
    return sorted(evidence, key=lambda item: (-item.score, item.article.id, item.start))


def sentence_features(
    question: QuestionPart,
    hits: Sequence[SearchHit],
    reranker: Reranker,
    limit: int = SHORTLIST_SIZE,
    accept: Callable[[str], bool] | None = None,
) -> FeatureTable:
    """Return the `limit` most promising sentences of the hits with their features, ordered as `FEATURES`.

    All features are about 0..1, except a hit's score (up to 2.6) and the reranker's log-odds that the
    sentence answers (-10..10). Questions, and what repeats this one, are left out. Encoder and reranker take
    most of the time, so the four other features choose which sentences are encoded, and the first six which
    of those are reranked; the rest get the lowest score of the reranked ones.
    """
    candidates = _candidates(hits)
    if not candidates:
        return FeatureTable([], np.empty((0, len(WEIGHTS))), [])
    cheap = _cheap_features(question, candidates)
    order = np.argsort(-cheap @ _WEIGHTS_BEFORE_RERANKING[2:], kind="stable").tolist()
    said = [n for n in order if not (is_question(t := candidates[n].text) or repeats(t, question.text))]
    shortlist = [n for n in said if accept is None or accept(candidates[n].text)][:limit]
    cosines = _cosines(question.text, [candidates[n] for n in shortlist], reranker.encoder)
    features = np.column_stack([*cosines, cheap[shortlist]])
    reranked = np.argsort(-features @ _WEIGHTS_BEFORE_RERANKING, kind="stable").tolist()
    reranked = reranked[: 0 if accept else math.ceil(_RERANKED_SHARE * len(shortlist))]
    predictions = _predict(question, candidates, [shortlist[n] for n in reranked], reranker)
    scores = np.full(len(shortlist), min((prediction.score for prediction in predictions), default=0.0))
    scores[reranked] = [prediction.score for prediction in predictions]
    words = [""] * len(shortlist)
    for n, prediction in zip(reranked, predictions, strict=True):
        words[n] = _answer_words(question.answer_type, candidates[shortlist[n]].text, prediction)
    return FeatureTable([candidates[n] for n in shortlist], np.column_stack([features, scores]), words)


def _candidates(hits: Sequence[SearchHit]) -> list[Candidate]:
    return [
        Candidate(hit, start, end)
        for hit in hits
        for start, end in sentence_spans(hit.passage.article.body, hit.passage.start, hit.passage.end)
    ]


def _cheap_features(question: QuestionPart, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """Return the features that need no model, shape (candidates, 4)."""
    texts = [candidate.text for candidate in candidates]
    fit = _kind_fit(question.answer_type)
    return np.column_stack(
        [
            _shared_words(question, candidates),
            [candidate.hit.score for candidate in candidates],
            [fit(text) for text in texts],
            [min(len(text), _LONG_SENTENCE_CHARS) / _LONG_SENTENCE_CHARS for text in texts],
        ]
    )


def _cosines(question: str, candidates: Sequence[Candidate], encoder: Encoder) -> NDArray[np.float32]:
    """Return the cosines of the question with each sentence, shape (2, candidates).

    The first row is of the sentence with its headline, the second of the sentence alone.
    """
    with_headline = [f"{candidate.article.headline}. {candidate.text}" for candidate in candidates]
    vectors = encoder.encode([question, *with_headline, *(candidate.text for candidate in candidates)])
    cosines: NDArray[np.float32] = (vectors[1:] @ vectors[0]).reshape(2, len(candidates))
    return cosines


def _shared_words(question: QuestionPart, candidates: Sequence[Candidate]) -> list[float]:
    """Return the share of the question's words, weighted by rarity, that occur in or around each sentence.

    Around it are the sentence before it and its article's headline and date, and the capitalised words of its
    publisher ("Kestrel Bay Times"): a name has no others, and what else stands there is no part of one.
    """
    wanted = set(content_stems(question.text))
    stems = [set(content_stems(candidate.text)) for candidate in candidates]
    weights = {
        word: math.log(1 + len(stems) / (1 + sum(word in sentence for sentence in stems))) for word in wanted
    }
    total = math.fsum(weights.values()) or 1.0  # exact, whatever the order of a set
    shares = []
    for n, candidate in enumerate(candidates):
        before = stems[n - 1] if _has_context(candidates, n, question) else set()
        article = candidate.article
        name = " ".join(word for word in (article.publisher or "").split() if not word[0].islower())
        around = set(content_stems(f"{article.headline} {name}, {article.day}"))
        shares.append(math.fsum(weights[word] for word in wanted & (stems[n] | before | around)) / total)
    return shares


def _has_context(candidates: Sequence[Candidate], n: int, question: QuestionPart) -> bool:
    """Return whether the n-th candidate is read with the one before; with a question if it may answer it."""
    if n == 0 or candidates[n - 1].hit is not candidates[n].hit:
        return False
    if not is_question(candidates[n - 1].text):
        return True
    fits = not question.answer_type.kind or _kind_fit(question.answer_type)(candidates[n].text) == 1
    return fits and not repeats(candidates[n - 1].text, question.text)


def _kind_fit(answer_type: AnswerType) -> Callable[[str], float]:
    """Return a function that scores how far a sentence contains the kind of thing that is asked for.

    1 if it does, 0.5 if the question leaves that open, else 0. If an amount is asked for, 1 for one in the
    requested unit, 0.5 for another, and 0 for a date or for a number that is a name.
    """
    if not answer_type.kind:
        return lambda text: 0.5
    if answer_type.kind == "number" and answer_type.amount:
        return lambda text: (1.0 if answer_type.admits(text) else 0.5) if parse_quantities(text) else 0.0
    pattern = _ANSWER_PATTERNS[answer_type.kind]
    return lambda text: float(bool(pattern.search(text)))


def _predict(
    question: QuestionPart, candidates: Sequence[Candidate], chosen: Sequence[int], reranker: Reranker
) -> list[Prediction]:
    """Return the reranker's prediction for each of the chosen candidates, read in their context."""
    runs = _runs(candidates, chosen, question)
    windows = [
        Window(candidates[run[0]].article.headline, tuple(candidates[n].text for n in run)) for run in runs
    ]
    predictions: dict[int, Prediction] = {}
    for run, window_predictions in zip(runs, reranker.predict(question.text, windows), strict=True):
        for n, prediction in zip(run, window_predictions, strict=True):
            predictions.setdefault(n, prediction)  # of two windows, the first has the context before it
    return [predictions[n] for n in chosen]


def _runs(candidates: Sequence[Candidate], chosen: Sequence[int], question: QuestionPart) -> list[list[int]]:
    """Return the runs of consecutive candidates that the reranker reads, each from one hit.

    A run begins with the context of a chosen sentence; chosen sentences that are close together share a run.
    """
    runs: list[list[int]] = []
    for n in sorted(chosen):
        if runs and _joins(candidates, runs[-1], n):
            runs[-1] += range(runs[-1][-1] + 1, n + 1)
        else:
            runs.append([n - 1, n] if _has_context(candidates, n, question) else [n])
    return runs


def _joins(candidates: Sequence[Candidate], run: Sequence[int], n: int) -> bool:
    """Return whether the n-th candidate is close to a run that is short enough to contain it."""
    return (
        candidates[run[-1]].hit is candidates[n].hit
        and n - run[0] < _MAX_WINDOW_SENTENCES
        and n - run[-1] <= 2
    )


def _answer_words(answer_type: AnswerType, text: str, prediction: Prediction) -> str:
    """Return the words of a sentence that answer; "" if they are not sure, or only a whole sentence can."""
    unsure = prediction.score < 0 or prediction.probability < _MIN_WORDS_PROBABILITY
    if unsure or answer_type.kind == "reason" or answer_type.yes_no:
        return ""
    words = whole_words(text, prediction)
    # "320 passengers and 60" does not answer a question for one number.
    return "" if answer_type.kind == "number" and len(_DIGITS.findall(words)) > 1 else words


def whole_words(text: str, prediction: Prediction) -> str:
    """Return the predicted answer in a sentence, extended to whole names, words and figures."""
    touched = [
        match
        for match in _WHOLE_WORD.finditer(text)
        if match.start() < prediction.end and prediction.start < match.end()
    ]
    return text[touched[0].start() : touched[-1].end()] if touched else ""


def deduplicate(ranked: Sequence[Evidence], hits: Sequence[SearchHit], limit: int) -> list[Evidence]:
    """Leave out sentences that repeat a better one of a copy of its article.

    Only the copies of the best `limit` sentences are looked for; each of those gets them as `also_in`.
    """
    passages = [passage for hit in hits for passage in (hit.passage, *hit.also_in)]
    articles = list({passage.article.id: passage.article for passage in passages}.values())
    kept: list[Evidence] = []
    repeated: set[tuple[str, str]] = set()  # (article id, comparison text)
    for item in ranked:
        text = comparison_text(item.text)
        if (item.article.id, text) in repeated:
            continue
        if len(kept) < limit:
            item = replace(item, also_in=find_copies(item.article, item.text, articles))
            repeated |= {(copy.id, text) for copy in item.also_in}
        kept.append(item)
    return kept


def best_per_article(ranked: Sequence[Evidence], figures_only: bool = False) -> list[Evidence]:
    """Return the best sentence of each article, best first.

    With `figures_only`, the best sentence with a number that is not part of a date.
    """
    best: dict[str, Evidence] = {}
    for evidence in ranked:
        if not figures_only or _AMOUNT.search(_DATE.sub("", evidence.text)):
            best.setdefault(evidence.article.id, evidence)
    return list(best.values())


def filter_by_years(ranked: Sequence[Evidence], days: Sequence[PartialDate]) -> list[Evidence]:
    """Return the sentences of articles published between the first and the last year of `days`, or undated.

    Return all sentences if none are left, or for fewer than two days: "since 2018" has no end.
    """
    if len(days) < 2:
        return list(ranked)
    first, last = min(day.year for day in days), max(day.year for day in days)
    return [
        item for item in ranked if not item.article.published or first <= item.article.published.year <= last
    ] or list(ranked)


def find_conflict(item: Evidence, among: Iterable[Evidence]) -> Evidence | None:
    """Return a sentence of another article that says the same with other figures, or None.

    Copies of one report with a mistake in one of them do.
    """
    for other in among:
        if other.article.id == item.article.id or other.text == item.text:
            continue
        if _without_figures(other.text) == _without_figures(item.text):
            return other
    return None


def _without_figures(text: str) -> str:
    return comparison_text(_NUMBER.sub("0", re.sub(r"[\d.,]*\d", "0", text.lower())))
