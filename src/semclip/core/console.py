"""The terminal: text is printed as it is. Nothing in it is markup, and nothing in it moves the cursor."""

import re
from typing import Any

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment
from rich.text import Text

#: What a terminal acts on, and what no file can hold: control characters, line and paragraph separators, marks that
#: turn the direction of writing, the mark of byte order, and halves of surrogate pairs, as odd file names hold them.
_ACTS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]",
)


def harmless(text: str, keep: str = "") -> str:
    """Text for a terminal: what a terminal would act on is written as an escape, such as `\\x1b` and `\\u202e`.

    keep: characters that stay, such as the newline where several lines are meant.
    """
    return _ACTS.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def make_console(stderr: bool = False, quiet: bool = False, soft_wrap: bool = False) -> Console:
    """A console for text from anywhere: file names, captions, and keys of configs.

    Strings are printed as they are: `[bold]`, `:smile:` and numbers in them mean nothing, in tables and titles, too.
    Style is given as an argument, or by `rich.text.Text`. What a terminal would act on is shown as an escape.
    """
    return _PlainConsole(stderr=stderr, quiet=quiet, soft_wrap=soft_wrap, markup=False, emoji=False, highlight=False)


class _PlainConsole(Console):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.push_render_hook(_Harmless())

    def render_str(self, text: str, **settings: Any) -> Text:
        """A string as rich's Text, which would drop a bell and a carriage return without a word."""
        return super().render_str(harmless(text, keep="\n\t"), **settings)


class _Harmless(RenderHook):
    """Everything that is printed passes here, `Text` and other renderables of rich's, too."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_HarmlessPart(one) for one in renderables]


class _HarmlessPart:
    def __init__(self, inner: ConsoleRenderable) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self.inner, options):
            yield Segment(text, style, control) if control else Segment(harmless(text, keep="\n"), style)
