import pytest

from semclip.reports.training_curves import Line, draw


def test_texts_are_kept_as_texts_and_escaped() -> None:
    drawn = draw("Loss", [Line("<b>$a_1$</b> & co", 0, [(1, 2.0), (2, 1.0)])])
    assert "&lt;b&gt;$a_1$&lt;/b&gt; &amp; co" in drawn.svg
    assert "<b>" not in drawn.svg
    assert "from 2 at step 1 to 1 at step 2" in drawn.alt


@pytest.mark.parametrize("length", [1, 150, 1000])
def test_long_curves_are_averaged(length: int) -> None:
    drawn = draw("Loss", [Line("a", 0, [(i, 3.0) for i in range(length)])])
    assert len(drawn.svg) < 40_000
    assert "from 3 " in drawn.alt
