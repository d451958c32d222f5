"""Count what the LLM presets send, for docs/guides/llm.md: `python docs/count_llm_tokens.py CAPTIONS.jsonl`.

Needs `pip install tiktoken mistral-common` (no part of the project's own dependencies). Prompts are the shipped ones,
captions those of the file's rows whose split is not `test`. An answer is taken to be as long as the caption itself.
"""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import tiktoken
from mistral_common.protocol.instruct.messages import AssistantMessage, SystemMessage, UserMessage
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

from semclip.captions.llm.prompts import load_prompt

Messages = list[dict[str, Any]]
SAMPLES = 2000


def main(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    groups = [row["captions"] for row in rows if row.get("split") != "test"]
    rng = random.Random(0)
    drawn = [rng.choice(groups) for _ in range(SAMPLES)]
    print(f"{mean(len(captions[0].split()) for captions in drawn):.1f} words per caption")
    for name, count in (("cl100k_base", _cl100k()), ("mistral v3", _mistral())):
        answer = mean(count([], captions[0]) for captions in drawn)
        print(f"\n{name}: a caption as the answer {answer:.0f} tokens\n| prompt | tokens |\n|---|---|")
        for prompt, data in _DATA.items():
            loaded = load_prompt(prompt)
            sizes = []
            for captions in drawn:
                kind, shown = loaded.draw(rng, 3)
                sizes.append(count(loaded.messages(data(captions), kind, shown), ""))
            print(f"| {prompt} | {mean(sizes):.0f} |")


#: Prompt -> what it is given for the captions of one image.
_DATA: dict[str, Callable[[list[str]], dict[str, str]]] = {
    "paraphrase": lambda captions: {"caption": captions[0]},
    "negation": lambda captions: {"caption": captions[0]},
    "rewrite": lambda captions: {"caption": captions[0]},
    "absent_object": lambda captions: {"captions": "\n".join(captions)},
    "absence": lambda captions: {"caption": captions[0], "absent": "umbrella"},
    "judge_paraphrase": lambda captions: {"caption": captions[0], "rewording": captions[1]},
    "judge_negation": lambda captions: {"caption": captions[0], "second": captions[1]},
    "judge_absence": lambda captions: {"captions": "\n".join(captions), "sentence": captions[1]},
    "look_absence": lambda captions: {"thing": "umbrella"},
}


def _cl100k() -> Callable[[Messages, str], int]:
    """phi4's own vocabulary; four tokens frame every message, three open the answer, one ends it."""
    encoding = tiktoken.get_encoding("cl100k_base")

    def count(messages: Messages, answer: str) -> int:
        if answer:
            return len(encoding.encode(json.dumps({"text": answer}, ensure_ascii=False))) + 1
        return sum(len(encoding.encode(message["content"])) + 4 for message in messages) + 3

    return count


def _mistral() -> Callable[[Messages, str], int]:
    """Mistral 7B Instruct v0.3, with its own frame around messages."""
    tokenizer = MistralTokenizer.v3()
    kinds = {"system": SystemMessage, "user": UserMessage, "assistant": AssistantMessage}

    def count(messages: Messages, answer: str) -> int:
        if answer:
            text = json.dumps({"text": answer}, ensure_ascii=False)
            return len(tokenizer.instruct_tokenizer.tokenizer.encode(text, bos=False, eos=True))
        request = ChatCompletionRequest(messages=[kinds[m["role"]](content=m["content"]) for m in messages])
        return len(tokenizer.encode_chat_completion(request).tokens)

    return count


if __name__ == "__main__":
    main(Path(sys.argv[1]))
