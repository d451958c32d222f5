"""Setup before the loop: reads data, builds model and objective, finds images, and reports what is about to happen."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.fabric import Fabric
from rich.console import Console

from semclip.core.errors import UserError
from semclip.core.example import VIEWS, Example
from semclip.core.registry import FAMILIES
from semclip.core.seeds import derive_seed, seed_everything
from semclip.data.collate import Collate
from semclip.data.dataset import CaptionDataset, no_augmentation
from semclip.data.load import data_file
from semclip.models.adapt.what_trains import Group, parameter_groups, table
from semclip.models.backends.base import Encoder
from semclip.models.load import create as create_encoder
from semclip.objectives import Objective
from semclip.objectives import create as create_objective
from semclip.objectives.base import with_seed
from semclip.training.compiling import refuse_without_compiler
from semclip.training.config import TrainConfig
from semclip.training.defaults import as_begun
from semclip.training.devices import describe_devices, start_fabric
from semclip.training.examples import (
    Splits,
    UnreadableImages,
    fitting_batch,
    load_splits,
    refuse_impossible_evaluation,
    with_steps,
)
from semclip.training.images import InitialEmbeddings, augmentation, image_source
from semclip.training.inspection import no_validation, random_weights, refuse_unreadable_held_out, texts_and_splits
from semclip.training.loading import MakeBatch, choose_workers
from semclip.training.needs import Needs, epochs_of
from semclip.training.ranks import Ranks
from semclip.training.record import refuse_overwriting, reset_peak_memory, write_run_files
from semclip.training.step import StepModule
from semclip.training.steps.base import Step, views_to_draw
from semclip.training.steps.base import create as create_step
from semclip.training.trackers import warn

CAPTIONS_AT_ONCE = 1024


@dataclass(frozen=True)
class Setup:
    """What a run is made of, before anything has been trained.

    config: with the batch that the data can fill, and the steps that its epochs are.
    """

    config: TrainConfig
    fabric: Fabric
    encoder: Encoder
    objective: Objective
    ranks: Ranks
    module: StepModule
    splits: Splits
    dataset: CaptionDataset
    make_batch: MakeBatch
    workers: int
    unreadable: UnreadableImages


def set_up(config: TrainConfig, run_folder: Path, console: Console, resume: bool) -> Setup:
    """Everything cheap is checked before a model is loaded, everything else before the first step.

    With several ranks, rank 0 comes first: it checks, and makes the files that the others then find.
    Errors: UserError for missing views, images or metrics, too few examples, a run folder that is another run's.
    """
    refuse_without_compiler(config.train.compile)
    fabric = start_fabric(config)
    ranks = Ranks(fabric)
    return ranks.rank_zero_first(lambda: _set_up(config, run_folder, ranks.console(console), resume, fabric, ranks))


def _set_up(
    config: TrainConfig, run_folder: Path, console: Console, resume: bool, fabric: Fabric, ranks: Ranks
) -> Setup:
    config, as_before = as_begun(run_folder, config) if resume else (config, [])
    given = config  # what the run folder records
    objective = build_objective(config)
    steps = build_steps(config)
    begins(console, f"{config.name}: reading {data_file(config.data)}")
    splits = load_splits(config, objective, steps)
    refuse_impossible_evaluation(config, splits)
    differing = refuse_overwriting(run_folder, given, resume, splits) if ranks.first else []
    config, lowered = fitting_batch(config, splits, ranks.world_size)
    config = with_steps(config, splits)
    reset_peak_memory()
    seed_everything(config.seed)

    begins(console, "loading the model")
    encoder = create_encoder(dict(config.model), where=f"{config.name}: model")
    objective.setup(encoder.info)
    encoder.to(fabric.device)
    continues = (run_folder / "run.json").exists()  # with what it has left out so far
    allowed = config.guards.unreadable
    unreadable = UnreadableImages(run_folder, len(splits.train), allowed, writes=ranks.first, continues=continues)
    left_out = [*splits.left_out, *([unreadable.leave_out_missing(splits.train)] if encoder.reads_pixels else [])]
    notes = []
    if ranks.first:
        begins(console, f"opening {sum(map(len, splits.held_out().values())):,} validation and test pictures")
        refuse_unreadable_held_out(splits.held_out(), encoder, config)
        notes = texts_and_splits((splits.train, *splits.held_out().values()), encoder, config)
    cache, device = run_folder.parent / "cache", fabric.device
    begins(console, "preparing the training pictures")
    found = unreadable.without(
        encoder, splits.train, lambda read: find_images(config, encoder, objective, steps, read, cache, device)
    )
    processes_here = int(os.environ.get("LOCAL_WORLD_SIZE", fabric.world_size))
    workers, chosen = choose_workers(config.train.workers, found.memory_mapped, processes_here)
    sizes = f"{len(splits.train):,} train, {len(splits.val):,} val, {len(splits.test):,} test examples"
    shown = ", ".join(v for v in VIEWS if v in objective.needs)
    where = f"{fabric.device}, {fabric._precision.precision}{', blocks compiled' * config.train.compile}"
    needed = Needs.of(config, encoder, objective)
    notes += needed.lacking(run_folder, fabric.device, config.guards.free_disk_mb)
    lines = [
        f"{config.name}: {encoder.label} with objective '{config.objective['name']}' on {where}",
        f"  data    {sizes}; {found.sentence}",
        *(f"  left out of training: {sentence}" for sentence in filter(None, left_out)),
        *(f"  step    {note}" for note in found.notes),
        f"  loads   {chosen}",
        f"  batch   {config.train.batch_size} examples ({shown}), {config.train.steps:,} steps, "
        f"{epochs_of(config, found.dataset):.3g} epochs",
        *[f"          {lowered}"] * bool(lowered),
        f"  needs   {needed}",
        *(f"  devices {sentence}" for sentence in describe_devices(fabric, config)),
        "  trains  " + "\n          ".join(what_trains(encoder, objective)),
    ]
    console.print("\n".join(lines), soft_wrap=True, markup=False)  # soft: one line stays one line in a log file
    if not splits.val:
        notes.append(no_validation(splits.train, config))
    for sentence in (random_weights(encoder), *as_before, *differing, *notes):
        warn(console, sentence)
    if ranks.first:  # last: what ends before here has left no run behind
        write_run_files(run_folder, given, encoder, splits)
    make_batch = MakeBatch(steps, found.examples, objective.needs & set(VIEWS), Collate(encoder.tokenize))
    objective.prepare(lambda: caption_ids(found.examples, encoder, fabric.device))
    module = StepModule(encoder, objective, found.are_features)
    return Setup(
        config, fabric, encoder, objective, ranks, module, splits, found.dataset, make_batch, workers, unreadable
    )


def begins(console: Console, what: str) -> None:
    """A line at the start of a phase, so that a log file is never silent for long."""
    console.print(f"{what} ...", markup=False, highlight=False, soft_wrap=True)


def build_objective(config: TrainConfig) -> Objective:
    """The objective of the section `objective: {name: ..., option: ...}`; what it draws is by the run's seed."""
    options = with_seed(config.objective, derive_seed(config.seed, "objective"))
    if "name" not in options:
        raise UserError(
            "'objective.name' is required",
            where=config.name,
            fix=f"one of: {', '.join(FAMILIES['objectives'].names())}",
        )
    return create_objective(options.pop("name"), **options).float()


def build_steps(config: TrainConfig) -> list[Step]:
    """The data steps of the config's list `steps:`, in order."""
    return [create_step(section, config.seed) for section in config.steps]


@dataclass(frozen=True)
class FoundImages:
    """Training examples as the data steps left them, and where their images come from."""

    examples: Sequence[Example]
    dataset: CaptionDataset
    are_features: bool
    memory_mapped: bool
    sentence: str
    notes: list[str]


def find_images(
    config: TrainConfig,
    encoder: Encoder,
    objective: Objective,
    steps: Sequence[Step],
    examples: Sequence[Example],
    cache: Path,
    device: torch.device,
) -> FoundImages:
    """Run the data steps and choose how images are loaded. Raises UserError for one that cannot be read."""
    prepared, notes = examples, []
    for step in steps:
        made = step.prepare(prepared, InitialEmbeddings(encoder, cache, device))
        prepared = made.examples
        notes.append(made.note)
    drawn = views_to_draw(steps, objective.needs & set(VIEWS))
    reads_patches = "image_pooled" in objective.needs
    augment = augmentation(config.train.crop, encoder)
    load_image, are_features, sentence = image_source(
        encoder,
        prepared,
        drawn,
        reads_patches,
        augmented=augment is not no_augmentation,
        reduced=config.train.decode == "reduced",
        cache=cache,
        device=device,
    )
    masked = config.train.mask_equal_captions
    dataset = CaptionDataset(prepared, sorted(drawn), config.seed, load_image, augment, masked)
    memory_mapped = load_image not in (encoder.load_image, encoder.load_image_reduced)
    return FoundImages(prepared, dataset, are_features, memory_mapped, sentence, notes)


def what_trains(encoder: Encoder, objective: Objective) -> list[str]:
    """A table of parameters by group, those of the objective last. Raises UserError where none of them trains."""
    own = Group.of("objective", objective.parameters())
    groups = [*parameter_groups(encoder), *([own] if own.trained else [])]
    if not any(group.trained for group in groups):
        raise UserError(
            "nothing trains: every part of the model is frozen, and the objective has no parameters",
            where="model.freeze",
            fix="leave text out of it: model.freeze=[image]; `semclip evaluate` measures a model as it is",
        )
    return table(groups)


def caption_ids(examples: Sequence[Example], encoder: Encoder, device: torch.device) -> Iterator[torch.Tensor]:
    """Token ids (B, L) of all training captions, each example's own once."""
    for start in range(0, len(examples), CAPTIONS_AT_ONCE):
        yield encoder.tokenize([e.caption for e in examples[start : start + CAPTIONS_AT_ONCE]]).to(device)
