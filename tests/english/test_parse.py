"""Trees of plain captions, what is declined, and the sentence in a caption."""

from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.english.parse import Parses, Token, Tree, open_parser, phrases
from semclip.english.parse.clause import clause_of, is_being, is_person
from semclip.english.parse.clean import sentence_of
from semclip.english.parse.tree import style_of
from semclip.english.render import render
from tests.english.scene import tree_of


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        (
            "A nurse with a red hat sings .",
            "nurse:nsubj:sings with:prep:nurse hat:pobj:with red:amod:hat sings:ROOT:sings",
        ),
        ("A nurse holding a cup", "nurse:ROOT:nurse holding:acl:nurse cup:dobj:holding"),
        ("Two goats are eating hay", "goats:nsubj:eating are:aux:eating eating:ROOT:eating hay:dobj:eating"),
        ("A desk with a lamp and a vase", "lamp:pobj:with and:cc:lamp vase:conj:lamp"),
        ("There is a goat in the barn", "There:expl:is goat:attr:is in:prep:goat"),
        ("A goat on top of a rock", "on:prep:goat top:pobj:on of:prep:top rock:pobj:of"),
        ("A goat eats while a cow sleeps .", "eats:ROOT:eats sleeps:advcl:eats cow:nsubj:sleeps while:mark:sleeps"),
        ("A technician repairs a computer", "technician:nsubj:repairs computer:dobj:repairs"),
        ("A black , brown and white goat", "black:amod:goat brown:amod:goat white:amod:goat"),
        ("A bus parked on a street", "parked:acl:bus on:prep:parked"),
        ("A very old goat", "very:advmod:old old:amod:goat"),
    ],
)
def test_heads_and_labels(caption: str, expected: str) -> None:
    tree = tree_of(caption)
    found = {f"{t.text}:{t.label}:{tree[t.head].text}" for t in tree}
    assert set(expected.split()) <= found


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("The dogs run", "DT NNS VBP"),
        ("A man paints a wall", "DT NN VBZ DT NN"),
        ("A light shows the way", "DT NN VBZ DT NN"),
        ("Street signs on a pole", "NN NNS IN DT NN"),
        ("A can of beer", "DT NN IN NN"),
        ("A dog that is wet", "DT NN WDT VBZ JJ"),
    ],
)
def test_tags(caption: str, expected: str) -> None:
    assert " ".join(token.tag for token in tree_of(caption)) == expected


@pytest.mark.parametrize("caption", ["", "...", "Ein Hund läuft durch den Wald", "xyzzy plugh frotz gnusto", "一只狗"])
def test_what_is_not_plain_is_declined(caption: str) -> None:
    assert open_parser("plain").parse([caption]) == [None]


@pytest.mark.parametrize(
    ("caption", "subject", "verb", "finite", "plural"),
    [
        ("A nurse sings .", "nurse", "sings", True, False),
        ("Nurses singing", "Nurses", "singing", False, True),
        ("A group of nurses are singing", "group", "singing", True, True),
        ("A nurse in a car", "nurse", "", False, False),
        ("A nurse and a chef", "nurse", "", False, True),
    ],
)
def test_clause(caption: str, subject: str, verb: str, finite: bool, plural: bool) -> None:
    tree = tree_of(caption)
    clause = clause_of(tree)
    assert clause is not None
    assert tree[clause.subject].text == subject and (tree[clause.verb].text if clause.verb is not None else "") == verb
    assert (clause.finite, clause.plural) == (finite, plural)


@pytest.mark.parametrize(
    ("text", "body", "tail"),
    [
        ("A goat naps .", "A goat naps", " ."),
        ("A goat naps. It is old.", "A goat naps", ". It is old."),
        ("A goat - stock photo", "A goat", " - stock photo"),
        ("A goat | Alamy #farm #cute", "A goat", " | Alamy #farm #cute"),
        ("Salt &amp; pepper", "Salt & pepper", ""),
        ("A farm (1912)", "A farm", " (1912)"),
        ("goat.jpg", "goat", ".jpg"),
        ("A St. Bernard naps", "A St. Bernard naps", ""),
        ("A 3.5 inch disc", "A 3.5 inch disc", ""),
    ],
)
def test_the_sentence_in_a_caption(text: str, body: str, tail: str) -> None:
    sentence = sentence_of(text)
    assert (sentence.body, sentence.tail) == (body, tail)


def test_capitals_that_say_nothing_are_small_for_the_parser_and_kept_in_the_tree() -> None:
    assert sentence_of("A GOAT IN A BARN").plain == "a goat in a barn"
    assert [token.text for token in tree_of("A Goat In A Barn")] == ["A", "Goat", "In", "A", "Barn"]
    assert tree_of("A GOAT IN A BARN")[1].lemma == "goat"


def test_a_tree_gives_back_its_text() -> None:
    for text in ("A goat , a cow and a hen .", "A goat's bell - stock photo", "A GOAT, TWO COWS!"):
        assert tree_of(text).text == text


def test_texts_are_parsed_in_batches_and_each_once() -> None:
    class Counting:
        signature = "counting"
        seen: list[str] = []  # noqa: RUF012

        def parse(self, texts):  # type: ignore[no-untyped-def]
            self.seen += texts
            return [None] * len(texts)

    parser = Counting()
    parses = Parses(parser, [f"goat {i}" for i in range(1000)])  # type: ignore[arg-type]
    for i in range(1000):
        assert parses.of(f"goat {i}") is None
    assert parser.seen == [f"goat {i}" for i in range(1000)]
    assert parses.of("a new one") is None and parser.seen[-1] == "a new one"


def test_a_pipeline_that_is_not_there_or_does_not_parse(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    with pytest.raises(UserError, match="no pipeline 'en_nothing'") as caught:
        open_parser("en_nothing")
    assert "python -m spacy download en_nothing" in (caught.value.fix or "")
    with pytest.raises(UserError, match="no pipeline 'json'"):  # a package, and none of spaCy's
        open_parser("json")
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(UserError, match="has no parser and no tagger"):
        open_parser(str(tmp_path / "blank"))
    spacy.blank("de").to_disk(tmp_path / "german")
    with pytest.raises(UserError, match="is for 'de'"):
        open_parser(str(tmp_path / "german"))


def test_without_spacy_the_fix_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="spacy and threadpoolctl not installed") as caught:
        open_parser("en_core_web_sm")
    assert "semclip[captions]" in (caught.value.fix or "") and "writer.parser=plain" in (caught.value.fix or "")


def tagged(*words: tuple[str, str, int, str]) -> Tree:
    return Tree(tuple(Token(text, text.lower(), tag, head, label, True) for text, tag, head, label in words))


def test_a_sentence_of_names_is_no_title() -> None:
    assert tree_of("Brass Lamp Beside Old Vase").style == (False, True)
    assert style_of(["Pilot", "Ana", "Petrova", "leaves", "Old", "Kolding", "Airfield"]) == (False, False)


def test_a_first_word_taken_for_a_name_is_small_inside_a_sentence() -> None:
    words = [("Wooden", "NNP", 1, "compound"), ("bridge", "NN", 1, "ROOT")]
    name = [("Katmandu", "NNP", 1, "compound"), ("bridge", "NN", 1, "ROOT")]
    assert render(tagged(*words), ["no", 0, 1]) == "No wooden bridge"
    assert render(tagged(*name), ["no", 0, 1]) == "No Katmandu bridge"


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Nurses march through Lisbon on Oct. 14. They want more pay.", "Nurses march through Lisbon on Oct. 14"),
        ("Capt. Mara Lind waves to a crowd.", "Capt. Mara Lind waves to a crowd"),
    ],
)
def test_the_stop_of_an_abbreviation_ends_no_sentence(text: str, body: str) -> None:
    assert sentence_of(text).body == body


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Handmade Silk Cushion w/ Tassels - Olive", "Cushion:ROOT:Cushion Silk:compound:Cushion w/:prep:Cushion"),
        ("Women's Tartan Skirt, 3-Pack", "Skirt:ROOT:Skirt Women:poss:Skirt"),
        ("Soup with leeks and ham, Qorvane style", "leeks:pobj:with ham:conj:leeks and:cc:leeks"),
        ("A baker waves at the postman of Tormel", "baker:ROOT:baker waves:dep:baker of:prep:postman"),
        ("Villagers fish from a pier", "Villagers:ROOT:Villagers fish:dep:Villagers pier:dep:Villagers"),
        ("Lamp 40W oval white brass", "Lamp:ROOT:Lamp brass:dep:Lamp oval:compound:brass 40W:nummod:brass"),
    ],
)
def test_noun_phrases_alone(caption: str, expected: str) -> None:
    tree = phrases.parse(sentence_of(caption))
    assert tree is not None
    assert set(expected.split()) <= {f"{t.text}:{t.label}:{tree[t.head].text}" for t in tree}
    assert tree.text == caption


@pytest.mark.parametrize("caption", ["", "...", "Qorvane XT-90", "of and with"])
def test_without_a_known_noun_there_are_no_phrases(caption: str) -> None:
    assert phrases.parse(sentence_of(caption)) is None


def test_a_name_behind_a_trade_is_a_person() -> None:
    tokens = [Token("Baker", "baker", "NN", 1, "compound", True), Token("Tormel", "tormel", "NNP", 1, "ROOT", False)]
    assert is_person(Tree(tuple(tokens)), 1) and not is_being(Tree((tokens[1]._replace(head=0),)), 0)
