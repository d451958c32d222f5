"""The examples a run uses, and what is refused before a model is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from semclip.core.errors import UserError
from semclip.core.example import VIEWS, Example
from semclip.data.load import load_examples, select
from semclip.objectives import Objective
from semclip.training.config import TrainConfig
from semclip.training.steps.base import Step, views_of_data


@dataclass(frozen=True)
class Splits:
    """The examples a run uses. Training examples all serve every view the objective needs."""

    train: list[Example]
    val: list[Example]
    test: list[Example]
    left_out: list[str]  # what was left out of training and why, one sentence per view


def load_splits(config: TrainConfig, objective: Objective, steps: Sequence[Step]) -> Splits:
    """Read the data and check that it serves the objective, before any model is loaded.

    Training examples that lack a view are left out and counted: one that the objective needs and no step makes, that a
    step reads, or that `config.require` names.
    """
    examples = load_examples(config.data)
    everything = select(examples, "train")
    views = sorted(views_of_data(steps, objective.needs & set(VIEWS)) | set(config.require))
    train_examples = [e for e in everything if all(e.has(view) for view in views)]
    left_out = []
    for view in views:
        lacking = [e for e in everything if not e.has(view)]
        if lacking:
            left_out.append(f"{len(lacking):,} of {len(everything):,} lack '{view}' (first: {lacking[0].where})")
        if len(lacking) == len(everything):
            raise UserError(
                f"objective '{config.objective['name']}' needs the view '{view}', which no training example has",
                where=lacking[0].where,
                fix=f"add a column '{view}' (`semclip captions write` makes negations and absences), let a data step "
                "make it (`semclip list steps`), or choose an objective that does without",
            )
    groups = len({e.group for e in train_examples})
    if groups < config.train.batch_size:
        raise UserError(
            f"a batch of {config.train.batch_size} needs as many groups; the training split has {groups:,}",
            where=config.data.path,
            fix=f"set train.batch_size={max(2, groups // 2)} or lower",
        )
    # A file without a validation or test split trains; the run then says that nothing was measured on it.
    present = {e.split for e in examples}
    val, test = (select(examples, s) if s in present else [] for s in ("val", "test"))
    return Splits(train_examples, val, test, left_out)


def refuse_impossible_evaluation(config: TrainConfig, splits: Splits) -> None:
    """Find what would break an evaluation now, not after the first hour of training."""
    from semclip.evaluation.own import create

    for name in config.evaluate.benchmarks:
        benchmark = create(name)
        for examples in (splits.val, splits.test):
            if examples:
                benchmark.usable(examples)  # a UserError when none of them can serve it
    benchmark_name = config.evaluate.primary.partition(".")[0]
    if benchmark_name not in config.evaluate.benchmarks:
        raise UserError(
            f"evaluate.primary names the benchmark '{benchmark_name}', which is not evaluated",
            where="evaluate.primary",
            fix=f"one of: {', '.join(config.evaluate.benchmarks)}, as benchmark.metric",
        )


def refuse_missing_images(splits: Splits) -> None:
    """Images of all splits must be there before training starts; they are not opened."""
    everyone = [*splits.train, *splits.val, *splits.test]
    missing = [e for e in everyone if e.image.path is None or not e.image.path.is_file()]
    if missing:
        raise UserError(
            f"{len(missing):,} of {len(everyone):,} image files are missing, first '{missing[0].image.name}'",
            where=missing[0].where,
            fix="set data.images to the folder that image names are relative to; `semclip data check FILE` lists all",
        )
