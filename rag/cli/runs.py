"""The commands on finished runs: `dateline evaluate compare`, `report` and `judge`."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import click

from rag import limits
from rag.cli.click_extensions import MultiValueCommand, json_option
from rag.cli.evaluate import EXIT_FAILED, PATH, print_result, show_progress
from rag.settings import Settings


@click.command(cls=MultiValueCommand)
@click.argument("before", type=PATH, help="The results of the earlier run.")
@click.argument("after", type=PATH, help="The results of the later run.")
@click.option(
    "--level",
    type=float,
    default=limits.SIGNIFICANCE_LEVEL,
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
    from rag.evaluation.gold.questions import EvaluationError
    from rag.evaluation.runs import compare as comparison
    from rag.evaluation.runs.files import load_run

    decisive = on or comparison.DECISIVE_MEASURES
    unknown = [name for name in decisive if name not in comparison.MEASURES]
    if unknown:
        known = ", ".join(comparison.MEASURES)
        raise EvaluationError(f'there is no measure "{unknown[0]}"; there are {known}')
    found = comparison.compare(load_run(before), load_run(after), decisive)
    worse = [
        item.measure for item in found.changes if item.measure in decisive and item.significantly_worse(level)
    ]
    print_result(as_json, {**asdict(found), "worse": worse}, comparison.comparison_table(found, level))
    if worse:
        sys.stderr.write(f"Worse, and more than chance would do: {', '.join(worse)}.\n")
    return EXIT_FAILED if worse else 0


@click.command()
@click.argument("run", type=PATH, help="The results of a run.")
@click.option(
    "--out", type=PATH, help="The HTML file (default: beside the results); Markdown is written beside it."
)
@click.option(
    "--short", is_flag=True, help="Cut texts after eight words, and save the run so cut as JSON too."
)
@json_option
def report(run: Path, out: Path | None, short: bool, as_json: bool) -> None:
    """Write one HTML file and one Markdown file about a run, with the controls that were asked beside it."""
    from rag.evaluation.controls.files import load_controls
    from rag.evaluation.gold.questions import EvaluationError
    from rag.evaluation.reports.report import html_report, markdown_report
    from rag.evaluation.runs.files import load_run, save_run, shorten_texts

    results, html = load_run(run), out or run.with_suffix(".html")
    controls = load_controls(run, results)
    files = [html, html.with_suffix(".md")]
    if short:
        files.append(html.with_suffix(".json"))
        if files[-1].absolute() == run.absolute():
            raise EvaluationError(
                f"--short would write over {run} and lose its texts; give another file with --out"
            )
        results = shorten_texts(results)
        save_run(files[-1], results)
    html.write_text(html_report(results, controls), encoding="utf-8")
    files[1].write_text(markdown_report(results, controls), encoding="utf-8")
    print_result(as_json, {"files": [str(file) for file in files]}, "\n".join(map(str, files)))


@click.command()
@click.argument("run", type=PATH, help="The results of a run.")
@click.option(
    "--model", help="Model that calls each answer right or wrong: what DATELINE_MODEL takes, but for none."
)
@click.option("--times", type=int, default=3, show_default=True, help="How often each answer is judged.")
@click.option(
    "--nli",
    type=PATH,
    metavar="FOLDER",
    help="NLI cross-encoder that decides which statements their quotes entail.",
)
@click.option("--out", type=PATH, help="File for every opinion (JSON).")
@json_option
def judge(
    run: Path, model: str | None, times: int, nli: Path | None, out: Path | None, as_json: bool
) -> None:
    """Ask a model for a second opinion on a run.

    It changes none of the run's measures.
    """
    from rag.evaluation.gold.questions import EvaluationError
    from rag.evaluation.runs import judge as judging
    from rag.evaluation.runs.files import load_run
    from rag.evaluation.runs.summary import Summary
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
            opinions = list(show_progress(collected, len(judgeable), "answers"))
        finally:
            judging_model.close()
        summary |= {"times": times, **judging.summarise_opinions(opinions)}
    if nli:
        summary |= judging.measure_entailment(results, judging.load_nli_model(nli))
    if out:
        saved = {"judge": model, "figures": summary, "opinions": [asdict(opinion) for opinion in opinions]}
        out.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
    rows = (f"| {name} | {'-' if value is None else value} |" for name, value in summary.items())
    print_result(as_json, summary, "\n".join(rows))
