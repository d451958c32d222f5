"""Interpolation between the weights of two models: WiSE-FT, which restores what fine-tuning lost."""

import copy
import json
from collections.abc import Mapping
from typing import Any

import torch

from semclip.core.errors import UserError
from semclip.models.adapt.lora import is_plain, plain_state
from semclip.models.backends.base import Encoder


@torch.no_grad()
def interpolate(base: Encoder, tuned: Encoder, alpha: float) -> Encoder:
    """theta = (1 - alpha) theta_base + alpha theta_tuned, weight by weight: a new model, in evaluation mode.

    alpha: from 0, the base bit for bit, to 1, the tuned model bit for bit. The logit scale is interpolated as it is
    trained: its logarithm. Running statistics are interpolated; whole numbers are the nearer model's. LoRA in one of
    the two is merged.
    Raises UserError for an alpha elsewhere, and where the two are no models of one architecture (heads, activation and
    pooling included) and preprocessing: what differs is named.
    Paper: "Robust fine-tuning of zero-shot models" (arXiv 2109.01903), equation 1.
    When to use: after any fine-tune, where ordinary ability was lost. Use `semclip interpolate` to choose alpha.
    """
    if not 0 <= alpha <= 1:
        raise UserError(f"alpha is {alpha:g}", where="interpolate", fix="a number from 0 (base) to 1 (tuned)")
    refuse_unlike(base, tuned)
    first, second = plain_state(base), plain_state(tuned)
    plain = base if is_plain(base) else tuned
    middle = copy.deepcopy(plain).eval()
    middle.label = tuned.label
    ends = [model for model, share in ((base, 1 - alpha), (tuned, alpha)) if share]
    middle.random_parts = tuple(p for p in ends[0].random_parts if p in ends[-1].random_parts)
    middle.trained_on_queries = all(model.trained_on_queries for model in ends)
    for name, weight in middle.state_dict().items():
        start, end = first[name].to(weight), second[name].to(weight)
        nearer = start if alpha < 0.5 else end
        weight.copy_(torch.lerp(start, end, alpha) if weight.is_floating_point() else nearer)
    return middle


def refuse_unlike(base: Encoder, tuned: Encoder) -> None:
    """Raise UserError unless every weight of one has its place in the other, and both read the same inputs."""
    first, second = plain_state(base), plain_state(tuned)
    unlike = [f"'{name}' is in one only" for name in sorted(first.keys() ^ second.keys())]
    unlike += [
        f"'{name}' is {tuple(first[name].shape)} and {tuple(second[name].shape)}"
        for name in first.keys() & second.keys()
        if first[name].shape != second[name].shape
    ]
    if type(base) is not type(tuned):
        unlike.insert(0, f"backends {base.name} and {tuned.name}")
    elif not unlike:
        unlike += _other_settings(base.architecture_settings(), tuned.architecture_settings())
    if not unlike and base.preprocessing_fingerprint() != tuned.preprocessing_fingerprint():
        unlike.append("they preprocess images differently, or read features of different networks")
    if not (unlike or is_plain(base) or is_plain(tuned)):
        unlike.append("both hold LoRA that is not merged yet, as it is in every saved model")
    if unlike:
        more = f" and {len(unlike) - 3:,} more" if len(unlike) > 3 else ""
        raise UserError(
            f"no model lies between these two: {'; '.join(unlike[:3])}{more}",
            where=f"{base.label} and {tuned.label}",
            fix="name the model that the fine-tune started from, and the fine-tune",
        )


def _other_settings(first: Any, second: Any, place: str = "") -> list[str]:
    """What two nested settings do not have in common."""
    if not (isinstance(first, Mapping) and isinstance(second, Mapping)):
        same = json.dumps(first) == json.dumps(second)  # a file makes lists of tuples
        return [] if same else [f"'{place}' is {first} and {second}"]
    found = []
    for key in sorted(first.keys() | second.keys()):
        found += _other_settings(first.get(key), second.get(key), f"{place}.{key}" if place else key)
    return found
