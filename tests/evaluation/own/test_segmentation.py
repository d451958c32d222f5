"""The segmentation benchmark: masks read, background as asked for, faults named, a dense model measured."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from semclip.cli._result_table import result_table
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.protocols import DenseEncoder, DenseReading
from semclip.data.masks import mask_path
from semclip.evaluation import RunOptions, evaluate
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.own import create
from semclip.models.load import create as create_model
from tests.evaluation.own.fakes import FakeEncoder
from tests.models.tiny import CONFIGS, tiny

NAMES = ("background", "red", "green", "blue")
COLOURS = {"background": (0, 0, 0), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


def write(folder: Path, masks: list[np.ndarray]) -> list[Example]:
    """Images that show their mask: red pixels are class 1, and so on."""
    (folder / "masks").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "classes.json").write_text(json.dumps({str(i): name for i, name in enumerate(NAMES)}))
    table = np.array([COLOURS[name] for name in NAMES], dtype=np.uint8)
    examples = []
    for i, mask in enumerate(masks):
        Image.fromarray(mask.astype(np.uint8)).save(folder / "masks" / f"{i}.png")
        Image.fromarray(table[np.minimum(mask, 3)]).save(folder / "images" / f"{i}.png")
        ref = ImageRef(f"images/{i}.png", folder / "images" / f"{i}.png")
        examples.append(
            Example(id=str(i), image=ref, caption="x", meta={"mask": f"masks/{i}.png"}, where=f"d.jsonl:{i}")
        )
    return examples


class Seer(FakeEncoder):
    """Sees the colour of every pixel and knows colours by name; what has none of them shares one more direction.

    A colour it is blind to looks like nothing at all, so that every class ties there.
    """

    def __init__(self, blind_to: str = "") -> None:
        names = [n for n in COLOURS if n not in ("background", blind_to)]
        super().__init__(
            lambda name: np.ones(4), lambda text: np.array([float(text.endswith(n)) for n in names] + [0.1])
        )
        self._rest = 0.0 if blind_to else 0.1
        self._axes = torch.tensor([COLOURS[n] for n in names]).double() / 255

    def load_whole_image(self, ref: ImageRef, size: int = 0) -> Tensor:
        return torch.from_numpy(np.array(Image.open(str(ref.path)))).permute(2, 0, 1).double() / 255

    def encode_dense(self, inputs: Tensor, variant: str) -> Tensor:
        found = inputs.permute(0, 2, 3, 1) @ self._axes.T  # (B, H, W, 3)
        return torch.cat([found, torch.full_like(found[..., :1], self._rest)], dim=-1)

    def class_scores(
        self, inputs: Tensor, classes: Tensor, background: Tensor, reading: DenseReading, size: tuple[int, int]
    ) -> Tensor:
        features = torch.nn.functional.normalize(self.encode_dense(inputs, reading.variant), dim=-1)
        scores = (features @ torch.cat([background, classes]).T).permute(0, 3, 1, 2)
        assert scores.shape[2:] == size
        return scores


def run(encoder: FakeEncoder, examples: list[Example], **options: object) -> Result:
    return evaluate(encoder, {"segmentation": options}, examples, {}, RunOptions(batch_size=2))["segmentation"]


MASKS = [np.array([[0, 1, 1], [2, 2, 255]]), np.array([[3, 0, 0], [0, 1, 0]])]


def test_a_model_that_sees_scores_one_and_background_is_scored_when_named(tmp_path: Path) -> None:
    examples = write(tmp_path, MASKS)
    plain = run(Seer(), examples)
    assert isinstance(Seer(), DenseEncoder)
    assert plain.metric("miou").value == plain.metric("pixel_accuracy").value == 1.0
    assert plain.extra["classes"] == ["red", "green", "blue"]
    assert plain.metric("miou").per_slice["red"].n == 2 and plain.metric("miou").per_slice["blue"].n == 1
    assert plain.metric("blind_most_frequent").value == pytest.approx(3 / 6 / 3)
    assert plain.items["image_accuracy"]["id"] == ["0", "1"]
    blind = next(c for c in result_table("seer", {"segmentation": plain}).columns if c.header == "blind")
    assert f"{3 / 6 / 3:.3f}" in blind.cells, "in the unit of the number that it stands beside"
    named = run(Seer(), examples, background=["void"])
    assert named.extra["classes"] == ["background", "red", "green", "blue"]
    assert named.metric("miou").value == 1.0 and named.metric("miou").per_slice["background"].value == 1.0
    assert named.metric("blind_most_frequent").value == pytest.approx(5 / 11 / 4)


def test_a_class_the_model_is_blind_to_costs_its_iou(tmp_path: Path) -> None:
    examples = write(tmp_path, [np.array([[1, 1], [2, 2]]), np.array([[2, 2], [3, 3]])])
    result = run(Seer(blind_to="blue"), examples, background=[])
    # blue pixels look like nothing, so all three classes tie there: a third of each pixel
    slices = result.metric("miou").per_slice
    assert slices["blue"].value == pytest.approx((2 / 3) / 2)
    assert slices["green"].value == pytest.approx(4 / (4 + 2 / 3))
    assert result.metric("miou").value == pytest.approx(np.mean([s.value for s in slices.values()]))


def test_seen_and_unseen(tmp_path: Path) -> None:
    result = run(Seer(blind_to="blue"), write(tmp_path, MASKS), unseen=["blue"])
    seen, unseen = result.metric("seen_miou").value, result.metric("unseen_miou").value
    assert result.metric("harmonic").value == pytest.approx(2 * seen * unseen / (seen + unseen)) and unseen < seen
    with pytest.raises(UserError, match="'blu' is no class") as caught:
        run(Seer(), write(tmp_path / "more", MASKS), unseen=["blu"])
    assert "blue" in caught.value.fix


def test_faults_of_masks_are_named(tmp_path: Path) -> None:
    examples = write(tmp_path, MASKS)
    with pytest.raises(UserError, match="holds 9") as caught:
        Image.fromarray(np.full((2, 3), 9, dtype=np.uint8)).save(tmp_path / "masks" / "1.png")
        run(Seer(), examples)
    assert "1.png" in caught.value.where
    Image.fromarray(np.zeros((2, 3, 3), dtype=np.uint8)).save(tmp_path / "masks" / "1.png")
    with pytest.raises(UserError, match="colours"):
        run(Seer(), examples)
    (tmp_path / "masks" / "1.png").write_bytes(b"no image")
    with pytest.raises(UserError, match="cannot read the mask") as caught:
        run(Seer(), examples)
    assert "d.jsonl:1" in caught.value.where
    (tmp_path / "classes.json").write_text('{"0": "red", "1": "red"}')
    with pytest.raises(UserError, match="named twice"):
        run(Seer(), examples)
    (tmp_path / "classes.json").unlink()
    with pytest.raises(UserError, match=r"no classes\.json"):
        run(Seer(), examples)


def test_no_scored_pixel(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no pixel"):
        run(Seer(), write(tmp_path, [np.zeros((2, 2), dtype=int)]))
    some = run(Seer(), write(tmp_path / "more", [np.zeros((2, 2), dtype=int), MASKS[0]]))
    assert "1 images have no scored pixel" in some.notes and some.metric("image_accuracy").n == 1


def test_names_are_relative_to_the_images_folder(tmp_path: Path) -> None:
    example = write(tmp_path, MASKS)[0]
    assert mask_path(example) == tmp_path / "masks" / "0.png"
    nameless = replace(example, image=ImageRef("x"), meta={"mask": str(tmp_path / "m.png")})
    assert mask_path(nameless) == tmp_path / "m.png"


def test_models_without_dense_features_are_refused_with_the_reason(tmp_path: Path) -> None:
    examples = write(tmp_path, MASKS)
    config = {**CONFIGS["plain"], "vision_cfg": {**CONFIGS["plain"]["vision_cfg"], "pool_type": "avg"}}
    averaging = create_model({"backend": "open_clip", "config": config}, "test")
    with pytest.raises(UserError, match="cannot measure this model: it pools by 'avg'"):
        evaluate(averaging, ["segmentation"], examples, {})
    plain = tiny()
    result = evaluate(plain, {"segmentation": {"size": 32, "denoise": 0.1, "smooth": "channels"}}, examples, {})
    assert 0 <= result["segmentation"].metric("miou").value <= 1 and plain.training is False


def test_templates_need_a_place_for_the_name() -> None:
    with pytest.raises(UserError, match="no place"):
        create("segmentation", {"templates": ["a photo"]})
