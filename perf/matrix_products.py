"""How long matrix products take in bf16 and float16, as ratios to float32: what `train.precision=auto` goes by.

OMP_NUM_THREADS=1 python perf/matrix_products.py
"""

import time
from collections.abc import Callable
from itertools import product

import torch
import torch.nn.functional as F

#: (rows, inputs, outputs): linear layers of small text towers and of ViT-B.
SHAPES = ((1024, 384, 1536), (1024, 1536, 384), (4096, 384, 384), (1024, 512, 512), (2048, 768, 3072))
ROUNDS = 15


def main() -> None:
    tensors = {}
    for (rows, inputs, outputs), dtype in product(SHAPES, (torch.float32, torch.bfloat16, torch.float16)):
        tensors[rows, inputs, outputs, dtype] = (
            torch.randn(rows, inputs).to(dtype),
            torch.randn(outputs, inputs).to(dtype),
        )
    times: dict[tuple[object, ...], list[float]] = {key: [] for key in tensors}
    for _ in range(ROUNDS):  # in turn, so that a busy moment meets all of them
        for key, (x, weight) in tensors.items():
            times[key].append(seconds(lambda x=x, weight=weight: F.linear(x, weight)))
    processor = torch.cpu.get_capabilities()
    print(
        f"{processor['cpu_name']}, AMX: {processor['amx_bf16']}; {torch.get_num_threads()} threads; "
        "time as a ratio to float32"
    )
    for shape in SHAPES:
        whole = min(times[*shape, torch.float32])
        ratios = {t: min(times[*shape, t]) / whole for t in (torch.bfloat16, torch.float16)}
        print(f"{shape}: bf16 {ratios[torch.bfloat16]:.2f}, float16 {ratios[torch.float16]:.2f}")


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
