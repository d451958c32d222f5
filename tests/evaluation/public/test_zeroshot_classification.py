"""Zero-shot classification against CLIP_benchmark's own numbers, and every layout of an image set."""

import io
import json
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.prompts import mean_rows
from semclip.evaluation.public._image_sets import Classes, Labelled, read_sets
from semclip.evaluation.public.base import create
from semclip.evaluation.public.semclip_zeroshot import NEGATED, TEMPLATE
from tests.evaluation.own.fakes import FakeEncoder, constant
from tests.evaluation.public.fakes import noise, run, write_images
from tests.models.tiny import tiny

VECTORS = Path(__file__).parents[2] / "vectors"
VECTOR = json.loads((VECTORS / "bench-zeroshot-classification.json").read_text())
SEMCLIP = json.loads((VECTORS / "bench-semclip.json").read_text())

CLASSES = [f"thing {i}" for i in range(6)]
TRUE = {f"pots/test/{i}/{j}.png": [f"a photo of a {CLASSES[i]}"] for i in range(6) for j in range(2)}


def write_sample(root: Path) -> None:
    folder = root / "zeroshot_classification" / "pots"
    for i in range(len(CLASSES)):
        write_images(folder / "test" / str(i), ["0.png", "1.png"])
    (folder / "classnames.txt").write_text("\n".join(CLASSES))
    (folder / "zeroshot_classification_templates.txt").write_text("a photo of a {c}\n")


def test_published_vector() -> None:
    classes = Classes("vector", tuple(VECTOR["classes"]), tuple(VECTOR["templates"]))
    items = [Labelled(ImageRef(n), y, classes) for n, y in zip(VECTOR["images"], VECTOR["labels"], strict=True)]
    texts = VECTOR["texts"] | {"this is a photo of a red circle": [1.0] * 4}
    encoder = FakeEncoder(lambda name: np.array(VECTOR["images"][name]), lambda text: np.array(texts[text]))
    encodings = Encodings.compute(encoder, [i.image for i in items], classes.texts(classes.templates))
    rows = mean_rows(encodings, [classes.texts([template]) for template in classes.templates])
    np.testing.assert_allclose(rows, VECTOR["expected_classifier_columns"], atol=1e-9)
    value = {m.name: m.value for m in create("zeroshot_classification").score(items, encodings).metrics}
    for name, expected in VECTOR["expected"].items():
        assert value[f"official_{name}"] == pytest.approx(expected, abs=1e-9)
        assert value[name] == pytest.approx(expected, abs=1e-9)


def test_semclip_vector_on_other_splits_is_called_test() -> None:
    case = SEMCLIP["zeroshot"]
    classes = Classes("vector", tuple(case["classes"]), ())
    items = [Labelled(ImageRef(n), y, classes) for n, y in zip(case["images_order"], case["labels"], strict=True)]
    texts = case["texts"] | {"this is a photo of a red circle": [1.0] * 4}
    encoder = FakeEncoder(lambda name: np.array(SEMCLIP["images"][name]), lambda text: np.array(texts[text]))
    encodings = Encodings.compute(encoder, [i.image for i in items], classes.texts([TEMPLATE, NEGATED]))
    value = {m.name: m.value for m in create("semclip_zeroshot").score(items, encodings).metrics}
    for name in ("original_accuracy", "negated_accuracy", "delta"):
        expected = case["expected_percent"][name] / 100
        assert value[f"official_test_{name}"] == value[f"test_{name}"] == pytest.approx(expected)


def test_the_delta_of_several_sets_varies_only_within_them() -> None:
    """Hears the denial in one set and not in the other: their mean is 1/2 whichever images are drawn."""
    sets = {"deaf": (("cat", "dog"), 40), "heard": (("cup", "pot"), 4)}
    items = [
        Labelled(ImageRef(f"{names[i % 2]} {i}"), i % 2, Classes(of, names, ()))
        for of, (names, n) in sets.items()
        for i in range(n)
    ]
    place = {"cat": 0, "dog": 1, "cup": 2, "pot": 3}
    other = {"cup": 3, "pot": 2}

    def text(said: str) -> np.ndarray:
        name = said.rpartition(" ")[2]
        heard = place.get(name, 0)  # a fake encoder is asked for more
        return np.eye(4)[other.get(name, heard) if "not" in said else heard]

    encoder = FakeEncoder(lambda image: np.eye(4)[place[image.partition(" ")[0]]], text)
    texts = [t for item in items for t in item.classes.texts([TEMPLATE, NEGATED])]
    scores = create("semclip_zeroshot").score(items, Encodings.compute(encoder, [i.image for i in items], texts))
    for metric in (m for m in scores.metrics if m.name.endswith("test_delta")):
        assert metric.value == 0.5 and metric.interval == (0.5, 0.5)


def test_constant_encoder_is_chance_and_few_classes_have_no_acc5() -> None:
    sets = {"two": ("cat", "dog"), "six": tuple("abcdef")}
    items = [
        Labelled(ImageRef(f"{of}{i}"), i % len(names), Classes(of, names, ("a {c}",)))
        for of, names in sets.items()
        for i in range(12 if of == "six" else 2)
    ]
    texts = [t for names in sets.values() for t in (f"a {n}" for n in names)]
    scores = create("zeroshot_classification").score(
        items, Encodings.compute(constant(), [i.image for i in items], texts)
    )
    found = {m.name: m for m in scores.metrics}
    assert found["acc1"].value == pytest.approx((1 / 2 + 1 / 6) / 2)  # sets count alike
    assert found["acc1"].per_slice["six"].value == pytest.approx(1 / 6)
    assert found["acc5"].value == pytest.approx(5 / 6) and set(found["acc5"].per_slice) == {"six"}
    assert any("two" in note and "5 classes" in note for note in scores.notes)


def png(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), (shade, 0, 0)).save(file, "PNG")
    return file.getvalue()


def write_texts(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "classnames.txt").write_text("\n".join(names) + "\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\nno {c}? a {c}!\n")


def test_a_folder_per_class(tmp_path: Path) -> None:
    write_texts(tmp_path / "pots", ["red_pot", "blue pot"])
    for label, name in enumerate(("0red", "1blue")):
        (tmp_path / "pots" / "test" / name).mkdir(parents=True)
        (tmp_path / "pots" / "test" / name / "x.png").write_bytes(png(label))
    items = read_sets(tmp_path, (), "test")
    assert [(i.image.name, i.label) for i in items] == [("pots/test/0red/x.png", 0), ("pots/test/1blue/x.png", 1)]
    assert items[0].classes.texts(items[0].classes.templates)[0] == "a photo of a red_pot."
    (tmp_path / "pots" / "classnames.txt").write_text("one\n")
    with pytest.raises(UserError, match="1 class names for 2 classes"):
        read_sets(tmp_path, (), "test")
    (tmp_path / "pots" / "classnames.txt").unlink()
    (tmp_path / "en_classnames.json").write_text(json.dumps({"pots": ["a", "b"]}))
    (tmp_path / "pots" / "zeroshot_classification_templates.txt").unlink()
    with pytest.raises(UserError, match="no templates"):
        read_sets(tmp_path, (), "test")
    (tmp_path / "en_zeroshot_classification_templates.json").write_text(json.dumps({"pots": ["{c}"]}))
    assert read_sets(tmp_path, (), "test")[0].classes == Classes("pots", ("a", "b"), ("{c}",))
    with pytest.raises(UserError, match="no image set 'pans'"):
        read_sets(tmp_path, ("pans",), "test")


def test_food101_is_spelled_as_in_clip_benchmark_and_raw_for_semclip(tmp_path: Path) -> None:
    for name in ("food101", "cifar100"):
        for folder in ("apple_pie", "sushi"):
            write_images(tmp_path / name / "test" / folder, ["x.png"])
        (tmp_path / name / "zeroshot_classification_templates.txt").write_text("{c}\n")
    names = {item.classes.of: item.classes.names for item in read_sets(tmp_path, (), "test")}
    assert names == {"cifar100": ("apple_pie", "sushi"), "food101": ("apple pie", "sushi")}
    raw = {item.classes.names for item in read_sets(tmp_path, (), "test", with_templates=False)}
    assert raw == {("apple_pie", "sushi")}


def test_classes_without_images_are_said(tmp_path: Path) -> None:
    write_sample(tmp_path)
    (tmp_path / "zeroshot_classification" / "pots" / "test" / "2" / "0.png").unlink()
    (tmp_path / "zeroshot_classification" / "pots" / "test" / "2" / "1.png").unlink()
    notes = run(noise(), "zeroshot_classification", tmp_path).notes
    assert "pots: 10 images, 6 classes; no image of 1 of them (thing 2)" in notes


def test_webdataset_tars(tmp_path: Path) -> None:
    sets = tmp_path / "sets"
    write_texts(sets / "pots", ["red", "blue", "green"])
    (sets / "pots" / "test").mkdir()
    members = {"s0.cls": b"2", "s0.png": png(7), "../s1.cls": b"0\n", "../s1.png": png(9)}
    with tarfile.open(sets / "pots" / "test" / "0.tar", "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    items = read_sets(sets, (), "test")
    assert sorted(i.label for i in items) == [0, 2]
    assert {i.label: Image.open(i.image.open()).getpixel((0, 0))[0] for i in items} == {2: 7, 0: 9}  # type: ignore[index]


def test_tars_are_scored_like_the_folders_they_hold(tmp_path: Path) -> None:
    write_sample(tmp_path / "folders")
    pots = tmp_path / "folders" / "zeroshot_classification" / "pots"
    packed = tmp_path / "tars" / "zeroshot_classification" / "pots"
    (packed / "test").mkdir(parents=True)
    for name in ("classnames.txt", "zeroshot_classification_templates.txt"):
        (packed / name).write_bytes((pots / name).read_bytes())
    for shard in range(2):  # as clip-benchmark's sets come: several shards, keys that start anew in none of them
        with tarfile.open(packed / "test" / f"{shard}.tar", "w") as archive:
            for label in range(shard, len(CLASSES), 2):
                for j in range(2):
                    key, image_ref = f"s{label:07d}{j}", (pots / "test" / str(label) / f"{j}.png").read_bytes()
                    for name, content in ((f"{key}.cls", str(label).encode()), (f"{key}.png", image_ref)):
                        info = tarfile.TarInfo(name)
                        info.size = len(content)
                        archive.addfile(info, io.BytesIO(content))
    plain, other = (run(tiny(), "zeroshot_classification", tmp_path / kind) for kind in ("folders", "tars"))
    for metric in plain.metrics:
        assert other.metric(metric.name).value == pytest.approx(metric.value, abs=1e-12), metric.name
    assert other.data["examples"] == 12 and "pots: 12 images, 6 classes" in other.notes


@pytest.mark.parametrize("block", [1, 5, 12])
def test_blocks_of_logits_change_nothing(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(tmp_path)
    plain = run(noise(), "zeroshot_classification", tmp_path)
    monkeypatch.setattr("semclip.evaluation.public._zeroshot._BLOCK", block)
    other = run(noise(), "zeroshot_classification", tmp_path)
    assert [(m.name, m.value) for m in plain.metrics] == [(m.name, m.value) for m in other.metrics]


def test_torchvision_cifar_reads_the_test_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "sets" / "cifar10"
    write_texts(folder, ["a", "b"])
    batches = folder / "cifar-10-batches-py"
    batches.mkdir()
    pixels = np.arange(3 * 3072, dtype=np.uint32).astype(np.uint8).reshape(3, 3072)
    (batches / "test_batch").write_bytes(pickle.dumps({"data": pixels, "labels": [1, 0, 1]}))
    (batches / "batches.meta").write_bytes(pickle.dumps({"label_names": ["a", "b"]}))
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda path, md5=None: True)
    items = read_sets(tmp_path / "sets", ("cifar10",), "test")
    assert [i.label for i in items] == [1, 0, 1]
    shown = np.asarray(Image.open(str(items[2].image.path)))
    assert np.array_equal(shown, pixels[2].reshape(3, 32, 32).transpose(1, 2, 0))
    with pytest.raises(UserError, match="test split"):
        read_sets(tmp_path / "sets", ("cifar10",), "train")


def folders(root: Path, names: list[str], called: list[str] | None) -> Path:
    """A set of one picture a class folder, and its list of class names."""
    folder = root / "zeroshot_classification" / "set"
    for name in names:
        write_images(folder / "test" / name, ["0.png"])
    (folder / "zeroshot_classification_templates.txt").write_text("a {c}\n")
    if called is not None:
        (folder / "classnames.txt").write_text("\n".join(called))
    return root / "zeroshot_classification"


def of_folders(root: Path) -> dict[str, str]:
    """Class folder -> the name that its pictures are labelled with."""
    items = read_sets(root, (), "test")
    return {item.image.name.split("/")[2]: item.classes.names[item.label] for item in items}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("width", [0, 4])
def test_numbered_folders_are_in_the_order_of_the_numbers(first: int, width: int, tmp_path: Path) -> None:
    numbers = [f"{i:0{width}}" if width else str(i) for i in range(first, first + 13)]
    called = [f"thing {i}" for i in range(13)]
    assert of_folders(folders(tmp_path, numbers, called)) == dict(zip(numbers, called, strict=True))


def test_a_perfect_model_scores_full_on_numbered_folders(tmp_path: Path) -> None:
    called = [f"thing {i}" for i in range(12)]
    folders(tmp_path, [str(i) for i in range(12)], called)
    axes = np.eye(12)
    encoder = FakeEncoder(
        lambda key: axes[int(key.split("/")[2])], lambda text: axes[called.index(text[2:]) if text[2:] in called else 0]
    )
    assert run(encoder, "zeroshot_classification", tmp_path).metric("acc1").value == 1.0


@pytest.mark.parametrize(
    ("names", "called", "said"),
    [
        (["0", "1", "5"], ["a", "b", "c"], "with a gap"),
        (["2", "3", "4"], ["a", "b", "c"], "with a gap"),
        (["1", "01", "2"], ["a", "b", "c"], "two class folders have the number 1"),
        (["cat", "dog", "wolf"], ["dog", "cat", "big_wolf"], "'cat' would be called 'dog'"),
    ],
)
def test_a_doubtful_match_of_folders_and_names_is_refused(
    names: list[str], called: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        read_sets(folders(tmp_path, names, called), (), "test")
    assert caught.value.fix


@pytest.mark.parametrize(
    ("names", "called", "expected"),
    [
        (["Cat", "hot_dog", "Wolf"], ["wolf", "hot dog", "cat"], ["cat", "hot dog", "wolf"]),  # called as the classes
        (["n01", "n02"], ["zebra", "ant"], ["zebra", "ant"]),  # wordnet: the list is in the order of the folders
        (["cat", "dog"], None, ["cat", "dog"]),
    ],
)
def test_folders_called_as_their_classes_belong_to_these(
    names: list[str], called: list[str] | None, expected: list[str], tmp_path: Path
) -> None:
    found = of_folders(folders(tmp_path, names, called))
    assert [found[name] for name in names] == expected


def test_names_that_are_numbers_are_called_out(tmp_path: Path) -> None:
    folders(tmp_path, ["0", "1", "2"], None)
    notes = run(noise(), "zeroshot_classification", tmp_path).notes
    assert any("the class names are numbers" in note for note in notes)


@pytest.mark.parametrize("shared", [False, True])
def test_prompts_of_a_class_stand_for_it_alone(shared: bool, tmp_path: Path) -> None:
    root = folders(tmp_path, ["cat", "dog"], None)
    prompts = {"cat": ["it purrs", "a {c}"], "dog": ["it barks", "it is loyal", "a good {c}"]}
    path = root / (
        "en_zeroshot_classification_templates.json" if shared else "set/zeroshot_classification_prompts.json"
    )
    path.write_text(json.dumps({"set": prompts} if shared else prompts))
    if shared:
        (root / "set" / "zeroshot_classification_templates.txt").unlink()
    result = run(noise(1), "zeroshot_classification", tmp_path)
    assert result.data["templates"]["set"] == [["it purrs", "a cat"], ["it barks", "it is loyal", "a good dog"]]
    encoder = noise(1)

    def unit(vector: np.ndarray) -> np.ndarray:
        return vector / np.linalg.norm(vector)

    rows = [np.mean([unit(encoder._text(t)) for t in own], axis=0) for own in result.data["templates"]["set"]]
    images = [unit(encoder._image(f"set/test/{name}/0.png")) for name in ("cat", "dog")]
    right = [np.argmax([image @ unit(row) for row in rows]) == label for label, image in enumerate(images)]
    assert result.metric("acc1").value == np.mean(right)
    path.write_text(json.dumps({"set": {"cat": ["x"]}} if shared else {"cat": ["x"]}))
    with pytest.raises(UserError, match="no prompts for 1 of the 2 classes"):
        read_sets(root, (), "test")


def test_recall_stands_for_every_set(tmp_path: Path) -> None:
    write_sample(tmp_path)
    folders(tmp_path, ["cat", "dog"], None)
    result = run(noise(2), "zeroshot_classification", tmp_path)
    for prefix in ("", "official_"):
        metric = result.metric(f"{prefix}mean_per_class_recall")
        assert set(metric.per_slice) == {"pots", "set"}
        assert metric.value == pytest.approx(np.mean([m.value for m in metric.per_slice.values()]))
        for m in metric.per_slice.values():
            assert m.interval is not None and m.interval[0] <= m.value <= m.interval[1]
