"""The running mean of the weights: what is evaluated and exported instead of the last step's, when asked for."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from semclip.training.sharding import cut_as, local


class Average(Protocol):
    """What the loop asks of it."""

    def update(self) -> None: ...

    def in_place(self) -> contextlib.AbstractContextManager[None]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


class Ema:
    """Exponential moving average of a module's trained parameters, from the weights at the start on.

    m_0 = w_0;  m_t = d m_{t-1} + (1 - d) w_t            d: decay, such as 0.999; w_t: weights after step t
    Kept in the parameters' own type. What does not train is its own mean; running statistics are the last step's.
    A decay of 0.999 looks back about 1,000 steps: in a run of 300 it is three quarters the start.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        self._trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self._mean: dict[str, Tensor] = {name: p.detach().clone() for name, p in self._trained.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights of now into the mean; called once after every step of the optimizer."""
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


class NoEma:
    """The weights as they are."""

    def update(self) -> None:
        pass

    def in_place(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        pass


def average_of(module: nn.Module, decay: float) -> Average:
    """The average that `train.ema` asks for; 0 is none."""
    return Ema(module, decay) if decay else NoEma()
