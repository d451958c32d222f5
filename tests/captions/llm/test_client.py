"""The client against servers that answer slowly, wrongly, partly, or not at all."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from semclip.captions.llm import client as client_module
from semclip.captions.llm.client import Client
from semclip.captions.llm.connect import connect
from semclip.captions.llm.connection import ChatRequest
from semclip.captions.llm.parse import Unusable
from semclip.captions.llm.server import LOCAL, Server
from semclip.captions.writers.base import JobStopped
from semclip.core.errors import UserError
from tests.captions.llm.fake_server import (
    ANSWER_TOKENS,
    PROMPT_TOKENS,
    Behaviour,
    FakeServer,
    Reply,
    answer,
    error,
    serving,
)

TOKENS = PROMPT_TOKENS + ANSWER_TOKENS


def question(text: str = "A dog.", model: str = "m") -> ChatRequest:
    return ChatRequest(model=model, messages=[{"role": "user", "content": text}], schema={"type": "object"})


def ask_all(client: Client, texts: Sequence[str]) -> list[str | BaseException]:
    """Every answer, or what was raised instead of it."""

    async def everything() -> list[str | BaseException]:
        try:
            return await asyncio.gather(*(client.ask(question(text)) for text in texts), return_exceptions=True)
        finally:
            await client.close()

    return asyncio.run(everything())


def client_of(server: FakeServer, **options: Any) -> Client:
    return Client(Server(base_url=server.url, **options))


def test_an_answer_and_what_it_cost() -> None:
    with serving(lambda *_: answer("A cat.")) as server:
        client = client_of(server, prices={"m": (2.0, 10.0)})
        assert ask_all(client, ["a"] * 5) == ['{"text": "A cat."}'] * 5
    assert client.spent().partition(": ")[2] == f"5 requests, {5 * TOKENS} tokens, 0.001, JSON by schema"
    money = client._budget.spent.money
    assert money == pytest.approx(5 * (PROMPT_TOKENS * 2 + ANSWER_TOKENS * 10) / 1e6)


def test_a_server_that_is_not_there_is_soon_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PATIENCE", 0.0)
    client = Client(Server(base_url="http://127.0.0.1:9", retries=6))
    (stopped,) = ask_all(client, ["a"])
    assert isinstance(stopped, JobStopped) and "nothing listens" in stopped.what
    assert client_module.PATIENCE + 5 < 10  # a try takes at most 5 seconds


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b'{"hello": "world"}'])
def test_what_answers_and_is_no_chat_server_is_soon_given_up(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PATIENCE", 0.0)
    with serving(lambda *_: Reply(body=body)) as server:
        results = ask_all(client_of(server), ["a"] * 20)
    assert all(isinstance(result, JobStopped) for result in results)
    assert "no chat server" in str(results[0]) and "/v1" in str(results[0]) and server.count == 1


def test_a_server_that_fails_on_all_is_asked_by_one_question_and_says_why_it_takes_so_long() -> None:
    said: list[str] = []

    def behave(_: Any, number: int) -> Reply:
        said.append(client.spent())
        return error(500)

    with serving(behave) as server:
        client = client_of(server, retries=1, concurrency=8)
        results = ask_all(client, ["a"] * 20)
    assert all(isinstance(result, JobStopped) for result in results)
    assert server.count == 4  # two tries of the question, two of the test
    assert said[1].endswith("the last try: HTTP 500") and "last try" not in said[0]


@pytest.mark.parametrize("address", ["localhost:8000", "me:secret@host/v1", "http://", "ftp://host/v1", "http://[1"])
def test_an_address_that_is_none_is_refused_before_anything_is_asked(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="no address of a server") as refused:
        connect(Server(base_url=address), "m")
    assert "secret" not in str(refused.value) and refused.value.where == "base_url"
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    with pytest.raises(UserError, match="OPENAI_BASE_URL"):
        connect(Server(), "m")


TROUBLES = {
    "429": error(429, Retry_After="0"),
    "429 without a time": error(429),
    "500": error(500),
    "503": error(503),
    "cut": Reply("A long enough answer", cut=True),
    "slow": Reply("Too late", delay=2.0),
    "no JSON": Reply(body=b"<html>Bad gateway</html>"),
    "half JSON": Reply(body=b'{"choices": [{"message'),
    "empty body": Reply(body=b""),
    "no choices": Reply(body=b'{"choices": []}'),
    "an error with status 200": Reply(body=b'{"error": "overloaded"}'),
}
UNHEARD = {"cut", "slow", "no JSON", "half JSON", "empty body", "an error with status 200"}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_passing_trouble_is_sat_out_and_every_try_is_counted(name: str) -> None:
    def behave(_: Any, number: int) -> Reply:
        return TROUBLES[name] if number < 2 else answer("A cat.")

    with serving(behave) as server:
        client = client_of(server, timeout=1.0 if name == "slow" else 60.0, retries=3)
        assert ask_all(client, ["a"]) == ['{"text": "A cat."}']
    assert server.count == client._budget.spent.requests == 3
    # What was cut or lost may have been written in full, so it is booked as that; reported errors cost no tokens.
    most = question("a").most_tokens
    known = TOKENS if name != "no choices" else TOKENS + 2 * most
    assert client._budget.guessed == (2 * most if name in UNHEARD | {"no choices"} else 0)
    assert client._budget.spent.tokens == (TOKENS + 2 * most if name in UNHEARD else known)


@pytest.mark.parametrize("trouble", [error(500), Reply("x", cut=True), error(400, "too long")])
def test_a_row_that_the_server_fails_on_is_left_and_the_others_go_on(trouble: Reply) -> None:
    def behave(request: dict[str, Any], _: int) -> Reply:
        return trouble if "poison" in str(request["messages"]) else answer("A cat.")

    with serving(behave) as server:
        results = ask_all(client_of(server, retries=1), ["a", "poison", "b", "poison", "c"])
    assert [isinstance(result, Unusable) for result in results] == [False, True, False, True, False]
    assert "the server fails on it" in str(results[1])


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_first_row_that_fails_is_not_taken_for_a_dead_server(concurrency: int) -> None:
    def behave(request: dict[str, Any], _: int) -> Reply:
        return error(400, "no") if "poison" in str(request["messages"]) else answer("A cat.")

    with serving(behave) as server:
        results = ask_all(client_of(server, retries=0, concurrency=concurrency), ["poison", "a"])
    assert isinstance(results[0], Unusable) and isinstance(results[1], str)


def test_a_server_that_dies_midway_stops_the_job() -> None:
    def behave(_: Any, number: int) -> Reply:
        if number == 20:
            server.die()
        return answer("A cat.")

    with serving(behave) as server:
        results = ask_all(client_of(server, retries=2, concurrency=8), ["a"] * 60)
    answered = [result for result in results if isinstance(result, str)]
    assert 13 <= len(answered) <= 28  # what was under way when it died may have come through or not
    assert all(isinstance(result, JobStopped) for result in results if not isinstance(result, str))
    # Nobody hammers a dead server: at most all under way try on, and one asks whether it lives.
    assert server.count <= 21 + 8 * 3 + 3


def test_no_server_at_all() -> None:
    client = Client(Server(base_url="http://user:secret@127.0.0.1:9/v1", retries=1))
    results = ask_all(client, ["a"])
    assert isinstance(results[0], JobStopped)
    assert client._budget.spent.requests > 0 == client._budget.spent.tokens  # nobody can have read it
    assert "nothing listens at this address" in str(results[0]) and "127.0.0.1:9" in str(results[0])
    assert "secret" not in str(results[0])


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(401, "Incorrect key: sk-very-secret"), "OPENAI_API_KEY"),
        (error(403), "OPENAI_API_KEY"),
        (error(404, "model 'm' not found"), "ollama pull m"),
        (error(402, "pay sk-very-secret"), "wants to be paid"),
        (error(429, "quota", code="insufficient_quota"), "wants to be paid"),
        (error(429, Retry_After="7200"), "asks to wait 7,200 seconds"),
        (error(400, "bad sk-very-secret"), "the server gives no answers"),
    ],
)
def test_what_ends_the_whole_job(reply: Reply, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    with serving(lambda *_: reply) as server:
        results = ask_all(client_of(server, concurrency=2), ["a"] * 10)
    assert all(isinstance(result, JobStopped) for result in results)
    assert words in str(results[0]) and "sk-very-secret" not in str(results[0])
    assert server.headers[0]["authorization"] == "Bearer sk-very-secret"
    assert server.count <= 12


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply("", refusal="I will not"), "refused"),
        (Reply("", finish="content_filter"), "content filter"),
        (error(400, "filtered", code="content_filter"), "content filter"),
        (Reply('{"text": "A', finish="length"), "cut"),
    ],
)
def test_what_concerns_one_row(reply: Reply, reason: str) -> None:
    with serving(lambda *_: reply) as server:
        results = ask_all(client_of(server), ["a"])
    assert isinstance(results[0], Unusable) and reason in str(results[0])
    assert server.count == 1


def takes(request: dict[str, Any], schema: bool, limit: str) -> Reply:
    if ("response_format" in request and not schema) or limit not in request:
        return error(400, "unknown parameter")
    return answer("A cat.")


@pytest.mark.parametrize(("schema", "limit"), [(True, "max_completion_tokens"), (False, "max_tokens")])
def test_how_a_server_wants_to_be_asked_is_found_once(schema: bool, limit: str) -> None:
    with serving(lambda request, _: takes(request, schema, limit)) as server:
        client = client_of(server, concurrency=8)
        assert ask_all(client, ["a"] * 40) == ['{"text": "A cat."}'] * 40
    refused = 1 if schema else 2
    assert server.count == 40 + refused
    assert client.spent().endswith("JSON by schema" if schema else "JSON by prompt")


def test_without_structured_no_schema_is_sent() -> None:
    with serving(lambda request, _: takes(request, False, "max_tokens")) as server:
        ask_all(client_of(server, structured=False), ["a"] * 3)
    assert server.count == 3


@pytest.mark.parametrize(
    "budget",
    [{"budget_requests": 12}, {"budget_tokens": 1000}, {"budget_money": 0.001, "prices": {"m": (1.0, 1.0)}}],
)
def test_a_budget_is_used_and_never_exceeded(budget: dict[str, Any]) -> None:
    with serving(lambda *_: answer("A cat.")) as server:
        client = client_of(server, concurrency=8, **budget)
        results = ask_all(client, ["a"] * 60)
    stopped = [result for result in results if isinstance(result, JobStopped)]
    assert stopped and "the budget is spent" in str(stopped[0]) and next(iter(budget)) in str(stopped[0])
    used = {
        "budget_requests": server.count, "budget_tokens": server.count * TOKENS,
        "budget_money": server.count * TOKENS / 1e6,
    }[next(iter(budget))]  # fmt: skip
    limit = next(iter(budget.values()))
    most = question("a").most_tokens
    spare = {"budget_requests": 1, "budget_tokens": most, "budget_money": most / 1e6}[next(iter(budget))]
    assert limit - spare < used <= limit
    assert len(results) - len(stopped) == server.count


def test_failed_tries_use_the_budget_up() -> None:
    with serving(lambda *_: error(500)) as server:
        results = ask_all(client_of(server, budget_requests=3, retries=9), ["a"])
    assert isinstance(results[0], JobStopped) and "budget" in str(results[0])
    assert server.count == 3


def test_at_most_so_many_at_once() -> None:
    with serving(lambda *_: Reply("x", delay=0.05)) as server:
        ask_all(client_of(server, concurrency=5), ["a"] * 20)
    assert 1 < server.most <= 5


def test_a_server_that_says_no_usage_is_booked_at_the_most() -> None:
    with serving(lambda *_: Reply("x", usage=False)) as server:
        client = client_of(server)
        ask_all(client, ["a"] * 2)
    assert client._budget.spent.tokens == client._budget.guessed == 2 * question("a").most_tokens
    assert "guessed" in client.spent()


def test_the_most_tokens_bound_what_is_sent() -> None:
    long = question("word " * 100)
    assert long.most_tokens >= 100 + long.max_tokens
    seen = ChatRequest(model="m", messages=[{"role": "user", "content": [{"type": "image_url"}]}], schema={})
    assert seen.most_tokens > 2000


def test_equal_sections_share_a_client_and_its_budget() -> None:
    one = connect(Server(base_url="http://127.0.0.1:9/v1", budget_tokens=5), "m")
    assert connect(Server(base_url="http://127.0.0.1:9/v1", budget_tokens=5), "m") is one
    assert connect(Server(base_url="http://127.0.0.1:9/v1", budget_tokens=6), "m") is not one


def test_where_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Server().url == LOCAL
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere/v1")
    assert Server().url == "http://elsewhere/v1"
    assert Server(base_url="http://here/v1").url == "http://here/v1"


def test_a_budget_of_money_needs_a_price() -> None:
    with pytest.raises(UserError, match="needs the price of 'm'"):
        Server(budget_money=1.0).price("m")
    with pytest.raises(UserError, match="'concurrency' is 0"):
        Server(concurrency=0)


def test_a_closed_client_opens_anew() -> None:
    behave: Behaviour = lambda *_: answer("A cat.")  # noqa: E731
    with serving(behave) as server:
        client = client_of(server)
        for _ in range(2):  # each in an event loop of its own
            assert ask_all(client, ["a"]) == [json.dumps({"text": "A cat."})]


def test_the_wait_between_tries_grows_and_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await real(0)

    monkeypatch.setattr(client_module, "FIRST_WAIT", 8.0)
    monkeypatch.setattr(client_module.random, "random", lambda: 0.5)
    with serving(lambda _, number: answer("x") if number == 5 else error(503)) as server:
        monkeypatch.setattr(client_module.asyncio, "sleep", sleep)
        ask_all(client_of(server, retries=6), ["a"])
    assert [wait for wait in waits if wait > 1] == [4.0, 8.0, 16.0, 30.0, 30.0]
