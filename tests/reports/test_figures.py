import re

import pytest

from semclip.reports.figures import separate_ids
from semclip.reports.projection_plot import cosines
from semclip.reports.projection_plot import draw as draw_projection
from semclip.reports.similarity import histograms
from semclip.reports.training_curves import Line
from semclip.reports.training_curves import draw as draw_curves


def test_cosines_of_known_angles() -> None:
    points = {"caption": [[1, 0], [0, 2]], "paraphrase": [[3, 0], [0, 1]], "negation": [[0, 1], [0, -5]]}
    assert cosines(points) == {"paraphrase": [1, 1], "negation": [0, -1]}


def test_constant_similarities_can_be_drawn() -> None:
    values = {"caption": [0.25] * 9, "negation": [0.25] * 9}
    [drawn] = histograms({"t": values})
    assert "caption 0.250, negation 0.250" in drawn.alt


def test_texts_are_kept_as_texts_and_escaped() -> None:
    drawn = draw_curves("Loss", [Line("<b>$a_1$</b> & co", 0, [(1, 2.0), (2, 1.0)])])
    assert "&lt;b&gt;$a_1$&lt;/b&gt; &amp; co" in drawn.svg
    assert "<b>" not in drawn.svg
    assert "from 2 at step 1 to 1 at step 2" in drawn.alt


def test_colours_are_variables_of_the_page() -> None:
    points = {v: [[0.1, 0.2], [0.3, 0.1]] for v in ("caption", "paraphrase", "negation")}
    svg = draw_projection("t", points, 0.4, 0).svg
    assert "var(--caption)" in svg and "var(--negation)" in svg and "var(--ink)" in svg
    assert not re.search(r"(fill|stroke): #", svg)
    assert "width=" not in svg.split(">", 1)[0]


def test_separate_ids_keeps_references_whole() -> None:
    svg = '<g id="a"/><use xlink:href="#a"/><g clip-path="url(#a)"/>'
    assert separate_ids(svg, "f") == '<g id="f-a"/><use xlink:href="#f-a"/><g clip-path="url(#f-a)"/>'


@pytest.mark.parametrize("length", [1, 150, 1000])
def test_long_curves_are_averaged(length: int) -> None:
    drawn = draw_curves("Loss", [Line("a", 0, [(i, 3.0) for i in range(length)])])
    assert len(drawn.svg) < 40_000
    assert "from 3 " in drawn.alt
