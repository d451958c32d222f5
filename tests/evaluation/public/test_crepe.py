"""CREPE: ranks by hand against a naive count; all rows are invented."""

from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import noise, run, table, write_images
from tests.evaluation.public.negbench import write_csv

NAME, FILE = "crepe", "prod_vg_hard_negs_negate_complexity_4.csv"
SYST = "syst_vg_hard_negs_unseen_compounds_in_cc12m.csv"
COLUMNS = ["image_id", "x", "y", "width", "height", "caption", "hard_negs"]
TRUE = {f"{n}.jpg#0.0,0.0,4.0,5.0": (f"right {n}",) for n in range(5)}


def row(n: int, negatives: object) -> dict[str, object]:
    region = {"image_id": n, "x": 0, "y": 0, "width": 4, "height": 5}
    return {**region, "caption": f"right {n}", "hard_negs": str(negatives)}


def write(root: Path, rows: list[dict[str, object]]) -> None:
    write_csv(root / NAME / FILE, rows, COLUMNS)
    write_images(root / "visual_genome", [f"{n}.jpg" for n in range(len(rows))])


def write_sample(root: Path) -> None:
    write(root, [row(n, [f"not {n}", f"no {n}"]) for n in range(5)])


def test_ranks_by_hand(tmp_path: Path) -> None:
    # Heights of negatives beside a true caption at 0: official places from 0 are 0, 1, 0 (a tie), 3, 1.
    negatives = [[-1.0], [1.0, -1.0], [0.0, -1.0], [1.0, 2.0, 3.0], [1.0]]
    write(tmp_path, [row(n, [f"neg {n} {j}" for j in range(len(own))]) for n, own in enumerate(negatives)])
    texts = {f"right {n}": [1.0, 0.0] for n in range(5)}
    texts |= {f"neg {n} {j}": [1.0, h] for n, own in enumerate(negatives) for j, h in enumerate(own)}
    result = run(table({key: [0.0, 1.0] for key in TRUE}, texts), NAME, tmp_path)
    names = ("recall_at_1", "recall_at_3", "mean_rank", "median_rank")
    official = {k: result.metric(f"official_{k}").value for k in names}
    assert official == pytest.approx({"recall_at_1": 2 / 5, "recall_at_3": 4 / 5, "mean_rank": 2.0, "median_rank": 2.0})
    assert result.metric("recall_at_1").value == pytest.approx(1.5 / 5)
    assert result.metric("mean_rank").value == pytest.approx(2.1)
    assert not result.metric("mean_rank").higher_is_better
    assert result.metric("recall_at_3").chance == pytest.approx((1 + 1 + 1 + 3 / 4 + 1) / 5)


def test_systematicity_files_have_three_columns_of_negatives(tmp_path: Path) -> None:
    write_sample(tmp_path)
    names = ["valid_hard_negs_atom", "valid_hard_negs_comp", "valid_hard_negs_combined"]
    values = {**row(0, []), names[0]: "['a', 'b']", names[1]: "[]", names[2]: "['c']"}
    del values["hard_negs"]
    write_csv(tmp_path / NAME / SYST, [values], [*COLUMNS[:-1], *names])
    result = run(noise(), NAME, tmp_path)
    assert set(result.metric("recall_at_1").per_slice) == {
        "productivity negate 4", "systematicity cc12m unseen atom", "systematicity cc12m unseen combined",
    }  # fmt: skip
    assert "left out: 1 captions without a hard negative" in result.notes


@pytest.mark.parametrize("negatives", ["__import__('os')", "['a', 1]", "[", "'a'"])
def test_lists_are_read_and_never_run(tmp_path: Path, negatives: str) -> None:
    write(tmp_path, [row(0, ["a"]), row(1, negatives)])
    with pytest.raises(UserError, match="no list of texts") as caught:
        create(NAME).read(tmp_path / NAME, tmp_path)
    assert caught.value.where.endswith(f"{FILE}:3")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of CREPE's CSV files"):
        create(NAME).read(tmp_path, tmp_path)


def test_regions_of_one_picture_are_drawn_together(tmp_path: Path) -> None:
    write(tmp_path, [{**row(n, [f"neg {n} {j}" for j in range(9)]), "image_id": 0} for n in range(8)])
    result = run(noise(1), NAME, tmp_path)
    for metric in map(result.metric, ("mean_rank", "median_rank", "official_median_rank")):
        assert metric.interval is None  # one picture tells nothing of others


def test_mean_and_median_rank_stand_for_every_file(tmp_path: Path) -> None:
    write_sample(tmp_path)
    other = FILE.replace("negate_complexity_4", "swap_complexity_7")
    rows = [row(n, [f"swap {n} {j}" for j in range(n + 1)]) for n in range(3)]
    write_csv(tmp_path / NAME / other, rows, COLUMNS)
    result = run(noise(4), NAME, tmp_path)
    kinds = {"productivity negate 4": 5, "productivity swap 7": 3}
    for prefix in ("", "official_"):
        for name in ("mean_rank", "median_rank"):
            metric = result.metric(f"{prefix}{name}")
            assert {kind: m.n for kind, m in metric.per_slice.items()} == kinds
            for m in (metric, *metric.per_slice.values()):
                assert m.interval is not None and m.interval[0] <= m.value <= m.interval[1]
    mean = result.metric("mean_rank")
    assert mean.value == pytest.approx(sum(m.value * m.n for m in mean.per_slice.values()) / 8)
    alone = tmp_path / "alone"
    write_sample(alone)
    for name in ("mean_rank", "official_median_rank"):
        of_file = run(noise(4), NAME, alone).metric(name)
        assert of_file.value == result.metric(name).per_slice["productivity negate 4"].value
