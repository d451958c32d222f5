"""Finding models: run folders, saved folders, architectures, and sections of a config."""

from pathlib import Path
from typing import Any

import pytest

from semclip.core.errors import UserError
from semclip.models.load import create, load
from tests.models.tiny import CONFIGS, tiny


def test_run_folder_and_model_folder(tmp_path: Path) -> None:
    encoder = tiny()
    encoder.save(tmp_path / "run" / "model")
    for spec in (tmp_path / "run", tmp_path / "run" / "model"):
        loaded = load(str(spec))
        assert loaded.image_fingerprint() == encoder.image_fingerprint()
        assert not loaded.training and str(spec) in loaded.label


def test_random_weights_must_be_asked_for() -> None:
    with pytest.raises(UserError, match="no weights, so that they would be random") as caught:
        load("semclip-tiny-48")
    with pytest.raises(UserError, match="random") as tagged:
        load("ViT-B-32")
    assert "ViT-B-32/TAG with one of openai" in tagged.value.fix
    spec = next(word for word in caught.value.fix.split() if word.endswith("/random"))
    encoder = load(spec)  # the advice, followed
    assert encoder.random_weights and encoder.label == "semclip-tiny-48/random" and encoder.embed_dim == 128


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
