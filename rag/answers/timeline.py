"""The values of an answer over time, for the chart, and its statements that conflict."""

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
    """One value on one day and the statement that gives it; `low` and `high` differ only in a range."""

    statement: Statement
    day: date
    low: Decimal
    high: Decimal

    @property
    def number(self) -> int:
        """The citation number of its source."""
        return self.statement.citations[0].number

    @property
    def certain(self) -> bool:
        """True for a fact, False for a plan, an announcement or an estimate."""
        return self.statement.as_of is not None and self.statement.as_of.stage == "actual"


def data_points(answer: Answer) -> tuple[DataPoint, ...]:
    """Return an answer's dated values, oldest first, if they form a series: one unit, at least two days."""
    quantities = [(item, quantity) for item in answer.statements if (quantity := _quantity(item))]
    units = Counter(quantity.unit for _, quantity in quantities if quantity.unit)
    unit = units.most_common(1)[0][0] if units else ""
    points = [
        DataPoint(item, item.as_of.day.first, quantity.low, quantity.high)
        for item, quantity in quantities
        if item.as_of and item.as_of.day and quantity.unit in (unit, "")
    ]
    points.sort(key=lambda point: (point.day, point.number))
    return tuple(points) if len({point.day for point in points}) > 1 else ()


def conflicting_statements(answer: Answer) -> tuple[tuple[Statement, ...], ...]:
    """Return the groups of statements that give different values of one thing, from different articles."""
    groups: list[list[Statement]] = []
    for item in answer.statements:
        group = next((group for group in groups if any(_conflict(item, other) for other in group)), None)
        if group is None:
            groups.append([item])
        else:
            group.append(item)
    return tuple(tuple(group) for group in groups if len(group) > 1)


def _quantity(statement: Statement) -> Quantity | None:
    """Return the quantity that the statement's `as_of` names, parsed from its source."""
    if statement.as_of is None or not statement.as_of.figure:
        return None
    quantities = parse_quantities(statement.citations[0].quote, statement.as_of.published)
    return next((quantity for quantity in quantities if quantity.text == statement.as_of.figure), None)


def _conflict(one: Statement, other: Statement) -> bool:
    """Return whether two statements say the same with other figures, or contradict each other for one day."""
    if one.citations[0].article.id == other.citations[0].article.id:
        return False
    if find_conflict(_cited(one), [_cited(other)]):
        return True
    a, b = _quantity(one), _quantity(other)
    if not a or not b or not one.as_of or not other.as_of:
        return False
    same_day = one.as_of.day and one.as_of.day == other.as_of.day
    return bool(same_day and one.as_of.stage == other.as_of.stage and not a.compatible_with(b))


def _cited(statement: Statement) -> Evidence:
    citation = statement.citations[0]
    passage = Passage(citation.article, citation.start, citation.end)
    return Evidence(passage, citation.start, citation.end, 0.0, 0.0)
