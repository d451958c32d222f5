"""Pictures show what the scene says, where it says it."""

import numpy as np
import pytest

from semclip.data.scenes import world
from semclip.data.scenes.render import class_ids, class_name, draw, draw_mask
from semclip.data.scenes.world import sample_scene


def one(shape, colour="red", size="large", x=0.5, y=0.5):
    thing = {
        "shape": shape,
        "colour": colour,
        "size": size,
        "place": "middle",
        "x": x,
        "y": y,
        "angle": 0.0,
        "tint": [0, 0, 0],
    }
    return {"objects": [thing], "background": {"pattern": "plain", "colours": [[200, 200, 200], [220, 220, 220]]}}


def test_mask_classes_are_exactly_the_scenes_objects():
    names = {index: name for name, index in class_ids().items()}
    for index in range(200):
        scene = sample_scene(2, "train", index)
        found = {names[value] for value in np.unique(np.asarray(draw_mask(scene, 48)))} - {"background"}
        assert found == {class_name(thing) for thing in scene["objects"]}


def test_objects_stand_where_the_scene_says():
    for index in range(100):
        scene = sample_scene(2, "val", index)
        mask = np.asarray(draw_mask(scene, 96))
        for thing in scene["objects"]:
            rows, columns = np.nonzero(mask == class_ids()[class_name(thing)])
            middle = np.array([(columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2]) / 96
            radius = world.SIZES[thing["size"]]
            assert np.abs(middle - [thing["x"], thing["y"]]).max() < 0.5 * radius
            assert len(rows) < 3.6 * (radius * 96) ** 2  # the square is the largest, 3.24 before rounding


@pytest.mark.parametrize("colour", sorted(world.COLOURS))
def test_the_colour_is_seen(colour):
    pixel = np.asarray(draw(one("square", colour), 48))[24, 24]
    assert np.abs(pixel.astype(int) - world.COLOURS[colour]).max() <= 2


def test_shapes_are_told_apart_at_the_smallest_size():
    masks = {s: np.asarray(draw_mask(one(s, size="small"), 48)) > 0 for s in world.SHAPES}
    for first in world.SHAPES:
        for second in world.SHAPES:
            if first < second:
                either, both = (masks[first] | masks[second]).sum(), (masks[first] & masks[second]).sum()
                assert both / either < 0.85, (first, second)


def test_sizes_differ_by_more_than_double_in_area():
    for shape in world.SHAPES:
        areas = {size: (np.asarray(draw_mask(one(shape, size=size), 48)) > 0).sum() for size in world.SIZES}
        assert areas["large"] > 2 * areas["small"]


def test_a_ring_has_a_hole():
    assert np.asarray(draw_mask(one("ring"), 48))[24, 24] == 0
    assert np.asarray(draw_mask(one("circle"), 48))[24, 24] != 0


def test_backgrounds_vary_and_no_object_vanishes_in_one():
    pictures = {np.asarray(draw(sample_scene(0, "test", i), 48))[:2].tobytes() for i in range(30)}
    assert len(pictures) > 25
    for index in range(200):
        scene = sample_scene(4, "train", index)
        picture, mask = np.asarray(draw(scene, 48)).astype(int), np.asarray(draw_mask(scene, 48))
        ground = picture[mask == 0].mean(0)
        for thing in scene["objects"]:
            inside = picture[mask == class_ids()[class_name(thing)]].mean(0)
            assert np.abs(inside - ground).max() > 35, index


@pytest.mark.parametrize("size", [24, 48, 200])
def test_any_size(size):
    assert (
        draw(sample_scene(0, "train", 0), size).size
        == draw_mask(sample_scene(0, "train", 0), size).size
        == (size, size)
    )
