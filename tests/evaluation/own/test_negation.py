"""The negation benchmarks: which texts meet, slices, blind baselines, honest intervals."""

from dataclasses import replace

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.evaluation import blind, evaluate
from semclip.evaluation.blind import BlindItem, has_negation_word, text_only_scores
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.own._pairs import absence_questions, triplets
from tests.evaluation.own.fakes import KINDS, FakeEncoder, constant, examples, noise, oracle, without


def one(**fields: object) -> Example:
    values = {"id": "x", "image": ImageRef("x.png"), "caption": "c", "where": "data.jsonl:7", **fields}
    return Example(**values)  # type: ignore[arg-type]


def run(encoder: FakeEncoder, data: list[Example], name: str) -> Result:
    return evaluate(encoder, [name], data, {})[name]


def test_slices_average_to_the_whole() -> None:
    for name in ("original_over_negation", "triplet_choice", "absence"):
        result = run(noise(), examples(40), name)
        metric = result.metric(result.primary)
        assert set(metric.per_slice) == set(KINDS)
        parts = list(metric.per_slice.values())
        assert metric.n == sum(p.n for p in parts) == 80
        assert metric.value == pytest.approx(sum(p.n * p.value for p in parts) / metric.n)


def test_values_are_those_of_a_plain_loop() -> None:
    encoder, data = noise(3), examples(30)

    def s(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    over, para, itt, tot, absent = [], [], [], [], []
    for e in data:
        i, c, p = encoder._image(e.image.name), encoder._text(e.caption), encoder._text(e.paraphrases[0])
        for negation in e.negations:
            n = encoder._text(negation)
            over.append(s(i, c) > s(i, n))
            para.append(s(i, p) > s(i, n))
            itt.append(over[-1] and para[-1])
            tot.append(s(c, p) > s(c, n) and s(c, p) > s(p, n))
            absent.append(s(i, encoder._text(e.absences[0])) > s(i, n))
    for name, metric, expected in (
        ("original_over_negation", "caption_over_negation", over),
        ("original_over_negation", "paraphrase_over_negation", para),
        ("triplet_choice", "itt", itt),
        ("triplet_choice", "tot", tot),
        ("absence", "absence_over_negation", absent),
    ):
        assert run(encoder, data, name).metric(metric).value == pytest.approx(np.mean(expected))


def test_a_negation_meets_the_text_it_was_made_from() -> None:
    e = one(paraphrases=("p", "q"), negations=("not c", "not q"), meta={"negation_of": [0, 2]})
    found = [(t.caption, t.paraphrase, t.negation) for t in triplets([e])]
    assert found == [("c", "p", "not c"), ("q", "c", "not q")]


def test_without_sources_every_negation_meets_the_caption() -> None:
    found = [(t.caption, t.paraphrase) for t in triplets([one(negations=("n", "m"))])]
    assert found == [("c", None), ("c", None)]


def test_absences_meet_negations_of_the_same_text() -> None:
    texts = {"paraphrases": ("p",), "negations": ("n0", "n1"), "absences": ("a0", "a1")}
    sources = {"negation_of": [0, 1], "absence_of": [0, 1]}
    assert [q.options for q in absence_questions([one(**texts, meta=sources)])] == [
        ("a0", "n0"),
        ("a1", "n1"),
    ]
    assert len(absence_questions([one(**texts)])) == 4
    apart = {"negation_of": [1, 1], "absence_of": [0, 0]}
    assert len(absence_questions([one(**texts, meta=apart)])) == 4  # none share a text: all meet, none is lost


def test_unrecorded_kinds_are_told_apart_by_the_negation_word() -> None:
    found = [t.kind for t in triplets([one(negations=("no c", "d"))])]
    assert found == ["with negation word", "without negation word"]


@pytest.mark.parametrize(
    "text",
    [
        "a street with no cars",
        "Not a dog",
        "there isn't a dog",
        "it doesn’t rain",
        "a man without a hat",
        "a room free of people",
        "the hat is missing",
        "a plate lacking food",
        "neither red nor blue",
        "NOTHING is there",
    ],
)
def test_the_detector_finds_negation_words(text: str) -> None:
    assert has_negation_word(text)


@pytest.mark.parametrize("text", ["a knot in a rope", "a notable nose", "snow on the north face", "a cannon", "an ant"])
def test_the_detector_leaves_other_words(text: str) -> None:
    assert not has_negation_word(text)


def test_the_detector_beside_the_model_by_slice() -> None:
    # "no thing i" is found out, "under a table" is not: 1 and 0.5 (a tie).
    blind = run(noise(), examples(), "original_over_negation").metric("blind_negation_word")
    assert blind.kind == "baseline"
    assert {k: m.value for k, m in blind.per_slice.items()} == {"object denied": 1.0, "attribute swapped": 0.5}
    assert blind.value == 0.75
    assert blind.ties == 12
    # On absences it is worse than a guess: the true text is the one with "no".
    absent = run(noise(), examples(), "absence").metric("blind_negation_word")
    assert {k: m.value for k, m in absent.per_slice.items()} == {"object denied": 0.5, "attribute swapped": 0.0}
    itt = run(noise(), examples(), "triplet_choice").metric("blind_negation_word")
    assert {k: m.value for k, m in itt.per_slice.items()} == {
        "object denied": 1.0,
        "attribute swapped": pytest.approx(1 / 3),
    }


def test_a_text_model_finds_what_texts_give_away() -> None:
    data = examples(40)
    for name in ("original_over_negation", "triplet_choice", "absence"):
        assert run(noise(), data, name).metric("blind_text_only").value > 0.95


def test_a_text_model_learns_nothing_where_texts_tell_nothing() -> None:
    random = np.random.default_rng(0)
    words = np.array(["red", "blue", "green", "black"])
    items = []
    for i in range(400):
        a, b = random.choice(words, size=2, replace=False)
        items.append(BlindItem((f"a {a} ball",), f"a {b} ball", str(i)))
    right = np.mean([s[0] > 0 for s in text_only_scores(items)])
    assert 0.4 < right < 0.6


def test_a_text_model_never_sees_the_image_it_is_asked_about() -> None:
    # Each cluster's own word tells the answer within the cluster only: leaking folds would score 1.
    items = [BlindItem((f"w{i} x",), f"w{i} y" if i % 2 else f"w{i} z", str(i)) for i in range(40) for _ in range(3)]
    swapped = [BlindItem((i.false,), i.true[0], i.cluster) if int(i.cluster) % 4 < 2 else i for i in items]
    assert np.mean([s[0] > 0 for s in text_only_scores(swapped)]) < 0.7


def test_text_only_scores_do_not_depend_on_order() -> None:
    items = [BlindItem((t.caption,), t.negation, t.cluster) for t in triplets(examples(20))]
    order = np.random.default_rng(1).permutation(len(items))
    plain, shuffled = text_only_scores(items), text_only_scores([items[i] for i in order])
    for place, i in enumerate(order):
        assert plain[i].tolist() == shuffled[place].tolist()
    assert text_only_scores(items[:2])[0].tolist() == [0.0]  # one image: nothing to learn from


def test_text_only_scores_are_those_of_the_plain_form() -> None:
    """Every item asks for its rows one by one, as nobody would for 300,000 items."""
    data = triplets(examples(30))
    items = [BlindItem((t.caption, t.other)[: 1 + i % 2], t.negation, t.cluster) for i, t in enumerate(data)]
    items.sort(key=lambda item: (item.cluster, item.true, item.false))
    x, owner = blind._differences(items)
    fold = np.array([blind.derive_seed("fold", i.cluster) % blind._FOLDS for i in items])[owner]
    expected = np.zeros(len(owner))
    for row, own in enumerate(fold):
        expected[row] = (x[row] @ blind._fit(x[fold != own])).item()
    expected[np.abs(expected) < 1e-6] = 0.0
    for i, found in enumerate(text_only_scores(items)):
        assert found == pytest.approx(expected[[row for row in range(len(owner)) if owner[row] == i]], abs=1e-9)


def test_several_negations_of_one_image_do_not_narrow_the_interval() -> None:
    few = examples(40)
    many = [
        replace(e, negations=tuple(f"{n} {k}" for k in range(10) for n in e.negations), meta={"label": "red circle"})
        for e in few
    ]
    encoder = _by_image()
    narrow = run(encoder, many, "original_over_negation").metric("caption_over_negation")
    wide = run(encoder, few, "original_over_negation").metric("caption_over_negation")
    assert narrow.n == 10 * wide.n and narrow.interval and wide.interval
    assert narrow.interval[1] - narrow.interval[0] == pytest.approx(wide.interval[1] - wide.interval[0], rel=0.1)


def _by_image() -> FakeEncoder:
    """All items of one image succeed together or fail together."""

    def text(string: str) -> np.ndarray:
        return np.array([1.0, -1.0 if " no " in f" {string}" or "under" in string else 1.0])

    def image(name: str) -> np.ndarray:
        return np.array([1.0, 1.0 if int(name.removesuffix(".png")) % 3 else -1.0])

    return FakeEncoder(image, text)


def test_equal_texts_are_ties_and_told() -> None:
    data = [replace(e, negations=(e.caption,), meta={}) if e.id == "e0" else e for e in examples()]
    result = run(oracle(examples()), data, "original_over_negation")
    metric = result.metric("caption_over_negation")
    assert (metric.n, metric.ties) == (23, 1)
    assert metric.value == pytest.approx(22.5 / 23) and metric.strict == pytest.approx(22 / 23)
    assert any(note.startswith("1 of 23 items have caption and negation of the same text") for note in result.notes)


def test_without_paraphrases_the_caption_still_counts() -> None:
    result = run(noise(), without(examples(), "paraphrase"), "original_over_negation")
    assert [m.name for m in result.metrics if m.kind == "model"] == ["caption_over_negation"]
    assert "24 of 24 items have no paraphrase" in result.notes


def test_margins_hold_what_a_gallery_needs() -> None:
    data = without(examples(30), "absence", keep=20)
    result = run(oracle(data), data, "margins")
    assert result.metric("caption_minus_negation").value == pytest.approx(2.0)
    assert result.metric("caption_similarity").value == pytest.approx(1.0)
    assert result.metric("negation_similarity").value == pytest.approx(-1.0)
    assert result.metric("absence_similarity").n == 20
    assert result.metric("negation_spread").value == pytest.approx(0.0, abs=1e-12)
    items = result.extra["items"]
    assert [i["id"] for i in items] == [e.id for e in data]
    assert set(items[0]["texts"]) == {"caption", "paraphrase", "negation", "absence"}
    assert set(items[-1]["texts"]) == set(items[-1]["similarity"]) == {"caption", "paraphrase", "negation"}
    assert {i["negation_kind"] for i in items} == set(KINDS)
    for i, e in zip(items, data, strict=True):
        assert i["texts"]["negation"] == e.negations[KINDS.index(i["negation_kind"])]


def test_a_constant_encoder_has_no_margin() -> None:
    assert run(constant(), examples(), "margins").metric("caption_minus_negation").value == 0.0


def test_explicit_negation_asks_only_where_the_negation_alone_denies() -> None:
    data = [
        one(id="a", caption="a ring", negations=("no ring", "a star")),
        one(id="b", caption="a ring but no star", negations=("a star but no ring",)),
        one(id="c", caption="a red ring", negations=("a ring without red", "there isn't a ring")),
    ]
    result = run(constant(), data, "explicit_negation")
    assert result.items["caption_over_explicit_negation"]["id"] == ["a#0", "c#0", "c#1"]
    assert result.metric("caption_over_explicit_negation").value == 0.5  # ties are chance
    # By construction the word alone tells; this is why absence over negation stands beside it.
    assert result.metric("blind_negation_word").value == 1.0
    with pytest.raises(UserError, match="no negation of 1 examples denies what its caption says"):
        run(constant(), [data[1]], "explicit_negation")
