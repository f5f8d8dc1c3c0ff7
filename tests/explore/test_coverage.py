"""Verdicts on hits by keywords: the share of the query that a text holds, whatever its length."""

from math import log

import pytest

from explore.coverage import coverage
from explore.lexical import Bm25Index

DESK = (
    "Umbrellas handed in at the counter are kept for a month.",
    "Keys without a tag go to the locksmith after a week.",
    "Gloves and scarves are given to charity in spring.",
    "Ask for the form before you come to collect a wallet.",
)


@pytest.fixture(scope="module")
def index():
    return Bm25Index(DESK)


def level(index: Bm25Index, query: str, language: str = "en") -> str:
    row = int(index.search([query], 1).indices[0, 0])
    return coverage(index, query, row, language).verdict().level


def test_the_share_is_of_idf_and_by_hand(index):
    # Of 4 texts one holds "keys": ln(1 + 3.5 / 1.5); none holds "dragon": ln(1 + 4.5 / 0.5).
    keys, dragon = log(1 + 3.5 / 1.5), log(1 + 4.5 / 0.5)
    found = coverage(index, "Keys, dragon, keys", 1, "en")
    assert (found.present, found.missing) == (("keys",), ("dragon",))
    assert found.share == pytest.approx(keys / (keys + dragon))
    assert index.idf("keys") == pytest.approx(keys)
    assert index.idf("dragon") == pytest.approx(dragon)


@pytest.mark.parametrize("query", ["umbrellas", "a wallet", "scarves charity", "locksmith"])
def test_a_short_query_that_is_there_is_relevant(index, query):
    assert level(index, query) == "strong"


@pytest.mark.parametrize(
    "query",
    [
        "what do you have to know about a planet before you can go to it in the spring",
        "how are the leaves of a tree able to turn from green to red after they are given a frost",
        "is it for a month that you have to be at the dentist to get the new tooth",
    ],
)
def test_a_long_query_that_shares_common_words_is_not(index, query):
    assert level(index, query) in ("none", "weak")


def test_a_query_of_function_words_alone_is_taken_as_it_is(index):
    found = coverage(index, "after a", 1, "en")
    assert found.present == ("after", "a")
    assert found.share == 1


def test_function_words_are_those_of_the_language_of_the_question():
    index = Bm25Index(["Die Tauben nisten auf dem Dach.", "Wer kann die Karte lesen?"])
    assert coverage(index, "Wer kann die Tauben zählen?", 0, "de").present == ("tauben",)
    assert level(index, "Kann ich die Waschmaschine nehmen?", "de") == "none"


def test_the_words_say_how_many_of_how_many(index):
    words = {
        query: coverage(index, query, 0, "en").verdict().words
        for query in ("umbrellas", "dragon", "dragons islands")
    }
    assert words["umbrellas"].startswith(
        "the first hit has the word that carries the question (100%"
    )
    assert words["dragon"].startswith("the first hit lacks the word that carries the question (0%")
    assert words["dragons islands"].startswith(
        "the first hit has 0 of the 2 words that carry the question"
    )


def test_of_a_script_without_spaces_letters_and_their_pairs_are_counted():
    index = Bm25Index(["図書館で小説を借りた。", "台風で電車が止まった。"])
    found = coverage(index, "図書館はどこですか", 0, "ja")
    assert found.share == 1
    assert "letters and pairs of letters" in found.verdict().words
