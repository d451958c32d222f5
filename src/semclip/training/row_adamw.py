"""Embedding gradients that know only the rows that were used, and AdamW that takes them exactly."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

#: Tables of fewer rows are left as they are: nothing to gain.
LEAST_ROWS = 4096


def use_row_gradients(module: nn.Module) -> None:
    """Let large embedding tables that train give row-sparse gradients, summed once per row.

    A batch of 96 captions uses some 400 of CLIP's 49,408 rows; a dense gradient is 100 MB of zeros to write, to read
    for the norm, and to take through the optimizer. Same numbers, other storage. For one process: wrappers that
    average over ranks want dense gradients. For a CPU: a GPU writes those zeros in less time than it takes to wait for
    the number of rows.
    """
    for table in module.modules():
        if isinstance(table, nn.Embedding) and table.weight.requires_grad and table.num_embeddings >= LEAST_ROWS:
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
