"""Questions in batches: who gets which answer, kills at every moment, failures in part and as a whole."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from semclip.captions.journal import IN_MEMORY, Journal
from semclip.captions.llm import batch, batches
from semclip.captions.llm.batch import BatchClient
from semclip.captions.llm.connect import connect
from semclip.captions.llm.connection import Refused, meaning
from semclip.captions.llm.parse import Unusable
from semclip.captions.llm.server import Server
from semclip.captions.writers.base import JobStopped
from tests.captions.llm.batch_server import BatchServer, at_once, batching
from tests.captions.llm.fake_server import ANSWER_TOKENS, PROMPT_TOKENS, Reply, answer, data_of, error, serving
from tests.captions.llm.test_client import question
from tests.captions.llm.test_presets import semclip
from tests.captions.test_job import rows_of, write_rows


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(batch, "QUIET", 0.1)
    for name, value in {"FIRST_LOOK": 0.005, "LONGEST_LOOK": 0.02, "FIRST_WAIT": 0.001}.items():
        monkeypatch.setattr(batches, name, value)
    yield


def client_of(server: BatchServer, journal: Journal | None = None, **options: Any) -> BatchClient:
    client = BatchClient(Server(**{"base_url": server.url, "batch": 100, "retries": 2} | options))
    if journal:
        client.keep_in(journal)
    return client


def ask_all(client: BatchClient, texts: Sequence[str]) -> list[str | BaseException]:
    async def everything() -> list[str | BaseException]:
        try:
            asked = (client.ask(question(text)) for text in texts)
            return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)
        finally:
            await client.close()

    return asyncio.run(everything())


def killed_when(happened: Callable[[], bool], server: BatchServer, journal: Journal, texts: Sequence[str]) -> None:
    """Ask, and end in the midst of it."""

    async def everything() -> None:
        client = client_of(server, journal)
        asked = [asyncio.create_task(client.ask(question(text))) for text in texts]
        while not happened():
            await asyncio.sleep(0.01)
        for task in asked:
            task.cancel()
        await client.close()

    asyncio.run(everything())


def said(request: dict[str, Any]) -> str:
    return str(request["messages"][0]["content"])


def echo(request: dict[str, Any], _: int) -> Reply:
    return answer(f"{said(request)}!")


def echoes(texts: Sequence[str]) -> list[str]:
    return [json.dumps({"text": f"{text}!"}) for text in texts]


TEXTS = [f"dog {i}" for i in range(130)]


def test_each_question_gets_its_own_answer_and_the_first_batch_is_a_trial() -> None:
    with batching(echo) as server:
        client = client_of(server, prices={"m": (1.0, 2.0)})
        assert ask_all(client, [*TEXTS, "dog 0"]) == echoes([*TEXTS, "dog 0"])
    sizes = [len(server.lines(batch)) for batch in server.batches.values()]
    assert sizes[0] <= 50 and max(sizes) <= 100 and sum(sizes) == 130
    assert client.spent().partition(": ")[2] == (
        f"130 requests, {130 * (PROMPT_TOKENS + ANSWER_TOKENS):,} tokens, "
        f"{130 * (PROMPT_TOKENS + 2 * ANSWER_TOKENS) / 1e6:.3f}"
    )


def test_models_go_into_batches_of_their_own() -> None:
    async def both(client: BatchClient) -> list[str]:
        try:
            return await asyncio.gather(*(client.ask(question("a", model)) for model in ("m", "n", "m")))
        finally:
            await client.close()

    with batching(echo) as server:  # the server refuses a batch of two models
        assert asyncio.run(both(client_of(server))) == echoes("aaa")


def test_killed_while_a_batch_is_under_way_its_answers_are_taken_by_its_id(tmp_path: Path) -> None:
    going = False

    def course(batch: dict[str, Any], lines: list[dict[str, Any]], looks: int) -> Any:
        return at_once(batch, lines, looks) if going else ("in_progress", [])

    with batching(echo, course) as server:
        with Journal(tmp_path / "j", {}) as journal:
            killed_when(lambda: any(note.get("id") for note in journal.notes().values()), server, journal, TEXTS[:30])
        going = True
        with Journal(tmp_path / "j", {}) as journal:
            assert ask_all(client_of(server, journal), TEXTS[:40]) == echoes(TEXTS[:40])
        assert sum(len(server.lines(batch)) for batch in server.batches.values()) == 40
        # Answers that nobody asked for in time are asked for at the provider, not paid again.
        with Journal(tmp_path / "j", {}) as journal:
            client = client_of(server, journal)
            assert ask_all(client, TEXTS[:1]) == echoes(TEXTS[:1])
            assert ask_all(client, TEXTS[1:40]) == echoes(TEXTS[1:40])
        assert len(server.asked) == 40


def test_killed_before_the_id_was_noted_the_batch_is_found_by_its_name(tmp_path: Path) -> None:
    with batching(echo) as server:
        with Journal(tmp_path / "j", {}) as journal:
            ask_all(client_of(server, journal), TEXTS[:5])
            ((name, note),) = [(k, v) for k, v in journal.notes().items() if k.startswith("batch ")]
            journal.note(name, {**note, "id": ""})
            lost = {**note, "id": "", "keys": [*note["keys"][:0], "0" * 40]}
            journal.note("batch never-sent", lost)
        with Journal(tmp_path / "j", {}) as journal:
            assert ask_all(client_of(server, journal), TEXTS[:5]) == echoes(TEXTS[:5])
        assert len(server.batches) == 1


def test_killed_before_anything_was_sent_the_questions_are_sent(tmp_path: Path) -> None:
    with batching(echo) as server:
        with Journal(tmp_path / "j", {}) as journal:
            ask_all(client_of(server, journal), TEXTS[:5])
            ((name, note),) = [(k, v) for k, v in journal.notes().items() if k.startswith("batch ")]
            journal.note(name, {**note, "id": ""})
        server.batches.clear()
        with Journal(tmp_path / "j", {}) as journal:
            assert ask_all(client_of(server, journal, retries=0), TEXTS[:7]) == echoes(TEXTS[:7])


def test_a_batch_that_the_server_has_forgotten_is_asked_anew(tmp_path: Path) -> None:
    with batching(echo) as server:
        with Journal(tmp_path / "j", {}) as journal:
            ask_all(client_of(server, journal), TEXTS[:5])
        server.batches = {"batch_9": {**server.batches["batch_0"], "metadata": {}}}
        server.looks["batch_9"] = 9
        with Journal(tmp_path / "j", {}) as journal:
            assert ask_all(client_of(server, journal, retries=0), TEXTS[:5]) == echoes(TEXTS[:5])
        assert len(server.asked) == 10


def test_what_fails_in_part_is_asked_again_and_the_rest_is_kept() -> None:
    seen: dict[str, int] = {}

    def behave(request: dict[str, Any], number: int) -> Reply:
        text = said(request)
        seen[text] = seen.get(text, 0) + 1
        if text == "dog 3":
            return error(400, "too long")
        if text == "dog 4" or (text == "dog 5" and seen[text] == 1):
            return error(500)
        return Reply("", finish="content_filter") if text == "dog 6" else echo(request, number)

    def course(batch: dict[str, Any], lines: list[dict[str, Any]], looks: int) -> tuple[str, list[dict[str, Any]]]:
        # The first batch expires before its last question is answered.
        return ("expired", lines[:-1]) if batch["id"] == "batch_0" else ("completed", lines)

    with batching(behave, course) as server:
        found = ask_all(client_of(server), TEXTS[:10])
    reasons = {i: str(reason) for i, reason in enumerate(found) if isinstance(reason, Unusable)}
    assert reasons == {
        3: "the server fails on it: HTTP 400: too long",
        4: "the server fails on it: HTTP 500",
        6: "the server's content filter",
    }
    assert [found[i] for i in (0, 5, 9)] == echoes([TEXTS[i] for i in (0, 5, 9)])
    assert seen["dog 0"] == 1 and seen["dog 5"] == 2 and seen["dog 4"] == 3 and seen["dog 9"] == 1


def test_how_a_server_wants_to_be_asked_is_learned_by_the_trial(tmp_path: Path) -> None:
    def behave(request: dict[str, Any], number: int) -> Reply:
        return error(400, "no schema here") if "response_format" in request else echo(request, number)

    with batching(behave) as server, Journal(tmp_path / "j", {}) as journal:
        assert ask_all(client_of(server, journal), TEXTS) == echoes(TEXTS)
        assert [len(server.lines(batch)) for batch in server.batches.values()] == [50, 50, 80] or len(
            server.asked
        ) < 250
        before = len(server.asked)
        assert ask_all(client_of(server, journal), ["new"]) == echoes(["new"])
        assert len(server.asked) == before + 1  # it knows


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(400, "nothing works"), "gives no answers: HTTP 400: nothing works"),
        (error(500), "gives no answers: HTTP 500"),
        (error(404, "no model m"), "knows no model 'm'"),
        (error(429, "over quota", "insufficient_quota"), "wants to be paid"),
    ],
)
def test_a_trial_without_an_answer_ends_the_job(reply: Reply, words: str) -> None:
    with batching(lambda *_: reply) as server:
        found = ask_all(client_of(server), TEXTS)
    assert all(isinstance(one, JobStopped) for one in found)
    assert words in str(found[0]) and len({json.dumps(request) for request in server.asked}) <= 4 * 50


def test_what_stopped_the_job_is_asked_anew_once_it_is_mended(tmp_path: Path) -> None:
    mended = False

    def behave(request: dict[str, Any], number: int) -> Reply:
        return echo(request, number) if mended else error(429, "over quota", "insufficient_quota")

    with batching(behave) as server:
        with Journal(tmp_path / "j", {}) as journal:
            assert "wants to be paid" in str(ask_all(client_of(server, journal), TEXTS[:5])[0])
        mended = True
        with Journal(tmp_path / "j", {}) as journal:
            assert ask_all(client_of(server, journal), TEXTS[:5]) == echoes(TEXTS[:5])


def test_a_question_that_was_asked_again_is_looked_for_in_its_last_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(uuid.UUID(int=number) for number in range(99, 0, -1))  # in falling order
    monkeypatch.setattr(uuid, "uuid4", lambda: next(names))
    going = False

    def course(batch: dict[str, Any], lines: list[dict[str, Any]], looks: int) -> tuple[str, list[dict[str, Any]]]:
        if batch["id"] == "batch_0":
            return "expired", lines[:1]  # the others are asked again
        return at_once(batch, lines, looks) if going else ("in_progress", [])

    with batching(echo, course) as server:
        with Journal(tmp_path / "j", {}) as journal:
            killed_when(
                lambda: sum(bool(note.get("id")) for note in journal.notes().values()) == 2, server, journal, TEXTS[:9]
            )
        going = True
        with Journal(tmp_path / "j", {}) as journal:
            assert ask_all(client_of(server, journal), TEXTS[:9]) == echoes(TEXTS[:9])
        assert [len(server.lines(batch)) for batch in server.batches.values()] == [9, 8]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_batch_that_is_refused_or_cancelled_stops_the_job_and_is_asked_anew_by_the_next(
    status: str, tmp_path: Path
) -> None:
    def course(batch: dict[str, Any], lines: list[dict[str, Any]], looks: int) -> tuple[str, list[dict[str, Any]]]:
        if batch["id"] != "batch_0":
            return "completed", lines
        batch["errors"] = {"data": [{"message": "the limit of waiting tokens is reached"}]}
        return status, lines[:2] if status == "cancelled" else []

    with batching(echo, course) as server:
        with Journal(tmp_path / "j", {}) as journal:
            found = ask_all(client_of(server, journal), TEXTS[:9])
        stopped = [one for one in found if isinstance(one, JobStopped)]
        assert len(stopped) == (9 if status == "failed" else 7)
        assert "batch_0 was" in stopped[0].what and "waiting tokens" in stopped[0].what
        with Journal(tmp_path / "j", {}) as journal:
            assert ask_all(client_of(server, journal), TEXTS[:9]) == echoes(TEXTS[:9])


def test_a_server_that_is_not_there_or_has_no_batches_is_reported_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PATIENCE", 0.05)
    (gone,) = ask_all(BatchClient(Server(base_url="http://127.0.0.1:9/v1", batch=9, retries=50)), ["a"])
    assert isinstance(gone, JobStopped) and "nothing listens" in gone.what
    with batching(echo) as server:
        (none,) = ask_all(client_of(server, base_url=f"{server.url}/old"), ["a"])
    assert isinstance(none, JobStopped) and "takes no batches: HTTP 404" in none.what and "server.batch" in none.fix
    said = meaning(501, "no such method", "", "here")
    assert isinstance(said, Refused), "what a server has not learned it does not know at the next try either"


def test_a_budget_holds_and_whoever_waits_for_it_is_told() -> None:
    with batching(echo) as server:
        found = ask_all(client_of(server, budget_requests=60), TEXTS)
    good = [one for one in found if isinstance(one, str)]
    assert len(server.asked) <= 60 and len(good) == len(server.asked)
    assert all("budget" in str(one) for one in found if not isinstance(one, str))


def test_a_full_disk_is_told_to_whoever_waits(tmp_path: Path) -> None:
    class Full(Journal):
        def note(self, key: str, value: Any) -> None:
            raise JobStopped("the disk is full", str(tmp_path), "free some space")

    with batching(echo) as server, Full(IN_MEMORY, {}) as journal:
        assert all("disk is full" in str(one) for one in ask_all(client_of(server, journal), TEXTS[:3]))


def test_sections_with_a_batch_are_asked_in_batches() -> None:
    assert isinstance(connect(Server(batch=5), "m"), BatchClient)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"image": f"{i}.jpg", "captions": [f"A brown dog number {i} .", f"Dog {i} runs ."]} for i in range(40)]
    return write_rows(tmp_path / "in.jsonl", rows)


def arguments(data: Path, url: str, out: str, batch: int) -> list[str]:
    return [
        str(data), "--writer", "llm", "writer.model=m", f"writer.server.base_url={url}", f"writer.server.batch={batch}",
        "views=[paraphrase]", "verify=[]", "--out", str(data.with_name(out)),
    ]  # fmt: skip


def reworded(request: dict[str, Any], _: int) -> Reply:
    return answer(f"One can see this: {data_of(request)['caption']}")


def test_the_command_writes_in_batches_what_it_writes_without(data: Path) -> None:
    with serving(reworded) as server:
        assert semclip(*arguments(data, server.url, "plain.jsonl", 0)).exit_code == 0
    with batching(reworded) as batches:
        result = semclip(*arguments(data, batches.url, "batches.jsonl", 1000))
    assert result.exit_code == 0, result.output
    assert data.with_name("batches.jsonl").read_bytes() == data.with_name("plain.jsonl").read_bytes()
    assert sum(len(batches.lines(batch)) for batch in batches.batches.values()) == 80 and len(batches.batches) < 10
    assert len(rows_of(data.with_name("batches.jsonl"))) == 40


def test_garbage_stops_after_the_trial_and_is_shown(data: Path) -> None:
    with batching(lambda *_: Reply("???")) as batches:
        result = semclip(*arguments(data, batches.url, "out.jsonl", 1000))
    words = " ".join(result.output.split())
    assert result.exit_code == 3 and "none of the first 40 answers held a text; the first were: ???" in words
    assert 40 <= len(batches.asked) <= 90
