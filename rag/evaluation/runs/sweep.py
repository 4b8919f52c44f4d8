"""Runs over a grid of settings and search weights, shown in a table and a plot of quality against seconds."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from html import escape
from typing import Any

from rag.assistant import Assistant
from rag.evaluation.gold.questions import EvaluationError, GoldQuestion
from rag.evaluation.runs.run import evaluate
from rag.evaluation.runs.summary import Summary, summarise
from rag.retrieval.search import Scoring
from rag.settings import Settings

_SWEPT_SETTINGS = ("model", "context", "threads", "hits")  # the settings that answers depend on
_COLUMNS = (
    "right",
    "evidence@3",
    "citation recall",
    "refusal precision",
    "refusal recall",
    "seconds to evidence",
    "seconds",
)
_PLOT_SIZE = (640, 320)  # pixels, including a border of _BORDER on each side
_BORDER = 48


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One combination of values and the summary of its run."""

    values: dict[str, Any]
    summary: Summary

    @property
    def name(self) -> str:
        """The values as text: "hits 8, words 0.7"."""
        return ", ".join(f"{name} {value}" for name, value in self.values.items())


def parse_grid(over: Sequence[str]) -> dict[str, list[Any]]:
    """Parse "hits=4,8" and the like to values of the setting's own type.

    Raises:
        EvaluationError: there is no such setting, or a value is not of its type.
    """
    types = {
        setting.name: type(setting.default) for setting in fields(Settings) if setting.name in _SWEPT_SETTINGS
    }
    types |= {weight.name: type(weight.default) for weight in fields(Scoring)}
    grid: dict[str, list[Any]] = {}
    for text in over:
        name, _, values = text.partition("=")
        if name not in types or not values:
            raise EvaluationError(
                f'"{text}" cannot be swept; write NAME=VALUE,VALUE with one of {", ".join(types)}'
            )
        try:
            grid[name] = [_parse_value(types[name], value.strip()) for value in values.split(",")]
        except ValueError as error:
            raise EvaluationError(f"{name} takes values of kind {types[name].__name__}: {error}") from error
    return grid


def _parse_value(kind: type, text: str) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(f'"{text}" is neither true nor false')
        return text == "true"
    return kind(text)


def sweep(
    questions: Sequence[GoldQuestion],
    grid: dict[str, list[Any]],
    settings: Settings,
    open_assistant: Callable[[Settings], Assistant],
    progress: Callable[[Sequence[GoldQuestion], str], Any],
) -> Iterator[SweepPoint]:
    """Yield a run for each combination; an assistant is opened anew only where its settings change."""
    names = sorted(grid, key=lambda name: name not in _SWEPT_SETTINGS)
    opened: tuple[Settings, Assistant] | None = None
    for combination in itertools.product(*(grid[name] for name in names)):
        values = dict(zip(names, combination, strict=True))
        wanted = replace(
            settings, **{name: value for name, value in values.items() if name in _SWEPT_SETTINGS}
        )
        if opened is None or opened[0] != wanted:
            if opened:
                opened[1].close()
            opened = wanted, open_assistant(wanted)
        assistant = opened[1]
        weights = {name: value for name, value in values.items() if name not in _SWEPT_SETTINGS}
        assistant.retriever.scoring = Scoring(**weights)
        asked = progress(questions, SweepPoint(values, {}).name)
        yield SweepPoint(values, summarise(list(evaluate(assistant, asked))))
    if opened:
        opened[1].close()


def sweep_table(points: Sequence[SweepPoint]) -> str:
    """Return the points as a Markdown table, the one that is right most often first."""
    lines = [["", *_COLUMNS], ["---"] * (len(_COLUMNS) + 1)]
    lines += [
        [point.name, *("-" if (value := point.summary[name]) is None else str(value) for name in _COLUMNS)]
        for point in sorted(points, key=lambda point: -(point.summary["right"] or 0))
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sweep_plot(points: Sequence[SweepPoint]) -> str:
    """Return an SVG plot of the share of right answers against median seconds, each point with its name."""
    width, height = _PLOT_SIZE
    bottom, right = height - _BORDER, width - _BORDER
    slowest = max((point.summary["seconds"] or 0.0 for point in points), default=0.0) or 1.0
    dots, labels = [], []
    for point in points:
        x = _BORDER + (right - _BORDER) * (point.summary["seconds"] or 0.0) / slowest
        y = bottom - (bottom - _BORDER) * (point.summary["right"] or 0.0)
        name = escape(point.name)
        dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#8c2f1b"><title>{name}</title></circle>')
        labels.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}">{name}</text>')
    axes = (
        f'<path d="M{_BORDER} {_BORDER}V{bottom}H{right}" fill="none" stroke="#888"/>'
        f'<text x="{_BORDER - 8}" y="{_BORDER + 4}" text-anchor="end">1</text>'
        f'<text x="{_BORDER - 8}" y="{bottom}" text-anchor="end">0</text>'
        f'<text x="{_BORDER}" y="{_BORDER - 14}">share right</text>'
        f'<text x="{right}" y="{height - 16}" text-anchor="end">{slowest} s</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="Georgia, serif" font-size="12">{axes}{"".join(dots + labels)}</svg>\n'
    )
