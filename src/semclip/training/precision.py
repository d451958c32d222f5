"""The precision a run computes in."""

from typing import Any

import torch


def resolve_precision(precision: str) -> Any:
    """`auto` takes bf16 where the processor has instructions for it, else float32."""
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
    return "bf16-mixed" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "32-true"
