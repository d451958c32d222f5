"""Rows hold every view, kinds are kept apart by split, and each row depends on nothing but its own place."""

import hashlib
import json
import subprocess
import sys

import pytest

from semclip.data.scenes import world
from semclip.data.scenes.claims import describe, negations
from semclip.data.scenes.phrasing import SHAPE_SYNONYMS
from semclip.data.scenes.rows import make_row
from semclip.data.scenes.truth import holds
from semclip.data.scenes.world import sample_scene, split_of


def test_every_row_has_every_view(every_row):
    for row in every_row:
        assert row["caption"]
        assert len(row["paraphrases"]) >= 3
        assert len({row["caption"], *row["rewrites"]}) == 4
        assert len(row["negations"]) == len(row["negation_kinds"]) >= (2 if row["split"] == "test" else 3)
        assert len(row["absences"]) == len(row["absence_kinds"]) >= 2
        assert row["negative_image"] and row["mask"] and row["group"] == row["id"]
        assert ("label" in row) == (len(row["scene"]["objects"]) == 1)


def test_rewrites_and_objects_left_all_other_fields_as_they_were():
    digest = hashlib.sha256()
    for split in world.SPLITS:
        for index in range(40):
            row = make_row(11, split, index)
            kept = {key: value for key, value in row.items() if key not in ("rewrites", "objects")}
            digest.update(json.dumps(kept, sort_keys=True).encode())
    assert digest.hexdigest() == "e1a24822a81192c7277f5a9eeb656172099c2a1717a2f1ffe2666f9b13297aff"


def test_objects_are_all_nouns_for_the_shapes_of_the_scene_and_no_others(every_row):
    for row in every_row:
        shapes = {thing["shape"] for thing in row["scene"]["objects"]}
        assert set(row["objects"]) == {noun for shape in shapes for noun in (shape, *SHAPE_SYNONYMS[shape])}
        assert len(row["objects"]) == 3 * len(shapes)


def test_kinds_of_the_test_split_that_are_never_trained(rows):
    kinds = {split: {k for row in rows[split] for k in row["negation_kinds"]} for split in rows}
    assert kinds["train"] == kinds["val"] == set(world.TRAINED_KINDS)
    assert kinds["test"] - kinds["train"] == {"object_replaced", "shape_changed", "size_changed", "count_changed"}


def test_scenes_have_one_to_three_objects_and_few_descriptions_repeat(rows):
    counts = {len(row["scene"]["objects"]) for row in rows["train"]}
    assert counts == {1, 2, 3}
    alone = sum(
        1 for row in rows["test"] if sum(holds(row["claims"]["caption"], other["scene"]) for other in rows["test"]) == 1
    )
    assert alone > 0.75 * len(rows["test"])


def test_splits_are_disjoint_by_content():
    contents = {
        split: {
            tuple(sorted(f"{t['shape']} {t['colour']} {t['size']} {t['place']}" for t in s["objects"]))
            for s in (sample_scene(seed, split, index) for seed in (0, 1) for index in range(300))
        }
        for split in world.SPLITS
    }
    assert not contents["train"] & contents["test"]
    assert not contents["train"] & contents["val"]
    assert not contents["val"] & contents["test"]


def test_split_of_ignores_the_order_of_objects():
    scene = sample_scene(0, "test", 1)
    assert split_of({**scene, "objects": scene["objects"][::-1]}) == "test"


def test_seed_split_and_index_each_make_another_row():
    row = make_row(0, "train", 0)
    assert row == make_row(0, "train", 0)
    others = [make_row(1, "train", 0), make_row(0, "val", 0), make_row(0, "train", 1)]
    assert all(other["scene"] != row["scene"] for other in others)


def test_another_process_makes_the_same_row():
    code = "from semclip.data.scenes.rows import make_row; print(repr(make_row(5, 'test', 17)))"
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed}
        )
        assert run.stdout.strip() == repr(make_row(5, "test", 17))


@pytest.mark.parametrize("kind", sorted(world.KINDS["test"]))
def test_every_negation_of_a_kind_has_a_scene_on_which_it_holds(kind, monkeypatch):
    import random

    monkeypatch.setitem(world.KINDS, "test", {kind: 1.0})
    monkeypatch.setitem(world.PLAIN_DENIED_SHARE, "test", 1.0)
    made = 0
    for index in range(150):
        scene = sample_scene(3, "test", index)
        rng = random.Random(index)
        for negation in negations(describe(scene, rng), "test", 4, rng):
            made += 1
            assert negation.kind == kind
            assert not holds(negation.claim, scene)
            assert holds(negation.claim, negation.scene)
    assert made > 10


def test_roles_exchanged_and_attribute_swapped_keep_the_words(rows):
    def things(claim):
        patterns = [*claim.get("objects", []), *claim.get("absent", [])]
        return sorted(value for p in patterns for key, value in p.items() if key in ("shape", "colour"))

    for row in rows["test"]:
        for kind, claim in zip(row["negation_kinds"], row["claims"]["negations"], strict=True):
            if kind in ("roles_exchanged", "attribute_swapped"):
                assert things(claim) == things(row["claims"]["caption"]), row["id"]
