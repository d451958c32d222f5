"""Frozen image towers for features files: open_clip, transformers, or torchvision without its last layer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import ImageRef
from semclip.models.backends.base import Encoder
from semclip.models.backends.transformers import MODEL_TYPES, Transformers, image_settings
from semclip.models.folder import fingerprint, read_weights, refuse_non_finite_weights, unreadable_weights
from semclip.models.hf import loading, plain_settings, transformers_library
from semclip.models.pretrained import find_on_hub

_TORCHVISION = "torchvision:"
_TRANSFORMERS = "hf:"


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
    """The tower called `spec`.

    `torchvision:NAME` with a file of weights, an image model of transformers (`hf:facebook/dinov2-small`, or a folder),
    or whatever `semclip.models.load` reads.

    Raises UserError for unknown names, missing weights, and models without an image tower.
    """
    if spec.startswith(_TORCHVISION):
        return _torchvision_tower(spec, weights)
    ours = (Path(spec) / "open_clip_config.json").is_file()
    if not weights and (spec.startswith(_TRANSFORMERS) or ((Path(spec) / "config.json").is_file() and not ours)):
        return _transformers_tower(spec)
    return _open_clip_tower(spec, weights)


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
    return _of_encoder(encoder, encoder.architecture if not Path(spec).is_dir() else spec, encoder.preprocess.settings)


def _of_encoder(encoder: Encoder, network: str, preprocessing: dict[str, Any]) -> ImageTower:
    images = encoder.load_image, encoder.encode_image
    return ImageTower(network, encoder, *images, preprocessing, encoder.image_fingerprint())


def _transformers_tower(spec: str) -> ImageTower:
    """An image model alone, read by its pooled row, or the image side of a dual encoder."""
    library = transformers_library(f"--model {spec}")
    source = spec.removeprefix(_TRANSFORMERS)
    find_on_hub(source, f"--model {spec}")
    with loading(f"transformers cannot load an image model '{source}'", f"--model {spec}"):
        config = library.AutoConfig.from_pretrained(source)
        if config.model_type in MODEL_TYPES:
            encoder = Transformers.create(Transformers.Config(name=source), where=f"--model {spec}").eval()
            return _of_encoder(encoder, source, image_settings(encoder.processor))
        network = library.AutoModel.from_pretrained(source, dtype=torch.float32).eval()
        processor = library.AutoImageProcessor.from_pretrained(source)
    if network.main_input_name != "pixel_values":
        raise UserError(
            f"'{source}' is a model of type {config.model_type}, which reads no images",
            where=f"--model {spec}",
            fix="name an image model, such as hf:facebook/dinov2-small",
        )
    refuse_non_finite_weights(network.named_parameters(), Path(source))

    def encode(pixels: Tensor) -> Tensor:
        found = network(pixel_values=pixels)
        pooled = getattr(found, "pooler_output", None)
        # Without a pooler, the class token stands for the image.
        return found.last_hidden_state[:, 0] if pooled is None else pooled.flatten(1)

    preprocessing = image_settings(processor)
    settings = {"config": plain_settings(config.to_dict()), "preprocess": preprocessing}
    return ImageTower(
        network=source,
        module=network,
        load_image=lambda ref: processor(images=read_rgb(ref), return_tensors="pt")["pixel_values"][0],
        encode=encode,
        preprocessing=preprocessing,
        fingerprint=fingerprint(network.state_dict().items(), settings),
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
        raise UserError("the tower does not give one row per image", where=tower.network, fix="choose another network")
    return features.float().cpu()
