"""Weights of an open_clip network: by open_clip's tag (in the local caches, or downloaded), in a file or a folder."""

import contextlib
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import huggingface_hub
import open_clip
from open_clip.factory import load_checkpoint
from open_clip.model import CLIP, CustomTextCLIP
from open_clip.pretrained import download_pretrained, get_pretrained_cfg

from semclip.core.addresses import refuse_address
from semclip.core.errors import UserError, did_you_mean
from semclip.models.checkpoint_file import plain_weights
from semclip.models.folder import UNREADABLE_WEIGHTS, refuse_non_finite_weights, unreadable_weights

#: Names of weights in a folder, in the order in which open_clip prefers them.
WEIGHT_FILES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
    "model.safetensors",
    "pytorch_model.bin",
    "pytorch_model.pth",
    "model.pth",
)
#: Names of weights that a repository of open_clip's may use, in the order in which open_clip tries them.
_HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
#: Seconds to wait for the server before saying that there is no network; the hub's own client retries for a minute.
_PATIENCE = 10


@dataclass(frozen=True)
class Pretrained:
    """A file of weights, and what its network was trained with."""

    file: Path
    quick_gelu: bool = False
    preprocess: dict[str, Any] = field(default_factory=dict)


def pretrained_weights(architecture: str, source: str, where: str, trained_as: str = "") -> Pretrained:
    """The weights called `source`: a file, or open_clip's tag for `architecture`.

    trained_as: the tag whose settings the weights in a file have; "": found out.
    Raises UserError for an unknown tag, and without a network one that says which file to put where.
    """
    from semclip.models.weights_settings import settings_of_file, settings_of_tag

    if Path(source).is_file():
        # A configuration of the user's own says all that a tag would.
        settings = settings_of_file(architecture, Path(source), trained_as, where) if architecture else (False, {})
        return Pretrained(Path(source), *settings)
    refuse_address(source, where)
    described = get_pretrained_cfg(architecture, source)
    if not described:
        tags = open_clip.list_pretrained_tags_by_model(architecture)
        raise UserError(
            f"'{source}' is neither a file nor a pretrained tag of {architecture}",
            where=where,
            fix=did_you_mean(source, tags)
            if tags
            else "name a file of weights that is there, or ask for random ones: `pretrained: ''` in the section model "
            f"(a config that extends another keeps what that one says), {architecture}/random on the command line",
        )
    file = _cached(described) or _download(described, f"{architecture}/{source}", where)
    return Pretrained(file, *settings_of_tag(described))


def _cached(settings: Mapping[str, Any]) -> Path | None:
    if settings.get("hf_hub"):
        repository, names = _hub_files(settings["hf_hub"])
        for name in names:
            found = huggingface_hub.try_to_load_from_cache(
                repository, name, cache_dir=huggingface_hub.constants.HF_HUB_CACHE
            )
            if isinstance(found, str):
                return Path(found)
        return None
    found_file = _url_cache(settings)
    return found_file if found_file.is_file() else None


def _download(settings: Mapping[str, Any], label: str, where: str) -> Path:
    server = huggingface_hub.constants.ENDPOINT if settings.get("hf_hub") else str(settings["url"])
    try:
        _refuse_without_network(server)
        return Path(download_pretrained(dict(settings)))
    except (OSError, RuntimeError, ValueError) as error:
        if settings.get("hf_hub"):
            repository, names = _hub_files(settings["hf_hub"])
            fix = (
                f"on a machine with a network run `hf download {repository} {names[0]}` (or {names[-1]}, whichever "
                f"exists), then {_copy_of_cache(repository)}"
            )
        else:
            fix = f"on a machine with a network download {settings['url']} and put it at {_url_cache(settings)}"
        raise UserError(
            f"the weights of {label} are not on this machine and cannot be downloaded: {error}",
            where=where,
            fix=fix + _elsewhere(label),
        ) from error


def _elsewhere(label: str) -> str:
    """SigLIP is on the hub in the form of transformers, too, and is read without a tokenizer's files from elsewhere."""
    if "siglip" not in label.lower():
        return ""
    return (
        "; or read the same kind of model with transformers: model='{backend: transformers, name: "
        "google/siglip-base-patch16-224}' in a config, hf:google/siglip-base-patch16-224 on the command line"
    )


def _refuse_without_network(server: str) -> None:
    """Raise OSError at once where the server cannot be reached."""
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        raise OSError("HF_HUB_OFFLINE is set")
    with contextlib.suppress(urllib.error.HTTPError):  # a refusal is an answer
        urllib.request.urlopen(urllib.request.Request(server, method="HEAD"), timeout=_PATIENCE).close()


def _copy_of_cache(repository: str) -> str:
    """What to do with a repository that another machine has downloaded, for a message."""
    folder = f"models--{repository.replace('/', '--')}"
    return f"copy its cache folder {folder} to {huggingface_hub.constants.HF_HUB_CACHE}/{folder}"


def find_on_hub(name: str, where: str) -> None:
    """Make sure that a model of the hub is a folder, in the cache, or to be had over the network.

    Raises UserError at once; the library itself retries for half a minute before it gives up.
    """
    if Path(name).is_dir():
        return
    if name.count("/") > 1 or name.startswith((".", "~", "/")):
        raise UserError(f"transformers cannot load '{name}': no such folder", where=where, fix="check the path")
    if isinstance(huggingface_hub.try_to_load_from_cache(name, "config.json"), str):
        return
    try:
        _refuse_without_network(huggingface_hub.constants.ENDPOINT)
    except OSError as error:
        raise UserError(
            f"transformers cannot load '{name}': it is neither a folder nor on this machine, and there is no network: "
            f"{error}",
            where=where,
            fix=f"on a machine with a network run `hf download {name}` and name the folder it prints, or "
            f"{_copy_of_cache(name)}",
        ) from error


def _hub_files(hub: str) -> tuple[str, tuple[str, ...]]:
    # open_clip writes "owner/repository/file", or "owner/repository/" for the default names.
    path = PurePosixPath(hub)
    if hub.endswith("/"):
        return str(path), _HUB_FILES
    safe = str(PurePosixPath(path.name).with_suffix(".safetensors"))
    return str(path.parent), (safe, path.name) if path.suffix in (".bin", ".pth") else (path.name,)


def _url_cache(settings: Mapping[str, Any]) -> Path:
    return Path.home() / ".cache" / "clip" / str(settings["url"]).rpartition("/")[2]


def load_into(network: CLIP | CustomTextCLIP, file: Path) -> None:
    """Load weights in any of open_clip's formats; pickles that need more than tensors are refused with a UserError."""
    from semclip.models.weights_settings import refuse_torchscript

    refuse_torchscript(file)
    try:
        with plain_weights(file) as plain:
            load_checkpoint(network, str(plain), strict=True, weights_only=True)
    except UNREADABLE_WEIGHTS as error:
        raise unreadable_weights(file, error) from error
    refuse_non_finite_weights(network.named_parameters(), file)


def find_weights(folder: Path) -> Path:
    """The file of weights in a saved model's folder. Raises UserError where there is none."""
    for name in WEIGHT_FILES:
        if (folder / name).is_file():
            return folder / name
    others = sorted(folder.glob("*.safetensors"))
    if len(others) == 1:
        return others[0]
    raise UserError(
        "no weights in the model folder",
        where=str(folder),
        fix=f"put {WEIGHT_FILES[0]} beside open_clip_config.json",
    )
