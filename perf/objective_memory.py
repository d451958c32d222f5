"""How the memory of SuperCLIP and CyCLIP grows with the batch, part by part, against the published forms.

Run `python perf/objective_memory.py`. Peak bytes of tensors that live at once during forward and backward, above the
inputs, as torch's profiler hears them from the allocator: the same on every run, however busy the machine.
The published forms are made here: class targets as a B x V matrix, cyclic terms and contrastive loss from B x B
matrices. All forms of a part are checked to give the same loss. The contrastive loss is CLIP's own: it still compares
every pair, a chunk of the batch at a time, and keeps one byte per pair (which pairs share a group).
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from peak import peak_bytes
from semclip.core.protocols import EncoderInfo
from semclip.objectives import Features, Objective, create

VOCABULARY, TOKENS, WIDTH = 49_408, 77, 512  # CLIP's ids and caption length; W = D
ROUND = {"rtol": 1e-3, "atol": 1e-3}  # float32 sums over millions of pairs

Step = Callable[[], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--class-batches", type=int, nargs="+", default=[128, 256, 512, 1024])
    parser.add_argument("--pair-batches", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    arguments = parser.parse_args()
    superclip = create("superclip")
    superclip.setup(EncoderInfo(embed_dim=WIDTH, image_width=WIDTH))
    console = Console()
    console.print(f"torch {torch.__version__}, float32; V = {VOCABULARY}, L = {TOKENS}, D = W = {WIDTH}; peaks in MB")
    for title, batches, forms in (
        (
            "SuperCLIP's class head and loss, from pooled tokens (B, W)",
            arguments.class_batches,
            lambda rows: class_forms(superclip, rows),
        ),
        ("CyCLIP's cyclic terms, from embeddings (B, D)", arguments.pair_batches, cyclic_forms),
        ("The contrastive loss of both, from embeddings (B, D)", arguments.pair_batches, contrastive_forms),
    ):
        console.print(table(title, batches, forms))


def table(title: str, batches: Sequence[int], forms: Callable[[int], tuple[Step, Step]]) -> Table:
    """Peaks per batch size, and by what each grows when the batch does."""
    result = Table(title=title, title_justify="left")
    for column in ("batch", "ours", "published form", "published / ours"):
        result.add_column(column, justify="right")
    peaks = {}
    for rows in batches:
        torch.testing.assert_close(*(form() for form in forms(rows)), **ROUND)
        peaks[rows] = tuple(peak_bytes(partial(backward, forms(rows)[i])) for i in range(2))
    for rows, (mine, theirs) in peaks.items():
        result.add_row(str(rows), f"{mine / 1e6:.0f}", f"{theirs / 1e6:.0f}", f"{theirs / mine:.1f}")
    for (before, first), (after, second) in pairwise(peaks.items()):
        grown = [f"x {b / a:.2f}" for a, b in zip(first, second, strict=True)]
        result.add_row(f"{before} to {after}", *grown, "")
    return result


def backward(step: Step) -> None:
    step().backward()


def class_forms(superclip: Objective, rows: int) -> tuple[Step, Step]:
    """Ours, and targets as a matrix: set, weigh, normalise, multiply with the log-softmax."""
    source = torch.Generator().manual_seed(0)
    pooled = torch.randn(rows, WIDTH, generator=source).requires_grad_()
    ids = torch.randint(1, 40_000, (rows, TOKENS), generator=source)
    features = Features(logit_scale=1.0, image_pooled=pooled, caption_ids=ids)
    superclip.zero_grad()
    superclip.update(features)
    weights = superclip.idf_weights().float()  # (V,)

    def published() -> Tensor:
        present = torch.zeros(rows, VOCABULARY).scatter_(1, ids, 1.0)  # (B, V)
        weighted = weights * present  # (B, V)
        targets = weighted / weighted.sum(1, keepdim=True).clamp(min=1e-12)  # (B, V)
        return -(targets * superclip.head(pooled).log_softmax(1)).sum(1).mean()

    return lambda: superclip.class_part(features), published


def cyclic_forms(rows: int) -> tuple[Step, Step]:
    """Ours, and from the similarities of all pairs."""
    cyclip, features = create("cyclip"), pairs(rows)

    def published() -> Tensor:
        image, text = features.image, features.caption
        inmodal = (image @ image.T - text @ text.T).square().sum() / rows  # of (B, B) matrices
        cross = image @ text.T  # (B, B)
        return inmodal + (cross - cross.T).square().sum() / rows

    return lambda: torch.stack(cyclip.cyclic_terms(features)).sum(), published


def contrastive_forms(rows: int) -> tuple[Step, Step]:
    """Ours, and cross-entropy of the B x B logits and of their transpose."""
    clip, features = create("clip"), pairs(rows)

    def published() -> Tensor:
        logits = features.logit_scale * features.image @ features.caption.T  # (B, B)
        cross_entropy = torch.nn.functional.cross_entropy
        return (cross_entropy(logits, features.labels) + cross_entropy(logits.T, features.labels)) / 2

    return lambda: clip(features).total, published


def pairs(rows: int) -> Features:
    """Random embeddings of one batch."""
    source = torch.Generator().manual_seed(0)
    image, caption = (torch.randn(rows, WIDTH, generator=source).requires_grad_() for _ in range(2))
    return Features(logit_scale=14.3, image=image, caption=caption)


if __name__ == "__main__":
    main()
