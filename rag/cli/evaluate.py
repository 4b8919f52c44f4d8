"""The command `dateline evaluate`: its subcommands, and what several of them share."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rag.cli.click_extensions import DefaultCommandGroup

if TYPE_CHECKING:
    from rag.evaluation.gold.questions import GoldQuestion

EXIT_FAILED = 1  # a check found mistakes, or a run got worse
PATH = click.Path(path_type=Path)
GOLD_HELP = "Gold questions, JSON lines or CSV (see corpus/gold.jsonl)."
_COMMANDS = {
    "run": "rag.cli.measure:run",
    "check": "rag.cli.gold:check",
    "propose": "rag.cli.gold:propose",
    "feedback": "rag.cli.gold:feedback",
    "compare": "rag.cli.runs:compare",
    "report": "rag.cli.runs:report",
    "judge": "rag.cli.runs:judge",
    "sweep": "rag.cli.measure:sweep",
    "convert": "rag.cli.gold:convert",
}
_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group(cls=DefaultCommandGroup, lazy=_COMMANDS)
def evaluate() -> None:
    """Measure the answers against gold questions.

    `evaluate GOLD` is `evaluate run GOLD`.
    """


def half_option(command: _Command) -> _Command:
    """Add the option --half to a command."""
    half = click.Choice(["development", "test"])
    return click.option("--half", type=half, help="Only this half of the questions.")(command)


def read_questions(gold: Path, half: str | None) -> "list[GoldQuestion]":
    """Return the gold questions of a file, or of one half of it.

    Raises:
        EvaluationError: the file cannot be read, or the half is empty.
    """
    from rag.evaluation.gold.questions import EvaluationError, read_gold

    questions = [
        question
        for question in read_gold(gold)
        if not half or question.for_development == (half == "development")
    ]
    if not questions:
        raise EvaluationError(f"{gold}: no question belongs to the {half} half; leave --half out")
    return questions


def show_progress(items: Iterable[Any], total: int, unit: str) -> Iterable[Any]:
    """Yield the items and show a progress bar where standard error is a terminal."""
    from tqdm import tqdm

    return tqdm(items, total=total, unit=f" {unit}", disable=None)


def print_result(as_json: bool, value: Any, text: str) -> None:
    """Print the text, or the value as JSON: a line, or a line for each entry of a list."""
    if not as_json:
        click.echo(text)
        return
    for entry in value if isinstance(value, list) else [value]:
        click.echo(json.dumps(entry, ensure_ascii=False))
