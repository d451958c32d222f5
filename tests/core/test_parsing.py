"""JSON and YAML from outside: what is sound comes back as it is, and the rest is a sentence."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from semclip.core.errors import UserError
from semclip.core.parsing import MAX_DEPTH, parse_json, parse_yaml

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@settings(deadline=None, max_examples=50)
@given(VALUES, st.booleans())
def test_sound_json_comes_back(value: Any, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only), "x") == value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "Expecting value"),
        ('{"a": 1,\n "b": oops}', "line 2, character 7"),
        ('{"a": 1\n', "at character 8"),
        ("[1] 2", "Extra data"),
        ("NaN", "NaN is no finite number"),
        ('{"a": [-Infinity]}', "-Infinity is no finite number"),
        ("-1e400", "too large"),
        ("-" + "7" * 5000, "a number of 5,001 digits"),
        (nested(MAX_DEPTH + 1), "more than 64 levels"),
        (nested(200_000), "more than 64 levels"),
        ('{"a":' * 5000, "more than 64 levels"),
        ('{"a": 1, "b": 2, "a": 3}', "'a' is given twice"),
        ('["\\ud83d"]', "half of a surrogate pair"),
        ('{"\\udc00x": 1}', "half of a surrogate pair"),
        (b'"\xff"', "not UTF-8 at byte 2"),
    ],
)
def test_other_json_is_a_sentence(text: str | bytes, what: str) -> None:
    with pytest.raises(UserError, match=what) as caught:
        parse_json(text, "x.json:7", "mend it")
    assert (caught.value.where, caught.value.fix) == ("x.json:7", "mend it")
    assert "\n" not in caught.value.what and len(caught.value.what) < 200


def test_depth_up_to_the_bound_and_whole_characters_are_read() -> None:
    assert parse_json(nested(MAX_DEPTH), "x") and parse_yaml(nested(MAX_DEPTH), "x")
    assert parse_json(r'"\ud83d\ude00"', "x") == "😀"
    assert parse_json(b"\xef\xbb\xbf[1]", "x") == [1] == parse_yaml(b"\xef\xbb\xbf[1]", "x")


@settings(deadline=None, max_examples=50)
@given(VALUES)
def test_sound_yaml_comes_back(value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    assert parse_yaml(text, "x") == yaml.safe_load(text)


def bomb(levels: int, wide: int = 9) -> str:
    lines = ["a0: &a0 [" + ", ".join(["x"] * wide) + "]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * wide) + "]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [1", "line 1, column 6"),
        ("a: b: c", "mapping values are not allowed"),
        ("\x00", "unacceptable character"),
        (bomb(9), "aliases stand for more than"),
        (bomb(200), "aliases stand for more than"),
        (bomb(3000, 2), "aliases stand for more than"),
        ("a: &a {b: *a}", "holds itself"),
        (nested(MAX_DEPTH + 1), "more than 64 levels"),
        ("[" * 50_000, "more than 64 levels"),
        ("\n".join(" " * n + "a:" for n in range(500)), "more than 64 levels"),
        ("a: " + "1" * 5000, "a number of 5,000 digits"),
        ("a: 0x" + "f" * 5000, "a number of 5,002 digits"),
        ("a: 2024-99-99", "month must be in 1..12"),
        ('a: !!int ""', "not what its tag"),
        ("a: !!bool perhaps", "not what its tag"),
        ("a: !!timestamp soon", "not what its tag"),
        ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("{a: b}: c", "unhashable"),
        ('a: "\\ud800"', "half of a surrogate pair"),
        (b"a: \xff", "not UTF-8 at byte 4"),
    ],
)
def test_other_yaml_is_a_sentence(text: str | bytes, what: str) -> None:
    with pytest.raises(UserError, match=what) as caught:
        parse_yaml(text, "x.yaml")
    assert caught.value.where == "x.yaml" and caught.value.fix and "\n" not in caught.value.what


def test_aliases_of_a_sensible_size_are_read() -> None:
    assert parse_yaml("a: &a {b: [1, 2]}\nc: *a\nd: {<<: *a, e: 3}", "x") == {
        "a": {"b": [1, 2]},
        "c": {"b": [1, 2]},
        "d": {"b": [1, 2], "e": 3},
    }


def test_only_true_and_false_are_truth_values() -> None:
    text = "[off, no, On, YES, y, true, False, null]"
    assert parse_yaml(text, "x") == ["off", "no", "On", "YES", "y", True, False, None]
    assert parse_yaml("no: off", "x") == {"no": "off"}
