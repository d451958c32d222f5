"""What a run says and refuses before its first step, and what stands beside its numbers without a validation split."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from rich.console import Console

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.files import read_json
from semclip.data.load import DataConfig, load_examples
from semclip.models.load import create
from semclip.training import ordinary_texts
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from semclip.training.setup import set_up
from semclip.training.start_and_end import StartAndEnd
from tests.training.conftest import TINY, printed

Make = Callable[..., TrainConfig]
Rows = list[dict[str, Any]]


@pytest.fixture
def data(world: Path, tmp_path: Path) -> Callable[[Callable[[Rows], object]], dict[str, str]]:
    """`data(change)`: a copy of the world whose rows `change` has had, as the section `data:`."""
    shutil.copytree(world, tmp_path / "copy")

    def make(change: Callable[[Rows], object]) -> dict[str, str]:
        file = tmp_path / "copy" / "scenes.jsonl"
        rows = [json.loads(line) for line in (world / "scenes.jsonl").read_text().splitlines()]
        change(rows)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return {"root": str(tmp_path / "copy"), "path": "scenes.jsonl"}

    return make


def break_photo(folder: str, row: dict[str, Any], how: str) -> None:
    path = Path(folder) / row["image"]
    path.unlink() if how == "missing" else path.write_bytes(path.read_bytes()[:50])


@pytest.mark.parametrize("split", ["val", "test"])
@pytest.mark.parametrize("how", ["missing", "cut"])
def test_a_held_out_photo_is_opened_before_training_and_the_advice_works(
    split: str, how: str, data: Any, make_config: Make, tmp_path: Path, console: Console
) -> None:
    config = make_config(data=data(lambda rows: None), train={"steps": 2})
    rows = [json.loads(line) for line in (tmp_path / "copy" / "scenes.jsonl").read_text().splitlines()]
    bad = [row for row in rows if row["split"] == split][3]
    break_photo(str(tmp_path / "copy"), bad, how)
    with pytest.raises(UserError) as error:
        set_up(config, tmp_path / "run", console, resume=False)
    place = f"scenes.jsonl:{rows.index(bad) + 1}"
    assert place in error.value.where and "remove" in error.value.fix
    assert not (tmp_path / "run" / "run.json").exists()
    rows.remove(bad)  # as it says
    (tmp_path / "copy" / "scenes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    set_up(config, tmp_path / "run", console, resume=False)


def test_several_held_out_photos_are_listed_together(
    data: Any, make_config: Make, tmp_path: Path, console: Console
) -> None:
    config = make_config(data=data(lambda rows: None))
    rows = [json.loads(line) for line in (tmp_path / "copy" / "scenes.jsonl").read_text().splitlines()]
    for row in [row for row in rows if row["split"] != "train"][::9]:
        break_photo(str(tmp_path / "copy"), row, "cut")
    with pytest.raises(UserError, match=r"^6 pictures of the validation and test splits.*and 1 more"):
        set_up(config, tmp_path / "run", console, resume=False)


def test_missing_photos_are_tolerated_like_unreadable_ones(
    data: Any, make_config: Make, tmp_path: Path, console: Console
) -> None:
    section = data(lambda rows: None)
    rows = [json.loads(line) for line in (tmp_path / "copy" / "scenes.jsonl").read_text().splitlines()]
    break_photo(str(tmp_path / "copy"), rows[5], "missing")
    break_photo(str(tmp_path / "copy"), rows[9], "cut")
    with pytest.raises(UserError, match="1 of 96 image files are missing") as error:
        set_up(make_config(data=section), tmp_path / "run", console, resume=False)
    assert "guards.unreadable=0.1" in error.value.fix
    made = set_up(make_config(data=section, guards={"unreadable": 0.1}), tmp_path / "run", console, resume=False)
    assert len(made.dataset) == 94
    assert "left out of training: 1 of 96 image files are missing" in printed(console)


def test_what_the_check_notes_the_trainer_notes(data: Any, make_config: Make, tmp_path: Path, console: Console) -> None:
    def change(rows: Rows) -> None:
        rows[1]["caption"] = "a small ring " * 40 + "but no cross"
        rows[2]["negations"][0] = rows[2]["caption"].upper()
        rows[3]["caption"] = rows[4]["caption"] + "."
        test = next(row for row in rows if row["split"] == "test")
        shutil.copy(tmp_path / "copy" / rows[6]["image"], tmp_path / "copy" / test["image"])

    config = make_config(data=data(change), guards={"unreadable": 0.02})
    set_up(config, tmp_path / "run", console, resume=False)
    said = printed(console)
    for part in (
        "text over the context length, negation word cut off: 1",
        "left out of training: 1 of 96 training examples have a negation equal to a caption",
        "photos share a caption with others and are not each other's negatives",
        "picture in two splits under two names: 1",
    ):
        assert part in said, part


def test_one_caption_for_all_is_refused_and_the_advice_works(
    data: Any, make_config: Make, tmp_path: Path, console: Console
) -> None:
    def change(rows: Rows) -> None:
        for row in rows:
            row.update(caption="A photo.", paraphrases=["a photo"])

    section = data(change)
    with pytest.raises(UserError, match="nothing to learn") as error:
        set_up(make_config(data=section), tmp_path / "run", console, resume=False)
    assert "train.mask_equal_captions=false" in error.value.fix
    set_up(make_config(data=section, train={"mask_equal_captions": False}), tmp_path / "run", console, resume=False)


def test_without_validation_it_is_said_and_start_stands_beside_end(
    data: Any, make_config: Make, tmp_path: Path, console: Console
) -> None:
    section = data(lambda rows: rows.__setitem__(slice(None), [row for row in rows if row["split"] != "val"]))
    train(make_config(data=section, train={"steps": 4, "learning_rate": 0.3}), tmp_path / "run", console)
    said = printed(console)
    assert "no validation split: the last weights are kept" in said
    assert "data.validation=0.1 holds out 10 of the 96 training groups" in said
    assert "start and end, on 24 test examples" in said
    found = read_json(tmp_path / "run" / "start_and_end.json")
    assert set(found["start"]) == set(found["end"]) >= {"retrieval.caption_r1", "retrieval.caption_r5"}
    # As it says: ten groups are held out, the proposal is gone, and validation chooses.
    split = load_examples(DataConfig(**section, validation=0.1))
    assert len({e.group for e in split if e.split == "val"}) == 10
    made = set_up(make_config(data={**section, "validation": 0.1}), tmp_path / "other", console, resume=False)
    assert len(made.splits.val) == 10 and printed(console).count("no validation split: the last") == 1


def test_a_photo_that_cannot_be_read_does_not_end_the_comparison_and_what_does_is_said(tmp_path: Path) -> None:
    encoder = create({"backend": "open_clip", "config": TINY}, "test")
    examples = []
    for number in range(6):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (48, 48), (number * 40, 0, 0)).save(file)
        examples.append(
            Example(id=str(number), image=ImageRef(file.name, file), caption=f"thing {number}", group=str(number))
        )
    (tmp_path / "3.png").write_bytes(b"broken")
    config = parse(
        TrainConfig,
        {
            "name": "x",
            "data": {"path": "x"},
            "model": {},
            "objective": {},
            "train": {"steps": 1},
            "evaluate": {"primary": "absence.absence_over_negation"},
        },
        where="test",
    )
    told: list[str] = []
    compared = StartAndEnd.of(config, tmp_path, encoder, examples, [], told.append)
    assert compared.what.startswith("5 TRAINING examples")
    compared.start(encoder, torch.device("cpu"))
    assert "retrieval.caption_r1" in read_json(tmp_path / "start_and_end.json")["start"]
    assert len(told) == 1 and "not compared by 'absence'" in told[0]


def test_what_was_lost_is_said(
    data: Any, make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = data(lambda rows: rows.__setitem__(slice(None), [row for row in rows if row["split"] == "train"]))
    found = iter([0.9, 0.1])  # of the start model, and of the trained one
    monkeypatch.setattr(ordinary_texts, "recall", lambda encoder: next(found))
    train(make_config(data=section, train={"steps": 2}), tmp_path / "run", console)
    assert "LOST what it could do before: 40 ordinary sentences" in printed(console)
    assert "96 TRAINING examples, there being no test split" in printed(console)


def test_ordinary_sentences_are_found_by_a_better_model_and_by_no_constant_one() -> None:
    words = sorted({word for pair in ordinary_texts.PAIRS for text in pair for word in text.split()})

    class Bags:
        log_logit_scale = torch.zeros(())

        def tokenize(self, texts: list[str]) -> torch.Tensor:
            return torch.tensor([[float(word in text.split()) for word in words] for text in texts])

        def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
            return tokens

    class Constant(Bags):
        def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
            return torch.ones(len(tokens), 3)

    assert ordinary_texts.recall(Bags()) > 0.6  # type: ignore[arg-type]
    assert ordinary_texts.recall(Constant()) == 0  # type: ignore[arg-type]
