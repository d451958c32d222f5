"""CC-Neg: ties, commas, the split, and a pickle that must not run."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from semclip.core.errors import UserError
from semclip.evaluation.public.base import create
from semclip.evaluation.public.ccneg import read_torch_file
from tests.evaluation.public.fakes import constant, noise, run, table, write_images

NAME, FILE = "ccneg", "ccneg_preprocessed.pt"
TRUE = {f"{n:09d}.jpg": (f"a dog {n} runs",) for n in range(4)}


def content(captions: list[tuple[str, str]]) -> dict[str, object]:
    return {
        "image_paths": [f"/workspace/datasets/cc3m/final/{n:09d}.jpg" for n in range(len(captions))],
        "annotations": [{"json": {"caption": c}, "sop_data": {"negative-prompt": n}} for c, n in captions],
    }


def write(root: Path, captions: list[tuple[str, str]]) -> None:
    (root / NAME).mkdir(parents=True, exist_ok=True)
    torch.save(content(captions), root / NAME / FILE)
    write_images(root / "ccneg", [f"{n:09d}.jpg" for n in range(len(captions))])


def write_sample(root: Path) -> None:
    write(root, [(f"a dog {n} runs", f"a dog {n} does not, run") for n in range(4)])


def test_ties_are_right_by_the_script_and_half_here(tmp_path: Path) -> None:
    write(tmp_path, [(f"right {n}", f"not {n}") for n in range(4)])
    margins = [1.0, 0.0, -1.0, 1.0]
    texts = {f"right {n}": [1.0, m] for n, m in enumerate(margins)} | {f"not {n}": [1.0, 0.0] for n in range(4)}
    result = run(table({f"{n:09d}.jpg": [0.0, 1.0] for n in range(4)}, texts), NAME, tmp_path)
    assert result.metric("official_accuracy").value == 0.75
    assert (result.metric("accuracy").value, result.metric("accuracy").strict) == (0.625, 0.5)
    assert run(constant(), NAME, tmp_path).metric("official_accuracy").value == 1.0
    assert result.metric("blind_negation_word").value == 1.0


def test_the_script_removes_commas_from_the_negated_caption_alone(tmp_path: Path) -> None:
    write(tmp_path, [("a dog, runs", "a dog, does not, run")])
    (found,) = create(NAME).read(tmp_path / NAME, tmp_path).items
    assert found.official.options == ("a dog, runs", "a dog does not run")
    assert found.even.options == ("a dog runs", "a dog does not run")
    assert any(note.startswith("1 of 1 true captions have a comma") for note in run(noise(), NAME, tmp_path).notes)


def test_only_the_last_rows_are_the_evaluation_split(tmp_path: Path) -> None:
    write_sample(tmp_path)
    read = create(NAME, {"last": 2}).read(tmp_path / NAME, tmp_path)
    assert [i.official.id for i in read.items] == ["2", "3"]
    assert any("the file has 4 rows, the official one 228,246" in note for note in read.defects)


@pytest.mark.parametrize("old", [True, False])
def test_both_formats_of_torch_are_read(tmp_path: Path, old: bool) -> None:
    torch.save(content([("a", "b")]), tmp_path / FILE, _use_new_zipfile_serialization=not old)
    assert read_torch_file(tmp_path / FILE) == content([("a", "b")])


class _Attack:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch harmed",)


@pytest.mark.parametrize("old", [True, False])
def test_nothing_in_the_file_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool) -> None:
    monkeypatch.chdir(tmp_path)
    for attack in (_Attack(), torch.ones(2), Path("x"), print, getattr):
        torch.save({"image_paths": [attack], "annotations": []}, FILE, _use_new_zipfile_serialization=not old)
        with pytest.raises(UserError, match="only plain lists"):
            read_torch_file(Path(FILE))
    Path(FILE).write_bytes(pickle.dumps(_Attack()))
    with pytest.raises(UserError, match=r"asks for posix\.system|asks for nt\.system"):
        read_torch_file(Path(FILE))
    assert not Path("harmed").exists()


@pytest.mark.parametrize("bad", [{"json": {}}, {"sop_data": {"negative-prompt": "x"}}, "text", None])
def test_malformed_rows_are_named(tmp_path: Path, bad: object) -> None:
    values = content([("a", "b"), ("c", "d")])
    torch.save({**values, "annotations": [values["annotations"][0], bad]}, tmp_path / FILE)  # type: ignore[index]
    with pytest.raises(UserError) as caught:
        create(NAME).read(tmp_path, tmp_path)
    assert caught.value.where.endswith(f"{FILE}:1")
