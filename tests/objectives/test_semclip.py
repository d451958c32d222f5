"""SemCLIP's basis and options; its values are in test_vectors.py."""

import pytest
import torch
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.protocols import EncoderInfo
from semclip.objectives import Features, create
from semclip.objectives._basis import orthonormal_rows
from tests.objectives.features import INFO, make_views, outcome

VIEWS = make_views(frozenset({"image", "caption", "paraphrase", "negation"}))


def total(features: dict[str, Tensor] = VIEWS, **config: object) -> Tensor:
    return create("semclip", **config)(Features(logit_scale=5.0, **features)).total


@pytest.mark.parametrize("count, width", [(2, 2), (2, 8), (3, 512), (7, 768)])
def test_the_basis_is_orthonormal_at_any_width(count: int, width: int) -> None:
    rows = orthonormal_rows(0, count, width)
    assert rows.dtype == torch.float32 and rows.shape == (count, width)
    torch.testing.assert_close(rows @ rows.T, torch.eye(count), rtol=0, atol=1e-6)


def test_the_basis_depends_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = orthonormal_rows(3, 2, 8)
    torch.manual_seed(2)
    assert torch.equal(first, orthonormal_rows(3, 2, 8))
    assert not torch.equal(first, orthonormal_rows(4, 2, 8))


@pytest.mark.parametrize("learnable", [False, True])
def test_setup_stores_the_basis(learnable: bool) -> None:
    objective = create("semclip", learnable_projections=learnable, seed=5)
    objective.setup(INFO)
    assert torch.equal(objective.basis, orthonormal_rows(5, 2, INFO.embed_dim))
    assert torch.equal(objective.state_dict()["basis"], objective.basis)
    assert [name for name, _ in objective.named_parameters()] == (["basis"] if learnable else [])


def test_a_second_setup_keeps_what_was_learned() -> None:
    objective = create("semclip", learnable_projections=True)
    objective.setup(INFO)
    with torch.no_grad():
        objective.basis.mul_(2)
    learned = objective.basis
    objective.setup(INFO)
    assert objective.basis is learned


def test_without_setup_the_fixed_basis_is_the_one_that_setup_stores() -> None:
    objective = create("semclip", num_projections=3, seed=4)
    before = objective(Features(logit_scale=5.0, **VIEWS)).total
    objective.setup(INFO)
    assert torch.equal(before, objective(Features(logit_scale=5.0, **VIEWS)).total)


def test_a_learnable_basis_needs_setup_or_rows() -> None:
    with pytest.raises(UserError, match="learnable"):
        total(learnable_projections=True)
    given = create("semclip", learnable_projections=True, basis=torch.eye(8, dtype=torch.float64)[:3])
    assert isinstance(given.basis, torch.nn.Parameter) and given.basis.dtype == torch.float64
    assert outcome(given, VIEWS).parameters["basis"].abs().sum() > 0


def test_gradient_of_a_learnable_basis_is_the_numerical_one() -> None:
    rows = orthonormal_rows(0, 3, 8).double()
    gradient = outcome(create("semclip", learnable_projections=True, basis=rows), VIEWS, 5.0).parameters["basis"]
    step = 1e-6
    for i, j in ((0, 0), (1, 5), (2, 7)):
        nudge = torch.zeros_like(rows)
        nudge[i, j] = step
        slope = (total(basis=rows + nudge) - total(basis=rows - nudge)) / (2 * step)
        assert gradient[i, j].item() == pytest.approx(slope.item(), abs=1e-8)


def test_the_whole_space_as_basis_gives_plain_cosines() -> None:
    terms = create("semclip", basis=torch.eye(8))(Features(logit_scale=5.0, **VIEWS))
    cosine = torch.nn.functional.cosine_similarity
    expected = 1 - cosine(VIEWS["caption"], VIEWS["paraphrase"]).mean()
    torch.testing.assert_close(terms.parts["paraphrase"], expected, rtol=0, atol=1e-9)
    expected = cosine(VIEWS["caption"], VIEWS["negation"]).clamp(min=0).mean()
    torch.testing.assert_close(terms.parts["negation"], expected, rtol=0, atol=1e-9)


def test_several_texts_of_a_row_are_averaged() -> None:
    other = make_views(frozenset(VIEWS), seed=1)
    both = {view: torch.stack([VIEWS[view], other[view]], dim=1) for view in ("paraphrase", "negation")}
    singles = [total(VIEWS | {view: v[view] for view in both}) for v in (VIEWS, other)]
    torch.testing.assert_close(total(VIEWS | both), sum(singles) / 2, rtol=0, atol=1e-12)


def test_text_weights_of_zero_need_no_texts() -> None:
    pair = {view: VIEWS[view] for view in ("image", "caption")}
    objective = create("semclip", paraphrase_weight=0, negation_weight=0)
    terms = objective(Features(logit_scale=5.0, **pair))
    assert objective.needs == {"image", "caption"}
    assert terms.parts["paraphrase"] == 0 and terms.parts["negation"] == 0
    assert torch.equal(terms.total, create("clip")(Features(logit_scale=5.0, **pair)).total)
    assert create("semclip", paraphrase_weight=0).needs == {"image", "caption", "negation"}
    torch.testing.assert_close(
        total(VIEWS, paraphrase_weight=0, basis=torch.eye(8)),
        total({v: x for v, x in VIEWS.items() if v != "paraphrase"}, paraphrase_weight=0, basis=torch.eye(8)),
    )


@pytest.mark.parametrize("off", ["paraphrase", "negation"])
def test_a_weight_of_zero_leaves_the_other_term_and_still_reports_its_own(off: str) -> None:
    features = Features(logit_scale=5.0, **VIEWS)
    both, one = create("semclip")(features), create("semclip", **{f"{off}_weight": 0})(features)
    assert one.parts == both.parts
    kept = both.parts["negation" if off == "paraphrase" else "paraphrase"]
    assert kept > 0
    torch.testing.assert_close(one.total, (both.parts["contrastive"] + kept) / 2)


def test_raw_embeddings_when_asked_for() -> None:
    longer = VIEWS | {"image": 3 * VIEWS["image"]}
    assert total(longer) == pytest.approx(total(VIEWS).item(), abs=1e-12)
    assert total(longer, normalize_contrastive=False) != pytest.approx(
        total(VIEWS, normalize_contrastive=False).item(), abs=1e-3
    )


def test_the_basis_moves_with_the_module() -> None:
    objective = create("semclip")
    objective.setup(INFO)
    assert objective.double().basis.dtype == torch.float64


@pytest.mark.parametrize(
    "config, message",
    [
        ({"num_projections": 1}, "cosines"),
        ({"num_projections": 0}, "cannot train"),
        ({"basis": []}, "rows"),
        ({"basis": [[1.0, 0.0], [1.0]]}, "length"),
        ({"basis": [[1.0, 0.0], [0.0, 0.0]]}, "zeros"),
        ({"basis": [[1.0, float("inf")], [0.0, 1.0]]}, "no finite number"),
        ({"basis": [[1.0], [0.5]]}, "rows"),
        ({"contrastive_weight": 0, "paraphrase_weight": 0, "negation_weight": 0}, "all weights"),
    ],
)
def test_what_cannot_work_is_refused(config: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        create("semclip", **config)


def test_one_given_row_has_cosines_of_one_and_trains_nothing() -> None:
    result = outcome(create("semclip", basis=torch.full((1, 8), 0.5)), VIEWS)
    assert result.total.isfinite()
    assert result.views["paraphrase"].abs().max() < 1e-9 and result.views["negation"].abs().max() < 1e-9


def test_a_basis_of_another_width_is_refused() -> None:
    with pytest.raises(UserError, match="8"):
        total(basis=torch.eye(4)[:2])
    with pytest.raises(UserError, match="4 wide"):
        create("semclip", basis=torch.eye(4)[:2]).setup(INFO)
    with pytest.raises(UserError, match="do not fit"):
        create("semclip", num_projections=9).setup(EncoderInfo(embed_dim=8))
