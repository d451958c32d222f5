"""Random weights that depend on a seed and on nothing drawn before."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from semclip.core.seeds import derive_seed


@contextmanager
def seeded_weights(seed: int | None, *of: str) -> Iterator[None]:
    """Draw initial weights from `seed`; the global generator is left as it was.

    seed None: from the seed that the program was last given (`seed_everything`), however much has been drawn since.
    of: what they are the weights of, beside the model itself; other names give other numbers.
    """
    chosen = torch.initial_seed() if seed is None else seed
    with torch.random.fork_rng(devices=[]):
        # The CPU generator alone: towers are built on the CPU, and a GPU's generator is not restored by this context.
        torch.default_generator.manual_seed(derive_seed("initial weights", chosen, *of))
        yield
