"""Rows without a caption, and negations that are captions: few are left out and told, more are refused, by one rule."""

import csv
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.data import load as load_module
from semclip.data.check import Report, check
from semclip.data.convert import convert
from semclip.data.incomplete import too_many
from semclip.data.load import DataConfig, load_examples
from semclip.objectives import create
from semclip.training.config import TrainConfig
from semclip.training.examples import Splits, load_splits
from tests.data.files import write_jsonl, write_picture

Rows = Sequence[Mapping[str, Any]]
#: A caption that is lost, in the way of the format.
ABSENT = object()


def rows(count: int, *lacking: int) -> list[dict[str, Any]]:
    """`count` rows about birds; those numbered in `lacking` have no caption."""
    return [
        {"image": f"{n:04}.png", "caption": ABSENT if n in lacking else f"an owl and {n} moths", "negation": f"no {n}"}
        for n in range(count)
    ]


def as_csv(folder: Path, table: Rows) -> Path:
    with (folder / "owls.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["image", "caption", "negation"])
        writer.writeheader()
        writer.writerows({**row, "caption": "  " if row["caption"] is ABSENT else row["caption"]} for row in table)
    return folder / "owls.csv"


def as_jsonl(folder: Path, table: Rows) -> Path:
    """A key that is not there; in every other row null."""
    lines: list[dict[str, Any]] = []
    for number, row in enumerate(table):
        line = dict(row)
        if line["caption"] is ABSENT:
            line.pop("caption")
            line |= {"caption": None} if number % 2 else {}
        lines.append(line)
    return write_jsonl(folder / "owls.jsonl", lines)


def as_parquet(folder: Path, table: Rows) -> Path:
    plain = [{**row, "caption": None if row["caption"] is ABSENT else row["caption"]} for row in table]
    pyarrow.parquet.write_table(pa.Table.from_pylist(plain), folder / "owls.parquet")
    return folder / "owls.parquet"


def as_shard(folder: Path, table: Rows) -> Path:
    with tarfile.open(folder / "owls.tar", "w") as archive:
        for number, row in enumerate(table):
            texts = {"json": json.dumps({"negation": row["negation"]}), "png": "no picture"}
            if row["caption"] is not ABSENT:
                texts["txt"] = row["caption"]
            for kind, text in texts.items():
                member = tarfile.TarInfo(f"{number:06}.{kind}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
    return folder / "owls.tar"


def as_coco(folder: Path, table: Rows) -> Path:
    notes = [{"image_id": n, "caption": row["caption"]} for n, row in enumerate(table)]
    for note in notes:
        if note["caption"] is ABSENT:
            del note["caption"]
    photos = [{"id": n, "file_name": row["image"]} for n, row in enumerate(table)]
    (folder / "captions_owls.json").write_text(json.dumps({"images": photos, "annotations": notes}))
    return folder / "captions_owls.json"


FORMATS: list[Callable[[Path, Rows], Path]] = [as_csv, as_jsonl, as_parquet, as_shard, as_coco]


def checked(path: Path) -> Report:
    return check(DataConfig(path=str(path)), lambda texts: [False for _ in texts])


def splits(path: Path, **changes: Any) -> Splits:
    values = {
        "name": "owls",
        "data": {"path": str(path)},
        "model": {},
        "objective": {"name": "negclip"},
        "train": {"steps": 2, "batch_size": 4},
        **changes,
    }
    config = parse(TrainConfig, values, "test")
    return load_splits(config, create(str(config.objective["name"])), [])


@pytest.mark.parametrize("write", FORMATS)
def test_few_are_left_out_and_told_with_their_places(
    write: Callable[[Path, Rows], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, rows(250, 0, 77))  # the first row, too, from which the columns are understood
    examples = load_examples(DataConfig(path=str(path)))
    assert len(examples) == 248
    said = capsys.readouterr().err
    assert f"note: {path.name}: 2 of 250 rows lack a text or an image and are left out" in said
    (empty,) = [f for f in checked(path).findings if f.problem == "empty text"]
    assert (empty.count, empty.error) == (2, False)
    assert empty.places[0].partition(": ")[0] in said and f"`semclip data check {path} --all`" in said


@pytest.mark.parametrize("write", FORMATS)
def test_more_are_refused_by_the_check_and_by_whatever_reads(
    write: Callable[[Path, Rows], Path], tmp_path: Path
) -> None:
    path = write(tmp_path, rows(250, 1, 40, 249))  # 1.2 %
    with pytest.raises(UserError) as caught:
        load_examples(DataConfig(path=str(path)))
    assert "3 of 250 rows lack a text or an image, more than 1 %" in caught.value.what
    report = checked(path)
    assert report.rows == 250
    (empty,) = [f for f in report.findings if f.problem == "empty text"]
    assert empty.error and empty.count == 3 and empty.places[0].startswith(f"{caught.value.where}: ")


def test_all_rows_are_never_left_out(tmp_path: Path) -> None:
    path = as_csv(tmp_path, rows(5, *range(5)))
    with pytest.raises(UserError, match="5 of 5 rows"):
        splits(path, guards={"unreadable": 1.0})
    assert any(f.problem == "empty text" and f.error for f in checked(path).findings)


def test_the_guard_of_the_run_is_the_limit_as_the_advice_says(tmp_path: Path) -> None:
    path = as_jsonl(tmp_path, rows(250, *range(0, 50, 5)))
    with pytest.raises(UserError) as caught:
        splits(path)
    assert "guards.unreadable=0.1 leaves out 10 %" in caught.value.fix
    found = splits(path, guards={"unreadable": 0.1})
    assert found.incomplete == 10
    assert "10 of 250 rows lack a text or an image and are left out" in found.left_out[0]
    with pytest.raises(UserError, match="10 of 250"):
        splits(path, guards={"unreadable": 0.03})


def test_other_faults_still_stop_at_once(tmp_path: Path) -> None:
    table = rows(250)
    table[9]["caption"] = 4.5
    with pytest.raises(UserError, match="must be a text") as caught:
        load_examples(DataConfig(path=str(write_jsonl(tmp_path / "owls.jsonl", table))))
    assert caught.value.where.endswith(":10")


def test_of_a_large_file_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its examples are kept in the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(load_module, "ROWS_IN_MEMORY", 100)
    few, many = tmp_path / "few", tmp_path / "many"
    few.mkdir()
    many.mkdir()
    assert len(load_examples(DataConfig(path=str(as_csv(few, rows(250, 130, 131)))))) == 248
    with pytest.raises(UserError, match="3 of 250 rows"):
        load_examples(DataConfig(path=str(as_csv(many, rows(250, 1, 130, 131)))))


def test_a_converted_file_lacks_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rows(120, 7)
    for row in table:
        write_picture(tmp_path / row["image"])
    path = as_csv(tmp_path, table)
    assert convert(DataConfig(path=str(path)), tmp_path / "out.jsonl") == 119
    assert "1 of 120 rows lack a text or an image" in capsys.readouterr().err


def denied(count: int, *wrong: int) -> list[dict[str, Any]]:
    """Rows with two negations; of those numbered in `wrong` the second is the caption in capitals."""
    table = rows(count)
    for number, row in enumerate(table):
        row["negations"] = [row.pop("negation"), str(row["caption"]).upper() if number in wrong else "no owl"]
        row["split"] = "train"
    return table


@pytest.mark.parametrize(
    ("count", "wrong", "fine"), [(300, [4, 5, 6], True), (300, [4, 5, 6, 7], False), (9, [3], False)]
)
def test_one_rule_for_negations_that_are_their_caption(
    count: int, wrong: list[int], fine: bool, tmp_path: Path
) -> None:
    path = write_jsonl(tmp_path / "owls.jsonl", denied(count, *wrong))
    for number in range(count):
        write_picture(tmp_path / f"{number:04}.png")
    (finding,) = [f for f in checked(path).findings if f.problem == "negation equal to caption"]
    assert finding.count == len(wrong) and finding.error is not fine
    if not fine:
        with pytest.raises(
            UserError, match=f"{len(wrong)} of {count} training examples have a negation equal"
        ) as caught:
            splits(path)
        assert caught.value.where == f"{path}:{wrong[0] + 1}"
        return
    found = splits(path)
    assert len(found.train) == count - len(wrong)
    assert not any(e.where == f"{path}:{number + 1}" for e in found.train for number in wrong)
    assert f"3 of 300 training examples have a negation equal to a caption (first: {path}:5)" in found.left_out[0]


def test_where_no_negation_is_trained_on_none_is_left_out(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "owls.jsonl", denied(9, 3))
    assert len(splits(path, objective={"name": "clip"}).train) == 9


def test_the_rule() -> None:
    assert [too_many(n, 100) for n in (0, 1, 2)] == [False, False, True]
    assert too_many(4, 4, 1.0) and not too_many(3, 4, 1.0) and not too_many(0, 0)
