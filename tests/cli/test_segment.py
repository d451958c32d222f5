"""`semclip segment` and `semclip distill`: the images they write, a student from start to end, and plain errors."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from semclip.cli import distill, segment
from semclip.cli._label_pictures import colours, label_image, overlay
from semclip.core.errors import UserError
from semclip.data.scenes.write import write_scenes
from tests.models.tiny import tiny


def run(command: object, *arguments: str) -> str:
    app = Typer()
    app.command()(command)  # type: ignore[type-var]
    done = CliRunner().invoke(app, list(arguments), standalone_mode=False)
    if done.exception:
        raise done.exception
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_scenes(folder / "scenes", train=6, val=1, test=3, image_size=32)
    tiny().save(folder / "model")
    return folder


def test_an_image_becomes_labels_and_an_overlay(world: Path, tmp_path: Path) -> None:
    image = sorted((world / "scenes" / "images").glob("*.png"))[0]
    names = "red circle, blue square,green star"
    run(segment.command, str(world / "model"), str(image), "--classes", names, "--out", str(tmp_path / "out"))
    labels = Image.open(tmp_path / "out" / f"{image.name}.labels.png")
    assert labels.mode == "P" and labels.size == (32, 32) and set(np.unique(np.asarray(labels))) <= {0, 1, 2}
    shown = Image.open(tmp_path / "out" / f"{image.name}.overlay.png")
    assert shown.mode == "RGB" and shown.height > shown.width >= 240
    written = [f"{image.name}.{k}.png" for k in ("labels", "overlay")]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["made_from.json", *written]


def test_a_folder_with_every_refinement_twice(world: Path) -> None:
    images = world / "scenes" / "images"
    out = images / "segments"
    words = ["--classes", "ring,star", "--background", "plain,wall", "--templates", "a {}|the {}", "--size", "32"]
    words += ["--smooth-keys", "channels", "--denoise", "0.5", "--threshold", "0.4", "--variant", "clearclip"]
    for _ in range(2):  # images of the first call are no input of the second
        assert "10 images, 3 classes" in run(
            segment.command, str(world / "model"), str(images), "--out", str(out), *words
        )
    assert len(list(out.glob("*.png"))) == 20
    for path in out.iterdir():
        path.unlink()


def test_labels_of_other_classes_settings_or_images_are_not_written_over(world: Path, tmp_path: Path) -> None:
    images = sorted((world / "scenes" / "images").glob("*.png"))
    out = tmp_path / "out"
    first = [str(world / "model"), str(images[0]), "--classes", "ring,star", "--out", str(out)]
    run(segment.command, *first)
    before = (out / f"{images[0].name}.labels.png").read_bytes()
    other = tmp_path / images[0].name  # another picture of the same name
    Image.open(images[1]).save(other)
    for said, words in (
        ("classes was .'ring', 'star'., is .'ring', 'moon'.", [*first[:3], "ring,moon", *first[4:]]),
        ("size was 0, is 32", [*first, "--size", "32"]),
        ("images was", [first[0], str(other), *first[2:]]),
    ):
        with pytest.raises(UserError, match=f"made from something else: .*{said}"):
            run(segment.command, *words)
    assert (out / f"{images[0].name}.labels.png").read_bytes() == before
    run(segment.command, *first)
    run(segment.command, first[0], str(images[1]), *first[2:])
    (out / "made_from.json").unlink()
    with pytest.raises(UserError, match="is there already, made from something else"):
        run(segment.command, *first)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--classes", ""], "0 classes named"),
        (["--classes", "dog"], "1 classes named"),
        (["--classes", "dog,cat", "--templates", "a photo"], "no place for the class name"),
        (["--classes", "dog,cat", "--variant", "papr"], "no variant 'papr'"),
        (["--classes", "dog,cat", "--smooth-keys", "rows"], "smooth"),
    ],
)
def test_mistakes_are_explained(world: Path, tmp_path: Path, words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        run(
            segment.command,
            str(world / "model"),
            str(world / "scenes" / "images"),
            "--out",
            str(tmp_path / "o"),
            *words,
        )
    assert caught.value.fix and not (tmp_path / "o").exists()


def test_no_images(world: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "missing", tmp_path):
        with pytest.raises(UserError, match=r"no (such )?image"):
            run(segment.command, str(world / "model"), str(place), "--classes", "a,b")


def test_a_student_is_taught_measured_and_used(world: Path, tmp_path: Path) -> None:
    """With the masks of its train split deleted: it never reads them."""
    for path in (world / "scenes" / "masks").glob("train-*"):
        path.unlink()
    data, out = world / "scenes" / "scenes.jsonl", tmp_path / "run"
    words = ["--steps", "2", "--threshold", "0.02", "--out", str(out)]
    said = run(distill.command, str(world / "model"), str(data), *words)
    assert "6 images, no mask read" in said and "miou" in said
    for name in ("teacher", "student"):
        result = json.loads((out / f"{name}.json").read_text())
        assert result["benchmark"] == "segmentation" and len(result["extra"]["classes"]) == 61
        assert result["data"]["examples"] == 3 and 0 <= result["metrics"][0]["value"] <= 1
    image = sorted((world / "scenes" / "images").glob("test-*.png"))[0]
    run(segment.command, str(out / "student"), str(image), "--out", str(tmp_path / "seen"))
    assert (tmp_path / "seen" / f"{image.name}.labels.png").exists()
    with pytest.raises(UserError, match="knows its own classes"):
        run(segment.command, str(out / "student"), str(image), "--classes", "a,b")
    others = ["--classes", "a,b", "--steps", "1", "--out"]
    with pytest.raises(
        UserError, match=r"made from something else: .*classes was .*; threshold was 0.02, is 0.*; steps was 2, is 1"
    ):
        run(distill.command, str(world / "model"), str(data), *others, str(out))
    assert json.loads((out / "student.json").read_text()) == result  # untouched
    rows = data.read_text().splitlines()
    fewer = data.with_name("fewer.jsonl")
    fewer.write_text("\n".join(rows[:-1]))
    with pytest.raises(UserError, match="made from something else: data was"):
        run(distill.command, str(world / "model"), str(fewer), *words)
    assert run(distill.command, str(world / "model"), str(data), *words) == said  # the same again
    (out / "made_from.json").unlink()
    with pytest.raises(UserError, match="'student' is there already"):
        run(distill.command, str(world / "model"), str(data), *words)
    assert "not measured" in run(distill.command, str(world / "model"), str(data), *others, str(tmp_path / "other"))


def test_label_images_keep_the_numbers() -> None:
    names = ["background", *(f"class {i}" for i in range(60))]
    assert len(set(colours(names))) == 61 and colours(names)[0] == (128, 128, 128)
    labels = np.arange(60).reshape(6, 10)
    assert np.array_equal(np.asarray(label_image(labels, names)), labels)
    drawn = overlay(Image.new("RGB", (10, 6)), np.full((6, 10), 3), names)
    assert drawn.size == (400, 240 + 16 + 4)
