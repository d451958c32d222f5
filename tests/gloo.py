"""Run a function on gloo ranks, each a process of its own as torchrun starts it, and collect what each returns."""

import os
import pickle
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from tests.forkserver import START_METHOD


def run(function: Callable[..., Any], *arguments: Any, ranks: int = 2) -> list[Any]:
    """`function(rank, *arguments)` on every rank; results in rank order. The function must be importable by name.

    A failure on any rank fails the caller with that rank's traceback.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    results = mp.get_context(START_METHOD).SimpleQueue()
    context = mp.start_processes(
        _one_rank, args=(ranks, port, results, function, arguments), nprocs=ranks, join=False, start_method=START_METHOD
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
    here = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": ranks, "LOCAL_WORLD_SIZE": ranks, "MASTER_PORT": port}
    os.environ |= {**{name: str(number) for name, number in here.items()}, "MASTER_ADDR": "127.0.0.1"}
    os.environ["TORCHELASTIC_RUN_ID"] = "tests"
    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=ranks,
        timeout=timedelta(seconds=300),
    )
    try:
        # Packed here: torch would lend its tensors by a socket that is gone when this process ends.
        results.put((rank, pickle.dumps(function(rank, *arguments))))
        dist.barrier()
    finally:
        dist.destroy_process_group()
