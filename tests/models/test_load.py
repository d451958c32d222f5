"""Finding models: run folders, saved folders, architectures, and sections of a config."""

import argparse
import errno
from pathlib import Path
from typing import Any

import pytest
import torch

from semclip.core.errors import UserError
from semclip.models.backends.open_clip import OpenClip
from semclip.models.folder import read_weights
from semclip.models.load import create, load
from tests.models.tiny import CONFIGS, tiny


def test_run_folder_and_model_folder(tmp_path: Path) -> None:
    encoder = tiny()
    encoder.save(tmp_path / "run" / "model")
    for spec in (tmp_path / "run", tmp_path / "run" / "model"):
        loaded = load(str(spec))
        assert loaded.image_fingerprint() == encoder.image_fingerprint()
        assert not loaded.training and str(spec) in loaded.label


def test_weights_that_may_not_be_read_are_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny().save(tmp_path)

    def closed(path: Path, *_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    # What safetensors says then, whoever runs the tests: root may read everything.
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
    monkeypatch.setattr("semclip.models.folder.load_file", lambda path: (_ for _ in ()).throw(missing))
    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(UserError, match="cannot read the weights: Permission denied") as caught:
        read_weights(tmp_path / "open_clip_model.safetensors")
    assert "chmod u+r" in caught.value.fix


def test_random_weights_must_be_asked_for() -> None:
    with pytest.raises(UserError, match="no weights, so that they would be random") as caught:
        load("semclip-tiny-48")
    with pytest.raises(UserError, match="random") as tagged:
        load("ViT-B-32")
    assert "ViT-B-32/TAG with one of openai" in tagged.value.fix
    spec = next(word for word in caught.value.fix.split() if word.endswith("/random"))
    encoder = load(spec)  # the advice, followed
    assert (
        encoder.random_parts == ("image", "text")
        and encoder.label == "semclip-tiny-48/random"
        and encoder.embed_dim == 128
    )


@pytest.mark.parametrize("spec", ["ViT-B32", "runs/missing", "./missing", "/missing", "runs/a/b", "", "no such thing"])
def test_unknown_names(spec: str) -> None:
    with pytest.raises(UserError) as caught:
        load(spec)
    assert caught.value.fix and len(str(caught.value)) < 600


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model in this folder"):
        load(str(tmp_path))
    (tmp_path / "semclip_config.json").write_text('{"backend": "featurs"}')
    with pytest.raises(UserError, match="featurs") as caught:
        load(str(tmp_path))
    assert "features" in caught.value.fix
    (tmp_path / "semclip_config.json").write_text("[]")
    with pytest.raises(UserError, match="backend"):
        load(str(tmp_path))


def test_sections(tmp_path: Path) -> None:
    section = {"backend": "open_clip", "config": CONFIGS["plain"], "freeze": ["image", "logit_scale"]}
    encoder = create(section, "config.yaml")
    assert encoder.frozen("image") and encoder.frozen("logit_scale") and not encoder.frozen("text")
    assert section["freeze"]  # the caller's section is not changed
    encoder.save(tmp_path / "model")
    again = create({"from": str(tmp_path / "model"), "freeze": ["text"]}, "config.yaml")
    assert again.frozen("text") and not again.frozen("image")
    assert again.image_fingerprint() == encoder.image_fingerprint()


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({}, "give one of the two"),
        ({"from": "a", "backend": "open_clip"}, "give one of the two"),
        ({"backend": "openclip"}, "unknown backend"),
        ({"backend": "open_clip", "nam": "ViT-B-32"}, "unknown key 'nam'"),
        ({"backend": "open_clip", "name": "semclip-tiny-48", "freeze": "image"}, "list of parts"),
        ({"backend": "open_clip", "name": "semclip-tiny-48", "freeze": ["images"]}, "unknown part"),
        ({"backend": "features"}, "'features' is required"),
        ({"from": "/missing"}, "no model folder"),
    ],
)
def test_bad_sections(section: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        create(section, "config.yaml")


def test_pixels_need_no_features_file(tmp_path: Path) -> None:
    tiny().save(tmp_path / "model")
    with pytest.raises(UserError, match="reads pixels"):
        create({"from": str(tmp_path / "model"), "features": "x.npy"}, "config.yaml")


def checkpoint(path: Path, state: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    return path


@pytest.fixture
def saved(tmp_path: Path) -> OpenClip:
    encoder = create({"backend": "open_clip", "name": "semclip-tiny-48", "seed": 5}, "test")
    assert isinstance(encoder, OpenClip)
    return encoder


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict", "module", None])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_checkpoints_of_other_programs_are_read_by_path(
    key: str | None, prefix: str, saved: OpenClip, tmp_path: Path
) -> None:
    state = {f"{prefix}{name}": t for name, t in saved.network.state_dict().items()}
    others = {"epoch": 3, "args": argparse.Namespace(lr=0.1), "optimizer": {"state": {}, "param_groups": []}}
    file = checkpoint(tmp_path / "some dir" / "epoch.3.pt", state if key is None else {**others, key: state})
    loaded = load(f"semclip-tiny-48/{file}")
    assert loaded.image_fingerprint() == saved.image_fingerprint()
    assert loaded.text_fingerprint() == saved.text_fingerprint() and not loaded.untrained()


def test_a_checkpoint_without_weights_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "x.pt", {"epoch": 1, "net": {"a": torch.zeros(2)}})
    with pytest.raises(UserError, match="it holds epoch, net, and none of model"):
        load(f"semclip-tiny-48/{file}")


def test_a_file_alone_is_read_by_what_lies_beside_it_or_refused_with_what_to_write(
    saved: OpenClip, tmp_path: Path
) -> None:
    saved.save(tmp_path / "model")
    file = next((tmp_path / "model").glob("*.safetensors"))
    assert load(str(file)).image_fingerprint() == saved.image_fingerprint()
    assert load(f"local-dir:{tmp_path / 'model'}").image_fingerprint() == saved.image_fingerprint()
    alone = checkpoint(tmp_path / "logs" / "checkpoints" / "epoch_1.pt", {"state_dict": saved.network.state_dict()})
    with pytest.raises(UserError, match="does not say which network") as caught:
        load(str(alone))
    assert f"ViT-B-32/{alone}" in caught.value.fix
    params = tmp_path / "logs" / "params.txt"
    params.write_text("batch_size: 8\nmodel: semclip-tiny-48\nimage_mean: [0.5, 0.5, 0.5]\nimage_std: None\n")
    loaded = load(str(alone))
    assert loaded.description()["preprocessing"]["mean"] == [0.5, 0.5, 0.5]
    assert loaded.text_fingerprint() == saved.text_fingerprint()
    params.write_text("model: semclip-tiny-48\npretrained: openai\nforce_quick_gelu: False\n")
    assert load(str(alone)).description()["activation"] == "QuickGELU"
    params.write_text("lr: 1\n")
    with pytest.raises(UserError, match="no line `model:`"):
        load(str(alone))


@pytest.mark.parametrize("spec", ["hf-hub:laion/CLIP-ViT-B-32", "local-dir:/nowhere/at/all", "ViT-B-32//no/such.pt"])
def test_other_ways_to_name_a_model_are_refused_with_what_to_write(spec: str) -> None:
    with pytest.raises(UserError) as caught:
        load(spec)
    assert spec in str(caught.value) and caught.value.fix
