"""Each ranker against its formula, written out plainly in float64."""

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.query import And, Node, Not, Or, Picture, Query, Text
from semclip.search.rankers import create
from semclip.search.rankers.base import affirmed, joined
from semclip.search.rankers.feedback import scenes
from semclip.search.rankers.verbalised import verbalised
from tests.search.galleries import random_gallery, words_as_vectors

A, B, X, Y = Text("a"), Text("b"), Text("x"), Text("y", 3.0)
GALLERY = random_gallery(60)
ROWS = np.stack([GALLERY.rows(np.array([i]))[0] for i in range(60)]).astype(np.float64)


def vector(text: str) -> np.ndarray:
    v = words_as_vectors(Text(text))
    return v / np.linalg.norm(v)


def level_of(v: np.ndarray) -> np.ndarray:
    s = ROWS @ v
    return (s - s.mean()) / s.std()


def level(text: str) -> np.ndarray:
    return level_of(vector(text))


def score(name: str, tree: Node, text: str = "as it is", **config: object) -> np.ndarray:
    return create(name, config).rank(Query(text, tree), GALLERY).score


def close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_the_sentence_is_all_that_counts() -> None:
    close(score("sentence", And((A, Not(X)))), ROWS @ vector("as it is"))
    close(score("sentence", Not(Picture("p")), text=""), -ROWS @ vector("like p"))


LIKE = Picture("p")


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (A, A),
        (And((A, B)), Text("a and b")),
        (And((A, Not(X))), Text("a without x")),
        (And((Not(X), A, Not(B))), Text("a without x and without b")),
        (Not(X), Text("a photo without x")),
        (Not(Or((A, X))), Text("a photo without a and without x")),
        (Not(And((A, X))), Or((Text("a photo without a"), Text("a photo without x")))),
        (Or((A, And((B, Not(X))))), Or((A, Text("b without x")))),
        (And((Or((A, B)), Not(X))), And((Text("a photo without x"), Or((A, B))))),
        (And((A, Not(And((B, X))))), And((A, Or((Text("a photo without b"), Text("a photo without x")))))),
        (And((A, And((B, Not(Not(X)))))), Text("a and b and x")),
        (And((A, Not(Y))), And((A, Not(Y)))),  # of another weight
        (And((A, Not(X), Not(LIKE))), And((Text("a without x"), Not(LIKE)))),
        (Not(LIKE), Not(LIKE)),
    ],
)
def test_what_belongs_together_is_said_in_one_sentence(tree: Node, said: Node) -> None:
    assert verbalised(tree) == said


def test_a_verbalised_query_is_scored_by_its_sentences() -> None:
    close(score("verbalised", And((A, Not(X))), parts=0), level("a without x"))
    close(score("verbalised", And((A, Not(Y))), parts=0), level("a") - 3 * level("y"))
    close(score("verbalised", Or((A, Not(X))), parts=0), np.maximum(level("a"), level("a photo without x")))
    close(score("verbalised", And((A, Not(LIKE))), parts=0), level("a") - level("like p"))


@pytest.mark.parametrize("tree", [And((A, Not(X))), Or((A, And((B, Not(X)))))])
def test_beside_the_sentence_the_parts_count(tree: Node) -> None:
    sentence, parts = score("verbalised", tree, parts=0), score("feedback", tree)
    close(score("verbalised", tree, parts=0.7), sentence + 0.7 * parts)
    with pytest.raises(UserError, match="parts is -1"):
        create("verbalised", {"parts": -1.0})


def test_subtraction_is_a_sum_with_signs() -> None:
    expected = level("a") - 0.7 * level("x") - 0.7 * 3 * level("y")
    close(score("subtract", And((A, Not(X), Not(Y))), weight=0.7), expected)
    close(score("subtract", Not(X), weight=0.7), -0.7 * level("x"))


def test_dropping_forgets_what_is_excluded() -> None:
    close(score("dropped", And((A, Not(X)))), level("a"))
    assert not score("dropped", Not(X)).any()
    close(score("dropped", Or((A, Not(X)))), level("a"))


def test_choices_are_maxima_and_denials_go_down_to_the_leaves() -> None:
    close(score("subtract", Or((A, B)), weight=1.0), np.maximum(level("a"), level("b")))
    neither = score("subtract", Not(Or((X, Y))), weight=1.0)
    close(neither, -level("x") - 3 * level("y"))
    not_both = score("subtract", Not(And((X, Y))), weight=1.0)
    close(not_both, np.maximum(-level("x"), -3 * level("y")))
    close(score("subtract", Not(Not(A))), level("a"))


def test_the_veto_costs_nothing_far_below_its_threshold() -> None:
    smooth = np.log1p(np.exp(2 * (level("x") - 0.5))) / 2
    close(score("veto", And((A, Not(X))), threshold=0.5, weight=4.0), level("a") - 4 * smooth)
    hard = score("veto", And((A, Not(X))), threshold=0.5, mode="hard")
    close(hard, level("a") - 1000 * (level("x") > 0.5))
    held = create("veto", {"threshold": 0.5}).rank(Query("", And((A, Not(X)))), GALLERY).held_back
    assert np.array_equal(held, np.where(level("x") > 0.5, 1, -1))


def test_the_product_is_of_probabilities() -> None:
    def p(text: str) -> np.ndarray:
        return 1 / (1 + np.exp(-2 * (level(text) - 1)))

    close(np.exp(score("product", And((A, Not(X), Not(Y))))), p("a") * (1 - p("x")) * (1 - p("y")) ** 3)


def test_deo_takes_adam_steps_on_the_sphere() -> None:
    q, pos, neg = vector("as it is"), vector("a"), vector("x")
    e, m, v = q.copy(), np.zeros(8), np.zeros(8)
    for step in range(1, 6):
        pull = [(q, 0.2), (pos, 1.0), (neg, -0.5)]
        g = sum(w * (e - t) / np.sqrt(((e - t) ** 2).sum() + 1e-12) for t, w in pull)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        e = e - 0.05 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        e = e / np.linalg.norm(e)
    close(score("deo", And((A, Not(X))), steps=5, rate=0.05, away=0.5), ROWS @ e)
    assert e @ pos > q @ pos and e @ neg < q @ neg


PLAIN = {"prompts": ["{}"], "scene_prompts": ["{}"], "neighbours": 0, "contrast": 0}


def test_feedback_without_its_parts_is_subtraction() -> None:
    tree = And((A, Not(X), Not(Y)))
    close(score("feedback", tree, weight=0.7, **PLAIN), score("subtract", tree, weight=0.7))


def test_prompts_are_averaged() -> None:
    mean = vector("see a now") + vector("a")
    close(score("feedback", A, **PLAIN | {"prompts": ["see {} now", "{}"]}), level_of(mean / np.linalg.norm(mean)))


def test_feedback_adds_the_direction_of_the_nearest_photos() -> None:
    near = np.argsort(-(ROWS @ vector("a")))[:3]  # 60 photos give three neighbours
    m = ROWS[near].mean(0) - ROWS.mean(0)
    close(score("feedback", A, **PLAIN | {"neighbours": 20}), level_of(vector("a") + m / np.linalg.norm(m)))
    m = ROWS[near[:2]].mean(0) - ROWS.mean(0)
    close(score("feedback", A, **PLAIN | {"neighbours": 2}), level_of(vector("a") + m / np.linalg.norm(m)))


def test_the_contrast_asks_what_the_excluded_adds_to_the_scene() -> None:
    mixed = 0.75 * level("x") + 0.25 * level_of(vector("a and b with x") - vector("a and b"))
    mixed = (mixed - mixed.mean()) / mixed.std()
    found = score("feedback", And((A, B, Not(X))), weight=2.0, **PLAIN | {"contrast": 0.25})
    close(found, level("a and b") - 2 * mixed)


def test_each_excluded_text_has_the_scene_of_its_conjunction() -> None:
    tree = Or(
        (
            And((A, Not(X))),
            And(
                (B, Not(Or((Y, Picture("p"))))),
            ),
            Not(Text("z")),
        )
    )
    assert scenes(tree) == {X: "a", Y: "b"}


@pytest.mark.parametrize("prompts", [[], ["no place for it"]])
def test_prompts_without_a_place_for_the_part_are_refused(prompts: list[str]) -> None:
    with pytest.raises(UserError, match="'prompts' needs prompts"):
        create("feedback", {"prompts": prompts})


def test_wanted_words_of_one_conjunction_are_read_together() -> None:
    assert joined(And((A, B, Not(X)))) == And((Text("a and b"), Not(X)))
    assert joined(And((A, B))) == Text("a and b")
    assert joined(And((A, Text("c", 2.0), Picture("p")))) == And((A, Text("c", 2.0), Picture("p")))
    assert joined(Not(And((A, B)))) == Not(And((A, B)))
    assert joined(Not(Not(And((A, B))))) == Not(Not(Text("a and b")))


def test_what_is_excluded_is_taken_out_of_the_tree() -> None:
    assert affirmed(And((A, Not(X)))) == And((A,))
    assert affirmed(Not(X)) is None
    assert affirmed(Not(And((X, Not(A))))) == Not(And((Not(A),)))
