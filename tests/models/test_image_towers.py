"""Towers for features files, and `semclip data features` end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from semclip.cli import data_features
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.data.load import DataConfig, load_examples
from semclip.models.features_file import FeaturesFile
from semclip.models.image_towers import encode_batch, open_tower
from tests.data.layouts import LAYOUTS, jpeg, write_parquet
from tests.models.tiny import tiny

NETWORK = "torchvision:shufflenet_v2_x0_5"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "shufflenet.pth"
    torch.manual_seed(0)
    torch.save(torchvision.models.shufflenet_v2_x0_5(weights=None).state_dict(), path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(5):
        path = tmp_path / "photos" / ("cat" if number < 3 else "dog") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    (tmp_path / "photos" / "notes.txt").write_text("not an image")
    return tmp_path / "photos"


def run(*arguments: object) -> str:
    app = Typer()
    app.command()(data_features.command)
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_torchvision_tower_gives_what_its_last_layer_reads(weights: Path, photos: Path) -> None:
    tower = open_tower(NETWORK, str(weights))
    network = torchvision.models.shufflenet_v2_x0_5(weights=None)
    network.load_state_dict(torch.load(weights, weights_only=True))
    seen: list[torch.Tensor] = []
    network.fc.register_forward_pre_hook(lambda m, args: seen.append(args[0]))
    inputs = tower.load_image(ImageRef("0.png", photos / "cat" / "0.png"))[None]
    assert inputs.shape == (1, 3, 224, 224)
    with torch.no_grad():
        network.eval()(inputs)
    assert torch.equal(encode_batch(tower, inputs), seen[0]) and seen[0].shape == (1, 1024)
    assert tower.preprocessing["crop"] == [224]


def test_features_of_a_folder_of_classes(weights: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.npy"
    output = run(photos, "--model", NETWORK, "--weights", weights, "--out", out, "--batch-size", 2)
    assert "5 images" in output and "1024" in output
    with pytest.raises(UserError, match="something is there already"):
        run(photos, "--model", "torchvision:resnet18", "--out", out)
    file = FeaturesFile.open(out)
    assert file.names == ["cat/0.png", "cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png"] and file.width == 1024
    tower = open_tower(NETWORK, str(weights))
    info = json.loads((tmp_path / "x.info.json").read_text())
    assert info["network"] == NETWORK and info["fingerprint"] == tower.fingerprint
    assert info["preprocessing"] == tower.preprocessing
    alone = encode_batch(tower, tower.load_image(ImageRef("", photos / "dog" / "4.png"))[None])[0]
    np.testing.assert_allclose(file.row("dog/4.png"), alone, atol=1e-5)


def test_features_of_a_data_file_by_a_saved_model(photos: Path, tmp_path: Path) -> None:
    encoder = tiny()
    encoder.save(tmp_path / "model")
    rows = [
        {"image": "cat/1.png", "caption": "a cat", "negative_image": "dog/4.png"},
        {"image": "cat/1.png", "caption": "one cat"},
        {"image": "dog/3.png", "caption": "a dog"},
    ]
    (tmp_path / "data.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
    run(tmp_path / "data.jsonl", "--images", photos, "--model", tmp_path / "model", "--out", tmp_path / "x.npy")
    file = FeaturesFile.open(tmp_path / "x.npy")
    assert sorted(file.names) == ["cat/1.png", "dog/3.png", "dog/4.png"]
    with torch.no_grad():
        expected = encoder.encode_image(encoder.load_image(ImageRef("", photos / "dog" / "3.png"))[None])[0]
    np.testing.assert_allclose(file.row("dog/3.png"), expected, atol=1e-5)
    assert file.info["fingerprint"] == encoder.image_fingerprint()


@pytest.mark.parametrize("name", ["hub_parquet", "img2dataset_tars", "coco_folder", "sidecars", "saved_by_datasets"])
def test_features_of_data_as_people_have_them(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are those that training asks for, by the names that it asks with."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    data, encoder = LAYOUTS[name](tmp_path / "data"), tiny()
    encoder.save(tmp_path / "model")
    run(data, "--model", tmp_path / "model", "--out", tmp_path / "x.npy")
    file = FeaturesFile.open(tmp_path / "x.npy")
    examples = load_examples(DataConfig(path=str(data)))
    assert len(file.names) == len(examples) == 3
    for example in examples:
        with torch.no_grad():
            expected = encoder.encode_image(encoder.load_image(example.image)[None])[0]
        np.testing.assert_allclose(file.row_of(example.image), expected, atol=1e-5)


def test_features_of_another_picture_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same name, in a table that was written again in another order."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny().save(tmp_path / "model")
    rows = [{"image": jpeg("dog.jpg") + bytes(count), "caption": f"text {count}"} for count in range(3)]
    write_parquet(tmp_path / "x.parquet", rows)
    run(tmp_path / "x.parquet", "--model", tmp_path / "model", "--out", tmp_path / "x.npy")
    write_parquet(tmp_path / "x.parquet", rows[::-1])
    file = FeaturesFile.open(tmp_path / "x.npy")
    first, second, _ = load_examples(DataConfig(path=str(tmp_path / "x.parquet")))
    file.row_of(second.image)
    with pytest.raises(UserError, match="not the one its features were computed from"):
        file.row_of(first.image)


def test_bad_requests(weights: Path, photos: Path, tmp_path: Path) -> None:
    for spec, file, message in (
        ("torchvision:mobilenet_v9", "", "no classifier"),
        (NETWORK, "", "needs a file of weights"),
        (NETWORK, "missing.pth", "no such file"),
        ("torchvision:resnet18", str(weights), "cannot read the weights"),
        ("semclip-tiny-48", "", "random weights"),
    ):
        with pytest.raises(UserError, match=message) as caught:
            open_tower(spec, file)
        assert caught.value.where and caught.value.fix
    with pytest.raises(UserError, match=r"\.npy"):
        run(photos, "--model", NETWORK, "--weights", weights, "--out", tmp_path / "x.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no images"):
        run(tmp_path / "empty", "--model", NETWORK, "--weights", weights, "--out", tmp_path / "x.npy")
    (photos / "cat" / "0.png").write_bytes(b"broken")
    with pytest.raises(UserError) as caught:
        run(photos, "--model", NETWORK, "--weights", weights, "--out", tmp_path / "x.npy")
    assert "0.png" in caught.value.where
    assert not (tmp_path / "x.npy").exists()


@pytest.fixture
def dinov2(tmp_path: Path) -> Path:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 16, "patch_size": 8}
    transformers.Dinov2Model(transformers.Dinov2Config(**sizes)).save_pretrained(tmp_path / "dinov2")
    size = {"height": 16, "width": 16}
    processor = transformers.BitImageProcessor(size={"shortest_edge": 16}, crop_size=size)
    processor.save_pretrained(tmp_path / "dinov2")
    return tmp_path / "dinov2"


def test_an_image_model_of_transformers(dinov2: Path, photos: Path, tmp_path: Path) -> None:
    import transformers

    network = transformers.AutoModel.from_pretrained(dinov2).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(dinov2)
    run(photos, "--model", dinov2, "--out", tmp_path / "x.npy")
    file = FeaturesFile.open(tmp_path / "x.npy")
    for name in ("cat/0.png", "dog/4.png"):
        pixels = processor(images=Image.open(photos / name).convert("RGB"), return_tensors="pt")
        with torch.no_grad():
            expected = network(**pixels).pooler_output[0]
        np.testing.assert_allclose(file.row(name), expected, atol=1e-5)
    assert file.info["network"] == str(dinov2) and file.info["preprocessing"]["do_resize"]


def test_the_image_side_of_a_dual_encoder_of_transformers(photos: Path, tmp_path: Path) -> None:
    from semclip.models.load import load
    from tests.models.test_transformers import save_tiny

    save_tiny(tmp_path / "clip", "clip")
    ref = ImageRef("0.png", photos / "cat" / "0.png")
    tower, encoder = open_tower(str(tmp_path / "clip")), load(str(tmp_path / "clip"))
    with torch.no_grad():
        found = encode_batch(tower, tower.load_image(ref)[None])
        torch.testing.assert_close(found, encoder.encode_image(encoder.load_image(ref)[None]))
    assert tower.fingerprint == encoder.image_fingerprint()


def test_models_of_transformers_that_give_no_image_features(tmp_path: Path) -> None:
    from tests.models.test_text_towers import save_text_model

    with pytest.raises(UserError, match="no such folder"):
        open_tower(f"hf:{tmp_path / 'nowhere'}")
    save_text_model(tmp_path / "text")
    with pytest.raises(UserError, match="image"):
        open_tower(str(tmp_path / "text"))
