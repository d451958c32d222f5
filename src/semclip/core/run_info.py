"""Information that makes a run reproducible: command, code, versions, hardware, seeds, data."""

import functools
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PACKAGES = ("semclip", "torch", "torchvision", "open_clip_torch", "lightning", "numpy", "scipy", "pillow")


def run_info(seed: int | None = None, data_sha256: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The record saved as `run.json`, ready for JSON."""
    return {
        "command": " ".join(sys.argv),
        "folder": str(Path.cwd()),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "git": git_hash(),
        "python": platform.python_version(),
        "versions": versions(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "cpu": _cpu_name(),
        "seed": seed,
        "data_sha256": dict(data_sha256 or {}),
    }


def made() -> dict[str, str]:
    """Command, date and commit, for a file that one command leaves."""
    return {"command": " ".join(sys.argv), "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "git": git_hash()}


def versions() -> dict[str, str]:
    """Installed versions of the packages that decide the numbers."""
    return {package: _version(package) for package in _PACKAGES}


@functools.cache
def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


@functools.cache
def git_hash() -> str:
    """The commit of the source tree, with `+changes` where files differ from it; "" outside a checkout, such as in an
    environment that lies inside another project's repository."""
    here = Path(__file__)
    try:
        git = ["git", "-C", str(here.parent)]
        subprocess.run([*git, "ls-files", "--error-unmatch", here.name], capture_output=True, check=True)
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+changes" if changed.strip() else "")


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
