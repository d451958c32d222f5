"""What every backend promises, checked on each one the registry finds. A new backend adds one builder here."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.protocols import DualEncoder
from semclip.core.registry import FAMILIES
from semclip.models.backends.base import PARTS, Encoder
from semclip.models.load import create, load
from tests.models.tiny import TEXT, VISION

COUNT = 12
TEXTS = ["a dog", "no dogs at all on the long beach", "", "a man who is not wearing a hat " * 20]


def images(folder: Path) -> list[ImageRef]:
    return [ImageRef(f"{i}.png", folder / f"{i}.png") for i in range(COUNT)]


def build_open_clip(folder: Path) -> Encoder:
    for number, ref in enumerate(images(folder)):
        pixels = np.random.default_rng(number).integers(0, 256, (20, 16 + number, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(str(ref.path))
    config = {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT}
    return create({"backend": "open_clip", "config": config, "seed": 0}, "test")


def build_features(folder: Path) -> Encoder:
    from semclip.models.features_file import write_features

    array = np.random.default_rng(0).normal(size=(COUNT, 10)).astype(np.float32)
    write_features(folder / "x.npy", array, [r.name for r in images(folder)], {"network": "test"})
    section = {"backend": "features", "features": str(folder / "x.npy"), "embed_dim": 16, "seed": 0}
    return create({**section, "text": {"width": 32, "layers": 2, "heads": 2}}, "test")


def build_transformers(folder: Path) -> Encoder:
    pytest.importorskip("transformers")
    from tests.models.test_transformers import save_tiny

    build_open_clip(folder)  # draws the images
    save_tiny(folder / "hf", "clip")
    return create({"backend": "transformers", "name": str(folder / "hf")}, "test")


BUILDERS: dict[str, Callable[[Path], Encoder]] = {
    "open_clip": build_open_clip,
    "features": build_features,
    "transformers": build_transformers,
}


@pytest.fixture(params=FAMILIES["backends"].names())
def encoder(request: pytest.FixtureRequest, tmp_path: Path) -> Encoder:
    assert request.param in BUILDERS, f"add a builder for the backend '{request.param}' to this file"
    return BUILDERS[request.param](tmp_path).eval()


def image_inputs(encoder: Encoder, folder: Path) -> torch.Tensor:
    return torch.stack([encoder.load_image(ref) for ref in images(folder)])


@torch.no_grad()
def embeddings(encoder: Encoder, folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    return encoder.encode_image(image_inputs(encoder, folder)), encoder.encode_text(encoder.tokenize(TEXTS))


def test_shapes(encoder: Encoder, tmp_path: Path) -> None:
    assert isinstance(encoder, DualEncoder) and encoder.label
    tokens = encoder.tokenize(TEXTS)
    assert tokens.shape == (len(TEXTS), encoder.context_length) and tokens.dtype == torch.int64
    image, text = embeddings(encoder, tmp_path)
    assert image.shape == (COUNT, encoder.embed_dim) and text.shape == (len(TEXTS), encoder.embed_dim)
    assert image.dtype == text.dtype == torch.float32
    assert torch.isfinite(image).all() and torch.isfinite(text).all()
    assert image.std(0).max() > 1e-3 and text.std(0).max() > 1e-3  # no constant embeddings
    assert encoder.logit_scale.shape == () and float(encoder.logit_scale.detach()) == pytest.approx(1 / 0.07, rel=1e-4)
    assert encoder.info.embed_dim == encoder.embed_dim
    assert set(tokens[0, 3:].tolist()) <= set(encoder.info.special_ids)
    assert encoder.truncated(TEXTS) == [False, False, False, True]


def test_loading_an_image_is_deterministic(encoder: Encoder, tmp_path: Path) -> None:
    assert torch.equal(image_inputs(encoder, tmp_path), image_inputs(encoder.train(), tmp_path))
    with pytest.raises(UserError, match=r"missing\.png|not found") as caught:
        encoder.load_image(ImageRef("missing.png", tmp_path / "missing.png"))
    assert caught.value.where and caught.value.fix


def test_batch_size_moves_embeddings_by_rounding_only(encoder: Encoder, tmp_path: Path) -> None:
    image, text = embeddings(encoder, tmp_path)
    inputs, tokens = image_inputs(encoder, tmp_path), encoder.tokenize(TEXTS)
    with torch.no_grad():
        single_images = torch.cat([encoder.encode_image(i[None]) for i in inputs])
        single_texts = torch.cat([encoder.encode_text(t[None]) for t in tokens])
    torch.testing.assert_close(single_images, image, atol=1e-5, rtol=0)
    torch.testing.assert_close(single_texts, text, atol=1e-5, rtol=0)


def test_saved_and_loaded_embeddings_are_equal(encoder: Encoder, tmp_path: Path) -> None:
    encoder.log_logit_scale.data.fill_(1.5)
    encoder.save(tmp_path / "run" / "model")
    again = load(str(tmp_path / "run"))
    assert type(again) is type(encoder) and not again.training
    for ours, theirs in zip(embeddings(encoder, tmp_path), embeddings(again, tmp_path), strict=True):
        assert torch.equal(ours, theirs)
    assert float(again.log_logit_scale.detach()) == 1.5
    assert again.image_fingerprint() == encoder.image_fingerprint()
    assert again.preprocessing_fingerprint() == encoder.preprocessing_fingerprint()
    again.save(tmp_path / "run" / "model")  # over itself
    assert load(str(tmp_path / "run")).label == again.label


def test_parts_and_freezing(encoder: Encoder, tmp_path: Path) -> None:
    parts = encoder.parts()
    assert tuple(parts) == PARTS
    assert sorted(n for p in parts.values() for n, _ in p) == sorted(n for n, _ in encoder.named_parameters())
    encoder.train()
    for part in PARTS:
        assert not encoder.frozen(part)
        encoder.freeze(part)
        assert encoder.frozen(part) and not any(m.training for m in encoder.modules_of(part))
    encoder.train()
    assert not any(m.training for part in PARTS for m in encoder.modules_of(part))


def test_image_towers_name_what_is_there(encoder: Encoder, tmp_path: Path) -> None:
    towers = encoder.towers()
    assert "text" in towers and set(towers) <= {"image", "text"}
    for part, tower in towers.items():
        names = [name for name, _ in encoder.parts()[part]]
        blocks = tower.blocks_of(encoder)
        assert {tower.block_number(name) for name in names} == {None, *range(len(blocks))}
        assert {tower.after_blocks(name) for name in names} == {"", "norm", "projection"}
        for block in blocks:
            for weights in tower.targets.values():
                assert all(block.get_parameter(name).shape[0] % number == 0 for name, number in weights.items())
            matrices = {name for name, p in block.named_parameters() if p.ndim == 2}
            assert matrices == {name for weights in tower.targets.values() for name in weights}


def test_training_moves_only_what_is_not_frozen(encoder: Encoder, tmp_path: Path) -> None:
    encoder.train().freeze("image")
    before, weights = encoder.image_fingerprint(), {n: p.clone() for n, p in encoder.named_parameters()}
    trained = [p for p in encoder.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=1.0)
    image = encoder.encode_image(image_inputs(encoder, tmp_path)[: len(TEXTS)])
    logits = encoder.logit_scale * image @ encoder.encode_text(encoder.tokenize(TEXTS)).T
    torch.nn.functional.cross_entropy(logits, torch.arange(len(TEXTS))).backward()
    optimizer.step()
    moved = {n for n, p in encoder.named_parameters() if not torch.equal(p, weights[n])}
    assert encoder.image_fingerprint() == before
    assert moved and all(n in dict(encoder.parts()["text"] + encoder.parts()["logit_scale"]) for n in moved)
    assert encoder.parts()["logit_scale"][0][0] in moved


def test_fingerprint_follows_the_image_side_alone(encoder: Encoder) -> None:
    before, recipe = encoder.image_fingerprint(), encoder.preprocessing_fingerprint()
    encoder.parts()["text"][0][1].data.add_(1)
    assert encoder.image_fingerprint() == before
    encoder.parts()["image"][0][1].data.add_(1)
    assert encoder.image_fingerprint() != before
    assert encoder.preprocessing_fingerprint() == recipe
