"""The command `dateline`: its subcommands, and the small ones that need no module of their own."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import get_completion_class, shell_complete

from rag.cli.click_extensions import LazyGroup, json_option
from rag.settings import VERSION, Settings

# In the order of `dateline --help`.
_COMMANDS = {
    "serve": "rag.cli.serve:serve",
    "ask": "rag.cli.ask:ask",
    "add": "rag.cli.collection:add",
    "encode": "rag.cli.encode:encode",
    "list": "rag.cli.collection:list_articles",
    "show": "rag.cli.collection:show",
    "set": "rag.cli.corrections:set_fields",
    "remove": "rag.cli.collection:remove",
    "copies": "rag.cli.collection:copies",
    "check": "rag.cli.maintenance:check",
    "rebuild": "rag.cli.maintenance:rebuild",
    "export": "rag.cli.maintenance:export",
    "backup": "rag.cli.maintenance:backup",
    "restore": "rag.cli.maintenance:restore",
    "evaluate": "rag.cli.evaluate:evaluate",
    "reader": "rag.cli.reader:reader",
    "doctor": "rag.cli.commands:doctor",
    "login": "rag.cli.commands:login",
    "mcp": "rag.cli.serve:mcp",
    "schema": "rag.cli.commands:schema",
    "completion": "rag.cli.commands:completion",
}
_COMPLETE_VARIABLE = "_DATELINE_COMPLETE"  # set by the script of `dateline completion` when Tab is pressed


@click.group(
    "dateline", cls=LazyGroup, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(VERSION, message="%(prog)s %(version)s")
def dateline() -> None:
    """Ask a collection of news articles, and maintain it."""


def run(arguments: Sequence[str]) -> int:
    """Run a subcommand and return its exit code.

    Wrong arguments are one sentence on standard error and exit code 2.
    """
    if instruction := os.environ.get(_COMPLETE_VARIABLE):
        return shell_complete(dateline, {}, "dateline", _COMPLETE_VARIABLE, instruction)
    # Not `dateline.main()`, which turns Ctrl-C and a closed pipe into exit codes of its own.
    try:
        with dateline.make_context("dateline", list(arguments)) as context:
            return dateline.invoke(context) or 0
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return error.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "dateline"
        sys.stderr.write(f"{error.format_message()} (see: {command} --help)\n")
        return error.exit_code


@click.command()
@click.option(
    "--full", is_flag=True, help="Compare everything in a large collection, and load a large model."
)
@json_option
def doctor(full: bool, as_json: bool) -> int:
    """Say what is wrong here, and what to do about it."""
    from rag.serving.diagnostics import print_findings

    return print_findings(as_json, full)


@click.command()
@click.argument("name")
def login(name: str) -> None:
    """Ask for a password and store a login.

    It is written to the file DATELINE_LOGINS, or printed where there is none.
    """
    from getpass import getpass

    from rag.serving.authentication import LoginError, login_line, set_login
    from rag.serving.sessions import end_sessions

    settings = Settings.read()
    file = settings.logins
    password = getpass("Password: ")
    if password != getpass("Once more: "):
        raise LoginError("The two passwords differ; try again.")
    if file:
        set_login(Path(file).expanduser(), name, password)
        end_sessions(settings.data, name)
        click.echo(f"{name} may log in once Dateline has been restarted.")
    else:
        click.echo(login_line(name, password))


@click.command()
def schema() -> None:
    """Print the JSON Schema of an answer."""
    from rag.answers.schema import answer_schema

    click.echo(json.dumps(answer_schema(), indent=1, ensure_ascii=False))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script for completion in a shell.

    \b
    bash: eval "$(dateline completion bash)"   in ~/.bashrc
    zsh:  eval "$(dateline completion zsh)"    in ~/.zshrc
    fish: dateline completion fish | source    in ~/.config/fish/config.fish
    """
    script = get_completion_class(shell)
    assert script  # click has all three
    click.echo(script(dateline, {}, "dateline", _COMPLETE_VARIABLE).source())
