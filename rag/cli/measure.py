"""The commands that ask gold questions: `dateline evaluate run` and `dateline evaluate sweep`."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from rag.cli.click_extensions import MultiValueCommand, json_option
from rag.cli.evaluate import GOLD_HELP, PATH, half_option, print_result, read_questions, show_progress
from rag.settings import NO_MODEL, Settings

if TYPE_CHECKING:
    from rag.evaluation.gold.questions import GoldQuestion


CONTROL_NAMES = (
    "quotes",
    "best-sentence",
    "best-passage",
    "swapped",
    "evidence-blind",
    "recipe",
    "recipe-larger",
)


@click.command()
@click.argument("gold", required=False, type=PATH, help=GOLD_HELP)
@click.option(
    "--retrieval",
    type=PATH,
    metavar="FOLDER",
    help="Measure retrieval on the MultiHop-RAG set in this folder.",
)
@click.option(
    "--work",
    type=PATH,
    help="With --retrieval: folder for its collections, kept (default: in the data folder).",
)
@click.option("--search", is_flag=True, help="Measure the search alone; no model is loaded.")
@click.option(
    "--perturbed", is_flag=True, help="Search only: how much is lost when questions are typed otherwise."
)
@click.option(
    "--control",
    "controls",
    multiple=True,
    type=click.Choice(CONTROL_NAMES),
    help="Ask a control instead, and keep its figures beside the run's for its report; repeatable.",
)
@click.option("--out", type=PATH, help="File for the results (default: beside the gold file, .results.json).")
@half_option
@click.option(
    "--parallel",
    type=int,
    default=1,
    metavar="N",
    help="Questions asked at once; more than 1 only pays with the model of a server.",
)
@json_option
def run(
    gold: Path | None,
    retrieval: Path | None,
    work: Path | None,
    search: bool,
    perturbed: bool,
    controls: tuple[str, ...],
    out: Path | None,
    half: str | None,
    parallel: int,
    as_json: bool,
) -> None:
    """Ask every question and measure the answers.

    The word "run" may be left out. An interrupted run is continued when it is started again.
    """
    if (gold is None) == (retrieval is None):
        raise click.UsageError("Give a file of gold questions, or --retrieval FOLDER.")
    if retrieval:
        _measure_retrieval(retrieval, work, out, as_json)
        return
    assert gold
    questions = read_questions(gold, half)
    if perturbed:
        _measure_perturbed(questions, out, as_json)
    elif search:
        _measure_search(questions, out, as_json)
    elif controls:
        _measure_controls(controls, gold, questions, half, out or gold.with_suffix(".results.json"), as_json)
    else:
        _measure_answers(gold, questions, out or gold.with_suffix(".results.json"), parallel, as_json)


def _measure_answers(
    gold: Path, questions: "list[GoldQuestion]", out: Path, parallel: int, as_json: bool
) -> None:
    """Ask every question, save the run, and print its summary; an interrupted run is continued."""
    from corpus.store.documents import FileDocument
    from rag.evaluation.runs.files import Journal, build_run, save_run
    from rag.evaluation.runs.provenance import run_conditions
    from rag.evaluation.runs.run import evaluate
    from rag.evaluation.runs.summary import summary_table
    from rag.factory import open_assistant

    assistant = open_assistant()
    try:
        conditions = run_conditions(assistant, gold)
        journal = Journal(FileDocument(out.with_name(f"{out.name}.unfinished")), conditions)
        done = {result.id: result for result in journal.resume()}
        if done:
            sys.stderr.write(f"{len(done)} questions were measured by an interrupted run; it is continued.\n")
        rest = [question for question in questions if question.id not in done]
        results = show_progress(evaluate(assistant, rest, parallel), len(rest), "questions")
        done.update((result.id, result) for result in journal.record(results))
    finally:
        assistant.close()
    measured = [done[question.id] for question in questions]
    finished = build_run(measured, conditions)
    save_run(out, finished)
    journal.delete()
    print_result(
        as_json,
        {"results": str(out), "summary": finished["summary"]},
        f"{summary_table(measured)}\n\n"
        f"Every question and answer: {out}\nTo read it: dateline evaluate report {out}",
    )


def _measure_controls(
    names: tuple[str, ...],
    gold: Path,
    questions: "list[GoldQuestion]",
    half: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Ask each control every question, and keep its figures beside the run in `out`."""
    from rag.evaluation.controls.files import control_table, controls_file, measure_control, save_control
    from rag.evaluation.runs.provenance import run_conditions
    from rag.factory import open_assistant

    settings = Settings.read()
    assistant = open_assistant(replace(settings, model=NO_MODEL))
    try:
        conditions, file = {**run_conditions(assistant, gold), "half": half}, controls_file(out)
        for name in names:
            figures = measure_control(name, assistant, settings, questions, file, conditions, show_progress)
            save_control(file, name, figures, conditions)
            print_result(as_json, {"control": name, **figures}, f"{name}\n\n{control_table(figures)}\n")
    finally:
        assistant.close()


def _measure_search(questions: "list[GoldQuestion]", out: Path | None, as_json: bool) -> None:
    from rag.evaluation.runs.run import evaluate_search
    from rag.factory import open_library
    from rag.retrieval.search import Retriever

    library = open_library(Settings.read())
    measures = evaluate_search(
        Retriever(library=library), show_progress(questions, len(questions), "questions")
    )
    library.store.close()
    if out:
        out.write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    print_result(as_json, measures, "\n".join(f"| {name} | {value} |" for name, value in measures.items()))


def _measure_perturbed(questions: "list[GoldQuestion]", out: Path | None, as_json: bool) -> None:
    from rag.evaluation.retrieval.perturbed import (
        measure_perturbations,
        perturbation_table,
        save_perturbations,
    )
    from rag.factory import open_library
    from rag.retrieval.search import Retriever

    library = open_library(Settings.read())
    rows = measure_perturbations(Retriever(library=library), questions)
    library.store.close()
    if out:
        save_perturbations(out, rows)
    print_result(as_json, [asdict(row) for row in rows], perturbation_table(rows))


def _measure_retrieval(folder: Path, work: Path | None, out: Path | None, as_json: bool) -> None:
    from rag.evaluation.retrieval.ablations import evaluate_retrieval, retrieval_table, save_retrieval

    rows = []
    for row in evaluate_retrieval(folder, work or Settings.read().data / "multihop-rag", show_progress):
        rows.append(row)
        sys.stderr.write(f"measured: {row.collection}, {row.name}\n")
    if out:
        save_retrieval(out, rows)
    print_result(as_json, [asdict(row) for row in rows], retrieval_table(rows))


@click.command(cls=MultiValueCommand)
@click.argument("gold", type=PATH, help=GOLD_HELP)
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="NAME=VALUE,VALUE...",
    help="Settings or weights, such as hits=4,8 words=0.7,0.8.",
)
@half_option
@click.option("--plot", type=PATH, help="File for a plot of quality against seconds (SVG).")
@json_option
def sweep(gold: Path, over: tuple[str, ...], half: str | None, plot: Path | None, as_json: bool) -> None:
    """Make a run for each combination of settings."""
    from rag.evaluation.runs import sweep as sweeping
    from rag.factory import open_assistant

    def progress(questions: Iterable[Any], name: str) -> Iterable[Any]:
        return tqdm(questions, desc=name, unit=" questions", disable=None)

    questions, grid = read_questions(gold, half), sweeping.parse_grid(over)
    points = []
    for point in sweeping.sweep(questions, grid, Settings.read(), open_assistant, progress):
        points.append(point)
        sys.stderr.write(f"measured: {point.name}\n")
    if plot:
        plot.write_text(sweeping.sweep_plot(points), encoding="utf-8")
    print_result(as_json, [asdict(point) for point in points], sweeping.sweep_table(points))
