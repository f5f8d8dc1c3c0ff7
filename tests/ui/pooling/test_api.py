"""The web API of the app as it is served, used as a stranger would use it."""

import json
import threading
from urllib.request import Request, urlopen

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from encoder import DEFAULT_MODEL, POOLINGS
from tests.ui.visit import inputs, score_rows
from ui.pooling.examples import FIRST


@pytest.fixture(scope="module")
def client(app_url):
    client = Client(app_url, verbose=False)
    yield client
    client.close()


def endpoints(client: Client) -> dict:
    return client.view_api(return_format="dict", print_info=False)


# --- what there is ------------------------------------------------------------------------------


def test_six_endpoints_are_named_and_no_other_is_seen(client):
    info = endpoints(client)
    names = {"/compare_pair", "/compare_set", "/check_pairs", "/fine_tune", "/map", "/search"}
    assert set(info["named_endpoints"]) == names
    assert info["unnamed_endpoints"] == {}


@pytest.mark.parametrize(
    ("endpoint", "parameters"),
    [
        ("/compare_pair", {"a": None, "b": None, "model": DEFAULT_MODEL, "layer": "-1"}),
        (
            "/compare_set",
            {"texts": None, "model": DEFAULT_MODEL, "layer": "-1", "pooling": "mean"},
        ),
    ],
)
def test_an_endpoint_tells_its_parameters(client, endpoint, parameters):
    described = endpoints(client)["named_endpoints"][endpoint]["parameters"]
    assert {p["parameter_name"]: p["parameter_default"] for p in described} == parameters
    assert [p["parameter_name"] for p in described if not p["parameter_has_default"]] == [
        name for name, default in parameters.items() if default is None
    ]


# --- two sentences ------------------------------------------------------------------------------


def test_a_pair_is_compared_under_every_strategy(client, bundled):
    answer = client.predict(a=FIRST.a, b=FIRST.b, api_name="/compare_pair")
    assert set(answer) == {"model", "layer", "scores", "percentiles", "tokens_a", "tokens_b"}
    assert (answer["model"], answer["layer"]) == (DEFAULT_MODEL, 6)
    assert list(answer["scores"]) == list(answer["percentiles"]) == list(POOLINGS)
    for name, cosine in answer["scores"].items():
        a, b = bundled.encode([FIRST.a, FIRST.b], name)
        assert cosine == pytest.approx(float(a @ b), abs=2e-6)
    assert answer["tokens_a"] == list(bundled.trace(FIRST.a).tokens)
    assert answer["tokens_b"] == list(bundled.trace(FIRST.b).tokens)


def test_the_api_and_the_page_say_the_same(client, handlers):
    answer = client.predict(a="A cat.", b="A dog.", layer="3", api_name="/compare_pair")
    rows = score_rows(handlers.screen(inputs(a="A cat.", b="A dog.", layer="3"), None).scores)
    for name, row in rows.items():
        assert f"{answer['scores'][name]:.4f}" == row.value
        for kind, column in (("random", "unrelated"), ("paraphrase", "paraphrases")):
            percentile = answer["percentiles"][name][kind]
            assert 0 <= percentile <= 100
            shown = {"all": "100", "none": "0"}.get(row.worth[column], row.worth[column])
            assert float(shown.strip("<>%")) == pytest.approx(percentile, abs=0.51)


def test_model_and_layer_can_be_chosen_by_place_or_name(client, workbench):
    untrained = workbench.encoder("untrained-minilm", None)
    answer = client.predict("A cat.", "A dog.", "untrained-minilm", "2", api_name="/compare_pair")
    assert (answer["model"], answer["layer"]) == ("untrained-minilm", 2)
    a, b = untrained.encode(["A cat.", "A dog."], "max", 2)
    assert answer["scores"]["max"] == pytest.approx(float(a @ b), abs=2e-6)
    named = client.predict(a="A cat.", b="A dog.", layer="first_last", api_name="/compare_pair")
    assert named["layer"] == "first_last"


# --- a set --------------------------------------------------------------------------------------


def test_a_set_is_compared_with_itself(client, bundled):
    texts = ["A cat sleeps.", "A kitten naps.", "Taxes are due in May."]
    answer = client.predict(texts=texts, layer="last2", pooling="idf_mean", api_name="/compare_set")
    assert {key: answer[key] for key in ("model", "layer", "pooling")} == {
        "model": DEFAULT_MODEL, "layer": "last2", "pooling": "idf_mean",
    }  # fmt: skip
    vectors = bundled.encode(texts, "idf_mean", "last2")
    for row, expected in zip(answer["matrix"], vectors @ vectors.T, strict=True):
        assert row == pytest.approx(expected.tolist(), abs=2e-6)


def test_a_set_has_defaults_too(client, bundled):
    answer = client.predict(texts=["A cat.", "A dog."], api_name="/compare_set")
    a, b = bundled.encode(["A cat.", "A dog."], "mean")
    assert answer["matrix"][0][1] == pytest.approx(float(a @ b), abs=2e-6)
    assert (answer["layer"], answer["pooling"]) == (6, "mean")


# --- what goes wrong ----------------------------------------------------------------------------

PAIR = {"a": "A cat.", "b": "A dog.", "api_name": "/compare_pair"}
SET = {"texts": ["A cat.", "A dog."], "api_name": "/compare_set"}


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (PAIR | {"a": ""}, "Sentence A is empty"),
        (PAIR | {"b": "x" * 2001}, "Sentence B has 2,001 characters; this page takes up to 2,000"),
        (PAIR | {"a": None}, "Sentence A is empty"),
        (PAIR | {"a": ["a", "list"]}, "Sentence A is empty"),
        (PAIR | {"model": "no-such"}, "Unknown model 'no-such'. Choose one of: all-MiniLM"),
        (PAIR | {"model": "../../etc"}, "'../../etc' is not the id of a model on the Hub"),
        (PAIR | {"layer": "abc"}, "Unknown layer 'abc'. Choose a number from 0"),
        (PAIR | {"layer": "7"}, "Unknown layer 7. Choose one of: 0, 1, 2, 3, 4, 5, 6, first_last"),
        (SET | {"pooling": "median"}, "Unknown pooling 'median'. Choose one of: mean, max"),
        (SET | {"pooling": ["mean"]}, "Unknown pooling"),
        (SET | {"pooling": "soft:1000"}, "Unknown pooling 'soft:1000'"),
        (SET | {"texts": ["one"]}, "Give a list of 2 to 10 sentences; this was 1."),
        (SET | {"texts": ["x"] * 11}, "Give a list of 2 to 10 sentences; this was 11."),
        (SET | {"texts": "a text"}, "Give a list of 2 to 10 sentences; this was str."),
        (SET | {"texts": ["one", " "]}, "Sentence 2 is empty"),
        (SET | {"texts": ["one", 2]}, "Sentence 2 is empty"),
    ],
)
def test_an_error_arrives_in_words(client, call, why):
    with pytest.raises(AppError) as error:
        client.predict(**call)
    assert why in str(error.value)


def test_a_model_that_cannot_be_fetched_is_named(client):
    with pytest.raises(AppError, match="some-org/some-model"):
        client.predict(**PAIR, model="some-org/some-model")


def test_plain_http_will_do_and_half_a_surrogate_pair_is_no_error(app_url):
    """As curl sends it; the Python client itself could not."""
    call = f"{app_url}/gradio_api/call"
    sent = json.dumps({"a": "half \ud83d", "b": "A dog."}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{call}/v2/compare_pair", sent, headers)) as response:
        event = json.load(response)["event_id"]
    with urlopen(f"{call}/compare_pair/{event}") as response:
        kind, data = response.read().decode().strip().split("\n")
    assert kind == "event: complete"
    [answer] = json.loads(data.removeprefix("data: "))
    assert answer["tokens_a"][1] == "half"


def test_callers_at_the_same_time_get_their_own_answers(client):
    texts = [f"There are {i} lights." for i in range(8)]
    answers: dict[str, dict] = {}

    def ask(text: str) -> None:
        answers[text] = client.predict(a=text, b=text, api_name="/compare_pair")

    threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for i, text in enumerate(texts):
        assert str(i) in answers[text]["tokens_a"]
        assert answers[text]["scores"]["mean"] == pytest.approx(1)
