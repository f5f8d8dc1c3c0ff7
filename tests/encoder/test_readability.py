"""Words that a vocabulary does not know: whole texts become one unknown token."""

import pytest

from encoder.catalog import MULTILINGUAL
from encoder.readability import Unreadable, reading

THAI = ["ประตูเปิดแล้ว", "ฝนตกหนักมาก", "แมวนอนหลับอยู่"]


def test_texts_of_a_script_that_the_vocabulary_does_not_know(bert):
    texts = ["A cat sleeps.", *THAI, "the ประตู", "The weather is lovely ฝน"]
    found = reading(bert, texts)
    unknown, tokens = bert.backbone.unknown_id, [bert.tokenize(text).ids for text in texts]
    assert [ids.count(unknown) for ids in tokens] == [0, 1, 1, 1, 1, 1]
    assert found.unknown == (1, 2, 3, 4)  # half of the fifth, a fifth of the last
    assert found.alike == ((1, 2, 3),)
    assert found.lengths == tuple(map(len, tokens))


def test_capitals_are_left_out_on_purpose_and_equal_texts_are_one(bert):
    assert bert.tokenize("The CAT").ids == bert.tokenize("the cat").ids
    assert reading(bert, ["The CAT", "the cat", THAI[0], THAI[0]]).alike == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [("वह कल आया था", "वह कुल आया था"), ("はんを食べる", "ぱんを食べる"), ("ذهب الولدُ", "ذهب الولدَ"),
     ("май", "маи"), ("ไม่ดี", "ไมดี")],
)  # fmt: skip
def test_texts_that_differ_in_signs_that_the_model_drops_look_alike_to_it(bundled, one, other):
    assert bundled.tokenize(one).ids == bundled.tokenize(other).ids
    assert reading(bundled, [one, "A cat sleeps.", other]).alike == ((0, 2),)


@pytest.mark.parametrize("other", ["SCHÖN, όμως", "scho\u0308n,  όμως", "schon, ομως"])
def test_accents_of_latin_and_greek_are_left_out_on_purpose(bundled, other):
    assert bundled.tokenize("schön, όμως").ids == bundled.tokenize(other).ids
    assert reading(bundled, ["schön, όμως", other]).alike == ()


def test_a_text_of_which_the_tokenizer_leaves_nothing_is_unknown(bert):
    assert bert.tokenize("\u200b\u200d").ids == bert.tokenize("").ids
    found = reading(bert, ["\u200b\u200d", "\u200d", "", "a"])
    assert (found.unknown, found.alike) == ((0, 1), ((0, 1, 2),))


def test_bytes_spell_everything(tiny):
    found = reading(tiny("roberta"), THAI)
    assert (found.unknown, found.alike) == ((), ())


def test_a_cut_text_is_counted_whole(bert):
    [length] = reading(bert, ["a " * 300]).lengths
    assert length == 302 > bert.max_tokens


@pytest.mark.parametrize(
    ("unreadable", "words"),
    [
        (Unreadable("m", 9, 0, 0), ""),
        (Unreadable("m", 1, 1, 0), "Of 1 text, 1 consists mostly of tokens unknown to m: "),
        (Unreadable("m", 9, 2, 3), "Of 9 texts, 2 consist mostly of tokens unknown to m, and 3 "
         "look the same to it as another text: "),
        (Unreadable(MULTILINGUAL, 9, 0, 2), "Of 9 texts, 2 look the same to it as another text: "),
    ],
)  # fmt: skip
def test_it_is_said_in_one_line_with_the_remedy(unreadable, words):
    assert unreadable.words.startswith(words)
    assert bool(unreadable.words) == bool(words)
    if words:
        assert (MULTILINGUAL in unreadable.advice) == (unreadable.name != MULTILINGUAL)
