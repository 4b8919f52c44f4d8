import json
import re
from copy import deepcopy
from pathlib import Path

from conftest import ROOT

from benchmarks.speed import page, searching
from benchmarks.speed.measuring import alternate, percentiles, with_ratios
from benchmarks.speed.report import write

RESULTS = json.loads((ROOT / "rag/evaluation/results/speed.json").read_text()) | searching.results()


def test_the_page_shows_the_committed_figures(tmp_path: Path) -> None:
    write(RESULTS, tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == (ROOT / "docs/performance.md").read_text()


def test_the_page_says_why_a_goal_was_missed_and_names_no_folder_of_who_measured() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    missed = [line for line in page.splitlines() if re.match(r"\|.*\| no\b", line)]
    assert all(re.search(r"\| no: [a-zA-Z].{20,} \|$", line) for line in missed)
    assert not re.search(r"(?<![\w.])/(?:tmp|home|root|work)/", page)


def test_a_goal_is_met_by_its_figure_alone(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    for milliseconds, verdict in ((349, "yes"), (351, "no")):
        changed = deepcopy(RESULTS)
        changed["question"]["measured"]["evidence"]["wall"]["p50_ms"] = milliseconds
        write(changed, file)
        (line,) = [line for line in file.read_text().splitlines() if "evidence, p50" in line]
        assert line.split("|")[3:5][0].strip() == str(milliseconds / 1000) and f"| {verdict}" in line


def test_ratios_are_those_within_a_round() -> None:
    rounds = {
        "a": [{"cpu": 1.0}, {"cpu": 10.0}, {"cpu": 4.0}],
        "b": [{"cpu": 2.0}, {"cpu": 30.0}, {"cpu": 8.0}],
    }
    assert with_ratios(rounds) == {"a": {"cpu": 4.0, "cpu_ratio": 1.0}, "b": {"cpu": 8.0, "cpu_ratio": 2.0}}
    calls: list[str] = []
    alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert calls == ["a", "b", "a", "b"]
    assert percentiles([0.001 * n for n in range(1, 101)]) == {"p50_ms": 50.5, "p95_ms": 96.0}


def test_what_the_page_took_is_a_median_and_the_largest_shift_stands_beside() -> None:
    shifts = (0.0, 0.01, 0.04)
    found = page._row([{"usable": 0.5 + n, "shift": shift} for n, shift in enumerate(shifts)])
    assert found == {"usable": {"p50_ms": 1500, "p95_ms": 2500}, "shift": 0.01, "largest_shift": 0.04}
