"""Loading a model by its name: a run, a saved folder, an open_clip pair, or a section of a config."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from semclip.core.addresses import refuse_address
from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.files import read_json
from semclip.core.registry import FAMILIES
from semclip.models.adapt.what_trains import WhatTrains
from semclip.models.backends.base import Encoder
from semclip.models.checkpoint_file import section_of_file


@dataclass(frozen=True, kw_only=True)
class SavedSection:
    """Section `model:` with `from`: a saved model, frozen in part.

    features, rows: another features file for a model of the backend `features`.
    """

    folder: str
    features: str = ""
    rows: str = ""


def load(spec: str) -> Encoder:
    """The model called `spec`, in evaluation mode.

    A run folder (with `model/` inside), a saved model's folder (ours or one that open_clip loads as local-dir), also
    written `local-dir:FOLDER`; `ARCHITECTURE/TAG` of open_clip (`ViT-B-32/laion2b_s34b_b79k`); `ARCHITECTURE/FILE` of
    weights, or ARCHITECTURE/TAG:FILE where the file does not say which tag's settings it has, or a file alone where
    open_clip's training left its settings; `ARCHITECTURE/random` for random weights; or
    `hf:ID` of transformers (`hf:openai/clip-vit-base-patch32`).
    Raises UserError for anything else, and for an architecture alone: random weights must be asked for.
    """
    refuse_address(spec, where="the model")
    path = Path(spec.removeprefix("local-dir:")).expanduser()
    if path.is_dir():
        return _load_folder(path).eval()
    if spec.startswith("hf:"):
        return create({"backend": "transformers", "name": spec.removeprefix("hf:")}, where=f"model '{spec}'").eval()
    if path.is_file():
        return create(section_of_file(path), where=str(path)).eval()
    architecture, _, weights = spec.partition("/")
    tag, colon, rest = weights.partition(":")  # ARCHITECTURE/TAG:FILE says what a file's weights were trained as
    for file, trained_as in ((weights, ""), (rest, tag) if colon else ("", "")):
        if file and Path(file).expanduser().is_file():
            section = {"backend": "open_clip", "name": architecture, "pretrained": str(Path(file).expanduser())}
            return create(section | ({"trained_as": trained_as} if trained_as else {}), where=f"model '{spec}'").eval()
    if weights == "random":
        return _random(architecture, spec)
    if spec.startswith("hf-hub:"):
        repository = spec.removeprefix("hf-hub:")
        raise UserError(
            f"'{spec}' names a repository of the hub", where=spec, fix=f"run `hf download {repository}`, and name the "
            "folder that it prints; or name the model by its open_clip tag, ARCHITECTURE/TAG",
        )  # fmt: skip
    if spec.startswith(("local-dir:", ".", "~")) or path.is_absolute() or spec.count("/") > 1:
        raise UserError(
            f"no model folder '{spec}', and no file of weights",
            where=spec,
            fix="name a folder (a run, or what a run exported as `model/`), or a file as ARCHITECTURE/FILE; a config "
            "that starts from a run of yours takes it as model.from=RUN",
        )
    try:
        return _pretrained(spec)
    except UserError as error:
        if not error.what.startswith("no architecture"):
            raise
        raise UserError(
            f"'{spec}' is neither a folder nor an open_clip architecture", where=error.where, fix=error.fix
        ) from error


def _pretrained(spec: str) -> Encoder:
    """`ARCHITECTURE/TAG`. An architecture alone is refused, since its weights would be random."""
    import open_clip

    from semclip.models.architectures import architecture_config

    where = f"model '{spec}'"
    if "/" not in spec:
        architecture_config(spec, where)
        tags = open_clip.list_pretrained_tags_by_model(spec)
        known = f"write {spec}/TAG with one of {', '.join(tags)}; " if tags else ""
        raise UserError(
            f"'{spec}' names an architecture and no weights, so that they would be random",
            where=where,
            fix=f"{known}{spec}/FILE for weights in a file; {spec}/random if random weights are meant",
        )
    return create({"backend": "open_clip", "name": spec}, where=where).eval()


def _random(architecture: str, spec: str) -> Encoder:
    encoder = create({"backend": "open_clip", "name": architecture}, where=f"model '{spec}'").eval()
    encoder.label = spec
    return encoder


def create(section: Mapping[str, Any], where: str) -> Encoder:
    """The model of a config's section `model:`.

    `{backend: open_clip, name: ViT-B-32/openai}`, `{backend: features, features: X.npy, rows: X.jsonl, ...}`, or
    `{from: FOLDER}` for a saved one; each with the keys of `adapt.what_trains.WhatTrains`, such as `freeze: [image]`.
    Raises UserError for unknown keys, backends and parts, and for towers that cannot be adapted as asked.
    """
    values = dict(section)
    adapting = {field.name: values.pop(field.name) for field in fields(WhatTrains) if field.name in values}
    if not isinstance(adapting.get("freeze", []), list | tuple):
        found = adapting["freeze"]
        raise UserError(f"'freeze' is a list of parts, found {found!r}", where=where, fix="write `freeze: [image]`")
    what_trains = parse(WhatTrains, adapting, where)
    source, backend = values.pop("from", None), values.pop("backend", None)
    if (source is None) == (backend is None):
        raise UserError(
            "a model is made by a `backend` or taken `from` a folder: give one of the two",
            where=where,
            fix=f"backend is one of {', '.join(FAMILIES['backends'].names())}",
        )
    if source is not None:
        encoder = _load_saved(parse(SavedSection, {"folder": str(source), **values}, where), where)
    else:
        cls = FAMILIES["backends"].get(str(backend))
        encoder = cls.create(parse(cls.Config, values, where), where)
    what_trains.apply(encoder, values.get("seed"), where)
    return encoder


def _load_saved(section: SavedSection, where: str) -> Encoder:
    from semclip.models.backends.features import FeatureEncoder

    encoder = load(section.folder)
    if section.rows and not section.features:
        raise UserError("`rows` without the `features` they name", where=where, fix="give `features`, too")
    if section.features:
        if not isinstance(encoder, FeatureEncoder):
            raise UserError(
                "this model reads pixels, not a features file", where=where, fix="leave `features` and `rows` out"
            )
        encoder = encoder.with_features(section.features, section.rows)
    return encoder.train()


def _load_folder(folder: Path) -> Encoder:
    if (folder / "model").is_dir():
        folder = folder / "model"
    if (folder / "open_clip_config.json").is_file():
        return FAMILIES["backends"].get("open_clip").load(folder)
    if (folder / "semclip_config.json").is_file():
        saved = read_json(folder / "semclip_config.json")
        backend = saved.get("backend") if isinstance(saved, dict) else None
        if not isinstance(backend, str):
            raise UserError(
                "no `backend` in the file", where=str(folder / "semclip_config.json"), fix="save the model again"
            )
        return FAMILIES["backends"].get(backend).load(folder)
    if (folder / "config.json").is_file():  # what transformers' `save_pretrained` writes
        return FAMILIES["backends"].get("transformers").load(folder)
    raise UserError(
        "no model in this folder",
        where=str(folder),
        fix="it must hold open_clip_config.json, semclip_config.json or config.json, or a folder `model` with one",
    )
