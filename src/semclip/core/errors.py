"""Errors for users: what is wrong, where it is, and how to fix it."""

import difflib
from collections.abc import Iterable

#: Columns before the second and further lines of a part: as many as `  where: ` takes.
_INDENT = 9


class UserError(Exception):
    """A mistake the user can mend. The command line prints its three parts and exits with code 2.

    what:  what is wrong, in one sentence.
    where: the file, `file:row`, config key or argument it was found in; "" when there is no place.
    fix:   what to type or change.
    """

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.fix = what, where, fix

    def __str__(self) -> str:
        parts = [
            self.what,
            *([f"  where: {self.where}"] if self.where else []),
            *([f"  fix:   {self.fix}"] if self.fix else []),
        ]
        # Further lines of a part stand in, so that no text inside can look like another part.
        return "\n".join(part.replace("\n", f"\n{' ' * _INDENT}") for part in parts)

    def __reduce__(self) -> tuple[type["UserError"], tuple[object, ...]]:
        # Pickled between processes; without this only `what` would arrive.
        return type(self), (self.what, self.where, self.fix)


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its class where it has none."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


#: Characters of a name that are compared; longer ones are no slip of the pen.
_LONGEST = 200


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """One sentence for an unknown `name`: the closest known names, else all of them."""
    known = sorted(known)
    close = nearest(name, known)
    return f"Did you mean {', '.join(close)}?" if close else f"Known: {', '.join(known) or '(none)'}."


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The closest known names, at most three; none where all are far."""
    name = name[:_LONGEST]  # comparing takes time that grows with both lengths
    # Compared without case, so that `SemCLIP` finds `semclip`.
    lower = {k.lower(): k for k in sorted(known)}
    return [lower[k] for k in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.6)]
