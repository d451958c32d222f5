"""Devices and precision of a run, how its processes are started, and how weights are distributed over them."""

import logging
import os
import signal
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from lightning.fabric import Fabric
from lightning.fabric.strategies.ddp import DDPStrategy
from lightning.fabric.strategies.model_parallel import ModelParallelStrategy
from lightning.fabric.strategies.strategy import Strategy

from semclip.core.errors import UserError
from semclip.training.config import TrainConfig
from semclip.training.processes import end_with_parent
from semclip.training.sharding import shard

#: Ranks wait for rank 0 while it encodes images and evaluates, which may take hours. One that dies ends the others
#: all the same: torchrun sees to that, and a process Fabric has started ends with its parent.
_TIMEOUT = timedelta(hours=12)


def start_fabric(config: TrainConfig) -> Fabric:
    """Lightning Fabric, with all processes of the run started, in the config's precision.

    Under torchrun its processes are joined; else `train.devices` of them are started, each with this very command.
    Raises UserError where the batch cannot be cut into equal parts.
    """
    for room in ("fabric", "pytorch"):  # `describe` says what they would say, once; importing one sets both up
        logging.getLogger(f"lightning.{room}").setLevel(logging.WARNING)
    joined = dist.is_available() and dist.is_torchelastic_launched()
    count = processes(config, int(os.environ["WORLD_SIZE"]) if joined else 0)
    here = int(os.environ["LOCAL_WORLD_SIZE"]) if joined else count
    fabric = Fabric(
        accelerator="auto",
        devices=here,
        num_nodes=count // here,
        strategy=_strategy(config.train.strategy, count),
        precision=resolve_precision(config.train.precision),
    )
    fabric.launch()
    if fabric.global_rank > 0 and not joined:
        end_with_parent(os.getppid(), signal.SIGKILL)
    return fabric


def resolve_precision(precision: str) -> Any:
    """`auto` takes bf16 where the processor multiplies matrices faster in it, else float32.

    Intel's AVX-512 bf16 without AMX took 1.7 to 1.8 times as long as float32 (one core, layers 384 to 3,072 wide, torch
    2.15; `perf/matrix_products.py`). With AMX, or on AMD's processors, bf16 is the faster.
    """
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
    processor: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older releases of torch cannot tell
    slow = "Intel" in processor.get("cpu_name", "") and not processor["amx_bf16"]
    return "bf16-mixed" if torch.ops.mkldnn._is_mkldnn_bf16_supported() and not slow else "32-true"


def processes(config: TrainConfig, started: int) -> int:
    """How many train together. started: by torchrun, 0 without it."""
    asked = config.train.devices
    if started and asked not in ("auto", started):
        raise UserError(
            f"torchrun started {started} processes, the config asks for {asked}",
            where="train.devices",
            fix="leave train.devices=auto under torchrun",
        )
    count = started or (1 if asked == "auto" else asked)
    size = config.train.batch_size
    if size % count:
        near = max(count, round(size / count) * count)
        raise UserError(
            f"a batch of {size} cannot be cut into {count} equal parts, one for each process",
            where="train.batch_size, which counts the examples of all processes together",
            fix=f"set train.batch_size={near}, or take another number of processes",
        )
    return count


def _strategy(name: str, count: int) -> str | Strategy:
    if count == 1:
        return "auto"
    if name == "sharded":
        return ModelParallelStrategy(shard, data_parallel_size=count, tensor_parallel_size=1, timeout=_TIMEOUT)
    # A static graph lets parameters stand by that an objective never reads, such as the logit scale of nCLIP.
    return DDPStrategy(timeout=_TIMEOUT, static_graph=True)


def describe_devices(fabric: Fabric, config: TrainConfig) -> list[str]:
    """A sentence for people on several processes, none for one."""
    if fabric.world_size == 1:
        return []
    sharded = isinstance(fabric.strategy, ModelParallelStrategy)
    how = "weights and optimizer sharded" if sharded else "each with all weights (DDP)"
    share = config.train.batch_size // fabric.world_size
    return [f"{fabric.world_size} processes, {how}, each with {share} examples of every batch"]
