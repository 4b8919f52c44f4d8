"""Measure controls, keep their figures beside a run's, and find the figures that one of them reaches."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from corpus.store.documents import FileDocument
from rag.assistant import Assistant
from rag.evaluation.controls.systems import CONTROLS, control_model
from rag.evaluation.gold.questions import EvaluationError, GoldQuestion
from rag.evaluation.runs.files import Journal
from rag.evaluation.runs.provenance import current_commit, machine_info
from rag.evaluation.runs.run import evaluate
from rag.evaluation.runs.summary import confidence_intervals, group_results, summarise
from rag.generation.model_process import ModelMissing
from rag.settings import Settings

LOWER_IS_BETTER = frozenset({"outdated answers"})  # of the measures that have an interval
_OF_SEARCH = frozenset(
    {
        "right article@3",
        "precision@3",
        "recall@3",
        "recall@10",
        "MRR",
        "MAP",
        "nDCG@10",
        "evidence@1",
        "evidence@3",
    }
)
_NOT_GOOD_OR_BAD = frozenset({"written"})
CONTROLLED_GROUPS = ("all", "development half", "test half")
Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]
Controls = dict[str, dict[str, Any]]  # name -> figures, or {"shows": ..., "skipped": why}


def controls_file(run: Path) -> Path:
    """Return the file for the controls of a run: beside it, so that a new run does not write over them."""
    return run.with_name(f"{run.stem}.controls.json")


def measure_control(
    name: str,
    assistant: Assistant,
    settings: Settings,
    questions: Sequence[GoldQuestion],
    file: Path,
    conditions: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """Ask a control every question, and return its figures or why it could not be asked.

    An interrupted measurement is continued; its journal is beside `file`.
    """
    control = CONTROLS[name]
    try:
        model = control_model(control, settings)
    except ModelMissing as error:
        return {"shows": control.shows, "skipped": str(error)}
    try:
        system = cast(Assistant, control.build(assistant, model, questions))
        asked = {**conditions, "control": name, "model": model.name}
        journal = Journal(FileDocument(file.with_name(f"{file.name}.{name}.unfinished")), asked)
        done = {result.id: result for result in journal.resume()}
        rest = [question for question in questions if question.id not in done]
        results = progress(evaluate(system, rest), len(rest), f"questions, {name}")
        done.update((result.id, result) for result in journal.record(results))
    finally:
        model.close()
    groups = group_results([done[question.id] for question in questions])
    # The figures of one half are not those of all.
    names = CONTROLLED_GROUPS[1:] if conditions["half"] else CONTROLLED_GROUPS
    kept = {group: results for group, results in groups.items() if group in names}
    journal.delete()
    return {
        "shows": control.shows,
        "model": model.name,
        "commit": current_commit(),
        **machine_info(),
        "summary": {group: summarise(results) for group, results in kept.items()},
        "intervals": {group: confidence_intervals(results) for group, results in kept.items()},
    }


def save_control(file: Path, name: str, figures: dict[str, Any], conditions: dict[str, Any]) -> None:
    """Add a control's figures to a file of controls on the same questions and collection.

    Raises:
        EvaluationError: the file's controls were asked other questions or had another collection.
    """
    begun = {"gold": conditions["gold"], "collection": conditions["collection"], "controls": {}}
    content = json.loads(file.read_text(encoding="utf-8")) if file.exists() else begun
    if not _same(content, begun):
        raise EvaluationError(
            f"{file} holds controls on other questions or another collection; delete it or give another --out"
        )
    content["controls"][name] = figures
    content["controls"] = {key: content["controls"][key] for key in CONTROLS if key in content["controls"]}
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_controls(run_file: Path, run: dict[str, Any]) -> Controls:
    """Return the controls beside a run; none where they are on other questions or another collection."""
    file = controls_file(run_file)
    if not file.exists():
        return {}
    content = json.loads(file.read_text(encoding="utf-8"))
    found: Controls = content["controls"] if _same(content, run) else {}
    return found


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return True if two runs asked the same questions of the same collection."""
    return all(one[key]["sha256"] == other[key]["sha256"] for key in ("gold", "collection"))


def reached_by(run: dict[str, Any], controls: Controls, group: str = "all") -> dict[str, list[str]]:
    """Return, for each measure of a run's group, the controls that reach it.

    A control reaches a figure if it is not below the run's 95 % interval of it (not above, where lower is
    better), over the same questions. Measures of the search are not reached by one that has the same search.

    >>> run = {"intervals": {"right": [0.6, 0.8]}}
    >>> reached_by(run, {"best-passage": {"summary": {"all": {"right": 0.61}}}})
    {'right': ['best-passage']}
    """
    intervals = run["intervals"] if group == "all" else run["group_intervals"][group]
    reached: dict[str, list[str]] = {}
    for measure, (low, high) in intervals.items():
        for name, figures in controls.items():
            value = figures.get("summary", {}).get(group, {}).get(measure)
            if measure in _NOT_GOOD_OR_BAD or (measure in _OF_SEARCH and CONTROLS[name].finds_the_same):
                continue
            if value is not None and (value <= high if measure in LOWER_IS_BETTER else value >= low):
                reached.setdefault(measure, []).append(name)
    return reached


def controls_rows(
    run: dict[str, Any], controls: Controls, group: str = "all", measures: Sequence[str] = ()
) -> list[tuple[str, ...]]:
    """Return a table of a run's group beside the controls on it; a figure that is reached has an asterisk.

    The first row names the columns; there are no rows where no control was asked that group.
    """
    asked = [name for name, figures in controls.items() if group in figures.get("summary", {})]
    if not asked:
        return []
    intervals = run["intervals"] if group == "all" else run["group_intervals"][group]
    reached = reached_by(run, controls, group)
    rows = [(f"{run['summary'][group]['questions']} questions, {group}", "Dateline", "95 % between", *asked)]
    for measure, (low, high) in intervals.items():
        if measures and measure not in measures:
            continue
        values = [controls[name]["summary"][group].get(measure) for name in asked]
        cells = [
            "-" if value is None else f"{value}{'*' if name in reached.get(measure, []) else ''}"
            for name, value in zip(asked, values, strict=True)
        ]
        star = "*" if measure in reached else ""
        rows.append((measure, f"{run['summary'][group][measure]}{star}", f"{low} and {high}", *cells))
    return rows


def control_table(figures: dict[str, Any]) -> str:
    """Return one control's figures as Markdown, a column for each group, or why it was skipped."""
    if "skipped" in figures:
        return f"skipped: {figures['skipped']}"
    groups = figures["summary"]
    rows = [("", *groups), ("---",) * (len(groups) + 1)]
    rows += [
        (name, *("-" if (value := groups[group][name]) is None else str(value) for group in groups))
        for name in next(iter(groups.values()))
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
