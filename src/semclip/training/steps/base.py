"""Base class of data steps: views made from other views, once before training or in every batch."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.protocols import Embeddings
from semclip.core.registry import FAMILIES

if TYPE_CHECKING:  # looking at data needs no torch
    from semclip.data.dataset import Sample


@dataclass(frozen=True)
class Prepared:
    """Training examples after a step, and one sentence on what it did."""

    examples: Sequence[Example]
    note: str


class Step(ABC):
    """Base of all data steps: set `gives` and `needs`, write `Config` and `prepare`, and `batch` where texts need one.

    gives:          views it makes.
    gives_in_batch: those of them that `batch` makes; the data set is not asked for them.
    needs:          views it reads; every example must have them.
    seed:           the run's seed, for every draw.
    """

    name: ClassVar[str] = ""
    gives: frozenset[str]
    gives_in_batch: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    config: Any  # an instance of the subclass's own Config

    @dataclass(frozen=True, kw_only=True)
    class Config:
        pass

    def __init__(self, config: Any = None, seed: int = 0) -> None:
        self.config = self.Config() if config is None else config
        self.seed = seed

    @abstractmethod
    def prepare(self, examples: Sequence[Example], embeddings: Embeddings) -> Prepared:
        """Called once, before training, with all training examples; gives back as many, in the same order."""

    def batch(self, samples: Sequence["Sample"], examples: Sequence[Example]) -> "list[Sample]":
        """Called in data workers with the samples of one batch, in order; a pure function of them.

        examples: all training examples as prepared; `samples[i].index` is a place among them.
        """
        return list(samples)


def create(section: Mapping[str, Any], seed: int) -> Step:
    """The step of one entry of a config's list `steps:`, such as `{name: rewrites, file: texts.jsonl}`.

    Raises UserError for a missing or unknown name, and for unknown keys.
    """
    options = dict(section)
    if "name" not in options:
        known = ", ".join(FAMILIES["steps"].names())
        raise UserError("a step has no name", where="steps", fix=f"write {{name: ...}}, one of: {known}")
    name = options.pop("name")
    cls = FAMILIES["steps"].get(name)
    step: Step = cls(parse(cls.Config, options, where=f"step '{name}'"), seed)
    return step


def require(examples: Sequence[Example], views: Iterable[str], step: str) -> None:
    """Raises UserError where an example lacks one of the views that a step reads."""
    for view in sorted(views):
        lacking = [example for example in examples if not example.has(view)]
        if lacking:
            raise UserError(
                f"step '{step}' reads the view '{view}', which {len(lacking):,} of {len(examples):,} examples lack, "
                f"first '{lacking[0].id}'",
                where=lacking[0].where or lacking[0].id,
                fix=f"fill the column '{view}', or leave the step out",
            )


def views_of_data(steps: Sequence[Step], wanted: Iterable[str]) -> set[str]:
    """The views that the data itself must have, so that after all steps every wanted one is there."""
    views = set(wanted)
    for step in reversed(steps):
        views = (views - step.gives) | step.needs
    return views


def views_to_draw(steps: Sequence[Step], wanted: Iterable[str]) -> set[str]:
    """The views to ask the data set for: what is wanted, without what batches are given, with what that is made of."""
    views = set(wanted)
    for step in reversed(steps):
        views = (views - step.gives_in_batch) | (step.needs if step.gives_in_batch else set())
    return views
