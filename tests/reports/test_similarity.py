from semclip.reports.similarity import histograms


def test_constant_similarities_can_be_drawn() -> None:
    values = {"caption": [0.25] * 9, "negation": [0.25] * 9}
    [drawn] = histograms({"t": values})
    assert "caption 0.250, negation 0.250" in drawn.alt
