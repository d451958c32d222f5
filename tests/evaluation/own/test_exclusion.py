"""The benchmark of "without": its queries and their truth, its numbers against a plain loop, its baselines."""

import numpy as np
import pytest

from semclip.cli._result_table import result_table
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.query import And, Not, Text
from semclip.english.presence import THERE, Presence, presence
from semclip.evaluation import RunOptions, evaluate
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.own._exclusion_queries import EXCLUDING, Item, items
from tests.evaluation.own.fakes import FakeEncoder, constant, examples, noise, oracle, reversed_oracle


def run(encoder: FakeEncoder, data: list[Example], **config: object) -> Result:
    return evaluate(encoder, {"exclusion": config}, data)["exclusion"]


def known(states: dict[str, list[int]]) -> Presence:
    count = len(next(iter(states.values())))
    photos = tuple(ImageRef(f"{i}.jpg") for i in range(count))
    return Presence(photos, tuple(sorted(states)), np.array([states[t] for t in sorted(states)], dtype=np.int8).T)


DOG = [1, 1, 1, 1, 0, 0, -1, -1, -1]
CAR = [1, 1, 0, 0, 0, 1, 1, 0, -1]


def one_item(form: str) -> Item:
    (found,) = [i for i in items(known({"dog": DOG, "car": CAR}), 1, 9) if i.form == form and i.id == "dog -car"]
    return found


def test_truth_has_three_states_and_unsure_photos_are_left_out() -> None:
    item = one_item("A without B")
    assert item.decided.tolist() == [0, 1, 2, 3, 4, 5, 6]  # unsure of the dog, but there is a car: surely wrong
    assert item.right.tolist() == [False, False, True, True, False, False, False]
    assert item.held.tolist() == [True, True, False, False, False, True, True]
    assert item.tree == And((Text("a dog"), Not(Text("cars"))))
    assert item.sentences["{a} without {x}"] == "a dog without cars"


def test_every_form_is_asked() -> None:
    data = presence(examples(24))
    found = items(data, 3, 100)
    assert {i.form for i in found} == {"A", "A and B", "A without B", "A but neither B nor C", "not B"}
    for item in found:
        wrong_part = [data.of(t) == THERE for t in item.excluded]
        held = np.any(wrong_part, axis=0) if wrong_part else np.zeros(len(data.images), dtype=bool)
        asked = np.all([data.of(t) == THERE for t in item.wanted] + [~held], axis=0)
        assert np.array_equal(asked[item.decided], item.right) and np.array_equal(held[item.decided], item.held)
        assert item.right.sum() >= 3 and len(set(item.sentences.values())) == len(item.sentences)


def test_a_part_that_changes_nothing_makes_no_query() -> None:
    always = known({"dog": [1, 1, 1, 0], "tail": [1, 1, 1, 0]})
    assert {i.form for i in items(always, 1, 9)} == {"A", "not B"}


def test_queries_are_capped_by_names_alone() -> None:
    data = presence(examples(24))
    few, many = items(data, 3, 4), items(data, 3, 100)
    for form in EXCLUDING:
        assert [i.id for i in few if i.form == form] == [i.id for i in many if i.form == form][:4]


def test_values_are_those_of_a_plain_loop() -> None:
    encoder, data = noise(4), examples(24)
    result = run(encoder, data)
    photos = presence(data).images

    def cosines(text: str) -> np.ndarray:
        t = encoder._text(text)
        rows = [encoder._image(p.name) for p in photos]
        return np.array([r @ t / np.linalg.norm(r) / np.linalg.norm(t) for r in rows])

    aps, violations, precisions = {}, {}, {}
    for item in items(presence(data), 3, 100):
        if item.form not in EXCLUDING:
            continue
        per_wording = []
        for sentence in item.sentences.values():
            order = np.argsort(-cosines(sentence)[item.decided])
            right, held = item.right[order], item.held[order]
            ap = np.mean([right[: k + 1].mean() for k in np.flatnonzero(right)])
            per_wording.append((ap, held[:10].mean(), right[:10].mean()))
        aps[item.id], violations[item.id], precisions[item.id] = np.mean(per_wording, axis=0)
    for name, expected in (
        ("average_precision", aps), ("violations_at_10", violations), ("precision_at_10", precisions)
    ):  # fmt: skip
        record = result.items[f"literal_{name}"]
        assert dict(zip(record["id"], record["outcome"], strict=True)) == pytest.approx(expected)
        assert result.metric(f"literal_{name}").value == pytest.approx(np.mean(list(expected.values())))


def test_the_truth_violates_nothing_and_its_contrary_everything() -> None:
    data = examples(48)
    right, wrong = run(oracle(data), data), run(reversed_oracle(data), data)
    assert right.metric("literal_average_precision").value == 1.0
    chance = right.metric("literal_violations_at_10").chance
    assert chance is not None
    for item in ("A without B", "A but neither B nor C"):
        best, worst = (r.metric("literal_violations_at_10").per_slice[item] for r in (right, wrong))
        assert best.value < best.chance < worst.value  # type: ignore[operator]
    plenty = {i.id for i in items(presence(data), 3, 100) if i.right.sum() >= 10}
    record = right.items["literal_violations_at_10"]
    clean = [v for i, v in zip(record["id"], record["outcome"], strict=True) if i in plenty]
    assert len(clean) > 10 and not any(clean)


def test_a_constant_encoder_scores_chance_by_every_ranker() -> None:
    result = run(constant(), examples(24))
    for metric in result.metrics:
        assert metric.value == pytest.approx(metric.chance, abs=1e-9), metric.name


def test_no_method_of_it_is_blind_and_the_table_claims_neither_that_nor_ties() -> None:
    result = run(noise(), examples(24))
    assert result.best_blind() is None and any(m.kind == "baseline" for m in result.metrics)
    columns = {str(c.header): list(c.cells) for c in result_table("noise", {"exclusion": result}).columns}
    assert not any(columns["blind"]) and not any(columns["ties"]) and columns["n"][-1] != ""


def test_the_best_subtraction_is_the_best_of_its_weights() -> None:
    data = examples(24)
    weights = {str(w): {"ranker": "subtract", "options": {"weight": w}} for w in (0.25, 0.5, 0.75, 1.0, 1.5)}
    result = run(noise(2), data, compare=weights)
    found = {w: result.metric(f"{w}_average_precision").value for w in weights}
    assert result.metric("subtraction_average_precision").value == pytest.approx(max(found.values()))
    assert result.extra["best_subtraction"] == f"subtraction {max(found, key=lambda w: found[w])}"


def test_the_default_is_that_of_search_unless_another_is_named() -> None:
    data = examples(24)
    compared = {"f": {"ranker": "feedback"}}
    result = run(noise(2), data, compare=compared)
    assert result.items["default_average_precision"] == result.items["f_average_precision"]
    assert result.extra["default_ranker"] == "feedback"
    reader = noise(2)
    reader.trained_on_queries = True  # type: ignore[attr-defined]
    read = run(reader, data, compare={"v": {"ranker": "verbalised"}})
    assert read.extra["default_ranker"] == "verbalised"
    assert read.items["default_average_precision"] == read.items["v_average_precision"]
    other = run(noise(2), data, ranker="dropped")
    assert other.items["default_violations_at_10"] == other.items["dropped_violations_at_10"]


def test_batch_size_and_order_of_examples_change_nothing() -> None:
    data = examples(24)
    first, second = (
        run(noise(), data),
        evaluate(noise(), ["exclusion"], data[::-1], {}, RunOptions(batch_size=3))["exclusion"],
    )
    assert [m.value for m in first.metrics] == pytest.approx([m.value for m in second.metrics], abs=1e-12)


def test_seen_and_unseen_objects_and_wordings_are_told_apart() -> None:
    data = examples(24)
    seen = ["table", "gem", "jug", "kit", "lid"]
    result = run(noise(), data, training_objects=seen, training_wordings=["{a} without {x}", "no {x}"])
    slices = result.metric("literal_average_precision").per_slice
    ids = result.items["literal_average_precision"]["id"]
    parts = [{w.removeprefix("-") for w in i.split()} for i in ids]
    assert slices["objects in training queries"].n == sum(p <= set(seen) for p in parts)
    assert slices["objects never in a training query"].n == sum(not p & set(seen) for p in parts)
    assert slices["wordings never in a training query"].n == len(ids)
    assert 0 < slices["wordings in training queries"].n < len(ids)
    assert "wordings in training queries" not in result.metric("default_average_precision").per_slice


def test_data_that_tell_nothing_are_refused_before_anything_is_encoded() -> None:
    data = [Example(id=str(i), image=ImageRef(f"{i}.png"), caption=f"thing {i}") for i in range(20)]
    encoder = noise()
    with pytest.raises(UserError, match="no query can be made"):
        run(encoder, data)
    assert not encoder.image_calls
