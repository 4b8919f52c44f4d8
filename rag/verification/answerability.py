"""Whether evidence carries an answer at all, and what to say where it does not. Knows sentences, words, days and vectors; writes no answer.

The weights are fitted by `benchmarks/fit_refusal.py` on the development half of `corpus/gold.jsonl`.
"""

import re
from collections.abc import Callable, Sequence
from math import inf, log
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article, PartialDate
from corpus.passages import sentence_spans
from corpus.words import STOP_WORDS, content_stems, content_words, stem, words
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.quantities.dates import published_within
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence
from rag.retrieval.selection import PartEvidence, SelectedEvidence, rank_by_clause

ANSWERABILITY_FEATURES = ("bearing", "nearness", "words", "days", "lead")
# Weights of `answerability_features`, in their order.
ANSWERABILITY_WEIGHTS = np.array([0.41, 4.91, 3.08, 2.65, 0.18])
# Of the development questions that stand alone it refuses 9 of the 16 unanswerable ones and 1 of the 58 others.
ANSWER_THRESHOLD = 13.05
# Below this a trained reader is not even asked; what its doubt weighs beside the evidence, and from where on both together are enough.
ASK_READER_THRESHOLD, REFUSAL_WEIGHT, COMBINED_THRESHOLD = 11.0, 0.75, 13.6
_READ = 6  # best sentences that are read for an answer
_BEHIND = 3  # places between the best sentence and the one whose score it should be ahead of
_DATED = 2  # best sentences of which one should speak of the day that was asked about
_NAMED = re.compile(r"(?<!^)\b(?:[A-Z][\w’'-]*|\w*\d\w*)")
# Words of asking, which no answer repeats.
_ASKING = frozenset(
    stem(word)
    for word in (
        "many much long large big high old far often date day year month name kind number reason give given ask asked say said tell told "
        "agree disagree differ compare article suggest"
    ).split()
)
# A question for the subject has a statement's order of words: "which yard lost" has, "what reasons did they give" has not.
_DIRECT = re.compile(
    r"^(?:who (?!(?:did|does|do)\b)|(?:what|which) (?!.*\b(?:was|is|were|are|did|does|do|has|have|had|will|would|can|could)\b))",
    re.IGNORECASE,
)
_PRESUPPOSES = re.compile(r"^(?:why|what (?:caused|led|made)|which|who|when|how)\b", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:no|not|never|none|nor|neither|without|refus\w+|reject\w+|den(?:y|ies|ied)|lost)\b", re.IGNORECASE
)
_DENIED_WORDS = (
    0.65  # the share of the question's own words that stand near a denial of what it takes for granted
)
_TOPIC_WORDS = 0.6  # the share of a topic's words that stand around one sentence
_DENIED_WITHIN = 1.5  # how much worse than the best sentence such a denial may be
_THING = re.compile(r"^what (?:was|is|were|are) (the|its|their|his|her)\b", re.IGNORECASE)


def is_answerable(carried: float, refusal: float | None) -> bool:
    """True if evidence and a trained reader's chance of a refusal say together that there is an answer; the evidence alone where it told none."""
    return (
        carried >= ANSWER_THRESHOLD
        if refusal is None
        else carried - REFUSAL_WEIGHT * refusal_log_odds(refusal) >= COMBINED_THRESHOLD
    )


def judge_answerability(evidence: SelectedEvidence, library: Library) -> float:
    """Return how well the evidence answers the question, on the scale of `ANSWER_THRESHOLD`.

    An overview asks nothing that a sentence could answer, so it is enough that the topic is covered.
    """
    question = evidence.question
    if question.intent.overview:
        return inf if is_topic_covered(question.topic.text, evidence.ranked) else -inf
    return answerability_score(rank_by_clause(evidence, library.reranker), library.encoder, library.idf)


def answerability_score(
    parts: Sequence[PartEvidence], encoder: Encoder, rarity: Callable[[str], float]
) -> float:
    """How far the best sentences for a question and for each of its clauses answer it, on the scale of `ANSWER_THRESHOLD`; minus infinity without any.

    The mean of the best two counts, as in the search: a sentence that answers a clause of a long question says little of the rest of it.
    """
    scores = [
        float(answerability_features(item.part, item.ranked, encoder, rarity) @ ANSWERABILITY_WEIGHTS)
        for item in parts
        if item.ranked
    ]
    return fmean(sorted(scores)[-2:]) if scores else -inf


def refusal_log_odds(refusal: float) -> float:
    """A reader's chance that nothing answers, as log-odds between -7 and 7.

    >>> refusal_log_odds(0.5), round(refusal_log_odds(0.9), 2), round(refusal_log_odds(1.0), 2)
    (0.0, 2.2, 6.91)
    """
    chance = min(max(refusal, 0.001), 0.999)
    return log(chance / (1 - chance))


def is_topic_covered(topic: str, ranked: Sequence[Evidence]) -> bool:
    """True if one of the best sentences stands among most words of a topic: for wishes that ask nothing, so that nothing can answer them."""
    wanted = set(content_stems(topic))
    return any(len(wanted & _near(item)) >= _TOPIC_WORDS * len(wanted) for item in ranked[:_READ])


def _near(item: Evidence) -> set[str]:
    """The stems of a sentence, of its neighbours and of its headline."""
    return set(content_stems(f"{sentence_in_context(item)} {item.article.headline}"))


def answerability_features(
    question: QuestionPart, ranked: Sequence[Evidence], encoder: Encoder, rarity: Callable[[str], float]
) -> NDArray[np.float64]:
    """What tells an answerable question from one on the same subject that is not:

    the best sentence's bearing; the best cosine of the question with a sentence between its neighbours; how near the question's own
    words, those that name nothing, come to words in these places, weighted by rarity; whether one of the best two speaks of, or
    appeared in, the year that was asked about (1 where none was); how far the best sentence is ahead of the fourth, since a question
    that is answered has few sentences like the one that answers it.
    """
    best = ranked[:_READ]
    places = [sentence_in_context(item) for item in best]
    vectors = encoder.encode([question.text, *places])
    days = question.dates
    dated = not days or any(_speaks_of(item, days) for item in best[:_DATED])
    return np.array(
        [
            max(item.relevance for item in ranked),
            float((vectors[1:] @ vectors[0]).max()),
            _nearest_words(question_keywords(question.text), places, encoder, rarity),
            float(dated),
            _lead(ranked),
        ]
    )


def sentence_in_context(item: Evidence) -> str:
    """A sentence of evidence between the one before and the one behind it."""
    body = item.article.body
    spans = sentence_spans(body, item.passage.start, item.passage.end)
    at = next((n for n, (start, _) in enumerate(spans) if start == item.start), 0)
    return body[spans[max(at - 1, 0)][0] : spans[min(at + 1, len(spans) - 1)][1]]


def question_keywords(question: str) -> list[str]:
    """The words that say what is asked: no names, no figures, no words of asking.

    >>> question_keywords("How much did the insurance for the launch of the Webb telescope cost?")
    ['insurance', 'launch', 'telescope', 'cost']
    """
    named = {word for name in _NAMED.findall(question) for word in content_words(name)}
    return [word for word in content_words(question) if word not in named and stem(word) not in _ASKING]


def find_denial(question: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """A sentence nearly as good as the best that denies something just where the question's own words stand, or None.

    "Why did the council cancel its contract?" takes for granted what "The motion was lost" denies.
    """
    wanted = {stem(word) for word in question_keywords(question)}
    if not wanted or not _PRESUPPOSES.match(question) or _DENIES.search(question):
        return None
    best = (
        item
        for item in evidence
        if item.score >= evidence[0].score - _DENIED_WITHIN and _DENIES.search(item.text)
    )
    return next((item for item in best if len(wanted & _near(item)) >= _DENIED_WORDS * len(wanted)), None)


def _lead(ranked: Sequence[Evidence]) -> float:
    scores = sorted((item.score for item in ranked), reverse=True)
    return scores[0] - scores[: _BEHIND + 1][-1]


def _speaks_of(item: Evidence, days: Sequence[PartialDate]) -> bool:
    return any(str(day.year) in item.text for day in days) or published_within(item.article, tuple(days))


def _nearest_words(
    wanted: Sequence[str], places: Sequence[str], encoder: Encoder, rarity: Callable[[str], float]
) -> float:
    """The mean over the wanted words of the cosine with the nearest word in any of the places; 1 where nothing is wanted."""
    held = list(dict.fromkeys(word for place in places for word in words(place) if word not in STOP_WORDS))
    if not wanted or not held:
        return 1.0
    vectors = encoder.encode([*wanted, *held])
    nearest = (vectors[: len(wanted)] @ vectors[len(wanted) :].T).max(axis=1)
    return float(np.average(nearest, weights=[rarity(word) for word in wanted]))


def describe_missing(question: str, evidence: Sequence[Evidence]) -> str:
    """What the evidence lacks, in the question's own words, and which of them stand nowhere near it.

    >>> describe_missing("Who designed the interior of the Sea Campion?", ())
    'The articles do not say who designed the interior of the Sea Campion.'
    """
    asked = question.split(" (")[0].strip().rstrip("?").strip()
    if _DIRECT.match(asked):
        said = f"The articles do not say {asked[0].lower()}{asked[1:]}."
    elif _THING.match(asked):
        said = f"The articles do not give {_THING.sub(lambda match: match[1], asked)}."
    else:
        said = f"The articles do not answer “{asked}?”."
    near = set().union(*map(_near, evidence))
    absent = [word for word in question_keywords(asked) if stem(word) not in near]
    return (
        f"{said} What comes nearest does not speak of {join_with_or([f'“{word}”' for word in absent])}."
        if absent and evidence
        else said
    )


def describe_date_range(evidence: Sequence[Evidence]) -> str:
    """From when to when the articles that come nearest reach; empty where none has a date.

    >>> describe_date_range(())
    ''
    """
    known: dict[str, Article] = {item.article.id: item.article for item in evidence if item.article.published}
    days = sorted(
        (article.published for article in known.values() if article.published), key=lambda day: day.first
    )
    if not days:
        return ""
    if len(days) == 1:
        return f"The nearest article is of {days[0].spoken}."
    return f"The nearest {len(days)} articles reach from {days[0].spoken} to {days[-1].spoken}."


def join_with_or(things: Sequence[str]) -> str:
    """Things in a row, with "or" before the last.

    >>> join_with_or(["2018", "2019", "2020"])
    '2018, 2019 or 2020'
    """
    return " or ".join(filter(None, [", ".join(things[:-1]), *things[-1:]]))


def describe_missing_dates(days: Sequence[PartialDate], told: str) -> str:
    """A sentence on the days of a question that nothing cited speaks of, beside those that something does; empty where all are spoken of.

    >>> describe_missing_dates([PartialDate(2018), PartialDate(2019)], "Fewer than 20 people in 2018.")
    'The articles cited here speak of 2018, but not of 2019.'
    """
    lacking = [day.spoken for day in days if str(day.year) not in told]
    given = [day.spoken for day in days if str(day.year) in told]
    if not lacking:
        return ""
    if given:
        return f"The articles cited here speak of {join_with_or(given).replace(' or ', ' and ')}, but not of {join_with_or(lacking)}."
    return f"Nothing that is cited here speaks of {join_with_or(lacking)}."
