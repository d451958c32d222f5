import pytest

from semclip.reports import formatting
from semclip.reports.skills import metric_title


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.8124, "share", "81.2 %"),
        (0.031, "difference", "+3.1 points"),
        (-0.031, "difference", "−3.1 points"),
        (-0.1234, "cosine", "−0.123"),
        (12345.6, "ms", "1.23e+04 ms"),
    ],
)
def test_numbers_carry_their_unit(value: float, unit: str, text: str) -> None:
    assert formatting.number(value, unit) == text


def test_differences_intervals_and_p() -> None:
    assert formatting.difference(-0.05) == "−5.0 points"
    assert formatting.interval((0.791, 0.83)) == "[79.1, 83.0]"
    assert formatting.interval((-0.02, 0.01), "difference") == "[−2.0, +1.0]"
    assert formatting.interval(None) == ""
    assert [formatting.p_value(p) for p in (0.0001, 0.0321, 1.0)] == ["p < 0.001", "p = 0.032", "p = 1.000"]


def test_titles() -> None:
    assert metric_title("retrieval", "caption_r1") == "Caption R@1"
    assert metric_title("retrieval", "caption_true_r10") == "Caption true R@10"
    assert metric_title("other", "blind_negation_word") == "Blind: counts negation words"
    assert formatting.listing(["a"]) == "a"
    assert formatting.listing(["a", "b", "c"]) == "a, b and c"
