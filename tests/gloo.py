"""Run a function on two gloo ranks, each a process of its own, and collect what each returns."""

import pickle
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor


class _Gather(torch.autograd.Function):
    """Rows of all ranks, in rank order; the gradient of a rank's rows is summed over ranks."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        pieces = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(pieces, x.contiguous())
        return torch.cat(pieces)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total.chunk(dist.get_world_size())[dist.get_rank()]


def gather(x: Tensor) -> Tensor:
    """What `Features(gather=...)` takes."""
    return _Gather.apply(x)


def run(function: Callable[..., Any], *arguments: Any, ranks: int = 2) -> list[Any]:
    """`function(rank, *arguments)` on every rank; results in rank order. The function must be importable by name.

    A failure on any rank fails the caller with that rank's traceback.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    results = mp.get_context("spawn").SimpleQueue()
    context = mp.start_processes(
        _one_rank, args=(ranks, port, results, function, arguments), nprocs=ranks, join=False, start_method="spawn"
    )
    assert context is not None
    collected: dict[int, Any] = {}
    while not context.join(timeout=0.1):  # read while they run: a full pipe would block the writers
        while not results.empty():
            _receive(results, collected)
    while not results.empty():
        _receive(results, collected)
    return [collected[rank] for rank in range(ranks)]


def _receive(results: Any, collected: dict[int, Any]) -> None:
    rank, packed = results.get()
    collected[rank] = pickle.loads(packed)


def _one_rank(rank: int, ranks: int, port: int, results: Any, function: Callable[..., Any], arguments: Any) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=ranks,
        timeout=timedelta(seconds=60),
    )
    try:
        # Packed here: torch would lend its tensors by a socket that is gone when this process ends.
        results.put((rank, pickle.dumps(function(rank, *arguments))))
        dist.barrier()
    finally:
        dist.destroy_process_group()
