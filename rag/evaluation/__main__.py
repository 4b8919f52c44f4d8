"""`python -m rag.evaluation GOLD` and its verbs: check and propose gold questions, run them, compare runs, report, judge, sweep, convert public sets."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from rag.errors import run_command
from rag.settings import Settings

_LEVEL = 0.05  # chance of a difference from which on it counts as one
_FAILED = 1  # exit code where a check finds mistakes, or a run got worse


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    verbs = _verbs()
    if given and given[0] not in verbs and given[0] not in ("-h", "--help"):
        given = ["run", *given]
    parser = argparse.ArgumentParser(
        prog="python -m rag.evaluation", description="Measure the answers against gold questions."
    )
    under = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (told, add, _) in verbs.items():
        add(under.add_parser(name, help=told, description=told))
    chosen = parser.parse_args(given)
    return verbs[chosen.verb][2](chosen)


Verb = tuple[str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int]]


def _verbs() -> dict[str, Verb]:
    return {
        "run": ("ask every question and measure the answers (the verb may be left out)", _add_run, _run),
        "check": ("find mistakes in a gold file, with their lines", _add_gold, _check),
        "propose": (
            "draft gold questions from the collection's articles, for a person to review",
            _add_propose,
            _propose,
        ),
        "compare": (
            "what got better and worse from one run to another; exit code 1 where something did, beyond chance",
            _add_compare,
            _compare,
        ),
        "report": ("one HTML file and one Markdown file from a run", _add_report, _report),
        "judge": (
            "a second opinion on a run, by a model; it changes none of the run's figures",
            _add_judge,
            _judge,
        ),
        "sweep": ("a run for each combination of settings", _add_sweep, _sweep),
        "convert": ("a public question set as articles and gold questions", _add_convert, _convert),
    }


def _add_gold(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("gold", type=Path, help="gold questions, JSON lines or CSV (see corpus/gold.jsonl)")


def _add_run(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "gold", nargs="?", type=Path, help="gold questions, JSON lines or CSV (see corpus/gold.jsonl)"
    )
    what.add_argument(
        "--retrieval",
        type=Path,
        metavar="FOLDER",
        help="measure retrieval on the MultiHop-RAG set in this folder instead",
    )
    parser.add_argument(
        "--work",
        type=Path,
        help="with --retrieval: folder for its collections, used again (default: the data folder's)",
    )
    parser.add_argument("--search", action="store_true", help="measure the search alone; no model is loaded")
    parser.add_argument(
        "--perturbed",
        action="store_true",
        help="search only: how much is lost when the questions are typed otherwise",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="file for the results (default: beside the gold file, with the ending .results.json)",
    )
    parser.add_argument("--half", choices=("development", "test"), help="only this half of the questions")
    parser.add_argument(
        "--parallel",
        type=int,
        default=1,
        metavar="N",
        help="questions asked at once; more than 1 only pays with a server's model",
    )


def _progress(items: Iterable[Any], total: int, unit: str) -> Iterable[Any]:
    return tqdm(items, total=total, unit=f" {unit}", disable=None)


def _run(given: argparse.Namespace) -> int:
    if given.retrieval:
        return _retrieval(given)
    if given.perturbed:
        return _perturbed(given)
    return _search(given) if given.search else _answers(given)


def _questions(given: argparse.Namespace) -> list[Any]:
    from rag.evaluation.gold import EvaluationError, read_gold

    chosen = [
        gold
        for gold in read_gold(given.gold)
        if not given.half or gold.for_development == (given.half == "development")
    ]
    if not chosen:
        raise EvaluationError(f"{given.gold}: no question belongs to the {given.half} half; leave --half out")
    return chosen


def _answers(given: argparse.Namespace) -> int:
    from rag.evaluation.record import Journal, build_run, run_conditions, save_run
    from rag.evaluation.run import evaluate
    from rag.evaluation.summary import summary_table
    from rag.factory import open_assistant

    questions = _questions(given)
    out = given.out or given.gold.with_suffix(".results.json")
    assistant = open_assistant()
    try:
        under = run_conditions(assistant, given.gold)
        journal = Journal(out.with_name(f"{out.name}.unfinished"), under)
        kept = {result.id: result for result in journal.kept()}
        if kept:
            sys.stderr.write(
                f"{len(kept)} questions were measured by a run that was broken off; it goes on from there.\n"
            )
        rest = [gold for gold in questions if gold.id not in kept]
        for result in journal.keep(
            _progress(evaluate(assistant, rest, given.parallel), len(rest), "questions")
        ):
            kept[result.id] = result
    finally:
        assistant.close()
    results = [kept[gold.id] for gold in questions]
    save_run(out, build_run(results, under))
    journal.done()
    sys.stdout.write(
        f"{summary_table(results)}\n\nEvery question and answer: {out}\nTo read it: python -m rag.evaluation report {out}\n"
    )
    return 0


def _search(given: argparse.Namespace) -> int:
    from rag.evaluation.run import evaluate_search
    from rag.factory import open_library
    from rag.retrieval.search import Retriever

    questions = _questions(given)
    library = open_library(Settings.read())
    figures = evaluate_search(Retriever(library=library), _progress(questions, len(questions), "questions"))
    library.store.close()
    if given.out:
        given.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write("".join(f"| {name} | {value} |\n" for name, value in figures.items()))
    return 0


def _retrieval(given: argparse.Namespace) -> int:
    from rag.evaluation.retrieval import evaluate_retrieval, retrieval_table, save_retrieval

    rows = []
    for row in evaluate_retrieval(
        given.retrieval, given.work or Settings.read().data / "multihop-rag", _progress
    ):
        rows.append(row)
        sys.stderr.write(f"measured: {row.collection}, {row.name}\n")
    if given.out:
        save_retrieval(given.out, rows)
    sys.stdout.write(f"{retrieval_table(rows)}\n")
    return 0


def _perturbed(given: argparse.Namespace) -> int:
    from rag.evaluation.perturbed import measure_perturbations, perturbation_table, save_perturbations
    from rag.factory import open_library
    from rag.retrieval.search import Retriever

    library = open_library(Settings.read())
    rows = measure_perturbations(Retriever(library=library), _questions(given))
    library.store.close()
    if given.out:
        save_perturbations(given.out, rows)
    sys.stdout.write(f"{perturbation_table(rows)}\n")
    return 0


def _check(given: argparse.Namespace) -> int:
    from corpus.store.database import Store
    from rag.evaluation.check import find_mistakes
    from rag.evaluation.gold import read_gold

    questions = read_gold(given.gold)
    store = Store(Settings.read().data)
    found = list(find_mistakes(questions, store.articles()))
    store.close()
    for line, told in found:
        sys.stdout.write(f"{given.gold}:{line}: {told}\n")
    sys.stderr.write(
        f"{len(questions)} questions, {len(found) or 'no'} {'mistake' if len(found) == 1 else 'mistakes'}.\n"
    )
    return _FAILED if found else 0


def _add_propose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, required=True, help="file for the drafts; one that is there is not overwritten"
    )


def _propose(given: argparse.Namespace) -> int:
    from corpus.store.database import Store
    from rag.evaluation.gold import EvaluationError
    from rag.evaluation.propose import draft_questions

    if given.out.exists():
        raise EvaluationError(
            f"{given.out} is there already; give another file, so that nothing that was reviewed is lost"
        )
    store = Store(Settings.read().data)
    drafts = list(draft_questions(store.articles()))
    store.close()
    given.out.write_text(
        "".join(json.dumps(draft, ensure_ascii=False) + "\n" for draft in drafts), encoding="utf-8"
    )
    sys.stdout.write(
        f'{len(drafts)} drafts in {given.out}; word each as people ask, remove its "draft", then: python -m rag.evaluation check {given.out}\n'
    )
    return 0


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, help="the results of the earlier run")
    parser.add_argument("after", type=Path, help="the results of the later run")
    parser.add_argument(
        "--level",
        type=float,
        default=_LEVEL,
        help=f"chance from which on a difference counts (default {_LEVEL})",
    )
    parser.add_argument("--on", nargs="+", metavar="MEASURE", help="measures that decide the exit code")


def _compare(given: argparse.Namespace) -> int:
    from rag.evaluation.compare import DECISIVE_MEASURES, MEASURES, compare, comparison_table
    from rag.evaluation.gold import EvaluationError
    from rag.evaluation.record import load_run

    judged = given.on or DECISIVE_MEASURES
    unknown = [name for name in judged if name not in MEASURES]
    if unknown:
        raise EvaluationError(f'there is no measure "{unknown[0]}"; there are {", ".join(MEASURES)}')
    found = compare(load_run(given.before), load_run(given.after))
    sys.stdout.write(f"{comparison_table(found, given.level)}\n")
    worse = [
        change.measure for change in found.changes if change.measure in judged and change.worse(given.level)
    ]
    if worse:
        sys.stderr.write(f"Worse, and more than chance would do: {', '.join(worse)}.\n")
    return _FAILED if worse else 0


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="the results of a run")
    parser.add_argument(
        "--out",
        type=Path,
        help="the HTML file (default: beside the results); the Markdown one stands beside it",
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="cut texts after eight words, and write the run so cut beside it as JSON",
    )


def _report(given: argparse.Namespace) -> int:
    from rag.evaluation.gold import EvaluationError
    from rag.evaluation.record import load_run, save_run, shorten_texts
    from rag.evaluation.report import html_report, markdown_report

    run, out = load_run(given.run), given.out or given.run.with_suffix(".html")
    files = [out, out.with_suffix(".md")]
    if given.short:
        files.append(out.with_suffix(".json"))
        if files[-1].absolute() == given.run.absolute():
            raise EvaluationError(
                f"--short would write over {given.run} and lose its texts; give another file with --out"
            )
        run = shorten_texts(run)
        save_run(files[-1], run)
    out.write_text(html_report(run), encoding="utf-8")
    files[1].write_text(markdown_report(run), encoding="utf-8")
    sys.stdout.write("".join(f"{file}\n" for file in files))
    return 0


def _add_judge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="the results of a run")
    parser.add_argument(
        "--model", help="who says right or wrong of each answer: what DATELINE_MODEL takes, but for none"
    )
    parser.add_argument(
        "--times", type=int, default=3, metavar="N", help="how often each answer is judged (default 3)"
    )
    parser.add_argument(
        "--nli",
        type=Path,
        metavar="FOLDER",
        help="an NLI cross-encoder that says which written statements their quotes entail",
    )
    parser.add_argument("--out", type=Path, help="file for every opinion (JSON)")


def _judge(given: argparse.Namespace) -> int:
    from rag.evaluation import judge
    from rag.evaluation.gold import EvaluationError
    from rag.evaluation.record import load_run
    from rag.generation.registry import open_model

    if (not given.model and not given.nli) or given.times < 1:
        raise EvaluationError("nobody is asked; give --model, --nli or both, and --times of at least 1")
    run, opinions = load_run(given.run), []
    figures: judge.Summary = {}
    if given.model:
        asked = judge.judgeable_results(run)
        reader = open_model(replace(Settings.read(), model=given.model, adapter="none"))
        try:
            opinions = list(
                _progress(judge.collect_opinions(asked, reader, given.times), len(asked), "answers")
            )
        finally:
            reader.close()
        figures |= {"times": given.times, **judge.summarise_opinions(opinions)}
    if given.nli:
        figures |= judge.measure_entailment(run, judge.load_nli_model(given.nli))
    if given.out:
        told = {
            "judge": given.model,
            "figures": figures,
            "opinions": [asdict(opinion) for opinion in opinions],
        }
        given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(
        "".join(f"| {name} | {'-' if value is None else value} |\n" for name, value in figures.items())
    )
    return 0


def _add_sweep(parser: argparse.ArgumentParser) -> None:
    _add_gold(parser)
    parser.add_argument(
        "--over",
        nargs="+",
        required=True,
        metavar="NAME=VALUE,VALUE",
        help="settings or weights, such as hits=4,8 words=0.7,0.8",
    )
    parser.add_argument("--half", choices=("development", "test"), help="only this half of the questions")
    parser.add_argument("--plot", type=Path, help="file for a picture of quality against seconds (SVG)")


def _sweep(given: argparse.Namespace) -> int:
    from rag.evaluation.sweep import parse_grid, sweep, sweep_plot, sweep_table
    from rag.factory import open_assistant

    def progress(questions: Iterable[Any], name: str) -> Iterable[Any]:
        return tqdm(questions, desc=name, unit=" questions", disable=None)

    points = []
    for point in sweep(_questions(given), parse_grid(given.over), Settings.read(), open_assistant, progress):
        points.append(point)
        sys.stderr.write(f"measured: {point.name}\n")
    if given.plot:
        given.plot.write_text(sweep_plot(points), encoding="utf-8")
    sys.stdout.write(f"{sweep_table(points)}\n")
    return 0


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "form",
        choices=("clapnq", "multihop-rag", "realtimeqa", "rgb", "squad"),
        help="how the set is published",
    )
    parser.add_argument("files", nargs="+", type=Path, help="its files (.gz too), those with articles first")
    parser.add_argument(
        "--articles", type=Path, required=True, help="file for the articles: python -m corpus add FILE"
    )
    parser.add_argument("--gold", type=Path, required=True, help="file for the gold questions")


def _convert(given: argparse.Namespace) -> int:
    from rag.evaluation.convert import convert, save_converted

    found = convert(given.form, given.files)
    save_converted(found, given.articles, given.gold)
    sys.stdout.write(
        f"{len(found.articles)} articles in {given.articles}, {len(found.questions)} questions in {given.gold}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
