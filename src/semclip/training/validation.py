"""Validation during training: metrics on the validation split, the best weights so far, points of the projection plot.

What is evaluated and kept is the running mean of the weights where `train.ema` asks for one. Of several ranks, rank 0
evaluates and the others wait: the numbers are then those of one process.
"""

import torch
import torch.nn.functional as F

from semclip.core.files import write_json
from semclip.evaluation import RunOptions, evaluate
from semclip.models.backends.base import Encoder
from semclip.training.best import Best
from semclip.training.compiling import eager
from semclip.training.goodness import goodness
from semclip.training.run import Run

#: Points of a projection plot per view: more hide each other.
POINTS = 200
PROJECTED = ("caption", "paraphrase", "negation")


def validation_due(run: Run) -> bool:
    """Before the first step, at the interval and after the last step; never without a validation split."""
    step, every = run.state.step, run.config.evaluate.every
    return bool(run.setup.splits.val) and (step in (0, run.config.train.steps) or bool(every and step % every == 0))


def validate(run: Run) -> None:
    """Evaluate on the validation split, keep the weights when they are the best so far. Collective.

    Raises UserError where a guard is told to stop.
    """
    state = run.state
    with state.average.in_place(), eager(run.config.train.compile):
        encoder = run.evaluated(run.setup.encoder)
        state.best_value, state.best_step = run.setup.ranks.on_rank_zero(lambda: keep_best(run, encoder))
    run.setup.encoder.train()


def keep_best(run: Run, encoder: Encoder) -> tuple[float, int]:
    """`goodness` and step of the best so far, whose weights are in RUN/best. What is measured is logged and guarded."""
    state, config = run.state, run.config.evaluate
    split, device = run.setup.splits.val, run.setup.fabric.device
    results = evaluate(
        encoder.eval(), config.benchmarks, split, {"split": "val"}, RunOptions(device=device, identify=False)
    )
    benchmark, _, name = config.primary.partition(".")
    metric = results[benchmark].metric(name)
    value = goodness(metric, metric.value)
    flat = {f"{b}.{m.name}": m.value for b, r in results.items() for m in r.metrics if m.kind == "model"}
    for tracker in run.trackers:
        tracker.log(state.step, "val", flat)
    run.console.print(f"  step {state.step:>6}  val {config.primary} = {100 * metric.value:.1f} %")
    state.guards.validated(state.step, results)
    # Step 0 is the model the run started from: it is reported, but training is never undone silently.
    if state.step == 0 or not value > state.best_value:
        return state.best_value, state.best_step
    Best(state.step, value).save(run.folder, encoder)
    return value, state.step


@torch.no_grad()
def project(run: Run, moment: str, encoder: Encoder) -> None:
    """Points of test texts on the objective's first two basis rows, as its loss sees them; nothing without a basis.

    u = n(t) B^T with B (2, D) the first two rows of the basis; the two numbers of each text are its point.
    moment: "before" or "after" training; with both, RUN/results/plane.json is written, which reports plot.
    """
    basis = getattr(run.setup.objective, "basis", None)
    examples = [e for e in run.setup.splits.test if all(e.has(view) for view in PROJECTED)][:POINTS]
    if basis is None or not examples:
        return
    rows = basis.detach().float()[:2]  # (2, D)
    encoder.eval()
    projected = run.state.projection
    projected |= {moment: {}, "basis": rows.tolist()}
    for view in PROJECTED:
        tokens = encoder.tokenize([e.texts(view)[0] for e in examples]).to(rows.device)
        points = F.normalize(encoder.encode_text(tokens).float(), dim=-1) @ rows.T  # (P, 2)
        projected[moment][view] = [[round(x, 6), round(y, 6)] for x, y in points.tolist()]
    if {"before", "after"} <= projected.keys():
        write_json(run.folder / "results" / "plane.json", projected | {"ids": [e.id for e in examples]})
