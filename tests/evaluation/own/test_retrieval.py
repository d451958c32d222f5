"""Retrieval: which images are right, by group and by the truth."""

from dataclasses import replace

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.evaluation import evaluate
from semclip.evaluation.metrics.result import Result
from tests.evaluation.own.fakes import FakeEncoder, constant, examples, noise, without


def run(encoder: FakeEncoder, data: list[Example], **options: object) -> Result:
    return evaluate(encoder, {"retrieval": options}, data, {})["retrieval"]


def test_recalls_are_those_of_sorting() -> None:
    encoder, data = noise(2), examples(40)
    images = np.stack([encoder._image(e.image.name) for e in data])
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    result = run(encoder, data)
    for view in ("caption", "paraphrase", "absence"):
        places = [np.argsort(-(images @ encoder._text(e.texts(view)[0]))).tolist().index(i) for i, e in enumerate(data)]
        for k in (1, 3, 5, 10):
            metric = result.metric(f"{view}_r{k}")
            assert metric.value == pytest.approx(np.mean([p < k for p in places]))
            assert metric.chance == pytest.approx(k / 40)


def test_every_image_of_the_group_is_right() -> None:
    data = [replace(e, group=f"g{i // 3}") for i, e in enumerate(examples())]
    plane = {e.image.name: np.eye(5)[i // 3] for i, e in enumerate(data)} | {e.caption: np.eye(5)[i // 3]
             for i, e in enumerate(data)}  # fmt: skip
    encoder = FakeEncoder(lambda n: plane[n], lambda t: plane.get(t, np.ones(5)))
    metric = run(encoder, data).metric("caption_r1")
    assert metric.value == metric.strict == 1.0  # three images tie, and all three are right
    assert metric.chance == pytest.approx(3 / 12)
    alone = run(encoder, [replace(e, group="") for e in data]).metric("caption_r1")
    assert alone.value == pytest.approx(1 / 3) and alone.ties == 12


def test_an_image_with_several_rows_stands_in_the_gallery_once() -> None:
    one = examples(4)
    rows = one + [replace(e, id=f"{e.id}b", caption=f"{e.caption} again") for e in one]
    metric = run(constant(), rows).metric("caption_r1")
    assert metric.n == 8
    assert metric.value == pytest.approx(1 / 4)


def test_paraphrases_are_optional() -> None:
    result = run(noise(), without(examples(), "paraphrase", keep=5))
    assert result.metric("paraphrase_r1").n == 5
    assert "7 of 12 examples have no paraphrase" in result.notes
    assert not any(m.name.startswith("paraphrase") for m in run(noise(), without(examples(), "paraphrase")).metrics)


def test_every_absence_is_a_query_sliced_by_its_kind() -> None:
    """The first absence of each image finds it, the second finds another; both kinds stand apart."""
    data = [
        replace(
            e,
            absences=(f"only {i}", f"without {i}"),
            meta={**e.meta, "absence_kinds": ["absent_beside", "absent_alone"]},
        )
        for i, e in enumerate(examples())
    ]
    plane = {f"{i}.png": np.eye(12)[i] for i in range(12)} | {f"only {i}": np.eye(12)[i] for i in range(12)}
    plane |= {f"without {i}": np.eye(12)[i - 1] for i in range(12)}
    encoder = FakeEncoder(lambda n: plane[n], lambda t: plane.get(t, np.ones(12)))
    metric = run(encoder, data).metric("absence_r1")
    assert (metric.n, metric.value, metric.chance) == (24, 0.5, pytest.approx(1 / 12))
    assert {name: m.value for name, m in metric.per_slice.items()} == {"absent_beside": 1.0, "absent_alone": 0.0}


def test_ks_are_an_option() -> None:
    assert [m.name for m in run(noise(), examples(), ks=[2]).metrics] == [
        "caption_r1", "caption_r2", "paraphrase_r1", "paraphrase_r2", "absence_r1", "absence_r2"]  # fmt: skip
    with pytest.raises(UserError):
        run(noise(), examples(), ks=[0])


def scenes() -> list[Example]:
    """Six images of one object: three red circles, three blue squares. Each caption is true of three images."""
    made = []
    for i in range(6):
        colour, shape = ("red", "circle") if i % 2 else ("blue", "square")
        thing = {"shape": shape, "colour": colour, "size": "small", "place": "top left", "x": 0.2, "y": 0.2}
        other = "blue" if i % 2 else "red"
        claim = {"objects": [{"colour": colour, "shape": shape}]}
        absent = {"objects": [], "absent": [{"colour": other}]}
        made.append(
            Example(
                id=str(i),
                image=ImageRef(f"{i}.png"),
                caption=f"a {colour} {shape}",
                paraphrases=(f"a {shape} that is {colour}",),
                absences=(f"an image without a {other} thing",),
                group=f"{i}.png",
                meta={
                    "scene": {"objects": [thing]},
                    "claims": {"caption": claim, "paraphrases": [claim], "absences": [absent]},
                },
                where=f"data.jsonl:{i + 1}",
            )
        )
    return made


def by_colour() -> FakeEncoder:
    def text(string: str) -> np.ndarray:
        return np.eye(2)[int(("red" in string) != ("without" in string))]

    return FakeEncoder(lambda name: np.eye(2)[int(name[0]) % 2], text)


def test_on_scenes_every_image_of_which_the_text_is_true_is_right() -> None:
    result = run(by_colour(), scenes(), equal_texts=False)
    for view in ("caption", "paraphrase", "absence"):
        true = result.metric(f"{view}_true_r1")
        assert (true.value, true.ties) == (1.0, 0)
        assert true.chance == pytest.approx(0.5)
        own = result.metric(f"{view}_r1")
        assert own.value == pytest.approx(1 / 3)
        assert own.chance == pytest.approx(1 / 6)
    assert "a caption is true of 3.0 images of the gallery on average" in result.notes


def test_images_with_an_equal_text_are_right_and_no_evidence_of_each_other() -> None:
    """Six photos, two captions: an encoder that tells the two apart finds the right photo every time."""
    endings = ("", ".", "!", " ", " .", "...")
    data = [replace(e, caption=e.caption.upper() + end, meta={}) for e, end in zip(scenes(), endings, strict=True)]
    encoder = FakeEncoder(lambda name: np.eye(2)[int(name[0]) % 2], lambda t: np.eye(2)[int("red" in t.lower())])
    result = run(encoder, data)
    metric = result.metric("caption_r1")
    assert (metric.value, metric.chance) == (1.0, pytest.approx(1 / 2))
    assert run(encoder, data, equal_texts=False).metric("caption_r1").value == pytest.approx(1 / 3)
    assert any("6 of 6 queries by caption are texts of other images" in note for note in result.notes)
    # Two independent captions say less than six: the same outcomes in two clusters have the wider interval.
    half = FakeEncoder(lambda name: np.eye(2)[int(name[0]) % 2], lambda t: np.eye(2)[1])
    wide, narrow = (run(half, data, equal_texts=equal).metric("caption_r1").interval for equal in (True, False))
    assert wide is not None and narrow is not None and wide[1] - wide[0] > narrow[1] - narrow[0]


def test_truth_is_counted_only_where_every_image_knows_it() -> None:
    data = scenes()
    data[2] = replace(data[2], meta={})
    assert not any("_true_" in m.name for m in run(by_colour(), data).metrics)


def test_a_ground_truth_that_contradicts_itself_is_refused() -> None:
    data = scenes()
    data[2] = replace(data[2], meta={**data[2].meta, "scene": data[1].meta["scene"]})
    with pytest.raises(UserError, match="contradicts its own caption") as caught:
        run(by_colour(), data)
    assert caught.value.where == "data.jsonl:3"


def test_every_caption_of_equal_standing_asks() -> None:
    """As the field counts COCO and Flickr30k: five captions a photo are five queries, of which none is the first."""
    plain = examples(6)
    equal = [
        replace(e, paraphrases=(f"{e.caption} again", f"{e.caption} yet again"), meta={"captions_equal": True})
        for e in plain
    ]
    result = run(noise(2), equal)
    assert result.metric("caption_r1").n == 18
    assert result.items["caption_r1"]["id"][:3] == [f"{plain[0].id}#{i}" for i in range(3)]
    assert run(noise(2), plain).metric("caption_r1").n == 6
