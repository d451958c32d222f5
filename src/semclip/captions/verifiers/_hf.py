"""What the verifiers with a text model of transformers share: loading it, and running it beside the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from semclip.captions.verifiers.base import as_typed
from semclip.core.errors import UserError, first_line

T = TypeVar("T")


def load(kind: str, model: str, device: str, verifier: str) -> tuple[Any, Any]:
    """(tokenizer, model in evaluation mode) of an id or folder. kind: of transformers' Auto classes.

    Raises UserError without the extra `hf`, without a name, and for a model that is not there or not of this kind.
    """
    where = f"verifier {verifier}"
    if not model:
        raise UserError("which model?", where=where, fix=as_typed(verifier, "model: ID_OR_FOLDER"))
    try:
        import torch
        import transformers
    except ImportError as error:
        raise UserError(
            "transformers is not installed", where=where, fix="install it: pip install 'semclip[hf]'"
        ) from error
    auto = {
        "pair classifier": transformers.AutoModelForSequenceClassification,
        "text encoder": transformers.AutoModel,
    }[kind]
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        network = auto.from_pretrained(model, dtype=torch.float32).to(torch.device(device)).eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(
            f"cannot load the {kind} '{model}': {first_line(error)}",
            where=where,
            fix="name a folder that `save_pretrained` wrote, or download the model where there is a network",
        ) from error
    return tokenizer, network


class Aside:
    """One thread for a model, so that a server's answers are read while it computes; calls wait for each other."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)

    async def __call__(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def close(self) -> None:
        self._thread.shutdown()


def batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in parts of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]
