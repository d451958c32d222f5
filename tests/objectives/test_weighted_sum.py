"""Sums of objectives: as in YAML, as in Python, and everything a member needs passed through."""

import math
from pathlib import Path

import pytest
import torch

from semclip.core.errors import UserError
from semclip.objectives import Features, create, weighted_sum
from semclip.objectives.base import saved_section
from tests.objectives.encoder import inputs_for, step
from tests.objectives.features import INFO, build, make_views

MEMBERS = {"clip": {"weight": 0.5}, "superclip": {"idf": "corpus", "class_weight": 2.0}, "xclip": {"weight": 0.25}}


def test_yaml_and_python_give_the_same_sum() -> None:
    members = {"clip": {"weight": 1.0}, "semclip": {"weight": 0.5, "num_projections": 3}}
    from_yaml = build("weighted_sum", members=members)
    by_hand = weighted_sum({"clip": (1.0, create("clip")), "mine": (0.5, create("semclip", num_projections=3))})
    by_hand.setup(INFO)
    features = Features(logit_scale=5.0, **make_views(from_yaml.needs))
    assert from_yaml.needs == by_hand.needs == {"image", "caption", "paraphrase", "negation"}
    assert torch.equal(from_yaml(features).total, by_hand(features).total)
    assert {"clip/image_to_text", "semclip/negation"} <= set(from_yaml(features).parts)


def test_it_is_plain_clip_unless_members_are_given() -> None:
    features = Features(logit_scale=5.0, **make_views(create("clip").needs))
    assert torch.equal(create("weighted_sum")(features).total, create("clip")(features).total)


def test_setup_update_and_corpus_counts_reach_the_members() -> None:
    total, alone = build("weighted_sum", members=MEMBERS), build("superclip", idf="corpus", class_weight=2.0)
    views = make_views(total.needs)
    for objective in (total, alone):
        objective.prepare(lambda: [views["caption_ids"][:4], views["caption_ids"][4:]])
    features = Features(logit_scale=5.0, **views)
    total.update(features)
    expected = 0.5 * create("clip")(features).total + alone(features).total + 0.25 * build("xclip")(features).total
    torch.testing.assert_close(total(features).total, expected, rtol=0, atol=1e-12)
    assert len(list(total.parameters())) == len(list(alone.parameters())) + len(list(build("xclip").parameters()))
    running = build("weighted_sum", members={"superclip": {}})
    running.update(features)
    assert running.state_dict()["objectives.0.documents"] == 6


def test_a_saved_run_is_read_by_todays_names_in_members_too() -> None:
    assert saved_section({"name": "negationclip", "share": 0.5}) == {"name": "negationclip", "absence_weight": 0.5}
    old = {"name": "weighted_sum", "members": {"negationclip": {"share": 0.5, "weight": 2.0}, "clip": {}}}
    members = {"negationclip": {"absence_weight": 0.5, "weight": 2.0}, "clip": {}}
    assert saved_section(old) == {"name": "weighted_sum", "members": members}


def test_micro_batches_equal_the_whole_batch() -> None:
    config = {"members": {"clip": {}, "superclip": {"weight": 0.5}, "xclip": {}}}
    inputs = inputs_for("weighted_sum", **config)
    plain, cached = (step("weighted_sum", inputs, size, config) for size in (0, 2))
    assert sum(key.startswith("objective.") for key in plain.gradients) > 8
    for key, gradient in plain.gradients.items():
        torch.testing.assert_close(cached.gradients[key], gradient, rtol=1e-9, atol=1e-9)


def test_a_users_own_objective_can_be_a_member(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from semclip.objectives import Objective, Terms\n"
        "class Mine(Objective):\n"
        "    def forward(self, f):\n"
        "        return Terms(total=f.image.sum(), parts={})\n"
    )
    objective = build("weighted_sum", members={f"{path}:Mine": {"weight": 2.0}})
    features = Features(logit_scale=5.0, **make_views(objective.needs))
    assert torch.equal(objective(features).total, 2 * features.image.sum())


@pytest.mark.parametrize(
    "members, message",
    [
        ({}, "no objectives"),
        ({"clip": {"weight": -1.0}}, "clip"),
        ({"clip": {"weight": math.nan}}, "clip"),
        ({"clip": {"weight": "heavy"}}, "heavy"),
        ({"clip": {"weight": 0.0}}, "all weights"),
        ({"clp": {}}, "unknown objective 'clp'"),
        ({"semclip": {"k": 4}}, "unknown key 'k'"),
    ],
)
def test_mistakes_are_the_users(members: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        create("weighted_sum", members=members)
