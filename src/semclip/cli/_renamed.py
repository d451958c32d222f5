"""Renamed command-line options: the old name fails with a message that gives the new one."""

from collections.abc import Mapping
from typing import Any

from semclip.cli._once import OnceCommand
from semclip.core.errors import UserError


def renamed_options(**names: str) -> type[OnceCommand]:
    """The class of a command whose options were renamed: `app.command("x", cls=renamed_options(old="new"))`.

    Names are written as parameters: `dry_run` is `--dry-run`. Given on the command line, an old one raises UserError.
    """
    options: Mapping[str, str] = {_option(old): _option(new) for old, new in names.items()}

    class Command(OnceCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            for argument in args:
                if argument == "--":
                    break
                new = options.get(argument.partition("=")[0])
                if new:
                    old = argument.partition("=")[0]
                    raise UserError(f"the option {old} was renamed to {new}", where="command line", fix=f"write {new}")
            return super().parse_args(ctx, args)

    return Command


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
