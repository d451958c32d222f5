"""What goes wrong silently, said aloud: non-finite losses, constant embeddings, a loss that never leaves chance."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from semclip.core.errors import UserError

#: A loss within this distance of ln(batch) is chance.
_NEAR_CHANCE = 0.02
#: Said only after this many logged values in a row: a fresh model starts at chance.
_PATIENCE = 3


def refuse_non_finite(terms: Mapping[str, Tensor], gradient_norm: Tensor, step: int) -> None:
    """Stop the run at the first loss or gradient that is NaN or infinite, and name the step and the parts."""
    bad = [name for name, value in terms.items() if not bool(torch.isfinite(value))]
    if not bool(torch.isfinite(gradient_norm)):
        bad.append("gradient norm")
    if bad:
        raise UserError(
            f"not a finite number at step {step}: {', '.join(bad)}",
            where=f"training step {step}; the last checkpoint is untouched",
            fix="lower train.learning_rate, set train.precision=32-true, or look for broken inputs with "
            "`semclip data check`",
        )


class ChanceGuard:
    """Says once that the contrastive loss sits at ln(batch): the embeddings are constant, or the pairs are shuffled."""

    def __init__(self, batch_size: int) -> None:
        self.chance = math.log(batch_size) if batch_size > 1 else math.nan
        self.seen = 0

    def message(self, terms: Mapping[str, float]) -> str:
        """A warning, or "" while there is nothing to say. The contrastive loss is named so, or given by direction."""
        directions = [terms[name] for name in ("image_to_text", "text_to_image") if name in terms]
        if "contrastive" not in terms and not directions:
            return ""
        contrastive = terms["contrastive"] if "contrastive" in terms else sum(directions) / len(directions)
        self.seen = self.seen + 1 if abs(contrastive - self.chance) < _NEAR_CHANCE else 0
        if self.seen != _PATIENCE:
            return ""
        return (
            f"contrastive loss = {contrastive:.3f} = ln(batch size) = {self.chance:.3f}: the model does no better than "
            "chance. Embeddings may be constant, or images and captions shuffled; look at `semclip data check`."
        )


def constant_embeddings(similarities: Mapping[str, float]) -> str:
    """A warning when image-text similarities hardly vary over examples (view -> standard deviation), else ""."""
    flat = [view for view, spread in similarities.items() if spread < 1e-4]
    if not flat:
        return ""
    return f"similarities of {', '.join(flat)} are the same for every example: the embeddings have collapsed."
