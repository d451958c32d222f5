"""TNG-CLIP's image labels."""

import pytest
import torch

from semclip.core.errors import UserError
from semclip.objectives import Features, create
from tests.objectives.features import make_views

VIEWS = make_views(frozenset({"image", "caption", "absence"}), rows=4)


def loss(groups: torch.Tensor | None = None, logit_scale: float = 2.0, **config: object) -> float:
    return create("tngclip", **config)(Features(logit_scale=logit_scale, groups=groups, **VIEWS)).total.item()


def test_random_labels_change_with_each_update_and_with_the_seed() -> None:
    def four(seed: int) -> list[float]:
        objective, losses = create("tngclip", image_labels="random", seed=seed), []
        for _ in range(4):
            features = Features(logit_scale=2.0, **VIEWS)
            objective.update(features)
            losses.append(objective(features).total.item())
        return losses

    assert len(set(four(0))) == 4
    assert four(0) == four(0) != four(1)


def test_random_labels_are_drawn_without_repetition_from_all_texts() -> None:
    objective = create("tngclip", image_labels="random")
    drawn = set()
    for _ in range(40):
        objective.update(Features(logit_scale=2.0, **VIEWS))
        labels = objective._labels(Features(logit_scale=2.0, **VIEWS), 3).flatten().tolist()
        assert len(set(labels)) == 4
        drawn |= set(labels)
    assert drawn == set(range(12))


def test_a_label_in_the_own_group_is_never_masked() -> None:
    one_group = torch.zeros(4, dtype=torch.int64)
    for labels in ("random", [11, 0, 3, 6], "aligned", "multi_positive"):
        assert torch.isfinite(torch.tensor(loss(one_group, image_labels=labels)))


def test_multi_positive_is_the_mean_over_the_three_own_texts() -> None:
    singles = [loss(image_labels=[3 * i + k for i in range(4)]) for k in range(3)]
    assert loss(image_labels="multi_positive") == pytest.approx(sum(singles) / 3, abs=1e-12)
    assert loss(image_labels="aligned") == singles[2]


def test_the_learned_scale_replaces_the_temperature() -> None:
    assert loss(logit_scale=2.0) == loss(logit_scale=50.0)
    assert loss(logit_scale=4.0, temperature=None) == pytest.approx(loss(temperature=0.25), abs=1e-12)


@pytest.mark.parametrize("labels", [[0, 1, 2], [0, 1, 2, 12], [0, 1, 2, -1]])
def test_wrong_indices_are_refused(labels: list[int]) -> None:
    with pytest.raises(UserError, match="image_labels"):
        loss(image_labels=labels)


def test_wrong_options_are_refused() -> None:
    for config in ({"image_labels": "sometimes"}, {"temperature": 0.0}, {"temperature": -1.0}):
        with pytest.raises(UserError):
            create("tngclip", **config)
