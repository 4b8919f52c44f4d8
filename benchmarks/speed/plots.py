"""Draw what was measured as SVG files for docs/performance.md.

pygal is imported where it draws, since it puts an importer of its own into `sys.meta_path`.
"""

from pathlib import Path
from typing import Any

from embeddings.kinds import IVF_FROM, SQ8_FROM


def draw(result: dict[str, Any], folder: Path) -> None:
    """Draw a question's steps, searching against size, and what holds the memory, as far as they were measured."""
    if "question" in result:
        _write(question_steps(result["question"]["measured"]), folder / "speed-question.svg")
    if "searching" in result:
        _write(searching_by_size(result["searching"]["measured"]), folder / "speed-searching.svg")
    if "memory" in result:
        _write(memory_by_step(result["memory"]["measured"]["sample"]["rows"]), folder / "speed-memory.svg")


def question_steps(measured: dict[str, Any]) -> Any:
    """Return the mean milliseconds of each step of a question."""
    import pygal

    chart = pygal.HorizontalBar(
        show_legend=False, **_options("Processor milliseconds of each step of a question")
    )
    steps = sorted(measured["mean_cpu_ms_of_steps"].items(), key=lambda item: item[1])
    chart.x_labels = [name for name, _ in steps]
    chart.add("ms", [round(ms, 1) for _, ms in steps])
    return chart


def searching_by_size(measured: list[dict[str, Any]]) -> Any:
    """Return the 95th percentile of a search against the number of passages, by index, and by words."""
    import pygal

    chart = pygal.XY(
        logarithmic=True,
        x_title="passages",
        y_title="ms",
        **_options("Searching without a filter: 95 of 100 take at most ... ms"),
    )
    for kind in dict.fromkeys(row["index"] for row in measured):
        rows = [row for row in measured if row["index"] == kind]
        chart.add(kind, [(row["passages"], row["meaning"]["1.0"]["wall"]["p95_ms"]) for row in rows])
    rows = [row["words"] | row for row in measured if "words" in row]
    chart.add("by words", [(row["passages"], row["shares"]["1.0"]["wall"]["p95_ms"]) for row in rows])
    chart.add(
        "by words, all scored", [(row["passages"], row["all scored"]["wall"]["p95_ms"]) for row in rows]
    )
    for kind, size in (("sq8", SQ8_FROM), ("ivf", IVF_FROM)):
        chart.add(f"{kind} from here on", [(size, 1), (size, 1000)], show_dots=False)
    return chart


def memory_by_step(rows: dict[str, Any]) -> Any:
    """Return the megabytes that each step adds for good, and how many more it holds at its peak."""
    import pygal

    chart = pygal.HorizontalStackedBar(**_options("Megabytes of memory that each step adds"))
    steps = list(rows.items())
    held = [0.0, *(row["mb"] for _, row in steps)]
    chart.x_labels = [name for name, _ in reversed(steps)]
    chart.add(
        "kept",
        [round(max(0.0, row["mb"] - before)) for (_, row), before in zip(steps, held, strict=False)][::-1],
    )
    chart.add(
        "at its peak",
        [
            round(max(0.0, row["peak_mb"] - max(row["mb"], before)))
            for (_, row), before in zip(steps, held, strict=False)
        ][::-1],
    )
    return chart


def _options(title: str) -> dict[str, Any]:
    from pygal.style import CleanStyle

    return {
        "title": title,
        "style": CleanStyle,
        "js": (),
        "width": 900,
        "height": 450,
        "disable_xml_declaration": True,
    }


def _write(chart: Any, file: Path) -> None:
    file.write_text(chart.render(is_unicode=True) + "\n", encoding="utf-8")
