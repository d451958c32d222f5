"""Pretrained tags without a network: taken from the cache, or an error that says which file to put where."""

import json
import socket
from pathlib import Path

import huggingface_hub
import open_clip
import pytest
import torch
from open_clip import pretrained as open_clip_pretrained

from semclip.core.errors import UserError
from semclip.models.load import create, load
from tests.models.tiny import CONFIGS, TEXTS, tiny


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("the test's network is off")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "hub"


@pytest.mark.parametrize("offline", [True, False])
def test_a_missing_tag_says_what_to_put_where(offline: bool, no_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", offline)
    with pytest.raises(UserError, match="not on this machine") as caught:
        load("ViT-B-32/laion2b_s34b_b79k")
    assert "laion/CLIP-ViT-B-32-laion2B-s34B-b79K open_clip_model.safetensors" in caught.value.fix
    assert str(no_network / "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K") in caught.value.fix


def test_a_missing_url_names_url_and_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not on this machine") as caught:
        load("RN50-quickgelu/cc12m")
    assert "https://" in caught.value.fix or "hf download" in caught.value.fix
    assert str(tmp_path) in caught.value.fix


def test_unknown_tag() -> None:
    with pytest.raises(UserError, match="neither a file nor a pretrained tag") as caught:
        load("ViT-B-32/laion2b_s34b_b79")
    assert "laion2b_s34b_b79k" in caught.value.fix
    with pytest.raises(UserError, match="neither a file nor a pretrained tag") as caught:
        load("semclip-tiny-48/laion2b_s34b_b79k")  # of which there are no weights at all
    assert "pretrained: ''" in caught.value.fix and "semclip-tiny-48/random on the command line" in caught.value.fix


def test_a_cached_tag_needs_no_network(no_network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights, preprocessing and activation are the tag's, although the architecture says nothing of them."""
    (tmp_path / "tiny-test.json").write_text(json.dumps(CONFIGS["plain"]))
    open_clip.add_model_config(tmp_path / "tiny-test.json")
    tag = {"hf_hub": "someone/tiny/", "quick_gelu": True, "mean": (0.5, 0.5, 0.5), "interpolation": "bilinear"}
    monkeypatch.setitem(open_clip_pretrained._PRETRAINED, "tiny-test", {"tag": tag})
    trained = tiny("quickgelu", seed=9)
    repository = no_network / "models--someone--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("abc")
    trained.save(repository / "snapshots" / "abc")

    encoder = load("tiny-test/tag")
    tokens = encoder.tokenize(TEXTS)
    with torch.no_grad():
        assert torch.equal(encoder.encode_text(tokens), trained.encode_text(tokens))
    assert encoder.preprocess.settings["mean"] == [0.5, 0.5, 0.5]  # type: ignore[union-attr,index]
    assert encoder.label == "tiny-test/tag"
    assert not encoder.training


def test_a_file_of_weights(tmp_path: Path) -> None:
    trained = tiny(seed=9)
    torch.save(trained.network.state_dict(), tmp_path / "weights.pt")
    section = {"backend": "open_clip", "config": CONFIGS["plain"], "pretrained": str(tmp_path / "weights.pt")}
    assert create(section, "config.yaml").image_fingerprint() == trained.image_fingerprint()
    (tmp_path / "weights.pt").write_bytes(b"nothing")
    with pytest.raises(UserError, match="cannot read the weights"):
        create(section, "config.yaml")


def test_the_whole_reason_is_told(tmp_path: Path) -> None:
    """Weights of another network: every name that is missing, however many they are."""
    names = [name for name in tiny(seed=9).network.state_dict() if name.startswith("visual.transformer")]
    torch.save({f"towers.image.{name}": torch.zeros(2) for name in names}, tmp_path / "other.pt")
    section = {"backend": "open_clip", "config": CONFIGS["plain"], "pretrained": str(tmp_path / "other.pt")}
    with pytest.raises(UserError) as caught:
        create(section, "config.yaml")
    assert len(caught.value.what) > 600
    assert all(f'"{name}"' in caught.value.what for name in names)
