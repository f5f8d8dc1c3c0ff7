"""Texts as people send them: each gives a defined vector or an error that says what is wrong."""

import logging

import numpy as np
import pytest

from encoder import POOLINGS, ArrayCache, BadText, Options
from encoder.text import clean_texts
from tests.growth import growth
from tests.tiny_models import ARCHITECTURES, HIDDEN, POSITIONS, SENTENCES

ODD = {
    "empty": "",
    "spaces": "   ",
    "line breaks": "\n\t\r\n",
    "exotic spaces": "\u00a0\u2003\u200b\ufeff",
    "nul": "a\0b",
    "only nul": "\0\0\0",
    "control": "\x01\x02\x7f\x9f",
    "lone high surrogate": "a\ud83d b",
    "lone low surrogate": "\udc00",
    "surrogates the wrong way round": "\ude00\ud83d",
    "right to left": "שלום עולם, مرحبا بالعالم",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇪🇺",
    "combining": "e\u0301" + "\u0301" * 300,
    "direction marks": "\u202eabc\u202c",
    "byte order mark": "\ufeffabc",
    "outside the first plane": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𒀀",
    "unassigned": "\U0010ffff\uffff",
    "special tokens": "[CLS] [SEP] [PAD] [MASK] <s> </s> <pad> <mask> <unk>",
    "markup": "<script>alert('x')</script> {{x}} %s {0}",
}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", ODD)
def test_odd_texts_have_finite_vectors_that_do_not_depend_on_the_batch(tiny, architecture, name):
    encoder = tiny(architecture)
    text = ODD[name]
    alone = encoder.encode([text], "mean")[0]
    assert alone.shape == (HIDDEN,)
    assert np.linalg.norm(alone) == pytest.approx(1, abs=1e-5)
    encoder.cache.clear()
    mixed = encoder.encode([SENTENCES[0], text, *SENTENCES], "mean")[1]
    np.testing.assert_allclose(mixed, alone, rtol=0, atol=1e-5)
    trace = encoder.trace(text)
    for pooling in POOLINGS:
        assert np.isfinite(trace.pooled[pooling]).all()
    assert np.isfinite(encoder.explain_pair(text, SENTENCES[0], "mean").cosine)


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_text_is_the_vector_of_its_special_tokens(bert, text):
    assert bert.trace(text).tokens == ("[CLS]", "[SEP]")
    vectors = bert.encode([text, ""], "mean")
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert np.linalg.norm(vectors[0]) == pytest.approx(1)


@pytest.mark.parametrize("options", [Options(), Options(pool_special=False)])
def test_an_empty_text_without_special_tokens_is_the_zero_vector(bert, options):
    pooling = "mean_no_special" if options.pool_special else "mean"
    for normalize in (True, False):
        vectors = bert.encode(["", "cat"], pooling, normalize=normalize, options=options)
        assert not vectors[0].any()
        assert vectors[1].any()


# Surrogates


def test_lone_surrogates_become_replacement_characters_and_nothing_else_is_lost():
    given = ["a\ud83db", "\udc00", "x\ud83d", "\ude00\ud83d!", "fine 👍", "\ufeffa\ud800"]
    assert clean_texts(given) == ["a\ufffdb", "\ufffd", "x\ufffd", "\ufffd\ufffd!", "fine 👍",
                                  "\ufeffa\ufffd"]  # fmt: skip


def test_surrogates_that_make_a_pair_are_joined():
    assert clean_texts(["\ud83d\udc4d ok \ud800"]) == ["👍 ok \ufffd"]


def test_sound_texts_are_left_alone():
    sound = [text for name, text in ODD.items() if "surrogate" not in name]
    assert clean_texts(sound) == sound
    assert clean_texts(np.array(["a", "b"])) == ["a", "b"]
    assert clean_texts(("a", "b")) == ["a", "b"]
    assert clean_texts(text for text in "ab") == ["a", "b"]  # read once, not lost
    assert clean_texts([]) == []


def test_nul_bytes_do_not_end_the_text(tiny):
    for architecture in ("bert", "roberta"):
        encoder = tiny(architecture)
        cut, whole = encoder.encode(["cat", "cat\0 weather lovely"], "mean")
        assert np.abs(cut - whole).max() > 0.01


# What is no text


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["fine", None], r"Text 1 is None of type NoneType, not a string"),
        ([3], r"Text 0 is 3 of type int"),
        (["a", float("nan")], r"Text 1 is nan"),
        (["a", b"bytes"], r"Text 1 is b'bytes'"),
        ([["a"]], r"Text 0 is \['a'\]"),
        ("one text", r"list of texts.*not one string"),
        (b"one text", r"list of texts"),
        (None, r"list of texts.*not None"),
        (7, r"list of texts"),
    ],
)
@pytest.mark.parametrize("call", ["encode", "encode_grid", "fit_idf"])
def test_what_is_no_list_of_texts_is_refused_with_its_place(bert, texts, message, call):
    arguments = (["mean"], [0]) if call == "encode_grid" else ()
    with pytest.raises(BadText, match=message):
        getattr(bert, call)(texts, *arguments)


def test_a_long_wrong_value_does_not_fill_the_message(bert):
    with pytest.raises(BadText) as error:
        bert.encode([["x" * 100_000]])
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("call", ["trace", "tokenize"])
@pytest.mark.parametrize("text", [None, 3, b"x", ["a"]])
def test_one_text_must_be_one_string(bert, call, text):
    with pytest.raises(BadText):
        getattr(bert, call)(text)
    with pytest.raises(BadText):
        bert.explain_pair("a", text)
    with pytest.raises(BadText):
        bert.pooled(text, ["mean"], [0])


# Texts that are too long


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("times", [1, 20, 26, 27, 80, 400])
def test_how_many_tokens_were_cut_is_exact(tiny, architecture, times):
    encoder = tiny(architecture)
    text = "cat " * times
    whole = encoder.backbone.tokenizer(text)["input_ids"]
    found = encoder.tokenize(text)
    assert found.cut == max(0, len(whole) - POSITIONS)
    assert list(found.ids) == [*whole[: POSITIONS - 1], whole[-1]][: len(whole)]


@pytest.mark.parametrize(("words", "cut"), [(77, 0), (78, 0), (79, 1), (500, 422)])
def test_cut_counts_around_the_limit(bert, words, cut):
    found = bert.tokenize(" ".join(["cat"] * words))
    assert found.cut == cut
    assert len(found.ids) == min(words + 2, POSITIONS)


def test_cut_texts_are_reported_once_a_call_with_the_worst(bert, caplog):
    with caplog.at_level(logging.WARNING, logger="encoder"):
        bert.encode(["cat", "cat " * 100, "cat " * 300], "mean")
        [record] = caplog.records
        assert "2 of 3 texts were cut to the 80 tokens" in record.getMessage()
        assert "the longest lost 222" in record.getMessage()
        caplog.clear()
        bert.encode(SENTENCES, "mean")
        assert caplog.records == []


def test_a_cut_text_has_the_vector_of_what_was_kept(bert):
    kept, cut = bert.encode(["cat " * 78, "cat " * 78 + "weather " * 50], "mean")
    np.testing.assert_array_equal(kept, cut)


TOKENIZERS = ["bert", "roberta", "xlm-roberta"]  # WordPiece, byte-level BPE, Unigram
LETTERS = ["x", "ab", "é", "."]


@pytest.mark.parametrize("architecture", TOKENIZERS)
@pytest.mark.parametrize("letters", LETTERS)
def test_a_word_eight_times_as_long_takes_no_64_times_as_long(tiny, architecture, letters):
    encoder = tiny(architecture).with_cache(ArrayCache(0))
    short, long = ([letters * (size // len(letters))] for size in (2**13, 2**16))
    assert growth(lambda texts: encoder.encode(texts, "mean"), short, long) < 24


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("letters", LETTERS)
def test_a_megabyte_of_one_word_has_a_vector(tiny, architecture, letters):
    [vector] = tiny(architecture).encode([letters * (2**20 // len(letters))], "mean")
    assert np.isfinite(vector).all()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_cut_of_many_texts_is_what_is_cut_of_each(tiny, architecture):
    encoder = tiny(architecture)
    texts = [*ODD.values(), *("cat " * n for n in (1, 20, POSITIONS - 4, POSITIONS, 300))]
    for options in (Options(), Options(prompt="query: ")):
        each = [encoder.tokenize(text, options).cut for text in texts]
        assert encoder.cut(texts, options) == each
        assert any(each)
    assert encoder.cut([]) == []
