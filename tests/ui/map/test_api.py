"""Maps over the web API, used as a stranger would use it; the same as the explore package gives."""

import json
import threading

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from encoder import DEFAULT_MODEL
from explore import (
    ClusterConfig,
    ProjectionConfig,
    agreement,
    cluster,
    map_fidelity,
    name_clusters,
    neighbours,
    project,
)
from ingest import read_corpus
from tests.ui.corpus import EACH, TEXTS
from tests.ui.laid_out import tiny_workbench
from tests.ui.map.lab import MapLab
from tests.ui.test_hostile_text import ATTACKS
from ui.map.api import _as_json, build_map_api
from ui.map.form import MapForm
from ui.state.pairs import SAMPLES_FOLDER

PCA = {"method": "pca", "clustering": "kmeans", "n_clusters": 3}


def test_rows_are_places_in_the_list_and_what_was_merged_is_said(bert):
    texts = ["A cat.", "", "A dog.", " A  cat. ", "A ship.", "A dog.", "A tree."]
    [fn] = [f.fn for f in api_of(bert).fns.values() if f.api_name == "map"]
    answer = fn(gr.Request(session_hash="ann"), texts, **PCA)
    assert answer["texts"] == ["A cat.", "A dog.", "A ship.", "A tree."]
    assert answer["rows"] == [0, 2, 4, 6]
    assert answer["merged"] == [{"row": 3, "same_as": 0}, {"row": 5, "same_as": 2}]
    assert answer["notes"][:2] == [
        "Left out, empty text: 1 (row 1, counted from 0).",
        "Left out, same text again: 2 (rows 3, 5, counted from 0).",
    ]


def test_a_map_may_be_read_without_links_and_handles(bert):
    texts = [f"@jet {text} https://t.co/{n}" for n, text in enumerate(TEXTS[:30])]
    [fn] = [f.fn for f in api_of(bert).fns.values() if f.api_name == "map"]
    request = gr.Request(session_hash="ann")
    plain = fn(request, TEXTS[:30], **PCA)
    read = fn(request, texts, read="without_addresses", **PCA)
    assert read["texts"] == texts
    np.testing.assert_allclose(read["coordinates"], plain["coordinates"], atol=1e-4)
    assert read["settings"]["read"] == "without_addresses"


def api_of(bert) -> gr.Blocks:
    with gr.Blocks() as demo:
        build_map_api(tiny_workbench(bert, bert))
    return demo


@pytest.fixture(scope="module")
def client(app_url):
    client = Client(app_url, verbose=False)
    yield client
    client.close()


def ask(client, texts=TEXTS, **settings) -> dict:
    return client.predict(texts=texts, api_name="/map", **settings)


def test_the_endpoint_tells_its_parameters_and_their_defaults(client):
    described = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/map"]
    answer = {p["parameter_name"]: p["parameter_default"] for p in described["parameters"]}
    assert answer.pop("texts") is None
    assert answer == {
        "model": DEFAULT_MODEL, "pooling": "", "layer": "-1", "method": "umap", "dims": 2,
        "n_neighbors": 15, "min_dist": 0.1, "seed": 0, "clustering": "hdbscan",
        "min_cluster_size": 0, "n_clusters": 0, "perplexity": 30, "space": "umap", "grain": "eom",
        "read": "all",
    }  # fmt: skip
    needed = [p for p in described["parameters"] if not p["parameter_has_default"]]
    assert [p["parameter_name"] for p in needed] == ["texts"]


def test_a_list_of_texts_is_enough(client, bundled):
    corpus = read_corpus(SAMPLES_FOLDER / "topics.csv")
    chosen = sorted(set(corpus.labels["topic"]))[:4]
    rows = [n for n, topic in enumerate(corpus.labels["topic"]) if topic in chosen][:120]
    texts = [corpus.texts[n] for n in rows]
    answer = ask(client, texts)
    assert set(answer) == {
        *("texts", "rows", "merged", "coordinates", "labels", "clusters", "trustworthiness"),
        *("continuity", "knn_recall", "settings", "notes"),
    }
    assert answer["texts"] == texts
    vectors = bundled.encode(texts)
    near = neighbours(vectors, 30)
    own = map_fidelity(vectors, np.array(answer["coordinates"]), near=near)
    assert answer["trustworthiness"] == pytest.approx(own.trustworthiness, abs=2e-3)
    assert answer["continuity"] == pytest.approx(own.continuity, abs=2e-3)
    assert answer["knn_recall"] == pytest.approx(own.mean_recall, abs=5e-3)
    # UMAP makes much of the last digit of a vector; what its map is worth does not change.
    flat = project(vectors, ProjectionConfig(), near).coordinates
    assert np.shape(answer["coordinates"]) == flat.shape
    expected = map_fidelity(vectors, flat, near=near)
    assert answer["trustworthiness"] == pytest.approx(expected.trustworthiness, abs=0.03)
    topics = np.unique([corpus.labels["topic"][n] for n in rows], return_inverse=True)[1]
    assert agreement(np.array(answer["labels"]), topics) > 0.1  # 0 is chance
    assert [each["cluster"] for each in answer["clusters"]] == list(
        range(max(answer["labels"]) + 1)
    )
    sizes = [each["size"] for each in answer["clusters"]]
    assert sizes == np.bincount(np.array(answer["labels"]) + 1)[-len(sizes) :].tolist()
    assert answer["settings"] == {
        "model": DEFAULT_MODEL, "pooling": "mean", "layer": -1, "method": "umap", "seed": 0,
        "clustering": "HDBSCAN, at least 7 texts a cluster, on a 5-D UMAP (20 neighbours, min_dist "
        "0, seed 0)", "read": "all",
    }  # fmt: skip
    giant = max(sizes) > len(texts) / 2
    assert ["Cluster 1 holds" in note for note in answer["notes"]] == [True] * giant


def test_pca_and_k_means_are_those_of_the_explore_package(client, bundled):
    answer = ask(client, **PCA, dims=3, layer="3", pooling="max", seed=5)
    vectors = bundled.encode(TEXTS, "max", 3)
    flat = project(vectors, ProjectionConfig("pca", 3)).coordinates
    np.testing.assert_allclose(answer["coordinates"], flat, atol=1e-4)
    groups = cluster(vectors, ClusterConfig("kmeans", n_clusters=3, seed=5))
    assert answer["labels"] == groups.labels.tolist()
    names = name_clusters(TEXTS, vectors, groups.labels)
    assert answer["clusters"] == [
        {"cluster": n.cluster, "size": n.size, "terms": list(n.terms), "central": TEXTS[n.central]}
        for n in names
    ]
    assert [each["size"] for each in answer["clusters"]] == [EACH] * 3
    assert answer["settings"] == {
        "model": DEFAULT_MODEL, "pooling": "max", "layer": 3, "method": "pca", "seed": 5,
        "clustering": "k-means, 3 clusters as asked, on the vectors", "read": "all",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"pooling": "cls"}, {"layer": "1"}, {"method": "tsne"}, {"dims": 3}, {"n_clusters": 5},
     {"clustering": "agglomerative", "n_clusters": 7}, {"model": "untrained-minilm"}],
    ids=str,
)  # fmt: skip
def test_every_setting_moves_the_answer(client, change):
    first, other = (ask(client, TEXTS[:40], **PCA | more) for more in ({}, change))
    moved = {name for name in first if first[name] != other[name]}
    assert moved & {"coordinates", "labels"}
    assert "texts" not in moved


@pytest.mark.slow
def test_umaps_own_settings_move_it(client):
    texts = TEXTS[:40]
    changes = ({}, {"n_neighbors": 4}, {"min_dist": 0.7}, {"seed": 1})
    answer = [ask(client, texts, clustering="kmeans", **change) for change in changes]
    assert len({json.dumps(each["coordinates"]) for each in answer}) == len(changes)
    near, far = (ask(client, texts, method="tsne", perplexity=p) for p in (4, 12))
    assert near["coordinates"] != far["coordinates"]
    for space, words in (("vectors", "on the vectors"), ("map", "on the map")):
        answer = ask(client, texts, method="pca", space=space)
        assert answer["settings"]["clustering"].endswith(words)
    for size in (2, 9):
        answer = ask(client, texts, method="pca", min_cluster_size=size)
        assert f"at least {size} texts" in answer["settings"]["clustering"]


def test_texts_are_taken_once_and_as_they_are(client):
    texts = [*ATTACKS, "text", "a, b", 'He said "no', "  text ", "", "=1+1", '{"a": 1}']
    answer = ask(client, texts, **PCA)
    assert answer["texts"] == [*ATTACKS, "text", "a, b", 'He said "no', "=1+1", '{"a": 1}']
    assert len(answer["coordinates"]) == len(answer["labels"]) == len(answer["texts"])


@pytest.mark.parametrize("texts", [["One text."], ["One text.", "Two texts."], ["😀", "🎉", "🏳️‍🌈"]])
def test_a_few_texts_are_a_map_too_and_it_says_what_is_amiss(client, texts):
    answer = ask(client, texts)
    assert np.isfinite(answer["coordinates"]).all()
    assert (answer["trustworthiness"] is None) == (len(texts) < 3)
    assert "too few for a neighbourhood" in answer["notes"][-1]


def test_of_more_texts_than_the_limit_a_sample_is_drawn_and_told(bert):
    """Of a lab with a lower limit: the endpoint's own function, as it is registered."""
    workbench = tiny_workbench(bert, bert, map_texts=20)
    with gr.Blocks() as demo:
        build_map_api(workbench)
    [fn] = [f.fn for f in demo.fns.values() if f.api_name == "map"]
    request = gr.Request(session_hash="ann")
    answer = fn(request, TEXTS, method="pca")
    assert len(answer["texts"]) == len(answer["coordinates"]) == 20
    assert set(answer["texts"]) < set(TEXTS)
    note = answer["notes"][0]
    assert note.startswith("A sample of 20 of 96 texts is on the map")
    again = fn(request, TEXTS, method="pca")
    assert (again["texts"], again["notes"]) == (answer["texts"], answer["notes"])
    assert fn(request, TEXTS[:20], method="pca")["notes"] == []


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ({"texts": []}, "Give a list of texts, at least one."),
        ({"texts": "a text"}, "Give a list of texts"),
        ({"texts": None}, "Give a list of texts"),
        ({"texts": ["a", 5]}, "Give a list of texts"),
        ({"texts": {"a": "b"}}, "Give a list of texts"),
        ({"texts": ["", "  ", "\u200b"]}, "No usable row is left (empty text: 3)"),
        ({"texts": ["x" * 5_001]}, "text longer than 5,000 characters"),
        ({"model": "no-such"}, "Unknown model 'no-such'. Choose one of: all-MiniLM"),
        ({"model": "../../etc"}, "is not the id of a model on the Hub"),
        ({"model": "run-1"}, "Your model 'run-1' is not kept any more"),
        ({"pooling": "median"}, "Unknown pooling 'median'. Choose one of: mean, max"),
        ({"layer": "7"}, "Unknown layer 7. Choose one of: 0, 1, 2, 3, 4, 5, 6, first_last"),
        ({"layer": "abc"}, "Unknown layer 'abc'"),
        ({"method": "magic"}, "Unknown method 'magic'. Choose one of: UMAP, PCA, t-SNE"),
        ({"dims": 5}, "Unknown dimensions 5. Choose one of: 2-D, 3-D"),
        ({"n_neighbors": 1}, "n_neighbors is 1; it must be a whole number from 2 to 200"),
        ({"n_neighbors": 1.5}, "must be a whole number"),
        ({"min_dist": 1.5}, "min_dist is 1.5"),
        ({"min_dist": "x"}, "must be a number"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 10**30}, "must be a whole number"),
        ({"clustering": "magic"}, "Unknown clustering 'magic'"),
        ({"min_cluster_size": 1}, "min_cluster_size is 1"),
        ({"n_clusters": 61}, "n_clusters is 61"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_error_arrives_in_words(client, call, why):
    with pytest.raises(AppError) as error:
        client.predict(**{"texts": ["A cat.", "A dog."]} | call, api_name="/map")
    assert why in str(error.value)


def test_callers_at_the_same_time_get_their_own_maps(client):
    answers: dict[int, dict] = {}

    def call(n: int) -> None:
        answers[n] = ask(client, [f"There are {n} lights, and {m} more." for m in range(12)], **PCA)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for n in range(3):
        assert {text.split()[2] for text in answers[n]["texts"]} == {str(n)}


def test_the_api_and_the_page_say_the_same(bert):
    lab = MapLab(tiny_workbench(bert, bert))
    drawn_map = lab.draw("ann", seed=4)
    answer = _as_json(drawn_map)
    json.dumps(answer, allow_nan=False)
    np.testing.assert_allclose(answer["coordinates"], drawn_map.projection.coordinates, atol=1e-5)
    assert answer["labels"] == drawn_map.clusters.labels.tolist()
    assert answer["settings"]["seed"] == drawn_map.form.seed == 4
    assert [c["terms"] for c in answer["clusters"]] == [list(n.terms) for n in drawn_map.names]
    assert drawn_map.form == MapForm(method="PCA", clustering="k-means", n_clusters=3, seed=4)
