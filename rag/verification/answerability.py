"""Decide whether the evidence answers a question, and describe what is missing if it does not.

The weights and thresholds are fitted by `benchmarks/fit_refusal.py` on the development half of
`corpus/gold.jsonl`.
"""

import re
from collections.abc import Callable, Sequence
from math import inf, log
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from corpus.article import PartialDate
from corpus.passages import sentence_spans
from corpus.words import STOP_WORDS, content_stems, content_words, stem, words
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.quantities.dates import published_within
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence
from rag.retrieval.selection import PartEvidence, SelectedEvidence, rank_by_clause

ANSWERABILITY_FEATURES = ("relevance", "cosine", "words", "dates", "lead")
# Fitted by benchmarks/fit_refusal.py: the weights of `answerability_features`, in their order, and the
# threshold, at which 9 of the 16 unanswerable development questions and 1 of the 58 others are refused.
ANSWERABILITY_WEIGHTS = np.array([0.41, 4.91, 3.08, 2.65, 0.18])
ANSWER_THRESHOLD = 13.05
# Fitted by benchmarks/fit_refusal.py: the weight of a trained reader's refusal, and the threshold of both
# together.
REFUSAL_WEIGHT, COMBINED_THRESHOLD = 0.75, 13.6
# The weight of the standard reader's opinion, fitted by training/answerability.py fit, and the threshold of
# both together, with the best F1 of refusals on the development questions (training/ANSWERABILITY.md).
OPINION_WEIGHT, OPINION_THRESHOLD = 4.2, 12.5
# The least score with which a trained reader is asked.
ASK_READER_THRESHOLD = 11.0  # hand-set on the sample questions; issue J replaces it
_MAX_SENTENCES = 6  # limit: best sentences that are searched for an answer
_LEAD_OVER = (
    3  # measured in training/RANKER.md: places between the best sentence and the one that it should lead
)
# Best sentences of which one should refer to the dates of the question.
_DATED_SENTENCES = 2  # hand-set on the sample questions; issue J replaces it
_TOPIC_COVERAGE = 0.6  # hand-set on the sample questions; issue J replaces it
# The least share of a question's keywords that a denial of its premise has near it, and how much worse than
# the best sentence it may be.
_DENIAL_COVERAGE, _DENIAL_MARGIN = 0.65, 1.5  # hand-set on the sample questions; issue J replaces it
_NAMED = re.compile(r"(?<!^)\b(?:[A-Z][\w’'-]*|\w*\d\w*)")
# Words of asking, which no answer repeats. Hand-set on the sample questions; issue J replaces it
_ASKING = frozenset(
    stem(word)
    for word in (
        "many much long large big high old far often date day year month name kind number reason give given "
        "ask asked "
        "say said tell told agree disagree differ compare article suggest"
    ).split()
)
# A question for the subject has the word order of a statement: "which firm won it" has, "which firm did it
# hire" not.
_ASKS_SUBJECT = re.compile(
    r"^(?:who (?!(?:did|does|do)\b)"
    r"|(?:what|which) (?!.*\b(?:was|is|were|are|did|does|do|has|have|had|will|would|can|could)\b))",
    re.IGNORECASE,
)
_ASKS_FOR_THING = re.compile(r"^what (?:was|is|were|are) (the|its|their|his|her)\b", re.IGNORECASE)
_HAS_PREMISE = re.compile(r"^(?:why|what (?:caused|led|made)|which|who|when|how)\b", re.IGNORECASE)
# Hand-set on the sample questions; issue J replaces it
_DENIAL = re.compile(
    r"\b(?:no|not|never|none|nor|neither|without|refus\w+|reject\w+|den(?:y|ies|ied)|lost)\b", re.IGNORECASE
)


def is_answerable(score: float, refusal: float | None) -> bool:
    """Return whether the evidence answers, by its score and the probability that a trained reader refuses."""
    return answer_margin(score, refusal) >= 0


def answer_margin(score: float, refusal: float | None = None, opinion: float | None = None) -> float:
    """Return how far the evidence is above the least that is answered; below 0 it is refused.

    Args:
        score: That of the evidence.
        refusal: The probability that a trained reader refuses.
        opinion: The standard reader's log-odds that the best sentence answers.
    """
    if opinion is not None:
        return score + OPINION_WEIGHT * opinion - OPINION_THRESHOLD
    if refusal is None:
        return score - ANSWER_THRESHOLD
    return score - REFUSAL_WEIGHT * refusal_log_odds(refusal) - COMBINED_THRESHOLD


def judge_answerability(evidence: SelectedEvidence, library: Library) -> float:
    """Return how well the evidence answers the question, on the scale of `ANSWER_THRESHOLD`.

    An overview asks nothing that a sentence could answer, so it is enough that the topic is covered.
    """
    question = evidence.question
    if question.intent.overview:
        return inf if is_topic_covered(question.topic.text, evidence.ranked) else -inf
    return answerability_score(rank_by_clause(evidence, library.reranker), library.encoder, library.idf)


def answerability_score(
    parts: Sequence[PartEvidence], encoder: Encoder, idf: Callable[[str], float]
) -> float:
    """Return how well the best sentences answer a question and its clauses; minus infinity without any.

    It is the mean of the best two scores, as in the search: a sentence that answers one clause of a long
        question has
    little in common with the others.
    """
    scores = [
        float(answerability_features(item.part, item.ranked, encoder, idf) @ ANSWERABILITY_WEIGHTS)
        for item in parts
        if item.ranked
    ]
    return fmean(sorted(scores)[-2:]) if scores else -inf


def refusal_log_odds(probability: float) -> float:
    """Return the probability that nothing answers as log-odds, from -7 to 7.

    >>> refusal_log_odds(0.5), round(refusal_log_odds(0.9), 2), round(refusal_log_odds(1.0), 2)
    (0.0, 2.2, 6.91)
    """
    clipped = min(max(probability, 0.001), 0.999)
    return log(clipped / (1 - clipped))


def is_topic_covered(topic: str, ranked: Sequence[Evidence]) -> bool:
    """Return True if one of the best sentences has most words of a topic near it."""
    wanted = set(content_stems(topic))
    return any(
        len(wanted & _stems_near(item)) >= _TOPIC_COVERAGE * len(wanted) for item in ranked[:_MAX_SENTENCES]
    )


def answerability_features(
    question: QuestionPart, ranked: Sequence[Evidence], encoder: Encoder, idf: Callable[[str], float]
) -> NDArray[np.float64]:
    """Return the features that tell an answerable question from an unanswerable one on the same subject.

    Shape (5,), named in `ANSWERABILITY_FEATURES`:
        relevance: the relevance of the best sentence.
        cosine: the best cosine of the question with a sentence and its neighbours.
        words: the mean cosine of the question's keywords with the nearest words there, weighted by rarity.
        dates: 1 if one of the best two sentences refers to a date of the question, or if it names none; else
            0.
        lead: how far the best sentence leads the fourth; few sentences are like the one that answers.
    """
    best = ranked[:_MAX_SENTENCES]
    contexts = [sentence_in_context(item) for item in best]
    vectors = encoder.encode([question.text, *contexts])
    is_dated = not question.dates or any(_refers_to(item, question.dates) for item in best[:_DATED_SENTENCES])
    return np.array(
        [
            max(item.relevance for item in ranked),
            float((vectors[1:] @ vectors[0]).max()),
            _keyword_similarity(question_keywords(question.text), contexts, encoder, idf),
            float(is_dated),
            _lead(ranked),
        ]
    )


def sentence_in_context(item: Evidence) -> str:
    """Return a sentence of evidence with the one before it and the one behind it."""
    body = item.article.body
    spans = sentence_spans(body, item.passage.start, item.passage.end)
    n = next((n for n, (start, _) in enumerate(spans) if start == item.start), 0)
    return body[spans[max(n - 1, 0)][0] : spans[min(n + 1, len(spans) - 1)][1]]


def question_keywords(question: str) -> list[str]:
    """Return the words that say what is asked: no names, no numbers, no words of asking.

    >>> question_keywords("How much did the paint for the hull of the Grey Linnet weigh in 1998?")
    ['paint', 'hull', 'weigh']
    """
    named = {word for name in _NAMED.findall(question) for word in content_words(name)}
    return [word for word in content_words(question) if word not in named and stem(word) not in _ASKING]


def find_denial(question: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """Return a sentence that denies what a question takes for granted, or None.

    It is nearly as good as the best sentence and denies something near the question's keywords: "The bank
    never sold its branch" for "Why did the bank sell its branch?".
    """
    keywords = {stem(word) for word in question_keywords(question)}
    if not keywords or not _HAS_PREMISE.match(question) or _DENIAL.search(question):
        return None
    denials = (
        item
        for item in evidence
        if item.score >= evidence[0].score - _DENIAL_MARGIN and _DENIAL.search(item.text)
    )
    return next(
        (item for item in denials if len(keywords & _stems_near(item)) >= _DENIAL_COVERAGE * len(keywords)),
        None,
    )


def _stems_near(item: Evidence) -> set[str]:
    """Return the stems of a sentence, of its neighbours and of its headline."""
    return set(content_stems(f"{sentence_in_context(item)} {item.article.headline}"))


def _lead(ranked: Sequence[Evidence]) -> float:
    scores = sorted((item.score for item in ranked), reverse=True)
    return scores[0] - scores[: _LEAD_OVER + 1][-1]


def _refers_to(item: Evidence, dates: tuple[PartialDate, ...]) -> bool:
    return any(str(day.year) in item.text for day in dates) or published_within(item.article, dates)


def _keyword_similarity(
    keywords: Sequence[str], contexts: Sequence[str], encoder: Encoder, idf: Callable[[str], float]
) -> float:
    """Return the mean cosine of the keywords with the nearest word of any context; 1 without keywords."""
    known = [word for context in contexts for word in words(context) if word not in STOP_WORDS]
    known = list(dict.fromkeys(known))
    if not keywords or not known:
        return 1.0
    vectors = encoder.encode([*keywords, *known])
    nearest = (vectors[: len(keywords)] @ vectors[len(keywords) :].T).max(axis=1)
    return float(np.average(nearest, weights=[idf(word) for word in keywords]))


def describe_missing(question: str, evidence: Sequence[Evidence]) -> str:
    """Return a sentence on what the evidence lacks, in the words of the question.

    >>> describe_missing("Who painted the hull of the Grey Linnet?", ())
    'The articles do not say who painted the hull of the Grey Linnet.'
    """
    typed = question.strip()
    asked = typed.rstrip("?").strip()
    if _ASKS_SUBJECT.match(asked):
        sentence = f"The articles do not say {asked[0].lower()}{asked[1:]}."
    elif _ASKS_FOR_THING.match(asked):
        sentence = f"The articles do not give {_ASKS_FOR_THING.sub(lambda match: match[1], asked)}."
    else:
        sentence = f"The articles do not answer “{typed}”."
    near = set().union(*map(_stems_near, evidence))
    absent = [f"“{word}”" for word in question_keywords(asked) if stem(word) not in near]
    if not absent or not evidence:
        return sentence
    return f"{sentence} What comes nearest does not speak of {join_with_or(absent)}."


def describe_date_range(evidence: Sequence[Evidence]) -> str:
    """Return a sentence on the days of the articles that come nearest; "" if none has a date.

    >>> describe_date_range(())
    ''
    """
    published = {item.article.id: item.article.published for item in evidence}
    days = sorted((day for day in published.values() if day), key=lambda day: day.first)
    if not days:
        return ""
    if len(days) == 1:
        return f"The nearest article is of {days[0].spoken}."
    return f"The nearest {len(days)} articles reach from {days[0].spoken} to {days[-1].spoken}."


def describe_missing_dates(days: Sequence[PartialDate], cited: str) -> str:
    """Return a sentence on the days of a question that the cited text does not refer to, or "".

    >>> describe_missing_dates([PartialDate(2018), PartialDate(2019)], "Fewer than 20 people in 2018.")
    'The articles cited here speak of 2018, but not of 2019.'
    """
    missing = [day.spoken for day in days if str(day.year) not in cited]
    found = [day.spoken for day in days if str(day.year) in cited]
    if not missing:
        return ""
    if found:
        known = join_with_or(found).replace(" or ", " and ")
        return f"The articles cited here speak of {known}, but not of {join_with_or(missing)}."
    return f"Nothing that is cited here speaks of {join_with_or(missing)}."


def join_with_or(things: Sequence[str]) -> str:
    """Join words with commas, and with "or" before the last.

    >>> join_with_or(["2018", "2019", "2020"])
    '2018, 2019 or 2020'
    """
    return " or ".join(filter(None, [", ".join(things[:-1]), *things[-1:]]))
