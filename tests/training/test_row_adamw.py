"""Row-sparse embedding gradients: the same training as with dense ones, step by step."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from semclip.training.grad_cache import grad_cache
from semclip.training.ranks import ALONE
from semclip.training.row_adamw import LEAST_ROWS, RowAdamW, use_row_gradients
from semclip.training.sharding import clip_gradients

ROWS, WIDTH = LEAST_ROWS, 4


class Texts(nn.Module):
    """A table, and a layer that is dense as ever."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(ROWS, WIDTH, dtype=dtype)
        self.layer = nn.Linear(WIDTH, 1, dtype=dtype)

    def forward(self, ids: Tensor) -> Tensor:
        return self.layer(self.table(ids).tanh())[..., 0]


def batches(steps: int) -> list[Tensor]:
    """Ids of each step, some of them in many steps, some twice in one, some in one only."""
    draw = torch.Generator().manual_seed(1)
    return [torch.randint(0, 40 * (1 + step % 3), (3, 7), generator=draw) for step in range(steps)]


def train(
    rows: bool,
    dtype: torch.dtype,
    steps: range = range(30),
    decay: float = 0.1,
    state: Any = None,
    device: str = "cpu",
) -> Any:
    module = Texts(dtype).to(device)
    if rows:
        use_row_gradients(module)
    optimizer = RowAdamW(module.parameters(), lr=1e-2, weight_decay=decay, betas=(0.9, 0.98), fused=True)
    if state is not None:
        module.load_state_dict(state[0])
        optimizer.load_state_dict(state[1])
    norms = []
    for step, ids in enumerate(batches(steps.stop)):
        if step in steps:
            for group in optimizer.param_groups:
                group["lr"] = 1e-2 / (1 + step)
            module(ids.to(device)).square().sum().backward()
            assert module.table.weight.grad is not None and module.table.weight.grad.is_sparse == rows
            norms.append(float(clip_gradients(module.parameters(), 0.5, ALONE)))
            optimizer.step()
            optimizer.zero_grad()
    return module.state_dict(), optimizer.state_dict(), norms


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_rows_train_as_the_whole_table_does(dtype: torch.dtype, atol: float, decay: float) -> None:
    weights, state, norms = train(rows=True, dtype=dtype, decay=decay)
    expected, expected_state, expected_norms = train(rows=False, dtype=dtype, decay=decay)
    assert norms == pytest.approx(expected_norms, rel=1e-5)
    for name, weight in expected.items():
        torch.testing.assert_close(weights[name], weight, atol=atol, rtol=0)
    assert state["state"].keys() == expected_state["state"].keys()
    for number, moments in expected_state["state"].items():
        for key, moment in moments.items():
            torch.testing.assert_close(state["state"][number][key], moment, atol=atol, rtol=0)


def test_resumed_equals_never_stopped() -> None:
    whole = train(rows=True, dtype=torch.float32)
    half = train(rows=True, dtype=torch.float32, steps=range(12))
    resumed = train(rows=True, dtype=torch.float32, steps=range(12, 30), state=half[:2])
    assert all(torch.equal(resumed[0][name], weight) for name, weight in whole[0].items())


def test_rows_never_used_only_decay() -> None:
    start = Texts(torch.float32).table.weight[200:]
    kept = train(rows=True, dtype=torch.float32, decay=0.0)[0]["table.weight"][200:]
    decayed = train(rows=True, dtype=torch.float32, decay=0.1)[0]["table.weight"][200:]
    assert torch.equal(kept, start)
    factor = torch.tensor([1 - 1e-2 / (1 + step) * 0.1 for step in range(30)]).prod()
    torch.testing.assert_close(decayed, start * factor)


def test_micro_batches_do_not_pile_up() -> None:
    module = Texts(torch.float64)
    use_row_gradients(module)
    ids = torch.randint(0, 50, (64, 7))
    grad_cache(
        lambda part: {"caption": F.normalize(module(part), dim=0)},
        ids.split(4),
        lambda v: {"total": v["caption"].square().sum() + v["caption"].sum()},
    )
    gradient = module.table.weight.grad
    assert gradient is not None and gradient.is_coalesced() and len(gradient.values()) == len(ids.unique())


def test_small_and_frozen_tables_are_left_alone() -> None:
    small, frozen = nn.Embedding(LEAST_ROWS - 1, 2), nn.Embedding(LEAST_ROWS, 2)
    frozen.weight.requires_grad_(False)
    for table in (small, frozen):
        use_row_gradients(table)
        assert not table.sparse
