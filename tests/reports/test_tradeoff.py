import re

from semclip.reports.comparison import load_tracks
from semclip.reports.tradeoff import tradeoff
from tests.reports.conftest import MakeRuns, load_one


def test_it_tells_what_the_results_say(make_tracks: MakeRuns) -> None:
    comparison = load_tracks(make_tracks((0, 1)))[1]
    found = tradeoff(comparison)
    assert found is not None
    figure = found.figure
    assert figure.title == "Track finetune"
    runs = comparison.arms[2].runs
    metrics_of = [[r.metric(b, m) for r in runs] for b, m in (
        ("retrieval", "caption_r1"), ("original_over_negation", "caption_over_negation"),
        ("absence", "absence_over_negation"), ("retrieval", "paraphrase_r1"))]  # fmt: skip
    right, first, second, size = (50 * sum(m.value for m in metrics if m) for metrics in metrics_of)
    assert f"SemCLIP {right:.1f} and {(first + second) / 2:.1f}, paraphrase {size:.1f}" in figure.alt
    for title in ("Base", "CLIP control", "NegCLIP"):
        assert f">{title}<" in figure.svg
    assert re.fullmatch(r"from \d+\.\d % to \d+\.\d %", found.sizes)


def test_without_two_measured_systems_there_is_no_image(runs: list) -> None:
    for run in runs[1:]:
        (run / "results" / "absence.json").unlink()
    assert tradeoff(load_one(runs)) is None
