"""SVG chart of dated values, in which each point links to its source.

Gradio's sanitizer removes `viewBox` and `aria-*`: widths are therefore percentages, heights pixels, and names
`title` elements.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from html import escape
from itertools import pairwise

from rag.answers.timeline import DataPoint

_HEIGHT, _TOP, _BOTTOM = 170, 44, 138  # pixels, of the chart, the highest value and zero
_LEFT, _RIGHT = 7.0, 93.0  # per cent, of the first and the last day
_PHONE_WIDTH = 330  # pixels; labels must not overlap even here
_CHAR_WIDTH, _LINE_HEIGHT = 7, 15  # pixels, of a label
_SCALES = ((Decimal(10) ** 12, "tn"), (Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"))

Position = tuple[float, float]  # per cent from the left, pixels from the top
Label = tuple[str, float]  # text, pixels from the top


def chart_html(points: Sequence[DataPoint], turn: int) -> str:
    """Return the chart, or nothing if there are no points; `turn` is the position of their answer."""
    if not points:
        return ""
    first, last = points[0].day, points[-1].day
    highest = max(point.high for point in points) or Decimal(1)
    positions = [(_x(point.day, first, last), _y(point.high, highest)) for point in points]
    labels = _place_labels(points, positions)
    dots = "".join(
        _dot(point, position, _y(point.low, highest), label, turn)
        for point, position, label in zip(points, positions, labels, strict=True)
    )
    drawing = f"<title>Value by day</title>{_axis(first, last)}{_lines(positions)}{dots}"
    return f'<div class="chart"><svg width="100%" height="{_HEIGHT}">{drawing}</svg>{_key(points)}</div>'


def _axis(first: date, last: date) -> str:
    return (
        f'<line class="axis" x1="0%" y1="{_BOTTOM}" x2="100%" y2="{_BOTTOM}"></line>'
        f'<text class="day" x="0%" y="{_BOTTOM - 5}">0</text>'
        f'<text class="day" x="{_LEFT}%" y="{_BOTTOM + 18}" text-anchor="start">{first:%b %Y}</text>'
        f'<text class="day" x="{_RIGHT}%" y="{_BOTTOM + 18}" text-anchor="end">{last:%b %Y}</text>'
    )


def _lines(positions: Sequence[Position]) -> str:
    """Return the lines between the points of different days."""
    return "".join(
        f'<line class="trend" x1="{a[0]:.1f}%" y1="{a[1]:.0f}" x2="{b[0]:.1f}%" y2="{b[1]:.0f}"></line>'
        for a, b in pairwise(positions)
        if a[0] != b[0]
    )


def _key(points: Sequence[DataPoint]) -> str:
    """Return what the two kinds of points mean, if there are both."""
    if all(point.certain for point in points):
        return ""
    return '<p class="key">● reported as a fact ○ announced, planned or estimated</p>'


def _dot(point: DataPoint, position: Position, low_y: float, label: Label | None, turn: int) -> str:
    """Return one point with its label, named by what its statement says; a range of values is a bar."""
    x, y = position
    as_of = point.statement.as_of
    name = f"{as_of.figure}, {as_of.spoken}. Opens source {point.number}." if as_of else ""
    bar = text = ""
    if point.low != point.high:
        bar = f'<line class="range" x1="{x:.1f}%" y1="{y:.0f}" x2="{x:.1f}%" y2="{low_y:.0f}"></line>'
    if label:
        words, label_y = label
        text = (
            f'<text class="value" x="{x:.1f}%" y="{label_y:.0f}" text-anchor="middle">{escape(words)}</text>'
        )
    kind = "fact" if point.certain else "plan"
    return (
        f'<a class="point {kind}" href="#source-{turn}-{point.number}">'
        f"<title>{escape(name, quote=True)}</title>{bar}"
        f'<circle cx="{x:.1f}%" cy="{y:.0f}" r="5"></circle>{text}</a>'
    )


def _place_labels(points: Sequence[DataPoint], positions: Sequence[Position]) -> list[Label | None]:
    """Return each point's value and where to write it, or None where it would overlap another label.

    The first free place is taken: above the point, below it, then one or two lines further away.
    """
    taken: list[tuple[float, float, float]] = []  # centre, half width and height of the labels so far
    labels: list[Label | None] = []
    for point, (x, y) in zip(points, positions, strict=True):
        text = f"{compact(point.high)} [{point.number}]"
        half = len(text) * _CHAR_WIDTH / 2
        centre = x * _PHONE_WIDTH / 100
        above, below = y - 10, y + 20
        candidates = (above, below, above - _LINE_HEIGHT, below + _LINE_HEIGHT, above - 2 * _LINE_HEIGHT)
        free = next((at for at in candidates if _is_free(at, centre, half, taken)), None)
        labels.append(None if free is None else (text, free))
        if free is not None:
            taken.append((centre, half, free))
    return labels


def _is_free(y: float, centre: float, half: float, taken: Sequence[tuple[float, float, float]]) -> bool:
    """Return True if a label at height `y` stays inside the chart and overlaps none of those taken."""
    return _LINE_HEIGHT <= y < _BOTTOM - 2 and all(
        abs(centre - other) >= half + other_half or abs(y - other_y) >= _LINE_HEIGHT
        for other, other_half, other_y in taken
    )


def compact(value: Decimal) -> str:
    """Return a value short enough for a label.

    >>> [compact(Decimal(value)) for value in ("88e9", "4150000", "1350", "0.5")]
    ['88 bn', '4.15 m', '1,350', '0.5']
    """
    for size, name in _SCALES:
        if abs(value) >= size:
            return f"{_trim_zeros(value / size)} {name}"
    return _trim_zeros(value)


def _trim_zeros(value: Decimal) -> str:
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _x(day: date, first: date, last: date) -> float:
    return _LEFT + (_RIGHT - _LEFT) * ((day - first).days / (last - first).days)


def _y(value: Decimal, highest: Decimal) -> float:
    return _BOTTOM - float(value / highest) * (_BOTTOM - _TOP)
