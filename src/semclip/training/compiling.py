"""torch.compile of the towers' blocks, as `train.compile` asks for; the objective and every evaluation stay eager."""

import contextlib

import torch

from semclip.core.errors import UserError
from semclip.models.adapt.lora import share_classes
from semclip.models.backends.base import Encoder

#: Compiled variants of a block that are kept; torch's own 8 can be too few. Two towers share the code, each with and
#: without gradients (GradCache), of the input too (after frozen blocks), and with shapes that torch sets apart: one
#: row, one tile of packed texts, a text that fills the context.
_VARIANTS = 32


def compile_blocks(encoder: Encoder) -> None:
    """Compile every transformer block in place, lengths and batch sizes left open; names of weights stay as they are.

    Blocks and not towers: all blocks of a tower run the same code, so one is compiled and twelve are fast; and it holds
    whichever way a tower is walked through. Parts without known blocks stay eager. The blocks are compiled when first
    called.
    """
    from torch._dynamo import config

    config.recompile_limit = max(config.recompile_limit, _VARIANTS)
    # Each block is a graph of its own already; what would cut larger graphs for DDP cannot be with a static graph.
    config.optimize_ddp = False
    share_classes(encoder)
    for tower in encoder.towers().values():
        for block in tower.blocks_of(encoder):
            block.compile(dynamic=True)


def eager(compiled: bool) -> contextlib.AbstractContextManager[None]:
    """Around what is no training: blocks run as they were written, so that no number depends on `train.compile`."""
    return torch.compiler.set_stance("force_eager") if compiled else contextlib.nullcontext()


def refuse_without_compiler(compiled: bool) -> None:
    """Raise UserError where blocks are to be compiled and no C++ compiler is found, before anything is loaded."""
    if not compiled:
        return
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler as error:
        raise UserError(
            f"torch.compile needs a C++ compiler: {error}",
            where="train.compile",
            fix="install one (apt install g++), name it in the environment variable CXX, or set train.compile=false",
        ) from error
