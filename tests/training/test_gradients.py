"""GradCache is exact, whatever the micro-batch and what is frozen; a full memory halves the micro-batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.fabric import Fabric
from rich.console import Console
from torch import Tensor

from semclip.core.errors import UserError
from semclip.data.collate import Batch
from semclip.models.load import load
from semclip.objectives import create
from semclip.training import gradients
from semclip.training.checkpoint import list_checkpoints, load_checkpoint
from semclip.training.config import TrainConfig
from semclip.training.gradients import forward_backward, grad_cache, out_of_memory
from semclip.training.loop import train
from semclip.training.step import StepModule
from tests.models.tiny import TEXTS, tiny
from tests.objectives.encoder import SmallEncoder, Step, inputs_for, scorer, step
from tests.objectives.features import build
from tests.training.conftest import TINY, printed

Make = Callable[..., TrainConfig]

INPUTS = inputs_for("superclip")
GROUPS = torch.tensor([0, 1, 1, 2, 3, 0])


def close(actual: Step, expected: Step) -> None:
    for mine, theirs in ((actual.terms, expected.terms), (actual.gradients, expected.gradients)):
        assert mine.keys() == theirs.keys()
        for key, value in theirs.items():
            torch.testing.assert_close(mine[key], value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 9])
def test_any_size_gives_the_gradients_of_the_whole_batch(size: int) -> None:
    plain = step("superclip", INPUTS, groups=GROUPS)
    assert all(gradient.abs().max() > 1e-6 for gradient in plain.gradients.values())
    close(step("superclip", INPUTS, micro_batch=size, groups=GROUPS), plain)


def test_smaller_losses_added_up_would_be_something_else() -> None:
    """What the cache is for: the loss of a batch is not the mean of the losses of its parts."""
    plain = step("clip", INPUTS)
    halves = [step("clip", {view: x[part] for view, x in INPUTS.items()}) for part in (slice(0, 3), slice(3, 6))]
    mean = sum(half.gradients["embed.weight"] for half in halves) / 2
    assert not torch.allclose(mean, plain.gradients["embed.weight"], atol=1e-3)


def test_both_passes_draw_the_same_dropout() -> None:
    inputs = {view: INPUTS[view] for view in ("image", "caption")}
    parts = [{view: x[i : i + 2] for view, x in inputs.items()} for i in (0, 2, 4)]
    torch.manual_seed(7)
    cached = step("clip", inputs, micro_batch=2, encoder=SmallEncoder(dropout=0.5))
    after = torch.rand(1)

    torch.manual_seed(7)
    encoder = SmallEncoder(dropout=0.5)
    encoded = [encoder(part) for part in parts]  # with a graph, the same draws in the same order
    terms = scorer(build("clip"), encoder)({view: torch.cat([e[view] for e in encoded]) for view in inputs})
    terms["total"].backward()
    torch.testing.assert_close(cached.terms["total"], terms["total"].detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(cached.gradients["embed.weight"], encoder.embed.weight.grad, rtol=0, atol=1e-12)
    assert torch.equal(after, torch.rand(1)), "the second pass must not move the random state"


def test_frozen_embeddings_are_left_alone() -> None:
    """An image tower that stands still gives rows without a graph."""
    encoder = SmallEncoder()
    inputs = {view: INPUTS[view] for view in ("image", "caption")}

    def encode(part: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"image": part["image"], "caption": encoder.embed(part["caption"])}

    parts = [{view: x[i : i + 2] for view, x in inputs.items()} for i in (0, 2, 4)]
    grad_cache(encode, parts, scorer(build("clip"), encoder))
    cached, encoder.embed.weight.grad = encoder.embed.weight.grad, None
    scorer(build("clip"), encoder)(encode(inputs))["total"].backward()
    assert cached is not None
    torch.testing.assert_close(cached, encoder.embed.weight.grad, rtol=0, atol=1e-12)


def test_an_objective_counts_the_batch_once() -> None:
    encoder, objective = SmallEncoder(), build("superclip").double()
    parts = [{view: x[i : i + 2] for view, x in INPUTS.items()} for i in (0, 2, 4)]
    grad_cache(encoder, parts, scorer(objective, encoder))
    assert objective.documents == 6


@pytest.mark.parametrize("several_texts", [False, True])
def test_the_training_step_in_micro_batches_equals_the_whole_step(several_texts: bool) -> None:
    """The real towers, in float32, texts of very different lengths trimmed in each micro-batch by themselves."""
    encoder, objective = tiny(), create("superclip")
    objective.setup(encoder.info)
    module = StepModule(encoder, objective, images_are_features=False)
    fabric = Fabric(accelerator="cpu", devices=1)
    wrapped = fabric.setup(module)
    tokens = encoder.tokenize(TEXTS)  # (4, 77)
    batch = Batch(
        indices=torch.arange(4),
        images={"image": torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))},
        tokens={"caption": tokens, "absence": torch.stack([tokens, tokens.roll(1, 0)], dim=1)[:, : 1 + several_texts]},
        groups=torch.arange(4),
    )
    before = {key: value.clone() for key, value in module.state_dict().items()}

    def gradients(micro_batch: int) -> dict[str, Tensor]:
        module.load_state_dict(before)
        module.zero_grad()
        terms = forward_backward(fabric, wrapped, module, batch, micro_batch)
        found = {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}
        return {**found, **{f"loss {name}": value.detach() for name, value in terms.items()}}

    whole = gradients(0)
    assert len(whole) > 40 and whole["encoder.network.logit_scale"] != 0
    for size in (1, 3):
        parts = gradients(size)
        assert parts.keys() == whole.keys()
        for name, value in whole.items():
            torch.testing.assert_close(parts[name], value, rtol=1e-4, atol=1e-5, msg=name)


def test_what_counts_as_a_full_memory() -> None:
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**60, dtype=torch.uint8)  # more than any machine has: the CPU allocator's own words
    assert out_of_memory(error.value)


def scarce(monkeypatch: pytest.MonkeyPatch, rows: int) -> list[int]:
    """Memory for `rows` rows at a time; more fail after the whole step has been computed. Returns the sizes tried."""
    original, tried = gradients.forward_backward, list[int]()

    def step(fabric: Any, wrapped: Any, module: Any, batch: Any, micro_batch: int) -> Any:
        tried.append(micro_batch)
        terms = original(fabric, wrapped, module, batch, micro_batch)
        if not 0 < micro_batch <= rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return terms

    monkeypatch.setattr(gradients, "forward_backward", step)
    return tried


def test_the_step_is_taken_again_in_smaller_pieces_and_gives_the_same(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropped patches are drawn again as they were, and the objective counts its steps once."""
    network = {**TINY, "vision_cfg": {**TINY["vision_cfg"], "patch_dropout": 0.5}}  # type: ignore[dict-item]
    own = {"objective": {"name": "tngclip"}, "steps": [{"name": "batch_absences"}]}
    config = {"model": {"backend": "open_clip", "config": network}, **own}
    train(make_config(**config, train={"micro_batch": 4}), tmp_path / "small", console)
    tried = scarce(monkeypatch, rows=4)
    train(make_config(**config), tmp_path / "retried", console)
    assert tried == [0, 8, 4, *[4] * 5]  # found once, then kept
    said = printed(console)
    assert said.count("is taken again") == 2 and "set train.micro_batch=4" in said
    states = [load_checkpoint(list_checkpoints(tmp_path / n / "checkpoints")[-1]) for n in ("small", "retried")]
    for name, value in states[0]["module"].items():
        assert torch.equal(value, states[1]["module"][name]), name
    assert states[1]["module"]["objective.steps"] == 6
    a, b = (load(str(tmp_path / name)).state_dict() for name in ("small", "retried"))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_when_one_row_is_too_much_it_stops_with_advice(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = scarce(monkeypatch, rows=0)
    with pytest.raises(UserError, match="out of memory") as error:
        train(make_config(), tmp_path / "run", console)
    assert tried == [0, 8, 4, 2, 1] and "smaller model" in error.value.fix


def test_other_errors_are_not_taken_for_it(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(gradients, "forward_backward", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        train(make_config(), tmp_path / "run", console)
