"""What is asked of a search, checked: nothing that a page or a client sends is trusted."""

import pytest

from encoder import EncoderError
from ui.checks import OWN_POOLING
from ui.search.form import SearchForm, parse, parse_encoding, parse_k, parse_method, parse_query
from ui.search.index import SearchSettings
from ui.settings import Settings

SETTINGS = Settings()


def test_the_form_as_the_page_shows_it_first_is_whole_but_for_the_query():
    found = parse(SearchForm("  where is the cat?\n"), SETTINGS)
    assert found.query == "where is the cat?"
    assert found.settings == SearchSettings("all-MiniLM-L6-v2", None, -1)
    assert (found.method, found.k) == ("dense", 10)


@pytest.mark.parametrize("query", ["", "  \n ", None, 5, ["a"]])
def test_an_empty_query_is_told(query):
    with pytest.raises(EncoderError, match="The query is empty"):
        parse_query(query, SETTINGS)


def test_a_query_has_a_longest_length():
    assert parse_query("x" * SETTINGS.max_chars, SETTINGS) == "x" * SETTINGS.max_chars
    with pytest.raises(EncoderError, match="2,001 characters; at most 2,000"):
        parse_query("x" * (SETTINGS.max_chars + 1), SETTINGS)


def test_a_pooling_and_a_layer_are_checked():
    assert parse_encoding("m", OWN_POOLING, "-1") == SearchSettings("m", None, -1)
    assert parse_encoding("m", "", "3") == SearchSettings("m", None, 3)
    assert parse_encoding("m", "cls", "last2") == SearchSettings("m", "cls", "last2")
    with pytest.raises(EncoderError, match=r"Unknown pooling 'median'\. Choose one of: mean"):
        parse_encoding("m", "median", "-1")


@pytest.mark.parametrize("k", [0, 51, 1.5, "many", None, float("nan"), 10**400, [3]])
def test_k_is_a_whole_number_from_1_to_50(k):
    with pytest.raises(EncoderError, match=r"k is .*; it must be"):
        parse_k(k)
    assert parse_k("7") == parse_k(7.0) == 7


def test_a_method_goes_by_the_words_of_the_page_and_of_the_api():
    assert parse_method("Keywords (BM25)") == parse_method("bm25") == "bm25"
    for wrong in ("magic", None, ["dense"], {}):
        with pytest.raises(EncoderError, match="Choose one of: dense, bm25, fusion"):
            parse_method(wrong)
