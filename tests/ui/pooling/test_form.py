"""A view fits in a URL and comes back; nothing in a URL is trusted."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoder import CATALOG, DEFAULT_MODEL, POOLINGS, EncoderError
from encoder.layers import NAMED
from ui.checks import parse_layer, parse_model, parse_pooling, parse_text, problem_with
from ui.pooling.form import MEASURES, View, from_query, parse_measure, split_texts, to_query
from ui.settings import Settings

OPEN, CLOSED = Settings(), Settings(allow_hub=False)
HUGE = "x" * 10**6

sentences = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).filter(
    str.strip
)
lists = st.lists(sentences, min_size=1, max_size=10).map(
    lambda texts: split_texts("\n".join(texts), OPEN)[0]
)
views = st.builds(
    View,
    a=sentences,
    b=sentences,
    model=st.sampled_from([*CATALOG, "some-org/some.model_1"]),
    layer=st.integers(-13, 24) | st.sampled_from(NAMED),
    pooling=st.sampled_from(list(POOLINGS)),
    pool_special=st.booleans(),
    measure=st.sampled_from(MEASURES),
    texts=lists,
)


def read(query: Mapping[str, str], settings: Settings = OPEN) -> tuple[View, list[str]]:
    """What a link says to a visitor without models of their own."""
    return from_query(query, settings, lambda model: parse_model(model, settings))


def opened(query: str) -> tuple[View, list[str]]:
    """As the server reads the address."""
    return read(dict(parse_qsl(query[1:], keep_blank_values=True)))


@given(views)
def test_any_view_comes_back_from_its_own_link(view):
    assert opened(to_query(view)) == (view, [])


def test_settings_at_their_default_are_left_out():
    assert [key for key, _ in parse_qsl(to_query(View())[1:])] == ["a", "b"]
    assert "layer=first_last" in to_query(View(layer="first_last"))
    assert to_query(View(pool_special=False)).endswith("&pool_special=0")


def test_half_a_surrogate_pair_becomes_a_character_that_can_be_sent():
    assert parse_text("a \ud83d b", "A", OPEN) == "a \ufffd b"
    assert parse_text("\ud83d\ude00", "A", OPEN) == "😀"
    assert split_texts("one \udc00\ntwo", OPEN)[0] == ("one \ufffd", "two")


@given(st.dictionaries(st.sampled_from([*View.__dataclass_fields__, "x"]), st.text(max_size=60)))
def test_no_link_at_all_breaks_the_page(query):
    view, notes = read(query, CLOSED)
    assert view.a.strip()
    assert view.b.strip()
    assert view.model in CATALOG
    assert view.pooling in POOLINGS
    assert view.measure in MEASURES
    assert 1 <= len(view.texts) <= CLOSED.max_texts
    assert all(isinstance(note, str) and note for note in notes)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("a", "", "Sentence A is empty"),
        ("b", " \t\n ", "Sentence B is empty"),
        ("a", "x" * 2001, "has 2,001 characters; this page takes up to 2,000"),
        ("model", "no-such-model", "Unknown model 'no-such-model'"),
        ("model", "../../etc/passwd", "not the id of a model on the Hub"),
        ("model", "/etc/passwd", "not the id of a model on the Hub"),
        ("model", "./folder", "not the id of a model on the Hub"),
        ("model", "https://evil.example/m", "not the id of a model on the Hub"),
        ("layer", "abc", "Unknown layer 'abc'. Choose a number from 0"),
        ("layer", "1.5", "Unknown layer '1.5'"),
        ("layer", "9" * 5000, "Unknown layer '9999"),
        ("pooling", "median", "Unknown pooling 'median'. Choose one of: mean, max,"),
        ("pooling", "soft:1000", "Unknown pooling 'soft:1000'"),
        ("pooling", "cls+mean", "Unknown pooling 'cls+mean'"),
        ("pool_special", "yes", "pool_special is 'yes' in this link; it must be 0 or 1."),
        ("measure", "manhattan", "Unknown measure 'manhattan'. Choose one of: cosine,"),
    ],
)
def test_a_field_that_is_no_good_is_named_and_the_rest_is_kept(field, value, why):
    rest = {"a": "first", "b": "second", "layer": "2", "pooling": "cls", "measure": "dot product"}
    view, notes = read(rest | {field: value})
    [note] = notes
    assert why in note
    others = {key: getattr(view, key) for key in rest if key != field}
    wanted = {"a": "first", "b": "second", "layer": 2, "pooling": "cls", "measure": "dot product"}
    assert others == {key: value for key, value in wanted.items() if key != field}
    assert getattr(view, field) == getattr(View(), field)


@pytest.mark.parametrize("field", ["a", "b", "model", "layer", "pooling", "measure"])
def test_an_enormous_field_is_refused_in_few_words(field):
    for value in (HUGE, f"org/{HUGE}"):
        _, notes = read({field: value})
        assert len(notes) == 1
        assert len(notes[0]) < 600


def test_what_is_wrong_is_said_in_the_order_of_the_page():
    query = {"pooling": "?", "measure": "?", "layer": "?", "model": "?", "b": "", "a": ""}
    _, notes = read(query)
    starts = ["Sentence A", "Sentence B", "Unknown model", "Unknown layer"]
    starts += ["Unknown pooling", "Unknown measure"]
    assert len(notes) == len(starts)
    assert all(note.startswith(start) for note, start in zip(notes, starts, strict=True))


@pytest.mark.parametrize("sent", [None, 3, ["a"], {"a": 1}])
def test_what_is_no_text_is_refused_like_an_empty_one(sent):
    assert problem_with(sent, "A", OPEN).startswith("Sentence A is empty")
    with pytest.raises(EncoderError, match="Sentence A is empty"):
        parse_text(sent, "A", OPEN)
    assert split_texts(sent, OPEN) == ((), [])


@pytest.mark.parametrize("sent", [None, 3, ["mean"], {"mean": 1}, "mean ", b"mean"])
def test_only_the_very_names_pass(sent):
    with pytest.raises(EncoderError, match="Unknown pooling"):
        parse_pooling(sent)
    with pytest.raises(EncoderError, match="Unknown measure"):
        parse_measure(sent)


def test_layers_as_a_picker_a_link_and_a_client_send_them():
    assert [parse_layer(sent) for sent in (3, "3", " -1 ", "last2")] == [3, 3, -1, "last2"]
    for sent in (True, None, "", 1.5, [1], "FIRST_LAST"):
        with pytest.raises(EncoderError, match="Unknown layer"):
            parse_layer(sent)


def test_the_limit_is_the_last_length_that_passes():
    assert parse_text("x" * 2000, "A", OPEN) == "x" * 2000
    assert problem_with("x" * 2001, "A", OPEN)
    assert problem_with("x" * 11, "B", replace(OPEN, max_chars=10)).startswith("Sentence B has 11")


def test_a_host_without_the_hub_offers_what_comes_with_the_app():
    bundled = [spec.key for spec in CATALOG.values() if spec.bundled]
    assert [parse_model(key, CLOSED) for key in bundled] == bundled
    for refused in ("bert-base-uncased", "some-org/some-model", "", None):
        with pytest.raises(EncoderError, match=f"This host offers: {DEFAULT_MODEL}") as error:
            parse_model(refused, CLOSED)
        assert "bert-base-uncased" not in str(error.value).partition("offers")[2]
    assert parse_model("bert-base-uncased", OPEN) == "bert-base-uncased"
    assert parse_model(" some-org/some-model ", OPEN) == "some-org/some-model"


def test_lines_become_sentences():
    assert split_texts(" one \n\n\ttwo\r\n   \nthree", OPEN) == (("one", "two", "three"), [])


def test_more_than_ten_lines_are_cut_and_it_is_said():
    texts, notes = split_texts("\n".join(f"line {i}" for i in range(1, 13)), OPEN)
    assert texts == tuple(f"line {i}" for i in range(1, 11))
    assert notes == ["12 sentences given; the first 10 are compared here."]
    assert split_texts("\n".join("abcdefghij"), OPEN)[1] == []


def test_a_line_that_is_too_long_is_left_out_by_number():
    texts, notes = split_texts(f"one\n{'x' * 2001}\nthree\n{'y' * 3000}", OPEN)
    assert texts == ("one", "three")
    assert notes == ["Line 2, 4 left out: over 2,000 characters."]
    view, notes = read({"texts": f"one\n{'x' * 2001}"})
    assert view.texts == ("one",)
    assert "left out" in notes[0]
