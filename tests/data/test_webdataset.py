"""Tar shards: samples as webdataset groups them, images read in place, the same training as from files."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.rows import read_rows, reader_for
from semclip.data.check import check
from semclip.data.image_store import ImageStore
from semclip.data.load import DataConfig, load_examples
from semclip.evaluation.own.retrieval import queries_of
from semclip.models.tokens import Tokenizer


def png(number: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write_shard(path: Path, members: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def shards(folder: Path, count: int = 2, each: int = 3) -> Path:
    for s in range(count):
        members: dict[str, bytes] = {}
        for i in range(each):
            number = s * each + i
            members[f"{i:03}.png"] = png(number)
            members[f"{i:03}.txt"] = f"caption {number}\n".encode()
            members[f"{i:03}.json"] = json.dumps({"negation": f"no caption {number}", "split": "train"}).encode()
        write_shard(folder / f"{s:03}.tar", members)
    return folder


@pytest.mark.parametrize("spec", ["", "{000..001}.tar"])
def test_a_folder_and_a_pattern_give_every_sample_of_every_shard(spec: str, tmp_path: Path) -> None:
    folder = shards(tmp_path / "shards")
    examples = load_examples(DataConfig(path=str(folder / spec if spec else folder)))
    assert [e.caption for e in examples] == [f"caption {n}" for n in range(6)]
    assert [e.negations for e in examples] == [(f"no caption {n}",) for n in range(6)]
    assert [e.image.name for e in examples[2:4]] == ["000.tar/002.png", "001.tar/000.png"]
    assert len({e.group for e in examples}) == 6 and {e.split for e in examples} == {"train"}


def test_images_are_read_where_they_lie(tmp_path: Path) -> None:
    examples = load_examples(DataConfig(path=str(shards(tmp_path / "shards"))))
    for number, example in enumerate(examples):
        expected = np.asarray(Image.open(io.BytesIO(png(number))))
        assert np.array_equal(np.asarray(read_rgb(example.image)), expected)
        with example.image.open() as file:
            assert file.read() == png(number)


def test_stores_and_checks_read_them_too(tmp_path: Path) -> None:
    folder = shards(tmp_path / "shards")
    examples = load_examples(DataConfig(path=str(folder)))

    def pixels(refs: list[ImageRef]) -> np.ndarray:
        return np.stack([np.asarray(read_rgb(ref)) for ref in refs])

    store = ImageStore.build(tmp_path / "s.npy", [e.image for e in examples], pixels, key="")
    assert np.array_equal(store.row(examples[4].image), np.asarray(Image.open(io.BytesIO(png(4)))))
    report = check(DataConfig(path=str(folder)), Tokenizer(77)._bpe)
    assert report.rows == 6 and not any("image" in finding.problem for finding in report.findings)


def test_a_damaged_image_is_named_with_its_shard(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"x/1.jpg": b"no image", "x/1.txt": b"a dog"})
    (example,) = load_examples(DataConfig(path=str(shard)))
    with pytest.raises(UserError) as error:
        read_rgb(example.image)
    assert error.value.where == f"{shard}/x/1.jpg"


def test_a_shard_that_shrank_since_it_was_read(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"1.png": png(1), "1.txt": b"a dog"})
    (example,) = load_examples(DataConfig(path=str(shard)))
    with shard.open("r+b") as file:
        file.truncate(600)
    with pytest.raises(UserError, match="ends within"):
        read_rgb(example.image)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_shard_cut_short_is_an_error_that_says_from_where(cut: float, tmp_path: Path) -> None:
    folder = shards(tmp_path / "shards", each=20)
    broken = folder / "001.tar"
    with tarfile.open(broken) as archive:
        end = max(m.offset_data + m.size for m in archive)
    with broken.open("r+b") as file:
        file.truncate(int(cut * end))
    with pytest.raises(UserError) as error:
        list(read_rows(folder))
    assert error.value.where == str(broken) and "cannot be read on from" in error.value.what


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"1.txt": b"a dog"}, "0 images"),
        ({"1.png": b"x", "1.jpg": b"x", "1.txt": b"a dog"}, "2 images"),
        ({"1.png": b"x", "1.json": b"{"}, "not valid JSON"),
        ({"1.png": b"x", "1.json": b"[1]"}, "JSON object"),
        ({"1.png": b"x", "1.txt": b"\xff\xfe\xfa"}, "not UTF-8"),
        ({}, "holds no samples"),
        ({"1.png": b"x", "1.txt": b"a dog", "2.png": b"x", "1.cls": b"0"}, "occurs twice"),
    ],
)
def test_bad_samples_are_named(members: dict[str, bytes], said: str, tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", members)
    with pytest.raises(UserError) as error:
        list(read_rows(shard))
    assert said in error.value.what and str(shard) in error.value.where and error.value.fix


@pytest.mark.parametrize("again", ["1.png", "1.PNG"])
def test_a_member_that_occurs_twice_is_refused_and_never_replaces_the_first(again: str, tmp_path: Path) -> None:
    shard = tmp_path / "a.tar"
    with tarfile.open(shard, "w") as archive:
        for name, content in (("1.png", png(0)), ("1.txt", b"a dog"), (again, png(1))):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with pytest.raises(UserError, match="two members") as error:
        list(read_rows(shard))
    assert error.value.where == f"{shard}/{again}" and error.value.fix


@pytest.mark.parametrize("folder", ["/abs", "..", "../../up"])
def test_names_that_lead_out_of_a_shard_lead_nowhere(folder: str, tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "in" / "a.tar", {f"{folder}/1.png": png(0), f"{folder}/1.txt": b"a dog"})
    before = sorted(tmp_path.rglob("*"))
    (example,) = load_examples(DataConfig(path=str(shard)))
    assert example.image.path == shard and example.caption == "a dog"
    assert np.array_equal(np.asarray(read_rgb(example.image)), np.asarray(Image.open(io.BytesIO(png(0)))))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_without_a_byte_is_no_shard(tmp_path: Path) -> None:
    (tmp_path / "a.tar").touch()
    with pytest.raises(UserError, match="cannot be read on from its first member"):
        list(read_rows(tmp_path / "a.tar"))


@pytest.mark.parametrize("kept", [True, False], ids=["found before the first step", "met in the middle of an epoch"])
def test_a_damaged_image_inside_a_shard_is_counted_and_training_goes_on(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    from semclip.core.config import parse
    from semclip.training.config import TrainConfig
    from semclip.training.loop import train
    from tests.training.conftest import TINY

    if not kept:
        monkeypatch.setattr("semclip.training.images.INPUT_STORE_LIMIT", 0)
    members: dict[str, bytes] = {}
    for i in range(12):
        members[f"{i:02}.png"] = b"no image" if i == 7 else png(i)
        members[f"{i:02}.json"] = json.dumps({"caption": f"caption {i}", "split": "train"}).encode()
    values = {
        "name": "damaged",
        "data": {"path": str(write_shard(tmp_path / "a.tar", members))},
        "model": {"backend": "open_clip", "config": TINY, "seed": 0},
        "objective": {"name": "clip"},
        "train": {"steps": 4, "batch_size": 4, "precision": "32-true", "workers": 0},
        "guards": {"unreadable": 0.1},
        "evaluate": {"benchmarks": ["retrieval"]},
    }
    run = tmp_path / "runs" / "damaged"
    train(parse(TrainConfig, values, where="test"), run, Console(quiet=True))
    (fault,) = [json.loads(line) for line in (run / "unreadable.jsonl").read_text().splitlines()]
    assert fault["where"] == f"{tmp_path}/a.tar/07.png" and fault["left_out"] is kept


def test_an_image_without_a_caption_is_named(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"1.png": b"x"})
    with pytest.raises(UserError, match="caption"):
        load_examples(DataConfig(path=str(shard)))


def test_a_pattern_with_a_missing_shard(tmp_path: Path) -> None:
    shards(tmp_path / "shards")
    with pytest.raises(UserError, match="1 of 3 shards are missing"):
        list(read_rows(tmp_path / "shards" / "{000..002}.tar"))


def test_what_means_nothing_is_listed(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"1.png": png(0), "1.txt": b"a dog", "1.depth.npy": b"x"})
    assert reader_for(shard).skipped(shard) == [shard / "1.depth.npy"]


def test_labels_are_kept(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"1.png": png(0), "1.txt": b"a dog", "1.cls": b"7\n"})
    ((_, row),) = read_rows(shard)
    assert row["label"] == "7" and isinstance(row["image"], ImageRef)


def test_training_from_shards_is_training_from_files(tmp_path: Path) -> None:
    from rich.console import Console

    from semclip.core.config import parse
    from semclip.models.load import load
    from semclip.training.config import TrainConfig
    from semclip.training.loop import train
    from tests.training.conftest import TINY

    folder = shards(tmp_path / "shards", count=3, each=4)
    rows = []
    for e in load_examples(DataConfig(path=str(folder))):
        unpacked = tmp_path / "files" / e.image.name
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        with e.image.open() as file:
            unpacked.write_bytes(file.read())
        rows.append({"image": e.image.name, "caption": e.caption, "negation": e.negations[0], "split": "train"})
    (tmp_path / "files" / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    weights = []
    for name, path in (("tars", folder), ("files", tmp_path / "files" / "data.jsonl")):
        values = {
            "name": name,
            "data": {"path": str(path)},
            "model": {"backend": "open_clip", "config": TINY, "seed": 0},
            "objective": {"name": "negclip"},
            "train": {"steps": 4, "batch_size": 6, "precision": "32-true", "workers": 0},
            "evaluate": {"benchmarks": ["retrieval"]},
        }
        train(parse(TrainConfig, values, where="test"), tmp_path / "runs" / name, Console(quiet=True))
        weights.append(load(str(tmp_path / "runs" / name)).state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_every_line_of_a_text_is_a_caption_of_its_image(tmp_path: Path) -> None:
    """As CLIP_benchmark writes retrieval sets; as one text, 2 images with 5 captions would be 2 queries, not 10."""
    lines = {key: [f"caption {i} of {key}" for i in range(5)] for key in "ab"}
    members = {}
    for number, (key, captions) in enumerate(lines.items()):
        members |= {f"{key}.png": png(number), f"{key}.txt": ("\n".join(captions) + "\n\n").encode()}
    write_shard(tmp_path / "x.tar", members)
    examples = load_examples(DataConfig(path=str(tmp_path / "x.tar")))
    assert [e.captions for e in examples] == [tuple(lines["a"]), tuple(lines["b"])]
    assert len(queries_of(examples, "caption")) == 10


@pytest.mark.parametrize(
    ("text", "columns", "captions"),
    [
        ("one\ntwo", {"caption": "one\ntwo"}, ["one\ntwo"]),  # img2dataset: the same text twice
        ("one\r\ntwo\r\n", {"url": "x"}, ["one", "two"]),
        ("  one  ", {}, ["one"]),
        ("one\n\n \n", {}, ["one"]),
        ("one\ntwo\nthree", {"caption": "another"}, ["one", "two", "three"]),
        ("a\u2028b", {}, ["a\u2028b"]),
    ],
)
def test_which_lines_are_captions(text: str, columns: dict[str, str], captions: list[str], tmp_path: Path) -> None:
    members = {"1.png": png(0), "1.txt": text.encode(), "1.json": json.dumps(columns).encode()}
    write_shard(tmp_path / "x.tar", members)
    (example,) = load_examples(DataConfig(path=str(tmp_path / "x.tar")))
    assert list(example.captions) == captions
