"""The commands on gold questions: `dateline evaluate check`, `propose` and `convert`."""

import json
import os
import sys
from pathlib import Path

import click

from rag.cli.click_extensions import json_option
from rag.cli.evaluate import EXIT_FAILED, GOLD_HELP, PATH, print_result
from rag.settings import Settings

_FORMATS = ("clapnq", "evotemp", "multihop-rag", "realtimeqa", "rgb", "squad")


@click.command()
@click.argument("gold", type=PATH, help=GOLD_HELP)
@json_option
def check(gold: Path, as_json: bool) -> int:
    """Find mistakes in a gold file, with their lines.

    The exit code is 1 where there are any.
    """
    from corpus.store.opening import open_store
    from rag.evaluation.gold.check import find_mistakes
    from rag.evaluation.gold.questions import read_gold

    questions = read_gold(gold)
    store = open_store(*Settings.read().place)
    mistakes = list(find_mistakes(questions, store.articles()))
    store.close()
    for line, mistake in mistakes:
        print_result(as_json, {"line": line, "mistake": mistake}, f"{gold}:{line}: {mistake}")
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes) or 'no'} mistakes"
    sys.stderr.write(f"{len(questions)} questions, {count}.\n")
    return EXIT_FAILED if mistakes else 0


@click.command()
@click.option(
    "--out", type=PATH, required=True, help="File for the drafts; an existing one is not overwritten."
)
@json_option
def propose(out: Path, as_json: bool) -> None:
    """Draft gold questions from articles, for review."""
    from corpus.store.opening import open_store
    from rag.evaluation.gold.propose import draft_questions

    _refuse_existing(out)
    store = open_store(*Settings.read().place)
    drafts = list(draft_questions(store.articles()))
    store.close()
    out.write_text(
        "".join(json.dumps(draft, ensure_ascii=False) + "\n" for draft in drafts), encoding="utf-8"
    )
    print_result(
        as_json,
        {"drafts": len(drafts), "file": str(out)},
        f'{len(drafts)} drafts in {out}; word each as people ask, remove its "draft", '
        f"then: dateline evaluate check {out}",
    )


@click.command()
@click.option("--out", type=PATH, required=True, help="File for them; an existing one is not overwritten.")
@json_option
def feedback(out: Path, as_json: bool) -> None:
    """Move the questions that readers' feedback proposes to a file, for review."""
    from contextlib import closing

    from corpus.store.opening import open_store
    from rag.answers.feedback import PROPOSALS_FILE

    _refuse_existing(out)
    with (
        closing(open_store(*Settings.read().place)) as store,
        store.documents[PROPOSALS_FILE].taken() as text,
        out.open("w", encoding="utf-8") as file,
    ):
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    count = text.count("\n")
    print_result(
        as_json,
        {"questions": count, "file": str(out)},
        f'{count} proposed questions in {out}; correct each, remove its "draft", '
        f"then: dateline evaluate check {out}",
    )


def _refuse_existing(out: Path) -> None:
    from rag.evaluation.gold.questions import EvaluationError

    if out.exists():
        raise EvaluationError(f"{out} exists; give another file, so that nothing that was reviewed is lost")


@click.command()
@click.argument("form", type=click.Choice(_FORMATS), help="How the set is published.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=PATH,
    help="Its files (.gz too), articles first.",
)
@click.option("--articles", type=PATH, required=True, help="File for the articles, for: dateline add FILE.")
@click.option("--gold", type=PATH, required=True, help="File for the gold questions.")
@json_option
def convert(form: str, files: tuple[Path, ...], articles: Path, gold: Path, as_json: bool) -> None:
    """Convert a public question set to articles and gold questions."""
    from rag.evaluation.gold import convert as conversion

    found = conversion.convert(form, list(files))
    conversion.save_converted(found, articles, gold)
    print_result(
        as_json,
        {"articles": len(found.articles), "questions": len(found.questions)},
        f"{len(found.articles)} articles in {articles}, {len(found.questions)} questions in {gold}",
    )
