"""Reports of a run: one self-contained HTML file, and the same in Markdown."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from rag.answers.export import escape_markdown
from rag.evaluation.controls.files import CONTROLLED_GROUPS, Controls, controls_rows, reached_by
from rag.evaluation.measures.failures import FAILURE_CLASSES
from rag.evaluation.measures.strict import RULES
from rag.evaluation.reports.risk_drawing import risk_drawing

_TEMPLATES = Path(__file__).parent
# The measures that are shown first, as bars, where the run has them.
_MAIN_MEASURES = (
    "strictly right",
    "right",
    "nugget recall",
    "statement precision",
    "evidence@3",
    "citation precision",
    "citation recall",
    "right article@3",
    "recall@10",
    "MRR",
    "figures right",
    "as-of right",
    "values said",
)
_BARS = 24  # of the histogram of seconds


def html_report(run: dict[str, Any], controls: Controls | None = None) -> str:
    """Return the report as one page that loads nothing from elsewhere; all of the run is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html").render(**_view(run, controls or {}))


def markdown_report(run: dict[str, Any], controls: Controls | None = None) -> str:
    """Return the figures and the questions that failed, as Markdown."""
    view = _view(run, controls or {})
    lines = [
        f"# {view['title']}",
        "",
        view["conditions"],
        "",
        "| measure | value | 95 % between |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {value} | {low} and {high} |" for name, value, low, high in view["first"]]
    lines += [f"| {name} | {value} | |" for name, value in view["others"]]
    for table in view["controls"]:
        lines += ["", *(f"| {' | '.join(row)} |" for row in (table[0], ("---",) * len(table[0]), *table[1:]))]
    lines += ["", view["controls_note"], "", "| what went wrong | questions |", "|---|---|"]
    lines += [f"| {name} | {count} |" for name, count, _ in view["failures"]]
    if view["rules"]:
        lines += ["", "| right, and not strictly | questions |", "|---|---|"]
        lines += [f"| {name} | {count} |" for name, count in view["rules"]]
    for name, _, results in view["failures"]:
        if results:
            lines += ["", f"## {name.capitalize()}", ""]
            for result in results:
                said = (escape_markdown(result[key]) for key in ("id", "question", "text"))
                lines.append("- {}: {}\n  - {}".format(*said))
    return "\n".join(lines) + "\n"


def _view(run: dict[str, Any], controls: Controls) -> dict[str, Any]:
    """Return what both forms of the report show."""
    figures, intervals = run["summary"]["all"], run["intervals"]
    first = [(name, figures[name], *intervals[name]) for name in _MAIN_MEASURES if name in intervals]
    by_class = {
        name: [result for result in run["results"] if result["failure"] == name] for name in FAILURE_CLASSES
    }
    return {
        "title": f"{run['gold']['file']}: {figures['questions']} questions",
        "conditions": (
            f"{_format_time(run['when'])}, commit {run['commit']}, reader {run['model']}, "
            f"{run['collection']['articles']} articles, {run['machine']}."
        ),
        "run": run,
        "first": first,
        "others": [
            (name, value)
            for name, value in figures.items()
            if name not in _MAIN_MEASURES and value is not None
        ],
        "kinds": {name: summary for name, summary in run["summary"].items() if "/" not in name},
        "measures": [name for name, *_ in first],
        "controls": [rows for group in CONTROLLED_GROUPS if (rows := controls_rows(run, controls, group))],
        "controls_note": _controls_note(controls),
        "reached": reached_by(run, controls),
        "intervals": {"all": intervals, **run.get("group_intervals", {})},
        "refused": _refused_by_group(run),
        "groups": {name: summary for name, summary in run["summary"].items() if "/" in name},
        "failures": [(name, len(results), results) for name, results in by_class.items()],
        "right": [r for r in run["results"] if r["right"] is not None and not r["failure"]],
        "unscored": [result for result in run["results"] if result["right"] is None],
        "rules": _broken_rules(run["results"]),
        "risk": risk_drawing(run["results"]),
        "seconds": _histogram([result["seconds"] for result in run["results"]]),
    }


def _controls_note(controls: Controls) -> str:
    """Return what the asterisks mean, and which controls could not be asked."""
    if not controls:
        return (
            "No control was asked on these questions and this collection, so nothing says what a figure is "
            "worth: dateline evaluate GOLD --out RUN --control best-passage."
        )
    asked = "; ".join(f"{name}: {figures['shows']}" for name, figures in controls.items())
    skipped = "".join(
        f" {name} was skipped: {figures['skipped']}."
        for name, figures in controls.items()
        if "skipped" in figures
    )
    return f"* A control reaches it: it is not below the interval of 95 %. Controls: {asked}.{skipped}"


def _broken_rules(results: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return, for the answers that are right and not strictly so, how many break which rule first."""
    first = Counter(r["broken"][0] for r in results if r["right"] and r.get("broken"))
    return [(rule, first[rule]) for rule in RULES if first[rule]]


def _refused_by_group(run: dict[str, Any]) -> dict[str, int]:
    """Return how many questions of each group of the run's summary were refused."""
    counts = Counter[str]()
    for result in run["results"]:
        if result["refused"]:
            half = "development half" if result["development"] else "test half"
            publishers = {f"publisher/{name}" for name in result["publishers"]}
            years = {f"year/{name}" for name in result["years"]}
            counts.update({"all", half, result["kind"], *publishers, *years})
    return {name: counts[name] for name in run["summary"]}


def _format_time(when: str) -> str:
    """Return a run's ISO time for people: "20 November 2026, 21:44 UTC"."""
    moment = datetime.fromisoformat(when).astimezone(UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _histogram(seconds: list[float]) -> list[tuple[float, int]]:
    """Return (lower bound in seconds, questions) of bars of one width; the last counts all above too."""
    width = max(sorted(seconds)[len(seconds) * 95 // 100] / _BARS, 0.01) if seconds else 1.0
    counts = [0] * (_BARS + 1)
    for value in seconds:
        counts[min(int(value / width), _BARS)] += 1
    return [(round(n * width, 2), count) for n, count in enumerate(counts)]
