"""Base class of exports: a folder that another library reads, written whole, and compared before it is kept."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.files import write_text
from semclip.core.registry import FAMILIES
from semclip.models.backends.base import Encoder
from semclip.models.backends.features import FeatureEncoder
from semclip.models.folder import replace_folder

#: What every export is compared on: denials, capitals, an accent, nothing at all, and more than any context holds.
PROBE_TEXTS = (
    "a photo of two dogs on a beach, but no people",
    "A red circle; it isn't left of the Blue square!",
    "un café à Zürich, 3 €, “it’s” &amp; more",
    "",
    "a very long caption " * 60,
)


@dataclass(frozen=True)
class Exported:
    """What was written. said: sentences for people: how equal it is, sizes, speed."""

    folder: Path
    said: Sequence[str]


@dataclass(frozen=True)
class Reading:
    """How the folder is read. library: its name on the Hub. code: Python to run inside it, beside a `picture.jpg`."""

    library: str
    code: str


class Export:
    """One target. `semclip export MODEL --to NAME` calls `write`.

    needs: the modules that the export itself imports.
    """

    name: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()

    @dataclass(frozen=True, kw_only=True)
    class Config:
        pass

    def __init__(self, config: Any) -> None:
        self.config = config

    @classmethod
    def create(cls, name: str, options: Mapping[str, Any] | None = None) -> "Export":
        """The export called `name`, with hyphens or underscores. Raises UserError for an unknown name or option."""
        plain = name if ".py:" in name else name.replace("-", "_")
        export: type[Export] = FAMILIES["exports"].get(plain)
        return export(parse(export.Config, dict(options or {}), where=f"export '{name}'"))

    def write(self, encoder: Encoder, folder: Path, card: str = "") -> Exported:
        """Write `folder`, which must be new or empty; it appears when it is complete and gives equal embeddings.

        card: the text of README.md, from `semclip.reports.model_card`; "" for none.
        Raises UserError for a model that this target cannot hold (with the reason), a library that is missing, a folder
        that holds something, a full disk, and embeddings that come out different.
        """
        reason = self.why_not(encoder)
        if reason:
            raise UserError(
                f"this model cannot be exported to {self.shown}: {reason}", where=encoder.label, fix=self.otherwise()
            )
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError("there is something here already", where=str(folder), fix="name a new folder: --out FOLDER")
        for module in self.needs:
            need(module, f"exporting to {self.shown}")
        said = [f"warning: {encoder.untrained()}"] if encoder.random_parts else []

        def fill(temporary: Path) -> None:
            with quiet_math():
                said.extend(self.fill(encoder.float().cpu().eval(), temporary))
            if card:
                write_text(temporary / "README.md", card)

        replace_folder(folder, fill)
        return Exported(folder, said)

    def why_not(self, encoder: Encoder) -> str:
        """Why this target cannot hold a model, in a few words; "" where it can."""
        return ""

    def otherwise(self) -> str:
        """What to type instead."""
        return "`semclip list exports` shows the other targets"

    def reading(self, encoder: Encoder) -> Reading:
        """How people read what is written of this model."""
        raise NotImplementedError

    def fill(self, encoder: Encoder, folder: Path) -> Sequence[str]:
        """Write the files and compare what they give with the encoder. Returns what to say of it."""
        raise NotImplementedError

    @property
    def shown(self) -> str:
        """The name as people type it."""
        return self.name.replace("_", "-")


def reads_no_pixels(encoder: Encoder) -> str:
    """Why a model without an image tower of its own cannot be exported; "" for others."""
    if isinstance(encoder, FeatureEncoder):
        return "its image side looks rows up in a features file, so there is no image tower to take along"
    return ""


def need(module: str, what: str) -> Any:
    """The module. Raises UserError with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(
            f"{what} needs {module.partition('.')[0]}: {error}", where=module, fix="pip install 'semclip[export]'"
        ) from error


def probe_pictures() -> list[Image.Image]:
    """Fixed pictures, none of them square: a ramp, noise, and stripes."""
    ramp = np.linspace(0, 255, 96).astype(np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    stripes = np.repeat((np.arange(120) // 5 % 2 * 255).astype(np.uint8)[None], 64, axis=0)
    return [
        Image.fromarray(np.stack(np.broadcast_arrays(ramp, ramp[:64, None], ramp[::-1]), axis=-1)),
        Image.fromarray(noise),
        Image.fromarray(stripes).convert("RGB"),
    ]


def furthest(mine: Any, theirs: Any) -> float:
    """The greatest difference between two sets of rows (B, D), each row brought to unit length."""
    a, b = (torch.as_tensor(np.asarray(rows)).double() for rows in (mine, theirs))
    a, b = (rows / rows.norm(dim=1, keepdim=True) for rows in (a, b))
    return float((a - b).abs().max())


def refuse_different(what: str, difference: float, allowed: float) -> None:
    """Raises UserError where an export gives other embeddings than the model; also where they are not numbers."""
    if not difference <= allowed:
        raise UserError(
            f"the {what} embeddings of the export differ by up to {difference:.1e}; {allowed:.0e} is allowed",
            where="comparison before the folder is kept",
            fix="nothing was written; please report this with the model's configuration",
        )


@contextmanager
def quiet_math() -> Iterator[None]:
    """Without gradients, in full float32."""
    with torch.inference_mode(False), torch.no_grad(), torch.autocast("cpu", enabled=False):
        yield


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Without the bars and remarks of the libraries; errors are still raised."""
    import logging

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def folder_mb(folder: Path) -> float:
    """Megabytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
