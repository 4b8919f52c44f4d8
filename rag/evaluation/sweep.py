"""A grid over settings and weights of the search: each point a run, told in a table and a plot of quality against seconds."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from html import escape
from typing import Any

from rag.assistant import Assistant
from rag.evaluation.gold import EvaluationError, GoldQuestion
from rag.evaluation.run import evaluate
from rag.evaluation.summary import Summary, summarise
from rag.retrieval.search import Scoring
from rag.settings import Settings

_SWEPT = ("model", "context", "threads", "hits")  # the settings that answers depend on
_COLUMNS = (
    "right",
    "evidence@3",
    "citation recall",
    "refusal precision",
    "refusal recall",
    "seconds to evidence",
    "seconds",
)
_SIZE = (640, 320)  # of the plot, with a border of _EDGE
_EDGE = 48


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One choice of values and what was measured with it."""

    values: dict[str, Any]
    figures: Summary

    @property
    def name(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.values.items())


def parse_grid(over: Sequence[str]) -> dict[str, list[Any]]:
    """ "hits=4,8" and the like as values of the setting's own type.

    Raises:
        GoldError: there is no such setting, or a value is not of its kind.
    """
    kinds = {dial.name: type(dial.default) for dial in fields(Settings) if dial.name in _SWEPT}
    kinds |= {weight.name: type(weight.default) for weight in fields(Scoring)}
    found: dict[str, list[Any]] = {}
    for text in over:
        name, _, told = text.partition("=")
        if name not in kinds or not told:
            raise EvaluationError(
                f'"{text}" cannot be swept; write NAME=VALUE,VALUE with one of {", ".join(kinds)}'
            )
        try:
            found[name] = [_value(kinds[name], value.strip()) for value in told.split(",")]
        except ValueError as error:
            raise EvaluationError(f"{name} takes values of kind {kinds[name].__name__}: {error}") from error
    return found


def _value(kind: type, text: str) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(f'"{text}" is neither true nor false')
        return text == "true"
    return kind(text)


def sweep(
    questions: Sequence[GoldQuestion],
    over: dict[str, list[Any]],
    settings: Settings,
    opening: Callable[[Settings], Assistant],
    progress: Callable[[Sequence[GoldQuestion], str], Any],
) -> Iterator[SweepPoint]:
    """A run for each combination, in order; an assistant is opened anew only where its settings change."""
    names = sorted(over, key=lambda name: name not in _SWEPT)
    opened: tuple[Settings, Assistant] | None = None
    for values in itertools.product(*(over[name] for name in names)):
        chosen = dict(zip(names, values, strict=True))
        wanted = replace(settings, **{name: value for name, value in chosen.items() if name in _SWEPT})
        if opened is None or opened[0] != wanted:
            if opened:
                opened[1].close()
            opened = wanted, opening(wanted)
        assistant = opened[1]
        assistant.retriever.scoring = Scoring(
            **{name: value for name, value in chosen.items() if name not in _SWEPT}
        )
        named = SweepPoint(chosen, {}).name
        yield SweepPoint(chosen, summarise(list(evaluate(assistant, progress(questions, named)))))
    if opened:
        opened[1].close()


def sweep_table(points: Sequence[SweepPoint]) -> str:
    """The points as Markdown, the one that is right most often first."""
    lines = [["", *_COLUMNS], ["---"] * (len(_COLUMNS) + 1)]
    lines += [
        [point.name, *("-" if (value := point.figures[name]) is None else str(value) for name in _COLUMNS)]
        for point in sorted(points, key=lambda point: -(point.figures["right"] or 0))
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sweep_plot(points: Sequence[SweepPoint]) -> str:
    """Share of right answers against median seconds, an SVG picture; a point's name shows when it is pointed at."""
    width, height = _SIZE
    slowest = max((point.figures["seconds"] or 0.0 for point in points), default=0.0) or 1.0
    dots, labels = [], []
    for point in points:
        x = _EDGE + (width - 2 * _EDGE) * (point.figures["seconds"] or 0.0) / slowest
        y = height - _EDGE - (height - 2 * _EDGE) * (point.figures["right"] or 0.0)
        dots.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#8c2f1b"><title>{escape(point.name)}</title></circle>'
        )
        labels.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}">{escape(point.name)}</text>')
    axes = f'<path d="M{_EDGE} {_EDGE}V{height - _EDGE}H{width - _EDGE}" fill="none" stroke="#888"/>'
    told = (
        f'<text x="{_EDGE - 8}" y="{_EDGE + 4}" text-anchor="end">1</text><text x="{_EDGE - 8}" y="{height - _EDGE}" text-anchor="end">0</text>'
        f'<text x="{_EDGE}" y="{_EDGE - 14}">share right</text><text x="{width - _EDGE}" y="{height - 16}" text-anchor="end">{slowest} s</text>'
    )
    inside = axes + told + "".join(dots + labels)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="Georgia, serif" font-size="12">{inside}</svg>\n'
