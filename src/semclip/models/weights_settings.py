"""A file of weights does not say which activation and normalisation they were trained with: found out, or asked for."""

import shlex
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import open_clip
from open_clip.pretrained import get_pretrained_cfg

from semclip.core.errors import UserError, did_you_mean
from semclip.core.files import read_json, sha256_file
from semclip.models.architectures import architecture_config

#: The part of a tag's description that is preprocessing.
PREPROCESS = ("mean", "std", "interpolation", "resize_mode")
#: What `trained_as` is where no tag fits: the architecture's own activation, open_clip's own preprocessing.
PLAIN = "plain"
#: How a file's path or content names the hash in it: at least so many letters of SHA-256.
_HASH_LETTERS = 8

#: What such archives list among their weights and is none.
_NO_WEIGHTS = ("input_resolution", "context_length", "vocab_size", "attn_mask")

Settings = tuple[bool, dict[str, Any]]


def settings_of_tag(settings: Mapping[str, Any]) -> Settings:
    """(QuickGELU, preprocessing) that open_clip's description of a tag names."""
    preprocess = {key: settings[key] for key in PREPROCESS if settings.get(key) is not None}
    return bool(settings.get("quick_gelu", False)), preprocess


def settings_of_file(architecture: str, file: Path, trained_as: str, where: str) -> Settings:
    """(QuickGELU, preprocessing) of weights in a file.

    As `trained_as` says; else as the configuration beside the file says; else as the pretrained tag that the file is,
    by its SHA-256; else as all tags of the architecture say. Raises UserError where they differ: nothing is assumed.
    """
    tags = {tag: get_pretrained_cfg(architecture, tag) for tag in open_clip.list_pretrained_tags_by_model(architecture)}
    if trained_as:
        if trained_as != PLAIN and trained_as not in tags:
            raise UserError(
                f"'{trained_as}' is no pretrained tag of {architecture}",
                where=f"{where}: trained_as",
                fix=f"{did_you_mean(trained_as, tags)} Or '{PLAIN}'.",
            )
        return (False, {}) if trained_as == PLAIN else settings_of_tag(tags[trained_as])
    beside = file.parent / "open_clip_config.json"
    if beside.is_file():
        return _beside(beside)
    kinds: dict[str, list[str]] = {}
    for tag, described in tags.items():
        kinds.setdefault(_shown(architecture, settings_of_tag(described)), []).append(tag)
    kinds.setdefault(_shown(architecture, (False, {})), []).append(PLAIN)
    if len(kinds) == 1:
        return False, {}
    known = _tag_of_content(file, tags)
    if known:
        return settings_of_tag(tags[known])
    ways = "; ".join(f"trained_as={names[0]}: {kind}" for kind, names in kinds.items())
    raise UserError(
        f"weights of {architecture} come with different settings, and a file does not say which: {', '.join(kinds)}",
        where=f"{where}: {file}",
        fix=f"say what they were trained or fine-tuned from. In a config, model.{ways}. On the command line, "
        f"{architecture}/TAG:{file}, such as {architecture}/{next(iter(kinds.values()))[0]}:{file}",
    )


def refuse_torchscript(file: Path) -> None:
    """Raise UserError, with the command that converts it, for an archive that holds a program beside the weights."""
    if not zipfile.is_zipfile(file):
        return
    with zipfile.ZipFile(file) as archive:
        if not any(name.split("/")[1:2] == ["code"] for name in archive.namelist()):
            return
    out = file.with_name(f"{file.stem}.weights.pt")
    code = (
        f"import torch; s = torch.jit.load({str(file)!r}, map_location='cpu').state_dict(); torch.save({{k: v.float() "
        f"for k, v in s.items() if k.split('.')[-1] not in {_NO_WEIGHTS}}}, {str(out)!r})"
    )
    raise UserError(
        "this is a TorchScript archive, as OpenAI's files are: it holds a program beside the weights, and is not run",
        where=str(file),
        fix=f"if you trust where it is from, convert it once with `python -c {shlex.quote(code)}` and name {out}",
    )


def _beside(path: Path) -> Settings:
    saved = read_json(path)
    if not isinstance(saved, dict) or not isinstance(saved.get("model_cfg"), dict):
        raise UserError("no `model_cfg` in the file", where=str(path), fix="save the model again")
    shown = saved.get("preprocess_cfg") or {}
    return bool(saved["model_cfg"].get("quick_gelu", False)), {k: shown[k] for k in PREPROCESS if k in shown}


def _tag_of_content(file: Path, tags: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The tag whose address holds the file's SHA-256, or its beginning, as those of OpenAI and open_clip do."""
    digest = sha256_file(file)
    for tag, described in tags.items():
        parts = str(described.get("url") or "").replace(".", "/").replace("-", "/").split("/")
        if any(len(part) >= _HASH_LETTERS and digest.startswith(part) for part in parts):
            return tag
    return None


def _shown(architecture: str, settings: Settings) -> str:
    """In words, so that equal settings are equal texts; the architecture may ask for QuickGELU itself."""
    quick, preprocess = settings
    quick = quick or bool(architecture_config(architecture, architecture).get("quick_gelu", False))
    default = get_pretrained_cfg("ViT-B-32", "laion2b_s34b_b79k")
    values = {key: preprocess.get(key) or default[key] for key in PREPROCESS}
    differing = [
        f"{key} {values[key]}" for key in PREPROCESS if tuple(_flat(values[key])) != tuple(_flat(default[key]))
    ]
    return " and ".join(["QuickGELU" if quick else "GELU", *differing])


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
