"""Pretrained text towers beside features: pooling, groups of like length, adapting, saving, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.findings import cut_texts
from semclip.models.backends.features import FeatureEncoder
from semclip.models.features_file import write_features
from semclip.models.load import create, load
from semclip.models.text_towers import TextConfig

transformers = pytest.importorskip("transformers")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "the", "dog", "no", "not", "man", "hat", "beach", "on", "with"]
TEXTS = ["a dog", "no dog on the beach", "", "a man with a hat on the beach " * 4, "not", "a hat"] * 12


def save_text_model(folder: Path, kind: str = "bert", **files: Any) -> Path:
    """A text model of transformers with random weights and a tokenizer of a few words; files: path -> JSON."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    special = [("[CLS]", 2), ("[SEP]", 3)]
    words.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    common = {"vocab_size": len(WORDS), "max_position_embeddings": 24, "pad_token_id": 0}
    config = {
        "bert": lambda: transformers.BertConfig(**sizes, **common),
        "distilbert": lambda: transformers.DistilBertConfig(dim=16, n_layers=3, n_heads=2, hidden_dim=32, **common),
        "modernbert": lambda: transformers.ModernBertConfig(**sizes, **common, cls_token_id=2, sep_token_id=3),
    }[kind]()
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    for name, value in {"1_Pooling/config.json": {"pooling_mode_mean_tokens": True}, **files}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value))
    return folder


def build(tmp_path: Path, text: dict[str, Any], **settings: Any) -> FeatureEncoder:
    array = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    write_features(tmp_path / "x.npy", array, [f"{i}.jpg" for i in range(6)], {"network": "torchvision:tiny"})
    section = {"backend": "features", "features": str(tmp_path / "x.npy"), "embed_dim": 8, "seed": 0, "text": text}
    encoder = create({**section, **settings}, "config.yaml")
    assert isinstance(encoder, FeatureEncoder)
    return encoder


@pytest.mark.parametrize("kind", ["bert", "distilbert", "modernbert"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_rows_are_those_of_the_model_alone(tmp_path: Path, kind: str, pooling: str) -> None:
    folder = save_text_model(tmp_path / "text", kind)
    encoder = build(tmp_path, {"name": str(folder), "pooling": pooling}).eval()
    network = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        found = encoder.encode_text(encoder.tokenize(TEXTS))
        for text, row in zip(TEXTS[:6], found, strict=False):
            ids = encoder.text.tokenizer(text, return_tensors="pt", truncation=True, max_length=24)["input_ids"]
            hidden = network(input_ids=ids).last_hidden_state[0]  # (T, W): one text, no padding at all
            pooled = hidden.mean(0) if pooling == "mean" else hidden[0]
            torch.testing.assert_close(row, encoder.text.projection(pooled), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "modernbert"])
def test_gradients_of_groups_are_those_of_one_padded_pass(tmp_path: Path, kind: str) -> None:
    encoder = build(tmp_path, {"name": str(save_text_model(tmp_path / "text", kind))}).double().eval()
    tokens = encoder.tokenize(TEXTS)
    weight = torch.randn(len(TEXTS), 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def gradients(rows: torch.Tensor) -> list[torch.Tensor]:
        trained = [p for _, p in encoder.parts()["text"]]
        return list(torch.autograd.grad((rows * weight).sum(), trained, allow_unused=True))

    groups = gradients(encoder.encode_text(tokens))
    plain = gradients(encoder.text.projection(encoder.text._pooled(tokens, tokens.shape[1])))
    for a, b in zip(groups, plain, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(a, b, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "modernbert"])
def test_saved_and_loaded_without_the_folder_it_came_from(tmp_path: Path, kind: str) -> None:
    folder = save_text_model(tmp_path / "text", kind)
    encoder = build(tmp_path, {"name": str(folder), "context_length": 20}).eval()
    encoder.save(tmp_path / "model")
    folder.rename(tmp_path / "gone")
    again = load(str(tmp_path / "model"))
    with torch.no_grad():
        tokens = again.tokenize(TEXTS)
        assert torch.equal(tokens, encoder.tokenize(TEXTS)) and tokens.shape[1] == again.context_length == 20
        assert torch.equal(again.encode_text(tokens), encoder.encode_text(tokens))
    assert again.text_fingerprint() == encoder.text_fingerprint()
    assert again.architecture_settings() == encoder.architecture_settings()


@pytest.mark.parametrize("kind", ["bert", "distilbert", "modernbert"])
def test_what_trains(tmp_path: Path, kind: str) -> None:
    name = {"name": str(save_text_model(tmp_path / "text", kind))}

    def trained(**settings: Any) -> set[str]:
        encoder = build(tmp_path, name, **settings).train()
        encoder.encode_text(encoder.tokenize(TEXTS)).square().sum().backward()
        text = encoder.parts()["text"]
        assert {n for n, p in text if p.requires_grad} == {n for n, p in text if p.grad is not None}
        return {n for n, p in text if p.requires_grad}

    whole = trained()
    assert trained(gradient_checkpointing=True) == whole
    assert trained(last_blocks={"text": 3}) < whole  # embeddings stand still
    last = trained(last_blocks={"text": 1})
    assert {"text.projection.weight", "text.projection.bias"} < last < whole
    assert all(".2." in name or "projection" in name or "final_norm" in name for name in last)
    lora = trained(lora={"parts": ["text"], "rank": 2})
    assert any("attn" in n.lower() or "attention" in n for n in lora) and any(
        "mlp" in n or "ffn" in n or "dense" in n for n in lora
    )
    assert all(n.endswith((".A", ".B")) for n in lora)
    frozen = build(tmp_path, name, freeze=["text"])
    assert frozen.frozen("text") and not frozen.text.training


def test_truncation_is_told(tmp_path: Path) -> None:
    encoder = build(tmp_path, {"name": str(save_text_model(tmp_path / "text")), "context_length": 6})
    assert encoder.truncated(["a dog", "a dog on the", "a dog on the beach"]) == [False, False, True]
    short = Example(id="1", image=ImageRef("1"), caption="a")
    assert list(cut_texts([short], encoder.truncated, 6)) == []  # nothing that could be too long


def test_context_length_and_pooling_are_the_models_own(tmp_path: Path) -> None:
    files = {"1_Pooling/config.json": {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}}
    folder = save_text_model(tmp_path / "text", **files, **{"sentence_bert_config.json": {"max_seq_length": 16}})
    config = build(tmp_path, {"name": str(folder)}).text_config
    assert (config.pooling, config.context_length) == ("cls", 16)
    with pytest.raises(UserError, match="reads 16 tokens at most, not 77"):
        build(tmp_path, {"name": str(folder), "context_length": 77})


def test_refused_with_the_reason(tmp_path: Path) -> None:
    silent = save_text_model(tmp_path / "silent")
    (silent / "1_Pooling" / "config.json").unlink()
    with pytest.raises(UserError, match="does not say how") as found:
        build(tmp_path, {"name": str(silent)})
    assert "model.text.pooling=mean" in found.value.fix
    build(tmp_path, {"name": str(silent), "pooling": "mean"})  # the fix works

    other = save_text_model(tmp_path / "max", **{"1_Pooling/config.json": {"pooling_mode_max_tokens": True}})
    with pytest.raises(UserError, match="pooling_mode_max_tokens"):
        build(tmp_path, {"name": str(other)})

    bare = save_text_model(tmp_path / "bare")
    for path in bare.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(UserError, match="no tokenizer"):
        build(tmp_path, {"name": str(bare)})

    decoder = tmp_path / "decoder"
    transformers.T5Config(d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2).save_pretrained(decoder)
    with pytest.raises(UserError, match="it has a decoder"):
        build(tmp_path, {"name": str(decoder)})
    image = tmp_path / "picture"
    transformers.ViTConfig().save_pretrained(image)
    with pytest.raises(UserError, match="reads no text"):
        build(tmp_path, {"name": str(image)})
    with pytest.raises(UserError, match="transformers cannot load"):
        build(tmp_path, {"name": str(tmp_path / "nowhere")})


def test_shapes_and_names_do_not_mix() -> None:
    with pytest.raises(UserError, match="layers is given"):
        TextConfig(name="x", layers=2)
    with pytest.raises(UserError, match="none is named"):
        TextConfig(pooling="mean")
    with pytest.raises(UserError, match="leaves no room"):
        TextConfig(context_length=2)
