"""Additions to click: lazily imported commands, a default command, options with several values."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one value a line.")


class LazyGroup(click.Group):
    """A group that imports the module of a command only when that command is needed.

    `lazy` maps the name of each command to "module:variable".
    """

    def __init__(self, *args: Any, lazy: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module, _, variable = self._lazy[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), variable)
        return command


class DefaultCommandGroup(LazyGroup):
    """A group whose command "run" may be left out: `evaluate GOLD` is `evaluate run GOLD`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.list_commands(ctx), *ctx.help_option_names}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


class MultiValueCommand(click.Command):
    """A command whose repeatable options take several values.

    `--on MRR right` is `--on MRR --on right`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        repeatable = {
            name
            for option in self.params
            if isinstance(option, click.Option) and option.multiple
            for name in option.opts
        }
        return super().parse_args(ctx, list(_repeat_options(args, repeatable)))


def _repeat_options(arguments: Sequence[str], repeatable: set[str]) -> Iterator[str]:
    """Yield the arguments with the name of a repeatable option before each of its values.

    >>> list(_repeat_options(["a", "--on", "x", "y", "--out", "z"], {"--on"}))
    ['a', '--on', 'x', '--on', 'y', '--out', 'z']
    """
    option = previous = ""
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in repeatable else ""
        elif option and previous != option:
            yield option
        yield argument
        previous = argument
