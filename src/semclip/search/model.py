"""The model of an index: how it is named, how it is recognised, how pictures and texts become unit rows.

torch is imported where a model is: an index can be opened and looked through without one.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.protocols import DualEncoder
from semclip.data.readers.base import say
from semclip.evaluation.identify import untrained
from semclip.search.photo import UprightPicture

#: What `semclip index` takes where no model is named.
DEFAULT_MODEL = "ViT-B-32/laion2b_s34b_b79k"
#: Two models are one where the cosine of what they make of the same picture and text is at least this.
_SAME = 0.9999


class Model:
    """An encoder on its device, as the index uses it. spec: what `load_model` takes to find it again."""

    def __init__(self, encoder: DualEncoder, spec: str, device: Any = "cpu") -> None:
        self.encoder, self.spec, self.device = encoder, spec, device
        self.dimension = int(encoder.embed_dim)
        self.trained_on_queries = bool(getattr(encoder, "trained_on_queries", False))
        if random := untrained(encoder):
            say(f"{spec}: {random}: what it finds, it finds by chance")

    def pictures(self, inputs: Sequence[Any]) -> np.ndarray:
        """(B, D) float32 of unit length from what `load_image` gave; NaN in rows that have no direction."""
        import torch

        with torch.inference_mode():
            return _unit(self.encoder.encode_image(torch.stack(list(inputs)).to(self.device)))

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """(B, D) float32 of unit length."""
        import torch

        with torch.inference_mode():
            return _unit(self.encoder.encode_text(self.encoder.tokenize(list(texts)).to(self.device)))

    def stamp(self) -> dict[str, Any]:
        """What the index keeps to recognise its model, ready for JSON.

        fingerprint: of weights and preprocessing, where the model has one. probe: what it makes of a text and, where it
        reads pixels, of a fixed picture; for models without a fingerprint.
        """
        from semclip.models.backends.base import Encoder

        fingerprint = ""
        if isinstance(self.encoder, Encoder):
            fingerprint = f"{self.encoder.image_fingerprint()}-{self.encoder.text_fingerprint()}"
        return {
            "spec": self.spec,
            "name": str(getattr(self.encoder, "label", self.encoder.name)),
            "dimension": self.dimension,
            "fingerprint": fingerprint,
            "probe": [] if fingerprint else [[float(x) for x in row] for row in self._probe()],
        }

    def _probe(self) -> np.ndarray:
        rows = [self.texts(["a photo of two dogs on a beach, but no people"])]
        if getattr(self.encoder, "reads_pixels", True):
            ramp = np.linspace(0, 255, 64).astype(np.uint8)
            picture = Image.fromarray(np.stack(np.broadcast_arrays(ramp, ramp[:, None], ramp[::-1]), axis=-1))
            ref = UprightPicture.of("probe", Path("probe.ppm"), picture)
            rows.append(self.pictures([self.encoder.load_image(ref)]))
        return np.concatenate(rows)


def refuse_another(stored: dict[str, Any], model: Model, where: str) -> None:
    """Raises UserError where the index was made with another model."""
    found = model.stamp()
    same = stored["dimension"] == found["dimension"] and stored["fingerprint"] == found["fingerprint"]
    if same and stored["probe"]:
        a, b = np.array(stored["probe"]), np.array(found["probe"])
        same = a.shape == b.shape and bool((np.sum(a * b, axis=1) >= _SAME).all())
    if not same:
        raise UserError(
            f"this index belongs to the model {stored['spec']}, and you gave {found['spec']}"
            f"{'' if stored['spec'] != found['spec'] else ', whose weights are others by now'}",
            where=where,
            fix="another model needs another index: name a new one with --index, or "
            + ("leave --model out to use its own" if stored["spec"] != found["spec"] else "put its old weights back"),
        )


def file_of(spec: str) -> Path:
    """The file or folder of a model that is named by one; of another, a path where nothing is."""
    return Path(spec.rpartition(":")[0] if ".py:" in spec else spec)


def portable(spec: str, base: Path | None) -> str:
    """`./run` for a model below the folder `base`, so that both can be moved together; the rest as it is."""
    if base is None or not Path(spec).is_relative_to(base):
        return spec
    return f"./{Path(spec).relative_to(base).as_posix()}"


def found_at(stored: str, base: Path | None) -> str:
    """What `load_model` takes for a spec that `portable` gave."""
    return str(base / stored) if base is not None and stored.startswith("./") else stored


def load_model(spec: str, device: str = "auto") -> Model:
    """The model called `spec`: a run, a saved model, `ARCHITECTURE/TAG`, `hf:ID`, or `FILE.py:NAME`.

    Raises UserError where there is none; for the default model without a network, one that says what to name instead.
    """
    from semclip.models.backends.base import Encoder
    from semclip.models.load import load
    from semclip.models.python_object import load_object

    place = _place(device)
    if ".py:" in spec:
        made = load_object(spec)
        return Model(made.to(place) if isinstance(made, Encoder) else made, _absolute(spec), place)
    try:
        encoder = load(spec)
    except UserError as error:
        if spec != DEFAULT_MODEL:
            raise
        raise UserError(
            f"no model was named, and the default, {DEFAULT_MODEL}, is not to be had: {error.what}",
            where=error.where,
            fix="semclip index FOLDER --model RUN, with a run folder, such as runs/demo/seed0/finetune/semclip, or a "
            "saved model; or type the command once where there is a network",
        ) from error
    try:
        return Model(encoder.to(place), _absolute(spec), place)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"cannot use this device: {error}", where=f"--device {device}", fix="--device cpu") from error


def _place(device: str) -> str:
    """`auto`: a GPU of this process's own where there is one."""
    if device != "auto":
        return device
    import torch

    count = torch.cuda.device_count()
    return f"cuda:{int(os.environ.get('LOCAL_RANK', '0')) % count}" if count else "cpu"


def _absolute(spec: str) -> str:
    """Folders and files by their full path: the index is used from other folders, too."""
    path, colon, name = spec.rpartition(":") if ".py:" in spec else (spec, "", "")
    return f"{Path(path).resolve()}{colon}{name}" if Path(path).exists() else spec


def _unit(rows: Any) -> np.ndarray:
    wide = rows.detach().float().cpu().numpy()
    with np.errstate(all="ignore"):
        unit: np.ndarray = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return unit
