"""Random crops: a function of the visit, within the picture, and no frozen features are kept beside them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from rich.console import Console

from semclip.core.errors import UserError
from semclip.training.augment import RandomCrop
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from tests.training.conftest import printed

Make = Callable[..., TrainConfig]

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
