"""One picture under several names or paths: one group, and never in two splits."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from semclip.core.example import Example, ImageRef, normal_name
from semclip.data.load import DataConfig, load_examples
from semclip.data.same_pictures import copies, same_group
from tests.data.files import write_jsonl
from tests.data.layouts import write_arrow, write_parquet


def write_noise(path: Path, seed: int) -> Path:
    """Noise as BMP: all files have one size, so nothing but their content tells them apart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "BMP")
    return path


def loaded(folder: Path, names: list[str], **config: object) -> list[tuple[str, str, str | None]]:
    # With an id of their own, rows of one photo stay apart, so that both names are seen.
    rows = [{"id": i, "image": name, "caption": f"caption {i}"} for i, name in enumerate(names)]
    examples = load_examples(DataConfig(path=str(write_jsonl(folder / "x.jsonl", rows)), **config))  # type: ignore[arg-type]
    return [(e.image.name, e.group, e.split) for e in examples]


@pytest.mark.parametrize("other", ["./img/0.bmp", "img//0.bmp", "img/../img/0.bmp", "img/./0.bmp"])
def test_paths_of_one_file_are_one_image(other: str, tmp_path: Path) -> None:
    write_noise(tmp_path / "img" / "0.bmp", 0)
    found = loaded(tmp_path, ["img/0.bmp", other])
    assert found[0] == found[1] and found[0][1] == "img/0.bmp"


def test_the_whole_path_is_of_the_same_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_noise(tmp_path / "img" / "0.bmp", 0)
    monkeypatch.chdir(tmp_path)
    for images in (str(tmp_path), "."):
        found = loaded(Path(), ["img/0.bmp", str(tmp_path / "img" / "0.bmp")], images=images)
        assert found[0][1:] == found[1][1:]


def test_a_name_outside_the_folder_stays_as_it_is(tmp_path: Path) -> None:
    assert normal_name("/elsewhere/a.jpg", tmp_path) == "/elsewhere/a.jpg"
    assert normal_name("../a.jpg") == "../a.jpg" and normal_name("shard.tar/0001.jpg") == "shard.tar/0001.jpg"


def test_copies_go_into_one_split_and_move_nothing_else(tmp_path: Path) -> None:
    names = [f"{i:03}.bmp" for i in range(60)]
    for i, name in enumerate(names):
        write_noise(tmp_path / name, i)
    before = {name: split for name, _, split in loaded(tmp_path, names)}
    for i in range(20):  # as another name, in another folder, hard and symbolic link
        copy = tmp_path / "copies" / f"z{i}.bmp"
        copy.parent.mkdir(exist_ok=True)
        [lambda c, n: write_noise(c, n), lambda c, n: os.link(tmp_path / names[n], c),
         lambda c, n: c.symlink_to(tmp_path / names[n])][i % 3](copy, i)  # fmt: skip
    after = {name: split for name, _, split in loaded(tmp_path, [*names, *(f"copies/z{i}.bmp" for i in range(20))])}
    assert {name: after[name] for name in names} == before
    assert all(after[f"copies/z{i}.bmp"] == before[names[i]] for i in range(20))
    assert len({before[name] for name in names[:20]}) > 1  # else this says nothing


def test_equal_sizes_and_ends_are_no_copies(tmp_path: Path) -> None:
    """Two files that differ in one byte far from their end."""
    data = bytearray(os.urandom(100_000))
    (tmp_path / "a.bmp").write_bytes(data)
    data[20_000] ^= 1
    (tmp_path / "b.bmp").write_bytes(data)
    (tmp_path / "c.bmp").write_bytes(data)
    rows = [{"image": f"{n}.bmp", "caption": n} for n in ("a", "b", "c", "gone")]
    examples = load_examples(DataConfig(path=str(write_jsonl(tmp_path / "x.jsonl", rows))))
    assert [[e.image.name for e in own] for own in copies(examples)] == [["b.bmp", "c.bmp"]]
    assert same_group(examples) == {"b.bmp": "b.bmp", "c.bmp": "b.bmp"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_no_picture_and_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("one", "two"):
        os.mkfifo(tmp_path / f"{name}.png")
    refs = [ImageRef(name, tmp_path / f"{name}.png") for name in ("one", "two")]
    assert copies([Example(id=ref.name, image=ref, caption="a kettle", group=ref.name) for ref in refs]) == []


def test_groups_that_share_pictures_in_a_chain_go_together(tmp_path: Path) -> None:
    rows = []
    for name, seed, group in (("1", 1, "c"), ("2", 1, "b"), ("3", 2, "b"), ("4", 2, "a"), ("5", 3, "d")):
        write_noise(tmp_path / f"{name}.bmp", seed)
        rows.append({"image": f"{name}.bmp", "caption": name, "group": group})
    examples = load_examples(DataConfig(path=str(write_jsonl(tmp_path / "x.jsonl", rows))))
    assert same_group(examples) == {"a": "a", "b": "a", "c": "a"}
    assert len({e.split for e in examples if e.group != "d"}) == 1


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_photos_in_a_table_with_equal_borders_stay_apart_and_copies_are_one(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uncompressed pictures of one size whose first and last kilobytes are white."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    discs = {colour: disc(colour) for colour in ("red", "blue", "green")}
    assert len({(len(d), d[:2048], d[-2048:]) for d in discs.values()}) == 1  # else this says nothing
    colours = ["red", "blue", "red", "green", "blue", "green"]
    rows = [{"image": {"bytes": discs[c], "path": "disc.bmp"}, "caption": f"{c} {i}"} for i, c in enumerate(colours)]
    path = tmp_path / f"x.{suffix}"
    write_parquet(path, rows) if suffix == "parquet" else write_arrow(path, rows)
    examples = load_examples(DataConfig(path=str(path)))
    assert [e.captions for e in examples] == [("red 0", "red 2"), ("blue 1", "blue 4"), ("green 3", "green 5")]
    assert [e.image.open().read() for e in examples] == [discs[c] for c in ("red", "blue", "green")]
    assert [e.image.name for e in examples] == [f"{path.name}/disc.bmp{number}" for number in ("", "#2", "#3")]


def disc(colour: str) -> bytes:
    picture = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(picture).ellipse((24, 24, 72, 72), fill=colour)
    picture.save(file := io.BytesIO(), "BMP")
    return file.getvalue()
