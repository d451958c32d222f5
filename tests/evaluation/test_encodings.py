"""Encoding: once, in any batch size, with the faults of a model or a data set named."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.protocols import DenseReading
from semclip.evaluation import Encodings, evaluate
from tests.evaluation.own.fakes import FakeEncoder, constant, examples, noise

EVERYTHING = ["retrieval", "original_over_negation", "triplet_choice", "absence", "zeroshot", "margins"]


def refs(*names: str) -> list[ImageRef]:
    return [ImageRef(name) for name in names]


def test_all_benchmarks_share_one_pass() -> None:
    encoder = noise()
    results = evaluate(encoder, EVERYTHING, examples(), {})
    assert list(results) == EVERYTHING
    encoded = [t for batch in encoder.batches for t in batch]
    assert len(encoded) == len(set(encoded))
    assert sorted(encoder.image_calls) == sorted({e.image.name for e in examples()})


def test_similarity_is_the_float64_cosine_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semclip.evaluation.encodings._ROWS", 3)
    encoder = noise(4)
    images, texts = refs(*"abcdefgh"), [f"text {i}" for i in range(8)]
    e = Encodings.compute(encoder, images, texts, batch_size=3)
    for ref, text, found in zip(images, texts, e.similarity(images, texts), strict=True):
        a, b = encoder._image(ref.name), encoder._text(text)
        assert found == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-14)
    assert e.text_similarity(texts, texts) == pytest.approx(np.ones(8))
    assert e.similarity([], []).shape == (0,)


def test_texts_are_looked_up_by_the_exact_string() -> None:
    e = Encodings.compute(noise(), [], ["a dog", "a dog ", "A dog"])
    assert len({tuple(row) for row in e.text(["a dog", "a dog ", "A dog"])}) == 3


@pytest.mark.parametrize(
    ("value", "fault"), [(float("nan"), "not finite"), (float("inf"), "not finite"), (0.0, "zeros")]
)
def test_an_embedding_without_a_direction_is_named(value: float, fault: str) -> None:
    def broken(key: str) -> np.ndarray:
        return np.full(3, value) if "thing 3" in key or key == "5.png" else np.ones(3)

    with pytest.raises(UserError, match=f"'.*thing 3.*' is .*{fault}"):
        Encodings.compute(FakeEncoder(np_ones, broken), [], ["thing 1", "a thing 3", "thing 4"])
    with pytest.raises(UserError, match=r"image '5\.png'"):
        Encodings.compute(FakeEncoder(broken, np_ones), refs("4.png", "5.png"), [])


def np_ones(key: str) -> np.ndarray:
    return np.ones(3)


class _OnDisk(FakeEncoder):
    def load_image(self, ref: ImageRef) -> Tensor:
        if ref.path is None or not ref.path.is_file():
            raise UserError("no such image", where=str(ref.path), fix="check the folder")
        return super().load_image(ref)


def test_unreadable_images_are_all_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semclip.evaluation.encodings._KEPT_AT_ONCE", 2)  # the first part holds one of them only
    (tmp_path / "a.png").touch()
    images = [ImageRef(f"{n}.png", tmp_path / f"{n}.png") for n in "abcde"]
    with pytest.raises(UserError, match=r"4 of 5 images cannot be read \(b.png, c.png, d.png, \.\.\.\)") as caught:
        Encodings.compute(_OnDisk(np_ones, np_ones), images, ["t"])
    assert caught.value.where == str(tmp_path / "b.png")
    assert caught.value.fix.startswith("check the folder; ") and "--allow-missing" in caught.value.fix


def test_one_unreadable_image_keeps_its_own_message(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(UserError, match=r"^no such image"):
        Encodings.compute(_OnDisk(np_ones, np_ones), [ImageRef(n, tmp_path / n) for n in ("a.png", "b.png")], [])


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_rows_stand_in_their_places_whatever_the_parts(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semclip.evaluation.encodings._KEPT_AT_ONCE", at_once)
    encoder, images, texts = noise(2), refs(*"hgfedcba"), [f"{'long ' * (i % 3)}text {i}" for i in range(8)]
    found = Encodings.compute(encoder, images, texts, batch_size=2)
    assert np.array_equal(found.raw_image(images), np.stack([encoder._image(r.name) for r in images]))
    assert np.array_equal(found.raw_text(texts), np.stack([encoder._text(t) for t in texts]))


def test_a_collapse_is_seen_over_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semclip.evaluation.encodings._ROWS", 2)

    def text(string: str) -> np.ndarray:
        return np.array([1.0, 2.0 if string == "t4" else 0.0])

    texts = [f"t{i}" for i in range(5)]
    assert Encodings.compute(FakeEncoder(np_ones, text), [], texts).notes(texts) == []
    assert "the model has collapsed" in Encodings.compute(FakeEncoder(np_ones, np_ones), [], texts).notes(texts)[0]


class _Cuts(FakeEncoder):
    def truncated(self, texts: Sequence[str]) -> list[bool]:
        return ["thing 3" in t for t in texts]


def test_cut_texts_are_counted_per_benchmark() -> None:
    encoder = _Cuts(noise()._image, noise()._text)
    results = evaluate(encoder, ["absence", "zeroshot"], examples(), {})
    # Absences and negations: 3 x 12 texts, of which those of example 3.
    assert "3 of 36 texts are cut by the tokenizer: a cut can lose the 'not'" in results["absence"].notes
    assert not any("cut" in note for note in results["zeroshot"].notes)


def test_half_precision_and_collapse_are_told() -> None:
    half = FakeEncoder(noise()._image, noise()._text, dtype=torch.bfloat16)
    assert any("bfloat16" in n for n in evaluate(half, ["absence"], examples(), {})["absence"].notes)
    assert any("collapsed" in n for n in evaluate(constant(), ["absence"], examples(), {})["absence"].notes)
    assert not any("collapsed" in n for n in evaluate(noise(), ["absence"], examples(), {})["absence"].notes)


class _WithDropout(FakeEncoder):
    def __init__(self) -> None:
        super().__init__(np_ones, np_ones)
        self.drop, self.frozen = nn.Dropout(0.9), nn.Dropout(0.9)

    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.frozen(self.drop(super().encode_text(tokens)))


def test_modules_are_evaluated_and_get_their_modes_back() -> None:
    encoder = _WithDropout().train()
    encoder.frozen.eval()
    rows = Encodings.compute(encoder, [], ["a", "b", "c"]).text(["a", "b", "c"])
    assert rows == pytest.approx(np.full((3, 3), 3**-0.5))
    assert encoder.training and encoder.drop.training and not encoder.frozen.training


def test_an_unknown_benchmark_is_refused_with_a_hint() -> None:
    with pytest.raises(UserError) as caught:
        evaluate(noise(), ["retreival"], examples(), {})
    assert "retrieval" in caught.value.fix
    with pytest.raises(UserError, match="no benchmark"):
        evaluate(noise(), [], examples(), {})


def test_pixels_are_scored_in_the_precision_that_the_result_names() -> None:
    computed = []

    class Multiplies(FakeEncoder):
        def encode_image(self, inputs: torch.Tensor) -> torch.Tensor:
            product = inputs.float() @ torch.eye(inputs.shape[-1])
            computed.append(product.dtype)
            return product

    encoder = Multiplies(lambda name: np.ones(3), lambda text: np.ones(3))
    encodings = Encodings.compute(encoder, [ref := ImageRef("a.png")], ["a cat"], precision="bfloat16")
    encodings.class_scores(ref, (2, 2), encodings.text(["a cat"]), np.zeros((0, 3)), DenseReading())
    assert computed == [torch.bfloat16, torch.bfloat16] and encodings.facts["precision"] == "bfloat16"
