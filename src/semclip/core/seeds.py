"""Random seeds derived from names, so that no draw depends on the order of execution."""

import hashlib
import random

import numpy as np


def derive_seed(*parts: str | int) -> int:
    """A 63-bit seed from any names and numbers: `derive_seed(seed, epoch, example_id)`.

    Stable over machines, processes and Python versions (BLAKE2b; `hash()` is none of these).
    """
    text = "\x1f".join(f"{type(p).__name__}:{p}" for p in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(*parts: str | int) -> np.random.Generator:
    """A NumPy generator seeded by `derive_seed`."""
    return np.random.default_rng(derive_seed(*parts))


def seed_everything(seed: int) -> None:
    """Seed the global generators of Python and NumPy, and torch's where torch is already imported."""
    import sys

    random.seed(seed)
    np.random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
