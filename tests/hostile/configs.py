"""A generator of hostile configs: a sound YAML file with a few things wrong, and `key=value` overrides."""

import random
from pathlib import Path
from typing import Any

import yaml

from tests.hostile.changed import variants
from tests.hostile.data_files import damaged

SOUND: dict[str, Any] = {
    "name": "tiny", "seed": 1, "data": {"path": "x.jsonl", "root": ".", "columns": {"image": "photo"}},
    "model": {"backend": "open_clip", "name": "ViT-B-32", "freeze": ["image"]}, "objective": {"name": "semclip"},
    "train": {"steps": 4, "batch_size": 16, "learning_rate": 1e-3, "betas": [0.9, 0.98], "clip_norm": 1.0},
    "steps": [{"name": "rewrites", "file": "${data.root}/texts.json"}],
    "guards": {"free_disk_mb": 0, "drop_limit": 0.1},
    "evaluate": {"benchmarks": ["retrieval"], "every": 0, "tests": {"more": "y.jsonl"}},
}  # fmt: skip
#: What stands in place of a value, as it is typed.
TYPED = (
    ".nan", "-.inf", "nan", "Infinity", "1e999", "1.0e+999", "!!float nan", "!!int x", "!!python/name:os.system",
    "!!binary aGk=", "!!set {a, b}", "!!omap [a: 1]", "!!timestamp 2024-99-99", "2024-13-45", "0x" + "f" * 4000,
    "9" * 5000,
    "0b2", "1:99:99", "~", "yes", "NO", "''", '"\\ud800"', '"\\x1b[31m"', "[/bold]", "\u202egpj", "&a [*a]", "*nobody",
    "&a {b: *a}", "[" * 70 + "]" * 70, "{a: " * 70 + "1" + "}" * 70, "? [complex]", "<<: {a: 1}", "|\n  text", ">-\n x",
    "${data.root}", "${nowhere.at.all}", "${objective}", "${train.${name}}", "${name", "${}", "%s", "{{ x }}", "- - -",
    "a: b: c", "[1, 2", "{a", "'open", "@at", "`tick`", "%TAG", "---", "...", "# comment", "\t", "null", "[]", "{}",
    "s3://lake/x", "../../etc/passwd", "/dev/zero", "x" * 5000, "é🙂", "=", "==", "a=b", "{name: 3}", "[null]", "true",
)  # fmt: skip
KEYS = (
    "train.steps", "train.epochs", "train.eps", "train.learning_rate", "train.betas", "train.clip_norm", "train",
    "seed",
    "data.path", "data.columns", "data.validation", "model", "model.freeze", "objective", "objective.name", "steps",
    "evaluate.tests", "evaluate.benchmarks", "guards.unreadable", "guards", "trackers", "extends", "name", "require",
    "train.steps.more", "", ".", "a..b", "[/bold]", "\x1b[1m", "train.", "traín.steps", "x" * 3000, "0", "steps.0.name",
)  # fmt: skip


def write_config(folder: Path, draw: random.Random) -> Path:
    path = folder / draw.choice(("config.yaml", "[bold].yaml", "é.yml"))
    value: Any = SOUND
    for _ in range(draw.choice((0, 0, 0, 1))):
        value = next(variants(value, 1, draw.randrange(10**6)))[1]
    lines = yaml.safe_dump(value, sort_keys=False, allow_unicode=True).splitlines()
    for _ in range(draw.choice((0, 0, 1, 2))):
        _spoil(lines, draw)
    text = draw.choice((*[""] * 12, "%YAML 9.9\n---\n", "extends: scenes/semclip\n", "extends: [a]\n", "extends: .\n"))
    content = (text + "\n".join(lines) + "\n").encode(
        draw.choice((*["utf-8"] * 12, "utf-8-sig", "utf-16", "latin-1")), "replace"
    )
    path.write_bytes(damaged(content, draw) if draw.random() < 0.15 else content)
    return path


def _spoil(lines: list[str], draw: random.Random) -> None:
    """One line other than it was."""
    place = draw.randrange(len(lines))
    key = lines[place].partition(":")[0]
    how = draw.randrange(6)
    if how < 3:
        lines[place] = f"{key}: {draw.choice(TYPED)}"
    elif how == 3:
        lines.insert(place, lines[place])
    elif how == 4:
        lines[place] = draw.choice((" ", "\t", "   ", "- ")) + lines[place]
    else:
        lines.insert(place, draw.choice((*TYPED, *(f"{name}: {typed}" for name in KEYS[:8] for typed in TYPED[:6]))))


def overrides(draw: random.Random) -> list[str]:
    """Words of a command line."""
    made = [f"{draw.choice(KEYS)}={draw.choice(TYPED)}" for _ in range(draw.choice((0, 0, 1, 2)))]
    return made + draw.choice(([], [], [], [], [], ["no equals sign"], ["="], ["train.steps"], ["--resume"]))
