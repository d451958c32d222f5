"""Right answers among options, counted for all questions at once: the same as one by one, whatever their options."""

import numpy as np
import pytest

from semclip.core.example import ImageRef
from semclip.evaluation.choices import Question, Tie, baselines, harness_outcomes, official_outcomes, rate
from semclip.evaluation.metrics.choice import choice
from semclip.evaluation.metrics.outcomes import Outcomes


def drawn(count: int = 300) -> tuple[list[Question], list[np.ndarray]]:
    """Questions with 2 to 5 options in mixed order, and scores of which many tie."""
    random = np.random.default_rng(0)
    questions, scores = [], []
    for n in range(count):
        options = int(random.integers(2, 6))
        texts = tuple(f"{'no ' * (k % 2)}text {n} {k}" for k in range(options))
        answer = int(random.integers(options))
        questions.append(Question(str(n), ImageRef(f"{n % 40}.jpg"), texts, answer, "", f"{n % 40}.jpg"))
        scores.append(random.integers(0, 3, options).astype(float))
    return questions, scores


def test_outcomes_are_those_of_a_plain_loop() -> None:
    questions, scores = drawn()
    found = harness_outcomes(questions, scores)
    for i, (q, s) in enumerate(zip(questions, scores, strict=True)):
        alone = choice(s[None], q.answer)
        assert (found.expected[i], found.strict[i], found.optimistic[i]) == (
            alone.expected[0], alone.strict[0], alone.optimistic[0],
        )  # fmt: skip
    assert 0 < found.ties < len(questions)


@pytest.mark.parametrize(("kinds", "slices"), [(["", ""], []), (["a", ""], ["", "a"]), (["a", "b"], ["a", "b"])])
def test_questions_without_kinds_have_no_slices(kinds: list[str], slices: list[str]) -> None:
    questions = [Question(k, ImageRef(f"{i}.jpg"), ("a", "b"), 0, k, str(i)) for i, k in enumerate(kinds)]
    assert sorted(rate("accuracy", "", questions, Outcomes.certain([1, 0])).per_slice) == slices


@pytest.mark.parametrize("tie", Tie)
def test_official_rules_are_those_of_a_plain_loop(tie: Tie) -> None:
    questions, scores = drawn()
    for q, s, right in zip(questions, scores, official_outcomes(questions, scores, tie).expected, strict=True):
        own, others = s[q.answer], [float(x) for k, x in enumerate(s) if k != q.answer]
        first = list(s).index(max(s)) == q.answer
        assert right == (all(own > x for x in others) if tie is Tie.WRONG else first)


def test_a_difference_of_one_rounding_is_no_tie_officially() -> None:
    question = Question("0", ImageRef("a.jpg"), ("a", "b"), 1, "", "a.jpg")
    scores = [np.array([1.0, np.nextafter(1.0, 2.0)])]
    assert official_outcomes([question], scores, Tie.WRONG).value == 1.0
    assert harness_outcomes([question], scores).ties == 1


def test_blind_methods_do_not_see_the_order_of_options() -> None:
    questions, _ = drawn()
    turned = [
        Question(q.id, q.query, q.options[::-1], len(q.options) - 1 - q.answer, q.kind, q.cluster)  # type: ignore[arg-type]
        for q in questions
    ]
    plain, other = (baselines("accuracy", some, Tie.FIRST) for some in (questions, turned))
    for a, b in zip(plain[:-1], other[:-1], strict=True):  # the last is the official rule, which goes by order
        assert a.value == pytest.approx(b.value, abs=1e-9), a.name
