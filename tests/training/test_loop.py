"""The training loop as a user meets it: run folders, resuming, refusing, guarding."""

import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from rich.console import Console
from torch import Tensor

from semclip.core.config import dump
from semclip.core.errors import UserError
from semclip.core.files import read_json, sha256_file
from semclip.data.load import DataConfig, load_examples
from semclip.evaluation.metrics.result import Result
from semclip.models.features_file import write_features
from semclip.models.load import create, load
from semclip.training import loop, setup
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from tests.training.conftest import printed

Make = Callable[..., TrainConfig]


def lines(run: Path, split: str) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [r for r in records if r["split"] == split]


def weights(model: Path) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in load(str(model)).state_dict().items()}


def test_a_run_folder_is_self_sufficient(make_config: Make, tmp_path: Path, console: Console) -> None:
    run = tmp_path / "run"
    evaluate = {"benchmarks": ["retrieval", "original_over_negation", "margins"], "every": 3}
    results = train(make_config(evaluate=evaluate), run, console)

    assert {p.name for p in run.iterdir()} >= {
        "config.yaml",
        "run.json",
        "metrics.jsonl",
        "checkpoints",
        "model",
        "results",
    }
    info = read_json(run / "run.json")
    assert info["finished"] and info["steps"] == 6 and info["texts_seen"] == 6 * 16 * 3
    assert set(info["data_sha256"]) == {"scenes.jsonl"} and info["precision"] == "32-true"
    # Evaluated before step 1, at the interval and at the end.
    assert [r["step"] for r in lines(run, "val")] == [0, 3, 6]
    assert {"total", "contrastive", "paraphrase", "negation", "logit_scale"} <= set(lines(run, "train")[-1])
    saved = Result.load(run / "results" / "original_over_negation.json")
    assert saved.metric("caption_over_negation").value == pytest.approx(
        results["original_over_negation"].metric("caption_over_negation").value
    )
    assert saved.data["split"] == "test"
    assert read_json(run / "results" / "plane.json").keys() >= {"before", "after", "basis", "ids"}


def test_further_test_sets_have_results_of_their_own(
    make_config: Make, world: Path, tmp_path: Path, console: Console
) -> None:
    namesake = tmp_path / "scenes.jsonl"  # of the data file, with other rows
    shutil.copy(world / "unseen_wordings.jsonl", namesake)
    data = {"root": str(world), "path": "scenes.jsonl", "images": "."}
    tests = {"unseen_wordings": "unseen_wordings.jsonl", "namesake": str(namesake)}
    evaluate = {"benchmarks": ["retrieval"], "test_only": ["absence"], "tests": tests}
    results = train(make_config(evaluate=evaluate, data=data), tmp_path / "run", console)
    assert list(results) == ["retrieval", "absence", "unseen_wordings.retrieval", "namesake.retrieval"]
    assert not any("absence.absence_over_negation" in line for line in lines(tmp_path / "run", "val"))
    saved = Result.load(tmp_path / "run" / "results" / "unseen_wordings.retrieval.json")
    assert (saved.data["path"], saved.data["split"]) == ("unseen_wordings.jsonl", "unseen_wordings")
    assert saved.data["sha256"] == read_json(tmp_path / "run" / "run.json")["data_sha256"]["unseen_wordings.jsonl"]
    recorded = read_json(tmp_path / "run" / "run.json")["data_sha256"]
    for name, key, file in (
        ("retrieval", "scenes.jsonl", world / "scenes.jsonl"),
        ("namesake.retrieval", "evaluate.tests.namesake", namesake),
    ):
        assert results[name].data["path"] == "scenes.jsonl"
        assert results[name].data["sha256"] == recorded[key] == sha256_file(file)
    # The same pictures, other texts: other numbers.
    assert saved.metric("caption_r1").n == results["retrieval"].metric("caption_r1").n == 24
    assert saved.metrics != results["retrieval"].metrics


def test_what_only_tests_are_measured_on_may_be_left_out_with_the_reason(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    evaluate = {"benchmarks": ["retrieval"], "test_only": ["exclusion", "absence"]}
    results = train(make_config(evaluate=evaluate, steps=[]), tmp_path / "run", console)
    assert list(results) in (["retrieval", "absence"], ["retrieval", "exclusion", "absence"])
    assert ("exclusion" in results) != ("not run: exclusion: no query can be made" in printed(console))
    with pytest.raises(UserError, match="absense"):
        train(make_config(evaluate={"test_only": ["absense"]}), tmp_path / "other", console)


def test_a_test_set_that_training_has_seen_is_refused(
    make_config: Make, world: Path, tmp_path: Path, console: Console
) -> None:
    with pytest.raises(UserError, match=r"96 examples of the test set 'again' are in the training split, too"):
        train(make_config(evaluate={"tests": {"again": "scenes.jsonl"}}), tmp_path / "run", console)
    rows = [json.loads(line) for line in (world / "scenes.jsonl").read_text().splitlines()]
    chosen_by = [{**row, "split": "test"} for row in rows if row["split"] == "val"]
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chosen_by))
    with pytest.raises(UserError, match=r"24 examples of the test set 'more' are in the validation split, too"):
        train(make_config(evaluate={"tests": {"more": str(tmp_path / "more.jsonl")}}), tmp_path / "run", console)
    with pytest.raises(UserError, match="cannot be called 'A b'"):
        make_config(evaluate={"tests": {"A b": "scenes.jsonl"}})


def test_killed_and_resumed_equals_never_killed(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    train(make_config(), whole, console)

    killed = tmp_path / "killed"
    original = loop.batches

    def stop_at_five(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for number, batch in enumerate(original(*args, **kwargs)):
            if number == 5:
                raise SystemExit("killed")  # no chance to save: the checkpoint of step 4 must do
            yield batch

    monkeypatch.setattr(loop, "batches", stop_at_five)
    with pytest.raises(SystemExit):
        train(make_config(), killed, console)
    monkeypatch.setattr(loop, "batches", original)
    train(make_config(), killed, console, resume=True)

    assert "resuming after step 4" in printed(console)
    a, b = weights(whole / "model"), weights(killed / "model")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert [r["step"] for r in lines(killed, "val")] == [0, 3, 6]


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_a_resumable_run(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = loop.batches

    def interrupted(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for number, batch in enumerate(original(*args, **kwargs)):
            if number == 2:
                os.kill(os.getpid(), signal.SIGINT)  # in the middle: the step under way is finished first
            yield batch

    monkeypatch.setattr(loop, "batches", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(make_config(), tmp_path / "run", console)
    assert "stopped after step 3" in printed(console)
    monkeypatch.setattr(loop, "batches", original)
    train(make_config(), tmp_path / "run", console, resume=True)
    assert "resuming after step 3" in printed(console)


def test_changed_data_is_refused_on_resume(make_config: Make, world: Path, tmp_path: Path, console: Console) -> None:
    data = tmp_path / "copy.jsonl"
    data.write_text((world / "scenes.jsonl").read_text())
    config = make_config(data={"path": str(data), "images": str(world)}, train={"steps": 2})
    train(config, tmp_path / "run", console)
    rows = (world / "scenes.jsonl").read_text().splitlines()
    data.write_text("\n".join(rows[1:]) + "\n")  # a row of the training split is gone
    with pytest.raises(UserError, match="trains on have changed since: 96 then, 95 now"):
        train(config, tmp_path / "run", console, resume=True)
    data.write_text("\n".join([rows[0].replace("small", "large", 1), *rows[1:]]) + "\n")
    with pytest.raises(UserError, match="trains on have changed since: 96 then, 96 now"):
        train(config, tmp_path / "run", console, resume=True)


def test_rows_for_validation_and_test_may_change_and_what_differs_is_said(
    make_config: Make, world: Path, tmp_path: Path, console: Console
) -> None:
    """The advice for a test photo that broke while the run was training: remove its row, continue with --resume."""
    data = tmp_path / "copy.jsonl"
    rows = [json.loads(line) for line in (world / "scenes.jsonl").read_text().splitlines()]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = make_config(data={"path": str(data), "images": str(world)}, train={"steps": 2})
    train(config, tmp_path / "run", console)
    gone = next(row for row in rows if row["split"] == "test")
    rows.remove(gone)
    other = next(row for row in rows if row["split"] == "val")
    other["caption"] += " again"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    results = train(config, tmp_path / "run", console, resume=True)
    said = printed(console)
    assert f"the test examples are not those the run was started with: 1 removed (first '{gone['id']}')" in said
    assert f"1 changed (first '{other['id']}'); the best so far was chosen on those of before" in said
    assert results["retrieval"].data["examples"] == 23
    record = read_json(tmp_path / "run" / "run.json")
    assert record["data_sha256"]["copy.jsonl"] == results["retrieval"].data["sha256"]
    # From now on these are the examples of the run, of which nothing differs.
    before = len(said)
    train(config, tmp_path / "run", console, resume=True)
    assert "not those the run was started with" not in printed(console)[before:]


@pytest.mark.parametrize("at", ["model", "."], ids=["a model", "a run"])
def test_another_start_model_at_the_same_place_is_refused_on_resume(
    at: str, make_config: Make, tmp_path: Path, console: Console
) -> None:
    """Features of a frozen tower would be those of the new one, under the weights of the old one."""
    for seed in (0, 1):
        train(make_config(train={"steps": 2}, seed=seed), tmp_path / f"base{seed}", console)
    config = make_config(model={"from": str(tmp_path / "base0" / at), "freeze": ["image"]}, train={"steps": 2})
    train(config, tmp_path / "run", console)
    train(config, tmp_path / "run", console, resume=True)
    shutil.rmtree(tmp_path / "base0")
    (tmp_path / "base1").rename(tmp_path / "base0")
    with pytest.raises(UserError, match=r"has changed since: model\.from"):
        train(config, tmp_path / "run", console, resume=True)


def test_features_of_another_network_at_the_same_place_are_refused_on_resume(
    feature_config: Make, tmp_path: Path, console: Console
) -> None:
    train(feature_config(), tmp_path / "run", console)
    names = json.loads((tmp_path / "x.rows.json").read_text())
    write_features(tmp_path / "x.npy", np.random.default_rng(1).normal(size=(len(names), 8)).astype("f4"), names)
    with pytest.raises(UserError, match=r"has changed since: model\.features"):
        train(feature_config(), tmp_path / "run", console, resume=True)


def test_missing_test_images_are_found_before_training(make_config: Make, tmp_path: Path, console: Console) -> None:
    config = make_config()
    config = make_config(data={**dump(config.data), "images": str(tmp_path)})
    with pytest.raises(UserError, match="96 of 96 image files are missing"):
        train(config, tmp_path / "run", console)
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("ctrl_c")
def test_the_plane_survives_a_resume(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_ctrl_c_leaves_a_resumable_run(make_config, tmp_path, console, monkeypatch)
    assert read_json(tmp_path / "run" / "results" / "plane.json").keys() >= {"before", "after"}


@pytest.fixture
def feature_config(make_config: Make, world: Path, tmp_path: Path) -> Make:
    """The same data, of which only features of another network are there: no image stands beside it."""
    names = [json.loads(line)["image"] for line in (world / "scenes.jsonl").read_text().splitlines()]
    write_features(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(len(names), 8)).astype("f4"), names)
    (tmp_path / "captions.jsonl").write_text((world / "scenes.jsonl").read_text())
    model = {"backend": "features", "features": str(tmp_path / "x.npy"), "rows": str(tmp_path / "x.rows.json")}
    model |= {"embed_dim": 16, "text": {"width": 32, "layers": 1, "heads": 2}}
    return partial(make_config, data={"path": str(tmp_path / "captions.jsonl")}, model=model, train={"steps": 2})


def test_features_without_pixels_train(feature_config: Make, tmp_path: Path, console: Console) -> None:
    assert train(feature_config(), tmp_path / "run", console)


def test_patch_tokens_are_read_in_the_same_pass_as_the_embedding(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    config = make_config(objective={"name": "superclip", "idf": "corpus"})
    train(config, tmp_path / "run", console)
    record = read_json(tmp_path / "run" / "run.json")
    # LayerNorm of 32 and a linear layer 32 -> 49,408 with bias: what is gone from the exported model.
    assert record["objective_parameters"] == 2 * 32 + 33 * 49408
    assert all(0 < row["class"] < 20 for row in lines(tmp_path / "run", "train"))
    assert not any("head" in name for name in weights(tmp_path / "run"))


def test_features_of_another_network_have_no_patch_tokens(
    feature_config: Make, tmp_path: Path, console: Console
) -> None:
    with pytest.raises(UserError, match="no patch tokens"):
        train(feature_config(objective={"name": "superclip"}), tmp_path / "run", console)


def test_data_steps_make_the_views_that_the_data_lacks(make_config: Make, tmp_path: Path, console: Console) -> None:
    config = make_config(objective={"name": "tngclip"}, steps=[{"name": "batch_absences"}])
    train(config, tmp_path / "run", console)
    record = read_json(tmp_path / "run" / "run.json")
    assert record["images_seen"] == 6 * 16
    assert record["texts_seen"] == 6 * 16 * 3  # two absences and the caption
    assert "two absences per visit" in printed(console)


def test_a_step_that_gives_nothing_the_data_lacks_names_what_is_missing(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    config = make_config(data={"root": str(tmp_path), "path": "plain.jsonl"}, objective={"name": "conclip"})
    rows = [{"image": f"{i}.png", "caption": f"a {i}", "split": "train"} for i in range(40)]
    (tmp_path / "plain.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UserError, match="needs the view 'negation', which no training example has"):
        train(config, tmp_path / "run", console)


def test_steps_resume_exactly(make_config: Make, tmp_path: Path, console: Console) -> None:
    config = make_config(objective={"name": "tngclip"}, steps=[{"name": "batch_absences"}], train={"workers": 1})
    train(config, tmp_path / "whole", console)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    for path in sorted((tmp_path / "cut" / "checkpoints").iterdir()):
        if "4" not in path.name:
            shutil.rmtree(path)
    train(config, tmp_path / "cut", console, resume=True)
    whole, cut = weights(tmp_path / "whole"), weights(tmp_path / "cut")
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    costs = [read_json(tmp_path / name / "run.json")["texts_seen"] for name in ("whole", "cut")]
    assert costs[0] == costs[1] == 6 * 16 * 3


def test_micro_batches_give_the_weights_of_whole_ones(make_config: Make, tmp_path: Path, console: Console) -> None:
    for name, size in (("whole", 0), ("micro", 5)):
        train(make_config(train={"micro_batch": size}), tmp_path / name, console)
    whole, micro = weights(tmp_path / "whole"), weights(tmp_path / "micro")
    assert all(torch.allclose(whole[name], micro[name], atol=2e-4) for name in whole)


@pytest.mark.parametrize("workers", [0, 1])
def test_when_no_image_can_be_read_the_error_keeps_its_three_parts(
    workers: int, make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> tuple[Callable[[object], Tensor], bool, str]:
        def load_image(ref: object) -> Tensor:
            raise UserError("cannot decode the image", where="photos/7.jpg", fix="replace the file")

        return load_image, False, ""

    monkeypatch.setattr(setup, "image_source", broken)
    with pytest.raises(UserError) as error:
        train(make_config(train={"workers": workers}), tmp_path / "run", console)
    assert (error.value.what, error.value.where) == ("cannot decode the image", "photos/7.jpg")


def test_workers_do_not_change_the_weights(make_config: Make, tmp_path: Path, console: Console) -> None:
    for workers in (0, 2):
        train(make_config(train={"workers": workers, "steps": 3}), tmp_path / f"run{workers}", console)
    a, b = weights(tmp_path / "run0" / "model"), weights(tmp_path / "run2" / "model")
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_a_finished_run_is_never_overwritten(make_config: Make, tmp_path: Path, console: Console) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(UserError, match="exists"):
        train(make_config(), tmp_path / "run", console)


def test_resuming_with_another_config_lists_what_differs(make_config: Make, tmp_path: Path, console: Console) -> None:
    train(make_config(), tmp_path / "run", console)
    other = make_config(train={"learning_rate": 5e-4, "workers": 1, "keep_checkpoints": 5}, seed=3)
    with pytest.raises(UserError) as error:
        train(other, tmp_path / "run", console, resume=True)
    # Workers and checkpoints change nothing of the result, and are no reason to refuse.
    assert error.value.what.endswith("config: seed was 0, is 3; train.learning_rate was 0.001, is 0.0005")


def test_a_config_of_an_older_version_lacks_keys_and_still_resumes(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    run = tmp_path / "run"
    train(make_config(), run, console)
    saved = yaml.safe_load((run / "config.yaml").read_text())
    del saved["guards"], saved["train"]["ema"]
    (run / "config.yaml").write_text(yaml.safe_dump(saved))
    train(make_config(), run, console, resume=True)
    with pytest.raises(UserError, match=r"train\.ema was 0\.0, is 0\.9"):
        train(make_config(train={"ema": 0.9}), run, console, resume=True)


def test_the_files_of_data_steps_belong_to_the_data(make_config: Make, tmp_path: Path, console: Console) -> None:
    rewrites = tmp_path / "rewrites.json"
    texts = {e.id: ["another wording of the same"] for e in load_examples(make_config().data)}
    rewrites.write_text(json.dumps(texts))
    step = {"name": "rewrites", "file": str(rewrites)}
    config = make_config(objective={"name": "laclip"}, steps=[step], train={"steps": 2})
    train(config, tmp_path / "run", console)
    assert set(read_json(tmp_path / "run" / "run.json")["data_sha256"]) == {"scenes.jsonl", "steps.0.file"}
    rewrites.write_text(json.dumps({id_: ["a third wording"] for id_ in texts}))
    with pytest.raises(UserError, match=r"has changed since: steps\.0\.file"):
        train(config, tmp_path / "run", console, resume=True)


def test_a_missing_view_is_refused_before_any_model_is_built(
    make_config: Make, world: Path, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [json.loads(line) for line in (world / "scenes.jsonl").read_text().splitlines()]
    for row in rows:
        for name in [n for n in row if n.startswith("negation")]:
            del row[name]
    data = tmp_path / "no_negations.jsonl"
    data.write_text("\n".join(json.dumps(r) for r in rows))

    def no_model(*args: object, **kwargs: object) -> None:
        raise AssertionError("a model was built before the data was checked")

    monkeypatch.setattr(setup, "create_encoder", no_model)
    with pytest.raises(UserError, match="'negation'"):
        train(make_config(data={"path": str(data), "images": str(world)}), tmp_path / "run", console)


def poison(monkeypatch: pytest.MonkeyPatch, steps: set[int]) -> None:
    """NaN in the images of these steps."""
    original = loop.batches

    def poisoned(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for number, batch in enumerate(original(*args, **kwargs)):
            if number in steps:
                batch.images["image"][:] = float("nan")
            yield batch

    monkeypatch.setattr(loop, "batches", poisoned)


def test_a_non_finite_batch_is_left_out_and_kept_for_a_person(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, {3})
    run = tmp_path / "run"
    train(make_config(steps=[{"name": "batch_absences"}], objective={"name": "tngclip"}), run, console)
    assert "step 3 is left out: total" in printed(console)
    assert all(torch.isfinite(value).all() for value in weights(run / "model").values())
    assert read_json(run / "run.json")["steps_left_out"] == 1
    # The batch is a data file of its own: its rows are samples of the data, with the texts of that step.
    kept = load_examples(DataConfig(path=str(run / "bad_batches" / "step_00000003.jsonl")))
    rows = [json.loads(line) for line in (run / "bad_batches" / "step_00000003.jsonl").read_text().splitlines()]
    everything = {e.id: e for e in load_examples(make_config().data)}
    assert len(kept) == 16 and all(e.image.name == everything[e.id].image.name for e in kept)
    assert all(row["caption"] == everything[row["id"]].caption and row["absence"] for row in rows)


def test_non_finite_batches_in_a_row_stop_and_keep_the_last_checkpoint(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, {2, 3, 4})
    run = tmp_path / "run"
    with pytest.raises(UserError, match=r"step 4.*the 2 steps before it"):
        train(make_config(guards={"skip_non_finite": 2}), run, console)
    assert [p.name for p in sorted((run / "checkpoints").iterdir())] == ["step_00000002", "step_00000004"]
    assert len(list((run / "bad_batches").iterdir())) == 3


def test_guards_that_say_nothing_change_nothing(make_config: Make, tmp_path: Path, console: Console) -> None:
    silent = {"skip_non_finite": 0, "collapse": "off", "drop": "off", "logit_scale_steps": 0, "unreadable": 0}
    alert = {"collapse": "stop", "drop": "stop", "logit_scale_steps": 1}
    evaluate = {"benchmarks": ["retrieval", "margins"], "every": 3}  # what the guards look at
    for name, guards in (("off", silent), ("on", alert)):
        train(make_config(guards=guards, evaluate=evaluate), tmp_path / name, console)
    off, on = weights(tmp_path / "off"), weights(tmp_path / "on")
    assert all(torch.equal(off[name], on[name]) for name in off)


def test_a_batch_that_the_data_cannot_fill_is_lowered_with_the_reason(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    config = make_config(train={"batch_size": 1000, "steps": 3})
    train(config, tmp_path / "run", console)
    train(config, tmp_path / "run", console, resume=True)  # the config is the one it was started with
    (groups,) = set(re.findall(r"lowered from 1000: the training split has (\d+) groups", printed(console)))
    assert f"batch   {groups} examples" in printed(console)
    assert read_json(tmp_path / "run" / "run.json")["batch_size"] == int(groups)


def test_a_training_split_of_one_group_trains_nothing(
    make_config: Make, world: Path, tmp_path: Path, console: Console
) -> None:
    rows = [json.loads(line) for line in (world / "scenes.jsonl").read_text().splitlines()]
    lines = [json.dumps(row | {"group": "one", "split": "train"}) + "\n" for row in rows]
    (tmp_path / "one.jsonl").write_text("".join(lines))
    config = make_config(data={"path": str(tmp_path / "one.jsonl"), "images": str(world)})
    with pytest.raises(UserError, match="1 group, and a batch needs two"):
        train(config, tmp_path / "run", console)


def test_an_unknown_primary_metric_names_the_known_ones(make_config: Make, tmp_path: Path, console: Console) -> None:
    config = make_config(evaluate={"benchmarks": ["retrieval"], "primary": "retrieval.caption_r7"})
    with pytest.raises(UserError, match="caption_r7") as error:
        train(config, tmp_path / "run", console)
    assert "caption_r5" in error.value.fix


def test_a_frozen_image_tower_stays_bit_equal_and_is_encoded_once(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    train(make_config(), tmp_path / "base", console)
    start = weights(tmp_path / "base" / "model")
    tuned = make_config(model={"from": str(tmp_path / "base" / "model"), "freeze": ["image"]})
    train(tuned, tmp_path / "tuned", console)
    end = weights(tmp_path / "tuned" / "model")
    image = {name for name, _ in load(str(tmp_path / "base" / "model")).parts()["image"]}
    assert image and all(torch.equal(start[name], end[name]) for name in image)
    assert any(not torch.equal(start[name], end[name]) for name in start)
    assert "encoded once" in printed(console)


def test_a_frozen_logit_scale_beyond_the_cap_stays_what_it_is(make_config: Make) -> None:
    """SigLIP's is 117."""
    for frozen in (True, False):
        model = {**make_config().model, "freeze": ["logit_scale"] * frozen}
        encoder = create(model, where="test")
        encoder.log_logit_scale.data.fill_(4.7644)
        loop.clamp_logit_scale(encoder)
        assert encoder.logit_scale.item() == pytest.approx(117.26 if frozen else 100, rel=1e-3)


def test_the_logit_scale_starts_where_the_base_left_it_and_is_capped(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    train(make_config(train={"learning_rate": 3.0, "clip_norm": 1e9}), tmp_path / "wild", console)
    assert all(1.0 <= r["logit_scale"] <= 100.001 for r in lines(tmp_path / "wild", "train"))


def test_learning_beats_not_learning(make_config: Make, tmp_path: Path, console: Console) -> None:
    config = make_config(
        train={"steps": 60, "learning_rate": 2e-3},
        objective={"name": "clip"},
        evaluate={"benchmarks": ["retrieval"], "every": 0},
    )
    train(config, tmp_path / "run", console)
    losses = [r["total"] for r in lines(tmp_path / "run", "train")]
    assert losses[-1] < 0.85 * losses[0]
