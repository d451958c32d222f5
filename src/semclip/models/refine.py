"""From dense features to a label for every pixel: class scores, and the refinements of MaskCLIP."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

#: What cosines are multiplied with before a softmax over classes: CLIP's own largest logit scale, as published.
SHARPNESS = 100.0
#: MaskCLIP's own prompts of a class (arXiv 2112.01071), beside the 80 of CLIP for ImageNet.
SCENE_TEMPLATES = (
    "there is a {} in the scene",
    "there is the {} in the scene",
    "this is a {} in the scene",
    "this is the {} in the scene",
    "this is one {} in the scene",
)
#: The score of a class that prompt denoising has dropped from an image.
DROPPED = -100.0


def published_templates() -> tuple[str, ...]:
    """All 85 prompts of the paper, with `{}` where the class name goes. open_clip carries the 80."""
    import open_clip

    return (*(template("{}") for template in open_clip.OPENAI_IMAGENET_TEMPLATES), *SCENE_TEMPLATES)


def classifier(embeddings: Tensor) -> Tensor:
    """(K, D) unit rows: per class the mean of its prompts' unit embeddings, normalised. embeddings: (K, P, D) raw."""
    return F.normalize(F.normalize(embeddings, dim=-1).mean(dim=1), dim=-1)


def cosines(features: Tensor, classes: Tensor) -> Tensor:
    """(B, K, h, w) cosines of features (B, h, w, D), raw, with unit class rows (K, D); in float32 or better."""
    wide = torch.promote_types(torch.promote_types(features.dtype, classes.dtype), torch.float32)
    unit = F.normalize(features.to(wide), dim=-1)
    return (unit @ classes.to(wide).T).permute(0, 3, 1, 2)


def denoise(scores: Tensor, threshold: float) -> Tensor:
    """Prompt denoising: a class that no position is sure of is dropped from its image.

    P = softmax_k(100 s);  s_k <- -100 everywhere in the image where max over positions of P_k < threshold.

    scores: (B, K, h, w) cosines. When every class is dropped all scores are equal, and argmax says class 0.
    Paper: arXiv 2112.01071, section 3.2 (threshold 0.5).
    """
    best = (SHARPNESS * scores).softmax(dim=1).amax(dim=(2, 3), keepdim=True)  # (B, K, 1, 1)
    return scores.masked_fill(best < threshold, DROPPED)


def smooth(
    scores: Tensor, keys: Tensor, axis: Literal["channels", "positions"] = "channels", threshold: float = 1.0
) -> Tensor:
    """Key smoothing: the classes of a position are those of all positions, weighted by how like their keys are.

    P = softmax_k(100 s);  P_i <- sum_j w_ij P_j  where max_k P_ik < threshold;  w_ij = k_i . k_j, keys normalised.

    scores: (B, K, h, w) cosines; keys: (B, h, w, C). Returns (B, K, h, w) in the space of probabilities: the weights do
    not sum to one, so values may exceed 1 or be negative. All positions are updated from the old P.
    axis: `channels` makes w the cosine of the paper. `positions` is what the released code does, by a fault: each
    channel is normalised over the positions. It used a transformer's keys after the output projection
    (`DenseMap.released_keys`). Memory: (h w)^2 per image.
    Paper: arXiv 2112.01071, section 3.2.
    """
    probabilities = (SHARPNESS * scores).softmax(dim=1).flatten(2)  # (B, K, N)
    unit = F.normalize(keys.to(scores.dtype).flatten(1, 2), dim=2 if axis == "channels" else 1)  # (B, N, C)
    weights = unit @ unit.transpose(1, 2)  # (B, N, N), symmetric
    unsure = probabilities.amax(dim=1, keepdim=True) < threshold  # (B, 1, N)
    return torch.where(unsure, probabilities @ weights, probabilities).reshape(scores.shape)


def upsample(scores: Tensor, size: tuple[int, int], padded: tuple[int, int] | None = None) -> Tensor:
    """(B, K, h, w) -> (B, K, H, W), bilinear, align_corners=False. size: H, W.

    padded: the sides that the grid covers (`h * stride`), where the image was padded to a multiple of the stride. The
    map is enlarged to those and cut, so that no label moves; the released code squeezes it into the image instead,
    which shifts labels by up to the padding.
    """
    enlarged = F.interpolate(scores, size=padded or size, mode="bilinear", align_corners=False)
    return enlarged[..., : size[0], : size[1]]


def probabilities(scores: Tensor, smoothed: bool) -> Tensor:
    """(B, K, H, W) non-negative, sum 1 over classes: softmax(100 cosine), or smoothed scores clamped and rescaled."""
    if not smoothed:
        return (SHARPNESS * scores).softmax(dim=1)
    positive = scores.clamp(min=0)
    return positive / positive.sum(dim=1, keepdim=True).clamp(min=torch.finfo(scores.dtype).tiny)


def with_background(scores: Tensor, classes: int, threshold: float, smoothed: bool) -> Tensor:
    """(B, 1 + K, H, W), the background's score first; (B, K, H, W) as they are where nothing says what background is.

    scores: (B, K + P, H, W), K = `classes` and then P prompts of the background, which scores as the best of them.
    threshold: a pixel is background, too, where no class has this probability (`probabilities` over the K classes).
    """
    own, prompts = scores[:, :classes], scores[:, classes:]
    if not prompts.shape[1] and not threshold:
        return scores
    best = own.amax(dim=1, keepdim=True)  # (B, 1, H, W)
    ground = prompts.amax(dim=1, keepdim=True) if prompts.shape[1] else best - 1  # below every class
    if threshold:
        unsure = probabilities(own, smoothed).amax(dim=1, keepdim=True) < threshold
        ground = torch.where(unsure, best + 1, ground)
    return torch.cat([ground, own], dim=1)
