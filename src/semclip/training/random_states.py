"""The random states of Python, NumPy and torch, for a checkpoint: plain values and tensors, no pickled code."""

import contextlib
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch


def random_states() -> dict[str, Any]:
    """The states of this process's global generators, on the CPU and on every GPU."""
    kind, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, cached),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_states(states: Mapping[str, Any]) -> None:
    """Put the generators back to where `random_states` found them; GPUs that are not there any more are left out."""
    random.setstate(states["python"])
    kind, keys, *rest = states["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(states["torch"])
    for device, state in enumerate(states["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(state, device)


@contextlib.contextmanager
def at(states: Mapping[str, Any]) -> Iterator[None]:
    """Back to those states inside; outside, as if nothing had been drawn inside."""
    now = random_states()
    restore_random_states(states)
    try:
        yield
    finally:
        restore_random_states(now)
