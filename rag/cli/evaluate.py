"""The commands `dateline evaluate ...`: measure answers, and compare, report and judge runs."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from tqdm import tqdm

from rag.cli.click_extensions import DefaultCommandGroup, MultiValueCommand, json_option
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.evaluation.gold import GoldQuestion

_LEVEL = 0.05  # limit: the usual level of significance; --level changes it
_EXIT_FAILED = 1  # a check found mistakes, or a run got worse
_FORMATS = ("clapnq", "multihop-rag", "realtimeqa", "rgb", "squad")
_PATH = click.Path(path_type=Path)
_GOLD_HELP = "Gold questions, JSON lines or CSV (see corpus/gold.jsonl)."
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _half_option(command: _Command) -> _Command:
    half = click.Choice(["development", "test"])
    return click.option("--half", type=half, help="Only this half of the questions.")(command)


@click.group(cls=DefaultCommandGroup)
def evaluate() -> None:
    """Measure the answers against gold questions.

    `evaluate GOLD` is `evaluate run GOLD`.
    """


@evaluate.command()
@click.argument("gold", required=False, type=_PATH, help=_GOLD_HELP)
@click.option(
    "--retrieval",
    type=_PATH,
    metavar="FOLDER",
    help="Measure retrieval on the MultiHop-RAG set in this folder.",
)
@click.option(
    "--work",
    type=_PATH,
    help="With --retrieval: folder for its collections, kept (default: in the data folder).",
)
@click.option("--search", is_flag=True, help="Measure the search alone; no model is loaded.")
@click.option(
    "--perturbed", is_flag=True, help="Search only: how much is lost when questions are typed otherwise."
)
@click.option(
    "--out", type=_PATH, help="File for the results (default: beside the gold file, .results.json)."
)
@_half_option
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
    questions = _read_questions(gold, half)
    if perturbed:
        _measure_perturbed(questions, out, as_json)
    elif search:
        _measure_search(questions, out, as_json)
    else:
        _measure_answers(gold, questions, out or gold.with_suffix(".results.json"), parallel, as_json)


def _read_questions(gold: Path, half: str | None) -> "list[GoldQuestion]":
    from rag.evaluation.gold import EvaluationError, read_gold

    questions = [
        question
        for question in read_gold(gold)
        if not half or question.for_development == (half == "development")
    ]
    if not questions:
        raise EvaluationError(f"{gold}: no question belongs to the {half} half; leave --half out")
    return questions


def _measure_answers(
    gold: Path, questions: "list[GoldQuestion]", out: Path, parallel: int, as_json: bool
) -> None:
    """Ask every question, save the run, and print its summary; an interrupted run is continued."""
    from rag.evaluation.run import evaluate
    from rag.evaluation.run_files import Journal, build_run, run_conditions, save_run
    from rag.evaluation.summary import summary_table
    from rag.factory import open_assistant

    assistant = open_assistant()
    try:
        conditions = run_conditions(assistant, gold)
        journal = Journal(out.with_name(f"{out.name}.unfinished"), conditions)
        done = {result.id: result for result in journal.resume()}
        if done:
            sys.stderr.write(f"{len(done)} questions were measured by an interrupted run; it is continued.\n")
        rest = [question for question in questions if question.id not in done]
        results = _progress(evaluate(assistant, rest, parallel), len(rest), "questions")
        done.update((result.id, result) for result in journal.record(results))
    finally:
        assistant.close()
    measured = [done[question.id] for question in questions]
    finished = build_run(measured, conditions)
    save_run(out, finished)
    journal.delete()
    _print(
        as_json,
        {"results": str(out), "summary": finished["summary"]},
        f"{summary_table(measured)}\n\n"
        f"Every question and answer: {out}\nTo read it: dateline evaluate report {out}",
    )


def _measure_search(questions: "list[GoldQuestion]", out: Path | None, as_json: bool) -> None:
    from rag.evaluation.run import evaluate_search
    from rag.factory import open_library
    from rag.retrieval.search import Retriever

    library = open_library(Settings.read())
    measures = evaluate_search(Retriever(library=library), _progress(questions, len(questions), "questions"))
    library.store.close()
    if out:
        out.write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    _print(as_json, measures, "\n".join(f"| {name} | {value} |" for name, value in measures.items()))


def _measure_perturbed(questions: "list[GoldQuestion]", out: Path | None, as_json: bool) -> None:
    from rag.evaluation.perturbed import measure_perturbations, perturbation_table, save_perturbations
    from rag.factory import open_library
    from rag.retrieval.search import Retriever

    library = open_library(Settings.read())
    rows = measure_perturbations(Retriever(library=library), questions)
    library.store.close()
    if out:
        save_perturbations(out, rows)
    _print(as_json, [asdict(row) for row in rows], perturbation_table(rows))


def _measure_retrieval(folder: Path, work: Path | None, out: Path | None, as_json: bool) -> None:
    from rag.evaluation.retrieval import evaluate_retrieval, retrieval_table, save_retrieval

    rows = []
    for row in evaluate_retrieval(folder, work or Settings.read().data / "multihop-rag", _progress):
        rows.append(row)
        sys.stderr.write(f"measured: {row.collection}, {row.name}\n")
    if out:
        save_retrieval(out, rows)
    _print(as_json, [asdict(row) for row in rows], retrieval_table(rows))


@evaluate.command()
@click.argument("gold", type=_PATH, help=_GOLD_HELP)
@json_option
def check(gold: Path, as_json: bool) -> int:
    """Find mistakes in a gold file, with their lines.

    The exit code is 1 where there are any.
    """
    from corpus.store.database import Store
    from rag.evaluation.check import find_mistakes
    from rag.evaluation.gold import read_gold

    questions = read_gold(gold)
    store = Store(Settings.read().data)
    mistakes = list(find_mistakes(questions, store.articles()))
    store.close()
    for line, mistake in mistakes:
        _print(as_json, {"line": line, "mistake": mistake}, f"{gold}:{line}: {mistake}")
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes) or 'no'} mistakes"
    sys.stderr.write(f"{len(questions)} questions, {count}.\n")
    return _EXIT_FAILED if mistakes else 0


@evaluate.command()
@click.option(
    "--out", type=_PATH, required=True, help="File for the drafts; an existing one is not overwritten."
)
@json_option
def propose(out: Path, as_json: bool) -> None:
    """Draft gold questions from articles, for review."""
    from corpus.store.database import Store
    from rag.evaluation.gold import EvaluationError
    from rag.evaluation.propose import draft_questions

    if out.exists():
        raise EvaluationError(f"{out} exists; give another file, so that nothing that was reviewed is lost")
    store = Store(Settings.read().data)
    drafts = list(draft_questions(store.articles()))
    store.close()
    out.write_text(
        "".join(json.dumps(draft, ensure_ascii=False) + "\n" for draft in drafts), encoding="utf-8"
    )
    _print(
        as_json,
        {"drafts": len(drafts), "file": str(out)},
        f'{len(drafts)} drafts in {out}; word each as people ask, remove its "draft", '
        f"then: dateline evaluate check {out}",
    )


@evaluate.command(cls=MultiValueCommand)
@click.argument("before", type=_PATH, help="The results of the earlier run.")
@click.argument("after", type=_PATH, help="The results of the later run.")
@click.option(
    "--level",
    type=float,
    default=_LEVEL,
    show_default=True,
    help="Probability below which a difference counts.",
)
@click.option(
    "--on",
    multiple=True,
    metavar="MEASURE...",
    help="Measures that decide the exit code (default: quality alone).",
)
@json_option
def compare(before: Path, after: Path, level: float, on: tuple[str, ...], as_json: bool) -> int:
    """Show what got better and worse between two runs.

    The exit code is 1 where a measure got worse by more than chance.
    """
    from rag.evaluation import compare as comparison
    from rag.evaluation.gold import EvaluationError
    from rag.evaluation.run_files import load_run

    decisive = on or comparison.DECISIVE_MEASURES
    unknown = [name for name in decisive if name not in comparison.MEASURES]
    if unknown:
        known = ", ".join(comparison.MEASURES)
        raise EvaluationError(f'there is no measure "{unknown[0]}"; there are {known}')
    found = comparison.compare(load_run(before), load_run(after))
    worse = [
        item.measure for item in found.changes if item.measure in decisive and item.significantly_worse(level)
    ]
    _print(as_json, {**asdict(found), "worse": worse}, comparison.comparison_table(found, level))
    if worse:
        sys.stderr.write(f"Worse, and more than chance would do: {', '.join(worse)}.\n")
    return _EXIT_FAILED if worse else 0


@evaluate.command()
@click.argument("run", type=_PATH, help="The results of a run.")
@click.option(
    "--out", type=_PATH, help="The HTML file (default: beside the results); Markdown is written beside it."
)
@click.option(
    "--short", is_flag=True, help="Cut texts after eight words, and save the run so cut as JSON too."
)
@json_option
def report(run: Path, out: Path | None, short: bool, as_json: bool) -> None:
    """Write one HTML file and one Markdown file about a run."""
    from rag.evaluation.gold import EvaluationError
    from rag.evaluation.report import html_report, markdown_report
    from rag.evaluation.run_files import load_run, save_run, shorten_texts

    results, html = load_run(run), out or run.with_suffix(".html")
    files = [html, html.with_suffix(".md")]
    if short:
        files.append(html.with_suffix(".json"))
        if files[-1].absolute() == run.absolute():
            raise EvaluationError(
                f"--short would write over {run} and lose its texts; give another file with --out"
            )
        results = shorten_texts(results)
        save_run(files[-1], results)
    html.write_text(html_report(results), encoding="utf-8")
    files[1].write_text(markdown_report(results), encoding="utf-8")
    _print(as_json, {"files": [str(file) for file in files]}, "\n".join(map(str, files)))


@evaluate.command()
@click.argument("run", type=_PATH, help="The results of a run.")
@click.option(
    "--model", help="Model that calls each answer right or wrong: what DATELINE_MODEL takes, but for none."
)
@click.option("--times", type=int, default=3, show_default=True, help="How often each answer is judged.")
@click.option(
    "--nli",
    type=_PATH,
    metavar="FOLDER",
    help="NLI cross-encoder that decides which statements their quotes entail.",
)
@click.option("--out", type=_PATH, help="File for every opinion (JSON).")
@json_option
def judge(
    run: Path, model: str | None, times: int, nli: Path | None, out: Path | None, as_json: bool
) -> None:
    """Ask a model for a second opinion on a run.

    It changes none of the run's measures.
    """
    from rag.evaluation import judge as judging
    from rag.evaluation.gold import EvaluationError
    from rag.evaluation.run_files import load_run
    from rag.evaluation.summary import Summary
    from rag.generation.registry import open_model

    if (not model and not nli) or times < 1:
        raise EvaluationError("nobody is asked; give --model, --nli or both, and --times of at least 1")
    results, opinions = load_run(run), []
    summary: Summary = {}
    if model:
        judgeable = judging.judgeable_results(results)
        judging_model = open_model(replace(Settings.read(), model=model, adapter="none"))
        try:
            collected = judging.collect_opinions(judgeable, judging_model, times)
            opinions = list(_progress(collected, len(judgeable), "answers"))
        finally:
            judging_model.close()
        summary |= {"times": times, **judging.summarise_opinions(opinions)}
    if nli:
        summary |= judging.measure_entailment(results, judging.load_nli_model(nli))
    if out:
        saved = {"judge": model, "figures": summary, "opinions": [asdict(opinion) for opinion in opinions]}
        out.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
    rows = (f"| {name} | {'-' if value is None else value} |" for name, value in summary.items())
    _print(as_json, summary, "\n".join(rows))


@evaluate.command(cls=MultiValueCommand)
@click.argument("gold", type=_PATH, help=_GOLD_HELP)
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="NAME=VALUE,VALUE...",
    help="Settings or weights, such as hits=4,8 words=0.7,0.8.",
)
@_half_option
@click.option("--plot", type=_PATH, help="File for a plot of quality against seconds (SVG).")
@json_option
def sweep(gold: Path, over: tuple[str, ...], half: str | None, plot: Path | None, as_json: bool) -> None:
    """Make a run for each combination of settings."""
    from rag.evaluation import sweep as sweeping
    from rag.factory import open_assistant

    def progress(questions: Iterable[Any], name: str) -> Iterable[Any]:
        return tqdm(questions, desc=name, unit=" questions", disable=None)

    questions, grid = _read_questions(gold, half), sweeping.parse_grid(over)
    points = []
    for point in sweeping.sweep(questions, grid, Settings.read(), open_assistant, progress):
        points.append(point)
        sys.stderr.write(f"measured: {point.name}\n")
    if plot:
        plot.write_text(sweeping.sweep_plot(points), encoding="utf-8")
    _print(as_json, [asdict(point) for point in points], sweeping.sweep_table(points))


@evaluate.command()
@click.argument("form", type=click.Choice(_FORMATS), help="How the set is published.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=_PATH,
    help="Its files (.gz too), articles first.",
)
@click.option("--articles", type=_PATH, required=True, help="File for the articles, for: dateline add FILE.")
@click.option("--gold", type=_PATH, required=True, help="File for the gold questions.")
@json_option
def convert(form: str, files: tuple[Path, ...], articles: Path, gold: Path, as_json: bool) -> None:
    """Convert a public question set to articles and gold questions."""
    from rag.evaluation import convert as conversion

    found = conversion.convert(form, list(files))
    conversion.save_converted(found, articles, gold)
    _print(
        as_json,
        {"articles": len(found.articles), "questions": len(found.questions)},
        f"{len(found.articles)} articles in {articles}, {len(found.questions)} questions in {gold}",
    )


def _progress(items: Iterable[Any], total: int, unit: str) -> Iterable[Any]:
    return tqdm(items, total=total, unit=f" {unit}", disable=None)


def _print(as_json: bool, value: Any, text: str) -> None:
    """Print the text, or the value as JSON: a line, or a line for each entry of a list."""
    if not as_json:
        click.echo(text)
        return
    for entry in value if isinstance(value, list) else [value]:
        click.echo(json.dumps(entry, ensure_ascii=False))
