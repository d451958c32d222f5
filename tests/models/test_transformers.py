"""The backend transformers on tiny random models, and `adapt` around an object of nobody's."""

import builtins
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.models.backends.transformers import image_settings
from semclip.models.folder import fingerprint
from semclip.models.load import create, load

transformers = pytest.importorskip("transformers")

WORDS = [
    "<pad>",
    "<unk>",
    "<s>",
    "</s>",
    *["a", "the", "dog", "no", "not", "man", "who", "is", "wearing", "hat", "long", "beach", "on"],
]
TEXTS = ["a dog", "no dog on the beach", "", "a man who is not wearing a hat " * 5]


def save_tiny(folder: Path, kind: str) -> None:
    """A CLIP, SigLIP or pair of DINOv2 and BERT: random weights, a few words, and the kind's own image processor."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    ids = {word: i for i, word in enumerate(WORDS)}
    words = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    form = "$A </s>" if kind == "siglip" else "<s> $A </s>"
    words.post_processor = processors.TemplateProcessing(single=form, special_tokens=[("<s>", 2), ("</s>", 3)])
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    text = {"vocab_size": len(WORDS), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 12, "pad_token_id": 0, "bos_token_id": 2,
            "eos_token_id": 3}  # fmt: skip
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": 16, "patch_size": 8}  # fmt: skip
    torch.manual_seed(0)
    if kind == "pair":
        small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
        bert = transformers.BertConfig(**{**text, "bos_token_id": None, "eos_token_id": None})
        config = transformers.VisionTextDualEncoderConfig.from_vision_text_configs(
            transformers.Dinov2Config(**small, image_size=16, patch_size=8), bert, projection_dim=8
        )
        network = transformers.VisionTextDualEncoderModel(config)
        size = {"height": 16, "width": 16}
        processor = transformers.BitImageProcessor(size={"shortest_edge": 16}, crop_size=size)
    elif kind == "clip":
        config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)
        network = transformers.CLIPModel(config)
        processor = transformers.CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    else:
        config = transformers.SiglipConfig(text_config=text, vision_config=vision)
        network = transformers.SiglipModel(config)
        processor = transformers.SiglipImageProcessor(size={"height": 16, "width": 16})
    network.save_pretrained(folder)
    processor.save_pretrained(folder)


@pytest.fixture(params=["clip", "siglip", "pair"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    save_tiny(tmp_path / request.param, request.param)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / request.param


def test_embeddings_are_those_of_transformers(folder: Path) -> None:
    encoder = load(str(folder))
    ref = ImageRef("photo.png", folder.parent / "photo.png")
    network = transformers.AutoModel.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    pixels = processor(images=Image.open(str(ref.path)).convert("RGB"), return_tensors="pt")["pixel_values"]
    tokens = tokenizer(TEXTS, padding="max_length", max_length=12, truncation=True, return_tensors="pt")
    ids = tokens["input_ids"]
    masked = {"attention_mask": tokens["attention_mask"]} if folder.name == "pair" else {}
    assert torch.equal(encoder.load_image(ref)[None], pixels) and torch.equal(encoder.tokenize(TEXTS), ids)
    with torch.no_grad():
        image = network.get_image_features(pixel_values=pixels).pooler_output
        text = network.get_text_features(input_ids=ids, **masked).pooler_output
        torch.testing.assert_close(encoder.encode_image(pixels), image, atol=1e-5, rtol=0)
        torch.testing.assert_close(encoder.encode_text(ids), text, atol=1e-5, rtol=0)
        logits = network(input_ids=ids, pixel_values=pixels, **masked).logits_per_image
        unit = torch.nn.functional.normalize(image, dim=-1) @ torch.nn.functional.normalize(text, dim=-1).T
        bias = 0.0 if encoder.logit_bias is None else encoder.logit_bias
        torch.testing.assert_close(encoder.logit_scale * unit + bias, logits, atol=1e-4, rtol=0)
    assert encoder.truncated(TEXTS) == [False, False, False, True]
    assert encoder.embed_dim == image.shape[1] and encoder.context_length == 12


def test_saved_folder_is_one_of_transformers(folder: Path) -> None:
    encoder = load(str(folder))
    encoder.log_logit_scale.data.fill_(1.5)
    encoder.save(folder.parent / "run" / "model")
    again = load(str(folder.parent / "run"))
    ids = encoder.tokenize(TEXTS)
    with torch.no_grad():
        assert torch.equal(again.encode_text(ids), encoder.encode_text(ids))
        theirs = transformers.AutoModel.from_pretrained(folder.parent / "run" / "model").eval()
        masked = {"attention_mask": (ids != 0).long()} if folder.name == "pair" else {}
        found = theirs.get_text_features(input_ids=ids, **masked).pooler_output
        torch.testing.assert_close(found, encoder.encode_text(ids))
    assert float(again.log_logit_scale.detach()) == 1.5 and again.label == encoder.label
    assert again.image_fingerprint() == encoder.image_fingerprint()
    assert again.preprocessing_fingerprint() == encoder.preprocessing_fingerprint()
    assert again.text_fingerprint() == encoder.text_fingerprint()
    assert again.architecture_settings() == encoder.architecture_settings()
    again.parts()["text"][0][1].data.add_(1)
    assert again.text_fingerprint() != encoder.text_fingerprint()
    assert again.image_fingerprint() == encoder.image_fingerprint()
    again.parts()["image"][0][1].data.add_(1)
    assert again.image_fingerprint() != encoder.image_fingerprint()


def test_parts_freezing_and_patch_tokens(folder: Path) -> None:
    encoder = create({"backend": "transformers", "name": str(folder), "freeze": ["image", "text_norm"]}, "test").train()
    named = [n for part in encoder.parts().values() for n, _ in part]
    assert sorted(named) == sorted(n for n, _ in encoder.named_parameters())
    assert encoder.frozen("image") and not encoder.frozen("text")
    assert not any(p.requires_grad for p in encoder.text_norm.parameters())
    inputs = torch.randn(2, 3, 16, 16)
    if folder.name == "pair":
        with pytest.raises(UserError, match="which tokens are patches"):
            encoder.encode_image_with_tokens(inputs)
        assert encoder.info.image_width is None
        return
    embedding, tokens = encoder.encode_image_with_tokens(inputs)
    assert tokens.shape == (2, 4, encoder.info.image_width)
    torch.testing.assert_close(embedding, encoder.encode_image(inputs))


def test_other_models_and_missing_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transformers.BertConfig(hidden_size=8, num_attention_heads=2, num_hidden_layers=1).save_pretrained(
        tmp_path / "bert"
    )
    with pytest.raises(UserError, match="type bert"):
        load(str(tmp_path / "bert"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="cannot load") as caught:
        load("hf:semclip-test/no-such-model")
    assert "hf download" in caught.value.fix


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "transformers":
            raise ImportError("No module named 'transformers'")
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "transformers", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError) as caught:
        create({"backend": "transformers", "name": "x/y"}, "test")
    assert caught.value.fix == "pip install semclip[hf]"


@pytest.mark.parametrize("adapting", [{"last_blocks": {"image": 1, "text": 1}}, {"lora": {"rank": 2}}, {}])
def test_all_that_trains_has_gradients(folder: Path, adapting: dict[str, Any]) -> None:
    encoder = create({"backend": "transformers", "name": str(folder), **adapting}, "test").train()
    rows = encoder.encode_image(torch.randn(2, 3, 16, 16)), encoder.encode_text(encoder.tokenize(TEXTS))
    (sum(r.square().sum() for r in rows) + encoder.logit_scale).backward()
    lacking = {n for n, p in encoder.named_parameters() if p.requires_grad and p.grad is None}
    assert lacking <= {"network.logit_bias"}  # SigLIP's, which is no part of a row
    trained = [n for n, p in encoder.named_parameters() if p.requires_grad]
    assert trained and ("lora" not in adapting or any(n.endswith(".B") for n in trained))


def test_a_pair_whose_text_model_has_no_pooler(tmp_path: Path) -> None:
    save_tiny(tmp_path / "pair", "pair")
    config = transformers.AutoConfig.from_pretrained(tmp_path / "pair")
    text = transformers.DistilBertConfig(dim=16, n_layers=1, n_heads=2, hidden_dim=16, vocab_size=len(WORDS))
    both = transformers.VisionTextDualEncoderConfig.from_vision_text_configs(config.vision_config, text)
    transformers.VisionTextDualEncoderModel(both).save_pretrained(tmp_path / "pair")
    with pytest.raises(UserError, match="no pooler"):
        load(str(tmp_path / "pair"))


def test_every_setting_of_an_image_processor_tells_it_from_others() -> None:
    """`crop_pct` is ConvNeXt's own, and changes pixels."""
    settings = [
        image_settings(transformers.ConvNextImageProcessor(crop_pct=share, size={"shortest_edge": 224}))
        for share in (0.5, 0.875, 0.875)
    ]
    prints = [fingerprint([], found) for found in settings]
    assert prints[0] != prints[1] == prints[2]
