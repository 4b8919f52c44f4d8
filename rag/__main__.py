"""`python -m rag ask "..."`: one question on the command line, the same `Answer` as on the page; `python -m rag mcp`: the same as tools."""

import argparse
import json
import sys
from pathlib import Path

from rag.errors import run_command


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag", description="Ask the collection.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("schema", help="print the JSON Schema of an answer")
    verbs.add_parser(
        "mcp",
        help="serve the collection as tools of the Model Context Protocol, on standard input and output",
    )
    login = verbs.add_parser(
        "login", help="ask for a password and write a login to the file DATELINE_LOGINS, or print its line"
    )
    login.add_argument("name")
    ask = verbs.add_parser("ask", help="answer one question with citations")
    ask.add_argument("question")
    ask.add_argument(
        "--since", metavar="DATE", help="only articles published from then on (YYYY, YYYY-MM or YYYY-MM-DD)"
    )
    ask.add_argument("--until", metavar="DATE", help="only articles published until then")
    ask.add_argument(
        "--publisher", action="append", default=[], help="only this publisher's articles; may be repeated"
    )
    ask.add_argument("--json", action="store_true", help="print the whole Answer as JSON")
    ask.add_argument(
        "--export",
        metavar="FORMAT",
        help="print a document: markdown, html, json, or the sources alone: bibtex, csl",
    )
    given = parser.parse_args(arguments)
    if given.verb == "schema":
        from rag.answers.schema import answer_schema

        sys.stdout.write(json.dumps(answer_schema(), indent=1, ensure_ascii=False) + "\n")
        return 0

    if given.verb == "mcp":
        return _tools()
    if given.verb == "login":
        return _login(given.name)

    from rag.answers.answer import datelines
    from rag.answers.export import export_answers, validate_format
    from rag.factory import open_assistant
    from rag.query.validation import validate_question
    from rag.serving.api import parse_filters
    from rag.settings import Settings

    filters = (
        parse_filters({"since": given.since, "until": given.until, "publishers": given.publisher}) or None
    )
    settings = Settings.read()
    question = validate_question(given.question, settings.question)
    validate_format(given.export or "json")
    assistant = open_assistant(settings)
    answer = assistant.ask(question, filters=filters)
    assistant.close()
    if given.json or given.export:
        sys.stdout.write(export_answers([answer], given.export or "json").text)
        return 0
    lines = [
        answer.text,
        "",
        *(
            f"[{item.number}] {item.article.headline} ({datelines(item)})\n    “{item.quote}”"
            for item in answer.citations
        ),
    ]
    if not answer.citations and answer.evidence:
        lines += [
            "What comes nearest:",
            *(f"  “{item.text}” ({datelines(item)})" for item in answer.evidence[:3]),
        ]
    sys.stdout.write("\n".join(lines).rstrip() + "\n")
    for warning in answer.warnings:
        sys.stderr.write(f"{warning}\n")
    return 0


def _login(name: str) -> int:
    """Take a password twice, unseen, and keep its hash."""
    from getpass import getpass

    from rag.serving.authentication import LoginError, login_line, set_login
    from rag.settings import Settings

    file = Settings.read().logins
    password = getpass("Password: ")
    if password != getpass("Once more: "):
        raise LoginError("The two passwords differ; try again.")
    if file:
        set_login(Path(file).expanduser(), name, password)
    sys.stdout.write(
        f"{name} may log in once Dateline has been started anew.\n"
        if file
        else f"{login_line(name, password)}\n"
    )
    return 0


def _tools() -> int:
    """Serve the tools until the client leaves."""
    from rag.serving import mcp_server as tools

    tools.check()
    from tempfile import TemporaryDirectory

    from rag.factory import open_assistant
    from rag.serving.api import Api
    from rag.serving.collection import Collection
    from rag.settings import Settings

    settings = Settings.read()
    assistant = open_assistant(settings)
    try:
        with TemporaryDirectory(prefix="dateline-") as uploads:
            tools.serve(
                Api(
                    assistant,
                    Collection(assistant.library, Path(uploads), writable=settings.changes != "none"),
                )
            )
    finally:
        assistant.close()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
