"""Images of a training batch: JPEGs decoded at a fraction of their size, and random crops."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.training.config import TrainConfig
from semclip.training.images import RandomCrop, image_source
from semclip.training.loop import train
from tests.models.tiny import tiny
from tests.training.conftest import printed

Make = Callable[..., TrainConfig]


def image(path: Path, size: tuple[int, int], **how: object) -> ImageRef:
    """An image with detail at several scales."""
    draw = np.random.default_rng(0)
    image = Image.fromarray(draw.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(size)
    fine = Image.fromarray(draw.integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)).resize(size)
    Image.blend(image, fine, 0.3).save(path, **how)
    return ImageRef(path.name, path)


@pytest.mark.parametrize(
    ("size", "shortest", "decoded"),
    [
        ((640, 480), 224, (320, 240)),
        ((640, 480), 241, (640, 480)),
        ((1600, 1200), 224, (400, 300)),
        ((480, 1600), 60, (60, 200)),
        ((4000, 3000), 224, (500, 375)),  # an eighth
        ((200, 100), 224, (200, 100)),
        ((640, 480), 0, (640, 480)),
    ],
)
def test_the_shorter_side_never_falls_below_what_is_needed(
    size: tuple[int, int], shortest: int, decoded: tuple[int, int], tmp_path: Path
) -> None:
    assert read_rgb(image(tmp_path / "a.jpg", size, quality=90), shortest).size == decoded


def test_other_formats_and_parts_of_images_are_decoded_whole(tmp_path: Path) -> None:
    assert read_rgb(image(tmp_path / "a.png", (640, 480)), 60).size == (640, 480)
    boxed = ImageRef("a.jpg", image(tmp_path / "a.jpg", (640, 480)).path, box=(10, 10, 400, 300))
    assert read_rgb(boxed, 60).size == (390, 290)


def test_inputs_are_nearly_those_of_the_whole_image(tmp_path: Path) -> None:
    encoder = tiny()  # reads 16 pixels
    ref = image(tmp_path / "a.jpg", (640, 480), quality=90)
    whole, reduced = encoder.load_image(ref), encoder.load_image_reduced(ref)
    grey = (whole - reduced).abs() * torch.tensor(encoder.preprocess.settings["std"])[:, None, None] * 255
    assert 0 < grey.mean() < 2 and grey.max() < 10
    other = image(tmp_path / "b.jpg", (480, 640), quality=90)
    with torch.no_grad():
        a, b, c = (encoder.encode_image(x[None])[0] for x in (whole, reduced, encoder.load_image(other)))
    same, different = torch.cosine_similarity(a, b, dim=0), torch.cosine_similarity(a, c, dim=0)
    assert same > 0.999 and 1 - same < (1 - different) / 10


def test_stores_of_whole_and_reduced_images_are_apart(tmp_path: Path) -> None:
    from semclip.core.example import Example

    encoder = tiny()
    examples = [Example("a", image(tmp_path / "a.jpg", (640, 480)), "a dog")]
    for frozen in (False, True):
        if frozen:
            encoder.freeze("image")
        rows = [
            image_source(
                encoder,
                examples,
                ["image"],
                False,
                augmented=False,
                reduced=reduced,
                cache=tmp_path / "cache",
                device=torch.device("cpu"),
            )[0](examples[0].image)
            for reduced in (False, True, False)
        ]
        assert torch.equal(rows[0], rows[2]) and not torch.equal(rows[0], rows[1])


def test_training_says_nothing_else_and_takes_the_option(make_config: Make, tmp_path: Path) -> None:
    from tests.training.test_loop import weights

    # Scenes are PNG files, which are decoded whole: the same weights.
    for decode in ("full", "reduced"):
        train(make_config(train={"decode": decode, "steps": 2}), tmp_path / decode / "run", Console(quiet=True))
    full, reduced = (weights(tmp_path / decode / "run" / "model") for decode in ("full", "reduced"))
    assert all(torch.equal(full[name], reduced[name]) for name in full)


#: Rows count upwards, columns count upwards: a crop shows where it was taken.
PICTURE = torch.stack([torch.arange(40.0)[:, None].expand(40, 60), torch.arange(60.0).expand(40, 60)])


def spans(seed: int, least: float) -> tuple[float, float]:
    """Share of the height and of the width that a crop spans."""
    rows, columns = RandomCrop(least)(PICTURE, seed)
    return float(rows.max() - rows.min()) / 39, float(columns.max() - columns.min()) / 59


def test_a_crop_is_a_function_of_its_seed() -> None:
    crop = RandomCrop(0.5)
    assert torch.equal(crop(PICTURE, 3), crop(PICTURE, 3)) and not torch.equal(crop(PICTURE, 3), crop(PICTURE, 4))
    assert crop(PICTURE, 3).shape == PICTURE.shape


@pytest.mark.parametrize("least", [0.3, 0.8])
def test_crops_keep_the_share_asked_for_and_vary(least: float) -> None:
    shares = [height * width for height, width in (spans(seed, least) for seed in range(200))]
    assert least - 0.08 < min(shares) < least + 0.1  # a pixel at each edge is lost to interpolation
    assert max(shares) - min(shares) > 0.7 * (0.88 - least)  # 0.88: the largest crop of ratio 4/3 in one of 3/2


def test_drawing_a_crop_leaves_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    RandomCrop(0.5)(PICTURE, 3)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_frozen_tower_runs_at_every_step_and_says_why(make_config: Make, tmp_path: Path, console: Console) -> None:
    from tests.training.conftest import TINY

    model = {"backend": "open_clip", "config": TINY, "freeze": ["image"]}
    train(make_config(model=model, train={"crop": 0.5, "steps": 2}), tmp_path / "run", console)
    assert "random crops: the frozen image tower runs at every step" in printed(console)
    assert not list((tmp_path / "cache").glob("features-*"))


def test_crops_change_the_weights_and_resume_exactly(make_config: Make, tmp_path: Path, console: Console) -> None:
    from tests.training.test_loop import weights

    for name, crop in (("whole", 1.0), ("cropped", 0.5), ("again", 0.5)):
        train(make_config(train={"crop": crop, "steps": 3}), tmp_path / name, console)
    whole, cropped, again = (weights(tmp_path / name) for name in ("whole", "cropped", "again"))
    assert all(torch.equal(cropped[name], again[name]) for name in cropped)
    assert any(not torch.equal(cropped[name], whole[name]) for name in cropped)


@pytest.mark.parametrize("share", [0.0, 1.5, -1.0])
def test_shares_out_of_range_are_refused(share: float, make_config: Make) -> None:
    with pytest.raises(UserError, match=r"train.crop"):
        make_config(train={"crop": share})
