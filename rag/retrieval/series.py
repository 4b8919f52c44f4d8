"""A question for an amount + evidence -> the figures that answer it, each with its day. Knows quantities and words; searches nothing.

A figure fits if its unit is the one that the question asks for, or the one that most articles use for the question's thing, and if
the words around it are the question's. The weights were set by hand on the development half of `corpus/gold.jsonl`.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from corpus.article import MONTHS, PartialDate
from corpus.passages import Passage
from corpus.words import STOP_WORDS, content_stems, stem
from rag.quantities.quantities import Quantity, clause_span, date_quantities, parse_quantities
from rag.query.answer_type import asks_amount, asks_date, has_unit, requested_unit
from rag.query.timing import AsOf, Intent
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import SearchHit
from rag.verification.citations import Statement

ARTICLES = 12  # whose sentences are read for an account over time
_WHOLE = 20_000  # characters up to which an article is read whole, not only the passages that were found
_ENTRIES = 8  # dates in one account
_ENOUGH = 17.0  # of the best figure's fit; below it nothing fits and the best sentences are the answer
# How much worse than the best figure another date's may fit, and the newest one where the latest is asked for.
_WITHIN, _NEWEST_WITHIN = 8.5, 6.0
_AMBIGUOUS = 1.0  # two values of one sentence whose fit differs less are told by the quote alone
# What speaks for a figure: the question's words in its clause and in its sentence, a total, the question's own word for the unit,
# another article's figure of about the same size, the article's headline; what against it: another's figure,
# a part, a difference, an older value, no unit; a date that was past when its article appeared was planned by nobody.
NEAR, AROUND, TOTAL, NAMED_UNIT, LIKE, HEADLINE = 3.0, 1.5, 0.7, 2.0, 2.0, 2.0
OTHERS, PART, DIFFERENCE, OLDER, BARE, OPPOSITE, STRANGE, PAST = 6.0, 0.4, 2.0, 1.5, 1.0, 3.0, 0.7, 3.0

_ASKING_STEMS = frozenset(
    content_stems(
        "amount size number extent total figure level value estimate count how many much large big long high latest newest current currently "
        "recent recently now planned expected agreed given upper"
    )
)
# Words that a paper uses for one another when it tells an amount.
_ALIKE = tuple(
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
_NEVER_BY_ITSELF = (
    "",
    "percent",
    "time",
    "temperature",
    "date",
)  # units that a question names if it means them
_LOWER = re.compile(r"\b[a-z][\w’-]+")
_PLACES = re.compile(
    r"\b(?:in|on|at|for|of|to|from) (?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)([A-Z][\w’-]+)"
)
_SUBJECT = re.compile(
    r"(?:[Aa]nd |[Bb]ut |[Ww]hile |[Tt]he |For |In |At |Of )*((?:[A-Z][\w.-]*)(?: (?:de |of )?[A-Z][\w.-]*)*)(?:['’]s?)?(?P<next> \w+)?"
)
_REPORTS = re.compile(
    r" (?:sa(?:ys?|id)|estimat|put|cit|reckon|expect|found|calculat|told|announc|report|show|review|data)"
)
_OWNS = re.compile(
    r",|['’]s?\b| (?:ha[sd]|have|will|would|is|was|plan(?:s|ned)|pledged|promised|gave|sent|spent|contributed)\b"
)
_CALENDAR = re.compile(rf"(?:{'|'.join(MONTHS)}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day),?")
_TOTAL = re.compile(
    r"\b(?:in all|total\w*|altogether|amounts? to|comes? to|stands? at|overall|the whole|lifetime|final|full|bill)\b",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\b(?:by|further|another|additional|extra|difference of|shortfall of|every|each|average of|(?:once|originally) (?:priced|planned|put) at|"
    r"instead of|rather than|up from|down from|compared with)(?: a| an| the)? $"
)
_LESS = re.compile(
    r" (?:of (?:them|these|those|whom|which)|less|more|lower|higher|larger|smaller|below|above|fewer|apart|extra|wider)\b"
)
_RISES = re.compile(
    r" (?:\w+ ){0,2}(?:rise|rose|risen|grow|grew|grown|increas\w+|climb\w*|fall|fell|drop\w*|expand\w*|enlarged) to\b"
)
_SAME_IN_OTHER_UNITS = re.compile(r" ?\(|,? or (?:about |roughly )?$")


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity that fits the question, in the sentence that holds it. `fit` is comparable only inside one list."""

    evidence: Evidence
    quantity: Quantity
    fit: float

    @property
    def day(self) -> PartialDate | None:
        """The day that it speaks of: the one that its sentence names, or its article's; None where neither is known."""
        return self.quantity.day or self.evidence.article.published


def whole(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """The articles of the best hits, each once and read whole: the figure often stands elsewhere than the words of the question."""
    best: dict[str, SearchHit] = {}
    long = []
    for hit in hits:
        article = hit.passage.article
        if len(article.body) > _WHOLE:
            long.append(hit)
        else:
            best.setdefault(article.id, replace(hit, passage=Passage(article, 0, len(article.body))))
    return sorted([*best.values(), *long], key=lambda hit: -hit.score)[:ARTICLES]


def figures(question: str, ranked: Sequence[Evidence]) -> list[Figure]:
    """The quantities of the ranked sentences that fit the question, best first; all of one unit."""
    stems = [word for word in content_stems(question) if word not in _ASKING_STEMS]
    wanted = [
        next((group for group in _ALIKE if word in group), frozenset({word})) for word in dict.fromkeys(stems)
    ]
    ordinary = {
        word for body in {item.article.body for item in ranked} for word in _LOWER.findall(body)
    } | STOP_WORDS
    unit = requested_unit(question)
    found = [
        Figure(
            item,
            quantity,
            item.score
            + _nearness(item, quantity, wanted, set(stems), ordinary)
            - OPPOSITE * _opposite(question, item, quantity),
        )
        for item in ranked
        for quantity in (date_quantities(item.text) if unit == "date" else _told_once(item))
        if quantity.text not in question
    ]
    unit = unit or _usual_unit(found)
    found = [figure for figure in found if has_unit(figure.quantity, unit)]
    if unit not in _NEVER_BY_ITSELF:
        found = _wholes_preferred(found)
    return sorted(found, key=lambda figure: -figure.fit)


def _told_once(item: Evidence) -> list[Quantity]:
    """A sentence's quantities, without those that repeat the one before in another unit: "4.15 million square kilometres (1.60 million square miles)"."""
    found = parse_quantities(item.text, item.article.published)
    return [
        quantity
        for n, quantity in enumerate(found)
        if not (
            n
            and quantity.unit == found[n - 1].unit
            and _SAME_IN_OTHER_UNITS.fullmatch(item.text[found[n - 1].end : quantity.start])
        )
    ]


def _nearness(
    item: Evidence, quantity: Quantity, wanted: Sequence[frozenset[str]], asked: set[str], ordinary: set[str]
) -> float:
    """How much the words around a quantity are the question's, and what speaks against its being the one that is asked for."""
    first, last = clause_span(item.text, quantity.start)
    near, around = set(content_stems(item.text[first:last])), set(content_stems(item.text))
    total = len(wanted) or 1
    published = item.article.published
    return (
        NEAR * sum(bool(words & near) for words in wanted) / total
        + AROUND * sum(bool(words & around) for words in wanted) / total
        + TOTAL * bool(_TOTAL.search(item.text[first:last]))
        + NAMED_UNIT * any(words & set(content_stems(quantity.text)) for words in wanted)
        - OTHERS * _someone_elses(item, first, quantity, asked, ordinary)
        - DIFFERENCE * bool(_BY.search(item.text[: quantity.start]) or _LESS.match(item.text[quantity.end :]))
        - OLDER
        * bool(
            (quantity.day and published and quantity.day.year < published.year)
            or _outgrown(item.text, quantity)
        )
        - BARE * (not quantity.unit)
        - PAST
        * bool(quantity.unit == "date" and published and quantity.high < published.first.toordinal() - 31)
        - STRANGE
        * min(
            len(
                {
                    name
                    for name in _PLACES.findall(item.text)
                    if stem(name) not in asked and name.lower() not in ordinary
                }
            ),
            2,
        )
        + HEADLINE * any(other.high == quantity.high for other in parse_quantities(item.article.headline))
    )


def _outgrown(sentence: str, quantity: Quantity) -> bool:
    """True for the first of two values of which the second took the place: "from 500 to 4,000", "about 500 may rise to 4,000"."""
    return bool(
        _RISES.match(sentence, quantity.end)
        or (sentence[: quantity.start].endswith("from ") and sentence[quantity.end :].startswith(" to "))
    )


def _someone_elses(
    item: Evidence, start: int, quantity: Quantity, asked: set[str], ordinary: set[str]
) -> bool:
    """True if a clause, or its sentence, is about a name that the question does not hold: "Germany has 1,350 people there", not "Germany says that".

    A name is a word that is never written small, or several with a capital.
    """
    for place in {0, start}:
        subject = _SUBJECT.match(item.text[: quantity.start], place)
        words = (
            [word for word in subject[1].split() if word[0].isupper() and word.lower() not in STOP_WORDS]
            if subject
            else []
        )
        if not subject or any(stem(word) in asked or _CALENDAR.fullmatch(word) for word in words):
            continue
        between = item.text[subject.end(1) : quantity.start]
        owns = len(words) > 1 or (words and words[0].lower() not in ordinary and _OWNS.match(between))
        if owns and not _REPORTS.search(between):
            return True
    return False


def _opposite(question: str, item: Evidence, quantity: Quantity) -> bool:
    first, last = clause_span(item.text, quantity.start)
    asked, told = (
        question.lower(),
        item.text[first : max(last, min(len(item.text), quantity.end + 40))].lower(),
    )
    return any(
        a in asked and b in told and a not in told for pair in _OPPOSITES for a, b in (pair, pair[::-1])
    )


def _usual_unit(found: Iterable[Figure]) -> str:
    """The unit that the best sentences of most articles have in common."""
    best: dict[str, dict[str, float]] = defaultdict(dict)
    found = [figure for figure in found if figure.quantity.unit not in _NEVER_BY_ITSELF]
    top = max((figure.fit for figure in found), default=0.0)
    for figure in found:
        unit, article = figure.quantity.unit, figure.evidence.article.id
        best[unit][article] = max(math.exp((figure.fit - top) / 3), best[unit].get(article, 0.0))
    return max(best, key=lambda unit: sum(best[unit].values())) if best else ""


def _wholes_preferred(found: Sequence[Figure]) -> list[Figure]:
    """A part is smaller than its whole: each order of size below the largest figure of its article that fits as well costs a little."""
    best: dict[str, float] = {}
    for figure in found:
        best[figure.evidence.article.id] = max(figure.fit, best.get(figure.evidence.article.id, -math.inf))
    largest: dict[str, Decimal] = {}
    for figure in found:
        name = figure.evidence.article.id
        if figure.fit >= best[name] - 3:
            largest[name] = max(largest.get(name, Decimal(1)), figure.quantity.high)

    def orders(figure: Figure) -> float:
        share = largest[figure.evidence.article.id] / max(figure.quantity.high, Decimal("0.01"))
        return max(0.0, float(share.log10()))

    return [replace(figure, fit=figure.fit - PART * orders(figure)) for figure in found]


def told(question: str, ranked: Sequence[Evidence], wanted: Intent) -> list[Figure]:
    """The figures that a question about change (one an article, newest first) or about the latest (one) is answered with; none where nothing fits."""
    found = figures(question, ranked)
    if not found or found[0].fit < _ENOUGH:
        return []
    best = list(_best_of_each(found))
    if wanted.latest:
        # Every article holds dates, so the newest one's has to fit better.
        within = _NEWEST_WITHIN / 2 if found[0].quantity.unit == "date" else _NEWEST_WITHIN
        near = [figure for figure in best if figure.fit >= found[0].fit - within]
        return sorted(near, key=_published, reverse=True)[:1]
    near = [figure for figure in best if figure.fit >= found[0].fit - _WITHIN]
    # What one thing measures at several dates is mostly of one order of size.
    near = [
        figure
        for figure in best
        if figure.fit + LIKE * any(_alike(figure, other) for other in near) >= found[0].fit - _WITHIN
    ]
    if len(wanted.dates) > 1:
        years = [day.year for day in wanted.dates]
        near = [
            figure for figure in near if not figure.day or min(years) <= figure.day.year <= max(years)
        ] or near
    return sorted(near[:_ENTRIES], key=_newest, reverse=True)


def _best_of_each(found: Iterable[Figure]) -> Iterable[Figure]:
    """The first figure of each article."""
    best: dict[str, Figure] = {}
    for figure in found:
        best.setdefault(figure.evidence.article.id, figure)
    return best.values()


def _alike(one: Figure, other: Figure) -> bool:
    """True for figures of two articles of which neither is half as large again as the other."""
    a, b = sorted((one.quantity.high, other.quantity.high))
    return one.evidence.article.id != other.evidence.article.id and a * 3 >= b * 2


def _newest(figure: Figure) -> int:
    return figure.day.first.toordinal() if figure.day else 0


def _published(figure: Figure) -> int:
    published = figure.evidence.article.published
    return published.first.toordinal() if published else 0


def labelled(
    question: str, subject: str, statements: Sequence[Statement], evidence: Sequence[Evidence], wanted: Intent
) -> tuple[Statement, ...]:
    """The statements of an answer; where the question is for an amount of its subject, each that holds one with its day and publisher, and
    the figure if only one fits.
    """
    if not asks_amount(question) and not ((wanted.change or wanted.latest) and asks_date(question)):
        return tuple(statements)
    fitting: dict[tuple[str, int], list[Figure]] = defaultdict(list)
    for figure in figures(subject, evidence):
        fitting[figure.evidence.article.id, figure.evidence.start].append(figure)
    return tuple(replace(statement, as_of=_as_of(statement, fitting)) for statement in statements)


def _as_of(statement: Statement, fitting: Mapping[tuple[str, int], Sequence[Figure]]) -> AsOf | None:
    citation = statement.citations[0]
    article = citation.article
    top = max((figure.fit for figures in fitting.values() for figure in figures), default=0.0)
    found = [
        figure
        for figure in fitting.get((article.id, citation.start), ())
        if figure.fit >= top - _WITHIN - LIKE
        and figure.quantity.text in statement.text
        and figure.quantity.text in citation.quote
    ]
    if not found:
        return (
            AsOf("", article.published, article.published, article.publisher)
            if parse_quantities(statement.text)
            else None
        )
    best = found[0].quantity
    alone = all(
        _same(figure.quantity, best) or figure.fit < found[0].fit - _AMBIGUOUS for figure in found[1:]
    )
    if not alone:
        return AsOf("", article.published, article.published, article.publisher)
    return AsOf(best.text, best.day or article.published, article.published, article.publisher, best.stage)


def _same(a: Quantity, b: Quantity) -> bool:
    return (a.low, a.high) == (b.low, b.high)


def disagree(figures: Sequence[Figure]) -> bool:
    """True if two articles tell different values for the same day, of the same unit, both as facts or both as plans."""
    for n, one in enumerate(figures):
        for other in figures[n + 1 :]:
            if (
                one.day
                and one.day == other.day
                and one.evidence.article.id != other.evidence.article.id
                and one.quantity.stage == other.quantity.stage
                and not one.quantity.compatible_with(other.quantity)
            ):
                return True
    return False
