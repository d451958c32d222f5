"""The shape of a model configuration: types, ranges and size, checked before a network is built from it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from open_clip.model import CLIPTextCfg, CLIPVisionCfg
from open_clip.transform import PreprocessCfg
from pydantic import BaseModel, ConfigDict, Field

from semclip.core.errors import UserError
from semclip.core.shape import shaped

_FIX = "mend the key named above, or save the model again"

#: The largest value of any whole number in a configuration: a vocabulary. Layers, as they are built one by one.
_LARGEST, _MOST_LAYERS = 10_000_000, 1_000
#: The largest CLIP has 18 billion parameters.
_MOST_PARAMETERS = 30_000_000_000
#: A network that may be built to see whether its weights fit.
_SMALL = 1_000_000_000


class Configuration(BaseModel):
    """open_clip's `model_cfg`; what its towers' sections hold is checked against open_clip's own classes."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    embed_dim: int = Field(ge=1, le=_LARGEST)
    vision_cfg: dict[str, Any]
    text_cfg: dict[str, Any]
    custom_text: bool = False
    quick_gelu: bool = False


class SavedModel(BaseModel):
    """What open_clip reads of the file `open_clip_config.json`."""

    model_config = ConfigDict(protected_namespaces=())

    model_cfg: dict[str, Any]
    preprocess_cfg: dict[str, Any] = {}


def refuse_misshapen(model_cfg: Mapping[str, Any], where: str, weights_bytes: int | None = None) -> None:
    """Raise UserError for a configuration that open_clip would stumble over, or that would fill the memory.

    weights_bytes: size of the file of its weights, which says how large the network can be.
    """
    for key in ("embed_dim", "vision_cfg", "text_cfg"):
        if key not in model_cfg:
            raise UserError(
                f"the model configuration lacks '{key}'",
                where=where,
                fix="give embed_dim, vision_cfg and text_cfg, as open_clip's model_configs do",
            )
    found = shaped(Configuration, dict(model_cfg), "a model configuration", where, _FIX)
    for kind, section, name in (
        (CLIPVisionCfg, found.vision_cfg, "vision_cfg"),
        (CLIPTextCfg, found.text_cfg, "text_cfg"),
    ):
        _refuse_unknown(kind, section, f"a model configuration ('{name}')", where)
        _refuse_out_of_range(section, name, where)
    least = _least_parameters(found)
    # A parameter takes a byte at least. Of small networks the weights themselves say what does not fit.
    most = _MOST_PARAMETERS if weights_bytes is None else max(weights_bytes, _SMALL)
    if least > most:
        raise UserError(
            f"this configuration makes {least:,} parameters or more; "
            + (f"its weights are {weights_bytes:,} bytes" if weights_bytes is not None else f"{most:,} are the most"),
            where=where,
            fix=_FIX,
        )


def refuse_misshapen_preprocessing(settings: Mapping[str, Any], where: str) -> None:
    """Raise UserError for settings of open_clip's transform of another type or out of range."""
    known = [field.name for field in dataclasses.fields(PreprocessCfg)]
    unknown = sorted(set(map(str, settings)) - set(known))
    if unknown:
        raise UserError(f"unknown preprocessing '{unknown[0][:60]}'", where=where, fix=f"known: {', '.join(known)}")
    given = {key: value for key, value in settings.items() if value is not None}
    found = shaped(PreprocessCfg, given, "preprocessing of images", where, _FIX)
    sizes = found.size if isinstance(found.size, tuple) else (found.size,)
    sound = (
        all(1 <= size <= 10_000 for size in sizes)
        and len(found.mean) == len(found.std) == 3
        and all(abs(value) < 1e6 for value in (*found.mean, *found.std))
        and all(value > 0 for value in found.std)
        and 0 <= found.fill_color <= 255
    )
    if not sound:
        what = "size is 1 to 10,000 pixels, mean and std are three numbers, std above 0, and fill_color is 0 to 255"
        raise UserError(f"this is not preprocessing of images: {what}", where=where, fix=_FIX)


def _refuse_unknown(kind: type[Any], section: Mapping[str, Any], what: str, where: str) -> None:
    known = {field.name for field in dataclasses.fields(kind)}
    unknown = sorted(set(map(str, section)) - known)
    if unknown:
        raise UserError(f"this is not {what}: unknown key '{unknown[0][:60]}'", where=where, fix=_FIX)
    # open_clip's own configurations say null for what does not apply, whatever the type of the field is.
    shaped(kind, {key: value for key, value in section.items() if value is not None}, what, where, _FIX)


def _refuse_out_of_range(section: Mapping[str, Any], name: str, where: str) -> None:
    for key, value in section.items():
        for number in value if isinstance(value, list | tuple) else (value,):
            most = _MOST_LAYERS if key == "layers" else _LARGEST
            if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) > most:
                what = f"'{name}.{key}' is {str(number)[:30]}, more than {most:,}"
                raise UserError(f"this is not a model configuration: {what}", where=where, fix=_FIX)


def _least_parameters(found: Configuration) -> int:
    """Parameters that its transformers have at least; 0 for towers of other libraries."""
    text, vision = (
        {key: value for key, value in section.items() if value is not None}
        for section in (found.text_cfg, found.vision_cfg)
    )
    least = 0
    if not text.get("hf_model_name"):
        width = int(text.get("width", CLIPTextCfg.width))
        least += 12 * int(text.get("layers", CLIPTextCfg.layers)) * width**2
        least += (int(text.get("vocab_size", CLIPTextCfg.vocab_size)) + int(text.get("context_length", 0))) * width
    layers, width = vision.get("layers", CLIPVisionCfg.layers), vision.get("width", CLIPVisionCfg.width)
    if not vision.get("timm_model_name") and isinstance(layers, int):
        least += 12 * layers * int(width) ** 2
    return least + found.embed_dim
