"""The kernel, against loops that are too slow and too plain to be wrong."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from semclip.core.errors import UserError
from semclip.objectives import Features, create
from tests.objectives.features import make_views

GROUPS = [0, 1, 0, 2, 1]
ROWS = len(GROUPS)


def features(**extra: Any) -> Features:
    views = make_views(frozenset({"image", "caption", "negation", "negative_image", "absence", "rewrite"}), rows=ROWS)
    return Features(logit_scale=3.0, groups=torch.tensor(GROUPS), **{**views, **extra})


def slow(queries: Tensor, candidates: list[tuple[int, Tensor]], own: list[Any], may_see: Any, scale: float) -> float:
    """Mean of -log softmax at the own candidates; `may_see(i, k)` says whether candidate k counts for query i."""
    losses = []
    for i, query in enumerate(queries):
        weights = {k: math.exp(scale * float(query @ x)) for k, (_, x) in enumerate(candidates) if may_see(i, k)}
        losses += [-math.log(weights[k] / sum(weights.values())) for k in own[i]]
    return sum(losses) / len(losses)


def blocks(*texts: Tensor) -> list[tuple[int, Tensor]]:
    return [(row, x) for text in texts for row, x in enumerate(text)]


def stranger(i: int, row: int) -> bool:
    return i == row or GROUPS[i] != GROUPS[row]


def test_clip_masks_rows_of_one_group() -> None:
    f = features()
    own = [[i] for i in range(ROWS)]
    forwards = slow(f.image, blocks(f.caption), own, stranger, 3.0)
    backwards = slow(f.caption, blocks(f.image), own, stranger, 3.0)
    terms = create("clip")(f)
    assert terms.parts["image_to_text"].item() == pytest.approx(forwards, abs=1e-12)
    assert terms.parts["text_to_image"].item() == pytest.approx(backwards, abs=1e-12)
    assert terms.total.item() == pytest.approx((forwards + backwards) / 2, abs=1e-12)


@pytest.mark.parametrize("own_negatives_only", [False, True])
def test_negclip_with_two_negations_per_row(own_negatives_only: bool) -> None:
    f = features(negation=features().raw("absence"))  # (B, 2, D)
    candidates = blocks(f.caption, f.negation[:, 0], f.negation[:, 1])

    def may_see(i: int, k: int) -> bool:
        row = candidates[k][0]
        return i == row if own_negatives_only and k >= ROWS else stranger(i, row)

    expected = slow(f.image, candidates, [[i] for i in range(ROWS)], may_see, 3.0)
    terms = create("negclip", own_negative_only=own_negatives_only)(f)
    assert terms.parts["image_to_text"].item() == pytest.approx(expected, abs=1e-12)


def test_conclip_with_two_negations_takes_both_as_the_distractors_texts() -> None:
    f = features(negation=features().raw("absence"))
    candidates = blocks(f.negation[:, 0], f.negation[:, 1], f.caption)
    own = [[i, ROWS + i] for i in range(ROWS)]
    expected = slow(f.negative_image, candidates, own, lambda i, k: stranger(i, candidates[k][0]), 3.0)
    terms = create("conclip")(f)
    assert terms.parts["distractor_to_text"].item() == pytest.approx(expected, abs=1e-12)
    assert terms.total.item() == pytest.approx(sum(p.item() for p in terms.parts.values()) / 3, abs=1e-12)


def test_conclip_without_distractors_is_negclip() -> None:
    f = features()
    conclip, negclip = create("conclip", distractors=False)(f), create("negclip")(f)
    assert torch.equal(conclip.total, negclip.total) and conclip.parts == negclip.parts
    assert "negative_image" not in create("conclip", distractors=False).needs


def test_tripletclip_is_the_sum_of_two_negclips() -> None:
    f = features()
    mirrored = features(
        image=f.raw("negative_image"),
        caption=f.raw("negation"),
        negation=f.raw("caption"),
    )
    expected = create("negclip")(f).total + create("negclip")(mirrored).total
    torch.testing.assert_close(create("tripletclip")(f).total, expected, rtol=0, atol=1e-12)


def test_tripletclip_can_let_texts_see_the_other_familys_images() -> None:
    f = features()
    terms = create("tripletclip", text_sees_negative_images=True)(f)
    for part, queries, first, second in (
        ("text_to_image", f.caption, f.image, f.negative_image),
        ("negation_to_image", f.negation, f.negative_image, f.image),
    ):
        candidates = blocks(first, second)
        own = [[i] for i in range(ROWS)]
        expected = slow(queries, candidates, own, lambda i, k, c=candidates: stranger(i, c[k][0]), 3.0)
        assert terms.parts[part].item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("sees", [False, True])
def test_tripletclip_takes_the_mean_over_negations_as_queries(sees: bool) -> None:
    objective, two = create("tripletclip", text_sees_negative_images=sees), features().raw("absence")
    terms = objective(features(negation=two))
    each = [objective(features(negation=two[:, k])).parts["negation_to_image"] for k in range(2)]
    torch.testing.assert_close(terms.parts["negation_to_image"], sum(each) / 2, rtol=0, atol=1e-12)
    mirrored = {"negative_image_to_text", "negation_to_image"}
    assert terms.parts.keys() == create("negclip")(features()).parts.keys() | mirrored


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_negationclip_mixes_absences_and_captions(weight: float) -> None:
    f = features()
    on_absences = [create("clip")(features(caption=f.raw("absence")[:, k])).total for k in range(2)]
    expected = weight * sum(on_absences) / 2 + (1 - weight) * create("clip")(f).total
    objective = create("negationclip", absence_weight=weight)
    torch.testing.assert_close(objective(f).total, expected, rtol=0, atol=1e-12)
    assert objective.needs - {"image"} == {v for v, w in (("absence", weight), ("caption", 1 - weight)) if w}


def test_negationclip_refuses_a_share_above_one() -> None:
    with pytest.raises(UserError, match="absence_weight"):
        create("negationclip", absence_weight=1.5)
    with pytest.raises(UserError, match="'share' was renamed to 'absence_weight'"):
        create("negationclip", share=1.0)


def test_laclip_multi_text_is_the_mean_over_caption_and_rewrites() -> None:
    rewrites = features().raw("absence")
    f = features(rewrite=rewrites)
    texts = [f.raw("caption"), rewrites[:, 0], rewrites[:, 1]]
    expected = sum(create("clip")(features(caption=text)).total for text in texts) / 3
    several = create("laclip", multi_text=True)
    torch.testing.assert_close(several(f).total, expected, rtol=0, atol=1e-12)
    assert several.needs == {"image", "caption", "rewrite"} and create("laclip").needs == {"image", "rewrite"}
    assert several(f).parts.keys() == create("clip")(f).parts.keys()
    one = features(rewrite=rewrites[:, 0])
    torch.testing.assert_close(
        create("laclip")(one).total, create("clip")(features(caption=rewrites[:, 0])).total, rtol=0, atol=1e-12
    )


def test_one_image_per_row() -> None:
    with pytest.raises(UserError, match="one image"):
        create("clip")(features(image=features().raw("absence")))
    in_a_row = features(image=features().raw("image")[:, None])  # (B, 1, D)
    assert torch.equal(create("clip")(in_a_row).total, create("clip")(features()).total)


def test_cyclip_gram_form_equals_the_form_over_pairs() -> None:
    f = features()
    terms = create("cyclip")(f)
    inmodal = (f.image @ f.image.T - f.caption @ f.caption.T).square().sum() / ROWS
    crossmodal = (f.image @ f.caption.T - f.caption @ f.image.T).square().sum() / ROWS
    torch.testing.assert_close(terms.parts["inmodal"], inmodal, rtol=0, atol=1e-12)
    torch.testing.assert_close(terms.parts["crossmodal"], crossmodal, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["semclip", "semclip_plus", "cyclip", "xclip", "superclip"])
def test_a_negative_weight_is_refused(name: str) -> None:
    from dataclasses import fields

    from semclip.core.registry import FAMILIES

    weights = [f.name for f in fields(FAMILIES["objectives"].get(name).Config) if f.name.endswith("_weight")]
    assert weights
    for weight in weights:
        for value in (-0.1, math.nan, math.inf):
            with pytest.raises(UserError, match=weight):
                create(name, **{weight: value})
