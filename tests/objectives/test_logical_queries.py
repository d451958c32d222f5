"""Logical queries: the loss against a loop, three-valued truth against its table, and batches with nothing to say."""

import math
from itertools import product

import torch

from semclip.objectives import Features, create
from semclip.objectives.logical_queries import truth_of

THERE, NOT, UNSURE = 1, 0, -1


def kleene(things: list[int], state: list[int]) -> int:
    """By the definition: the least of the parts, in the order false, unsure, true."""
    if not any(things):
        return UNSURE
    order = {NOT: 0, UNSURE: 1, THERE: 2}
    parts = [state[t - 1] if t > 0 else {THERE: NOT, NOT: THERE, UNSURE: UNSURE}[state[-t - 1]] for t in things if t]
    return min(parts, key=order.__getitem__)


def test_truth_is_kleenes() -> None:
    queries = [list(q) for q in product(range(-3, 4), repeat=3)]
    states = [list(s) for s in product((THERE, NOT, UNSURE), repeat=3)]
    found = truth_of(torch.tensor(queries), torch.tensor(states))
    assert found.tolist() == [[kleene(q, s) for s in states] for q in queries]


def test_the_loss_is_that_of_a_loop() -> None:
    torch.manual_seed(0)
    rows, per_image, things, scale = 7, 2, 5, 9.0
    image, query = torch.randn(rows, 4).double(), torch.randn(rows, per_image, 4).double()
    state = torch.randint(-1, 2, (rows, things))
    parts = torch.randint(-things, things + 1, (rows, per_image, 3))
    parts[0, 0] = 0  # no query
    f = Features(logit_scale=scale, image=image, query=query, things=state, query_things=parts)
    found = create("logical_queries")(f).total

    unit = torch.nn.functional.normalize
    losses = []
    for q, t in zip(unit(query, dim=-1).flatten(0, 1), parts.flatten(0, 1).tolist(), strict=True):
        truth = [kleene(t, s) for s in state.tolist()]
        scores = [scale * float(q @ p) for p in unit(image, dim=-1)]
        wrong = sum(math.exp(s) for s, true in zip(scores, truth, strict=True) if true == NOT)
        right = [s for s, true in zip(scores, truth, strict=True) if true == THERE]
        if wrong and right:
            losses.append(sum(-math.log(math.exp(s) / (math.exp(s) + wrong)) for s in right) / len(right))
    assert 2 < len(losses) < rows * per_image
    torch.testing.assert_close(found, torch.tensor(sum(losses) / len(losses), dtype=torch.float64), rtol=1e-9, atol=0)


def test_a_batch_in_which_nothing_can_be_told_costs_nothing() -> None:
    image = torch.randn(3, 4, requires_grad=True)
    query = torch.randn(3, 4, requires_grad=True)
    for state in (UNSURE, THERE, NOT):
        f = Features(
            logit_scale=100.0,
            image=image,
            query=query,
            things=torch.full((3, 2), state),
            query_things=torch.tensor([[1, -2, 0]] * 3),
        )
        loss = create("logical_queries")(f).total
        loss.backward()
        assert loss == 0 and image.grad is not None and not image.grad.any()


def test_a_single_query_that_can_be_told_counts_whole() -> None:
    f = Features(
        logit_scale=2.0,
        image=torch.eye(3),
        query=torch.eye(3),
        things=torch.tensor([[1], [0], [-1]]),
        query_things=torch.tensor([[1, 0, 0], [0, 0, 0], [0, 0, 0]]),
    )
    # Query 0 has cosine 1 with the right image and 0 with the wrong one.
    assert math.isclose(create("logical_queries")(f).total.item(), math.log(1 + math.exp(-2)), rel_tol=1e-6)
