"""Which attention kernel to use: chosen per device and sequence length from measurements, not by torch's default."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel


@contextmanager
def fast_attention(device: torch.device | str) -> Iterator[None]:
    """Run `scaled_dot_product_attention` with the fastest kernel for a device.

    On a CPU torch takes its flash kernel, made for long sequences. Against plain matrix products its forward and
    backward took 1.8 to 7.5 times as long in bf16 and 0.9 to 1.7 times in float32, over 16 to 77 tokens (one core,
    AVX-512 bf16; `perf/train_step.py` measures it). On other devices torch's own choice stands. The rule is fixed
    rather than timed at start: two kernels round differently, and a resumed run must continue exactly.
    """
    if _is_cpu(device):
        with sdpa_kernel(SDPBackend.MATH):
            yield
    else:
        yield


def kernel_choice(device: torch.device | str) -> str:
    """What `fast_attention` takes there, in a few words."""
    return "plain matrix products" if _is_cpu(device) else "torch's own choice"


def _is_cpu(device: torch.device | str) -> bool:
    return torch.device(device).type == "cpu"
