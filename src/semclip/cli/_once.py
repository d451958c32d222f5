"""Options given twice: refused, where the parser would take the last one without a word."""

from typing import Any

from typer.core import TyperCommand

from semclip.core.errors import UserError


class OnceCommand(TyperCommand):
    """A command each of whose options is given once, but for those that make a list."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        options = {name: p for p in self.params for name in (*p.opts, *p.secondary_opts) if name.startswith("-")}
        given: dict[str, str] = {}
        words = iter(args)
        for word in words:
            if word == "--":
                break
            name, equals, value = word.partition("=")
            option: Any = options.get(name)
            if option is None:
                continue
            if not (equals or option.is_flag or option.count):
                value = next(words, "")
            shown = f"{name} {value}".strip()
            if not (option.multiple or option.count) and given.setdefault(option.name, shown) != shown:
                raise UserError(
                    f"the option {option.opts[0]} is given twice: {given[option.name]} and {shown}",
                    where="command line",
                    fix="give it once",
                )
        return super().parse_args(ctx, args)
