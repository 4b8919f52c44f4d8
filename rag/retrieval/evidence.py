"""Hits -> the sentences that bear on a question, ranked. Knows words, vectors and kinds of answer; writes nothing.

The weights are fitted by `benchmarks/fit_evidence.py` on the development half of `corpus/gold.jsonl`.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corpus.article import MONTHS, Article, PartialDate
from corpus.passages import Passage, sentence_spans
from corpus.words import content_stems
from embeddings.reranker import Prediction, Reranker, Window
from rag.quantities.quantities import parse_quantities
from rag.query.answer_type import AnswerKind, AnswerType
from rag.query.parts import QuestionPart
from rag.retrieval.deduplication import also_in, comparison_text
from rag.retrieval.search import Rank, SearchHit

# Weights of `sentence_features`, in their order.
WEIGHTS = np.array([8.6, 2.9, 7.4, 4.7, 2.9, 0.6, 0.35])
# The same without what only orders the sentences of one question and without the ranker; `rag.verification.answerability` weighs it with other signals.
RELEVANCE_WEIGHTS = np.array([6.0, 3.0, 6.0, 3.0, 0.0, 0.0, 0.0])
SHORTLIST_SIZE = (
    24  # sentences that are encoded for a question; with all of them a question takes three times as long
)
# What the first six weigh before there is a ranker's score: the last four make the short list, all six choose what is ranked of it.
_FIRST = np.array([10.1, 4.8, 8.3, 3.7, 1.4, 1.3])
_RANKED = 2 / 3  # the share of the short list that the ranker reads; it costs as much as the encoder
_READ_TOGETHER = 4  # sentences that the ranker reads at once, at most; about as many as in its training
# The chance from which on words are told, of a sentence that is taken for an answer. On held-out questions: F1 0.77, of all sentences 0.70.
_SURE = 0.5
_LENGTH = 300  # characters from which on a sentence counts as long

_NUMBER = re.compile(
    r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|half|third|hundreds?|thousands?|millions?|billions?)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    rf"\b(?:(?:19|20)\d\d|{'|'.join(MONTHS)}|spring|summer|autumn|winter|(?:mon|tues|wednes|thurs|fri|satur|sun)day|weeks?|months?|years?)\b"
)
# A name, or a word or figure, with all that belongs to it.
_WHOLE = re.compile(r"[A-Z][\w’'-]*(?: [A-Z][\w’'-]*)+|[\w$€£](?:[\w%’'-]|[.,](?=\w))*")
_FIGURES = re.compile(r"\d[\d.,]*")
_AMOUNT = re.compile(r"\d|\b(hundred|thousand|million|billion)\b", re.IGNORECASE)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}} )?(?:{'|'.join(MONTHS)})(?: \d{{1,2}},?)?(?: (?:19|20)\d\d)?\b|\b(?:19|20)\d\d\b"
)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w’'-]+")
_REASON = re.compile(
    r"\b(because|since|due|after|so that|reasons?|blame[ds]?|to avoid|owing|caused?|means?|meant|aims?|wanted|therefore|in order)\b",
    re.IGNORECASE,
)
# What a sentence holds that can answer a question for this kind of thing.
_KINDS: dict[AnswerKind, re.Pattern[str]] = {
    "time": _TIME,
    "number": _NUMBER,
    "name": _NAME,
    "reason": _REASON,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence of a passage, by its offsets in the article's body; of two, the one with the higher score is better.

    `score` is comparable only inside one list, `bearing` between questions.
    `also_in` are near-copies of its article in other papers that hold the same sentence; `ranks` say how its passage was found. `words` are
    those of the sentence that answer, as the ranker reads it; "" where it is not sure, and where only the whole sentence can.
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
        return self.passage.article

    @property
    def text(self) -> str:
        return self.article.body[self.start : self.end]


def rank_sentences(
    question: QuestionPart,
    hits: Sequence[SearchHit],
    ranker: Reranker,
    most: int = SHORTLIST_SIZE,
    only: Callable[[str], bool] | None = None,
) -> list[Evidence]:
    """The sentences of the hits' passages that may bear on a question, best first; at most `most` of them, and only such as `only` admits.

    What `only` admits is compared by its values (`rag.retrieval.series`), and the ranker, which knows one answer to a question, is not asked.
    """
    places, table, words = sentence_features(question, hits, ranker, most, only)
    weights = WEIGHTS if only is None else np.array([*_FIRST, 0.0])
    values = np.column_stack([table @ weights, table @ RELEVANCE_WEIGHTS]).round(3).tolist()
    found = [
        Evidence(hit.passage, start, end, score, bearing, ranks=hit.ranks, words=said)
        for (hit, start, end), (score, bearing), said in zip(places, values, words, strict=True)
    ]
    return sorted(found, key=lambda evidence: (-evidence.score, evidence.article.id, evidence.start))


Place = tuple[SearchHit, int, int]


def sentence_features(
    question: QuestionPart,
    hits: Sequence[SearchHit],
    ranker: Reranker,
    most: int = SHORTLIST_SIZE,
    only: Callable[[str], bool] | None = None,
) -> tuple[list[Place], NDArray[np.float64], list[str]]:
    """Candidate sentences as (hit, start, end), a row for each, all about 0..1 (a hit's score up to 2.6), and the words of each that answer:

    cosine of headline and sentence, of the sentence alone, shared rare words, the hit's score, the kind of answer, the length, and the
    ranker's log-odds that the sentence answers (-10..10). Only what the four cheap ones put on the short list is encoded, and only the
    best of that is ranked, since both take most of the time; the others get the lowest score of those (0 where `only` chooses).
    """
    places = [
        (hit, start, end)
        for hit in hits
        for start, end in sentence_spans(hit.passage.article.body, hit.passage.start, hit.passage.end)
    ]
    if not places:
        return [], np.empty((0, len(WEIGHTS))), []
    texts = [hit.passage.article.body[start:end] for hit, start, end in places]
    fits = list(map(_fitting(question.answer_type), texts))
    lengths = [min(len(text), _LENGTH) / _LENGTH for text in texts]
    cheap = np.column_stack(
        [_shared_words(question.text, places, texts), [hit.score for hit, _, _ in places], fits, lengths]
    )
    best = [n for n in np.argsort(-cheap @ _FIRST[2:], kind="stable") if only is None or only(texts[n])][
        :most
    ]
    with_headline = [f"{places[n][0].passage.article.headline}. {texts[n]}" for n in best]
    vectors = ranker.encoder.encode([question.text, *with_headline, *(texts[n] for n in best)])
    cosines = (vectors[1:] @ vectors[0]).reshape(2, len(best))
    table = np.column_stack([*cosines, cheap[best]])
    read = np.argsort(-table @ _FIRST, kind="stable")[: 0 if only else math.ceil(_RANKED * len(best))]
    readings = _answers(question.text, places, texts, [best[n] for n in read], ranker)
    answers = np.full(len(best), min((reading.score for reading in readings), default=0.0))
    answers[read] = [reading.score for reading in readings]
    words = [""] * len(best)
    for n, reading in zip(read, readings, strict=True):
        words[n] = _words(question.answer_type, texts[best[n]], reading)
    return [places[n] for n in best], np.column_stack([table, answers]), words


def _words(answer_type: AnswerType, text: str, reading: Prediction) -> str:
    """The words of a sentence that answer, whole ones; "" where the reading is not sure, or where reasons or a yes or no are asked for."""
    kind = answer_type.kind
    if reading.score < 0 or reading.chance < _SURE or kind == "reason" or answer_type.yes_no:
        return ""
    said = whole_words(text, reading)
    # "320 passengers and 60" answers no question for one number.
    return "" if kind == "number" and len(_FIGURES.findall(said)) > 1 else said


def _fitting(answer_type: AnswerType) -> Callable[[str], float]:
    """How far a sentence holds the kind of thing that is asked for: 1 if it does, 0.5 where the question leaves that open.

    For an amount it is 1 for one in the unit that is asked for, 0.5 for another, and 0 for a date or a number that is a name.
    """
    if not answer_type.kind:
        return lambda text: 0.5
    if answer_type.kind == "number" and answer_type.amount:
        return lambda text: (1.0 if answer_type.admits(text) else 0.5) if parse_quantities(text) else 0.0
    held = _KINDS[answer_type.kind]
    return lambda text: float(bool(held.search(text)))


def whole_words(text: str, reading: Prediction) -> str:
    """What the ranker reads in a sentence, with all of the names, words and figures that it touches."""
    within = [
        match
        for match in _WHOLE.finditer(text)
        if match.start() < reading.end and reading.start < match.end()
    ]
    return text[within[0].start() : within[-1].end()] if within else ""


def _answers(
    question: str, places: Sequence[Place], texts: list[str], best: Sequence[int], ranker: Reranker
) -> list[Prediction]:
    """How the ranker reads the best sentences, each read behind the one before it; those that stand in a row are read together."""
    runs: list[list[int]] = []
    for n in sorted(best):
        hit = places[n][0]
        if (
            runs
            and places[runs[-1][-1]][0] is hit
            and n - runs[-1][0] < _READ_TOGETHER
            and n - runs[-1][-1] <= 2
        ):
            runs[-1] += range(runs[-1][-1] + 1, n + 1)
        else:
            runs.append([n - 1, n] if n and places[n - 1][0] is hit else [n])
    windows = [
        Window(places[run[0]][0].passage.article.headline, tuple(texts[n] for n in run)) for run in runs
    ]
    readings: dict[int, Prediction] = {}
    for run, told in zip(runs, ranker.predict(question, windows), strict=True):
        for n, reading in zip(run, told, strict=True):
            readings.setdefault(n, reading)  # the first of two windows has read what stands before it
    return [readings[n] for n in best]


def _shared_words(question: str, places: Sequence[Place], texts: list[str]) -> list[float]:
    """The share of the question's words, weighted by rarity, that a sentence, the one before it or its article's headline and date hold."""
    wanted = set(content_stems(question))
    held = [set(content_stems(text)) for text in texts]
    weight = {word: math.log(1 + len(held) / (1 + sum(word in words for words in held))) for word in wanted}
    total = (
        math.fsum(weight.values()) or 1.0
    )  # exact, so that the order of a set, which differs from run to run, changes no rounding
    shares = []
    for n, (hit, _, _) in enumerate(places):
        before = held[n - 1] if n and places[n - 1][0] is hit else set()
        around = set(content_stems(f"{hit.passage.article.headline} {hit.passage.article.dateline}"))
        shares.append(math.fsum(weight[word] for word in wanted & (held[n] | before | around)) / total)
    return shares


def deduplicate(ranked: Sequence[Evidence], hits: Sequence[SearchHit], most: int) -> list[Evidence]:
    """The best `most` sentences and all others, each with the near-copies of its article that hold it too; what those repeat is left out."""
    articles = list(
        {
            passage.article.id: passage.article for hit in hits for passage in (hit.passage, *hit.also_in)
        }.values()
    )
    kept: list[Evidence] = []
    repeated: set[tuple[str, str]] = set()  # (article, wording)
    for item in ranked:
        said = comparison_text(item.text)
        if (item.article.id, said) in repeated:
            continue
        if len(kept) < most:
            item = replace(item, also_in=also_in(item.article, item.text, articles))
            repeated |= {(other.id, said) for other in item.also_in}
        kept.append(item)
    return kept


def best_per_article(ranked: Sequence[Evidence], figures_only: bool = False) -> list[Evidence]:
    """The best sentence of each article, best first; with `figures_only` the best that holds an amount, not just a date.

    For questions that one date cannot answer.
    """
    best: dict[str, Evidence] = {}
    for evidence in ranked:
        if not figures_only or _AMOUNT.search(_DATE.sub("", evidence.text)):
            best.setdefault(evidence.article.id, evidence)
    return list(best.values())


def filter_by_years(ranked: Sequence[Evidence], days: Sequence[PartialDate]) -> list[Evidence]:
    """The sentences of articles that appeared between the first and the last year of `days`, or that name no day; all where that leaves none.

    One day alone bounds nothing: "since 2018".
    """
    if len(days) < 2:
        return list(ranked)
    first, last = min(day.year for day in days), max(day.year for day in days)
    return [
        item for item in ranked if not item.article.published or first <= item.article.published.year <= last
    ] or list(ranked)


def find_conflict(item: Evidence, among: Iterable[Evidence]) -> Evidence | None:
    """A sentence of another article that says the same as `item` with other figures, as copies of one report with a mistake do; or None."""
    for other in among:
        if other.article.id == item.article.id or other.text == item.text:
            continue
        if _wording(other.text) == _wording(item.text):
            return other
    return None


def _wording(text: str) -> str:
    return comparison_text(_NUMBER.sub("0", re.sub(r"[\d.,]*\d", "0", text.lower())))
