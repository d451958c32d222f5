"""What every objective promises. A new file in the folder of objectives is tested here without a change."""

import dataclasses
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from semclip.core.errors import UserError
from semclip.core.registry import FAMILIES
from semclip.objectives import Features, _chunks, create, weighted_sum
from semclip.training.ranks import gather
from tests import gloo
from tests.gpu import gpu
from tests.objectives.encoder import SmallEncoder, Step, inputs_for, step
from tests.objectives.features import FALSE, GIVEN, INFO, TRUE, Outcome, build, make_matching, make_views, outcome

NAMES = FAMILIES["objectives"].names()
every = pytest.mark.parametrize("name", NAMES)
GROUPS = torch.tensor([0, 1, 1, 2, 3, 0])  # two pairs of one group each, apart from each other


def close(a: Tensor, b: Tensor, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def same_step(actual: Step, expected: Step) -> None:
    for mine, theirs in ((actual.terms, expected.terms), (actual.gradients, expected.gradients)):
        assert mine.keys() == theirs.keys()
        for key, value in theirs.items():
            close(mine[key], value)


def updated(name: str, views: dict[str, Tensor], **config: object) -> torch.nn.Module:
    """The objective after its first `update`, as in training."""
    objective = build(name, **config)
    objective.update(Features(logit_scale=12.0, **views))
    return objective


def test_the_objectives_are_found() -> None:
    assert {"clip", "semclip"} <= set(NAMES)


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("logit_scale", [1.0, 100.0])
def test_loss_and_gradients_are_finite(name: str, dtype: torch.dtype, logit_scale: float) -> None:
    views = make_views(build(name).needs, dtype=dtype)
    objective = updated(name, views)
    result = outcome(objective, views, logit_scale)
    assert result.total.shape == () and result.total.isfinite() and result.total.dtype == torch.float32
    assert all(gradient.isfinite().all() for gradient in result.views.values())
    assert result.scale.isfinite() and all(gradient.isfinite().all() for gradient in result.parameters.values())
    assert any(gradient.abs().sum() > 0 for gradient in result.views.values())


@every
def test_half_precision_inputs_cost_no_precision_in_the_loss(name: str) -> None:
    half = make_views(build(name).needs, dtype=torch.bfloat16)
    whole = {view: x.double() if x.is_floating_point() else x for view, x in half.items()}
    objective = updated(name, half)
    with torch.autocast("cpu", torch.bfloat16):
        low = objective(Features(logit_scale=12.0, **half)).total
    close(low.double(), objective(Features(logit_scale=12.0, **whole)).total, 1e-4)


@every
def test_right_pairs_cost_less_than_shuffled_ones(name: str) -> None:
    views = make_matching(build(name).needs)
    objective = updated(name, views)
    shuffled = {view: x.roll(1, 0) if view not in GIVEN else x for view, x in views.items()}
    assert (
        objective(Features(logit_scale=12.0, **views)).total < objective(Features(logit_scale=12.0, **shuffled)).total
    )


@every
def test_true_texts_near_and_negations_far_cost_less_than_the_reverse(name: str) -> None:
    views = make_matching(build(name).needs)
    objective = updated(name, views)
    reversed_ = {view: -x if view in (*TRUE, *FALSE) and view not in GIVEN else x for view, x in views.items()}
    good, bad = (objective(Features(logit_scale=12.0, **v)).total for v in (views, reversed_))
    assert good < bad


@every
def test_batch_order_does_not_matter(name: str) -> None:
    views = make_views(build(name).needs)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    objective = updated(name, views)
    first = outcome(objective, views, groups=GROUPS)
    second = outcome(objective, {view: x[order] for view, x in views.items()}, groups=GROUPS[order])
    close(first.total, second.total)
    for view in first.views:
        close(first.views[view][order], second.views[view])


@every
def test_a_missing_view_is_the_users_error(name: str) -> None:
    objective = build(name)
    for missing in objective.needs:
        views = make_views(objective.needs - {missing})
        if views:
            with pytest.raises(UserError, match=missing):
                features = Features(logit_scale=12.0, **views)
                objective.update(features)
                objective(features)


@every
def test_groups_need_one_row_per_example(name: str) -> None:
    with pytest.raises(UserError, match="batch size"):
        Features(logit_scale=12.0, groups=GROUPS[:2], **make_views(build(name).needs))


@every
def test_an_unknown_option_is_answered_with_the_closest_one(name: str) -> None:
    options = [field.name for field in dataclasses.fields(FAMILIES["objectives"].get(name).Config)]
    if not options:
        with pytest.raises(UserError, match="weights"):
            create(name, weights=1.0)
        return
    option = options[0]
    with pytest.raises(UserError) as error:
        create(name, **{option[:-1] + "x": 1})
    assert option in error.value.fix


@every
def test_only_update_changes_state(name: str) -> None:
    views = make_views(build(name).needs)
    objective = updated(name, views)
    before = {key: value.clone() for key, value in objective.state_dict().items()}
    first, second = (outcome(objective, views).total for _ in range(2))
    assert torch.equal(first, second)
    assert all(torch.equal(value, before[key]) for key, value in objective.state_dict().items())


@every
def test_a_saved_state_continues_exactly(name: str) -> None:
    views = make_views(build(name).needs)
    objective = updated(name, views)
    restored = build(name)
    restored.load_state_dict(objective.state_dict())
    assert torch.equal(outcome(objective, views).total, outcome(restored, views).total)


@every
def test_one_seed_gives_one_set_of_parameters(name: str) -> None:
    torch.manual_seed(1)
    first = build(name)
    torch.manual_seed(2)
    second = build(name)
    for key, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[key])


@every
@pytest.mark.parametrize("size", [1, 4])
def test_micro_batches_equal_the_whole_batch(name: str, size: int) -> None:
    """Loss, and gradients of a small encoder, of the logit scale and of the objective's own parameters."""
    inputs = inputs_for(name)
    same_step(step(name, inputs, micro_batch=size, groups=GROUPS), step(name, inputs, groups=GROUPS))


@every
def test_pieces_of_a_batch_equal_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of large batches are computed a piece at a time, and again in backward."""
    inputs = inputs_for(name)
    whole = step(name, inputs, groups=GROUPS)
    for numbers in (1, 25):  # a row at a time, and a few
        monkeypatch.setattr(_chunks, "MAX_NUMBERS", numbers)
        same_step(step(name, inputs, groups=GROUPS), whole)


class LargestTensor(TorchDispatchMode):
    """The most elements that any tensor had which an operation made, in forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for x in made if isinstance(made, tuple | list) else (made,):
            if isinstance(x, Tensor):
                # What is stored: an expanded view has the elements of what it is a view of.
                self.elements = max(self.elements, x.untyped_storage().nbytes() // x.element_size())
        return made


@every
def test_no_matrix_of_all_pairs_is_made(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest tensor grows with the batch and not with its square, forward and backward, masks included."""
    monkeypatch.setattr(_chunks, "MAX_NUMBERS", 4096)
    elements = []
    for rows in (256, 512):
        views = make_views(build(name).needs, rows=rows)
        leaves = {view: x.requires_grad_(x.is_floating_point()) for view, x in views.items()}
        objective = updated(name, views)
        with LargestTensor() as largest:
            features = Features(logit_scale=torch.tensor(3.0), groups=torch.arange(rows) // 2, **leaves)
            objective(features).total.backward()
        elements.append(largest.elements)
    assert elements[1] <= 2.5 * elements[0]


@gpu
@every
def test_a_gpu_computes_the_same(name: str) -> None:
    views = inputs_for(name)
    there = {view: x.cuda() for view, x in views.items()}
    found = step(name, there, encoder=SmallEncoder().cuda(), device="cuda", groups=GROUPS.cuda())
    on_cpu = Step(*({key: x.cpu() for key, x in part.items()} for part in (found.terms, found.gradients)))
    same_step(on_cpu, step(name, views, groups=GROUPS))


@every
def test_pairs_of_one_group_are_no_negatives(name: str) -> None:
    if not hasattr(FAMILIES["objectives"].get(name).Config, "mask_same_group"):
        pytest.skip("takes no negatives")
    views = make_matching(build(name).needs)
    twins = {view: torch.cat([x, x[:2]]) for view, x in views.items()}
    groups = torch.tensor([0, 1, 2, 3, 4, 5, 0, 1])
    masked, unmasked = (updated(name, twins, mask_same_group=mask) for mask in (True, False))
    assert build(name).config.mask_same_group
    plain = outcome(unmasked, twins).total
    close(outcome(unmasked, twins, groups=groups).total, plain)
    close(outcome(masked, twins).total, plain)
    if getattr(masked.config, "contrastive_weight", 1.0):
        assert outcome(masked, twins, groups=groups).total < plain - 0.01


@every
@pytest.mark.parametrize("preset", ["ours", "as released"])
@pytest.mark.parametrize("rows, groups", [(1, [7]), (4, [7, 7, 7, 7])], ids=["batch of one", "all of one group"])
def test_a_batch_without_negatives_is_finite_or_refused(name: str, rows: int, groups: list[int], preset: str) -> None:
    config = FAMILIES["objectives"].get(name).paper.as_released if preset == "as released" else {}
    views = make_views(build(name, **config).needs, rows=rows)
    try:
        objective = updated(name, views, **config)
        result = outcome(objective, views, groups=torch.tensor(groups))
    except UserError:
        return
    assert result.total.isfinite() and result.scale.isfinite()
    assert all(gradient.isfinite().all() for gradient in (*result.views.values(), *result.parameters.values()))


@every
def test_an_empty_batch_is_refused(name: str) -> None:
    """Means over no rows, or over no texts of a row, would be NaN."""
    views = make_views(build(name).needs)
    for view, x in views.items():
        no_texts = {**views, view: x[:, :0]}
        for empty in ({v: y[:0] for v, y in views.items()}, no_texts):
            with pytest.raises(UserError, match="nothing to compare"):
                Features(logit_scale=12.0, **empty)


@every
def test_the_released_options_exist_and_change_the_loss(name: str) -> None:
    released = FAMILIES["objectives"].get(name).paper.as_released
    views = make_views(build(name, **released).needs)
    result = outcome(updated(name, views, **released), views, groups=GROUPS)
    assert result.total.isfinite() and all(gradient.isfinite().all() for gradient in result.views.values())
    if released:
        assert abs(result.total - outcome(updated(name, views), views, groups=GROUPS).total) > 1e-6


@every
def test_a_row_of_zeros_is_finite(name: str) -> None:
    views = {
        view: torch.where(torch.arange(6).view(6, *[1] * (x.dim() - 1)) == 2, 0, x)
        for view, x in make_views(build(name).needs).items()
    }
    result = outcome(updated(name, views), views)
    assert result.total.isfinite()
    assert all(gradient.isfinite().all() for gradient in result.views.values())


@every
def test_it_says_what_it_is(name: str) -> None:
    cls = FAMILIES["objectives"].get(name)
    summary = FAMILIES["objectives"].summaries()[name]
    assert summary.endswith(".") and len(summary) < 120
    assert cls.paper.title and cls.paper.equation and cls.paper.deviations
    assert says_when_to_use_it(cls) and cls.__doc__


def says_when_to_use_it(cls: type[Any]) -> bool:
    return all(part in (sys.modules[cls.__module__].__doc__ or "") for part in ("Columns:", "When to use:"))


@every
def test_it_can_be_part_of_a_sum(name: str) -> None:
    both = weighted_sum({"clip": (1.0, create("clip")), "other": (0.5, create(name))})
    both.setup(INFO)
    views = make_views(both.needs)
    features = Features(logit_scale=12.0, **views)
    both.update(features)
    single = updated(name, views)
    close(both(features).total, create("clip")(features).total + 0.5 * single(features).total)


def test_the_example_of_the_guide_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = Path(__file__).parents[2] / "CONTRIBUTING.md"
    (example,) = re.findall(r"^   ```python\n(.*?)^   ```", guide.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "my_objective.py").write_text(textwrap.dedent(example))
    name = f"{tmp_path}/my_objective.py:MyObjective"
    for dtype in (torch.float32, torch.bfloat16):
        test_loss_and_gradients_are_finite(name, dtype, 100.0)
    for promise in (
        test_half_precision_inputs_cost_no_precision_in_the_loss,
        test_right_pairs_cost_less_than_shuffled_ones,
        test_batch_order_does_not_matter,
        test_a_missing_view_is_the_users_error,
        test_a_row_of_zeros_is_finite,
        test_it_can_be_part_of_a_sum,
    ):
        promise(name)
    test_no_matrix_of_all_pairs_is_made(name, monkeypatch)
    cls = FAMILIES["objectives"].get(name)
    assert says_when_to_use_it(cls) and cls.__doc__


def test_listing_imports_no_torch() -> None:
    code = (
        "import sys; from semclip.core.registry import FAMILIES; FAMILIES['objectives'].summaries(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


#: Twelve rows for several ranks: two groups lie across them.
MANY_GROUPS = torch.tensor([0, 1, 1, 2, 3, 0, 4, 5, 6, 6, 7, 3])


def _on_rank(rank: int, names: list[str], ranks: int) -> dict[str, tuple[Outcome, dict[str, Tensor], Step]]:
    """Each rank has an equal part of the rows; a whole step encodes them in micro-batches of two and less."""
    results = {}
    for name in names:
        objective = build(name)
        part = {view: x.chunk(ranks)[rank] for view, x in make_views(objective.needs, rows=12).items()}
        place = {"gather": gather, "offset": 12 // ranks * rank}
        objective.update(Features(logit_scale=12.0, **place, **part))
        groups = MANY_GROUPS.chunk(ranks)[rank]
        result = outcome(objective, part, groups=groups, **place)
        state = dict(objective.state_dict())
        results[name] = (result, state, step(name, part, micro_batch=2, groups=groups, **place))
    return results


Ranks = list[dict[str, tuple[Outcome, dict[str, Tensor], Step]]]


@pytest.fixture(scope="module", params=[2, 4], ids=["two", "four"])
def on_ranks(request: pytest.FixtureRequest) -> Ranks:
    return gloo.run(_on_rank, NAMES, request.param, ranks=request.param)


def mean(values: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(values)).mean(0)


@every
def test_ranks_in_micro_batches_equal_one_process(name: str, on_ranks: Ranks) -> None:
    """As in data-parallel training: loss and gradients are averaged over ranks."""
    alone = step(name, make_views(build(name).needs, rows=12), groups=MANY_GROUPS)
    steps = [results[name][2] for results in on_ranks]
    together = Step(
        {key: mean(s.terms[key] for s in steps) for key in alone.terms},
        {key: mean(s.gradients[key] for s in steps) for key in alone.gradients},
    )
    same_step(together, alone)


@every
def test_ranks_equal_one_process(name: str, on_ranks: Ranks) -> None:
    """As in data-parallel training: loss and gradients are averaged over ranks."""
    views = make_views(build(name).needs, rows=12)
    objective = updated(name, views)
    alone = outcome(objective, views, groups=MANY_GROUPS)
    outcomes = [results[name][0] for results in on_ranks]
    close(mean(o.total for o in outcomes), alone.total)
    close(mean(o.scale for o in outcomes), alone.scale)
    for view, gradient in alone.views.items():
        close(torch.cat([o.views[view] for o in outcomes]) / len(outcomes), gradient)
    for parameter, gradient in alone.parameters.items():
        # Stored in float32, so their gradients are.
        tolerance = 1e-9 if gradient.dtype == torch.float64 else 1e-6
        close(mean(o.parameters[parameter] for o in outcomes), gradient, tolerance)
    for key, value in objective.state_dict().items():
        assert all(torch.equal(value, results[name][1][key]) for results in on_ranks)
