"""Configs: overrides, types, unknown keys, and a resolved copy that reads back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from semclip.core.config import apply_overrides, dump, find_config, load_config, parse, parse_config, save_config
from semclip.core.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    lr: float
    betas: tuple[float, float] = (0.9, 0.98)


@dataclass(frozen=True, kw_only=True)
class Train:
    name: str
    optimizer: Optimizer
    warmup: Optimizer | None = None
    steps: int = 10
    columns: dict[str, str] = field(default_factory=dict)
    labels: Literal["random", "aligned"] | list[int] = "aligned"


GOOD: dict[str, Any] = {"name": "x", "optimizer": {"lr": 0.1}}


def test_sections_become_dataclasses_with_defaults() -> None:
    config = parse(Train, {**GOOD, "warmup": {"lr": 1}, "columns": {"caption": "text"}}, "x.yaml")
    assert config == Train(name="x", optimizer=Optimizer(lr=0.1), warmup=Optimizer(lr=1.0), columns={"caption": "text"})
    assert parse(Train, dump(config), "dump") == config


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ({**GOOD, "stesp": 3}, "unknown key 'stesp'", "steps"),
        ({**GOOD, "optimizer": {"lr": 1, "beta": 2}}, "unknown key 'optimizer.beta'", "betas"),
        ({**GOOD, "warmup": {"lrr": 1}}, "unknown key 'warmup.lrr'", "lr"),
        ({**GOOD, "optimizer": 3}, "'optimizer' must be a section", "lr"),
        ({"name": "x"}, "'optimizer' is required", "optimizer=..."),
        ({**GOOD, "optimizer": {}}, "'optimizer.lr' is required", "optimizer.lr=..."),
        (None, "'name' is required", "name=..."),
        ({**GOOD, "steps": "many"}, "'steps'", "mend"),
        ({**GOOD, "optimizer": {"lr": "fast"}}, "'optimizer.lr'", "mend"),
        ({**GOOD, "columns": "body"}, "'columns'", "write '{name: body}' in its place"),
        ({**GOOD, "columns": ["body"]}, "'columns'", "write a mapping"),
        ({**GOOD, "labels": "rndom"}, "'labels': Input should be 'random'", "mend"),
        ({**GOOD, "optimizer": {"lr": 1, "betas": 0.9}}, "'optimizer.betas'", "write a list"),
        ({**GOOD, "optimizer": {"lr": 1, "betas": [0.9]}}, "'optimizer.betas.1' is required", "give optimizer.betas"),
    ],
)
def test_mistakes_name_the_whole_key(values: Any, message: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(Train, values, "x.yaml")
    assert message in caught.value.what
    assert hint in caught.value.fix
    assert caught.value.where == "x.yaml"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    renamed: ClassVar[Mapping[str, str]] = {"rate": "learning_rate"}

    learning_rate: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Run:
    renamed: ClassVar[Mapping[str, str]] = {"sched": "schedule"}

    schedule: Schedule = field(default_factory=Schedule)
    warmup: Schedule | None = None


@pytest.mark.parametrize(
    ("values", "old", "new"),
    [
        ({"sched": {}}, "'sched'", "schedule"),
        ({"schedule": {"rate": 1}}, "'schedule.rate'", "schedule.learning_rate"),
        ({"warmup": {"rate": 1}}, "'warmup.rate'", "warmup.learning_rate"),
        ({"schedule": {"rate": 1, "learning_rate": 1}}, "'schedule.rate'", "schedule.learning_rate"),
    ],
)
def test_a_renamed_key_answers_with_its_new_name(values: Any, old: str, new: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(Run, values, "x.yaml")
    assert caught.value.what == f"the key {old} was renamed to '{new}'"
    assert caught.value.fix == f"write {new}"


def test_a_saved_config_is_read_under_its_old_names() -> None:
    old = {"sched": {"rate": 2}, "warmup": {"rate": 3}}
    new = Run(schedule=Schedule(learning_rate=2), warmup=Schedule(learning_rate=3))
    assert parse(Run, old, "config.yaml", saved=True) == new
    assert parse(Run, dump(new), "config.yaml", saved=True) == new  # new names go on being read
    both = {"schedule": {"rate": 2, "learning_rate": 3}}
    assert parse(Run, both, "config.yaml", saved=True).schedule.learning_rate == 3
    assert old == {"sched": {"rate": 2}, "warmup": {"rate": 3}}  # what was given is left alone
    with pytest.raises(UserError, match=r"unknown key 'schedule\.rat'"):
        parse(Run, {"schedule": {"rat": 2}}, "config.yaml", saved=True)


def test_overrides_are_yaml_and_leave_the_original_alone() -> None:
    config = {"a": {"b": 1, "l": [1]}}
    changed = apply_overrides(config, ["a.b=1.5e-4", "a.c=[1, two]", "new.key=true", "text=", "equals=x=y"])
    assert changed == {
        "a": {"b": 1.5e-4, "l": [1], "c": [1, "two"]},
        "new": {"key": True},
        "text": "",
        "equals": "x=y",
    }
    assert config == {"a": {"b": 1, "l": [1]}}


@pytest.mark.parametrize("override", ["a.b", "=3", "a..b=3", ".a=3", "a.b.c=3", "a=[1"])
def test_what_is_no_override_is_refused(override: str) -> None:
    with pytest.raises(UserError) as caught:
        apply_overrides({"a": {"b": 1}}, [override])
    assert override in caught.value.what


def test_files_come_back_as_saved(tmp_path: Path) -> None:
    save_config(tmp_path / "c.yaml", {"z": 1, "a": {"text": "ü"}})
    assert load_config(tmp_path / "c.yaml", ["a.text=x"]) == {"z": 1, "a": {"text": "x"}}
    assert list(load_config(tmp_path / "c.yaml")) == ["z", "a"]  # order kept


@pytest.mark.parametrize("content", [b"a: [1", b"- 1\n", b"", b"a: \xff"])
def test_bad_files_are_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_config(path)
    assert caught.value.where == str(path)


def test_missing_config_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such config file"):
        load_config(tmp_path / "c.yaml")
    with pytest.raises(UserError, match="no config file 'nothing/like/it'"):
        find_config("nothing/like/it")
    with pytest.raises(UserError) as far:
        find_config("nothing/like/it")
    folder = Path(far.value.fix.rpartition(" ")[2])
    assert (folder / "scenes" / "base.yaml").is_file() and "scenes/base" not in far.value.fix
    for typed, meant in (("SemCLIP_plus", "semclip_plus"), ("base", "scenes/base"), ("scenes/bsae", "scenes/base")):
        with pytest.raises(UserError) as near:
            find_config(typed)
        offered = near.value.fix.partition("?")[0].removeprefix("Did you mean ").split(", ")
        assert meant in offered and len(offered) <= 3
    (tmp_path / "c.yaml").write_text("a: 1")
    assert find_config(str(tmp_path / "c.yaml")) == tmp_path / "c.yaml"


@dataclass(frozen=True)
class _Inner:
    size: int = 1

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UserError(f"{self.size} is too small", where="inner.size", fix="set inner.size=1")


@dataclass(frozen=True)
class _Outer:
    inner: _Inner = _Inner()


def test_what_a_section_refuses_is_said_with_its_file_and_its_key() -> None:
    with pytest.raises(UserError, match="0 is too small") as caught:
        parse(_Outer, {"inner": {"size": 0}}, where="runs/x/config.yaml")
    assert caught.value.where == "runs/x/config.yaml: inner.size" and caught.value.fix == "set inner.size=1"
    with pytest.raises(UserError) as caught:
        parse(_Inner, {"size": 0}, where="inner")
    assert caught.value.where == "inner.size"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder / "c.yaml"


def test_a_config_extends_another_and_the_nearest_wins(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        a="name: a\ndata: {path: x, root: r}\nlist: [1, 2]\ndeep: {one: {two: 2, three: 3}}\nsection: {k: 1}\n",
        b="extends: a.yaml\nname: b\ndata: {path: '${data.root}/y'}\nsection: null\n",
        c="extends: b.yaml\nlist: [3]\ndeep: {one: {two: 4}}\n",
    )
    assert load_config(path, ["data.root=s"]) == {
        "name": "b",
        "data": {"path": "s/y", "root": "s"},
        "list": [3],
        "deep": {"one": {"two": 4, "three": 3}},
        "section": None,
    }


def test_a_section_can_refer_to_another_and_overrides_reach_both(tmp_path: Path) -> None:
    path = write(
        tmp_path, c="one: {server: {url: a, size: 1}}\nmany: [{server: '${one.server}', n: '${one.server.size}'}]\n"
    )
    config = load_config(path, ["one.server.url=b"])
    assert config == {
        "one": {"server": {"url": "b", "size": 1}},
        "many": [{"server": {"url": "b", "size": 1}, "n": "1"}],
    }
    with pytest.raises(UserError, match="refers to itself"):
        load_config(write(tmp_path, c="a: {b: '${a}'}\n"))
    with pytest.raises(UserError, match=r"'one\.two' is required"):
        load_config(write(tmp_path, c="a: '${one.two}'\n"))


def test_a_shipped_config_can_be_extended_from_anywhere(tmp_path: Path) -> None:
    path = write(tmp_path, c="extends: scenes/base\nname: mine\ntrain: {steps: 7}\n")
    base = load_config(find_config("scenes/base"))
    mine = load_config(path)
    assert mine == {**base, "name": "mine", "train": {**base["train"], "steps": 7}}


def test_a_config_extends_one_of_its_own_family(tmp_path: Path) -> None:
    path = write(tmp_path, c="extends: semclip\nattempts: 5\n")  # there is a train config of this name, too
    base = load_config(find_config("semclip", "captions"), kind="captions")
    assert base["attempts"] != 5 and "writer" in base
    assert load_config(path, kind="captions") == {**base, "attempts": 5}
    with pytest.raises(UserError, match="shipped captions configs"):
        load_config(write(tmp_path, c="extends: scenes/base"), kind="captions")


def test_what_cannot_be_extended_is_refused(tmp_path: Path) -> None:
    circle = write(tmp_path, c="extends: d.yaml", d="extends: e.yaml", e="extends: c.yaml")
    with pytest.raises(UserError, match=r"c\.yaml -> d\.yaml -> e\.yaml -> c\.yaml"):
        load_config(circle)
    with pytest.raises(UserError, match="circle"):
        load_config(write(tmp_path, c="extends: c.yaml"))
    with pytest.raises(UserError, match="scenes/bse"):
        load_config(write(tmp_path, c="extends: scenes/bse"))


@pytest.mark.parametrize(("kind", "base"), [("captions", "semclip"), ("compare", "demo"), ("train", "scenes/semclip")])
def test_a_file_extends_shipped_configs_of_its_own_kind(kind: str, base: str, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(f"extends: {base}\nname: mine\n")
    values = load_config(own, kind=kind)
    assert values.keys() >= load_config(find_config(base, kind), kind=kind).keys()
    assert values["name"] == "mine"


def test_what_the_command_line_may_have_said_wrong_is_looked_for_there_too(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("name: x\noptimizer: {lr: 1}\n")
    assert parse_config(Train, path, ["steps=3"]).steps == 3
    with pytest.raises(UserError, match="unknown key 'stesp'") as caught:
        parse_config(Train, path, ["stesp=3"])
    assert caught.value.where == f"{path}, or the command line"
    path.write_text("name: x\noptimiser: {lr: 1}\n")
    with pytest.raises(UserError, match="unknown key 'optimiser'") as caught:
        parse_config(Train, path)
    assert caught.value.where == str(path)
