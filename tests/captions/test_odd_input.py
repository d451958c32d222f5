"""Captions that no one wrote for us: for every one a text or a reason, in every view."""

from pathlib import Path
from typing import Any

import pytest

from tests.captions.test_job import rows_of, run, write_rows

CAPTIONS = (
    "A brown dog runs across the grass .", "Ein brauner Hund läuft über die Wiese.", "Un chien court dans l'herbe.",
    "一只狗在草地上奔跑。", "собака бежит по траве", "كلب يركض على العشب", "A dog läuft über the Wiese with a ball.",
    "A man in a hat . Un homme avec un chapeau .", "犬 dog 犬", "🐶🐶🐶", "42", " . ", "dog", "dog dog dog dog",
)  # fmt: skip
OBJECTS: tuple[Any, ...] = (
    ["zorblax", "dog"], ["a name of very many words"], [], None, ["犬"], ["DOG", "dog"], ["1234"], ["!!"], ["x" * 500],
)  # fmt: skip
BROKEN: tuple[Any, ...] = ("dog, ball", [1], [""], {"a": 1}, [["dog"]])
PLAIN = "writer.parser=plain"


def every_caption_has_a_text_or_a_reason(row: dict[str, Any]) -> bool:
    captions = set(range(len(row.get("captions", [row.get("caption")]))))
    return all(
        captions == {*row[f"{view}_of"], *(refused["of"] for refused in row.get(f"{view}_refused", ()))}
        for view in ("paraphrase", "negation", "absence")
    )


def written(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Any]:
    data, out = write_rows(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    result = run(data, PLAIN, "--out", out)
    return rows_of(out), result


def test_mixed_languages(tmp_path: Path) -> None:
    rows, result = written(tmp_path, [{"image": f"{i}.jpg", "caption": text} for i, text in enumerate(CAPTIONS)])
    assert result.exit_code == 0 and len(rows) == len(CAPTIONS)
    assert all(map(every_caption_has_a_text_or_a_reason, rows))
    foreign = [row for row in rows if row["caption"] in CAPTIONS[1:6]]
    assert not any(row["paraphrases"] or row["negations"] or row["absences"] for row in foreign)


def test_one_word_many_times(tmp_path: Path) -> None:
    rows, result = written(tmp_path, [{"image": f"{i}.jpg", "caption": "dog"} for i in range(300)])
    assert result.exit_code == 1 and "no text was accepted" in " ".join(result.output.split())
    assert len(rows) == 300 and all(map(every_caption_has_a_text_or_a_reason, rows))


@pytest.mark.parametrize("captions", [1, 3])
def test_objects_that_no_list_knows_and_cells_that_are_none(captions: int, tmp_path: Path) -> None:
    told = {"captions": [f"A brown dog runs across the grass {i} ." for i in range(captions)]}
    rows, result = written(
        tmp_path, [{"image": f"{i}.jpg", "objects": cell, **told} for i, cell in enumerate((*OBJECTS, *BROKEN))]
    )
    assert result.exit_code == 0
    assert len(rows) == len(OBJECTS) and all(map(every_caption_has_a_text_or_a_reason, rows))
    left_out = rows_of(tmp_path / "out.jsonl.left_out")
    assert len(left_out) == len(BROKEN) and all("list of nouns" in row["reason"] for row in left_out)
    assert all('["dog", "puppy", "ball"]' in row["fix"] for row in left_out)
