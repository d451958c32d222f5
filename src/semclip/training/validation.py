"""Looking at the model while it trains: the validation split, the best weights so far, what they may not lose."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from rich.console import Console

from semclip.core.example import Example
from semclip.core.files import write_json
from semclip.evaluation import evaluate
from semclip.models.backends.base import Encoder
from semclip.objectives import Objective
from semclip.training.compiling import eager
from semclip.training.config import TrainConfig
from semclip.training.setup import Setup
from semclip.training.sharding import SameEncoder, WholeEncoder
from semclip.training.state import State
from semclip.training.trackers import Tracker

#: Points of a projection plot per view: more hide each other.
POINTS = 200
PROJECTED = ("caption", "paraphrase", "negation")


class Validation:
    """Evaluates on the validation split and keeps the weights when they are the best so far; nothing without a split.

    What is evaluated and kept is the running mean of the weights where `train.ema` asks for one. Of several ranks, rank
    0 evaluates and the others wait: the numbers are then those of one process.
    """

    def __init__(
        self,
        config: TrainConfig,
        setup: Setup,
        state: State,
        evaluated: SameEncoder | WholeEncoder,
        trackers: Sequence[Tracker],
        best: Path,
        console: Console,
    ) -> None:
        self.config, self.setup, self.state, self.evaluated = config, setup, state, evaluated
        self.trackers, self.best, self.console = trackers, best, console

    def due(self) -> bool:
        every = self.config.evaluate.every
        return self.state.step in (0, self.config.train.steps) or bool(every and self.state.step % every == 0)

    def run(self) -> None:
        """Evaluate with the weights of now. Raises UserError where a guard is told to stop. Collective."""
        if not self.setup.splits.val:
            return
        state, ranks = self.state, self.setup.ranks
        with state.average.in_place(), eager(self.config.train.compile):
            encoder = self.evaluated.of(self.setup.encoder)
            state.best_value, state.best_step = ranks.once(lambda: self._keep_best(encoder))
        self.setup.encoder.train()

    def _keep_best(self, encoder: Encoder) -> tuple[float, int]:
        state = self.state
        value = self._measure(encoder)
        # Step 0 is the model the run started from: it is reported, but training is never undone silently.
        if state.step == 0 or value <= state.best_value:
            return state.best_value, state.best_step
        encoder.save(self.best)
        return value, state.step

    def _measure(self, encoder: Encoder) -> float:
        """The primary metric; everything measured is logged and shown to the guards."""
        names, device = self.config.evaluate.benchmarks, self.setup.fabric.device
        results = evaluate(encoder.eval(), names, self.setup.splits.val, {"split": "val"}, device=device)
        benchmark, _, metric = self.config.evaluate.primary.partition(".")
        value = results[benchmark].metric(metric).value
        for tracker in self.trackers:
            flat = {f"{b}.{m.name}": m.value for b, r in results.items() for m in r.metrics if m.kind == "model"}
            tracker.log(self.state.step, "val", flat)
        self.console.print(f"  step {self.state.step:>6}  val {self.config.evaluate.primary} = {100 * value:.1f} %")
        self.state.guards.validated(self.state.step, results)
        return value


class ProjectionPlot:
    """Where captions, paraphrases and negations lie on the objective's first two basis rows, before and after training.

    u = n(t) B^T with B (2, D) the first two rows of the basis, as the loss sees texts; the two numbers of each text are
    its point. Nothing without a basis, or without test texts.
    """

    def __init__(self, objective: Objective, examples: Sequence[Example], points: dict[str, Any]) -> None:
        self.objective = objective
        self.examples = [e for e in examples if all(e.has(v) for v in PROJECTED)][:POINTS]
        self.points = points  # kept in the checkpoint, so that a resumed run still knows "before"

    @torch.no_grad()
    def record(self, moment: str, encoder: Encoder) -> None:
        """Project the texts with the weights of now; `moment` is "before" or "after"."""
        basis = getattr(self.objective, "basis", None)
        if basis is None or not self.examples:
            return
        rows = basis.detach().float()[:2]  # (2, D)
        encoder.eval()
        for view in PROJECTED:
            tokens = encoder.tokenize([e.texts(view)[0] for e in self.examples]).to(rows.device)
            points = F.normalize(encoder.encode_text(tokens).float(), dim=-1) @ rows.T  # (P, 2)
            self.points.setdefault(moment, {})[view] = [[round(x, 6), round(y, 6)] for x, y in points.tolist()]
        self.points["basis"] = rows.tolist()

    def save(self, path: Path) -> None:
        if {"before", "after"} <= self.points.keys():
            write_json(path, self.points | {"ids": [e.id for e in self.examples]})
