"""`import semclip`: what it gives, what it costs, that its examples run, and that a user's script type-checks."""

import asyncio
import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import semclip
from semclip.core.errors import UserError

CALLABLE = [name for name in semclip.__all__ if callable(getattr(semclip, name))]


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, timeout=600)


def test_importing_it_imports_no_library(tmp_path: Path) -> None:
    """Nothing but the standard library: that is what keeps the import quick."""
    done = python(
        "import sys\nbefore = set(sys.modules)\nimport semclip\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names)))\n"
        "assert 'Index' in dir(semclip)\n",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['semclip']"


def test_a_dozen_names() -> None:
    assert len(semclip.__all__) <= 14 and sorted(semclip.__all__) == dir(semclip)
    for name in CALLABLE:
        assert inspect.getdoc(getattr(semclip, name)), name
    with pytest.raises(AttributeError, match="no attribute 'Indx'"):
        semclip.Indx  # noqa: B018


@pytest.mark.parametrize("name", [name for name in CALLABLE if name not in ("Index", "Trained", "UserError")])
def test_every_docstring_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    thing = getattr(semclip, name)
    (example,) = doctest.DocTestFinder(recurse=False).find(thing, name, globs={"semclip": semclip})
    assert example.examples
    said: list[str] = []
    assert doctest.DocTestRunner().run(example, out=said.append).failed == 0, "".join(said)


def test_the_docstring_of_the_index_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lancedb", reason="pip install 'semclip[search]'")
    monkeypatch.chdir(tmp_path)
    (example,) = doctest.DocTestFinder(recurse=False).find(semclip.Index, "Index", globs={"semclip": semclip})
    assert example.examples
    said: list[str] = []
    assert doctest.DocTestRunner().run(example, out=said.append).failed == 0, "".join(said)


def test_pictures_come_as_files_images_and_arrays(tmp_path: Path) -> None:
    model = semclip.load("semclip-tiny-48/random", device="cpu")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 30, 40, 3), dtype=np.uint8)
    paths = [tmp_path / f"{number}.png" for number in range(2)]
    for path, own in zip(paths, pixels, strict=True):
        Image.fromarray(own).save(path)
    files = semclip.encode_images(model, [str(paths[0]), paths[1], paths[0]])
    loaded = semclip.encode_images(model, [Image.open(path) for path in paths])
    arrays = semclip.encode_images(model, list(pixels))
    assert files.dtype == np.float32 and np.allclose(np.linalg.norm(files, axis=1), 1)
    assert np.array_equal(files[0], files[2]) and not np.allclose(files[0], files[1])  # in their order
    assert np.array_equal(files[:2], loaded) and np.array_equal(loaded, arrays)
    texts = semclip.encode_texts(model, ["b", "a", "b"])
    assert np.array_equal(texts[0], texts[2]) and not np.allclose(texts[0], texts[1])
    assert semclip.encode_images(model, []).shape == semclip.encode_texts(model, []).shape == (0, 128)
    with pytest.raises(UserError, match="image file not found"):
        semclip.encode_images(model, [tmp_path / "none.png"])
    with pytest.raises(UserError, match="one text"):
        semclip.encode_texts(model, "abc")


def test_similarity_is_the_cosine() -> None:
    a, b = np.random.default_rng(0).normal(size=(3, 5)), np.random.default_rng(1).normal(size=(4, 5))
    found = semclip.similarity(a, b.astype(np.float32))
    for i, row in enumerate(a):
        for j, column in enumerate(b.astype(np.float32).astype(np.float64)):
            naive = sum(x * y for x, y in zip(row, column, strict=True))
            naive /= sum(x * x for x in row) ** 0.5 * sum(y * y for y in column) ** 0.5
            assert found[i, j] == pytest.approx(naive, abs=1e-12)
    assert semclip.similarity(a[0], b).shape == (1, 4)
    with pytest.raises(UserError, match="do not compare"):
        semclip.similarity(a, b[:, :4])
    for bad in (np.zeros(5), np.full(5, np.nan)):
        with pytest.raises(UserError, match="all zeros or not finite"):
            semclip.similarity(a, bad)


def test_a_mapping_is_read_as_a_file_is(tmp_path: Path) -> None:
    from semclip.api import train_config

    (tmp_path / "own.yaml").write_text("extends: scenes/base\ndata: {root: photos}\ntrain: {steps: 3}\n")
    by_file = train_config(tmp_path / "own.yaml", ["train.learning_rate=1e-05"])
    by_mapping = train_config(
        {"extends": "scenes/base", "data": {"root": "photos"}, "train": {"steps": 3}}, {"train.learning_rate": 1e-05}
    )
    assert by_file == by_mapping and by_file.train.learning_rate == 1e-05
    assert train_config({"extends": str(tmp_path / "own.yaml")}).train.steps == 3
    with pytest.raises(UserError, match=r"unknown key 'train\.stepz'"):
        train_config("scenes/base", {"data.root": "photos", "train.stepz": 3})


def test_captions_are_those_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    from tests.cli.test_commands import semclip as command

    data = semclip.sample(tmp_path / "photos")
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    bare = [{key: row[key] for key in ("id", "image", "caption", "split")} for row in rows]
    (tmp_path / "bare.jsonl").write_text("".join(json.dumps(row) + "\n" for row in bare))
    code, _, errors = command(tmp_path, "captions", "write", "bare.jsonl", "--out", "out.jsonl")
    assert code == 0, errors
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    monkeypatch.chdir(tmp_path)
    assert semclip.write_captions(bare) == written


def test_captions_need_no_picture_and_no_loop_of_their_own() -> None:
    async def in_a_notebook() -> list[dict[str, object]]:
        return semclip.write_captions(
            ["A dog runs.", {"caption": "Two men sit on a bench.", "mine": 7}], views=["absence"]
        )

    first, second = asyncio.run(in_a_notebook())
    assert first["absences"] and second["mine"] == 7
    assert not {"image", "id", "group"} & (first.keys() | second.keys())
    assert semclip.write_captions([]) == []
    with pytest.raises(UserError, match="cannot be written"):
        semclip.write_captions(["A dog runs."], views=["nothing"])
    with pytest.raises(UserError) as error:
        semclip.write_captions(["A dog runs.", ""])
    assert error.value.where == "row 2"


def test_captions_say_which_parser_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semclip.captions.writers.rules.is_installed", lambda name: False)
    with pytest.warns(UserWarning, match="built-in parser"):
        semclip.write_captions(["A dog runs."], views=["negation"])


def test_what_is_not_run_is_warned_of(tmp_path: Path) -> None:
    data = tmp_path / "photos"
    semclip.sample(data)
    (data / "bare.csv").write_text("image,caption\n" + "".join(
        f"images/test-0000{n}.png,a red circle {n}\n" for n in range(3)))  # fmt: skip
    with pytest.warns(UserWarning, match="not run: absence"):
        results = semclip.evaluate("semclip-tiny-48/random", data=data / "bare.csv", split="all", device="cpu")
    assert "retrieval" in results and "absence" not in results
    with pytest.raises(UserError, match="which data"):
        semclip.evaluate("semclip-tiny-48/random", device="cpu")


_SCRIPT = """
from pathlib import Path

import semclip

data: Path = semclip.sample("photos")
model = semclip.load("semclip-tiny-48/random", device="cpu")
images = semclip.encode_images(model, [data.parent / "images" / "test-00000.png"])
texts = semclip.encode_texts(model, ["a red circle", "no circle"])
best: float = float(semclip.similarity(texts, images).max())
run = semclip.train({"extends": "scenes/base"}, {"train.steps": 2}, out="runs/x", quiet=True)
chance: float | None = run.results["retrieval"].metric("caption_r1").chance
n: int = semclip.evaluate(run.folder, ["retrieval"], data)["retrieval"].metric("caption_r1").n
rows: list[dict[str, object]] = semclip.write_captions(["A dog runs."], views=["negation"])
for hit in semclip.Index.create("i", model).search("dog -cat"):
    name: str = hit.path
folder: Path = semclip.export(run.folder, "onnx", int8=True).folder
try:
    semclip.load("nothing")
except semclip.UserError as error:
    why: str = error.fix
"""


@pytest.mark.slow
def test_a_users_script_type_checks_strictly(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(_SCRIPT)
    (tmp_path / "wrong.py").write_text(
        "import semclip\n\nsemclip.encode_texts('m', [1])\nx: str = semclip.load('m').embed_dim\n"
    )
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "--no-error-summary"]
    done = subprocess.run([*mypy, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout
    done = subprocess.run([*mypy, "wrong.py"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert "[list-item]" in done.stdout and "[assignment]" in done.stdout, done.stdout  # types are really there
