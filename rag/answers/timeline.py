"""An answer -> the values that it tells over time, and the statements that contradict each other. Knows amounts and days, draws nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.quantities.quantities import Quantity, parse_quantities
from rag.retrieval.evidence import Evidence, find_conflict
from rag.verification.citations import Statement


@dataclass(frozen=True, slots=True)
class DataPoint:
    """One value on one day: the statement that tells it, and the bounds of the value, which are mostly equal."""

    statement: Statement
    day: date
    low: Decimal
    high: Decimal

    @property
    def number(self) -> int:
        """The number of its source."""
        return self.statement.citations[0].number

    @property
    def certain(self) -> bool:
        """True for what is told as a fact, not as a plan, an announcement or an estimate."""
        return self.statement.as_of is not None and self.statement.as_of.stage == "actual"


def data_points(answer: Answer) -> tuple[DataPoint, ...]:
    """The dated values of an answer, oldest first, where they make a series: all of one unit, on two days at least. Otherwise none."""
    told = [(item, quantity) for item in answer.statements if (quantity := _quantity(item))]
    units = Counter(quantity.unit for _, quantity in told if quantity.unit)
    usual = units.most_common(1)[0][0] if units else ""
    found = [
        DataPoint(item, item.as_of.day.first, quantity.low, quantity.high)
        for item, quantity in told
        if item.as_of and item.as_of.day and quantity.unit in (usual, "")
    ]
    series = tuple(sorted(found, key=lambda point: (point.day, point.number)))
    return series if len({point.day for point in series}) > 1 else ()


def conflicting_statements(answer: Answer) -> tuple[tuple[Statement, ...], ...]:
    """The groups of statements that tell different values of the same thing, each from another article."""
    groups: list[list[Statement]] = []
    for item in answer.statements:
        group = next((group for group in groups if any(_against(item, other) for other in group)), None)
        if group is None:
            groups.append([item])
        else:
            group.append(item)
    return tuple(tuple(group) for group in groups if len(group) > 1)


def _quantity(statement: Statement) -> Quantity | None:
    """The quantity that a statement's `as_of` names, as its source tells it."""
    if statement.as_of is None or not statement.as_of.figure:
        return None
    told = parse_quantities(statement.citations[0].quote, statement.as_of.published)
    return next((quantity for quantity in told if quantity.text == statement.as_of.figure), None)


def _against(one: Statement, other: Statement) -> bool:
    """True if two statements tell the same with other figures, or two values that cannot both hold for one day."""
    if one.citations[0].article.id == other.citations[0].article.id:
        return False
    if find_conflict(_cited(one), [_cited(other)]):
        return True
    a, b = _quantity(one), _quantity(other)
    if not a or not b or not one.as_of or not other.as_of:
        return False
    return bool(
        one.as_of.day
        and one.as_of.day == other.as_of.day
        and one.as_of.stage == other.as_of.stage
        and not a.compatible_with(b)
    )


def _cited(statement: Statement) -> Evidence:
    place = statement.citations[0]
    return Evidence(Passage(place.article, place.start, place.end), place.start, place.end, 0.0, 0.0)
