"""Zero-shot classification: templates, classes, images that stand twice."""

from dataclasses import replace

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.evaluation import evaluate
from semclip.evaluation.metrics.intervals import wilson
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.own import create
from tests.evaluation.own.fakes import LABELS, FakeEncoder, examples, noise, oracle

NAME = "zeroshot"


def run(encoder: FakeEncoder, data: list[Example], **options: object) -> Result:
    return evaluate(encoder, {NAME: options}, data, {})[NAME]


def deaf() -> FakeEncoder:
    """Hears the class and not the "not"; one class in three is always taken for another."""
    heard = {"red circle": 0, "blue square": 1, "green star": 1}
    return FakeEncoder(
        lambda name: np.eye(3)[heard[LABELS[int(name.removesuffix(".png")) % 3]]],
        lambda text: next(np.eye(3)[i] for i, label in enumerate(LABELS) if text.endswith(label)),
    )


def test_a_model_deaf_to_not_has_no_delta() -> None:
    result = run(deaf(), examples())
    assert result.metric("original_accuracy").value == pytest.approx(2 / 3)
    assert result.metric("negated_accuracy").value == pytest.approx(2 / 3)
    assert result.metric("delta").value == 0.0
    assert {k: m.value for k, m in result.metric("original_accuracy").per_slice.items()} == {
        "red circle": 1.0, "blue square": 1.0, "green star": 0.0}  # fmt: skip


def test_recall_per_class_is_macro() -> None:
    few = [e for e in examples(12) if e.meta["label"] != "green star"] + [examples(12)[2]]
    result = run(deaf(), few)
    assert result.metric("original_accuracy").value == pytest.approx(8 / 9)
    recall = result.metric("mean_per_class_recall")
    assert recall.value == pytest.approx(2 / 3)
    # That each class is right or wrong as a whole makes nothing certain: 1 / n' = sum of the squared weights.
    assert recall.interval == pytest.approx(wilson(2 / 3, 1 / (8 * (1 / 12) ** 2 + (1 / 3) ** 2)))


def test_spaces_make_no_class_and_names_of_one_text_are_told() -> None:
    labels = [" red_circle", "red_circle ", "Red circle", "star"]
    result = run(noise(2), [replace(e, meta={"label": labels[i % 4]}) for i, e in enumerate(examples(8))])
    assert result.extra["classes"] == ["Red circle", "red_circle", "star"]
    assert [note for note in result.notes if "Red circle, red_circle" in note]
    assert not [note for note in run(noise(2), examples()).notes if "one text" in note]


@pytest.mark.parametrize("label", [["cat", "dog"], {"name": "cat"}])
def test_several_labels_are_no_class(label: object) -> None:
    with pytest.raises(UserError, match=r"is no one name: .*cat") as caught:
        create(NAME).texts([replace(e, meta={"label": label}) for e in examples()])
    assert caught.value.where == examples()[0].where


def test_one_class_is_no_choice() -> None:
    one = [replace(e, meta={"label": "ring"}) for e in examples()]
    with pytest.raises(UserError, match="all images are labelled 'ring'"):
        create(NAME).texts(one)  # before anything is encoded


@pytest.mark.parametrize(
    ("name", "metrics"), [("zeroshot", ["delta"]), ("margins", ["caption_similarity", "caption_spread"])]
)
def test_examples_of_one_group_are_drawn_together(name: str, metrics: list[str]) -> None:
    result = evaluate(noise(3), {name: {}}, [replace(e, group="one shot") for e in examples()], {})[name]
    for metric in map(result.metric, metrics):
        assert metric.interval is None


def test_the_truth_hears_the_not() -> None:
    result = run(oracle(examples()), examples())
    assert result.metric("negated_accuracy").value == 0.0
    assert not result.metric("negated_accuracy").higher_is_better
    assert result.metric("delta").value == 1.0
    assert result.metric("delta").interval == pytest.approx((1.0, 1.0))


def test_several_templates_are_averaged_as_unit_vectors() -> None:
    # The second template is three times as long and would win if its length counted.
    rows = {
        "one a": [1.0, 0.0], "one b": [0.0, 1.0],
        "two a": [0.6, 2.4], "two b": [2.9, 0.9],
    }  # fmt: skip
    encoder = FakeEncoder(lambda n: np.array([1.0, 0.2]), lambda t: np.array(rows.get(t, [1.0, 1.0])))
    data = [replace(e, meta={"label": "ab"[i % 2]}) for i, e in enumerate(examples(4))]
    result = run(encoder, data, templates=["one {}", "two {}"], negated_templates=["not {}"])

    def unit(x: object) -> np.ndarray:
        v = np.asarray(x, dtype=float)
        return v / np.linalg.norm(v)

    a, b = (unit(unit(rows[f"one {c}"]) + unit(rows[f"two {c}"])) for c in "ab")
    first = float(a @ [1.0, 0.2] > b @ [1.0, 0.2])
    assert {k: m.value for k, m in result.metric("original_accuracy").per_slice.items()} == {"a": first, "b": 1 - first}


def test_underscores_of_folders_are_spaces() -> None:
    encoder = noise()
    run(encoder, [replace(e, meta={"label": e.meta["label"].replace(" ", "_")}) for e in examples()])
    assert "this is a photo of a red circle" in [t for batch in encoder.batches for t in batch]


def test_an_image_counts_once_and_has_one_label() -> None:
    data = examples(6)
    assert run(noise(), data + [replace(e, id=f"{e.id}b") for e in data]).metric("original_accuracy").n == 6
    with pytest.raises(UserError, match="is labelled 'red circle' and 'blue square'"):
        run(noise(), [*data, replace(data[0], id="z", meta={"label": "blue square"})])


def test_one_class_and_bad_templates_are_refused() -> None:
    with pytest.raises(UserError, match="all images are labelled"):
        run(noise(), [replace(e, meta={"label": "cat"}) for e in examples()])
    with pytest.raises(UserError, match="no place for the class name"):
        run(noise(), examples(), templates=["a photo"])
    with pytest.raises(UserError, match="no templates"):
        run(noise(), examples(), templates=[])
