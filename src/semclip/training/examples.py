"""The examples a run uses: what is refused before a model is loaded, and images that turn out to be unreadable."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import TypeVar

from semclip.core.counts import counted
from semclip.core.errors import UserError
from semclip.core.example import VIEWS, Example
from semclip.core.files import is_file, write_text
from semclip.core.parsing import parse_json
from semclip.core.shape import shaped
from semclip.data.findings import negations_of_itself, short
from semclip.data.incomplete import HOW_TO_ALLOW, IncompleteRows, how_to_list, too_many
from semclip.data.load import data_file, load_examples, select
from semclip.data.sampler import batches_per_epoch
from semclip.data.stored import groups_of, keep
from semclip.models.backends.base import Encoder
from semclip.objectives import Objective
from semclip.training.config import TrainConfig
from semclip.training.inspection import unreadable
from semclip.training.steps.base import Step, views_of_data

T = TypeVar("T")

_WRITE = "write one: `semclip captions write {file} --out triples.jsonl`, then data.path=triples.jsonl"
#: For messages: how data that lack a view come to serve it.
_HOW_TO_SERVE = {
    "paraphrase": _WRITE,
    "negation": _WRITE,
    "absence": _WRITE + "; let a data step make it: 'steps=[{{name: batch_absences}}]'",
    "rewrite": "write some, with a language model: `semclip captions write {file} --config laclip --out "
    "rewrites.jsonl`, then data.path=rewrites.jsonl",
    "negative_image": "let a data step find it: 'steps=[{{name: distractors}}]'; or add a column 'negative_image'",
    "query": "let a data step make it: 'steps=[{{name: logical_queries}}]'",
}


@dataclass(frozen=True)
class Splits:
    """The examples a run uses. Training examples all serve every view the objective needs."""

    train: Sequence[Example]
    val: Sequence[Example]
    test: Sequence[Example]
    tests: dict[str, Sequence[Example]]  # further test sets, by name
    left_out: list[str]  # what was left out and why, in sentences
    incomplete: int = 0  # rows without a caption or an image, which belong to no split

    def held_out(self) -> dict[str, Sequence[Example]]:
        """What no weight depends on, by name: the splits `val` and `test`, and further test sets as `tests.NAME`."""
        return {"val": self.val, "test": self.test, **{f"tests.{name}": e for name, e in self.tests.items()}}


def load_splits(config: TrainConfig, objective: Objective, steps: Sequence[Step]) -> Splits:
    """Read the data and check that it serves the objective, before any model is loaded.

    Training examples that lack a view are left out and counted: one that the objective needs and no step makes, that a
    step reads, or that `config.require` names. So are rows without a caption, and, where negations are trained on,
    examples one of whose negations is their caption; of either no more than `guards.unreadable`.
    """
    incomplete = IncompleteRows(config.guards.unreadable)
    examples = load_examples(config.data, incomplete)
    everything = select(examples, "train")
    views = sorted(views_of_data(steps, objective.needs & set(VIEWS)) | set(config.require))
    train_examples = keep(everything, lambda e: all(e.has(view) for view in views))
    left_out = [*filter(None, [incomplete.sentence(data_file(config.data))])]
    for view in views:
        lacking = keep(everything, lambda e, view=view: not e.has(view))  # type: ignore[misc]
        if lacking:
            left_out.append(f"{len(lacking):,} of {len(everything):,} lack '{view}' (first: {lacking[0].where})")
        if len(lacking) == len(everything):
            raise UserError(
                f"objective '{config.objective['name']}' needs the view '{view}', which no training example has",
                where=lacking[0].where,
                fix=_HOW_TO_SERVE[view].format(file=data_file(config.data))
                + "; or choose an objective that does without",
            )
    if "negation" in views:
        train_examples = _without_contradictions(train_examples, config, left_out)
    # A file without a validation or test split trains; the run then says that nothing was measured on it.
    present = {e.split for e in examples}
    val, test = (select(examples, s) if s in present else [] for s in ("val", "test"))
    tests = _further_tests(config, {"training": everything, "validation": val})
    return Splits(train_examples, val, test, tests, left_out, incomplete.count)


def _without_contradictions(train: Sequence[Example], config: TrainConfig, left_out: list[str]) -> Sequence[Example]:
    """The examples none of whose negations is their own caption: such a one says that the truth is false."""
    wrong = keep(train, lambda e: bool(negations_of_itself(e)))
    if not wrong:
        return train
    allowed, first = config.guards.unreadable, wrong[0]
    counted = f"{len(wrong):,} of {len(train):,} training examples have a negation equal to a caption"
    listed = how_to_list(data_file(config.data))
    if too_many(len(wrong), len(train), allowed):
        raise UserError(
            f"{counted}, more than {100 * allowed:g} %; the first: '{short(negations_of_itself(first)[0])}'",
            where=first.where,
            fix=f"write other negations or remove them; {listed}; up to {HOW_TO_ALLOW}",
        )
    left_out.append(f"{counted} (first: {first.where}); {listed}")
    return keep(train, lambda e: not negations_of_itself(e))


def _further_tests(config: TrainConfig, seen: Mapping[str, Sequence[Example]]) -> dict[str, Sequence[Example]]:
    """The examples of `evaluate.tests`. seen: by the name of the split, what the weights are made or chosen by.

    Raises UserError where one of these has a group of a test set.
    """
    tests = {}
    groups = {split: set(groups_of(examples)) for split, examples in seen.items()} if config.evaluate.tests else {}
    for name, path in config.evaluate.tests.items():
        tests[name] = load_examples(replace(config.data, path=path, validation=0.0))
        for split, known in groups.items():
            if shared := [example for example in tests[name] if example.group in known]:
                raise UserError(
                    f"{len(shared):,} examples of the test set '{name}' are in the {split} split, too, "
                    f"first group '{shared[0].group}'",
                    where=shared[0].where,
                    fix=f"remove these rows, or leave evaluate.tests.{name} out",
                )
    return tests


def fitting_batch(config: TrainConfig, splits: Splits, processes: int = 1) -> tuple[TrainConfig, str]:
    """The config with a batch that the training split can fill, and why it is another, "" where it is not.

    A batch holds an example of each of its groups, and each of several processes an equal part of it. Raises UserError
    where there are too few groups to contrast two.
    """
    groups = len({e.group for e in splits.train})
    if groups >= config.train.batch_size:
        return config, ""
    size = groups // processes * processes
    if size < 2:
        raise UserError(
            f"the training split has {counted(groups, 'group')}, and a batch needs two at least"
            + f" and one for each of {processes} processes" * (processes > 1),
            where=config.data.path,
            fix="add rows of other photos; where a column `group` or `split` says so, more rows may be for training",
        )
    reason = f"lowered from {config.train.batch_size}: the training split has {groups:,} groups"
    return replace(config, train=replace(config.train, batch_size=size)), reason


def with_steps(config: TrainConfig, splits: Splits) -> TrainConfig:
    """The config with `train.epochs` as steps: so many passes over what batches hold of the training examples."""
    if not config.train.epochs:
        return config
    numbers: dict[str, int] = {}
    groups = [numbers.setdefault(e.group, len(numbers)) for e in splits.train]
    steps = max(1, round(config.train.epochs * batches_per_epoch(groups, config.train.batch_size)))
    return replace(config, train=replace(config.train, steps=steps, epochs=0.0))


def refuse_impossible_evaluation(config: TrainConfig, splits: Splits) -> None:
    """Find what would break an evaluation now, not after the first hour of training."""
    from semclip.evaluation.own import create

    for name in config.evaluate.test_only:
        create(name)  # a UserError where there is none; data that cannot serve it are told of at the end
    for benchmark, examples in product(
        map(create, config.evaluate.benchmarks), (splits.val, splits.test, *splits.tests.values())
    ):
        if examples:
            benchmark.usable(examples)  # a UserError when none of them can serve it
    benchmark_name = config.evaluate.primary.partition(".")[0]
    if benchmark_name not in config.evaluate.benchmarks:
        raise UserError(
            f"evaluate.primary names the benchmark '{benchmark_name}', which is not evaluated",
            where="evaluate.primary",
            fix=f"one of: {', '.join(config.evaluate.benchmarks)}, as benchmark.metric",
        )


@dataclass(frozen=True)
class Fault:
    """An example that could not be read. what, where: of the error that reading it raised.

    left_out: found before the first step, and not among the examples of this run; else replaced at each visit.
    """

    id: str
    what: str
    where: str
    left_out: bool = False


def _fault(line: str, path: Path) -> Fault:
    fix = "put the file back as it was written, or start the run anew with another --out"
    return shaped(Fault, parse_json(line, str(path), fix), "a list of unreadable images", str(path), fix)


class UnreadableImages:
    """All faults of a run, over its sessions, kept in RUN/unreadable.jsonl.

    examples: how many the training split has. proportion: of them that may be unreadable. writes: False for all
    processes but one of several that train together. continues: False for a new run, which forgets an earlier try.
    """

    def __init__(
        self, run_folder: Path, examples: int, proportion: float, writes: bool = True, continues: bool = True
    ) -> None:
        self.path = run_folder / "unreadable.jsonl"
        self.examples, self.proportion, self.writes = examples, proportion, writes
        if writes and not continues:
            self.path.unlink(missing_ok=True)
        lines = self.path.read_text("utf-8").splitlines() if self.path.exists() else []
        self.faults = {fault.id: fault for fault in (_fault(line, self.path) for line in lines)}

    def add(self, faults: Iterable[Fault]) -> None:
        """Note examples that could not be read. Raises UserError once they are more than `proportion`."""
        new = {fault.id: fault for fault in faults if fault.id not in self.faults}
        if not new:
            return
        self.faults |= new
        if self.writes:
            lines = [json.dumps(asdict(f), ensure_ascii=False) + "\n" for f in self.faults.values()]
            write_text(self.path, "".join(lines))
        if len(self.faults) > self.proportion * self.examples:
            first = next(iter(new.values()))
            enough = math.ceil(100 * len(self.faults) / self.examples) / 100
            raise UserError(
                f"{len(self.faults):,} of {self.examples:,} training examples cannot be read, more than "
                f"{100 * self.proportion:g} %; the last: {first.what}",
                where=first.where,
                fix=f"mend the images named in {self.path} or remove their rows, or set guards.unreadable={enough:g} "
                "or more",
            )

    def leave_out_missing(self, examples: Sequence[Example]) -> str:
        """Leave out the examples whose image file is not there; nothing is opened. What to tell people, "" for none.

        Raises UserError for more than `proportion` of them.
        """
        readable = self.readable(examples)
        missing = [e for e in readable if e.image.path is None or not is_file(e.image.path)]
        if not missing:
            return ""
        first, few = missing[0], f"{len(missing):,} of {len(readable):,} image files are missing"
        if len(missing) + len(self.faults) > self.proportion * self.examples:
            raise UserError(
                f"{few}, first '{first.image.name}'; up to {100 * self.proportion:g} % would be left out",
                where=first.where,
                fix="set data.images to the folder that image names are relative to; `semclip data check FILE` lists "
                "all; guards.unreadable=0.1 leaves out up to 10 %",
            )
        self.add(Fault(e.id, "image file not found", str(e.image.path), left_out=True) for e in missing)
        return f"{few} (first: {first.where}: {first.image.name}); all are named in {self.path}"

    def readable(self, examples: Sequence[Example]) -> Sequence[Example]:
        """The examples without those left out: a resumed run must see as many as before, mended or not."""
        out = {id for id, fault in self.faults.items() if fault.left_out}
        return keep(examples, lambda e: e.id not in out) if out else examples

    def without(self, encoder: Encoder, examples: Sequence[Example], prepare: Callable[[Sequence[Example]], T]) -> T:
        """What `prepare` makes of the examples; where it meets an image that cannot be read, of all that can be read.

        All images are then tried once, and the examples left out are noted. Raises UserError for more than allowed.
        """
        examples = self.readable(examples)
        try:
            return prepare(examples)
        except UserError as error:
            places = {ref.where for e in examples for ref in (e.image, *e.negative_images)}
            faults = find_unreadable(encoder, examples) if error.where in places else []
            if not faults:
                raise
            self.add(faults)
        return prepare(self.readable(examples))

    def sentence(self) -> str:
        """What to tell people at the end, "" where every image could be read."""
        if not self.faults:
            return ""
        return (
            f"{len(self.faults):,} of {self.examples:,} training examples could not be read, and others were taken "
            f"in their place: {self.path}"
        )


def find_unreadable(encoder: Encoder, examples: Sequence[Example]) -> list[Fault]:
    """Every example one of whose images cannot be read; all images are decoded once."""

    errors = unreadable(encoder, (ref for e in examples for ref in (e.image, *e.negative_images)))
    found = []
    for example in examples:
        bad = next((errors[ref] for ref in (example.image, *example.negative_images) if ref in errors), None)
        if bad is not None:
            found.append(Fault(example.id, bad.what, bad.where, left_out=True))
    return found
