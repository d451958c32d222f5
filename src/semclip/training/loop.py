"""The training loop."""

import contextlib
import math
import signal
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.files import is_file
from semclip.core.launch import rank_of_process
from semclip.core.lock import lock_of, only_one
from semclip.core.stopping import kept
from semclip.data.collate import Batch
from semclip.evaluation import Sources
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.run import RunOptions, run_tasks
from semclip.evaluation.selection import select_tasks
from semclip.models.attention import fast_attention
from semclip.models.backends.base import Encoder
from semclip.models.load import load as load_encoder
from semclip.training.checkpoint import list_checkpoints
from semclip.training.compiling import eager
from semclip.training.config import TrainConfig
from semclip.training.examples import Fault
from semclip.training.gradients import StreamedBatch
from semclip.training.guards import MAX_LOG_LOGIT_SCALE, write_bad_batch
from semclip.training.inspection import measured_on
from semclip.training.learning_rate import learning_rate
from semclip.training.loading import Schedule, batches
from semclip.training.processes import StopRequest
from semclip.training.ranks import Ranks
from semclip.training.record import data_files, data_hash, finish_run_file
from semclip.training.run import Run, assemble
from semclip.training.setup import set_up
from semclip.training.sharding import clip_gradients
from semclip.training.start_and_end import StartAndEnd
from semclip.training.trackers import progress_bar, warn
from semclip.training.validation import project, validate, validation_due

#: Steps between lines in metrics.jsonl.
LOG_EVERY = 10


def train(
    config: TrainConfig,
    run_folder: Path,
    console: Console,
    resume: bool = False,
    how_to_continue: str = "the same command with --resume",
) -> dict[str, Result]:
    """Train, keep the best checkpoint by `evaluate.primary`, export it to `model/`, evaluate it on the test split.

    Returns the test results by benchmark, none without a test split and on other ranks than 0. With `resume`, a run
    that was killed continues from its newest valid checkpoint and ends with the weights of an undisturbed run. Ctrl-C
    or SIGTERM finishes the step, saves, stops (KeyboardInterrupt, or SystemExit 143).
    Errors: UserError for missing views, images or metrics, too few examples, or what a guard stops.
    """
    with alone(run_folder):
        return _train(config, run_folder, console, resume, how_to_continue)


def alone(run_folder: Path) -> AbstractContextManager[None]:
    """No other process trains in this folder meanwhile; of several that train together, the first one sees to that."""
    if rank_of_process() > 0:
        return nullcontext()
    if is_file(run_folder):
        raise UserError("a file is where the run folder would be", where=str(run_folder), fix="choose another --out")
    fix = "wait until it is done, or end that process and continue with --resume; or choose another --out"
    return only_one(lock_of(run_folder), "is training here", str(run_folder), fix)


def _train(
    config: TrainConfig, run_folder: Path, console: Console, resume: bool, how_to_continue: str
) -> dict[str, Result]:
    again = how_to_continue if resume else "the same command"
    with kept(f"nothing has been trained yet, and decoded images are kept; {again} starts again"):
        setup = set_up(config, run_folder, console, resume)
        run = assemble(setup.config, run_folder, setup, setup.ranks.console(console), resume)
        if run.state.step == 0:
            with eager(config.train.compile):
                encoder = run.evaluated(setup.encoder)
                setup.ranks.on_rank_zero(lambda: look_at_start(run, encoder))
    with fast_attention(setup.fabric.device), kept(lambda: what_is_kept(run, how_to_continue)):
        # A checkpoint is written before the validation of its step, so a resumed run makes up for it.
        if validation_due(run):
            validate(run)
        take_steps(run, how_to_continue)
    with kept(f"training is done, its weights are in {run_folder / 'best'}; --resume exports and evaluates them"):
        return finish(run)


def what_is_kept(run: Run, how_to_continue: str) -> str:
    """What to tell people of a run that is stopped without saving."""
    saved = list_checkpoints(run.checkpoints.folder)
    if not saved:
        return f"{run.state.step} steps are lost, since no checkpoint was due; {how_to_continue} starts again"
    step = int(saved[-1].name.removeprefix("step_"))
    return f"the checkpoint of step {step} is kept; {how_to_continue} continues from there"


def look_at_start(run: Run, encoder: Encoder) -> None:
    """What is kept of the model before the first step, to stand beside the trained one."""
    project(run, "before", encoder)
    if not run.setup.splits.val:
        start_and_end(run, encoder).start(encoder, run.setup.fabric.device)


def start_and_end(run: Run, encoder: Encoder) -> StartAndEnd:
    splits, tell = run.setup.splits, partial(warn, run.console)
    readable = run.setup.unreadable.readable(splits.train)
    return StartAndEnd.of(run.config, run.folder, encoder, readable, splits.test, tell)


def take_steps(run: Run, how_to_continue: str) -> None:
    """From the step the run has come to, to the last one."""
    config, state, setup, ranks = run.config.train, run.state, run.setup, run.setup.ranks
    device, groups = setup.fabric.device, setup.dataset.groups
    schedule = Schedule(
        groups, config.batch_size, run.config.seed, state.step, config.steps, ranks.rank, ranks.world_size
    )
    faults: list[Fault] = []
    loaded = batches(
        setup.dataset,
        setup.make_batch,
        schedule,
        setup.workers,
        device,
        faults.extend,
        config.micro_batch,
        run.wait.around,
    )
    setup.encoder.train()
    setup.encoder.random_parts = tuple(part for part in setup.encoder.random_parts if setup.encoder.frozen(part))
    setup.encoder.trained_on_queries |= "query" in setup.objective.needs
    parameters = list(setup.module.parameters())  # walking through the modules takes milliseconds
    with (
        progress_bar(run.console, config.steps, state.step) as advance,
        StopRequest() as stop,
        contextlib.closing(noting_rank_of_errors(ranks, loaded)) as ready,
    ):
        for batch in ready:
            for group in run.optimizer.param_groups:
                group["lr"] = learning_rate(state.step, config)
            terms = run.gradients(batch)
            norm = clip_gradients(parameters, config.clip_norm or math.inf, ranks)
            values = numbers(terms, norm, ranks)
            if not all(map(math.isfinite, values.values())):
                save_bad_batch(run, batch, state.step // schedule.per_epoch)
            if state.guards.step(state.step, values):
                run.optimizer.step()
                clamp_logit_scale(setup.encoder)
                state.average.update()
            run.optimizer.zero_grad()
            state.step += 1
            state.count(batch)
            due, asked, unreadable = ranks.all_max(run.checkpoints.due(state.step), stop.asked or 0, len(faults))
            if unreadable:
                setup.unreadable.add(fault for own in ranks.all_gather(faults) for fault in own)
                faults.clear()

            advance(values["total"])
            if state.step % LOG_EVERY == 0 or state.step == config.steps:
                log(run, values)
            if due or asked:
                run.checkpoints.save(state)
            if not asked and validation_due(run):
                validate(run)
                # Asked for meanwhile; after the last validation no step follows that would hear of it.
                (asked,) = ranks.all_max(stop.asked or 0)
                if asked and not due:
                    run.checkpoints.save(state)
            if asked:
                run.console.print(f"stopped after step {state.step}; {how_to_continue} continues from here")
                stop.stop(signal.Signals(asked))


def noting_rank_of_errors(ranks: Ranks, loaded: Generator[Batch | StreamedBatch]) -> Generator[Batch | StreamedBatch]:
    """The same batches; an error in loading one gets a note with this rank."""
    with ranks.noting_rank():
        yield from loaded


def save_bad_batch(run: Run, batch: Batch | StreamedBatch, epoch: int) -> None:
    """Keep the whole batch, of which each rank has a part, for a person to look at."""
    setup = run.setup
    indices = [index for part in setup.ranks.all_gather(batch.indices.tolist()) for index in part]
    rows = setup.make_batch.rows(setup.dataset, indices, epoch)
    setup.ranks.on_rank_zero(lambda: write_bad_batch(run.folder, run.state.step, rows))


@torch.no_grad()
def clamp_logit_scale(encoder: Encoder) -> None:
    """CLIP's own limits, a scale of 1 to 100, for one that trains; a frozen one stays what it is."""
    if encoder.log_logit_scale.requires_grad:
        encoder.log_logit_scale.clamp_(0, MAX_LOG_LOGIT_SCALE)


def numbers(terms: Mapping[str, Tensor], gradient_norm: Tensor, ranks: Ranks) -> dict[str, float]:
    """Loss terms and gradient norm of the whole batch as plain numbers, in one transfer from the device."""
    named = {**terms, "gradient_norm": gradient_norm}
    stacked = torch.stack([value.detach().double() for value in named.values()])  # (terms + 1,)
    return dict(zip(named, ranks.mean(stacked).tolist(), strict=True))


def log(run: Run, values: Mapping[str, float]) -> None:
    """A line of numbers to every tracker; values that are not finite were reported by a guard and are left out."""
    values = {name: value for name, value in values.items() if math.isfinite(value)}
    values |= {"logit_scale": run.setup.encoder.logit_scale.item()}
    values |= {"learning_rate": run.optimizer.param_groups[0]["lr"]}
    for tracker in run.trackers:
        tracker.log(run.state.step, "train", values)
    run.state.guards.logged(run.state.step, values)


def finish(run: Run) -> dict[str, Result]:
    """Export the best weights, evaluate them on the test split, and write down what the run cost; on rank 0."""
    state, results = run.state, dict[str, Result]()
    if state.best_step == 0:  # no validation split: nothing to choose by
        state.best_step = state.step
        with state.average.in_place():
            encoder = run.evaluated(run.setup.encoder)
            run.setup.ranks.on_rank_zero(lambda: encoder.save(run.folder / "best"))
    missing_texts = state.missing_texts_of_all_ranks()
    run.setup.ranks.on_rank_zero(lambda: results.update(export(run, missing_texts)))
    return results


def export(run: Run, missing_texts: Mapping[str, int]) -> dict[str, Result]:
    state, setup, folder = run.state, run.setup, run.folder
    best = load_encoder(str(folder / "best")).to(setup.fabric.device)
    best.save(folder / "model")
    project(run, "after", best)
    try:
        results = evaluate_test(run, best)
    except UserError as error:
        error.add_note(f"training is done, its model stands in {folder / 'model'}; that mended, --resume evaluates it")
        raise
    cost = {
        "best_step": state.best_step,
        "seconds": round(state.seconds(), 1),
        "seconds_of_checkpoints": round(run.checkpoints.seconds, 1),
        "share_waiting_for_data": round(run.wait.ratio, 3),
        "processes": setup.ranks.world_size,
        "trainable_parameters": sum(p.numel() for p in setup.module.parameters() if p.requires_grad),
        "objective_parameters": sum(p.numel() for p in setup.objective.parameters()),  # gone after training
        "steps_left_out": state.guards.non_finite.counts["in_all"],
        "unreadable_examples": len(setup.unreadable.faults),
        "incomplete_rows": setup.splits.incomplete,
        **state.seen,
    }
    finish_run_file(folder, run.config, cost)
    if not setup.splits.val:
        for line in start_and_end(run, best).end(best, setup.fabric.device):
            run.console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    for what, count in missing_texts.items():
        warn(run.console, f"{count:,} visits: {what}")
    warn(run.console, setup.unreadable.sentence())
    run.console.print(f"  {run.wait.sentence(setup.workers)}")
    return results


def evaluate_test(run: Run, encoder: Encoder) -> dict[str, Result]:
    """Evaluate the exported model on the test split and the further test sets, one result file per benchmark."""
    config, splits = run.config, run.setup.splits
    files, hashes = data_files(config), data_hash(config)
    results: dict[str, Result] = {}
    # The test split's results have no prefix: they lead.
    sets = {"": ("data", splits.test)}
    sets |= {f"{name}.": (f"evaluate.tests.{name}", splits.tests[name]) for name in config.evaluate.tests}
    for prefix, (key, examples) in sets.items():
        if not examples:
            continue
        name, file = files[key]
        described = {"path": file.name, "split": prefix.removesuffix(".") or "test", "sha256": hashes.get(name, "")}
        device = run.setup.fabric.device
        selection = measured_on(described["split"], config)
        tasks, left_out = select_tasks(encoder.eval(), selection, Sources(examples=examples, data=described))
        found = run_tasks(encoder, tasks, RunOptions(device=device))
        results |= {f"{prefix}{benchmark}": result for benchmark, result in found.items()}
        for benchmark, why in left_out.items():
            warn(run.console, f"not run: {prefix}{benchmark}: {why}")
    for name, result in results.items():
        result.save(run.folder / "results" / f"{name}.json")
    return results
