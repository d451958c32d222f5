"""Questions about photos: true as the photos are, four by four, and nothing to be had without looking."""

import csv
import io
import json
import tarfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from semclip.captions.questions import COLUMNS, FRAMES, PhotoQuestion, photo_questions
from semclip.captions.rows import read_input
from semclip.cli.captions_questions import command
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.convert import convert
from semclip.data.load import DataConfig, load_examples
from semclip.evaluation.choices import Question
from semclip.evaluation.own.multiple_choice import blind_baselines
from semclip.evaluation.public._negbench import FourCaptions
from tests.captions.test_job import write_rows

#: Nouns that no list of ours holds, beside some that are held; none is a part of another.
NOUNS = ("dog", "umbrella", "gargoyle", "trousers", "water", "zither", "oar")


def photos(count: int = 200, nouns: Sequence[str] = NOUNS, seed: int = 0) -> list[Example]:
    """Photos that hold each noun or not; the first noun is in most of them, as people are in most photos."""
    there = np.random.default_rng(seed).random((count, len(nouns))) < np.linspace(0.8, 0.3, len(nouns))
    return [
        Example(
            id=f"e{i}", image=ImageRef(f"{i}.jpg"), caption="Seen from above .", where=f"data.jsonl:{i}",
            meta={"objects": [noun for noun, is_there in zip(nouns, row, strict=True) if is_there]},
        )
        for i, row in enumerate(there)
    ]  # fmt: skip


def means(text: str, objects: Sequence[str]) -> bool:
    """Whether a statement is true, read off its words alone: what stands before and behind its word of denial."""
    denial = min((text.find(word) for word in ("neither", "Neither", " no ", "No ", "not", "without") if word in text),
                 default=len(text))  # fmt: skip
    affirmed = [noun for noun in NOUNS if noun in text[:denial].lower()]
    denied = [noun for noun in NOUNS if noun in text[denial:].lower()]
    assert len(affirmed) + len(denied) in (1, 2), text
    return set(affirmed) <= set(objects) and set(denied).isdisjoint(objects)


def asked(questions: Sequence[PhotoQuestion]) -> list[Question]:
    return [Question(str(i), q.image, q.options, q.answer, q.kind, q.four) for i, q in enumerate(questions)]


def test_the_right_option_is_true_and_the_three_others_are_not() -> None:
    examples = photos()
    objects = {e.image: e.meta["objects"] for e in examples}
    questions = photo_questions(examples)
    assert len(questions) > 120
    for q in questions:
        assert [means(option, objects[q.image]) for option in q.options] == [i == q.answer for i in range(4)], q


def test_the_four_questions_of_a_four_share_their_options_and_differ_in_their_answers() -> None:
    questions = photo_questions(photos())
    assert len({q.image for q in questions}) == len(questions)
    assert {q.kind for q in questions} == {"positive", "negative", "hybrid"}
    for start in range(0, len(questions), 4):
        four = questions[start : start + 4]
        assert len({q.four for q in four}) == 1
        assert len({frozenset(q.options) for q in four}) == 1 and len(set(four[0].options)) == 4
        assert len({q.options[q.answer] for q in four}) == 4
        assert sorted(q.answer for q in four) == [0, 1, 2, 3]
    assert set(Counter(q.answer for q in questions).values()) == {len(questions) // 4}


def test_every_method_that_sees_no_photo_is_right_once_in_four() -> None:
    for metric in blind_baselines(asked(photo_questions(photos()))):
        assert metric.value == pytest.approx(0.25, abs=1e-9), metric.name
    # The same questions without their fours: what is mostly there gives the answer away, which the method must notice.
    lopsided = [q for q in photo_questions(photos()) if " dog" in q.options[q.answer] and q.kind == "positive"]
    found = {m.name: m.value for m in blind_baselines(asked(lopsided))}
    assert found["blind_text_only"] > 0.8


def test_seed_and_number() -> None:
    examples = photos()
    assert photo_questions(examples, seed=1) == photo_questions(examples[::-1], seed=1)
    assert photo_questions(examples, seed=1) != photo_questions(examples, seed=2)
    assert photo_questions(examples, most=11) == photo_questions(examples)[:8]


@pytest.mark.parametrize("frame", FRAMES)
def test_each_statement_of_a_frame_can_be_the_true_one(frame: object) -> None:
    assert all(frame.cells)  # type: ignore[attr-defined]
    assert len({state for cell in frame.cells for state in cell}) == sum(map(len, frame.cells))  # type: ignore[attr-defined]


def test_captions_tell_as_well_where_there_are_enough_of_them() -> None:
    def photo(i: int, dog: bool, bench: bool) -> Example:
        said = f"A field{' with a dog' * dog}{' by a bench' * bench} ."
        return Example(
            f"e{i}",
            ImageRef(f"{i}.jpg"),
            said,
            (f"There is {said[2:]}", f"Here is {said}"),
            meta={"captions_equal": True},
        )

    questions = photo_questions([photo(i, i % 2 == 0, i % 4 < 2) for i in range(8)])
    assert len(questions) == 8
    by_photo = {q.image.name: q.options[q.answer] for q in questions}
    assert "dog" in by_photo["0.jpg"] and "bench" in by_photo["0.jpg"] and " no" not in by_photo["0.jpg"]


def test_photos_that_do_not_differ_give_no_question_and_a_reason() -> None:
    with pytest.raises(UserError, match="no four differ") as caught:
        photo_questions(photos(50, ("dog",)))
    assert "objects" in caught.value.fix


def test_photos_of_a_shard_are_refused_and_the_advice_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with tarfile.open("FILE", "w") as shard:
        for number, example in enumerate(photos(60)):
            picture = io.BytesIO()
            Image.new("RGB", (8, 8), (number, 0, 0)).save(picture, "png")
            row = json.dumps({"caption": example.caption, "objects": example.meta["objects"]}).encode()
            for name, content in ((f"{number:03}.png", picture.getvalue()), (f"{number:03}.json", row)):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                shard.addfile(member, io.BytesIO(content))
    Path("FILE").rename("FILE.tar")
    with pytest.raises(UserError, match="60 photos lie inside other files") as caught:
        photo_questions(load_examples(DataConfig(path="FILE.tar")))
    assert "semclip data convert FILE photos.jsonl" in caught.value.fix
    convert(DataConfig(path="FILE.tar"), Path("photos.jsonl"))
    found = photo_questions(load_examples(DataConfig(path="photos.jsonl")))
    assert found and all(Path(q.image.name).is_file() for q in found)


def test_the_command_writes_a_file_that_negbenchs_reader_and_ours_read(tmp_path: Path) -> None:
    rows = [{"image": e.image.name, "caption": e.caption, **e.meta} for e in photos(60)]
    data, out = write_rows(tmp_path / "in.jsonl", [*rows, {"image": "bad.jpg", "caption": ""}]), tmp_path / "sub/q.csv"
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, [str(data), "--out", str(out)])
    assert result.exit_code == 0, result.output
    words = " ".join(result.output.split())
    assert "rows left out: 1" in words and f"--images {tmp_path}" in words and result.output.count("25.0%") >= 4
    with out.open(newline="") as file:
        written = list(csv.DictReader(file))
    assert tuple(written[0]) == COLUMNS
    read = FourCaptions.questions(_Reader(out.name), out.parent, lambda path: ImageRef(path))  # type: ignore[arg-type]
    own = load_examples(DataConfig(path=str(out), images=str(tmp_path)))
    assert len(read) == len(own) == len(written)
    assert [q.options[q.answer] for q in read] == [e.caption for e in own]
    assert {e.split for e in own} == {"test"}


def test_objects_in_a_table_are_read_and_a_row_with_others_is_left_out(tmp_path: Path) -> None:
    data = tmp_path / "in.csv"
    with data.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "caption", "objects"])
        table.writerows(
            (e.image.name, "Seen from above .", str(e.meta["objects"])) for e in photos(60)
        )  # as pandas does
        table.writerows([("x.jpg", "Seen from below .", "dog, ball"), ("y.jpg", "Seen from below .", "")])
    given = read_input(DataConfig(path=str(data)))
    assert [row.reason[:33] for row in given.left_out] == ["'objects' must be a list of nouns"]
    assert given.examples[-1].meta["objects"] is None
    assert photo_questions(given.examples)


def test_two_rows_of_a_photo_have_their_objects_together(tmp_path: Path) -> None:
    rows = [{"image": "a.jpg", "caption": f"Seen {i} .", "objects": listed} for i, listed in
            enumerate((["dog"], ["ball", "dog"], None))]  # fmt: skip
    (example,) = read_input(DataConfig(path=str(write_rows(tmp_path / "in.jsonl", rows)))).examples
    assert example.meta["objects"] == ["dog", "ball"] and len(example.captions) == 3


class _Reader:
    """As much of a NegBench set as its reader needs: the name of the file."""

    def __init__(self, name: str) -> None:
        self.files = [type("File", (), {"path": name})]


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--out", "q.jsonl"], "--out q.csv"), (["--out", "q.csv", "--n", "3"], "in fours")]
)
def test_mistakes(tmp_path: Path, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, [str(write_rows(tmp_path / "in.jsonl", [])), *arguments])
    assert isinstance(result.exception, UserError) and words in result.exception.fix
