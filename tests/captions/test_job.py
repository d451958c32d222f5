"""The captions job: rows kept, texts added, tried again, killed and continued, a reason for whatever is left out."""

import gc
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from semclip.captions.job import Job, run_job, write_output
from semclip.captions.journal import IN_MEMORY, Journal, journal_path
from semclip.captions.rows import read_input
from semclip.captions.summary import Summary
from semclip.captions.verifiers.base import Verdict, Verifier
from semclip.captions.writers.base import Candidate, JobStopped, Written
from semclip.cli.captions_write import command
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.data.load import DataConfig, load_examples
from tests.captions.writer import Fake

FAKE = f"{Path(__file__).with_name('writer.py')}:Fake"
ROWS: list[dict[str, Any]] = [
    {
        "image": "a.jpg",
        "captions": ["A dog sits on a bench .", "A brown dog with a ball .", "A dog next to a ball ."],
        "split": "train",
        "photographer": "Ann",
    },
    {
        "image": "b.jpg",
        "captions": ["A man rides a bicycle .", "A man and his dog .", "A man on a bicycle ."],
        "split": "test",
    },
    {
        "image": "c.jpg",
        "captions": ["A dog with no collar .", "A cat naps on a couch .", "A ball rolls ."],
        "split": "val",
    },
]


class NoBrown(Verifier):
    """Rejects what says "brown", and counts what it was asked."""

    name, version = "no_brown", "1"

    def __init__(self) -> None:
        super().__init__(None, lambda spec: pytest.fail(spec))
        self.asked: list[str] = []
        self.signed = 0

    def signature(self) -> dict[str, Any]:
        self.signed += 1
        return super().signature()

    async def check(self, example: Example, view: str, candidates: Sequence[Candidate]) -> list[Verdict]:
        self.asked += [candidate.text for candidate in candidates]
        return [Verdict(self.name, "brown" if "brown" in c.text else "", 0.25) for c in candidates]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "in.jsonl", ROWS)


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def run(*arguments: str | Path) -> Any:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_fake(data: Path, out: Path, *arguments: str | Path) -> Any:
    return run(data, "--out", out, "--writer", FAKE, "--verify", "none", *arguments)


def job(data: Path, writer: Fake, *verifiers: Verifier, views: Sequence[str] = ("negation",), attempts: int = 2) -> Job:
    examples = read_input(DataConfig(path=str(data))).examples
    return Job(examples=examples, writer=writer, verifiers=verifiers, views=views, attempts=attempts, seed=0)


def settled(job: Job) -> tuple[Summary, JobStopped | None, list[dict[str, dict[str, Any]]]]:
    with Journal(IN_MEMORY, {}) as journal:
        summary, stopped = run_job(job, journal, range(len(job.examples)), lambda summary: None)
        return summary, stopped, [journal.of(place) for place in range(len(job.examples))]


# -- what is written ---------------------------------------------------------------------------------------------------


def test_rows_are_kept_and_texts_added(data: Path, tmp_path: Path) -> None:
    result = run_fake(data, tmp_path / "out.jsonl", "--seed", "7", "attempts=3")
    assert result.exit_code == 0, result.output
    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["image"] for row in rows] == ["a.jpg", "b.jpg", "c.jpg"]
    for before, after in zip(ROWS, rows, strict=True):
        assert before.items() <= after.items()
        provenance = {"writer": "fake", "version": "1", "word": "no", "seed": 7, "verify": []}
        assert after["provenance"] == provenance | {"writer": after["provenance"]["writer"]}
        for view, column in (("paraphrase", "paraphrases"), ("negation", "negations"), ("absence", "absences")):
            assert after[column] == [f"0 no {caption} ({view}, 7)" for caption in before["captions"]]
            assert after[f"{view}_kinds"] == [f"{view}_kind"] * 3
            assert after[f"{view}_of"] == [0, 1, 2]
            assert after[f"{view}_verdicts"] == [[], [], []]
            assert after[f"{view}_provenance"] == [{"attempt": 0}] * 3

    examples = load_examples(DataConfig(path=str(tmp_path / "out.jsonl")))
    assert examples[0].captions == tuple(ROWS[0]["captions"])
    assert examples[0].paraphrases[2:] == tuple(rows[0]["paraphrases"])
    assert examples[0].meta["captions_equal"] is True
    assert examples[0].meta["photographer"] == "Ann"


def test_the_rules_write_negations_and_absences_with_lexical_verdicts(data: Path, tmp_path: Path) -> None:
    result = run(data, "--out", tmp_path / "out.jsonl", "--views", "negation,absence")
    assert result.exit_code == 0, result.output
    row = rows_of(tmp_path / "out.jsonl")[0]
    assert row["provenance"]["writer"] == "rules" and row["provenance"]["verify"][0]["verifier"] == "lexical"
    assert row["negations"] and row["absences"]
    assert set(map(str, row["absence_verdicts"])) == {"[{'verifier': 'lexical'}]"}
    assert "lexical" not in str(row["provenance"]["writer"])


def test_equal_seed_equal_bytes_other_seed_other_texts(data: Path, tmp_path: Path) -> None:
    outs = []
    for name, seed in (("1.jsonl", "0"), ("2.jsonl", "0"), ("3.jsonl", "1")):
        assert run(data, "--out", tmp_path / name, "--seed", seed, "--views", "negation,absence").exit_code == 0
        outs.append((tmp_path / name).read_bytes())
    assert outs[0] == outs[1]
    assert re.sub(rb'"seed": \d', b"", outs[0]) != re.sub(rb'"seed": \d', b"", outs[2])


def test_row_order_of_the_input_changes_no_row(data: Path, tmp_path: Path) -> None:
    back = write_rows(tmp_path / "back.jsonl", ROWS[::-1])
    for name, path in (("1.jsonl", data), ("2.jsonl", back)):
        assert run(path, "--out", tmp_path / name, "--views", "negation,absence").exit_code == 0
    assert (tmp_path / "1.jsonl").read_text().splitlines() == (tmp_path / "2.jsonl").read_text().splitlines()[::-1]


def test_a_single_caption(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("filepath\ttitle\n1.jpg\tA red car waits near a tree.\n")
    result = run_fake(tmp_path / "in.csv", tmp_path / "out.jsonl", "--views", "paraphrase,negation")
    assert result.exit_code == 0, result.output
    (row,) = rows_of(tmp_path / "out.jsonl")
    assert row["caption"] == "A red car waits near a tree." and row["negations"] and row["paraphrase_of"] == [0]
    assert "absences" not in row and "captions" not in row
    (example,) = load_examples(DataConfig(path=str(tmp_path / "out.jsonl")))
    assert example.captions == ("A red car waits near a tree.",) and example.paraphrases == tuple(row["paraphrases"])


def test_views_in_two_steps(data: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    run_fake(data, first, "--views", "paraphrase")
    result = run_fake(first, second, "--views", "negation,absence")
    assert result.exit_code == 0, result.output
    row = rows_of(second)[0]
    assert row["captions"] == ROWS[0]["captions"] and len(row["paraphrases"]) == 3
    assert len(row["negations"]) == 3, "written paraphrases are no captions to write for"
    assert row["provenance"]["earlier"]["seed"] == 0
    again = run_fake(first, second, "--views", "paraphrase", "--restart")
    assert isinstance(again.exception, UserError)
    assert "already" in again.exception.what and "first.jsonl:1" in again.exception.where


def test_a_negative_image_is_not_given_to_a_new_negation(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "in.jsonl", [{**ROWS[0], "negative_image": "b.jpg"}])
    refused = run_fake(path, tmp_path / "out.jsonl", "--views", "negation")
    assert isinstance(refused.exception, UserError) and "negative image" in refused.exception.what
    assert run_fake(path, tmp_path / "out.jsonl", "--views", "absence").exit_code == 0
    assert rows_of(tmp_path / "out.jsonl")[0]["negative_images"] == ["b.jpg"]


# -- attempts and verdicts ---------------------------------------------------------------------------------------------


def test_only_captions_without_a_text_are_tried_again(data: Path) -> None:
    writer = Fake(says={"brown": ["a brown text", "a white text"], "next": ["", "late"], "naps": [""]})
    summary, stopped, results = settled(job(data, writer, NoBrown(), attempts=3))
    assert stopped is None and writer.closed
    assert [call for call in writer.calls if call[0] == "a.jpg"] == [
        ("a.jpg", "negation", (0, 1, 2), 0),
        ("a.jpg", "negation", (1, 2), 1),
    ]
    texts = results[0]["negation"]["texts"]
    assert [(t["of"], t["text"]) for t in texts][1:] == [(1, "a white text"), (2, "late")]
    assert texts[1]["provenance"] == {"attempt": 1}
    assert texts[1]["verdicts"] == [{"verifier": "no_brown", "score": 0.25}]
    assert [call[2:] for call in writer.calls if call[0] == "c.jpg"] == [((0, 1, 2), 0), ((1,), 1), ((1,), 2)]
    assert results[2]["negation"]["refused"] == [{"of": 1, "reason": "nothing to say"}]
    assert summary.rejected == {("negation", "no_brown: brown"): 1}
    assert summary.refused == {("negation", "nothing to say"): 1}
    assert (summary.accepted, summary.captions, summary.complete, summary.rows) == (8, 9, 8, 3)


def test_the_first_verifier_that_rejects_is_the_last_that_is_asked(data: Path) -> None:
    first, second = NoBrown(), NoBrown()
    summary, _, _ = settled(job(data, Fake(says={"brown": ["brown"]}), first, second))
    assert "brown" in first.asked and "brown" not in second.asked
    assert summary.refused == {("negation", "no_brown: brown"): 1}


@pytest.mark.parametrize("text", ["  ", "half \ud83d"])
def test_texts_that_no_file_can_hold_are_rejected(data: Path, tmp_path: Path, text: str) -> None:
    task = job(data, Fake(says={"brown": [text]}))
    with Journal(IN_MEMORY, {}) as journal:
        summary, _ = run_job(task, journal, range(3), lambda summary: None)
        write_output(task, journal, range(3), tmp_path / "out.jsonl")
    assert summary.rejected.total() == 2
    assert rows_of(tmp_path / "out.jsonl")[0]["negation_of"] == [0, 2]


def test_a_writer_that_answers_for_others_is_found_out(data: Path) -> None:
    class Confused(Fake):
        async def write(self, *arguments: Any) -> Any:
            return await super().write(arguments[0], arguments[1], [0, 1, 2], 0, 0)

    with pytest.raises(UserError, match="not asked for"):
        settled(job(data, Confused(says={"brown": [""]})))


# -- many at once ------------------------------------------------------------------------------------------------------


def test_no_more_than_concurrency_at_once_and_the_output_is_in_order(tmp_path: Path) -> None:
    rows = [{"image": f"{i}.jpg", "caption": f"caption {i}"} for i in range(40)]
    data = write_rows(tmp_path / "in.jsonl", rows)
    outs = []
    for concurrency in (1, 8):
        writer = Fake(Fake.Config(concurrency=concurrency, pause=0.001))
        task = job(data, writer, views=("negation", "absence"))
        with Journal(IN_MEMORY, {}) as journal:
            run_job(task, journal, range(40), lambda summary: None)
            write_output(task, journal, range(40), tmp_path / "out.jsonl")
        assert writer.most_under_way == concurrency
        outs.append((tmp_path / "out.jsonl").read_bytes())
    assert outs[0] == outs[1]
    assert [row["image"] for row in rows_of(tmp_path / "out.jsonl")] == [row["image"] for row in rows]


def test_a_stopped_job_keeps_what_was_under_way_and_goes_on(tmp_path: Path) -> None:
    rows = [{"image": f"{i}.jpg", "caption": f"caption {i:02}"} for i in range(20)]
    data, out = write_rows(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    stopping = Fake(Fake.Config(concurrency=4, pause=0.001), says={"caption 10": ["stop"]})
    task = job(data, stopping)
    with Journal(tmp_path / "j", {}) as journal:
        summary, stopped = run_job(task, journal, range(20), lambda summary: None)
    assert isinstance(stopped, JobStopped) and stopping.closed
    assert 10 <= summary.rows <= 13
    going_on = Fake()
    with Journal(tmp_path / "j", {}) as journal:
        summary, stopped = run_job(job(data, going_on), journal, range(20), lambda summary: None)
        write_output(task, journal, range(20), out)
    assert stopped is None and summary.rows == 20
    asked = [call[0] for call in stopping.calls] + [call[0] for call in going_on.calls]
    assert sorted(asked) == sorted([f"{i}.jpg" for i in range(20)] + ["10.jpg"]), "only the failed one twice"
    assert len(rows_of(out)) == 20


STOPPING = """
from tests.captions.writer import Fake
class Stopping(Fake):
    def __init__(self, config, examples):
        super().__init__(config, examples, says={"bicycle": ["stop"]})
"""


class Parrot(Fake):
    """Gives the caption back, which costs something."""

    async def write(self, example: Example, view: str, of: Sequence[int], seed: int, attempt: int) -> Written:
        await super().write(example, view, of, seed, attempt)
        return Written(tuple(Candidate(example.captions[i] + self.config.word, "kind", i) for i in of))


def test_texts_that_cost_something_and_are_all_rejected_stop_the_job(tmp_path: Path) -> None:
    rows = [{"image": f"{i}.jpg", "caption": f"A brown dog number {i}"} for i in range(300)]
    data = write_rows(tmp_path / "in.jsonl", rows)
    summary, stopped, _ = settled(job(data, Parrot(), NoBrown(), attempts=1))
    assert stopped is not None and "none of the first 200 texts was accepted" in stopped.what
    assert "A brown dog number 0" in stopped.what and "no_brown: brown" in stopped.what and summary.rows == 199
    # One that is accepted is enough to go on, and what costs nothing is never stopped.
    one = write_rows(tmp_path / "one.jsonl", [{"image": "x.jpg", "caption": "A dog"}, *rows])
    assert settled(job(one, Parrot(), NoBrown(), attempts=1))[1] is None
    free = Parrot()
    free.spent = lambda: ""  # type: ignore[method-assign]
    assert settled(job(data, free, NoBrown(), attempts=1))[1] is None


def test_a_stopped_job_says_what_is_left_and_exits_with_3(data: Path, tmp_path: Path) -> None:
    (tmp_path / "stopping.py").write_text(STOPPING)
    out = tmp_path / "out.jsonl"
    options = ("--out", out, "--writer", f"{tmp_path / 'stopping.py'}:Stopping", "--verify", "none")
    looked = run(data, *options, "--dry-run")
    assert looked.exit_code == 3 and "the budget is spent" in looked.output and ":memory:" not in looked.output
    result = run(data, *options)
    assert result.exit_code == 3
    assert "the budget is spent" in result.output and "2 of 3 rows are left" in result.output
    assert not out.exists() and journal_path(out).exists()


# -- killed ------------------------------------------------------------------------------------------------------------


def start(data: Path, out: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, "-m", "semclip.cli.main", "captions", "write", data, "--out", out, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def settled_in(path: Path) -> int:
    """How many rows a journal holds, read from a copy: the job has it to itself."""
    copy = path.with_name("copy")
    for suffix in ("", "-wal"):
        if path.with_name(path.name + suffix).exists():
            copy.with_name("copy" + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    import sqlite3

    try:
        with sqlite3.connect(copy) as database:
            return int(database.execute("SELECT count(*) FROM settled").fetchone()[0])
    except sqlite3.Error:
        return 0  # not begun, or copied in the midst of a write
    finally:
        for suffix in ("", "-wal", "-shm"):
            copy.with_name("copy" + suffix).unlink(missing_ok=True)


@pytest.mark.parametrize("options", [("--writer", FAKE, "--verify", "none", "writer.concurrency=3"), ()])
def test_killed_at_several_moments_the_output_is_that_of_an_undisturbed_run(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    if not options:
        options = ("--views", "negation,absence")
        rows = [{**row, "image": f"{i}-{row['image']}"} for i in range(700) for row in ROWS]
    else:
        options = (*options, "writer.pause=0.002")
        rows = [{**row, "image": f"{i}-{row['image']}"} for i in range(130) for row in ROWS]
    data, out = write_rows(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    undisturbed = start(data, tmp_path / "undisturbed.jsonl", *options)
    counts = []
    for _ in range(3):
        job = start(data, out, *options)
        before = counts[-1] if counts else 0
        while job.poll() is None and settled_in(journal_path(out)) <= before:
            time.sleep(0.02)
        job.send_signal(signal.SIGKILL)
        job.communicate()
        assert job.returncode == -signal.SIGKILL, "the job must be killed before its end"
        counts.append(settled_in(journal_path(out)))
        assert not out.exists()
    assert counts == sorted(set(counts)), "every run goes on where the last one was killed"
    last = start(data, out, *options)
    assert last.communicate()[1] == b"" and last.returncode == 0
    assert undisturbed.communicate()[1] == b"" and undisturbed.returncode == 0
    assert out.read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()
    assert [p.name for p in tmp_path.glob(".*") if p.suffix != ".lock"] == []  # a lock is let go, its file stays


def test_a_finished_job_is_not_done_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run_fake(data, out)
    before = out.read_bytes()
    out.unlink()
    with Journal(journal_path(out), job_signature(data)) as journal:
        task = job(data, Fake(), views=("paraphrase", "negation", "absence"))
        run_job(task, journal, range(3), lambda summary: None)
        assert task.writer.calls == []  # type: ignore[attr-defined]
    assert run_fake(data, out).exit_code == 0
    assert out.read_bytes() == before


def job_signature(data: Path) -> dict[str, Any]:
    given = read_input(DataConfig(path=str(data)))
    writer = Fake()
    writer.name = FAKE  # type: ignore[misc]
    views = ("paraphrase", "negation", "absence")
    return Job(examples=given.examples, writer=writer, verifiers=[], views=views, attempts=2, seed=0).signature(
        given.sha256
    )


def test_another_input_or_config_is_refused_until_restarted(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run_fake(data, out)
    before = out.read_bytes()
    other = run_fake(data, out, "writer.word=not")
    assert isinstance(other.exception, UserError)
    assert 'writer.word: "no" in the journal, "not" now' in other.exception.what
    write_rows(data, [*ROWS[:2], {**ROWS[2], "captions": ["Another caption ."]}])
    assert "input.sha256" in str(run_fake(data, out).exception)
    assert out.read_bytes() == before
    assert run_fake(data, out, "writer.word=not", "--restart").exit_code == 0
    assert "0 not Another caption" in out.read_text()


def test_the_same_content_in_another_file_goes_on(data: Path, tmp_path: Path) -> None:
    run_fake(data, tmp_path / "out.jsonl")
    moved = write_rows(tmp_path / "moved.ndjson", ROWS)
    assert run_fake(moved, tmp_path / "out.jsonl").exit_code == 0


# -- limit, samples, bad input -----------------------------------------------------------------------------------------


def test_limit_writes_the_first_rows_and_the_rest_comes_on_top(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert "without --limit" in run_fake(data, out, "--limit", "2").output
    first = out.read_text().splitlines()
    assert len(first) == 2
    result = run_fake(data, out)
    assert result.exit_code == 0 and "3 rows from 9 captions" in result.output
    assert out.read_text().splitlines()[:2] == first and len(rows_of(out)) == 3


def test_a_dry_run_prints_samples_and_writes_nothing(data: Path, tmp_path: Path) -> None:
    result = run_fake(data, tmp_path / "out.jsonl", "--dry-run", "--views", "negation,absence")
    assert result.exit_code == 0 and "A dog next to a ball" in " ".join(result.output.split())
    assert result.output.count("negation_kind") >= 9
    assert result.output.index("negation") < result.output.index("absence"), "views stand in the order of the job"
    first = run_fake(data, tmp_path / "out.jsonl", "--dry-run", "--limit", "1", "--views", "negation")
    assert "a.jpg" in first.output and "b.jpg" not in first.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl"]


STRANGE = [
    {"image": "empty.jpg", "caption": ""},
    {"image": "blank.jpg", "caption": "  \n "},
    {"image": "one.jpg", "caption": "Dog"},
    {"image": "long.jpg", "caption": "A dog runs . " * 125},
    {"image": "endless.jpg", "caption": "dog " * 5000},
    {"image": "german.jpg", "caption": "Ein Hund läuft über die Wiese."},
    {"image": "chinese.jpg", "caption": "一只狗在草地上奔跑"},
    {"image": "emoji.jpg", "caption": "🐕🐕 🎾 !!!"},
    {"image": "html.jpg", "caption": "<b>A dog</b> runs &amp; jumps <script>alert(1)</script>"},
    {"image": "control.jpg", "caption": "A dog\x07 runs on\x00 grass"},
    {"image": "quotes.jpg", "caption": 'A "dog" says \'hi\',\nthen "bye" to a man'},
    {"image": "surrogate.jpg", "caption": "A dog \ud83d runs"},
    {"image": "number.jpg", "caption": 17},
    {"image": "", "caption": "A dog without a picture"},
    {"image": "good.jpg", "caption": "A brown dog runs on green grass .", "id": "x"},
    {"image": "twice.jpg", "caption": "A cat naps on a couch .", "id": "x"},
    {"image": "cell.jpg", "caption": "A cat naps on a couch .", "score": float("nan")},
]


def test_every_strange_row_gets_a_result_or_a_reason(tmp_path: Path) -> None:
    data, out = write_rows(tmp_path / "in.jsonl", STRANGE), tmp_path / "out.jsonl"
    result = run(data, "--out", out, "--views", "negation,absence")
    assert result.exit_code == 0, result.output
    rows = {row["image"]: row for row in rows_of(out)}
    left_out = {line["where"].rpartition(":")[2]: line["reason"] for line in rows_of(tmp_path / "out.jsonl.left_out")}
    assert len(rows) + len(left_out) == len(STRANGE)
    assert list(left_out) == ["1", "2", "5", "12", "13", "14", "16", "17"]
    assert "occurs twice, first at row 15" in left_out["16"] and "surrogate" in left_out["12"]
    for row in rows.values():
        for view, column in (("negation", "negations"), ("absence", "absences")):
            assert len(row[column]) + len(row.get(f"{view}_refused", [])) >= 1, row
    assert rows["good.jpg"]["negations"]
    assert rows["quotes.jpg"]["caption"] == STRANGE[10]["caption"]
    assert "rows left out: 8" in result.output
    load_examples(DataConfig(path=str(out)))


def test_nothing_done_is_an_exit_code(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "in.jsonl", [STRANGE[5], STRANGE[6]])
    result = run(data, "--out", tmp_path / "out.jsonl", "--views", "negation,absence")
    assert result.exit_code == 1 and "no text was accepted" in result.output


@pytest.mark.parametrize("shards", [(), ("--shards",)])
def test_columns_of_other_names_are_refused_with_what_to_type(tmp_path: Path, shards: tuple[str, ...]) -> None:
    (tmp_path / "in.csv").write_text("image,body\n1.jpg,A red car waits near a tree.\n")
    out = tmp_path / ("out" if shards else "out.jsonl")
    refused = run_fake(tmp_path / "in.csv", out, *shards)
    said = f"{refused.output} {refused.exception}"
    assert "no column for 'caption'" in said and "`--columns caption=YOUR_COLUMN`" in said
    assert run_fake(tmp_path / "in.csv", out, *shards, "--columns", "caption=body").exit_code == 0
    (row,) = rows_of(out / "in.jsonl" if shards else out)
    assert row["caption"] == "A red car waits near a tree." and row["negations"]


def test_no_readable_row_is_the_users_mistake(tmp_path: Path) -> None:
    refused = run(write_rows(tmp_path / "in.jsonl", STRANGE[:2]), "--out", tmp_path / "out.jsonl")
    assert isinstance(refused.exception, UserError) and "in.jsonl:1" in refused.exception.where


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--views", "negative_image"], "cannot be written"),
        (["--views", ","], "no view"),
        (["--views", "negation,negation"], "named twice"),
        (["--writer", "rulez"], "unknown writer"),
        (["--verify", "lexicon"], "unknown verifier"),
        (["--config", "semklip"], "no config file"),
        (["attempts=0"], "0 attempts"),
        (["atempts=2"], "unknown key 'atempts'"),
        (["writer.nmae=2"], "unknown key 'nmae'"),
        (["--shards", "--dry-run"], "--dry-run is for one file"),
        (["--shards", "--limit", "2"], "--limit is for one file"),
    ],
)
def test_bad_arguments(data: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    result = run(data, "--out", tmp_path / "out.jsonl", "--views", "negation", *arguments)
    assert isinstance(result.exception, UserError) and message in result.exception.what
    assert not (tmp_path / "out.jsonl").exists()


def test_writer_and_verifiers_that_the_config_names_keep_their_keys(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("writer: {name: rules, clause: 0.5}\nverify: [{name: lexical, kept: 0.4}]")
    for typed in (("--writer", "rules", "--verify", "lexical"), ()):
        out = tmp_path / f"{len(typed)}.jsonl"
        result = run(data, "--out", out, "--config", tmp_path / "mine.yaml", *typed, "writer.kinds=ccneg")
        assert result.exit_code == 0, result.output
        provenance = rows_of(out)[0]["provenance"]
        assert provenance["clause"] == 0.5 and provenance["verify"][0]["kept"] == 0.4
    result = run_fake(
        data, tmp_path / "fake.jsonl", "--config", tmp_path / "mine.yaml"
    )  # another one knows none of them
    assert result.exit_code == 0, result.output


def test_output_over_input_is_refused(data: Path) -> None:
    before = data.read_bytes()
    assert isinstance(run(data, "--out", data).exception, UserError)
    assert data.read_bytes() == before


@pytest.mark.parametrize("name", ["", "out.csv", "out"])
def test_an_output_that_nobody_could_read_is_refused_before_anything_is_written(
    data: Path, tmp_path: Path, name: str
) -> None:
    refused = run_fake(data, tmp_path / name).exception
    assert isinstance(refused, UserError) and refused.fix.startswith(f"--out {tmp_path}")
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
    assert run_fake(data, Path(refused.fix.removeprefix("--out "))).exit_code == 0


def test_a_failing_writer_leaves_the_old_file(data: Path, tmp_path: Path) -> None:
    class Failing(Fake):
        async def write(self, example: Example, *rest: Any) -> Any:
            if example.image.name == "b.jpg":
                raise ZeroDivisionError
            return await super().write(example, *rest)

    out = tmp_path / "out.jsonl"
    out.write_text("old")
    with pytest.raises(ZeroDivisionError), Journal(journal_path(out), {}) as journal:
        run_job(job(data, Failing()), journal, range(3), lambda summary: None)
    assert out.read_text() == "old"
    with Journal(journal_path(out), {}) as journal:
        assert journal.of(0).keys() == {"negation"} and journal.of(1) == {}


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("options", [("--writer", FAKE, "--verify", "none", "writer.pause=0.005"), ()])
def test_ctrl_c_keeps_everything_settled_and_is_one_line(tmp_path: Path, options: tuple[str, ...]) -> None:
    rows = [{**row, "image": f"{i}-{row['image']}"} for i in range(700) for row in ROWS]
    data, out = write_rows(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    running = start(data, out, *options)
    while settled_in(journal_path(out)) == 0:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    said = running.communicate()[1].decode().splitlines()
    assert running.returncode == 130
    assert said == [
        f"stopped by Ctrl-C: texts so far are kept in {journal_path(out)}; the same command goes on from there"
    ]
    assert settled_in(journal_path(out)) > 0 and not out.exists()


def test_what_all_rows_have_in_common_is_made_once(tmp_path: Path) -> None:
    verifier = NoBrown()
    data = write_rows(tmp_path / "in.jsonl", [{"image": f"{i}.jpg", "caption": f"Dog {i} ."} for i in range(50)])
    whole = job(data, Fake(), verifier)
    with Journal(IN_MEMORY, {}) as journal:
        run_job(whole, journal, range(50), lambda _: None)
        before = verifier.signed
        write_output(whole, journal, range(50), tmp_path / "out.jsonl")
    assert verifier.signed == before + 1 and len(rows_of(tmp_path / "out.jsonl")) == 50


@pytest.mark.parametrize(("before", "during"), [(700, 50_000), (1_000_000, 1_000_000), (0, 0)])
def test_what_searches_for_garbage_is_left_as_it_was_found(data: Path, before: int, during: int) -> None:
    found, seen = gc.get_threshold(), set[int]()
    gc.set_threshold(before, 7, 7)
    try:
        with Journal(IN_MEMORY, {}) as journal:
            run_job(job(data, Fake()), journal, range(3), lambda _: seen.add(gc.get_threshold()[0]))
        assert seen == {during} and gc.get_threshold() == (before, 7, 7)
    finally:
        gc.set_threshold(*found)
