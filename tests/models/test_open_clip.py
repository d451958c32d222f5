"""The backend open_clip: building, saving as a local-dir folder, freezing, fingerprints, and bad weights."""

import json
import pickle
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.models.backends.open_clip import OpenClip
from semclip.models.load import create, load
from tests.models.tiny import CONFIGS, TEXTS, UNTRIMMABLE, VISION, tiny

ODD = {"mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7], "interpolation": "bilinear", "resize_mode": "squash"}


def photo(folder: Path, width: int = 40, height: int = 25) -> ImageRef:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    return ImageRef("photo.png", folder / "photo.png")


@pytest.mark.parametrize("kind", [*CONFIGS, *UNTRIMMABLE])
def test_plain_open_clip_loads_the_saved_folder(kind: str, tmp_path: Path) -> None:
    encoder = tiny(kind, preprocess=ODD)
    encoder.log_logit_scale.data.fill_(1.25)
    encoder.save(tmp_path / "model")
    network, _, transform = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'model'}")
    network.eval()
    ref = photo(tmp_path)
    image = encoder.load_image(ref)
    assert torch.equal(transform(Image.open(str(ref.path))), image)
    tokens = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'model'}")(TEXTS)
    assert torch.equal(tokens, encoder.tokenize(TEXTS))
    with torch.no_grad():
        torch.testing.assert_close(network.encode_image(image[None]), encoder.encode_image(image[None]), atol=0, rtol=0)
        torch.testing.assert_close(network.encode_text(tokens), encoder.encode_text(tokens), atol=1e-5, rtol=0)
        assert float(network.logit_scale) == pytest.approx(1.25)
    assert {k: v for k, v in network.visual.preprocess_cfg.items() if k in ODD} == ODD


def test_quick_gelu_survives(tmp_path: Path) -> None:
    """The activation has no weights: a folder that forgot it would load without complaint and embed differently."""
    quick, plain = tiny("quickgelu"), tiny("plain")
    tokens = quick.tokenize(TEXTS[:2])
    with torch.no_grad():
        assert (quick.encode_text(tokens) - plain.encode_text(tokens)).abs().max() > 1e-4
    assert quick.image_fingerprint() != plain.image_fingerprint()
    quick.save(tmp_path / "model")
    with torch.no_grad():
        assert torch.equal(OpenClip.load(tmp_path / "model").eval().encode_text(tokens), quick.encode_text(tokens))


def test_a_folder_written_by_others_is_read(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = open_clip.model.CLIP(**json.loads(json.dumps(CONFIGS["plain"]))).eval()
    torch.save(network.state_dict(), tmp_path / "open_clip_pytorch_model.bin")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIGS["plain"]}))
    encoder = OpenClip.load(tmp_path).eval()
    tokens = encoder.tokenize(TEXTS)
    with torch.no_grad():
        torch.testing.assert_close(encoder.encode_text(tokens), network.encode_text(tokens), atol=1e-5, rtol=0)
    assert encoder.preprocess.settings["size"] == [16, 16]


def test_seed_decides_the_weights_and_earlier_draws_do_not() -> None:
    first = tiny(seed=1).network.visual.proj
    torch.rand(5)
    state = torch.get_rng_state()
    assert torch.equal(tiny(seed=1).network.visual.proj, first)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(tiny(seed=2).network.visual.proj, first)
    torch.manual_seed(11)
    by_program = OpenClip.create(OpenClip.Config(config=CONFIGS["plain"]), "test").network.visual.proj
    torch.rand(3)
    again = OpenClip.create(OpenClip.Config(config=CONFIGS["plain"]), "test").network.visual.proj
    torch.manual_seed(12)
    other = OpenClip.create(OpenClip.Config(config=CONFIGS["plain"]), "test").network.visual.proj
    assert torch.equal(by_program, again) and not torch.equal(by_program, other)


def test_freezing_stops_parameters_and_running_statistics() -> None:
    encoder = tiny("resnet").train()
    inputs = torch.randn(4, 3, 32, 32)
    before = encoder.image_fingerprint()
    encoder.encode_image(inputs)
    assert encoder.image_fingerprint() != before  # BatchNorm moves while it trains
    encoder.freeze("image")
    encoder.train()
    before = encoder.image_fingerprint()
    encoder.encode_image(inputs)
    assert encoder.image_fingerprint() == before
    assert encoder.frozen("image") and not encoder.frozen("text")
    assert encoder.network.transformer.training and not encoder.network.visual.training
    encoder.freeze("text", "logit_scale")
    assert not any(p.requires_grad for p in encoder.parameters())
    with pytest.raises(UserError, match="unknown part"):
        encoder.freeze("images")


@pytest.mark.parametrize("kind", ["plain", "custom_text", "eos_pool", "custom_blocks", "resnet"])
def test_text_norm_freezes_alone(kind: str) -> None:
    encoder = tiny(kind).train()
    encoder.freeze("text_norm")
    still = {name for name, p in encoder.named_parameters() if not p.requires_grad}
    assert {name.rpartition(".")[0].rpartition(".")[2] for name in still} == {"ln_final"} and len(still) == 2
    assert not encoder.frozen("text")
    encoder.encode_text(encoder.tokenize(TEXTS)).square().sum().backward()
    assert all(encoder.get_parameter(name).grad is None for name in still)
    encoder.freeze("text")
    assert encoder.frozen("text")


VISIONS = {
    "plain": {},
    "avg": {"pool_type": "avg"},
    "norm_after_pool": {"pool_type": "avg", "final_ln_after_pool": True},
    "custom_blocks": {"qk_norm": True},
}


def with_vision(**changes: object) -> OpenClip:
    config = {**CONFIGS["plain"], "vision_cfg": {**VISION, **changes}}
    return OpenClip.create(OpenClip.Config(config=config, seed=0), where="test").eval()


@pytest.mark.parametrize("changes", VISIONS.values(), ids=VISIONS)
def test_one_pass_gives_embedding_and_patch_tokens(changes: dict[str, object]) -> None:
    encoder = with_vision(**changes)
    visual = encoder.network.visual
    visual.ln_post.weight.data.normal_()
    inputs = torch.randn(3, 3, 16, 16)
    seen = []
    visual.transformer.resblocks[0].register_forward_pre_hook(lambda *_: seen.append(1))
    embedding, tokens = encoder.encode_image_with_tokens(inputs)
    assert len(seen) == 1  # the tower runs once
    assert torch.equal(embedding, encoder.encode_image(inputs))
    assert tokens.shape == (3, 4, encoder.info.image_width)
    expected = visual.ln_post(visual.transformer(visual._embeds(inputs)))[:, 1:]
    torch.testing.assert_close(tokens, expected, atol=1e-6, rtol=0)
    (embedding.sum() + tokens.square().mean()).backward()
    assert visual.conv1.weight.grad.abs().max() > 0


def test_image_towers_without_patch_tokens_say_so() -> None:
    for encoder in (tiny("resnet"), with_vision(attentional_pool=True, attn_pooler_heads=2)):
        assert encoder.info.image_width is None
        with pytest.raises(UserError, match="no patch tokens: its") as caught:
            encoder.encode_image_with_tokens(torch.zeros(1, 3, 32, 32))
        assert caught.value.fix and caught.value.where


@pytest.mark.parametrize("kind", CONFIGS)
def test_parts_name_every_parameter_once(kind: str) -> None:
    encoder = tiny(kind)
    named = [pair for part in encoder.parts().values() for pair in part]
    assert sorted(n for n, _ in named) == sorted(n for n, _ in encoder.named_parameters())
    assert all(encoder.get_parameter(n) is p for n, p in named)
    assert encoder.parts()["logit_scale"][0][0] == "network.logit_scale"


def test_saving_replaces_a_model_and_nothing_else(tmp_path: Path) -> None:
    encoder = tiny()
    encoder.save(tmp_path / "model")
    tiny(seed=5).save(tmp_path / "model")
    assert OpenClip.load(tmp_path / "model").image_fingerprint() == tiny(seed=5).image_fingerprint()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"precious")
    with pytest.raises(UserError, match="not a saved model"):
        encoder.save(tmp_path / "photos")
    assert (tmp_path / "photos" / "a.jpg").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model", "photos"]  # nothing temporary is left


def test_a_failed_save_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny()
    encoder.save(tmp_path / "model")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("semclip.models.folder.save_file", full)
    with pytest.raises(UserError, match="No space left"):
        tiny(seed=5).save(tmp_path / "model")
    assert OpenClip.load(tmp_path / "model").image_fingerprint() == encoder.image_fingerprint()
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("pickled-code-ran"),)  # type: ignore[return-value]


def test_bad_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "model"
    tiny().save(folder)
    weights = folder / "open_clip_model.safetensors"
    good = weights.read_bytes()
    state = {name: tensor.clone() for name, tensor in load_file(weights).items()}  # not the mapped file

    weights.write_bytes(good[: len(good) // 2])
    with pytest.raises(UserError, match="cannot read the weights"):
        OpenClip.load(folder)
    save_file({k: v for k, v in state.items() if k != "visual.proj"}, weights)
    with pytest.raises(UserError, match=r"visual\.proj") as caught:
        OpenClip.load(folder)
    assert "\n" not in caught.value.what and "\t" not in caught.value.what
    save_file({**state, "visual.proj": torch.full_like(state["visual.proj"], float("nan"))}, weights)
    with pytest.raises(UserError, match="NaN"):
        OpenClip.load(folder)
    weights.unlink()
    with pytest.raises(UserError, match="no weights"):
        OpenClip.load(folder)
    with (folder / "open_clip_pytorch_model.bin").open("wb") as file:
        pickle.dump({"state_dict": Evil()}, file, protocol=2)
    with pytest.raises(UserError, match="cannot read the weights"):
        OpenClip.load(folder)
    assert not Path("pickled-code-ran").exists()
    (folder / "open_clip_config.json").write_text("{}")
    with pytest.raises(UserError, match="model_cfg"):
        OpenClip.load(folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "one architecture"),
        ({"name": "ViT-B-32", "config": CONFIGS["plain"]}, "one architecture"),
        ({"name": "ViT-B-32/openai", "pretrained": "openai"}, "one architecture"),
        ({"name": "ViT-B-33"}, "no architecture"),
        ({"name": "semclip-tiny-48/openai"}, "pretrained tag"),
        ({"config": {"embed_dim": 16}}, "vision_cfg"),
        ({"config": {**CONFIGS["plain"], "patches": 3}}, "patches"),
        ({"config": CONFIGS["plain"], "pretrained": "openai"}, "no pretrained tag"),
        ({"name": "coca_ViT-B-32"}, "CoCa"),
        ({"name": "ViT-B-16-SigLIP"}, "no network"),
        ({"config": CONFIGS["plain"], "preprocess": {"means": 1}}, "preprocessing"),
    ],
)
def test_bad_sections(settings: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=message) as caught:
        OpenClip.create(OpenClip.Config(**settings), where="config.yaml")  # type: ignore[arg-type]
    assert caught.value.where == "config.yaml" and caught.value.fix


def test_a_text_tower_of_transformers(tmp_path: Path) -> None:
    from tests.models.test_text_towers import TEXTS, save_text_model

    text = save_text_model(tmp_path / "text")
    config = {
        "embed_dim": 16,
        "vision_cfg": VISION,
        "text_cfg": {
            "hf_model_name": str(text),
            "hf_tokenizer_name": str(text),
            "hf_proj_type": "linear",
            "hf_pooler_type": "mean_pooler",
            "context_length": 24,
        },
    }
    encoder = OpenClip.create(OpenClip.Config(config=config, seed=0), where="test").eval()
    tokens = encoder.tokenize(TEXTS)
    assert tokens.shape == (len(TEXTS), 24) and encoder.truncated(TEXTS[:4]) == [False, False, False, True]
    with torch.no_grad():
        rows = encoder.encode_text(tokens)
        torch.testing.assert_close(rows, encoder.network.encode_text(tokens), atol=1e-6, rtol=1e-5)  # untrimmed
    import transformers

    pretrained = transformers.AutoModel.from_pretrained(text).state_dict()
    torch.testing.assert_close(
        encoder.network.text.transformer.embeddings.word_embeddings.weight.detach(),
        pretrained["embeddings.word_embeddings.weight"],
    )

    encoder.save(tmp_path / "model")
    theirs, _, _ = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'model'}")
    theirs_tokens = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'model'}")(TEXTS)
    assert torch.equal(theirs_tokens, tokens)
    with torch.no_grad():
        torch.testing.assert_close(theirs.eval().encode_text(tokens), rows, atol=1e-6, rtol=1e-5)
    text.rename(tmp_path / "gone")
    again = load(str(tmp_path / "model"))
    with torch.no_grad():
        assert torch.equal(again.encode_text(again.tokenize(TEXTS)), rows)
    assert again.text_fingerprint() == encoder.text_fingerprint()


@pytest.mark.parametrize("adapting", [{"last_blocks": {"text": 1}}, {"lora": {"rank": 2, "parts": ["text"]}}, {}])
def test_what_trains_of_a_text_tower_of_transformers(tmp_path: Path, adapting: dict[str, object]) -> None:
    from tests.models.test_text_towers import TEXTS, save_text_model

    text = {"hf_model_name": str(save_text_model(tmp_path / "text")), "hf_proj_type": "linear", "context_length": 24}
    config = {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": text}
    section = {
        "backend": "open_clip",
        "config": config,
        "gradient_checkpointing": True,
        "freeze": ["image"],
        **adapting,
    }
    encoder = create(section, "test").train()
    encoder.encode_text(encoder.tokenize(TEXTS)).square().sum().backward()
    trained = {n for n, p in encoder.parts()["text"] if p.requires_grad}
    assert trained == {n for n, p in encoder.parts()["text"] if p.grad is not None}
    assert isinstance(encoder.text_norm, torch.nn.LayerNorm)
