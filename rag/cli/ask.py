"""The command `dateline ask`: answer one question in the terminal."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from rag.cli.click_extensions import json_option
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.answers.answer import Answer


@click.command()
@click.argument("question")
@click.option(
    "--since", metavar="DATE", help="Only articles published from then on (YYYY, YYYY-MM or YYYY-MM-DD)."
)
@click.option("--until", metavar="DATE", help="Only articles published until then.")
@click.option("--publisher", multiple=True, help="Only this publisher's articles; may be repeated.")
@json_option
@click.option(
    "--export",
    "form",
    metavar="FORMAT",
    help="Print a document: markdown, html, json, or the sources alone: bibtex, csl.",
)
def ask(
    question: str,
    since: str | None,
    until: str | None,
    publisher: tuple[str, ...],
    as_json: bool,
    form: str | None,
) -> None:
    """Answer one question with citations."""
    from rag.answers.export import export_answers, validate_format
    from rag.factory import open_assistant
    from rag.query.validation import validate_question
    from rag.serving.api import parse_filters

    filters = parse_filters({"since": since, "until": until, "publishers": list(publisher)}) or None
    settings = Settings.read()
    question = validate_question(question, settings.question)
    validate_format(form or "json")
    assistant = open_assistant(settings)
    answer = assistant.ask(question, filters=filters)
    assistant.close()
    if as_json or form:
        sys.stdout.write(export_answers([answer], form or "json").text)
        return
    sys.stdout.write("\n".join(_lines(answer)).rstrip() + "\n")
    for warning in answer.warnings:
        sys.stderr.write(f"{warning}\n")


def _lines(answer: "Answer") -> Iterator[str]:
    """Yield the lines of an answer: its text, then its sources, or else the nearest sentences."""
    from rag.answers.answer import datelines

    yield from (answer.text, "")
    for item in answer.citations:
        yield f"[{item.number}] {item.article.headline} ({datelines(item)})\n    “{item.quote}”"
    if not answer.citations and answer.evidence:
        yield "What comes nearest:"
        yield from (f"  “{item.text}” ({datelines(item)})" for item in answer.evidence[:3])
