"""On every table and page: value within its interval, sign of a difference = sign of the values, one p for one pair.

The results are drawn: means over sets of unlike sizes, ties, several items an image, one seed or several.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.metrics.summary import alike, item_record, macro, proportion
from semclip.reports.comparison import load_tracks
from semclip.reports.metrics_table import skill_groups, slice_groups
from semclip.reports.page import render
from semclip.reports.significance import ALPHA, Contrasts, winner
from semclip.reports.summary import summary
from semclip.reports.table import Cell

SETS = {"small": 12, "middle": 40, "large": 230}


def write(folder: Path, seed: int, skill: float) -> Path:
    """A model that is better at the large set and worse at the small one, by `skill`; a second benchmark is flat."""
    random = np.random.default_rng([seed, sum(folder.name.encode())])
    items = np.random.default_rng(0).normal(size=sum(SETS.values()))
    names = [name for name, count in SETS.items() for _ in range(count)]
    towards = np.array([{"small": -4.0, "middle": 0.0, "large": 1.0}[name] for name in names])
    level = items + skill * towards + random.normal(0, 0.5, len(items))
    expected = np.where(level > 0.3, 1.0, np.where(level > 0.2, 0.5, 0.0))  # some are ties
    o = Outcomes(expected, np.floor(expected), np.ceil(expected))
    ids, clusters = [f"{i}" for i in range(len(names))], [f"{name}/{i // 3}" for i, name in enumerate(names)]
    alone = Outcomes.certain(o.strict)
    for benchmark, metric, record in (
        (
            "zeroshot_classification",
            macro("acc1", "the nearest", o, clusters, 0.1, alike(names)),
            item_record(ids, o, clusters, names, weights=alike(names)),
        ),
        ("sugarcrepe", proportion("acc1", "same", o, clusters, 0.5, names), item_record(ids, o, clusters, names)),
        ("ccneg", proportion("acc1", "one an image", alone, ids, 0.5), item_record(ids, alone, ids)),
    ):
        Result(
            benchmark=benchmark, version=1, model=folder.name, metrics=[metric], primary="acc1",
            data={"files": {}, "options": {}}, items={"acc1": record},
        ).save(folder / "results" / f"{benchmark}.json")  # fmt: skip
    role = {"A": "control", "B": "treated"}.get(folder.name, "treated")
    (folder / "config.yaml").write_text(f"name: {folder.name}\nrole: {role}\nseed: {seed}\nobjective: {{name: clip}}\n")
    return folder


@pytest.fixture(params=[(1, 0.02), (1, 0.08), (1, 0.3), (3, 0.02), (3, 0.1)], ids=lambda p: f"{p[0]} seeds, {p[1]}")
def folders(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    seeds, skill = request.param
    found = []
    for seed in range(seeds):
        for place, name in enumerate("ABCD"):
            folder = tmp_path / f"seed{seed}" / name
            (folder / "results").mkdir(parents=True)
            found.append(write(folder, seed, skill * (place % 3)))
    return found


NUMBER = r"([+−-]?\d+\.\d+)"


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def first(text: str) -> float | None:
    found = re.search(NUMBER, text)
    return number(found.group(1)) if found else None


def bounds(text: str) -> tuple[float, float] | None:
    found = re.fullmatch(rf"\[{NUMBER}, {NUMBER}\]", text)
    return (number(found.group(1)), number(found.group(2))) if found else None


def check(value: str, interval: str) -> None:
    inside, own = bounds(interval), first(value)
    if inside is not None and own is not None:
        assert inside[0] <= own <= inside[1], (value, interval)


def cells_of(comparison_folders: list[Path]) -> Iterator[tuple[str, str, Cell]]:
    [comparison] = load_tracks(comparison_folders)
    for table in summary(comparison):
        for title, cells in table.rows:
            for head, cell in zip(table.heads[1:], cells, strict=True):
                yield title, head, cell
    contrasts = Contrasts(comparison)
    groups = [*skill_groups(contrasts, main=True), *skill_groups(contrasts, main=False), *slice_groups(contrasts)]
    for group in groups:
        for row in group.rows:
            for arm, cell in zip(contrasts.arms, row.cells, strict=True):
                yield f"{group.title}: {row.title}", arm.title, cell


def test_values_and_differences_lie_in_their_intervals(folders: list[Path]) -> None:
    seen = 0
    for _, _, cell in cells_of(folders):
        check(cell.value, cell.interval)
        check(cell.change, cell.change_interval)
        seen += bool(cell.interval) + bool(cell.change_interval)
    assert seen > 20


def test_the_sign_of_a_difference_is_that_of_the_values(folders: list[Path]) -> None:
    rows: dict[str, list[tuple[str, Cell]]] = {}
    for title, head, cell in cells_of(folders):
        rows.setdefault(title, []).append((head, cell))
    compared = 0
    for cells in rows.values():
        values = {head: first(cell.value) for head, cell in cells}
        for head, cell in cells:
            change, control = first(cell.change), next((v for h, v in values.items() if "control" in h), None)
            own = values[head]
            if change is not None and own is not None and control is not None:
                assert abs(change - (own - control)) <= 0.11, (cell, control)
                assert change * (own - control) >= 0
                compared += 1
    assert compared


def test_one_pair_has_one_p_wherever_it_stands(folders: list[Path]) -> None:
    found: dict[tuple[str, str, str], set[str]] = {}
    for _, head, cell in cells_of(folders):
        if cell.p and cell.change:
            found.setdefault((head, cell.value, cell.change), set()).add(cell.p)
    assert found and all(len(p) == 1 for p in found.values())


def test_value_difference_interval_p_and_verdict_are_of_one_estimator(folders: list[Path]) -> None:
    [comparison] = load_tracks(folders)
    contrasts = Contrasts(comparison)
    paired = 0
    for benchmark in ("zeroshot_classification", "sugarcrepe", "ccneg"):
        for kind in ("", *SETS) if benchmark == "sugarcrepe" else ("",):
            for a in contrasts.arms:
                for b in (other for other in contrasts.arms if other is not a):
                    c = contrasts.between(a, b, benchmark, "acc1", kind)
                    turned = contrasts.between(b, a, benchmark, "acc1", kind)
                    assert c is not None and turned is not None and c.p is not None and c.interval is not None
                    assert c.difference == pytest.approx(c.measured.value - c.reference_measured.value)
                    assert c.interval[0] - 1e-12 <= c.difference <= c.interval[1] + 1e-12
                    assert c.p == turned.p and c.interval == pytest.approx([-x for x in turned.interval[::-1]])
                    if c.p < ALPHA:  # corrected p is never below the plain one, of which the interval is
                        assert not c.interval[0] <= 0 <= c.interval[1]
                        assert (c.state == "better") == (c.difference > 0)
                    paired += 1
        best, level = winner(contrasts, benchmark, "acc1")
        values = {arm.title: m.value for arm in contrasts.arms if (m := contrasts.measured(arm, benchmark, "acc1"))}
        assert level and level[0].title == max(values, key=lambda title: values[title])
        assert (best is None) == (len(level) > 1)
        for arm in contrasts.arms:
            if arm is not level[0]:
                c = contrasts.between(level[0], arm, benchmark, "acc1")
                assert c is not None and (c.state == "better") == (arm not in level)
    assert paired >= 60


def test_the_page_says_nothing_that_contradicts_itself(folders: list[Path]) -> None:
    page = render(load_tracks(folders))
    cells = re.findall(r'<td class="n [^"]*"><b[^>]*>(.*?)</b>\s*<small>(\[.*?\])</small>', page, re.DOTALL)
    assert len(cells) > 15
    for value, interval in cells:
        check(html.unescape(value), html.unescape(interval))
    for left, width, value in re.findall(  # bars of the cards: stroke of the interval around the end of the bar
        r'<i style="width:([\d.]+)%"></i><u style="left:([\d.]+)%;width:([\d.]+)%"', page
    ):
        assert float(width) - 0.01 <= float(left) <= float(width) + float(value) + 0.01
    flips = re.findall(
        r'<td class="n">\d+<small>(.*?)</small></td><td class="n">\d+<small>(.*?)</small></td>\s*'
        r'<td class="n [^"]*"><b class="versus">(.*?)</b>', page
    )  # fmt: skip
    assert flips
    if len(folders) == 4:  # one seed: what is won and lost makes the difference
        for won, lost, by in flips:
            assert number(won) + number(lost) == pytest.approx(first(by), abs=0.15)


def test_a_record_of_another_mean_is_not_used_for_p(tmp_path: Path) -> None:
    """As results of versions that kept no weights: value over sets, outcomes without weights."""
    from tests.reports.conftest import edit_json

    folders = []
    for name, skill in (("A", 0.0), ("B", 0.3)):
        (tmp_path / name / "results").mkdir(parents=True)
        folders.append(write(tmp_path / name, 0, skill))
        edit_json(
            folders[-1] / "results" / "zeroshot_classification.json",
            lambda r: r["items"]["acc1"].pop("weight") and None,
        )
    [comparison] = load_tracks(folders)
    contrasts = Contrasts(comparison)
    one, other = contrasts.arms
    old = contrasts.between(other, one, "zeroshot_classification", "acc1")
    assert old is not None and old.p is None and old.interval is None and old.state == ""
    whole = contrasts.between(other, one, "sugarcrepe", "acc1")
    assert whole is not None and whole.p is not None
