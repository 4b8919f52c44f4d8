"""A series of dated values -> a small drawing (SVG) in which each point leads to its source. Knows points, nothing of answers.

Gradio's sanitizer takes `viewBox` and `aria-*` away, so widths are per cent, heights are pixels and names are `title` elements.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from html import escape
from itertools import pairwise

from rag.answers.timeline import DataPoint

_HEIGHT, _TOP, _FLOOR = 170, 44, 138  # pixels: of all, of the highest value, of zero
_LEFT, _RIGHT = 7.0, 93.0  # per cent: of the first and the last day
_NARROW = 330  # pixels of width on a phone, for which labels must not run into each other
_LETTER, _LINE = 7, 15  # pixels of a label's letter and line
_SCALES = ((Decimal(10) ** 12, "tn"), (Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"))


def chart_html(points: Sequence[DataPoint], turn: int) -> str:
    """The drawing, or nothing where there is no series; `turn` says to which answer the sources belong."""
    if not points:
        return ""
    first, last = points[0].day, points[-1].day
    highest = max(point.high for point in points) or Decimal(1)
    places = [(_across(point.day, first, last), _up(point.high, highest)) for point in points]
    lines = "".join(
        f'<line class="course" x1="{a[0]:.1f}%" y1="{a[1]:.0f}" x2="{b[0]:.1f}%" y2="{b[1]:.0f}"></line>'
        for a, b in pairwise(places)
        if a[0] != b[0]
    )
    labels = _labels(points, places)
    dots = "".join(
        _dot(point, x, y, _up(point.low, highest), label, turn)
        for point, (x, y), label in zip(points, places, labels, strict=True)
    )
    axis = (
        f'<line class="axis" x1="0%" y1="{_FLOOR}" x2="100%" y2="{_FLOOR}"></line>'
        f'<text class="day" x="0%" y="{_FLOOR - 5}">0</text>'
        f'<text class="day" x="{_LEFT}%" y="{_FLOOR + 18}" text-anchor="start">{_spoken(first)}</text>'
        f'<text class="day" x="{_RIGHT}%" y="{_FLOOR + 18}" text-anchor="end">{_spoken(last)}</text>'
    )
    key = (
        ""
        if all(point.certain for point in points)
        else '<p class="key">● told as a fact ○ announced, planned or estimated</p>'
    )
    return f'<div class="chart"><svg width="100%" height="{_HEIGHT}"><title>Value by day</title>{axis}{lines}{dots}</svg>{key}</div>'


def _dot(point: DataPoint, x: float, y: float, low: float, label: tuple[str, float] | None, turn: int) -> str:
    """One point with its label and the whole of what it tells as its name; a span of values is a bar."""
    as_of = point.statement.as_of
    name = escape(
        f"{as_of.figure}, {as_of.spoken}. Opens source {point.number}." if as_of else "", quote=True
    )
    bar = (
        f'<line class="span" x1="{x:.1f}%" y1="{y:.0f}" x2="{x:.1f}%" y2="{low:.0f}"></line>'
        if point.low != point.high
        else ""
    )
    words = (
        f'<text class="value" x="{x:.1f}%" y="{label[1]:.0f}" text-anchor="middle">{escape(label[0])}</text>'
        if label
        else ""
    )
    kind = "fact" if point.certain else "plan"
    return (
        f'<a class="point {kind}" href="#source-{turn}-{point.number}"><title>{name}</title>{bar}'
        f'<circle cx="{x:.1f}%" cy="{y:.0f}" r="5"></circle>{words}</a>'
    )


def _labels(
    points: Sequence[DataPoint], places: Sequence[tuple[float, float]]
) -> list[tuple[str, float] | None]:
    """For each point its value and where to write it: above, below or further away, or nothing where there is no room."""
    taken: list[tuple[float, float, float]] = []
    labels: list[tuple[str, float] | None] = []
    for point, (x, y) in zip(points, places, strict=True):
        text = f"{compact(point.high)} [{point.number}]"
        half = len(text) * _LETTER / 2
        centre = x * _NARROW / 100
        free = (
            at
            for at in (y - 10, y + 20, y - 10 - _LINE, y + 20 + _LINE, y - 10 - 2 * _LINE)
            if _LINE <= at < _FLOOR - 2
            and all(
                abs(centre - other) >= half + width or abs(at - line) >= _LINE for other, width, line in taken
            )
        )
        at = next(free, None)
        labels.append(None if at is None else (text, at))
        if at is not None:
            taken.append((centre, half, at))
    return labels


def compact(value: Decimal) -> str:
    """A value as a label has room for it.

    >>> compact(Decimal("88e9")), compact(Decimal("1350")), compact(Decimal("4150000")), compact(Decimal("0.5"))
    ('88 bn', '1,350', '4.15 m', '0.5')
    """
    for size, name in _SCALES:
        if abs(value) >= size:
            return f"{_plain(value / size)} {name}"
    return _plain(value)


def _plain(value: Decimal) -> str:
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _across(day: date, first: date, last: date) -> float:
    return _LEFT + (_RIGHT - _LEFT) * ((day - first).days / (last - first).days)


def _up(value: Decimal, highest: Decimal) -> float:
    return _FLOOR - float(value / highest) * (_FLOOR - _TOP)


def _spoken(day: date) -> str:
    return f"{day:%b %Y}"
