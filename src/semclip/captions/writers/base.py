"""The promise of a caption writer: an example and a view in, candidate texts and refusals out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from semclip.captions.journal import Journal
from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.registry import FAMILIES


class JobStopped(UserError):  # noqa: N818  (a stop, not a failure)
    """Nothing more can be written now (budget spent, server gone, key refused); what is done stays done."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that a writer proposes.

    kind: what was done ("attribute_swapped"), for slices.
    of:   index into [caption, *paraphrases] of the text it was made from.
    provenance: what else tells where it is from, as JSON values: model, prompt and its hash, attempt.
    """

    text: str
    kind: str
    of: int
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What one call gave. refused: (index of the caption, why it gave nothing); nothing is skipped unseen."""

    candidates: tuple[Candidate, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()


class Writer(ABC):
    """Writes texts of some views for examples.

    version: changes whenever equal input and seed may give other texts. views: what it can write.
    concurrency: calls of `write` that may be under way at once. notice: what the user should know before it starts.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    views: ClassVar[tuple[str, ...]]
    concurrency: int = 1
    notice: str = ""
    config: Any  # an instance of the subclass's own Config

    @dataclass(frozen=True, kw_only=True)
    class Config:
        pass

    def __init__(self, config: Any, examples: Sequence[Example]) -> None:
        """examples: the whole input, so that a writer may count on it what occurs together."""
        self.config = self.Config() if config is None else config

    @abstractmethod
    async def write(self, example: Example, view: str, of: Sequence[int], seed: int, attempt: int) -> Written:
        """Texts of `view` for one of the examples given at the start.

        of:      indices into [caption, *paraphrases] to write for; every one gives a candidate or a refusal, unless the
                 writer makes all texts of an example from one of its captions.
        attempt: 0 at first; 1, 2, ... for captions that were refused or whose texts were all rejected before.
        A writer that draws gives equal texts for equal example, view, seed and attempt.
        """

    def signature(self) -> dict[str, Any]:
        """Everything besides input and seed that the texts depend on, as JSON values; a journal holds one only."""
        return {"writer": self.name, "version": self.version}

    def spent(self) -> str:
        """The cost so far, for the progress bar: "1,204 requests, 312,000 tokens, 0.41"; "" if nothing."""
        return ""

    def keep_in(self, journal: Journal) -> None:  # noqa: B027
        """Keep in the job's journal what another start needs besides the texts, such as what was asked and not yet
        answered, and read what an earlier start has left there."""

    async def close(self) -> None:  # noqa: B027
        """Give connections back."""


def create(section: Mapping[str, Any], examples: Sequence[Example]) -> Writer:
    """The writer of a config's section such as `{name: llm, model: phi4}`, looking over `examples`.

    Raises UserError for an unknown name (a plugin's or `file.py:Class`) and for unknown keys.
    """
    options = dict(section)
    name = options.pop("name")
    kind: type[Writer] = FAMILIES["writers"].get(name)
    return kind(parse(kind.Config, options, where=f"writer {name}", section="writer"), examples)
