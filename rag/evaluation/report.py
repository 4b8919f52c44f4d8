"""A run -> one HTML file that needs nothing else, and the same in Markdown: figures, what went wrong, every question. Knows runs as they are kept."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from rag.evaluation.failures import FAILURE_CLASSES

_HERE = Path(__file__).parent
# The measures that a reader looks at first, where the run has them.
_FIRST = (
    "right",
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


def html_report(run: dict[str, Any]) -> str:
    """The report as one page: no script, no font and no image from elsewhere; everything of a run is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html").render(**_view(run))


def markdown_report(run: dict[str, Any]) -> str:
    """The figures and the questions that failed, as Markdown."""
    view = _view(run)
    lines = [
        f"# {view['title']}",
        "",
        view["told"],
        "",
        "| measure | value | 95 % between |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {value} | {low} and {high} |" for name, value, low, high in view["first"]]
    lines += [f"| {name} | {value} | |" for name, value in view["others"]]
    lines += [
        "",
        "| what went wrong | questions |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count, _ in view["failures"]),
    ]
    for name, _, results in view["failures"]:
        if results:
            lines += ["", f"## {name.capitalize()}", ""]
            lines += [
                f"- {result['id']}: {_flat(result['question'])}\n  - {_flat(result['text'])}"
                for result in results
            ]
    return "\n".join(lines) + "\n"


def _view(run: dict[str, Any]) -> dict[str, Any]:
    """What both forms show."""
    figures, intervals = run["summary"]["all"], run["intervals"]
    groups = {"all": intervals, **run.get("group_intervals", {})}
    first = [(name, figures[name], *intervals[name]) for name in _FIRST if name in intervals]
    others = [(name, value) for name, value in figures.items() if name not in _FIRST and value is not None]
    by_class = {
        name: [result for result in run["results"] if result["failure"] == name] for name in FAILURE_CLASSES
    }
    return {
        "title": f"{run['gold']['file']}: {figures['questions']} questions",
        "told": (
            f"{_spoken(run['when'])}, commit {run['commit']}, reader {run['model']}, {run['collection']['articles']} articles, {run['machine']}."
        ),
        "run": run,
        "first": first,
        "others": others,
        "kinds": {name: summary for name, summary in run["summary"].items() if "/" not in name},
        "measures": [name for name, *_ in first],
        "between": groups,
        "refused": _refused(run),
        "groups": {name: summary for name, summary in run["summary"].items() if "/" in name},
        "failures": [(name, len(results), results) for name, results in by_class.items()],
        "held": [result for result in run["results"] if not result["failure"]],
        "seconds": _histogram([result["seconds"] for result in run["results"]]),
    }


def _refused(run: dict[str, Any]) -> dict[str, int]:
    """How many questions of each group were refused; the groups are those of a run's summary."""
    counted = Counter[str]()
    for result in run["results"]:
        if result["refused"]:
            parts = [("publisher", name) for name in result["publishers"]] + [
                ("year", name) for name in result["years"]
            ]
            half = "development half" if result["development"] else "test half"
            counted.update({"all", half, result["kind"], *("/".join(part) for part in parts)})
    return {name: counted[name] for name in run["summary"]}


def _spoken(when: str) -> str:
    """A run's moment for people: "20 November 2026, 21:44 UTC"."""
    moment = datetime.fromisoformat(when).astimezone(UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _histogram(seconds: list[float]) -> list[tuple[float, int]]:
    """(seconds from which on a bar counts, questions in it) for bars of one width; the last counts what takes longer too."""
    width = max(sorted(seconds)[len(seconds) * 95 // 100] / _BARS, 0.01) if seconds else 1.0
    counts = [0] * (_BARS + 1)
    for took in seconds:
        counts[min(int(took / width), _BARS)] += 1
    return [(round(n * width, 2), count) for n, count in enumerate(counts)]


def _flat(text: str) -> str:
    return " ".join(text.split())
