"""Architectures by name, open_clip's and ours, and the networks and tokenizers that they describe."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import open_clip
from open_clip.model import CLIP, CustomTextCLIP

from semclip.core.errors import UserError, did_you_mean, first_line
from semclip.models.configuration_shape import refuse_misshapen
from semclip.models.hf import transformers_library
from semclip.models.pretrained import find_on_hub
from semclip.models.tokens import LibraryTokenizer, Tokenizer

#: Ours, small enough to train on a laptop: name -> open_clip model configuration.
SMALL_ARCHITECTURES: dict[str, dict[str, Any]] = {
    # 16 patches of 12 pixels, four to each cell of a scene. Patches of 8 cost twice the time per step and, after equal
    # steps, knew less: caption R@1 42 against 58 on scenes after 300 steps (docs/log.md).
    "semclip-tiny-48": {
        "embed_dim": 128,
        "vision_cfg": {"image_size": 48, "patch_size": 12, "width": 128, "layers": 4, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 3},
    },
}


def architecture_config(name: str, where: str) -> dict[str, Any]:
    """The open_clip model configuration called `name`. Raises UserError for an unknown one."""
    if name in SMALL_ARCHITECTURES:
        return copy.deepcopy(SMALL_ARCHITECTURES[name])
    config = open_clip.get_model_config(name)
    if config is None or name.startswith(("hf-hub:", "local-dir:")):
        hint = did_you_mean(name, [*SMALL_ARCHITECTURES, *open_clip.list_models()])
        if hint.startswith("Known"):  # nothing is close, and the whole list would fill the screen
            hint = f"{', '.join(SMALL_ARCHITECTURES)}, or one of open_clip.list_models(), such as ViT-B-32"
        raise UserError(f"no architecture '{name}'", where=where, fix=hint)
    return config


def build_network(
    model_cfg: Mapping[str, Any], where: str, folder: Path | None = None, text_weights: bool = False
) -> CLIP | CustomTextCLIP:
    """The network of a configuration, with random weights. Raises UserError for a configuration that makes none.

    folder: of a saved model, which holds the configuration of a text tower of transformers. text_weights: give such a
    tower its own pretrained weights.
    """
    if "multimodal_cfg" in model_cfg:
        raise UserError("CoCa models are no plain dual encoders", where=where, fix="choose a CLIP architecture")
    refuse_misshapen(model_cfg, where, _weights_bytes(folder))
    config = copy.deepcopy(dict(model_cfg))
    text = config["text_cfg"]
    if text.get("hf_model_name"):
        transformers_library(where)
        text["hf_model_pretrained"] = text_weights
        if folder is not None and (folder / "config.json").is_file():  # that of the text model, as `save` writes it
            text["hf_model_name"] = str(folder)
        find_on_hub(text["hf_model_name"], where)
    if "timm_model_name" in config["vision_cfg"]:
        config["vision_cfg"]["timm_model_pretrained"] = False  # weights come from the model's own file, or not at all
    custom = config.pop("custom_text", False) or text.get("hf_model_name")
    try:
        return (CustomTextCLIP if custom else CLIP)(**config)
    except OSError as error:
        name = text.get("hf_model_name")
        raise UserError(
            f"the text model '{name}' cannot be read: {first_line(error)}",
            where=where,
            fix="check the name, or the files in the folder",
        ) from error
    except (TypeError, ValueError, KeyError, AssertionError, RuntimeError, ZeroDivisionError) as error:
        raise UserError(
            f"open_clip cannot build this configuration: {error}", where=where, fix="mend the key named above"
        ) from error


def build_tokenizer(
    model_cfg: Mapping[str, Any], where: str, folder: Path | None = None
) -> Tokenizer | LibraryTokenizer:
    """The tokenizer of a configuration; from the folder of a saved model, where it holds the files of one."""
    refuse_misshapen(model_cfg, where, _weights_bytes(folder))
    text = model_cfg["text_cfg"]
    length = int(text.get("context_length", 77))
    name = text.get("hf_tokenizer_name") or text.get("hf_model_name")
    if not name:
        return Tokenizer(length, text.get("tokenizer_kwargs"))
    saved = folder is not None and (folder / "tokenizer_config.json").is_file()
    source = str(folder) if saved else str(name)
    return LibraryTokenizer(source, length, text.get("tokenizer_kwargs"), where)


def _weights_bytes(folder: Path | None) -> int | None:
    """Size of all files of a saved model, its weights among them."""
    if folder is None:
        return None
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
