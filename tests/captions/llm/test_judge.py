"""The verifier `judge`: only a clear answer of the right kind accepts."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from semclip.captions.verifiers.base import Verdict, create
from semclip.captions.writers.base import Candidate
from semclip.core.example import Example, ImageRef
from tests.captions.llm.fake_server import FakeServer, Reply, answer, data_of, serving

CAPTIONS = ("A dog runs .", "The dog is outside .")


def example_at(folder: Path) -> Example:
    image = ImageRef("a.png", folder / "a.png")
    return Example(id="1", image=image, caption=CAPTIONS[0], paraphrases=CAPTIONS[1:], meta={"captions_equal": True})


def verdicts(server: FakeServer, folder: Path, view: str, *candidates: Candidate, **options: Any) -> list[Verdict]:
    section = {"name": "judge", "model": "mistral", "server": {"base_url": server.url, "retries": 0}} | options

    async def once() -> list[Verdict]:
        judge = create(section, lambda _: pytest.fail("no encoder is needed"))
        try:
            return await judge.check(example_at(folder), view, candidates)
        finally:
            await judge.close()

    return asyncio.run(once())


@pytest.mark.parametrize("view", ["paraphrase", "negation", "absence", "rewrite"])
@pytest.mark.parametrize(
    ("said", "accepted"),
    [("yes", True), ("Yes.", True), ("no", False), ("yes and no", False), ("It depends", False), ("", False)],
)
def test_reading(tmp_path: Path, view: str, said: str, accepted: bool) -> None:
    with serving(lambda *_: Reply(said)) as server:
        (verdict,) = verdicts(server, tmp_path, view, Candidate("No dog runs .", "negated", 1))
    assert verdict.accepted is accepted and verdict.verifier == "judge"
    data = data_of(server.requests[0])
    assert "No dog runs ." in data.values()
    assert CAPTIONS[1] in data.get("caption", "") + data.get("captions", "")
    assert (CAPTIONS[0] in data.get("captions", "")) is (view == "absence")


def test_each_text_has_its_verdict(tmp_path: Path) -> None:
    def behave(request: dict[str, Any], _: int) -> Reply:
        return answer("yes" if "no dog" in data_of(request)["second"] else "no", "answer")

    texts = [Candidate(text, "negated", 0) for text in ("There is no dog", "A dog", "I see no dog")]
    with serving(behave) as server:
        found = verdicts(server, tmp_path, "negation", *texts)
    assert [verdict.reason for verdict in found] == ["", "does not contradict the caption", ""]


SEEN = Candidate("A dog runs without a ball .", "object_absent", 0, {"object": "ball"})


@pytest.mark.parametrize(
    ("view", "said", "reason"),
    [
        ("absence", "no", ""), ("absence", "yes", "the absent thing is in the picture"),
        ("absence", "unclear", "no verdict: no clear verdict"),
        ("negation", "no", ""), ("negation", "yes", "true of the picture"),
        ("paraphrase", "yes", ""), ("paraphrase", "no", "not true of the picture"),
    ],
)  # fmt: skip
def test_looking(tmp_path: Path, view: str, said: str, reason: str) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.png")
    with serving(lambda *_: Reply(said)) as server:
        (verdict,) = verdicts(server, tmp_path, view, SEEN, look=True)
    assert verdict.reason == reason
    content = server.requests[0]["messages"][-1]["content"]
    assert content[0]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    expected = {"thing": "ball"} if view == "absence" else {"sentence": SEEN.text}
    assert data_of(server.requests[0]) == expected


def test_nothing_to_look_at_or_for(tmp_path: Path) -> None:
    with serving(lambda *_: Reply("no")) as server:
        (unreadable,) = verdicts(server, tmp_path, "absence", SEEN, look=True)
        (unnamed,) = verdicts(server, tmp_path, "absence", Candidate("No ball .", "object_absent", 0), look=True)
    assert unreadable.reason == "the picture cannot be read"
    assert unnamed.reason == "the writer names no absent thing to look for"
    assert server.count == 0
