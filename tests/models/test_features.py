"""The backend features: rows by name, scaling, saving and loading, another features file, and bad files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.models.backends.features import FeatureEncoder, TextConfig
from semclip.models.features_file import write_features
from semclip.models.load import create, load

TEXT = {"width": 32, "layers": 2, "heads": 2}


def write(path: Path, rows: int = 20, width: int = 6, network: str = "torchvision:tiny", seed: int = 0) -> np.ndarray:
    array = (np.random.default_rng(seed).normal(3, 2, (rows, width))).astype(np.float16)
    write_features(path, array, [f"images/{i}.jpg" for i in range(rows)], {"network": network} if network else {})
    return array


def build(path: Path, **settings: Any) -> FeatureEncoder:
    section = {"backend": "features", "features": str(path), "embed_dim": 8, "text": TEXT, "seed": 0, **settings}
    encoder = create(section, "config.yaml").eval()
    assert isinstance(encoder, FeatureEncoder)
    return encoder


def embed(encoder: FeatureEncoder, number: int = 3) -> torch.Tensor:
    with torch.no_grad():
        return encoder.encode_image(encoder.load_image(ImageRef(f"images/{number}.jpg"))[None])


def test_rows_are_looked_up_by_name_and_scaled(tmp_path: Path) -> None:
    array = write(tmp_path / "x.npy").astype(np.float64)
    encoder = build(tmp_path / "x.npy")
    row = encoder.load_image(ImageRef("images/3.jpg"))
    assert row.dtype == torch.float32 and np.array_equal(row.numpy(), array[3])
    scaled = (array - array.mean(0)) / np.sqrt(((array - array.mean(0)) ** 2).mean())
    expected = scaled[3] @ encoder.projection.weight.detach().double().numpy().T
    expected += encoder.projection.bias.detach().double().numpy()
    np.testing.assert_allclose(embed(encoder)[0], expected, atol=1e-5)
    with pytest.raises(UserError, match=r"images/333\.jpg"):
        encoder.load_image(ImageRef("images/333.jpg"))


def test_statistics_do_not_overflow_half_precision(tmp_path: Path) -> None:
    array = np.full((9000, 2), 300, dtype=np.float16)
    array[0] = 500
    write_features(tmp_path / "x.npy", array, [f"images/{i}.jpg" for i in range(9000)], {})
    encoder = build(tmp_path / "x.npy")
    assert torch.isfinite(embed(encoder)).all()
    assert float(encoder.mean[0]) == pytest.approx(300.022, abs=0.01)


def test_no_patch_tokens_and_the_text_norm_freezes_alone(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    encoder = build(tmp_path / "x.npy", freeze=["text_norm"])
    assert encoder.info.image_width is None
    with pytest.raises(UserError, match="one precomputed row per image"):
        encoder.encode_image_with_tokens(torch.zeros(1, 6))
    still = {name for name, p in encoder.named_parameters() if not p.requires_grad}
    assert still == {"text.ln_final.weight", "text.ln_final.bias"}


def test_saved_and_loaded(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    encoder = build(tmp_path / "x.npy")
    tokens = encoder.tokenize(["a dog", "two dogs on a very long beach"])
    encoder.save(tmp_path / "run" / "model")
    again = load(str(tmp_path / "run"))
    assert isinstance(again, FeatureEncoder) and again.source.network == "torchvision:tiny"
    assert torch.equal(embed(again), embed(encoder))
    with torch.no_grad():
        assert torch.equal(again.encode_text(tokens), encoder.encode_text(tokens))
    assert again.image_fingerprint() == encoder.image_fingerprint()
    assert again.label == encoder.label


def test_a_lost_or_changed_features_file(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    build(tmp_path / "x.npy").save(tmp_path / "model")
    write(tmp_path / "x.npy", seed=1)
    with pytest.raises(UserError, match="changed"):
        embed(load(str(tmp_path / "model")))  # type: ignore[arg-type]
    (tmp_path / "x.npy").unlink()
    encoder = load(str(tmp_path / "model"))  # texts can still be embedded
    with pytest.raises(UserError, match="gone"):
        embed(encoder)  # type: ignore[arg-type]


def test_reordered_names_are_noticed(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    names = [f"images/{i}.jpg" for i in range(20)]
    (tmp_path / "names.txt").write_text("\n".join(names))
    build(tmp_path / "x.npy", rows=str(tmp_path / "names.txt")).save(tmp_path / "model")
    (tmp_path / "names.txt").write_text("\n".join(reversed(names)))
    with pytest.raises(UserError, match="changed"):
        embed(load(str(tmp_path / "model")))  # type: ignore[arg-type]


def test_another_features_file(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    encoder = build(tmp_path / "x.npy")
    write(tmp_path / "same.npy", rows=4, seed=7)
    write(tmp_path / "unnamed.npy", rows=4, seed=7, network="")
    other = encoder.with_features(tmp_path / "same.npy")
    assert torch.equal(embed(other), embed(encoder.with_features(tmp_path / "unnamed.npy")))
    assert not torch.equal(embed(other), embed(encoder))
    assert other.projection.weight is encoder.projection.weight
    assert torch.equal(other.mean, encoder.mean)  # the scale is the model's, not the new file's
    assert other.image_fingerprint() != encoder.image_fingerprint()
    write(tmp_path / "wide.npy", width=7)
    with pytest.raises(UserError, match="7 wide"):
        encoder.with_features(tmp_path / "wide.npy")
    write(tmp_path / "foreign.npy", network="torchvision:other")
    with pytest.raises(UserError, match="torchvision:other"):
        encoder.with_features(tmp_path / "foreign.npy")


def test_from_with_another_features_file(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    write(tmp_path / "y.npy", rows=4, seed=7)
    build(tmp_path / "x.npy").save(tmp_path / "model")
    section = {"from": str(tmp_path / "model"), "features": str(tmp_path / "y.npy"), "freeze": ["image"]}
    encoder = create(section, "config.yaml")
    assert encoder.frozen("image") and encoder.load_image(ImageRef("images/3.jpg")).shape == (6,)
    with pytest.raises(UserError, match="rows"):
        create({"from": str(tmp_path / "model"), "rows": "y.json"}, "config.yaml")


def test_export_to_open_clip_is_refused_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    with pytest.raises(UserError, match="torchvision:tiny"):
        build(tmp_path / "x.npy").export_open_clip(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bad_features(tmp_path: Path) -> None:
    array = write(tmp_path / "x.npy")
    names = tmp_path / "x.rows.json"
    array[4, 2] = np.nan
    np.save(tmp_path / "nan.npy", array)
    with pytest.raises(UserError, match=r"images/4\.jpg"):
        build(tmp_path / "nan.npy", rows=str(names))
    np.save(tmp_path / "equal.npy", np.ones((20, 6), np.float32))
    with pytest.raises(UserError, match="equal"):
        build(tmp_path / "equal.npy", rows=str(names))
    with pytest.raises(UserError):
        build(tmp_path / "none.npy")
    for text in ({"width": 30, "heads": 4}, {"layers": 0}):
        with pytest.raises(UserError, match="shapes"):
            build(tmp_path / "x.npy", text=text)
    with pytest.raises(UserError, match="embed_dim"):
        build(tmp_path / "x.npy", embed_dim=0)
    with pytest.raises(UserError, match="projection"):
        build(tmp_path / "x.npy", projection="mlp")


def test_bad_saved_models(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    encoder = build(tmp_path / "x.npy")
    folder = tmp_path / "model"
    encoder.save(folder)
    state = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    save_file({**state, "mean": torch.full((6,), float("nan"))}, folder / "model.safetensors")
    with pytest.raises(UserError, match="NaN"):
        load(str(folder))
    save_file({**state, "mean": torch.zeros(7)}, folder / "model.safetensors")
    with pytest.raises(UserError, match="mean"):
        load(str(folder))
    (folder / "model.safetensors").write_bytes(b"rubbish")
    with pytest.raises(UserError, match="cannot read the weights"):
        load(str(folder))
    (folder / "semclip_config.json").write_text('{"backend": "features"}')
    with pytest.raises(UserError, match="not a saved model"):
        load(str(folder))


def test_default_text_tower_matches_its_description(tmp_path: Path) -> None:
    write(tmp_path / "x.npy")
    found = build(tmp_path / "x.npy", text={}).text_config
    assert found == TextConfig(width=256, layers=3, heads=4, context_length=77)
