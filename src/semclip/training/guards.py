"""Guards against silent failures: NaN, collapse, a logit scale at its cap, lost abilities, full disks.

A guard only observes: until it acts, the weights are those of a run without it.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from semclip.core.errors import UserError
from semclip.core.files import write_text
from semclip.evaluation.metrics.result import Metric, Result
from semclip.training.goodness import goodness

Action = Literal["off", "warn", "stop"]

#: ln 100: CLIP's own cap of the logit scale.
MAX_LOG_LOGIT_SCALE = 4.605170185988092
#: A loss within this distance of ln(batch) is chance.
_NEAR_CHANCE = 0.02
#: Logged values in a row before it is reported: a fresh model starts at chance.
_PATIENCE = 3
#: Similarities that vary less than this over examples are constant.
_FLAT = 1e-4


@dataclass(frozen=True, kw_only=True)
class GuardConfig:
    """Section `guards:`; an action is `off`, `warn` or `stop`, and stopping keeps the last checkpoint.

    skip_non_finite: batches in a row that are left out because loss or gradient is NaN or infinite; one more stops.
    collapse: what to do when embeddings are constant or the loss stays at chance.
    logit_scale_steps: steps at the cap of 100 after which a warning is given, if the run started below it; 0: never.
    drop: what to do when one of `drop_metrics` on the validation split is worse than at step 0 by more than
    `drop_limit` (0.05: five points) and out of that value's 95 % interval. Metrics that are not measured are left out.
    free_disk_mb: room that must be left on the disk beside the checkpoint that is about to be written.
    unreadable: proportion of the training examples that may be unreadable, and are replaced; more stop the run.
    """

    skip_non_finite: int = 3
    collapse: Action = "warn"
    logit_scale_steps: int = 200
    drop: Action = "warn"
    drop_limit: float = 0.05
    drop_metrics: tuple[str, ...] = ("retrieval.caption_r1", "retrieval.caption_r5", "zeroshot.original_accuracy")
    free_disk_mb: int = 200
    unreadable: float = 0.01

    def __post_init__(self) -> None:
        for name in ("skip_non_finite", "logit_scale_steps", "drop_limit", "free_disk_mb", "unreadable"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise UserError(
                    f"guards.{name}: {value} is negative or infinite",
                    where=f"guards.{name}",
                    fix=f"set guards.{name}=0 or more",
                )
        if self.unreadable > 1:
            raise UserError(
                f"guards.unreadable: {self.unreadable:g} is no proportion",
                where="guards.unreadable",
                fix="set guards.unreadable=0.1 for a tenth",
            )


class Guards:
    """All guards of a run. notify: prints a warning. What they have counted goes into checkpoints (`state_dict`)."""

    def __init__(self, config: GuardConfig, batch_size: int, notify: Callable[[str], None]) -> None:
        self.config, self.notify = config, notify
        self.non_finite = NonFinite(config.skip_non_finite)
        self.chance = ChanceGuard(batch_size)
        self.cap = CapGuard(config.logit_scale_steps)
        self.drop = DropGuard(config.drop_metrics, config.drop_limit)

    def step(self, step: int, values: Mapping[str, float]) -> bool:
        """Whether the optimizer may take this step; raises UserError when too many in a row may not."""
        message = self.non_finite.message(step, values)
        if message:
            self.notify(message)
        return not message

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Look at what a line of metrics.jsonl holds."""
        self._act(self.config.collapse, self.chance.message(values))
        self._act("warn", self.cap.message(step, values["logit_scale"]))

    def validated(self, step: int, results: Mapping[str, Result]) -> None:
        """Look at a validation. Step 0 is what later ones are compared with."""
        if "margins" in results:
            spread = {m.name: m.value for m in results["margins"].metrics if m.name.endswith("_spread")}
            self._act(self.config.collapse, constant_embeddings(spread))
        self._act(self.config.drop, self.drop.message(step, results))
        if step == 0 and self.config.drop != "off" and not self.drop.start:
            self.notify(
                f"nothing watches ordinary ability: none of {', '.join(self.config.drop_metrics)} is measured on the "
                "validation split. Add their benchmarks to evaluate.benchmarks, or set guards.drop=off."
            )

    def state_dict(self) -> dict[str, Any]:
        return {name: dict(counts) for name, counts in self._counts().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name, counts in self._counts().items():
            counts.update(state[name])

    def _counts(self) -> dict[str, dict[str, Any]]:
        return {
            "non_finite": self.non_finite.counts,
            "chance": self.chance.counts,
            "cap": self.cap.counts,
            "drop": self.drop.start,
        }

    def _act(self, action: Action, message: str) -> None:
        if message and action == "stop":
            raise UserError(
                message,
                where="guards; the last checkpoint is untouched",
                fix="lower train.learning_rate; or set this guard to `warn`, which --resume allows",
            )
        if message and action == "warn":
            self.notify(message)


class NonFinite:
    """Leaves out a batch whose loss or gradient is NaN or infinite; stops when that continues."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.counts = {"in_a_row": 0, "in_all": 0}

    def message(self, step: int, values: Mapping[str, float]) -> str:
        """A warning, or "" for finite values (name -> value). Raises UserError after `allowed` bad steps in a row."""
        bad = [name for name, value in values.items() if not math.isfinite(value)]
        self.counts["in_a_row"] = self.counts["in_a_row"] + 1 if bad else 0
        self.counts["in_all"] += bool(bad)
        if self.counts["in_a_row"] > self.allowed:
            raise UserError(
                f"not a finite number at step {step}: {', '.join(bad)}"
                + (f"; nor at the {self.allowed} steps before it, which were left out" if self.allowed else ""),
                where=f"training step {step}; the last checkpoint is untouched, the batch is in bad_batches/",
                fix="lower train.learning_rate, set train.precision=32-true, or look for broken inputs with "
                "`semclip data check`",
            )
        return f"step {step} is left out: {', '.join(bad)} not finite; its batch is in bad_batches/" if bad else ""


class ChanceGuard:
    """Reports once that the contrastive loss is at ln(batch): embeddings are constant, or pairs are shuffled."""

    def __init__(self, batch_size: int) -> None:
        self.chance = math.log(batch_size) if batch_size > 1 else math.nan
        self.counts = {"seen": 0}

    def message(self, terms: Mapping[str, float]) -> str:
        """A warning, or "" while there is nothing to say. The contrastive loss is named so, or given by direction."""
        directions = [terms[name] for name in ("image_to_text", "text_to_image") if name in terms]
        if "contrastive" not in terms and not directions:
            return ""
        contrastive = terms["contrastive"] if "contrastive" in terms else sum(directions) / len(directions)
        near = abs(contrastive - self.chance) < _NEAR_CHANCE
        self.counts["seen"] = self.counts["seen"] + 1 if near else 0
        if self.counts["seen"] != _PATIENCE:
            return ""
        return (
            f"contrastive loss = {contrastive:.3f} = ln(batch size) = {self.chance:.3f}: the model does no better than "
            "chance. Embeddings may be constant, or images and captions shuffled; look at `semclip data check`."
        )


class CapGuard:
    """Reports once that the logit scale stays at its cap: the loss wants sharper logits than it may have."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.counts = {"below": -1, "said": 0}  # last logged step below the cap; -1: none, the run started there

    def message(self, step: int, logit_scale: float) -> str:
        """A warning, or "". Many pretrained models start at the cap: of those nothing is said."""
        if logit_scale < 0.999 * math.exp(MAX_LOG_LOGIT_SCALE):
            self.counts |= {"below": step, "said": 0}
        long = self.counts["below"] >= 0 and step - self.counts["below"] >= self.steps > 0
        if not long or self.counts["said"]:
            return ""
        self.counts["said"] = 1
        return (
            f"the logit scale has been at its cap of 100 since step {self.counts['below']}: often the learning rate is "
            "too high, or the pairs are so easy that the loss is near zero. Lower train.learning_rate, or freeze the "
            "scale (model.freeze: [logit_scale])."
        )


class DropGuard:
    """Reports when an ordinary ability has fallen below that of the model before training."""

    def __init__(self, names: tuple[str, ...], limit: float) -> None:
        self.names, self.limit = names, limit
        self.start: dict[str, list[float]] = {}  # metric -> its value at step 0, and the worse end of its interval

    def message(self, step: int, results: Mapping[str, Result]) -> str:
        """A warning, or ""; at step 0 the values to compare with are kept."""
        measured = {
            f"{benchmark}.{metric.name}": metric
            for benchmark, result in results.items()
            for metric in result.metrics
            if f"{benchmark}.{metric.name}" in self.names
        }
        if step == 0:
            self.start |= {
                name: [m.value, min(m.interval or (m.value,), key=partial(goodness, m))] for name, m in measured.items()
            }
        fallen = [
            f"{name} from {100 * self.start[name][0]:.1f} to {100 * metric.value:.1f} %"
            for name, metric in measured.items()
            if name in self.start and self._is_worse(metric, *self.start[name])
        ]
        return f"ordinary ability has dropped since step 0: {', '.join(fallen)}" if fallen else ""

    def _is_worse(self, metric: Metric, start: float, worse_end: float) -> bool:
        least = min(goodness(metric, start) - self.limit, goodness(metric, worse_end))
        return goodness(metric, metric.value) < least


def constant_embeddings(similarities: Mapping[str, float]) -> str:
    """A warning when image-text similarities hardly vary over examples (view -> standard deviation), else ""."""
    flat = [view for view, spread in similarities.items() if spread < _FLAT]
    if not flat:
        return ""
    return f"similarities of {', '.join(flat)} are the same for every example: the embeddings have collapsed."


def write_bad_batch(run_folder: Path, step: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write RUN/bad_batches/step_<step>.jsonl: ids, image names and the very texts of that step, one sample per line.

    It is a data file: `semclip data check` reads it, and a run on it meets the same samples.
    """
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_text(run_folder / "bad_batches" / f"step_{step:08d}.jsonl", "".join(lines))
