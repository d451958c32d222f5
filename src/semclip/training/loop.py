"""The training loop: read it top to bottom."""

import contextlib
import logging
import math
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from lightning.fabric import Fabric
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from semclip.benchmarks import evaluate
from semclip.core.example import VIEWS, Example
from semclip.core.seeds import seed_everything
from semclip.data.collate import Batch, Collate
from semclip.data.dataset import CaptionDataset
from semclip.data.load import data_file
from semclip.data.steps.base import views_to_draw
from semclip.metrics.result import Result
from semclip.models.attention import fast_attention
from semclip.models.backends.base import Encoder
from semclip.models.load import create as create_encoder
from semclip.models.load import load as load_encoder
from semclip.training.checkpoint import list_checkpoints, load_checkpoint, save_checkpoint
from semclip.training.config import TrainConfig
from semclip.training.grad_cache import forward_backward
from semclip.training.guards import ChanceGuard, constant_embeddings, refuse_non_finite
from semclip.training.images import image_source
from semclip.training.loading import MakeBatch, batches
from semclip.training.neighbours import StartEmbeddings
from semclip.training.optim import build_optimizer, learning_rate
from semclip.training.plane import PlaneRecorder
from semclip.training.setup import (
    Splits,
    build_objective,
    build_steps,
    data_hashes,
    describe,
    finish_run_file,
    load_splits,
    refuse_impossible_evaluation,
    refuse_missing_images,
    refuse_overwriting,
    reset_peak_memory,
    resolve_precision,
    write_run_files,
)
from semclip.training.step import StepModule
from semclip.training.trackers import build_trackers

#: ln 100: CLIP's own cap of the logit scale.
MAX_LOG_LOGIT_SCALE = 4.605170185988092
#: Steps between lines in metrics.jsonl.
LOG_EVERY = 10
CAPTIONS_AT_ONCE = 1024


def train(
    config: TrainConfig,
    run_folder: Path,
    console: Console,
    resume: bool = False,
    how_to_continue: str = "the same command with --resume",
) -> dict[str, Result]:
    """Train, keep the best checkpoint by `evaluate.primary`, export it to `model/`, evaluate it on the test split.

    Returns the test results by benchmark, none without a test split. With `resume`, a run that was killed continues
    from its newest checkpoint and ends with the weights of an undisturbed run. Ctrl-C finishes the step, saves, stops.
    Errors: UserError for missing views, images or metrics, too few examples, or a non-finite loss.
    """
    objective = build_objective(config)
    steps = build_steps(config)
    splits = load_splits(config, objective, steps)
    refuse_impossible_evaluation(config, splits)
    refuse_overwriting(run_folder, config, resume)
    reset_peak_memory()
    seed_everything(config.seed)

    precision = resolve_precision(config.train.precision)
    for room in ("fabric", "pytorch"):  # `describe` says what they would say, once; importing one sets both up
        logging.getLogger(f"lightning.{room}").setLevel(logging.WARNING)
    fabric = Fabric(accelerator="auto", devices=1, precision=precision)
    fabric.launch()
    encoder = create_encoder(dict(config.model), where=f"{config.name}: model")
    objective.setup(encoder.info)
    encoder.to(fabric.device)
    if encoder.reads_pixels:
        refuse_missing_images(splits)
    write_run_files(run_folder, config, encoder)

    cache = run_folder.parent / "cache"
    examples, notes = splits.train, []
    for step in steps:
        prepared = step.prepare(examples, StartEmbeddings(encoder, cache, fabric.device))
        examples = prepared.examples
        notes.append(prepared.note)
    views = objective.needs & set(VIEWS)
    drawn = views_to_draw(steps, views)
    load_image, are_features, sentence = image_source(
        encoder, examples, drawn, "image_pooled" in objective.needs, cache, fabric.device
    )
    console.print(
        describe(config, encoder, splits, views, sentence, notes, fabric.device, precision),
        soft_wrap=True,  # one line stays one line in a log file
    )
    dataset = CaptionDataset(examples, sorted(drawn), config.seed, load_image)
    make_batch = MakeBatch(steps, examples, views, Collate(encoder.tokenize))
    objective.prepare(lambda: caption_ids(examples, encoder, fabric.device))

    module = StepModule(encoder, objective, are_features)
    optimizer = build_optimizer(module, config.train)
    checkpoints = run_folder / "checkpoints"
    state = State(module, optimizer)
    newest = list_checkpoints(checkpoints)[-1:] if resume else []
    if newest:
        state.restore(load_checkpoint(newest[0]))
        console.print(f"resuming after step {state.step} of {config.train.steps}")
    wrapped, fabric_optimizer = fabric.setup(module, optimizer)

    trackers = build_trackers(config.trackers, run_folder, resume_step=state.step)
    plane = PlaneRecorder(objective, encoder, splits.test, state.plane)
    best_folder = run_folder / "best"

    def validate() -> None:
        """Evaluate on the validation split; keep the weights when they are the best so far."""
        if not splits.val:
            return
        encoder.eval()
        results = evaluate(encoder, splits.val, config.evaluate.benchmarks, data={"split": "val"}, device=fabric.device)
        encoder.train()
        benchmark, _, metric = config.evaluate.primary.partition(".")
        value = results[benchmark].metric(metric).value
        flat = {f"{b}.{m.name}": m.value for b, r in results.items() for m in r.metrics if m.kind == "model"}
        for tracker in trackers:
            tracker.log(state.step, "val", flat)
        if "margins" in results:
            spread = {m.name: m.value for m in results["margins"].metrics if m.name.endswith("_spread")}
            warn(console, constant_embeddings(spread))
        console.print(f"  step {state.step:>6}  val {config.evaluate.primary} = {100 * value:.1f} %")
        # Step 0 is the model the run started from: it is reported, but training is never undone silently.
        if state.step > 0 and value > state.best_value:
            state.best_value, state.best_step = value, state.step
            encoder.save(best_folder)

    def validation_is_due() -> bool:
        every = config.evaluate.every
        return state.step in (0, config.train.steps) or bool(every and state.step % every == 0)

    def checkpoint_is_due() -> bool:
        every = config.train.checkpoint_every
        return state.step == config.train.steps or bool(every and state.step % every == 0)

    if state.step == 0:
        plane.record("before")
    # A checkpoint is written before the validation of its step, so a resumed run makes up for it.
    if validation_is_due():
        validate()
    guard = ChanceGuard(config.train.batch_size)
    encoder.train()
    with (
        fast_attention(fabric.device),
        progress_bar(console, config.train.steps, state.step) as advance,
        StopRequest() as stop,
    ):
        for batch in batches(dataset, make_batch, config, start_step=state.step, device=fabric.device):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(state.step, config.train)
            terms = forward_backward(fabric, wrapped, module, batch, config.train.micro_batch)
            norm = fabric.clip_gradients(
                wrapped, fabric_optimizer, max_norm=config.train.clip_norm or math.inf, error_if_nonfinite=False
            )
            assert norm is not None
            refuse_non_finite(terms, norm, state.step)
            fabric_optimizer.step()
            fabric_optimizer.zero_grad()
            with torch.no_grad():
                encoder.log_logit_scale.clamp_(0, MAX_LOG_LOGIT_SCALE)
            state.step += 1
            state.count(batch)

            advance(terms["total"].item())
            if state.step % LOG_EVERY == 0 or state.step == config.train.steps:
                values = {name: value.item() for name, value in terms.items()}
                values |= {"gradient_norm": norm.item(), "logit_scale": encoder.logit_scale.item()}
                values |= {"learning_rate": optimizer.param_groups[0]["lr"]}
                for tracker in trackers:
                    tracker.log(state.step, "train", values)
                warn(console, guard.message(values))
            if checkpoint_is_due() or stop.asked:
                save_checkpoint(checkpoints, state.step, state.snapshot())
            if stop.asked:
                console.print(f"stopped after step {state.step}; {how_to_continue} continues from here")
                raise KeyboardInterrupt
            if validation_is_due():
                validate()
    if state.best_step == 0:  # no validation split: nothing to choose by
        state.best_step = state.step
        encoder.save(best_folder)

    best = load_encoder(str(best_folder)).to(fabric.device)
    best.save(run_folder / "model")
    plane.encoder = best
    plane.record("after")
    plane.save(run_folder / "results" / "plane.json")
    results = evaluate_test(config, best, splits, run_folder, fabric.device)
    cost = {
        "best_step": state.best_step,
        "seconds": round(state.seconds(), 1),
        "trainable_parameters": sum(p.numel() for p in module.parameters() if p.requires_grad),
        "objective_parameters": sum(p.numel() for p in objective.parameters()),  # gone after training
        **state.seen,
    }
    finish_run_file(run_folder, config, cost)
    for what, count in state.unmade.items():
        warn(console, f"{count:,} visits: {what}")
    return results


class StopRequest:
    """Ctrl-C as a request: the step under way ends first, so that a checkpoint never holds half of one.

    A second Ctrl-C stops at once, without saving; the last checkpoint stands. Only the main thread can ask.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Self:
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


class State:
    """Everything that changes while training, as one checkpoint."""

    def __init__(self, module: StepModule, optimizer: torch.optim.Optimizer) -> None:
        self.module, self.optimizer = module, optimizer
        self.step = 0
        self.best_value = float("-inf")
        self.best_step = 0
        self.plane: dict[str, Any] = {}  # the projected plane before training
        self.seen = {"images_seen": 0, "texts_seen": 0}
        self.unmade: Counter[str] = Counter()  # what data steps could not make -> visits
        self._seconds_before = 0.0  # of earlier sessions
        self._started = time.monotonic()

    def seconds(self) -> float:
        """Time spent on this run in all its sessions."""
        return self._seconds_before + time.monotonic() - self._started

    def count(self, batch: Batch) -> None:
        """Add a batch to what was seen."""
        self.seen["images_seen"] += sum(len(x) for x in batch.images.values())
        self.seen["texts_seen"] += sum(x[..., 0].numel() for x in batch.tokens.values())
        self.unmade.update(batch.unmade)

    def snapshot(self) -> dict[str, Any]:
        return {
            "seen": self.seen,
            "unmade": dict(self.unmade),
            "step": self.step,
            "best_value": self.best_value,
            "best_step": self.best_step,
            "plane": self.plane,
            "seconds": self.seconds(),
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "torch_rng": torch.get_rng_state(),
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        self.step = snapshot["step"]
        self.seen, self.unmade = snapshot["seen"], Counter(snapshot["unmade"])
        self.best_value, self.best_step = snapshot["best_value"], snapshot["best_step"]
        self.plane, self._seconds_before = snapshot["plane"], snapshot["seconds"]
        self.module.load_state_dict(snapshot["module"])
        self.optimizer.load_state_dict(snapshot["optimizer"])
        torch.set_rng_state(snapshot["torch_rng"])


def caption_ids(examples: Sequence[Example], encoder: Encoder, device: torch.device) -> Iterator[torch.Tensor]:
    """Token ids (B, L) of all training captions, each example's own once."""
    for start in range(0, len(examples), CAPTIONS_AT_ONCE):
        yield encoder.tokenize([e.caption for e in examples[start : start + CAPTIONS_AT_ONCE]]).to(device)


def evaluate_test(
    config: TrainConfig, encoder: Encoder, splits: Splits, run_folder: Path, device: torch.device
) -> dict[str, Result]:
    """Evaluate the exported model on the test split, one result file per benchmark."""
    if not splits.test:
        return {}
    name = data_file(config.data).name
    described = {"path": name, "split": "test", "sha256": data_hashes(config).get(name, "")}
    results = evaluate(encoder.eval(), splits.test, config.evaluate.benchmarks, data=described, device=device)
    for name, result in results.items():
        result.save(run_folder / "results" / f"{name}.json")
    return results


def warn(console: Console, message: str) -> None:
    if message:
        console.print(f"[yellow]warning:[/] {message}")


@contextlib.contextmanager
def progress_bar(console: Console, total: int, done: int) -> Iterator[Any]:
    """A bar with the loss beside it; silent when the output is no terminal."""
    columns = (
        TextColumn("  training"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("training", total=total, completed=done, loss=float("nan"))
        yield lambda loss: progress.update(task, advance=1, loss=loss)
