"""The training step, from the plain one to ours, and how near it comes to its own matrix products.

Run `python perf/train_step.py --lengths FILE` with a JSON {view: {tokens: count}} of your captions' lengths, or without
for lengths drawn from a bell around 14.7 tokens. SemCLIP's objective on three texts per image, image tower frozen, bf16
where the machine has it; every variant takes the optimizer's step and clips the gradient.

The limit is the time of the step's own linear products alone: forward, input and weight gradients of every linear
layer of the text tower, with as many rows as the batch has real tokens.
"""

import argparse
import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from rounds import compared, timed
from semclip.core.seeds import generator
from semclip.models import text_pass
from semclip.models.attention import fast_attention
from semclip.models.backends.open_clip import OpenClip
from semclip.models.load import load
from semclip.models.text_pass import encode_text_packed
from semclip.objectives import create
from semclip.training.compiling import compile_blocks, eager
from semclip.training.config import LoopConfig
from semclip.training.devices import resolve_precision
from semclip.training.optim import build_optimizer, parameter_groups, use_row_gradients
from semclip.training.ranks import SINGLE_PROCESS
from semclip.training.sharding import clip_gradients
from semclip.training.step import StepModule

VIEWS = ("caption", "paraphrase", "negation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="ViT-B-32", help="an open_clip architecture; random weights")
    parser.add_argument("--batch-size", type=int, default=32, help="images of a step; each has three texts")
    parser.add_argument("--lengths", default="", help="JSON file {view: {tokens: count}}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plain", action=argparse.BooleanOptionalAction, default=True, help="measure the plain step")
    parser.add_argument("--compile", action="store_true", help="measure compiled blocks, too, and call them ours")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device, size = arguments.device, arguments.batch_size

    bench = Bench(arguments.model, size, drawn_lengths(arguments.lengths, size), device, arguments.compile)
    console = Console()
    console.print(
        f"{arguments.model}, {size} images, {len(VIEWS) * size} texts of mean {bench.rows / len(VIEWS) / size:.1f} and "
        f"longest {bench.longest} tokens; {device}, {arguments.threads} threads, {bench.dtype}, "
        f"torch {torch.__version__}",
        soft_wrap=True,
    )
    medians = timed(bench.variants(arguments.plain), arguments.rounds, device)
    console.print(compared("a step, with optimizer and clipping", medians))
    images_a_second = {name: size / seconds for name, seconds in medians.items()}
    for name in dict.fromkeys((next(iter(medians)), list(medians)[-1])):
        console.print(f"  {name}: {images_a_second[name]:,.1f} images a second")

    parts = timed(bench.parts(), arguments.rounds, device)
    table = Table("of our step", "milliseconds", "share of the limit", title_justify="left")
    for name, seconds in parts.items():
        table.add_row(name, f"{1000 * seconds:.1f}", f"{seconds / parts['limit: its linear products alone']:.2f}")
    console.print(table)
    reached = parts["limit: its linear products alone"] / parts["forward and backward"]
    console.print(f"forward and backward run at {reached:.0%} of the limit")
    if device.startswith("cuda"):
        console.print(peak(bench, list(medians.values())[-1], device))
        console.print(kernels(bench.ours, list(medians.values())[-1]))


def peak(bench: "Bench", seconds: float, device: str) -> str:
    """The step's linear products against the rate of one large product."""
    a, b = (torch.randn(8192, 8192, dtype=bench.dtype, device=device) for _ in range(2))
    rate = 2 * 8192**3 / timed({"product": lambda: a @ b}, 20, device)["product"]
    products = 6 * bench.rows * sum(inputs * outputs for inputs, outputs in bench.linears())
    return (
        f"{products / 1e12:.2f} TFLOP of linear products a step: {products / seconds / 1e12:.0f} TFLOP/s, "
        f"{products / seconds / rate:.0%} of the {rate / 1e12:.0f} that a product of 8,192 x 8,192 matrices reaches"
    )


#: Kinds of GPU kernels by what their names hold; the first that fits counts.
KINDS = {
    "attention": ("flash", "fmha", "attention"),
    "matrix products": ("gemm", "nvjet", "cutlass", "xmma", "cublas"),
    "norms": ("layer_norm", "LayerNorm", "GammaBeta"),
    "AdamW": ("Adam", "adam"),
    "copies and casts": ("copy", "Memcpy", "Memset", "CatArray", "fill"),
    "rows of tables": ("index", "gather", "scatter", "embedding", "sort", "Sort", "radix"),
    "sums and norms of gradients": ("reduce", "multi_tensor"),
    "element by element": ("elementwise",),
    "other": ("",),
}


def kernels(run: Callable[[], None], seconds: float, steps: int = 5) -> Table:
    """Where the GPU's time goes, by kind of kernel; what is left of the step, it waits."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profiler:
        for _ in range(steps):
            run()
        torch.cuda.synchronize()
    spent: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for event in profiler.events() or ():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            kind = next(kind for kind, parts in KINDS.items() if any(part in event.name for part in parts))
            spent[kind] += event.device_time / steps / 1000
            count[kind] += 1
    table = Table("kernels of our step", "milliseconds", "share of the step", "launches", title_justify="left")
    for kind, milliseconds in spent.most_common():
        table.add_row(kind, f"{milliseconds:.2f}", f"{milliseconds / seconds / 1000:.0%}", f"{count[kind] // steps:,}")
    waits = 1000 * seconds - spent.total()
    table.add_row("none: the GPU waits", f"{waits:.2f}", f"{waits / seconds / 1000:.0%}", "")
    return table


def drawn_lengths(file: str, size: int) -> dict[str, list[int]]:
    """Tokens of each text of a batch, start and end included, drawn from the counts of a file."""
    draw = generator("perf train step")
    if not file:
        return {view: np.clip(np.rint(draw.normal(14.7, 3.2, size)), 7, 52).astype(int).tolist() for view in VIEWS}
    counts = json.loads(Path(file).read_text())
    drawn = {}
    for view in VIEWS:
        lengths, weights = np.array([(int(n), count) for n, count in counts[view].items()]).T
        drawn[view] = draw.choice(lengths, size, p=weights / weights.sum()).tolist()
    return drawn


class Bench:
    """A model, a batch of random words of given lengths, and ways to train on it."""

    def __init__(self, model: str, size: int, lengths: dict[str, list[int]], device: str, compiled: bool) -> None:
        self.device, self.compiled = device, compiled
        self.rows_alone = device == "cpu"  # as the training loop has it
        encoder = load(f"{model}/random").to(device).train()
        assert isinstance(encoder, OpenClip)
        encoder.freeze("image")
        self.encoder, self.network = encoder, encoder.network
        self.dtype = torch.bfloat16 if resolve_precision("auto") == "bf16-mixed" else torch.float32
        self.module = StepModule(encoder, create("semclip"), images_are_features=True)
        self.module.objective.setup(encoder.info)
        self.module.to(device)
        use_row_gradients(self.module)
        if compiled:
            compile_blocks(encoder)
        end = int(self.network.vocab_size) - 1
        self.tokens = {view: words(lengths[view], encoder.context_length, end).to(device) for view in VIEWS}
        self.rows = sum(map(sum, lengths.values()))  # M, real tokens
        self.longest = max(map(max, lengths.values()))
        self.groups = torch.arange(size, device=device)
        self.pixels = torch.randn(size, 3, *self.network.visual.image_size, device=device)
        self.features = torch.randn(size, encoder.embed_dim, device=device)
        self.parameters = list(self.module.parameters())
        self.plain_optimizer = torch.optim.AdamW(parameter_groups(self.module, 0.2), lr=1e-6, fused=True)
        self.optimizer = build_optimizer(self.module, LoopConfig(steps=1, learning_rate=1e-6))

    def variants(self, plain: bool) -> dict[str, Callable[[], None]]:
        """From the plain step to ours, one change at a time; each variant keeps what those before it gained."""
        pixels, torch_kernel = partial(self._image, False), partial(eager, self.compiled)
        kernel, trimmed = partial(self._kernel, False), self._trimmed
        rows = {
            "plain: image tower, three passes of 77 tokens": partial(self._step, pixels, self._plain, torch_kernel),
            "image features kept": partial(self._step, self._image, self._plain, torch_kernel),
            "one pass, cut at the longest text": partial(self._step, self._image, trimmed, torch_kernel),
            "attention kernel of the device": partial(self._step, self._image, trimmed, kernel),
            "texts packed": partial(self._step, self._image, self._packed, kernel),
        }
        if self.rows_alone:
            rows["rows of the embedding alone"] = partial(self._step, self._image, self._packed, kernel, rows=True)
        if self.compiled:
            rows["blocks compiled"] = self.ours
        return rows if plain else dict(list(rows.items())[-1:])

    def ours(self) -> None:
        """The step that the training loop takes."""
        self._step(self._image, self._packed, partial(self._kernel, self.compiled), rows=self.rows_alone)

    def parts(self) -> dict[str, Callable[[], None]]:
        """Our step in parts, each from the state that the one before leaves."""
        return {
            "limit: its linear products alone": linear_products(self.linears(), self.rows, self.dtype, self.device),
            "forward and backward": self._ours_forward_backward,
            "norm and clipping": lambda: void(clip_gradients(self.parameters, 1.0, SINGLE_PROCESS)),
            "optimizer": self._update,
        }

    def linears(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of every linear layer of the text tower."""
        shapes = []
        for block in self.network.transformer.resblocks:
            width = block.attn.embed_dim
            hidden = block.mlp.c_fc.out_features
            shapes += [(width, 3 * width), (width, width), (width, hidden), (hidden, width)]
        return shapes

    def _step(
        self,
        image: Callable[[], Tensor],
        texts: Callable[[], dict[str, Tensor]],
        kernel: Callable[[], contextlib.AbstractContextManager[None]],
        rows: bool = False,
    ) -> None:
        self.network.token_embedding.sparse = rows
        self._forward_backward(image, texts, kernel)
        clip_gradients(self.parameters, 1.0, SINGLE_PROCESS)
        optimizer = self.optimizer if rows else self.plain_optimizer
        optimizer.step()
        optimizer.zero_grad()

    def _forward_backward(
        self,
        image: Callable[[], Tensor],
        texts: Callable[[], dict[str, Tensor]],
        kernel: Callable[[], contextlib.AbstractContextManager[None]],
    ) -> None:
        with kernel():
            with torch.autocast(self.device, self.dtype, enabled=self.dtype != torch.float32):
                views = {"image": image(), **texts()}
            self.module.score(views, self.groups)["total"].backward()

    def _ours_forward_backward(self) -> None:
        self.network.token_embedding.sparse = self.rows_alone
        self.optimizer.zero_grad()
        self._forward_backward(self._image, self._packed, partial(self._kernel, self.compiled))

    @contextlib.contextmanager
    def _kernel(self, compiled: bool) -> Iterator[None]:
        """The device's attention kernel; blocks as they are compiled, or as they were written."""
        with fast_attention(self.device), eager(self.compiled and not compiled):
            yield

    def _update(self) -> None:
        # A row-sparse gradient of the table is taken by the step; the next round brings a new one.
        self.optimizer.step()

    def _image(self, features: bool = True) -> Tensor:
        return self.features if features else self.encoder.encode_image(self.pixels)

    def _plain(self) -> dict[str, Tensor]:
        return {view: self.network.encode_text(tokens) for view, tokens in self.tokens.items()}

    def _trimmed(self) -> dict[str, Tensor]:
        return self._one_pass(text_pass.encode_text_trimmed)

    def _packed(self) -> dict[str, Tensor]:
        return self._one_pass(encode_text_packed)

    def _one_pass(self, encode: Callable[[nn.Module, Tensor, Tensor], Tensor]) -> dict[str, Tensor]:
        tokens = torch.cat(list(self.tokens.values()))  # (3B, L)
        read = encode(self.network, tokens, text_pass.end_of_text(self.network, tokens))  # (3B, W)
        encoded = read @ self.network.text_projection
        return dict(zip(VIEWS, encoded.chunk(len(VIEWS)), strict=True))


def words(lengths: Iterable[int], context: int, end: int) -> Tensor:
    """Token ids (B, L): start, random words, end-of-text, zeros."""
    lengths = list(lengths)
    tokens = torch.zeros(len(lengths), context, dtype=torch.long)
    for row, length in zip(tokens, lengths, strict=True):
        row[:length] = torch.randint(1, end - 1, (length,))
        row[0], row[length - 1] = end - 1, end
    return tokens


def linear_products(
    shapes: Iterable[tuple[int, int]], rows: int, dtype: torch.dtype, device: str
) -> Callable[[], None]:
    """Forward, input gradient and weight gradient of linear layers, each with weights and inputs of its own."""
    layers = [
        tuple(torch.randn(*shape, dtype=dtype, device=device) for shape in ((rows, a), (b, a), (rows, b)))
        for a, b in shapes
    ]

    def run() -> None:
        for x, weight, gradient in layers:
            x @ weight.T
            gradient @ weight
            gradient.T @ x

    return run


def void(_: object) -> None:
    return None


if __name__ == "__main__":
    main()
