"""Exports: what cannot be exported and why, bad input, tokens, and that an export which differs is refused."""

import importlib
import json
import sys
from pathlib import Path

import pytest
import torch

from semclip.core.errors import UserError
from semclip.core.registry import FAMILIES
from semclip.models.backends.base import Encoder
from semclip.models.exports.base import Export, furthest, refuse_different
from semclip.models.tokens import Tokenizer
from tests.models.exports import expected, model, pictures
from tests.models.tiny import tiny

transformers = pytest.importorskip("transformers", reason="pip install 'semclip[export]'")
#: Every export there is: what is asked of all of them holds for a new one, too.
TARGETS = FAMILIES["exports"].names()


def test_targets_are_files() -> None:
    for typed in ("transformers", "onnx", "sentence-transformers", "hub-folder"):
        assert Export.create(typed).shown == typed
    with pytest.raises(UserError, match="unknown export 'onyx'"):
        Export.create("onyx")
    with pytest.raises(UserError, match="unknown key 'int8'"):
        Export.create("transformers", {"int8": True})


@pytest.mark.parametrize("kind", ["plain", "quickgelu", "custom_text", "clip", "siglip", "pair"])
def test_weights_are_mapped(kind: str, tmp_path: Path) -> None:
    """Two towers of different random weights, read by transformers: `write` compares, and so does this."""
    encoder = model(kind, tmp_path)
    said = Export.create("transformers").write(encoder, tmp_path / "out").said
    assert "equal in transformers" in "\n".join(said)
    paths = pictures(kind, tmp_path)
    images, _ = expected(encoder, paths)
    network = transformers.AutoModel.from_pretrained(tmp_path / "out").eval()
    processor = transformers.AutoImageProcessor.from_pretrained(tmp_path / "out", backend="pil")
    from PIL import Image

    pixels = processor(images=[Image.open(path) for path in paths], return_tensors="pt")
    with torch.inference_mode():
        found = network.get_image_features(**pixels).pooler_output
    assert furthest(images, found) < 1e-5
    if kind in ("plain", "quickgelu"):
        assert network.config.vision_config.hidden_act == {"plain": "gelu", "quickgelu": "quick_gelu"}[kind]
        assert network.config.text_config.max_position_embeddings == 77
        assert network.logit_scale.exp().item() == pytest.approx(encoder.logit_scale.item())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("resnet", "its image tower is a ModifiedResNet"),
        ("eos_pool", "its text projection has a bias"),
        ("custom_blocks", "its text blocks are custom ones"),
        ("both_directions", "its text tower is not CLIP's"),
        ("last_token", "its text tower is not CLIP's"),
        ("class_token", "its text tower is not CLIP's"),
    ],
)
def test_what_a_clip_model_has_no_place_for_is_refused(kind: str, reason: str, tmp_path: Path) -> None:
    for target in ("transformers", "sentence-transformers"):
        with pytest.raises(UserError, match=reason) as error:
            Export.create(target).write(tiny(kind), tmp_path / "out")
        assert "hub-folder" in error.value.fix and not (tmp_path / "out").exists()
    if kind == "resnet":
        Export.create("hub-folder").write(tiny(kind), tmp_path / "out")  # as the message says


def test_preprocessing_that_pads_is_refused(tmp_path: Path) -> None:
    encoder = tiny("plain", preprocess={"resize_mode": "longest"})
    with pytest.raises(UserError, match="it pads pictures to a square"):
        Export.create("transformers").write(encoder, tmp_path / "out")


def test_a_model_of_features_has_no_image_tower(tmp_path: Path) -> None:
    from semclip.models.backends.features import FeatureEncoder

    encoder = FeatureEncoder.__new__(FeatureEncoder)
    torch.nn.Module.__init__(encoder)
    for target in TARGETS:
        with pytest.raises(UserError, match="looks rows up in a features file"):
            Export.create(target).write(encoder, tmp_path / "out")


@pytest.mark.parametrize("target", TARGETS)
def test_a_folder_that_holds_something_is_not_touched(target: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(UserError, match="there is something here already"):
        Export.create(target).write(tiny("plain"), tmp_path)
    with pytest.raises(UserError, match="there is something here already"):
        Export.create(target).write(tiny("plain"), tmp_path / "note.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize("target", TARGETS)
def test_a_missing_library_is_named_with_the_command(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = Export.create(target)
    for module in export.needs:
        monkeypatch.setitem(sys.modules, module, None)
    if export.needs:
        with pytest.raises(UserError) as error:
            export.write(tiny("plain"), tmp_path / "out")
        assert error.value.fix == "pip install 'semclip[export]'" and export.needs[0] in error.value.what
        assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import safetensors.torch

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    for module in ("semclip.models.folder", "safetensors.torch", "transformers.modeling_utils"):
        for name in ("save_file", "safe_save_file"):
            if hasattr(importlib.import_module(module), name):
                monkeypatch.setattr(f"{module}.{name}", full)
    assert safetensors.torch.save_file is full
    for target in ("transformers", "hub-folder"):
        with pytest.raises(UserError, match="No space left") as error:
            Export.create(target).write(tiny("plain"), tmp_path / "out")
        assert "free some space" in error.value.fix
        assert list(tmp_path.iterdir()) == []


def test_an_export_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from semclip.models.exports import transformers as target

    def shifted(encoder: Encoder) -> dict[str, torch.Tensor]:
        state = real(encoder)
        return {**state, "visual_projection.weight": state["visual_projection.weight"].roll(1, 0)}

    real = target.clip_state
    monkeypatch.setattr(target, "clip_state", shifted)
    with pytest.raises(UserError, match="image embeddings of the export differ"):
        Export.create("transformers").write(tiny("plain"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError):
        refuse_different("image", float("nan"), 1e-5)


def test_tokens_are_those_of_training() -> None:
    """CLIP's tokenizer as transformers ships it fails here: it leaves curly quotes and HTML as they are."""
    pytest.importorskip("tokenizers")
    from semclip.models.exports._clip_tokenizer import clip_tokenizer

    own = Tokenizer(77)
    other = clip_tokenizer(own)
    texts = [
        "a dog",
        "Don’t “quote” me…",
        "fish &amp; chips &lt;3",
        "ﬁve ﬂowers",
        "cafe\u0301 à la  carte\n",
        "日本 123!?",
        "it's he'll I'M",
        "",
        " a\u00a0b\t",
        "x" * 300,
    ]
    for text in texts:
        ids = own([text])[0].tolist()
        ids = ids[: ids.index(49407) + 1]
        found = other.encode(text).ids
        assert (found if len(found) <= 77 else [*found[:76], 49407]) == ids, text


def test_siglip_reads_its_padding(tmp_path: Path) -> None:
    """transformers would mask it: what is saved asks for ids alone."""
    Export.create("transformers").write(model("siglip", tmp_path), tmp_path / "out")
    saved = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert saved["model_input_names"] == ["input_ids"]


@pytest.mark.slow
def test_int8_costs_little_and_says_how_much(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'semclip[export]'")
    said = Export.create("onnx", {"int8": True}).write(tiny("plain"), tmp_path / "out").said
    costs = [sentence for sentence in said if "int8" in sentence]
    assert len(costs) == 2
    for sentence in costs:
        assert 0.9 < float(sentence.rpartition(" ")[2]) <= 1.0001
    for tower in ("image", "text"):
        exact, small = (tmp_path / "out" / f"{tower}{kind}.onnx" for kind in ("", ".int8"))
        assert small.stat().st_size < exact.stat().st_size
