"""Parsing the answers of a language model: JSON where there is some, else the one line that is meant."""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

#: Pairs that models put around an answer; stars twice for bold.
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "`": "`", "**": "**", "*": "*"}
_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[\w-]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_GREETING = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok|absolutely|great)(?: thing)?[!,.:]\s*)?"
    r"(?:(?:here(?:['’]s| is| are)|below is)\b[^:\n]{0,80}:\s*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^[*_]{0,2}(?:(?:rewritten|rephrased|paraphrased|negated|false|new|final|my)\s+)?"
    r"(?:answer|output|result|caption|sentence|paraphrase|negation|rewrite|object|response|text)\s?[*_]{0,2}:[*_]{0,2}\s*",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:\(?\d{1,2}[.):]|[-•]|\*(?!\*))\s+")
_AFTERWORD = re.compile(
    r"^\(?(?:note|explanation|reason(?:ing)?|let me know|i hope|please (?:let|note)|this (?:sentence|caption|version)|"
    r"in this|is there anything|feel free)\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"^\W*(?:i(?:['’]m| am) (?:very |really )?(?:sorry|unable|not able|afraid)|sorry\b|"
    r"i (?:can ?not|can['’]t|won['’]t)\b|i apologi[sz]e|"
    r"as an? (?:ai|language|large language)\b|unfortunately,? i\b|my apologies)",
    re.IGNORECASE,
)
_VERDICT = re.compile(r"^(?:the |my )?(?:answer|verdict)(?: is)?:?\s+")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
_NOTHING = {"none", "null", "n/a", "nothing", "no object", "empty"}


class Unusable(Exception):  # noqa: N818 - a result of asking, not a fault of the program
    """An answer that gives no text; its words are the reason that the job's summary counts by."""


def read_text(answer: str, key: str) -> str:
    """The one line that an answer gives under `key`, without quotes, fences, greetings, labels and afterwords.

    Raises Unusable for a refusal, an empty answer, JSON that is cut, or several lines of which none is the answer.
    """
    answer = _THOUGHTS.sub("", answer).strip()
    fenced = _FENCE.search(answer)
    body = fenced[1].strip() if fenced else answer
    value = _from_json(body, key)
    text = _unwrapped(_one_line(body) if value is None else value)
    if _REFUSAL.match(text):
        raise Unusable("the model refused")
    if text.lower().strip(" .") in _NOTHING or not any(letter.isalpha() for letter in text):
        raise Unusable("an empty answer")
    return text


def read_choice(answer: str, key: str, choices: Sequence[str]) -> str:
    """Which of `choices` an answer names. Raises Unusable where it names none, or several."""
    verdict = _VERDICT.sub("", read_text(answer, key).lower())
    # Only how it opens counts: "no" is also a word of the captions that it may go on to talk about.
    named = [choice for choice in choices if re.search(rf"\b{re.escape(choice)}\b", re.split(r"[,.;:!\n]", verdict)[0])]
    if len(named) != 1 or not verdict.startswith(named[0]):
        raise Unusable("no clear verdict")
    return named[0]


def _from_json(body: str, key: str) -> str | None:
    """The value in the first JSON of an answer; None where it holds none."""
    start = re.search(r"[{\[]", body)
    if start is None:
        return None
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(body[start.start() :])
    except json.JSONDecodeError:
        # A caption may hold a bracket; JSON that somebody began goes on with a quote or a key.
        if re.match(r"[{\[]+\s*(?:[\"']|\w+\s*:)", body[start.start() :]):
            raise Unusable("invalid JSON") from None
        return None
    return _text_in(value, key)


def _text_in(value: Any, key: str) -> str:
    if isinstance(value, dict):
        texts = [value[key]] if key in value else list(value.values())
        if len(texts) == 1:
            return _text_in(texts[0], key)
    if isinstance(value, list) and value:
        return _text_in(value[0], key)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    raise Unusable("JSON without the answer" if value else "an empty answer")


def _one_line(body: str) -> str:
    """The line that is the answer: the first item of a list, or the only line that is no talk."""
    lines: list[str] = []
    for line in filter(None, map(str.strip, body.splitlines())):
        if lines and _AFTERWORD.match(line):
            break
        if rest := _LABEL.sub("", line if lines else _GREETING.sub("", line)):
            lines.append(rest)
    if not lines:
        raise Unusable("an empty answer")
    items = [line for line in lines if _BULLET.match(line)]
    if len(lines) > 1 and not items and not _REFUSAL.match(lines[0]):
        raise Unusable("several lines")
    return _LABEL.sub("", _BULLET.sub("", (items or lines)[0]))


def _unwrapped(text: str) -> str:
    """One line of printable characters, without the quotes around all of it."""
    text = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    text = " ".join(unicodedata.normalize("NFC", text).split())
    for opening, closing in _QUOTES.items():
        inner = text[len(opening) : len(text) - len(closing)]
        # Quotes inside belong to words of the caption: `"Stop" and "Go"` is not quoted as a whole.
        whole = not {opening, closing} & set(_APOSTROPHE.sub("", inner))
        if whole and inner and text.startswith(opening) and text.endswith(closing):
            return _unwrapped(inner)
    return text
