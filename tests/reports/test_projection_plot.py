import re

from semclip.reports.projection_plot import cosines, draw


def test_cosines_of_known_angles() -> None:
    points = {"caption": [[1, 0], [0, 2]], "paraphrase": [[3, 0], [0, 1]], "negation": [[0, 1], [0, -5]]}
    assert cosines(points) == {"paraphrase": [1, 1], "negation": [0, -1]}


def test_colours_are_variables_of_the_page() -> None:
    points = {v: [[0.1, 0.2], [0.3, 0.1]] for v in ("caption", "paraphrase", "negation")}
    svg = draw("t", points, 0.4, 0).svg
    assert "var(--caption)" in svg and "var(--negation)" in svg and "var(--ink)" in svg
    assert not re.search(r"(fill|stroke): #", svg)
    assert "width=" not in svg.split(">", 1)[0]
