"""The data of a run: what its config names, also where the command is called from another folder."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semclip.core.errors import UserError

if TYPE_CHECKING:
    from semclip.data.load import DataConfig


def is_run(model: str) -> bool:
    return (Path(model) / "config.yaml").is_file() and (Path(model) / "model").is_dir()


def data_config(model: str, data: str, images: str) -> "DataConfig":
    """The data file that was named, else that of the run."""
    from semclip.core.config import load_config, parse
    from semclip.data.load import DataConfig

    if data:
        return DataConfig(path=data, images=images)
    if not is_run(model):
        raise UserError("which data?", where=f"'{model}' is no run folder", fix="give --data FILE")
    path = Path(model) / "config.yaml"
    section: Any = load_config(path).get("data")
    if not isinstance(section, dict):
        raise UserError("the run's config has no section 'data'", where=str(path), fix="give --data FILE")
    config = parse(DataConfig, {**section, **({"images": images} if images else {})}, where=str(path))
    return _found(config, Path(model))


def _found(config: "DataConfig", run: Path) -> "DataConfig":
    """With a `root` from which the data file is there: the run was trained in another folder than this one.

    Looked for are the folder of the training, which run.json names, and the folders above the run. Where run.json has
    the file's hash, only a file of that content is it. Raises UserError that lists the places.
    """
    from semclip.core.files import read_json, sha256_file
    from semclip.data.load import data_file

    path = data_file(config)
    if path.is_absolute() or path.exists() or "{" in str(path):
        return config
    info = read_json(run / "run.json") if (run / "run.json").is_file() else {}
    info = info if isinstance(info, Mapping) else {}
    hashes: Any = info.get("data_sha256")
    wanted = hashes.get(path.name) if isinstance(hashes, Mapping) else None
    trained_in = [Path(info["folder"])] if isinstance(info.get("folder"), str) else []
    places = list(dict.fromkeys([*trained_in, *run.resolve().parents]))
    for place in places:
        found = place / path
        if found.exists() and (not wanted or not found.is_file() or sha256_file(found) == wanted):
            return replace(config, root=str(place / Path(config.root).expanduser()))
    raise UserError(
        f"the data of the run, '{path}', is not here, nor below {', '.join(map(str, places[:3]))}"
        + (" with the content that it was trained on" if wanted else ""),
        where=str(run / "config.yaml"),
        fix="give --data FILE, and --images FOLDER where its images lie elsewhere",
    )
