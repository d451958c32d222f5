"""The promise of a verifier: candidates in, a verdict on each out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from semclip.captions.journal import Journal
from semclip.captions.writers.base import Candidate
from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.protocols import DualEncoder
from semclip.core.registry import FAMILIES

#: Loads any encoder that `semclip evaluate` takes; the command line gives it, so that this room imports no model.
LoadEncoder = Callable[[str], DualEncoder]

_LOOKED_FOR = 20  # pictures


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier says of one candidate. reason: "" when accepted, else words that the summary counts by.

    score: the number behind it, where there is one.
    """

    verifier: str
    reason: str = ""
    score: float | None = None

    @property
    def accepted(self) -> bool:
        return not self.reason


class Verifier(ABC):
    """Accepts candidates or says why not.

    version: changes whenever equal candidates may get other verdicts.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    config: Any  # an instance of the subclass's own Config

    @dataclass(frozen=True, kw_only=True)
    class Config:
        pass

    def __init__(self, config: Any, load_encoder: LoadEncoder) -> None:
        self.config = self.Config() if config is None else config

    def look_over(self, examples: Sequence[Example]) -> None:  # noqa: B027
        """See the whole input, once, before the first check: for verifiers that judge by a group's other captions."""

    @abstractmethod
    async def check(self, example: Example, view: str, candidates: Sequence[Candidate]) -> list[Verdict]:
        """One verdict for each candidate, in order; a pure function of the three where no server is asked."""

    def signature(self) -> dict[str, Any]:
        """Everything that the verdicts depend on, as JSON values; a journal holds one only."""
        return {"verifier": self.name, "version": self.version}

    def spent(self) -> str:
        """What the verdicts have cost so far, for the progress bar; "" if nothing."""
        return ""

    def keep_in(self, journal: Journal) -> None:  # noqa: B027
        """As `Writer.keep_in`."""

    async def close(self) -> None:  # noqa: B027
        """Give connections back."""


def as_typed(name: str, keys: str) -> str:
    """How a verifier and its keys are given, for messages."""
    return f"type 'verify=[{{name: lexical}}, {{name: {name}, {keys}}}]', or write it into a config"


def need_pictures(examples: Sequence[Example]) -> None:
    """Raise UserError where none of the first pictures is there: no text could be accepted, and all would be paid."""
    first = [example.image for example in examples[:_LOOKED_FOR]]
    if first and not any(map(_is_there, first)):
        raise UserError(
            f"none of the first {len(first)} pictures is there",
            where=first[0].where,
            fix="give the folder that their names are relative to: --images FOLDER",
        )


def _is_there(image: ImageRef) -> bool:
    try:
        return image.size() > 0
    except OSError:
        return False


def create(section: Mapping[str, Any], load_encoder: LoadEncoder) -> Verifier:
    """The verifier of a config's entry such as `{name: image, model: MODEL}`.

    Raises UserError for an unknown name (a plugin's or `file.py:Class`) and for unknown keys.
    """
    options = dict(section)
    name = options.pop("name")
    kind: type[Verifier] = FAMILIES["verifiers"].get(name)
    return kind(parse(kind.Config, options, where=f"verifier {name}"), load_encoder)
