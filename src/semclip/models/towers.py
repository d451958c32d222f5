"""Frozen image towers for features files: any open_clip model, or a torchvision classifier without its last layer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import ImageRef
from semclip.models.folder import fingerprint, read_weights, refuse_non_finite_weights, unreadable_weights
from semclip.models.images import read_rgb

_TORCHVISION = "torchvision:"


@dataclass(frozen=True)
class ImageTower:
    """A network that turns images into rows of features.

    network: what the user calls it. preprocessing: what `load_image` does, ready for JSON.
    fingerprint: hash of weights and preprocessing; equal hashes give equal features.
    """

    network: str
    module: nn.Module
    load_image: Callable[[ImageRef], Tensor]
    encode: Callable[[Tensor], Tensor]
    preprocessing: dict[str, Any]
    fingerprint: str


def open_tower(spec: str, weights: str = "") -> ImageTower:
    """The tower called `spec`: `torchvision:NAME` with a file of weights, or whatever `semclip.models.load` reads.

    Raises UserError for unknown names, missing weights, and models without an image tower.
    """
    return _torchvision_tower(spec, weights) if spec.startswith(_TORCHVISION) else _open_clip_tower(spec, weights)


def _open_clip_tower(spec: str, weights: str) -> ImageTower:
    from semclip.models.backends.open_clip import OpenClip
    from semclip.models.load import create, load

    if weights:
        encoder = create({"backend": "open_clip", "name": spec, "pretrained": weights}, where=f"--model {spec}").eval()
    else:
        if not Path(spec).is_dir() and "/" not in spec:
            raise UserError(
                f"'{spec}' alone has random weights, whose features mean nothing",
                where="--model",
                fix=f"name a tag ({spec}/TAG), a saved model's folder, or give `--weights FILE`",
            )
        encoder = load(spec)
    if not isinstance(encoder, OpenClip):
        raise UserError("this model has no image tower", where=spec, fix="name an open_clip or torchvision model")
    return ImageTower(
        network=encoder.architecture if not Path(spec).is_dir() else spec,
        module=encoder,
        load_image=encoder.load_image,
        encode=encoder.encode_image,
        preprocessing=encoder.preprocess.settings,
        fingerprint=encoder.image_fingerprint(),
    )


def _torchvision_tower(spec: str, weights: str) -> ImageTower:
    import torchvision

    name = spec.removeprefix(_TORCHVISION)
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise UserError(f"torchvision has no classifier '{name}'", where="--model", fix=did_you_mean(name, known))
    default = torchvision.models.get_model_weights(name).DEFAULT
    if not weights:
        raise UserError(
            f"{spec} needs a file of weights",
            where="--weights",
            fix=f"download {default.url} and give it as `--weights FILE`",
        )
    file = Path(weights)
    if not file.is_file():
        raise UserError("no such file of weights", where=weights, fix=f"download {default.url}")
    module = torchvision.models.get_model(name, weights=None)
    try:
        module.load_state_dict(read_weights(file))
    except RuntimeError as error:  # names or shapes do not fit
        raise unreadable_weights(file, error) from error
    refuse_non_finite_weights(module.state_dict().items(), file)
    _remove_last_layer(module, spec)
    module.eval()
    transform = default.transforms()
    preprocessing = {
        "resize": list(transform.resize_size),
        "crop": list(transform.crop_size),
        "mean": [float(m) for m in transform.mean],
        "std": [float(s) for s in transform.std],
        "interpolation": transform.interpolation.value,
    }
    return ImageTower(
        network=spec,
        module=module,
        load_image=lambda ref: transform(read_rgb(ref)),
        encode=module,
        preprocessing=preprocessing,
        fingerprint=fingerprint(module.state_dict().items(), {"network": name, "preprocess": preprocessing}),
    )


def _remove_last_layer(module: nn.Module, spec: str) -> None:
    """Replace the last linear layer, the class scores, by the identity."""
    linear = [name for name, layer in module.named_modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise UserError(f"{spec} does not end in a linear layer", where="--model", fix="choose another network")
    parent, _, child = linear[-1].rpartition(".")
    setattr(module.get_submodule(parent), child, nn.Identity())


@torch.inference_mode()
def encode_batch(tower: ImageTower, inputs: Tensor) -> Tensor:
    """(B, W) float32 features on the CPU."""
    features = tower.encode(inputs)
    if features.ndim != 2:
        raise UserError("the tower gives no one row per image", where=tower.network, fix="choose another network")
    return features.float().cpu()
