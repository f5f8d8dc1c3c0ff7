"""A link to a search: what is copied, and what a link that comes in may do."""

import json
import warnings
from dataclasses import astuple
from urllib.parse import parse_qsl

import pytest

from encoder import DEFAULT_MODEL
from tests.ui.laid_out import OTHER_MODEL
from tests.ui.search.test_tab import prepare
from tests.ui.test_hostile_text import ATTACKS
from ui.search.form import SearchForm, to_query, what_link_holds
from ui.state.samples import TEXT_SAMPLES


def opened(page, query: dict[str, str]) -> tuple[dict, str]:
    """What a link fills, and what is said of it."""
    restore = page.reaction(page.demo._id, "load", "search-k")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        answer = page.call(restore, query=query)
    # What Gradio warns of, not what the collector finds of earlier tests at this moment.
    said = [str(w.message) for w in told if issubclass(w.category, UserWarning)]
    return answer, " ".join(said)


def test_a_link_asks_the_same_question_of_the_same_sample(page):
    form = SearchForm("my knee hurts", OTHER_MODEL, "max", "1", "Both, fused", 7)
    answer, told = opened(page, dict(parse_qsl(to_query(form, "topics")[1:])))
    assert told == ""
    assert answer["Tabs"].selected == "search"
    assert answer["State"] == OTHER_MODEL
    boxes = [f"search-{name}" for name in ("query", "model", "pooling", "layer", "method", "k")]
    values = [getattr(answer[name], "value", answer[name]) for name in boxes]
    assert values == list(astuple(form))
    assert "topics.csv" in answer["search-corpus-facts"]
    assert "search-query" not in prepare(page, "my knee hurts")  # it stays, and is asked
    example = TEXT_SAMPLES["topics"].queries[2]
    assert "search-query" not in prepare(page, example)
    asked = page.handlers.request("ann", SearchForm(*values))
    assert (asked.search.k, asked.search.method) == (7, "fusion")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("no JSON", "The search settings cannot be read"),
        (json.dumps({"model": "some-org/some-model"}), "is not loaded here"),
        (json.dumps({"layer": "9"}), "no layer 9"),
        (json.dumps({"method": ATTACKS[0], "k": 99, "x": 1}), "Unknown method"),
        (json.dumps({"query": "x" * 2_001}), "must be a word or a number"),
        (json.dumps({"query": ["a"]}), "must be a word or a number"),
    ],
)
def test_what_a_link_says_is_checked(page, sent, said):
    answer, told = opened(page, {"search": sent, "corpus": "../../etc/passwd"})
    assert said in told
    assert "holds settings, but not the texts" in told
    assert "<img" not in told
    assert answer["search-model"].value == DEFAULT_MODEL
    assert (answer["search-k"], answer["search-query"]) == (10, "")
    assert "search_passages.csv" in answer["search-corpus-facts"]


def test_a_link_leaves_out_a_question_that_servers_would_not_read():
    link = to_query(SearchForm("\u4e2d" * 1_900, k=7), "topics")
    assert len(link) < 8_000
    assert json.loads(dict(parse_qsl(link[1:]))["search"]) == {"k": 7}
    assert dict(parse_qsl(link[1:]))["corpus"] == "topics"
    assert "too long for a link" in what_link_holds(link)
    assert "asks this question again" in what_link_holds(to_query(SearchForm("why?")))
