"""What holds for every query: it is read or refused, shown, typed again, and never takes long."""

import pickle
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from semclip.core.errors import UserError
from semclip.core.query import And, Filter, Leaf, Node, Not, Or, Picture, Query, Text, leaves
from semclip.search._query_tree import and_, not_, or_
from semclip.search.query import (
    DEEPEST,
    LONGEST,
    QueryError,
    as_sentence,
    both_excluded,
    describe,
    parse,
    unparse,
    unread,
)
from tests.search.test_query_sentences import CASES, TODAY, notation

OPERATORS = """AND OR NOT ( ) - " “ ” « » ' ^2 ^ , . ! ? : like:x.jpg like: after:2023 -folder:a
    folder:"a width> width>2
    foo:bar without no not neither nor nobody and or but except is n't with on the a"""
WORDS = {word for case in CASES for word in case.values[0].split()}
PIECES = st.sampled_from(OPERATORS.split()) | st.sampled_from(sorted(WORDS))
QUERIES = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=20).map(" ".join),
    st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=15).map("".join),
)
WEIGHTS = st.sampled_from([1.0, 0.5, 2.0, 1.25, 0.1, 1000.0])
VISIBLE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
LEAVES = st.builds(Text, VISIBLE, WEIGHTS) | st.builds(Picture, VISIBLE, WEIGHTS)
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda children: (
        children.map(not_)
        | st.lists(children, min_size=2, max_size=3).map(and_)
        | st.lists(children, min_size=2, max_size=3).map(or_)
    ),
    max_leaves=8,
)
FILTERS = st.sampled_from(
    [
        Filter("taken", ">=", "2023-05-01"),
        Filter("taken", "<", "2024-01-01", negated=True),
        Filter("taken", "=", "2023-05"),
        Filter("folder", "=", 'my holiday (1)/5"'),
        Filter("camera", "=", "Canon EOS", negated=True),
        Filter("type", "=", "png"),
        Filter("width", ">", 2000.0),
        Filter("size", "<=", 1_500_000.0),
    ]
)
QUICK = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(QUERIES)
def test_any_text_is_a_query_or_a_user_error(text: str) -> None:
    try:
        query = parse(text, TODAY)
    except UserError as error:
        assert error.fix
        assert error.what
        return
    assert query.tree is not None or query.filters
    assert describe(query).strip()
    assert all(leaf.text.strip() if isinstance(leaf, Text) else leaf.path for leaf, _ in leaves(query.tree))
    as_sentence(text, TODAY)


@QUICK
@given(QUERIES)
@example("0 OR ^0 AND(0)")
@example('0-"\x1f"')
@example('0-"\xa0"')
@example('CAMERA:""""A0:"')
def test_what_was_read_can_be_typed_again(text: str) -> None:
    try:
        query = parse(text, TODAY)
    except UserError:
        return
    again = parse(unparse(query), TODAY)
    assert (again.tree, again.filters) == (query.tree, query.filters)


@QUICK
@given(NODES, st.lists(FILTERS, max_size=3))
def test_any_tree_can_be_typed(tree: Node, filters: list[Filter]) -> None:
    query = Query("", tree, tuple(filters))
    again = parse(unparse(query), TODAY)
    assert (again.tree, again.filters) == (query.tree, query.filters)


@pytest.mark.parametrize("sentence", [case.values[0] for case in CASES if case.values[1] != "error"])
def test_the_sentences_can_be_typed_again(sentence: str) -> None:
    query = parse(sentence, TODAY)
    assert notation(parse(unparse(query), TODAY)) == notation(query)


@QUICK
@given(VISIBLE)
def test_what_is_between_quotes_stays_as_it_is(text: str) -> None:
    quoted = '"' + text.replace('"', '""') + '"'
    assert parse(quoted).tree == Text(text)
    assert parse(f"beach -{quoted}").tree == And((Text("beach"), Not(Text(text))))
    assert parse(f"a beach without {quoted}").tree == And((Text("a beach"), Not(Text(text))))


@QUICK
@given(
    st.sampled_from([case.values[0] for case in CASES if case.values[1] != "error" and "  " not in case.values[0]]),
    st.sampled_from(["  ", "\t", "\n ", "\u00a0"]),
)
def test_any_white_space_is_a_space(sentence: str, space: str) -> None:
    if not any(quote in sentence for quote in "\"“„'"):
        assert parse(sentence.replace(" ", space), TODAY) == parse(sentence, TODAY)


@pytest.mark.parametrize("sentence", ["a beach without people", "a street with no cars", "neither cars nor people"])
@pytest.mark.parametrize("change", [str.upper, str.title, str.capitalize])
def test_english_is_read_in_any_case(sentence: str, change: Callable[[str], str]) -> None:
    assert notation(parse(change(sentence))).lower() == notation(parse(sentence)).lower()


@pytest.mark.parametrize(
    ("sentence", "described"),
    [
        ("beach -people", "beach, minus people"),
        ("-people beach", "beach, minus people"),
        ("no people", "everything, minus people"),
        ("neither cars nor people", "everything, minus cars, minus people"),
        ("cats OR dogs", "cats or dogs"),
        ("(cats OR dogs) -people^0.5", "(cats or dogs), minus people (×0.5)"),
        ("beach -(people AND dogs)", "beach, minus (people, dogs)"),
        ("like:a.jpg -people", "like a.jpg, minus people"),
        ("beach after:2023-05 -folder:work", "beach, taken from 2023-05-01 on, not folder work"),
        ("taken:2023 width>2000 size<=2MB", "taken in 2023, width above 2000 pixels, size at most 2 MB"),
    ],
)
def test_a_query_is_described_as_it_was_understood(sentence: str, described: str) -> None:
    assert describe(parse(sentence, TODAY)) == described


def test_the_whole_sentence_as_it_is_keeps_everything_but_filters() -> None:
    assert as_sentence("a beach without people (OR after:2023 -type:png", TODAY) == Query(
        "a beach without people (OR",
        Text("a beach without people (OR"),
        (Filter("taken", ">=", "2023-01-01"), Filter("type", "=", "png", negated=True)),
    )
    assert as_sentence("after:2023", TODAY).tree is None


def test_a_query_keeps_its_text_without_filters() -> None:
    assert parse("a beach  without people after:2023 at night", TODAY).text == "a beach without people at night"
    assert parse("beach NOT folder:work", TODAY).text == "beach"


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("beach (sunset", "("),
        ("beach foo:bar", "foo:bar"),
        ("beach OR after:2023", "after:2023"),
        ("海滩 after:2023-13", "2023-13"),
        ("beach^0", "^0"),
        ('beach -"" people', '""'),
    ],
)
def test_the_caret_is_under_the_mistake(query: str, place: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(query, TODAY)
    assert error.value.at == query.index(place)
    line, caret = str(error.value).splitlines()[1:3]
    wide = sum(character > "\u2e80" for character in query[: query.index(place)])
    assert caret.index("^") - wide == line.index(place)
    assert pickle.loads(pickle.dumps(error.value)).at == error.value.at


def test_a_long_query_shows_only_the_part_around_the_mistake() -> None:
    with pytest.raises(QueryError) as error:
        parse("word " * 100 + ") " + "word " * 100)
    assert len(error.value.where.splitlines()[0]) < 130


def test_an_unknown_filter_names_the_nearest() -> None:
    with pytest.raises(UserError, match="no filter `foldr`") as error:
        parse("foldr:italy")
    assert "folder" in error.value.fix


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00"])
def test_an_empty_query_is_refused(text: str) -> None:
    for read in (parse, as_sentence):
        with pytest.raises(UserError, match="empty"):
            read(text)


def test_a_query_has_a_longest_length() -> None:
    with pytest.raises(UserError, match="100,000 characters; at most 2,000"):
        parse("a" * 100_000)
    assert parse("a" * LONGEST).tree == Text("a" * LONGEST)


def test_brackets_have_a_greatest_depth() -> None:
    assert parse("(" * DEEPEST + "a" + ")" * DEEPEST).tree == Text("a")
    for text in ("(" * 999 + "a" + ")" * 999, "(" * LONGEST, "-(" * 500 + "a" + ")" * 500):
        with pytest.raises(UserError, match="deep"):
            parse(text)


@pytest.mark.parametrize(
    "piece", ["without ", "not ", "NOT ", "no ", "-a ", "a, ", '"', "'a ", "a-", "^2", "...", "(a) ", "a(", "no a "]
)
def test_repetition_is_read_or_refused(piece: str) -> None:
    try:
        query = parse((piece * LONGEST)[: LONGEST - 6] + " beach")
    except UserError:
        return
    assert "beach" in describe(query)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("taken>2023", Filter("taken", ">", "2023")),
        ("taken<=2023-12", Filter("taken", "<=", "2023-12")),
        ("taken<2023-12-24", Filter("taken", "<", "2023-12-24")),
        ("taken>=2024-02-29", Filter("taken", ">=", "2024-02-29")),
        ("after:1m", Filter("taken", ">=", "2024-02-29")),
        ("after:1y", Filter("taken", ">=", "2023-03-31")),
        ("after:2w", Filter("taken", ">=", "2024-03-17")),
        ("size>1.5GB", Filter("size", ">", 1.5e9)),
        ("size>=1MiB", Filter("size", ">=", 1_048_576.0)),
        ("width:640", Filter("width", "=", 640.0)),
        ("width ≥ 640px", Filter("width", ">=", 640.0)),
        ("type:.JPG", Filter("type", "=", "jpg")),
    ],
)
def test_filters_mean_what_they_say(typed: str, read: Filter) -> None:
    assert parse(typed, date(2024, 3, 31)).filters == (read,)


def test_bad_trees_of_others_are_typed_by_meaning() -> None:
    leaf: Leaf = Text("beach")
    assert parse(unparse(Query("", Or((And((leaf, Text("sea"))), Not(Not(leaf))))))).tree == Or(
        (And((leaf, Text("sea"))), leaf)
    )


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        ("red circle -blue square", 'red circle -"blue square"'),
        ("-blue square circle", None),  # a third word: more likely wanted
        ("-blue square AND circle after:2023", '-"blue square" AND circle after:2023'),
        ("(circle -blue square)", '(circle -"blue square")'),
        ("beach -people at night", None),
        ("beach -people", None),
        ('beach -"two people"', None),
        ("beach without blue squares", None),
        ("a well-lit street", None),
    ],
)
def test_a_dash_before_two_words_may_mean_both(typed: str, instead: str | None) -> None:
    assert both_excluded(typed) == instead
    if instead:
        assert parse(instead) != parse(typed) and "blue square" in describe(parse(instead))


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("a man who never smiles", "never"),
        ("birds, None flying", "None"),
        ("ein Strand ohne Menschen", "ohne"),
        ("a beach without people", None),
        ("nothing but trees", None),
        ('a poster of "never again"', None),
        ("nevertheless", None),
    ],
)
def test_a_denial_that_excludes_nothing_is_named(typed: str, word: str | None) -> None:
    assert unread(typed) == word
