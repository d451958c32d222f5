"""The optimizer of a run: AdamW, and the running mean of the weights."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw
from torch.optim.swa_utils import get_ema_multi_avg_fn

from semclip.training.config import LoopConfig
from semclip.training.sharding import cut_as, local

#: Tables of fewer rows are left as they are: nothing to gain.
MIN_ROWS = 4096


def parameter_groups(module: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Trainable parameters in two groups: matrices with decay; norms, biases, logit scale and basis without.

    One- and zero-dimensional parameters are norms, biases and the logit scale. The objective's `basis` is a matrix,
    but only its direction counts, so decay would merely shrink it into the epsilon of the cosine.
    """
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            no_decay = parameter.ndim < 2 or name.endswith(("basis", "positional_embedding", "class_embedding"))
            (plain if no_decay else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def build_optimizer(module: nn.Module, config: LoopConfig) -> torch.optim.AdamW:
    """Fused AdamW over what trains."""
    groups = parameter_groups(module, config.weight_decay)
    return RowAdamW(groups, lr=config.learning_rate, betas=config.betas, eps=config.eps, fused=True)


def use_row_gradients(module: nn.Module) -> None:
    """Let large embedding tables that train give row-sparse gradients, summed once per row.

    A batch of 96 captions uses some 400 of CLIP's 49,408 rows; a dense gradient is 100 MB of zeros to write, to read
    for the norm, and to take through the optimizer. Same numbers, other storage. For one process: wrappers that
    average over ranks want dense gradients. For a CPU: a GPU writes those zeros in less time than it takes to wait for
    the number of rows.
    """
    for table in module.modules():
        if isinstance(table, nn.Embedding) and table.weight.requires_grad and table.num_embeddings >= MIN_ROWS:
            table.sparse = True
            # Micro-batches would otherwise pile up their rows one behind another until the step.
            table.weight.register_post_accumulate_grad_hook(_sum_rows)  # type: ignore[no-untyped-call]


def _sum_rows(weight: Tensor) -> None:
    if weight.grad is not None and weight.grad.is_sparse:
        weight.grad = weight.grad.coalesce()


class RowAdamW(torch.optim.AdamW):
    """AdamW, with the same steps and the same state for row-sparse gradients as for dense ones.

    A row that has had a gradient keeps moving by its moments, so it is updated at every step from then on. One that
    never had any has moments of 0: AdamW only decays it, p <- (1 - lr * weight_decay) p, and so does this.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._used: dict[Tensor, Tensor] = {}  # table -> (V,) rows that have moments; derived from the state
        self.register_load_state_dict_post_hook(lambda _: self._used.clear())

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.grad.is_sparse:
                    self._step_rows(parameter, group)
                    parameter.grad = None  # taken: nothing is left for the dense step
        return super().step(closure)

    def _step_rows(self, table: Tensor, group: dict[str, Any]) -> None:
        state = self.state[table]
        if not state:  # as torch's own
            state["step"] = torch.zeros((), dtype=torch.float32, device=table.device)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(table), torch.zeros_like(table)
        if table not in self._used:
            self._used[table] = (state["exp_avg"] != 0).any(1) | (state["exp_avg_sq"] != 0).any(1)  # (V,)
        assert table.grad is not None
        gradient = table.grad.coalesce()
        fresh = gradient.indices()[0]  # (F,)
        self._used[table][fresh] = True
        rows = self._used[table].nonzero()[:, 0]  # (R,)

        table.mul_(1 - group["lr"] * group["weight_decay"])
        values, first, second = (x[rows] for x in (table, state["exp_avg"], state["exp_avg_sq"]))  # (R, W)
        dense = torch.zeros_like(values)
        dense[torch.searchsorted(rows, fresh)] = gradient.values()
        adamw(
            [values],
            [dense],
            [first],
            [second],
            [],
            [state["step"]],
            fused=group["fused"],
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=0.0,  # done above, on all rows
            eps=group["eps"],
            maximize=False,
        )
        table[rows], state["exp_avg"][rows], state["exp_avg_sq"][rows] = values, first, second


class Ema:
    """Exponential moving average of a module's trained parameters, from the weights at the start on.

    m_0 = w_0;  m_t = d m_{t-1} + (1 - d) w_t            d: decay, such as 0.999; w_t: weights after step t
    A decay of 0 keeps no mean: the module is then its own average, and everything here does nothing.
    Kept in the parameters' own type. What does not train is its own mean; running statistics are the last step's.
    A decay of 0.999 looks back about 1,000 steps: in a run of 300 it is three quarters the start.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        self._trained = {name: p for name, p in module.named_parameters() if p.requires_grad and decay}
        self._mean: dict[str, Tensor] = {name: p.detach().clone() for name, p in self._trained.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights of now into the mean; called once after every step of the optimizer."""
        if self._mean:
            mean, trained = self._mean.values(), self._trained.values()
            self._average([local(m) for m in mean], [local(w) for w in trained], None)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Within it, the module holds the mean; afterwards the very weights it had."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def state_dict(self) -> dict[str, Any]:
        return dict(self._mean)

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name, saved in cut_as(state, self._mean).items():
            self._mean[name].copy_(saved)

    @torch.no_grad()
    def _swap(self) -> None:
        for name, parameter in self._trained.items():
            weights = parameter.detach().clone()
            parameter.copy_(self._mean[name])
            self._mean[name].copy_(weights)
