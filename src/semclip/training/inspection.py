"""Before the first step: what a run is about to read is looked at, as `semclip data check` looks at it."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from semclip.core.decoding import MissingImageError
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.protocols import DualEncoder
from semclip.data.equal_captions import SharedCaptions, contrast_groups, sentence
from semclip.data.findings import Findings, look_at_splits, look_at_texts, short
from semclip.data.splits import held_out
from semclip.data.stored import joined
from semclip.evaluation.base import Sources
from semclip.evaluation.own import DataBenchmark, create
from semclip.evaluation.selection import Selection, select_tasks
from semclip.models.backends.base import Encoder
from semclip.training.config import TrainConfig

#: Proportion of the training groups that is proposed for a validation split.
_PROPOSED = 0.1
#: Files named in an error.
_NAMED = 5


def texts_and_splits(splits: Iterable[Sequence[Example]], encoder: Encoder, config: TrainConfig) -> list[str]:
    """One sentence for each kind of thing worth knowing about the examples of all splits.

    Raises UserError where all training examples share their captions: nothing is left to tell apart.
    """
    train, *others = splits
    findings = Findings()
    everything = joined([train, *others])
    look_at_splits(everything, findings)
    look_at_texts(everything, findings, encoder.truncated, encoder.context_length)
    told = [
        f"{finding.problem}: {finding.count:,}, first {finding.places[0]}"
        for finding in findings.found()
        if finding.problem != "caption of several photos"
    ]
    masked = config.train.mask_equal_captions
    if masked and len(train) > 1 and len(set(contrast_groups(train))) == 1:
        raise UserError(
            f"all {len(train):,} training examples have an equal caption, '{short(train[0].caption)}', or are tied by "
            "captions they share: none is another's negative, and there is nothing to learn",
            where=train[0].where,
            fix="write captions that differ, or set train.mask_equal_captions=false",
        )
    return [*told, *filter(None, [sentence(SharedCaptions(train), masked)])]


def random_weights(encoder: Encoder) -> str:
    """What to tell people of a model whose weights nobody has trained, "" for any other."""
    if not encoder.random_parts:
        return ""
    frozen = [part for part in encoder.random_parts if encoder.frozen(part)]
    if frozen:
        return (
            f"the frozen {' and '.join(frozen)} tower has RANDOM weights, whose embeddings mean nothing: all that is "
            f"trained on them is lost. Take trained weights ({encoder.trained_weights}), or do not freeze it"
        )
    parts = " and ".join(encoder.random_parts)
    return f"training starts from random weights ({parts}); {encoder.trained_weights} takes trained ones"


def no_validation(train: Sequence[Example], config: TrainConfig) -> str:
    """What to tell people of a run whose data have no validation split, and what to do."""
    groups = len({example.group for example in train})
    said = (
        "no validation split: the last weights are kept, however good or bad they are, and no guard watches what the "
        "model could do before"
    )
    if groups < 2:
        return said
    proposed = len(held_out(train, _PROPOSED, config.data.seed))
    return f"{said}. data.validation={_PROPOSED} holds out {proposed:,} of the {groups:,} training groups"


def refuse_unreadable_held_out(
    held_out: Mapping[str, Sequence[Example]], encoder: Encoder, config: TrainConfig
) -> None:
    """Open every picture that validation and test will need, and do what else benchmarks do before they encode.

    held_out: examples by split, as `Splits.held_out` gives them. Raises UserError that lists what cannot be read: found
    after training, it would end a finished run.
    """
    faults: dict[ImageRef, UserError] = {}
    for split, examples in held_out.items():
        if not examples:
            continue
        sources = Sources(examples=examples, data={}, root=None, allow_missing=False)
        needed = [example.image for example in examples]
        selection = measured_on(split, config)
        tasks, _ = select_tasks(encoder, selection, sources)
        for task in tasks:
            needed += task.images
            benchmark = selection.benchmarks[task.name]
            assert isinstance(benchmark, DataBenchmark), "training measures on data files alone"
            benchmark.open(benchmark.usable(examples))
        places = {ref: e.where for e in examples for ref in (e.image, *e.negative_images)}
        faults |= {ref: _at(places.get(ref, ""), error) for ref, error in unreadable(encoder, needed).items()}
    if not faults:
        return
    first = next(iter(faults.values()))
    if len(faults) == 1:
        raise first
    lines = [f"{error.where}: {error.what}" for error in list(faults.values())[:_NAMED]]
    more = [f"and {len(faults) - _NAMED:,} more"] if len(faults) > _NAMED else []
    raise UserError(
        f"{len(faults):,} pictures of the validation and test splits cannot be read: " + "; ".join([*lines, *more]),
        where=first.where,
        fix="mend the files or remove their rows; `semclip data check FILE` lists all",
    )


def measured_on(split: str, config: TrainConfig) -> Selection:
    """The benchmarks of a split or test set. Those of the test split alone may be left out."""
    names = (*config.evaluate.benchmarks, *(config.evaluate.test_only if split == "test" else ()))
    return Selection({name: create(name) for name in names}, frozenset(config.evaluate.benchmarks))


def unreadable(encoder: DualEncoder, refs: Iterable[ImageRef]) -> dict[ImageRef, UserError]:
    """The pictures that an encoder cannot load, and why; each is tried once."""
    distinct = list(dict.fromkeys(refs))

    def error_of(ref: ImageRef) -> UserError | None:
        try:
            encoder.load_image(ref)
        except UserError as raised:
            return raised
        return None

    with ThreadPoolExecutor() as pool:  # decoders work outside the interpreter's lock
        errors = pool.map(error_of, distinct)
        return {ref: error for ref, error in zip(distinct, errors, strict=True) if error is not None}


def is_missing(error: UserError) -> bool:
    """Whether the file of a picture is not there, rather than broken."""
    return isinstance(error, MissingImageError)


def _at(row: str, error: UserError) -> UserError:
    where = f"{row}, {error.where}" if row and not is_missing(error) else row or error.where
    return type(error)(error.what, where=where, fix=error.fix)
