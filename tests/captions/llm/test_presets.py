"""The shipped procedures through the whole job: who is asked what, and what is kept when the server goes away."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from semclip.cli.captions_write import command
from semclip.core.config import find_config, load_config
from semclip.core.errors import UserError
from tests.captions.llm.fake_server import FakeServer, Reply, answer, data_of, serving

TRUE = "A brown dog runs over the grass"
FALSE = "A brown dog does not run over the grass"
REWORDED = "Over the grass, a running brown dog is seen"


def semclip(*arguments: str) -> Any:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, arguments)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    rows = [{"id": f"{n}", "image": f"{n}.jpg", "caption": f"{TRUE} {n}", "split": "train"} for n in range(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for n in range(40):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{n}.jpg")
    return path


def kind_of(request: dict[str, Any]) -> str:
    """What is asked for, told by the data and the wanted answer."""
    data = data_of(request)
    if "rewording" in data or "second" in data or "sentence" in data or "thing" in data:
        return "judge"
    return "negation" if "false" in request["messages"][0]["content"] else "paraphrase"


@pytest.mark.parametrize("preset", ["semclip", "laclip", "negationclip"])
def test_a_choice_of_server_reaches_the_judge_too(preset: str) -> None:
    overrides = ["writer.server.base_url=http://x/v1", "writer.server.budget_tokens=7"]
    config = load_config(find_config(preset, "captions"), overrides)
    for section in config["verify"]:
        if section["name"] == "judge":
            assert section["server"] == config["writer"]["server"]
    assert config["writer"]["server"]["budget_tokens"] == 7


def test_semclip_writes_anew_with_the_other_model_and_judges_that_too(data: Path, tmp_path: Path) -> None:
    """phi4 is rejected; mistral's own text passes for even rows and is turned down for odd ones."""

    def behave(request: dict[str, Any], _: int) -> Reply:
        given = data_of(request)
        number = next(iter(given.values())).split()[-1]
        if kind_of(request) == "judge":
            assert request["model"] == "mistral"
            text = given.get("rewording", given.get("second", ""))
            good = "mistral" in text and int(number) % 2 == 0
            return answer("yes" if good else "no", "answer")
        text = FALSE if kind_of(request) == "negation" else REWORDED
        return answer(f"{text} {number} {request['model']}")

    out = tmp_path / "out.jsonl"
    with serving(behave) as server:
        result = semclip(
            str(data), f"writer.server.base_url={server.url}", "--out", str(out), "--config", "semclip",
            "--views", "paraphrase", "--limit", "8",
        )  # fmt: skip
    assert result.exit_code == 0, result.output
    for number, row in enumerate(rows_of(out)):
        if number % 2:
            assert row["paraphrase_refused"] == [{"of": 0, "reason": "judge: does not tell the same"}]
            continue
        assert row["paraphrases"] == [f"{REWORDED} {number} mistral"]
        assert row["paraphrase_provenance"][0]["model"] == "mistral"
        assert row["paraphrase_provenance"][0]["attempt"] == 1
        assert [verdict["verifier"] for verdict in row["paraphrase_verdicts"][0]] == ["lexical", "judge"]
    asked = Counter((request["model"], kind_of(request)) for request in server.requests)
    assert asked == {("phi4", "paraphrase"): 8, ("mistral", "paraphrase"): 8, ("mistral", "judge"): 16}
    told = " ".join(result.output.split())  # lines are as long as the terminal is wide
    assert "32 requests" in told and "JSON by schema" in told


def test_laclip_rewrites_four_times_after_drawn_examples(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with serving(lambda _, number: answer(f"Some text of number {number}")) as server:
        result = semclip(
            str(data), f"writer.server.base_url={server.url}", "--out", str(out), "--config", "laclip", "--limit", "5"
        )
    assert result.exit_code == 0, result.output
    assert [len(row["rewrites"]) for row in rows_of(out)] == [4] * 5
    assert all(len(request["messages"]) == 2 + 2 * 3 and request["temperature"] == 0.9 for request in server.requests)
    assert len({request["messages"][1]["content"] for request in server.requests}) > 4


def test_negationclip_without_the_pictures_asks_nothing(data: Path, tmp_path: Path) -> None:
    with serving(lambda *_: answer("zebra")) as server:
        out = tmp_path / "elsewhere/out.jsonl"
        result = semclip(
            str(data), f"writer.server.base_url={server.url}", "--out", str(out), "--config", "negationclip",
            "--images", str(tmp_path / "nowhere"),
        )  # fmt: skip
    assert isinstance(result.exception, UserError) and "--images FOLDER" in result.exception.fix
    assert server.count == 0 and not out.exists()


def test_negationclip_looks_whether_the_thing_is_there(data: Path, tmp_path: Path) -> None:
    """llama3 proposes a ball first, which llava sees in every picture, then a frisbee, which it does not."""
    tries: Counter[str] = Counter()

    def behave(request: dict[str, Any], _: int) -> Reply:
        given = data_of(request)
        if "captions" in given:
            tries[given["captions"]] += 1
            return answer("ball" if tries[given["captions"]] == 1 else "frisbee", "object")
        if "absent" in given:
            return answer(f"{given['caption']}, but there is no {given['absent']}.")
        assert "llava" in request["model"] and request["messages"][-1]["content"][0]["type"] == "image_url"
        return answer("yes" if given["thing"] == "ball" else "no", "answer")

    out = tmp_path / "out.jsonl"
    with serving(behave) as server:
        result = semclip(
            str(data), f"writer.server.base_url={server.url}", "--out", str(out), "--config", "negationclip",
            "--limit", "4",
        )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert [row["absences"] for row in rows_of(out)] == [[f"{TRUE} {n}, but there is no frisbee"] for n in range(4)]
    assert rows_of(out)[0]["absence_provenance"][0]["object"] == "frisbee"
    assert server.count == 4 * 2 * 3


@pytest.mark.parametrize("way", ["it dies", "the budget ends"])
def test_stopped_midway_the_same_command_goes_on_and_keeps_every_row(way: str, data: Path, tmp_path: Path) -> None:
    def behave(request: dict[str, Any], number: int) -> Reply:
        if way == "it dies" and number == 50:
            first.die()
        return answer(f"{REWORDED} {data_of(request)['caption'].split()[-1]}, says {100 + number}")

    def arguments(server: FakeServer) -> list[str]:
        return [
            str(data), f"writer.server.base_url={server.url}", "writer.model=m", "writer.server.retries=1",
            f"writer.server.budget_requests={50 if way == 'the budget ends' else 0}", "writer.server.concurrency=3",
            "verify=[{name: lexical}]", "views=[paraphrase, rewrite]", "--out", str(tmp_path / "out.jsonl"),
            "--config", "laclip",
        ]  # fmt: skip

    with serving(behave) as first:
        stopped = semclip(*arguments(first), "writer.texts=1")
    assert stopped.exit_code == 3, stopped.output
    assert "rows are left" in stopped.output and not (tmp_path / "out.jsonl").exists()
    with serving(lambda request, number: behave(request, 1000 + number)) as second:
        result = semclip(*arguments(second), "writer.texts=1")
    assert result.exit_code == 0, result.output
    rows = rows_of(tmp_path / "out.jsonl")
    said = [text for row in rows for text in (*row["paraphrases"], *row["rewrites"])]
    assert len(rows) == 40 and len(said) == 80
    kept = [text for text in said if int(text.split()[-1]) < 1000]
    # All but what was under way when it stopped is kept, and nothing kept was asked for again.
    assert 46 <= len(kept) <= 53
    assert second.count == 80 - len(kept)


#: Its own peak: what `getrusage` gives begins with that of the process that started it, which has loaded torch.
CHILD = """
from semclip.cli.main import run
try:
    run()
finally:
    print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read where Linux writes it")
def test_ten_thousand_rows_with_64_under_way_stay_under_500_mb(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [{"id": f"{n}", "image": f"{n}.jpg", "caption": f"{TRUE} {n}", "split": "train"} for n in range(10_000)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def behave(request: dict[str, Any], _: int) -> Reply:
        return Reply(json.dumps({"text": f"{REWORDED} {data_of(request)['caption'].split()[-1]}"}), delay=0.2)

    with serving(behave) as server:
        server.keep = False
        command = [
            sys.executable, "-c", CHILD, "captions", "write", str(path), f"writer.server.base_url={server.url}",
            "writer.server.concurrency=64", "verify=[{name: lexical}]", "--config", "semclip", "--views", "paraphrase",
            "--out", str(tmp_path / "out.jsonl"),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert len(rows_of(tmp_path / "out.jsonl")) == 10_000
    assert server.count == 10_000 and server.most > 48
    peak = int(done.stdout.rpartition("VmHWM:")[2].split()[0]) / 1024  # in KiB
    print(f"peak {peak:.0f} MiB, at most {server.most} under way")
    assert peak < 500
