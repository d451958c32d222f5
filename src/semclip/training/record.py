"""The record of a run: config.yaml and run.json, and whether a run may continue under the config it is given."""

import contextlib
import ctypes
import gc
import hashlib
import json
import resource
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from semclip.core.config import dump, load_config, parse, save_config
from semclip.core.errors import UserError
from semclip.core.example import TEXT_VIEWS, Example, ImageRef
from semclip.core.files import read_json, sha256_file, write_json
from semclip.core.run_info import run_info
from semclip.core.run_record import read_record
from semclip.data.load import data_file
from semclip.models.backends.base import Encoder
from semclip.objectives.base import saved_section
from semclip.training.config import TrainConfig
from semclip.training.defaults import OPTIONS, changed_defaults, completed, leaves, options
from semclip.training.devices import resolve_precision
from semclip.training.examples import Splits

#: Digests of the examples for validation and test, by id, to say what differs when a run is resumed.
HELD_OUT = "held_out.json"
#: Key of run.json: the precision that the run was begun in, which `auto` leaves to the machine.
PRECISION = "precision"

#: What may change between sessions of one run: nothing here changes what the weights become, but for rounding.
MAY_CHANGE = (
    "train.devices",
    "train.strategy",
    "train.workers",
    "train.micro_batch",
    "train.compile",
    "train.checkpoint_every",
    "train.keep_checkpoints",
    "model.gradient_checkpointing",
    "trackers",
    "guards",
)


def refuse_overwriting(run_folder: Path, config: TrainConfig, resume: bool, splits: Splits) -> list[str]:
    """A new run never writes over another; a resumed one must have been started with this config and these files.

    Returns what differs all the same, in sentences for people.
    """
    if (run_folder / "run.json").exists() and not resume:
        raise UserError(
            "a run of this name exists",
            where=str(run_folder),
            fix="continue it with --resume, choose another --out, or delete the folder",
        )
    if not resume:
        return []
    return [*refuse_another_config(run_folder, config, lambda: splits), *another_precision(run_folder, config)]


def another_precision(run_folder: Path, config: TrainConfig) -> list[str]:
    """What `train.precision: auto` is on this machine, where it was something else when the run was begun."""
    file = run_folder / "run.json"
    before = read_record(file).get(PRECISION) if file.exists() else None
    now = resolve_precision(config.train.precision)
    if before in (None, now):
        return []
    return [
        f"the run was begun in {before}, and this machine computes in {now} (train.precision=auto): the weights become "
        "others than those of an undisturbed run. Continue on a machine like the first, or start another run "
        f"with train.precision={before}"
    ]


def refuse_another_config(run_folder: Path, config: TrainConfig, splits: Callable[[], Splits]) -> list[str]:
    """A run continues, or counts as finished, only under the config and on the files it was started with.

    Keys in `MAY_CHANGE` may differ, and so may examples for validation and test, which no weight depends on: what does
    is returned in sentences. Raises UserError that lists each other key with both its values.
    """
    saved = run_folder / "config.yaml"
    record = run_folder / "run.json"
    known = read_record(record) if record.exists() else {}
    differing = differences(saved, config) if saved.exists() else {}
    begun_with = known.get(OPTIONS, {})  # what the saved config left to defaults: to name it now is no difference
    differing = {
        key: (old, new) for key, (old, new) in differing.items() if old is not None or begun_with.get(key) != new
    }
    differing = differing or changed_defaults(known, config)
    if differing:
        raise UserError(
            "the run was started with another config: "
            + "; ".join(f"{key} was {old!r}, is {new!r}" for key, (old, new) in differing.items()),
            where=str(saved),
            fix=_how_to_go_on(run_folder, differing),
        )
    before = known.get("data_sha256", {})
    now = input_hashes(config)
    changed = [name for name, digest in before.items() if now.get(name) != digest]
    if (run_folder / HELD_OUT).exists():  # then data files are compared example by example
        changed = [name for name in changed if name not in data_hash(config)]
    if changed:
        raise UserError(
            f"what this run was started with has changed since: {', '.join(changed)}",
            where=str(run_folder / "run.json"),
            fix="put the old files back, or choose another --out",
        )
    return changed_examples(read_json(record), run_folder, splits()) if (run_folder / HELD_OUT).exists() else []


def _how_to_go_on(run_folder: Path, differing: Mapping[str, Any]) -> str:
    then = " ".join(shlex.quote(f"{key}={json.dumps(old)}") for key, (old, _) in differing.items() if old is not None)
    fix = f"use the config it was started with{f' (set {then})' * bool(then)}, or another --out"
    if not {"train.steps", "train.epochs"} & set(differing):
        return fix
    return (
        f"{fix}. The learning rate follows the number of steps, so a run cannot be made longer; to train on, start "
        f"another from its weights: `semclip train CONFIG model.from={run_folder} train.steps=MORE --out "
        f"{run_folder}-longer`"
    )


def changed_examples(record: Mapping[str, Any], run_folder: Path, splits: Splits) -> list[str]:
    """What differs among the examples for validation and test from those a run was started with, in sentences.

    Raises UserError where the examples it trains on are others.
    """
    before, now = record["examples"], describe_examples(splits)
    if before["train"] != now["train"]:
        raise UserError(
            f"the examples this run trains on have changed since: {before['train']['count']:,} then, "
            f"{now['train']['count']:,} now, with the texts of {now['train']['sha256'][:8]} instead of "
            f"{before['train']['sha256'][:8]}",
            where=str(run_folder / "run.json"),
            fix="put the old rows back (only those for validation and test may change), or choose another --out",
        )
    told = []
    known = read_json(run_folder / HELD_OUT)
    for split, there in held_out_digests(splits).items():
        old = known.get(split, {})
        kinds = {
            "removed": [i for i in old if i not in there],
            "added": [i for i in there if i not in old],
            "changed": [i for i in there if i in old and old[i] != there[i]],
        }
        said = [f"{len(ids):,} {kind} (first '{ids[0]}')" for kind, ids in kinds.items() if ids]
        if said:
            also = "; the best so far was chosen on those of before" if split == "val" else ""
            told.append(f"the {split} examples are not those the run was started with: {', '.join(said)}{also}")
    return told


def describe_examples(splits: Splits) -> dict[str, Any]:
    """Of each split the number of examples and a hash of all that they hold."""
    described = {}
    for split, examples in (("train", splits.train), *splits.held_out().items()):
        digest = hashlib.sha256("".join(map(example_digest, examples)).encode()).hexdigest()
        described[split] = {"count": len(examples), "sha256": digest}
    return described


def held_out_digests(splits: Splits) -> dict[str, dict[str, str]]:
    """Split -> id -> digest of each example for validation and test."""
    return {
        split: {example.id: example_digest(example) for example in examples}
        for split, examples in splits.held_out().items()
    }


def example_digest(example: Example) -> str:
    """Sixteen letters that stand for all an example holds but its place in the file."""
    texts = [example.texts(view) for view in TEXT_VIEWS]
    images = [example.image.key, *(ref.key for ref in example.negative_images)]
    held = json.dumps([example.id, example.group, images, texts, dict(example.meta)], sort_keys=True, default=_as_text)
    return hashlib.sha256(held.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _as_text(cell: Any) -> str:
    """A cell that JSON has no form for, such as a date; a picture by its name, wherever the data lie now."""
    return cell.key if isinstance(cell, ImageRef) else str(cell)


def differences(saved: Path, config: TrainConfig) -> dict[str, tuple[Any, Any]]:
    """Keys, such as `train.learning_rate`, whose value in a saved config is another: key -> (saved, new)."""
    values = completed(load_config(saved))
    with contextlib.suppress(UserError):  # a file of an older version lacks keys, whose defaults it was run with
        values = dump(parse(TrainConfig, values, where=str(saved), saved=True))
        values["objective"] = saved_section(values["objective"])
    old, new = dict(leaves(values)), dict(leaves(dump(config)))
    return {
        key: (old.get(key), new.get(key))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key) and not any(key == free or key.startswith(f"{free}.") for free in MAY_CHANGE)
    }


def write_run_files(run_folder: Path, config: TrainConfig, encoder: Encoder, splits: Splits) -> None:
    """Write config.yaml, run.json and held_out.json; a resumed run keeps its record and adds a session."""
    path = run_folder / "run.json"
    info = run_info(config.seed, input_hashes(config))
    if path.exists():
        record = read_record(path)
        session = {k: info[k] for k in ("command", "started", "git", "data_sha256")}
        record["sessions"] = [*record.get("sessions", []), session]
    else:
        described = {"name": config.name, "role": config.role, "objective": dict(config.objective)}
        record = {**described, "model": encoder.label, **info, OPTIONS: options(config)}
        record[PRECISION] = resolve_precision(config.train.precision)
    # Only examples for validation and test can be others than before: what is evaluated is what the record names.
    record |= {"data_sha256": info["data_sha256"], "examples": describe_examples(splits)}
    write_json(run_folder / HELD_OUT, held_out_digests(splits), indent=None)
    save_config(run_folder / "config.yaml", dump(config))
    write_json(path, record)


def input_hashes(config: TrainConfig) -> dict[str, str]:
    """sha256 of all that a run is made from: the data files (`data_files`), none for a folder; by their keys each file
    that a data step or the model reads, `steps.0.mapping`, `model.features`, and the saved model `model.from`.
    """
    hashes = data_hash(config)
    for i, section in enumerate(config.steps):
        hashes |= _file_hashes(section, f"steps.{i}")
    hashes |= _file_hashes(config.model, "model")
    start = Path(str(config.model.get("from", ""))).expanduser()
    start = start / "model" if (start / "model").is_dir() else start  # a run folder stands for the model it exported
    if "from" in config.model and start.is_dir():
        parts = [f"{p.name} {sha256_file(p)}\n" for p in sorted(start.iterdir()) if p.is_file()]
        hashes["model.from"] = hashlib.sha256("".join(parts).encode()).hexdigest()
    return hashes


def data_files(config: TrainConfig) -> dict[str, tuple[str, Path]]:
    """The data file and those of further test sets, by their keys in the config, each with what the record calls it.

    That is the file's name or, where another file has that name, the key: `evaluate.tests.NAME`.
    """
    paths = {"data": config.data.path} | {
        f"evaluate.tests.{name}": path for name, path in config.evaluate.tests.items()
    }
    found, named = {}, dict[str, Path]()
    for key, path in paths.items():
        file = data_file(replace(config.data, path=path))
        found[key] = (file.name if named.setdefault(file.name, file) == file else key, file)
    return found


def data_hash(config: TrainConfig) -> dict[str, str]:
    """sha256 of the data file, and of those of further test sets, by what the record calls them; a folder has none."""
    return {name: sha256_file(file) for name, file in data_files(config).values() if file.is_file()}


def _file_hashes(section: Mapping[str, Any], name: str) -> dict[str, str]:
    paths = {key: Path(value).expanduser() for key, value in section.items() if isinstance(value, str)}
    return {f"{name}.{key}": sha256_file(path) for key, path in paths.items() if path.is_file()}


def finish_run_file(run_folder: Path, config: TrainConfig, cost: Mapping[str, Any]) -> None:
    """Add what the run cost to run.json."""
    found = {
        "finished": True,
        "steps": config.train.steps,
        "batch_size": config.train.batch_size,
        "peak_memory_mb": peak_memory_mb(),
        **cost,
    }
    write_json(run_folder / "run.json", read_record(run_folder / "run.json") | found)


def reset_peak_memory() -> None:
    """Give back what earlier runs of this process freed, and measure anew: a run is not charged for them.

    glibc keeps freed blocks between those in use: 0.6 to 1.8 GB after a run of the demo.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
    if trim is not None:
        trim(0)
    with contextlib.suppress(OSError):  # only Linux can; elsewhere the peak is the process's
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mb() -> int:
    """Largest resident memory since `reset_peak_memory`, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
