"""nCLIP: image and text predict each other's distribution over latent clusters, without negatives.

    L = CE + l1 EH - l2 HE      (xCLIP without its contrastive term; terms and shapes as there)

Columns: image, caption.
Paper: arXiv 2210.09304. A RECONSTRUCTION, see xclip.
When to use: to study non-contrastive agreement alone. Zero-shot accuracy is low by design, because no term compares an
image with a caption directly.
"""

from dataclasses import dataclass, replace

from semclip.objectives.xclip import XCLIP


class NCLIP(XCLIP):
    """xCLIP with contrastive weight 0."""

    paper = replace(XCLIP.paper, equation="CE + l1 EH - l2 HE")

    @dataclass(frozen=True, kw_only=True)
    class Config(XCLIP.Config):
        contrastive_weight: float = 0.0
        noncontrastive_weight: float = 1.0
