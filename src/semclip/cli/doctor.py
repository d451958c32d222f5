"""`semclip doctor`: what is installed here, what would be chosen, and whether a config fits this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semclip.training.config import TrainConfig

#: Bytes of one weight in float32 while it trains with AdamW: itself, its gradient, two moments.
_TRAINED = 16
#: Copies on disk of the model: `best/`, `model/`; a checkpoint holds weights and two moments.
_SAVED, _CHECKPOINT = 2, 3


def command(
    config: Annotated[str, typer.Argument(help="A training config, to see whether it fits here.")] = "",
    overrides: Annotated[list[str] | None, typer.Argument(help="a.b=value, as many as you like.")] = None,
) -> None:
    """Versions, devices, precision, cached weights and missing extras; disk and memory against a config."""
    for part in (_versions, _devices, _extras, _cached):
        _print(part())
    if config:
        from semclip.api import train_config

        _print(_against(train_config(config, overrides or [])))


def _print(lines: "Iterator[tuple[str, str]]") -> None:
    for name, said in lines:
        print(f"{name:<18}{said}")


def _versions() -> "Iterator[tuple[str, str]]":
    import platform

    from semclip.core.run_info import git_hash, versions

    commit = git_hash()
    for name, version in versions().items():
        yield name, version + (f" ({commit})" if name == "semclip" and commit else "")
    yield "python", f"{platform.python_version()} on {platform.platform()}"


def _devices() -> "Iterator[tuple[str, str]]":
    import os

    import torch

    from semclip.models.attention import kernel_choice
    from semclip.models.device import find_device
    from semclip.training.devices import resolve_precision

    device = find_device("auto")
    for number in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(number)
        yield f"cuda:{number}", f"{found.name}, {found.total_memory / 1e9:.0f} GB"
    if not torch.cuda.is_available():
        yield "cuda", "none that torch can use: training and search run on the CPU"
    yield "cpu", f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads"
    yield "chosen", f"{device}, precision {resolve_precision('auto')}, attention: {kernel_choice(device)}"


def _extras() -> "Iterator[tuple[str, str]]":
    """Extras of this package: installed, or the command that installs what is missing."""
    from importlib.metadata import PackageNotFoundError, metadata, requires

    from packaging.requirements import Requirement

    try:
        names = metadata("semclip").get_all("Provides-Extra") or []
        wanted = [Requirement(line) for line in requires("semclip") or []]
    except PackageNotFoundError:
        yield "extras", "unknown: semclip is not installed as a package; pip install -e . in its folder"
        return
    for extra in sorted(names):
        own = [r for r in wanted if r.marker is not None and r.marker.evaluate({"extra": extra})]
        missing = [r.name for r in own if not _is_there(r.name)]
        command = f"missing {', '.join(missing)}: pip install 'semclip[{extra}]'"
        yield f"extra {extra}", command if missing else "installed"


def _is_there(package: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _cached() -> "Iterator[tuple[str, str]]":
    """Weights in the caches that open_clip and transformers look into."""
    from huggingface_hub import constants, scan_cache_dir

    folder = Path(constants.HF_HUB_CACHE)
    repositories = sorted(scan_cache_dir(folder).repos, key=lambda r: r.repo_id) if folder.is_dir() else []
    for repository in repositories:
        yield "cached", f"{repository.repo_id}, {repository.size_on_disk / 1e6:,.0f} MB"
    own = Path.home() / ".cache" / "clip"
    files = sorted(own.iterdir()) if own.is_dir() else []
    for path in files:
        yield "cached", f"{path.name}, {path.stat().st_size / 1e6:,.0f} MB"
    if not (repositories or files):
        yield "cached", f"no weights in {folder} or {own}: the first use of a pretrained model downloads it"


def _against(config: "TrainConfig") -> "Iterator[tuple[str, str]]":
    """Disk and memory that a run needs, beside what is there."""
    import shutil

    from semclip.models.device import find_device
    from semclip.models.load import create
    from semclip.training.needs import free_memory

    encoder = create(dict(config.model), where=f"{config.name}: model")
    weights = [(p.numel(), p.requires_grad) for p in encoder.parameters()]
    count = sum(size for size, _ in weights)
    trained = sum(size for size, trains in weights if trains)
    yield "config", f"{config.name}: {encoder.label}, {count:,} weights, {trained:,} train"

    disk = (_SAVED * 4 * count + config.train.keep_checkpoints * (4 * count + (_CHECKPOINT - 1) * 4 * trained)) / 1e6
    disk += config.guards.free_disk_mb
    place = next(p for p in (Path("runs").absolute(), *Path("runs").absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free / 1e6
    yield "disk", f"{_verdict(disk, free)}: a run writes up to {disk:,.0f} MB, {free:,.0f} MB are free at {place}"

    memory = (4 * (count - trained) + _TRAINED * trained) / 1e6
    device = find_device("auto")
    there = free_memory(device)
    free_there = "free memory is not known here" if there is None else f"{there:,.0f} MB are free on {device}"
    yield (
        "memory",
        (
            f"{_verdict(memory, there)}: weights, gradients and AdamW's moments take {memory:,.0f} MB, {free_there}; "
            f"a batch of {config.train.batch_size} comes on top (train.micro_batch makes it smaller)"
        ),
    )


def _verdict(needed: float, there: float | None) -> str:
    if there is None:
        return "not compared"
    return "enough" if needed < there else "NOT ENOUGH"
