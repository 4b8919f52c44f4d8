"""Draw what was measured as SVG files for docs/performance.md.

pygal is imported where it draws, since it puts an importer of its own into `sys.meta_path`.
"""

from pathlib import Path
from typing import Any


def draw(result: dict[str, Any], folder: Path) -> None:
    """Draw a question's steps, and searching against size, as far as they were measured."""
    if "question" in result:
        _write(question_steps(result["question"]["measured"]), folder / "speed-question.svg")
    if "searching" in result:
        _write(searching_by_size(result["searching"]["measured"]), folder / "speed-searching.svg")


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
    """Return the 95th percentile of each search against the number of passages."""
    import pygal

    chart = pygal.XY(
        logarithmic=True,
        x_title="passages",
        y_title="ms",
        **_options("Searching: 95 of 100 take at most ... ms"),
    )
    shares = list(measured[0]["meaning"]) if measured else []
    for share in shares:
        points = [(row["passages"], row["meaning"][share]["p95_ms"]) for row in measured]
        chart.add(f"by meaning, {100 * float(share):g} %", points)
    chart.add("by words", [(row["passages"], row["words"]["p95_ms"]) for row in measured])
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
