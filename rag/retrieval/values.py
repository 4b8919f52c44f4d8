"""Rank the values in sentences of evidence by how well they fit a question for an amount or a date.

A value fits if its unit is the one that the question asks for, or the one that most articles use for the
thing that is asked about, and if the words around it are the question's. All weights and word lists of this
module are hand-set on the sample questions; issue J replaces them.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from corpus.article import PartialDate
from corpus.dates import MONTH, WEEKDAY
from corpus.words import STOP_WORDS, content_stems, stem
from rag.quantities.quantities import Quantity, clause_span, date_quantities, parse_quantities
from rag.query.answer_type import has_unit
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence

# What speaks for a value: the question's words in its clause and in its sentence, a word for a total, the
# question's own word for the unit, the same value in the article's headline.
IN_CLAUSE, IN_SENTENCE, TOTAL, UNIT_NAMED, IN_HEADLINE = 3.0, 1.5, 0.7, 2.0, 2.0
# What speaks against it: it belongs to somebody else, it is a difference, an older value, without a unit, the
# opposite of what is asked, a place that the question does not name, a planned date that was past already;
# and for each order of magnitude below the whole that it is a part of.
OF_OTHERS, DIFFERENCE, OUTDATED, NO_UNIT, OPPOSITE, OTHER_PLACE, PAST_DATE = 6.0, 2.0, 1.5, 1.0, 3.0, 0.7, 3.0
SMALLER_PART = 0.4
_WHOLE_WITHIN = 3  # how much worse than an article's best value the whole may fit that others are parts of
_UNIT_SCALE = 3  # by how much the score decreases for e times less weight in the choice of the unit
_PAST_DAYS = 31  # before publication, from which on a date was not planned
_AFTER_VALUE = 40  # characters after a value that may name the opposite

_ASKING_STEMS = frozenset(
    content_stems(
        "amount size number extent total figure level value estimate count how many much large big long high "
        "latest newest current currently recent recently now planned expected agreed given upper"
    )
)
_SYNONYMS = tuple(
    frozenset(content_stems(group))
    for group in (
        "cost costs price priced bill budget expense account spend spent",
        "pledge pledged donate donated donations gift gifts given give contribute contributions raise raised",
        "mission presence force deployment contingent",
        "reservoir lake",
    )
)
_OPPOSITES = (
    ("minimum", "maximum"),
    ("income", "spending"),
    ("imports", "exports"),
    ("births", "deaths"),
    ("before", "after"),
)
_ONLY_IF_ASKED = (
    "",
    "percent",
    "time",
    "temperature",
    "date",
)  # units that a question names if it means them
_LOWER_CASE = re.compile(r"\b[a-z][\w’-]+")
_PLACE = re.compile(rf"\b(?:in|on|at|for|of|to|from) (?!{WEEKDAY})([A-Z][\w’-]+)")
_SUBJECT = re.compile(
    r"(?:[Aa]nd |[Bb]ut |[Ww]hile |[Tt]he |For |In |At |Of )*"
    r"([A-Z][\w.-]*(?: (?:de |of )?[A-Z][\w.-]*)*)"
)
_REPORTS = re.compile(
    r" (?:sa(?:ys?|id)|estimat|put|cit|reckon|expect|found|calculat|told|announc|report|show|review|data)"
)
_OWNS = re.compile(
    r",|['’]s?\b|"
    r" (?:ha[sd]|have|will|would|is|was|plan(?:s|ned)|pledged|promised|gave|sent|spent|contributed)\b"
)
_CALENDAR = re.compile(rf"(?:{MONTH}|{WEEKDAY}),?")
_TOTAL = re.compile(
    r"\b(?:in all|total\w*|altogether|amounts? to|comes? to|stands? at|overall|the whole|lifetime|final|full|"
    r"bill)\b",
    re.IGNORECASE,
)
_DIFFERENCE_BEFORE = re.compile(
    r"\b(?:by|further|another|additional|extra|difference of|shortfall of|every|each|average of|"
    r"(?:once|originally) (?:priced|planned|put) at|instead of|rather than|up from|down from|compared with)"
    r"(?: a| an| the)? $"
)
_DIFFERENCE_AFTER = re.compile(
    r" (?:of (?:them|these|those|whom|which)|less|more|lower|higher|larger|smaller|below|above|fewer|apart|"
    r"extra|wider)\b"
)
_RISES = re.compile(
    r" (?:\w+ ){0,2}(?:rise|rose|risen|grow|grew|grown|increas\w+|climb\w*|fall|fell|"
    r"drop\w*|expand\w*|enlarged) to\b"
)
_CONVERSION = re.compile(r" ?\(|,? or (?:about |roughly )?$")


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A quantity that fits a question, in the sentence that holds it. Scores compare within one list only."""

    evidence: Evidence
    quantity: Quantity
    score: float

    @property
    def day(self) -> PartialDate | None:
        """The day that it refers to: that in its sentence, else its article's; None if neither is known."""
        return self.quantity.day or self.evidence.article.published


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is compared with the words around a value.

    `groups` are the stems of the question with their synonyms, `stems` its own, `common` the words that the
    articles write in lower case, which are no names.
    """

    question: str
    groups: tuple[frozenset[str], ...]
    stems: frozenset[str]
    common: frozenset[str]


def rank_values(question: QuestionPart, ranked: Sequence[Evidence]) -> list[DatedValue]:
    """Return the values in ranked sentences that fit a question, best first; all of one unit."""
    terms = _terms(question.text, ranked)
    unit = question.answer_type.unit
    found = [
        DatedValue(item, quantity, _score(item, quantity, terms))
        for item in ranked
        for quantity in (date_quantities(item.text) if unit == "date" else _without_conversions(item))
        if quantity.text not in question.text
    ]
    unit = unit or _usual_unit(found)
    found = [value for value in found if has_unit(value.quantity, unit)]
    if unit not in _ONLY_IF_ASKED:
        found = _prefer_wholes(found)
    return sorted(found, key=lambda value: -value.score)


def _terms(question: str, ranked: Sequence[Evidence]) -> _Terms:
    stems = [word for word in content_stems(question) if word not in _ASKING_STEMS]
    groups = (
        next((group for group in _SYNONYMS if word in group), frozenset({word}))
        for word in dict.fromkeys(stems)
    )
    bodies = {item.article.body for item in ranked}
    common = {word for body in bodies for word in _LOWER_CASE.findall(body)} | STOP_WORDS
    return _Terms(question, tuple(groups), frozenset(stems), frozenset(common))


def _without_conversions(item: Evidence) -> list[Quantity]:
    """Return a sentence's quantities without those that repeat the one before in another unit.

    "4.15 million square kilometres (1.60 million square miles)" is one.
    """
    found = parse_quantities(item.text, item.article.published)
    return [
        quantity
        for n, quantity in enumerate(found)
        if not (
            n
            and quantity.unit == found[n - 1].unit
            and _CONVERSION.fullmatch(item.text[found[n - 1].end : quantity.start])
        )
    ]


def _score(item: Evidence, quantity: Quantity, terms: _Terms) -> float:
    """Return the sentence's score and what the words around a quantity say for and against it."""
    first, last = clause_span(item.text, quantity.start)
    clause = item.text[first:last]
    total = len(terms.groups) or 1
    fit = (
        IN_CLAUSE * _shared(terms, clause) / total
        + IN_SENTENCE * _shared(terms, item.text) / total
        + TOTAL * bool(_TOTAL.search(clause))
        + UNIT_NAMED * _names_unit(terms, quantity)
        - OF_OTHERS * _belongs_to_others(item, first, quantity, terms)
        - DIFFERENCE * _is_difference(item.text, quantity)
        - OUTDATED * _is_outdated(item, quantity)
        - NO_UNIT * (not quantity.unit)
        - PAST_DATE * _is_past_date(item, quantity)
        - OTHER_PLACE * min(_other_places(item.text, terms), 2)
        + IN_HEADLINE * _is_in_headline(item, quantity)
    )
    return item.score + fit - OPPOSITE * _is_opposite(item, first, last, quantity, terms)


def _shared(terms: _Terms, text: str) -> int:
    held = set(content_stems(text))
    return sum(bool(group & held) for group in terms.groups)


def _names_unit(terms: _Terms, quantity: Quantity) -> bool:
    return any(group & set(content_stems(quantity.text)) for group in terms.groups)


def _is_difference(sentence: str, quantity: Quantity) -> bool:
    return bool(
        _DIFFERENCE_BEFORE.search(sentence[: quantity.start])
        or _DIFFERENCE_AFTER.match(sentence[quantity.end :])
    )


def _is_outdated(item: Evidence, quantity: Quantity) -> bool:
    """Return True for a value of a year before its article, and for the first of "from 500 to 4,000"."""
    published = item.article.published
    if quantity.day and published and quantity.day.year < published.year:
        return True
    before, after = item.text[: quantity.start], item.text[quantity.end :]
    return bool(_RISES.match(after)) or (before.endswith("from ") and after.startswith(" to "))


def _is_past_date(item: Evidence, quantity: Quantity) -> bool:
    published = item.article.published
    if quantity.unit != "date" or not published:
        return False
    return quantity.high < published.first.toordinal() - _PAST_DAYS


def _other_places(sentence: str, terms: _Terms) -> int:
    """Return how many places a sentence names that the question does not."""
    names = {name for name in _PLACE.findall(sentence) if stem(name) not in terms.stems}
    return sum(name.lower() not in terms.common for name in names)


def _is_in_headline(item: Evidence, quantity: Quantity) -> bool:
    return any(other.high == quantity.high for other in parse_quantities(item.article.headline))


def _belongs_to_others(item: Evidence, clause_start: int, quantity: Quantity, terms: _Terms) -> bool:
    """Return True if a clause, or its sentence, is about a name that the question does not have.

    "Germany has 1,350 people there" is, "Germany says that" is not. A name is a word that is never written in
    lower case, or several capitalised ones.
    """
    for start in {0, clause_start}:
        subject = _SUBJECT.match(item.text[: quantity.start], start)
        if not subject:
            continue
        words = [word for word in subject[1].split() if word[0].isupper() and word.lower() not in STOP_WORDS]
        if any(stem(word) in terms.stems or _CALENDAR.fullmatch(word) for word in words):
            continue
        between = item.text[subject.end(1) : quantity.start]
        named = len(words) > 1 or (words and words[0].lower() not in terms.common and _OWNS.match(between))
        if named and not _REPORTS.search(between):
            return True
    return False


def _is_opposite(item: Evidence, first: int, last: int, quantity: Quantity, terms: _Terms) -> bool:
    """Return True if a value's clause, `first` to `last`, names the opposite of what is asked."""
    asked = terms.question.lower()
    clause = item.text[first : max(last, min(len(item.text), quantity.end + _AFTER_VALUE))].lower()
    return any(
        one in asked and other in clause and one not in clause
        for pair in _OPPOSITES
        for one, other in (pair, pair[::-1])
    )


def _usual_unit(values: Iterable[DatedValue]) -> str:
    """Return the unit that the best sentences of most articles have in common; "" if there is none."""
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    values = [value for value in values if value.quantity.unit not in _ONLY_IF_ASKED]
    top = max((value.score for value in values), default=0.0)
    for value in values:
        of_unit, article = weights[value.quantity.unit], value.evidence.article.id
        weight = math.exp((value.score - top) / _UNIT_SCALE)
        of_unit[article] = max(weight, of_unit.get(article, 0.0))
    return max(weights, key=lambda unit: sum(weights[unit].values())) if weights else ""


def _prefer_wholes(values: Sequence[DatedValue]) -> list[DatedValue]:
    """Lower each score by the orders of magnitude below the largest value of its article."""
    best: dict[str, float] = {}
    for value in values:
        article = value.evidence.article.id
        best[article] = max(value.score, best.get(article, -math.inf))
    largest: dict[str, Decimal] = {}
    for value in values:
        article = value.evidence.article.id
        if value.score >= best[article] - _WHOLE_WITHIN:
            largest[article] = max(largest.get(article, Decimal(1)), value.quantity.high)

    def magnitudes(value: DatedValue) -> float:
        share = largest[value.evidence.article.id] / max(value.quantity.high, Decimal("0.01"))
        return max(0.0, float(share.log10()))

    return [replace(value, score=value.score - SMALLER_PART * magnitudes(value)) for value in values]
