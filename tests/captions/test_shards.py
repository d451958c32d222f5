"""A corpus of many files: each as if it were alone, killed or not, here or on a cluster."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from semclip.captions.config import CaptionsConfig
from semclip.captions.job import Job, Progress
from semclip.captions.shards import Shard, ShardReport, need_cluster, run_here, shard_paths, shards_of, write_shard
from semclip.core.errors import UserError
from semclip.data.load import DataConfig, load_examples
from tests.captions.test_job import FAKE, ROWS, run, write_rows


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three files of one row each, and one that is broken in part."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, row in enumerate(ROWS):
        write_rows(folder / f"{number:02}.jsonl", [row])
    write_rows(folder / "03.jsonl", [ROWS[0], {"image": "x.jpg", "caption": ""}])
    return folder


PLAIN = ("--writer", FAKE, "--verify", "none", "--views", "negation")


def outputs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix == ".jsonl"}


def alone(corpus: Path, out: Path) -> dict[str, bytes]:
    """Every file by a command of its own."""
    for path in sorted(corpus.iterdir()):
        assert run(path, "--out", out / path.name, *PLAIN).exit_code == 0
    return outputs(out)


def test_each_shard_is_written_as_if_it_were_alone(corpus: Path, tmp_path: Path) -> None:
    result = run(f"{corpus}/{{00..03}}.jsonl", "--out", tmp_path / "out", "--shards", *PLAIN)
    assert result.exit_code == 0, result.output
    assert outputs(tmp_path / "out") == alone(corpus, tmp_path / "alone")
    assert "4 of 4: 03.jsonl: 3 texts for 3 captions, 1 row left out" in result.output
    assert (tmp_path / "out/03.jsonl.left_out").is_file()
    again = run(f"{corpus}/*.jsonl", "--out", tmp_path / "out", "--shards", *PLAIN)  # from the journals
    assert again.exit_code == 0 and outputs(tmp_path / "out") == outputs(tmp_path / "alone")


def test_what_is_written_is_put_together_as_its_reader_advises(corpus: Path, tmp_path: Path) -> None:
    for name in ("03.jsonl", "02.jsonl"):
        (corpus / name).unlink()
    assert run(corpus, "--out", tmp_path / "out", "--shards", *PLAIN).exit_code == 0
    with pytest.raises(UserError) as refused:
        load_examples(DataConfig(path=str(tmp_path / "out")))
    (typed,) = re.findall("`(.*)`", refused.value.fix)
    subprocess.run(typed, shell=True, check=True, cwd=tmp_path)
    examples = load_examples(DataConfig(path=str(tmp_path / "all.jsonl")))
    assert [example.image.name for example in examples] == ["a.jpg", "b.jpg"] and all(e.negations for e in examples)


def test_a_broken_file_is_told_and_the_others_are_written(corpus: Path, tmp_path: Path) -> None:
    (corpus / "01.jsonl").write_text("{")
    result = run(corpus, "--out", tmp_path / "out", "--shards", *PLAIN)
    assert isinstance(result.exception, UserError) and "1 of 4 files" in result.exception.what
    assert "2 of 4: 01.jsonl: " in result.output and sorted(outputs(tmp_path / "out")) == [
        "00.jsonl", "02.jsonl", "03.jsonl",
    ]  # fmt: skip
    write_rows(corpus / "01.jsonl", [ROWS[1]])
    assert run(corpus, "--out", tmp_path / "out", "--shards", *PLAIN).exit_code == 0
    assert outputs(tmp_path / "out") == alone(corpus, tmp_path / "alone")


def test_what_stops_one_is_not_tried_on_the_others() -> None:
    shards = [Shard(data=str(i), images="", out="", settings=CaptionsConfig()) for i in range(4)]
    asked: list[str] = []

    def stopping(shard: Shard) -> ShardReport:
        asked.append(shard.data)
        return ShardReport(data=shard.data, stopped="the budget is spent" if shard.data == "1" else "")

    assert len(list(run_here(shards, stopping))) == 2 and asked == ["0", "1"]


def test_how_far_a_shard_is_can_be_watched_and_what_it_cost_is_told(corpus: Path) -> None:
    seen: list[tuple[int, int]] = []

    @contextmanager
    def watch(job: Job, captions: int) -> Iterator[Progress]:
        yield lambda summary: seen.append((summary.captions, captions))

    settings = CaptionsConfig(writer={"name": FAKE}, views=("negation",), verify=())
    shard = Shard(data=str(corpus / "00.jsonl"), images="", out=str(corpus / "out.jsonl"), settings=settings)
    report = write_shard(shard, lambda spec: pytest.fail(spec), watch)
    assert seen[-1] == (3, 3) and report.accepted == 3 and report.spent == "1 requests"


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9"])
def test_a_cluster_that_is_not_there_is_not_waited_for(address: str) -> None:
    with pytest.raises(UserError, match="no Ray cluster"):
        need_cluster(address)


def test_names_of_files(corpus: Path, tmp_path: Path) -> None:
    assert [path.name for path in shard_paths(f"{corpus}/{{02,00}}.jsonl")] == ["02.jsonl", "00.jsonl"]
    (tmp_path / "other").mkdir()
    shutil.copy(corpus / "00.jsonl", tmp_path / "other/00.txt.jsonl")
    for pattern, words in (
        (f"{corpus}/{{00..09}}.jsonl", "file not found"),
        (f"{corpus}/*.tar", "no file has such a name"),
        (f"{tmp_path}/{{in,other}}", "would both be written to 00.jsonl"),
    ):
        with pytest.raises(UserError, match=words):
            shard_paths(pattern)
    with pytest.raises(UserError, match="the output is the input"):
        shards_of(f"{corpus}/*.jsonl", "", {}, corpus, CaptionsConfig())
    with pytest.raises(UserError, match="taken for some of them at the next start"):
        shards_of(str(corpus), "", {}, corpus, CaptionsConfig())
    with pytest.raises(UserError, match="this is a file"):
        shards_of(str(corpus), "", {}, corpus / "00.jsonl", CaptionsConfig())


def test_without_ray_the_command_says_how_to_get_it(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    result = run(corpus, "--out", tmp_path / "out", "--ray", "local", *PLAIN)
    assert isinstance(result.exception, UserError) and "pip install 'semclip[ray]'" in result.exception.fix


@pytest.mark.slow
def test_on_a_cluster_the_same_bytes_are_written_also_after_a_kill(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    for name in ("01.jsonl", "02.jsonl"):  # two tasks are as good as four
        (corpus / name).unlink()
    out = tmp_path / "out"
    # One shard was done before the kill, the other not begun.
    (tmp_path / "some").mkdir()
    shutil.copy(corpus / "00.jsonl", tmp_path / "some")
    assert run(tmp_path / "some", "--out", out, "--shards", *PLAIN).exit_code == 0
    result = run(f"{corpus}/*.jsonl", "--out", out, "--ray", "local", *PLAIN)
    assert result.exit_code == 0, result.output
    assert outputs(out) == alone(corpus, tmp_path / "alone") and len(outputs(out)) == 2
