"""The front door: what `import semclip` gives. Libraries are imported where they are used, so the import is quick."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from semclip.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray
    from PIL.Image import Image

    from semclip.core.example import ImageRef
    from semclip.core.protocols import DualEncoder
    from semclip.evaluation.metrics.result import Result
    from semclip.models.exports.base import Exported
    from semclip.training.config import TrainConfig

#: A model: a loaded one, or a name that `load` takes.
Model = Union[str, Path, "DualEncoder"]
#: A picture: a file, a PIL image, or an array (H, W, 3) of bytes.
Picture = Union[str, Path, "Image", "NDArray[np.uint8]"]


@dataclass(frozen=True)
class Trained:
    """A run that has ended. folder: holds `model/`. results: on the test split, by benchmark; none without one."""

    folder: Path
    results: Mapping[str, "Result"]


def sample(folder: str | Path) -> Path:
    """Copy the sample of the package to a new folder: ten pictures and a data file, whose path is returned.

    Raises UserError where the folder holds something.

    >>> semclip.sample("photos")
    PosixPath('photos/scenes.jsonl')
    """
    import shutil
    from importlib import resources

    out = Path(folder)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError("the folder is not empty", where=str(out), fix="name a new folder")
    with resources.as_file(resources.files("semclip") / "sample") as shipped:
        shutil.copytree(shipped, out, dirs_exist_ok=True)
    return out / "scenes.jsonl"


def load(model: str | Path, device: str = "auto") -> "DualEncoder":
    """A model by its name, in evaluation mode, on a device; `auto` is a GPU where there is one.

    A run folder, a saved model's folder, `ARCHITECTURE/TAG` of open_clip, `ARCHITECTURE/random`, `hf:ID`
    of transformers, or `FILE.py:NAME`. Raises UserError for anything else.

    >>> model = semclip.load("semclip-tiny-48/random", device="cpu")
    >>> model.embed_dim
    128
    """
    from torch import nn

    from semclip.models.device import find_device
    from semclip.models.load import load as load_encoder
    from semclip.models.python_object import load_object

    place, name = find_device(device), str(model)
    encoder: DualEncoder = load_object(name) if ".py:" in name else load_encoder(name)
    if isinstance(encoder, nn.Module):
        encoder.to(place)
    return encoder


def encode_images(model: Model, images: Sequence[Picture], batch_size: int = 64) -> "NDArray[np.float32]":
    """Rows (N, D) of unit length, one for each picture, in their order.

    Pixels are taken as they are stored, as in training: EXIF rotation is not applied. Raises UserError for a picture
    that cannot be read, by its name, and for a model that gives no direction.

    >>> _ = semclip.sample("pictures")
    >>> semclip.encode_images("semclip-tiny-48/random", ["pictures/images/test-00000.png"]).shape
    (1, 128)
    """
    import numpy as np

    encoder = load(model) if isinstance(model, str | Path) else model
    refs = [_reference(number, image) for number, image in enumerate(images)]
    if not refs:
        return np.zeros((0, encoder.embed_dim), np.float32)
    return _encodings(encoder, refs, [], batch_size).image(refs).astype(np.float32)


def encode_texts(model: Model, texts: Sequence[str], batch_size: int = 256) -> "NDArray[np.float32]":
    """Rows (N, D) of unit length, one for each text, in their order.

    >>> semclip.encode_texts("semclip-tiny-48/random", ["a red circle", "no red circle"]).shape
    (2, 128)
    """
    import numpy as np

    if isinstance(texts, str):
        raise UserError("one text, where a list of texts is read", where="encode_texts", fix="give [text]")
    encoder = load(model) if isinstance(model, str | Path) else model
    if not texts:
        return np.zeros((0, encoder.embed_dim), np.float32)
    return _encodings(encoder, [], texts, batch_size).text(texts).astype(np.float32)


def similarity(a: "ArrayLike", b: "ArrayLike") -> "NDArray[np.float64]":
    """cos(a_i, b_j): (N, M) cosines of every row of a (N, D) with every row of b (M, D), of any length.

    Raises UserError for rows of different widths, and for a row of zeros, which has no direction.

    >>> semclip.similarity([[1, 0], [3, 4]], [[2, 0], [0, 1]]).round(2).tolist()
    [[1.0, 0.0], [0.6, 0.8]]
    """
    import numpy as np

    first, second = (np.atleast_2d(np.asarray(rows, np.float64)) for rows in (a, b))
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        what = f"rows of shape {first.shape} and {second.shape} do not compare"
        raise UserError(what, where="similarity", fix="give rows (N, D) and (M, D) of the same model")
    lengths = [np.linalg.norm(rows, axis=1, keepdims=True) for rows in (first, second)]
    if not all(np.isfinite(length).all() and length.all() for length in lengths):
        raise UserError("a row is all zeros or not finite", where="similarity", fix="leave it out")
    product: NDArray[np.float64] = (first / lengths[0]) @ (second / lengths[1]).T
    return product


def train(
    config: str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | Sequence[str] = (),
    out: str | Path | None = None,
    *,
    resume: bool = False,
    quiet: bool = False,
) -> Trained:
    """Train a model, export its best checkpoint to `out/model/` and evaluate it on the test split.

    config: a YAML file, a shipped config, or a mapping, which may say `extends: NAME` as files do.
    overrides: `{"train.steps": 20}` or `["train.steps=20"]`. out: the run folder; None: `runs/NAME`. resume: continue a
    stopped run exactly. Raises UserError before the first step for whatever would stop the run later.

    >>> _ = semclip.sample("photos")
    >>> tiny = {"name": "semclip-tiny-48", "pretrained": ""}
    >>> run = semclip.train(
    ...     {"extends": "clip", "data": {"path": "photos/scenes.jsonl"}, "model": tiny},
    ...     {"train.steps": 2, "train.batch_size": 4},
    ...     out="runs/first",
    ...     quiet=True,
    ... )
    >>> round(run.results["retrieval"].metric("caption_r1").chance, 2)
    0.25
    >>> semclip.load(run.folder).embed_dim
    128
    """
    from semclip.core.console import make_console
    from semclip.core.launch import rank_of_process
    from semclip.training.loop import train as train_run

    parsed = train_config(config, overrides)
    folder = Path("runs") / parsed.name if out is None else Path(out)
    return Trained(folder, train_run(parsed, folder, make_console(quiet=quiet or rank_of_process() > 0), resume=resume))


def train_config(
    config: str | Path | Mapping[str, Any], overrides: Mapping[str, Any] | Sequence[str] = ()
) -> "TrainConfig":
    """What `train` would do, resolved. Raises UserError for unknown keys and missing or wrong values."""
    from semclip.core.config import find_config, parse, parse_config, resolve_config
    from semclip.training.config import TrainConfig

    given = _as_typed(overrides) if isinstance(overrides, Mapping) else list(overrides)
    if isinstance(config, Mapping):
        return parse(TrainConfig, resolve_config(config, given), where="config")
    return parse_config(TrainConfig, find_config(str(config)), given)


def evaluate(
    model: Model,
    benchmarks: str | Sequence[str] | Mapping[str, Mapping[str, Any]] = "all",
    data: str | Path = "",
    *,
    images: str | Path = "",
    split: str = "test",
    root: str | Path | None = None,
    allow_missing: bool = False,
    device: str = "auto",
    batch_size: int = 256,
    cache: str | Path | None = None,
) -> dict[str, "Result"]:
    """Results by benchmark, each metric with its interval, n, ties and chance.

    benchmarks: names or suites, or name -> options; `all` takes what the data, and `root`, can serve, and warns of the
    others. data: the data file; "": the one that a run was trained on. images: the folder that image names are relative
    to. root: the folder of public benchmarks. cache: a folder that keeps embeddings. Raises UserError.

    >>> data = semclip.sample("photos")
    >>> results = semclip.evaluate("semclip-tiny-48/random", ["retrieval"], data, split="all", device="cpu")
    >>> results["retrieval"].metric("caption_r1").n
    10
    """
    import warnings

    from semclip.evaluation.base import Sources
    from semclip.evaluation.run import RunOptions, run_tasks
    from semclip.evaluation.selection import select_benchmarks, select_tasks, with_data
    from semclip.models.device import find_device

    names = [part.strip() for part in benchmarks.split(",")] if isinstance(benchmarks, str) else list(benchmarks)
    place, folder = find_device(device), None if root is None else Path(root)
    label = str(model) if isinstance(model, str | Path) else ""
    selection = select_benchmarks(names, folder, benchmarks if isinstance(benchmarks, Mapping) else None)
    sources = Sources(root=folder, allow_missing=allow_missing)
    sources = with_data(sources, selection, label, str(data), str(images), split)
    encoder = load(model, device) if isinstance(model, str | Path) else model
    tasks, left_out = select_tasks(encoder, selection, sources)
    for name, why in left_out.items():
        warnings.warn(f"not run: {name}: {why}", stacklevel=2)
    kept = None if cache is None else Path(cache)
    return run_tasks(encoder, tasks, RunOptions(model=label, device=place, batch_size=batch_size, cache=kept))


def write_captions(
    rows: Iterable[Mapping[str, Any] | str],
    config: str | Path | Mapping[str, Any] = "rules",
    *,
    views: Sequence[str] = (),
    images: str | Path = "",
) -> list[dict[str, Any]]:
    """The rows with paraphrases, negations and absences written for them, each with verdicts and where it comes from.

    rows: captions, or rows as a data file has them; a picture is needed only by writers that look at it.
    config: a YAML file, a shipped one (`rules`), or a mapping. views: what to write; none: what the config says.
    A caption for which no text was accepted says why in `VIEW_refused`. Raises UserError for a row that cannot be read.

    >>> rows = semclip.write_captions(["A dog runs on the beach."], views=["negation"])
    >>> rows[0]["caption"], len(rows[0]["negations"])
    ('A dog runs on the beach.', 1)
    """
    from semclip.captions.config import CaptionsConfig
    from semclip.captions.memory import write_rows
    from semclip.core.config import find_config, parse, parse_config, resolve_config

    given = _as_typed({"views": list(views)} if views else {})
    if isinstance(config, Mapping):
        settings = parse(CaptionsConfig, resolve_config(config, given, "captions"), where="config")
    else:
        settings = parse_config(CaptionsConfig, find_config(str(config), "captions"), given, "captions")
    as_rows = [{"caption": row} if isinstance(row, str) else dict(row) for row in rows]
    return write_rows(as_rows, settings, Path(images), load)


def export(model: str | Path, to: str, out: str | Path | None = None, **options: Any) -> "Exported":
    """Write a model as a folder for another library: transformers, onnx, sentence-transformers or hub-folder.

    out: a new folder; None: `exports/TO` in the run, or here. options: of the target, such as `int8=True` of onnx.
    The result says how equal the two are. Raises UserError for a model that the target cannot hold, a missing library,
    a folder that is not empty, and a full disk.

    >>> semclip.export("semclip-tiny-48/random", "hub-folder", "published").folder
    PosixPath('published')
    """
    from semclip.evaluation.selection import is_run
    from semclip.models.exports.base import Export
    from semclip.models.load import load as load_encoder
    from semclip.reports.model_card import CardFacts, model_card

    target, name = Export.create(to, {key: value for key, value in options.items() if value}), str(model)
    run = Path(name) if is_run(name) else None
    folder = Path(out) if out else (run or Path()) / "exports" / to.rpartition(":")[2]
    encoder = load_encoder(name)
    reading = target.reading(encoder)
    facts = CardFacts(model=encoder.label, library=reading.library, code=reading.code, untrained=encoder.untrained())
    return target.write(encoder, folder, model_card(run, facts))


def _reference(number: int, image: Picture) -> "ImageRef":
    """What models read; pictures that are no files get names of their own."""
    from semclip.core.example import ImageRef

    if isinstance(image, str | Path):
        return ImageRef(str(image), Path(image))
    from PIL import Image

    from semclip.search.photo import UprightPicture

    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    return UprightPicture.of(f"picture {number}", Path(f"picture {number}.ppm"), picture.convert("RGB"))


def _encodings(encoder: "DualEncoder", refs: Sequence["ImageRef"], texts: Sequence[str], batch_size: int) -> Any:
    """Both, where the model is."""
    from semclip.evaluation.encodings import Encodings

    device: Any = "cpu"
    if hasattr(encoder, "parameters"):
        device = next((parameter.device for parameter in encoder.parameters()), device)
    return Encodings.compute(encoder, refs, texts, device, batch_size)


def _as_typed(overrides: Mapping[str, Any]) -> list[str]:
    """`{"a.b": value}` as `a.b=VALUE` in YAML."""
    import yaml

    def text(value: Any) -> str:
        plain = str(value) if isinstance(value, Path) else value
        return yaml.safe_dump(plain, default_flow_style=True, width=10**9).strip()

    return [f"{key}={text(value)}" for key, value in overrides.items()]
