"""Search over the web API, used as a stranger would use it; the same as the engines give."""

import threading

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from encoder import DEFAULT_MODEL
from explore import Bm25Index, reciprocal_rank_fusion, search
from tests.ui.corpus import TEXTS
from tests.ui.laid_out import tiny_workbench
from ui.search.api import build_search_api
from ui.state.jobs import Job

QUERIES = ["where does the cat sleep?", "is there a train?"]


@pytest.fixture(scope="module")
def client(app_url):
    client = Client(app_url, verbose=False)
    yield client
    client.close()


def answer(client, queries=QUERIES, **settings) -> dict:
    return client.predict(texts=TEXTS, queries=queries, api_name="/search", **settings)


def rows(found: dict, at: int = 0) -> list[int]:
    return [hit["row"] for hit in found["results"][at]["hits"]]


def test_the_endpoint_tells_its_parameters_and_their_defaults(client):
    told = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/search"]
    found = {p["parameter_name"]: p["parameter_default"] for p in told["parameters"]}
    assert (found.pop("texts"), found.pop("queries")) == (None, None)
    assert found == {"model": DEFAULT_MODEL, "pooling": "", "layer": "-1", "k": 10,
                     "method": "dense", "with_verdict": False}  # fmt: skip


def test_vectors_are_those_of_the_engine(client, bundled):
    found = answer(client, k=4)
    expected = search(bundled.encode(QUERIES), bundled.encode(TEXTS), 4)
    assert [result["query"] for result in found["results"]] == QUERIES
    for at in range(2):
        assert rows(found, at) == expected.indices[at].tolist()
        hits = found["results"][at]["hits"]
        assert [hit["text"] for hit in hits] == [TEXTS[row] for row in rows(found, at)]
        np.testing.assert_allclose([h["cosine"] for h in hits], expected.scores[at], atol=1e-4)
        assert found["results"][at]["verdict"] is None
        assert found["results"][at]["search_ms"] > 0
    again = answer(client, k=4)["results"][0]  # this visitor asked it before
    assert again["encode_ms"] is None
    assert found["settings"] == {
        "model": DEFAULT_MODEL, "pooling": "mean", "layer": -1, "method": "dense", "k": 4,
        "prompt_of_queries": "", "prompt_of_texts": "",
    }  # fmt: skip


def test_keywords_fusion_poolings_and_layers_move_the_answer(client, bundled):
    words = Bm25Index(TEXTS).search(QUERIES, 100)
    assert rows(answer(client, method="bm25", k=3)) == words.indices[0, :3].tolist()
    dense = search(bundled.encode(QUERIES), bundled.encode(TEXTS), 100)
    fused = reciprocal_rank_fusion([dense, words], 3)
    assert rows(answer(client, method="fusion", k=3)) == fused.indices[0].tolist()
    vectors = bundled.encode(TEXTS, "max", 2)
    other = search(bundled.encode(QUERIES, "max", 2), vectors, 3)
    assert rows(answer(client, pooling="max", layer="2", k=3)) == other.indices[0].tolist()


def test_one_query_may_come_alone_and_a_verdict_on_request(client):
    found = answer(client, "where do cats sleep?", with_verdict=True, k=1)
    [result] = found["results"]
    assert result["verdict"]["queries"] >= 300
    assert result["verdict"]["level"] in ("strong", "likely", "weak", "none")
    assert 0 < result["verdict"]["p_value"] <= 1


def test_a_row_is_the_place_in_the_list_that_was_sent(client):
    texts = ["a cat", "a cat", "", "a dog"]
    found = client.predict(texts=texts, queries="a dog", api_name="/search")
    assert rows(found) == [3, 0]


def test_of_more_texts_than_the_limit_a_sample_is_searched_and_told(bert):
    workbench = tiny_workbench(bert, bert, search_texts=20)
    with gr.Blocks() as demo:
        build_search_api(workbench)
    [fn] = [f.fn for f in demo.fns.values() if f.api_name == "search"]
    found = fn(gr.Request(session_hash="ann"), TEXTS, "cats", k=50)
    assert len(found["results"][0]["hits"]) == 20
    assert "A sample of 20 of 96 texts is searched here" in found["notes"][0]


def test_it_waits_for_its_turn_among_the_long_work_of_the_page(tiny):
    """20,000 texts take a minute of all cores: no more of that at a time than elsewhere."""
    workbench = tiny_workbench(tiny("bert"), tiny("bert"))
    with gr.Blocks() as demo:
        build_search_api(workbench)
    [fn] = [f.fn for f in demo.fns.values() if f.api_name == "search"]
    release, answers = threading.Event(), []

    def busy(job):
        release.wait()
        yield None

    for _ in range(workbench.settings.map_slots):
        workbench.work_queue.join(Job(busy))
    asked = threading.Thread(
        target=lambda: answers.append(fn(gr.Request(session_hash="ann"), TEXTS, "cats"))
    )
    asked.start()
    while not workbench.work_queue._waiting:
        asked.join(0.01)
    assert answers == []
    release.set()
    asked.join()
    assert len(answers[0]["results"][0]["hits"]) == 10


def test_what_was_left_out_or_not_read_is_noted(client):
    texts = ["A cat.", "A dog.", "A cat.", "word " * 400]
    found = client.predict(texts=texts, queries="a pet", api_name="/search")
    assert any("same text again: 1" in note for note in found["notes"])
    assert any("1 of 3 texts is longer than the 256 tokens" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ({"texts": []}, "Give a list of texts, at least one."),
        ({"texts": "a text"}, "Give a list of texts"),
        ({"texts": ["a", 5]}, "Give a list of texts"),
        ({"queries": []}, "Give a query, or a list of queries"),
        ({"queries": [1]}, "Give a query, or a list of queries"),
        ({"queries": ["a"] * 101}, "There are 101 queries; at most 100"),
        ({"model": "no-such"}, "Unknown model 'no-such'"),
        ({"k": 0}, "k is 0; it must be from 1 to 50"),
        ({"method": "magic"}, "Unknown method 'magic'. Choose one of: dense, bm25, fusion"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_error_arrives_in_words(client, call, why):
    asked = {"texts": ["A cat.", "A dog."], "queries": "a pet"} | call
    with pytest.raises(AppError) as error:
        client.predict(**asked, api_name="/search")
    assert why in str(error.value)
