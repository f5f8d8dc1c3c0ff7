"""The settings of a map: every control is checked, and a link or a file says them again."""

import json
from dataclasses import asdict, fields, replace
from math import inf, nan
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoder import DEFAULT_MODEL, POOLINGS
from explore import ClusterConfig, ProjectionConfig
from ingest import LabError
from tests.ui.test_hostile_text import ATTACKS
from ui.checks import OWN_POOLING, pooling_at
from ui.map.form import (
    CLUSTERINGS,
    DIMS,
    GRAINS,
    METHODS,
    READS,
    SPACES,
    MapForm,
    MapSettings,
    from_json,
    on_page,
    parse,
    to_json,
    to_query,
)

MOVED = MapForm("untrained-minilm", "max", "2", "t-SNE", "3-D", 20, 0.25, 12, 7, "k-means",
                "the map", 9, 4, "finer", "no links, no handles")  # fmt: skip
# What the page's own controls offer, and no other value.
OFFERED = {
    "pooling": [OWN_POOLING, *POOLINGS],
    "method": list(METHODS),
    "dims": list(DIMS),
    "clustering": list(CLUSTERINGS),
    "space": list(SPACES),
    "grain": list(GRAINS),
    "read": list(READS),
}
RANGES = {
    "n_neighbors": (2, 200),
    "min_dist": (0, 0.99),
    "perplexity": (2, 100),
    "seed": (0, 2**31 - 1),
    "min_cluster_size": (2, 5_000),
    "n_clusters": (1, 60),
}


# --- checking -----------------------------------------------------------------------------------


def test_the_first_form_is_the_default_of_every_engine():
    assert parse(MapForm()) == MapSettings()
    assert MapSettings().projection == ProjectionConfig()
    assert MapSettings().clusters == ClusterConfig()


def test_every_control_arrives():
    moved = parse(MOVED)
    assert moved == MapSettings(
        "untrained-minilm",
        "max",
        2,
        ProjectionConfig("tsne", 3, 20, 0.25, 12.0, 7),
        ClusterConfig("kmeans", "map", 9, 4, 7, "leaf"),
        "without_addresses",
    )
    first = parse(MapForm())
    for field in fields(MapForm):  # one at a time: each moves something
        assert parse(replace(MapForm(), **{field.name: getattr(MOVED, field.name)})) != first


@pytest.mark.parametrize(("name", "words"), OFFERED.items(), ids=str)
def test_whatever_a_picker_offers_is_taken(name, words):
    parsed = [parse(MapForm(**{name: word})) for word in words]
    assert len({repr(each) for each in parsed}) == len(words)


@pytest.mark.parametrize("name", RANGES)
def test_a_number_is_taken_to_its_ends_and_no_further(name):
    low, high = RANGES[name]
    step = 0.001 if name == "min_dist" else 1
    for value in (low, high, str(high)):
        parse(MapForm(**{name: value}))
    for value in (low - step, high + step):
        if value != 0 or name not in ("min_cluster_size", "n_clusters"):  # 0: chosen for the texts
            with pytest.raises(LabError, match=f"{name} is .* from {low}"):
                parse(MapForm(**{name: value}))


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize(
    "value", [nan, inf, -inf, "x", 10**400, -(10**400), "1e999", [3], {}, "٣x"]
)
def test_no_number_is_an_answer_in_words(name, value):
    with pytest.raises(LabError, match=r"must be|Unknown"):
        parse(MapForm(**{name: value}))


@pytest.mark.parametrize("name", ["n_neighbors", "seed", "min_cluster_size", "n_clusters"])
def test_half_a_neighbour_is_none(name):
    with pytest.raises(LabError, match=r"2.5.*whole number"):
        parse(MapForm(**{name: 2.5}))
    parse(MapForm(**{name: 3.0}))  # a whole number as JSON may have it


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_box_is_the_default(value):
    empty = MapForm(pooling=value, **dict.fromkeys(RANGES, value))
    assert parse(empty) == parse(MapForm())
    assert parse(MapForm(min_cluster_size=0, n_clusters=0)) == parse(MapForm())


@pytest.mark.parametrize("name", [*OFFERED, "layer"])
@pytest.mark.parametrize("value", ["nonsense", "x" * 10_000, ["UMAP"], {}, 3.5, *ATTACKS[:3]])
def test_an_unknown_word_is_an_answer_that_lists_the_known_ones(name, value):
    with pytest.raises(LabError) as error:
        parse(MapForm(**{name: value}))
    message = str(error.value)
    assert "Unknown" in message
    choices = OFFERED.get(name, ["first_last"])
    assert choices[-1] in message
    assert len(message) < 400  # what was sent is not repeated at length


@pytest.mark.parametrize("name", ["method", "dims", "clustering"])
def test_nothing_is_no_choice(name):
    with pytest.raises(LabError, match="Choose one of"):
        parse(MapForm(**{name: None}))


def test_the_models_own_pooling_is_named_on_other_layers_than_its_last(bert):
    own = bert.with_pooling("cls")
    assert pooling_at(-1, None, own) is None  # with all that comes behind it
    assert [pooling_at(layer, None, own) for layer in (1, "first_last")] == ["cls"] * 2
    assert pooling_at(1, "max", own) == "max"
    assert parse(MapForm()).pooling is parse(MapForm(layer="3")).pooling is None
    assert parse(MapForm(pooling="cls", layer="first_last")).pooling == "cls"


# --- links and files ----------------------------------------------------------------------------


def form_of(query: str) -> tuple[MapForm, list[str]]:
    """What a link opens."""
    return from_json(dict(parse_qsl(query[1:]))["map"])


@pytest.mark.parametrize("form", [MapForm(), MOVED, MapForm(pooling="cls", layer="last2")], ids=str)
def test_a_link_and_a_file_bring_the_form_back(form):
    assert form_of(to_query(form)) == (form, [])
    assert from_json(to_json(form, corpus="x.csv", texts=3)) == (form, [])


def test_a_link_holds_what_was_changed_and_the_name_of_a_sample():
    assert to_query(MapForm()) == "?map=%7B%7D"
    query = dict(parse_qsl(to_query(MapForm(seed=4), "topics.csv")[1:]))
    assert query == {"map": '{"seed":4}', "corpus": "topics.csv"}


def test_a_file_says_what_the_settings_gave():
    file = json.loads(to_json(MOVED, corpus="Ünïcode.csv", clusters=5))
    assert file == {"settings": asdict(MOVED), "corpus": "Ünïcode.csv", "clusters": 5}


def test_other_words_for_a_setting_become_those_of_the_page():
    """Gradio refuses what is not among a picker's choices, and the map would never be drawn."""
    sent = {"dims": 3, "method": "tsne", "clustering": "kmeans", "space": "map", "seed": "7",
            "n_neighbors": 20.0, "min_cluster_size": 0, "pooling": "", "layer": 2}  # fmt: skip
    form, notes = from_json(json.dumps(sent))
    assert notes == []
    assert form == MapForm(dims="3-D", method="t-SNE", clustering="k-means", space="the map",
                           seed=7, n_neighbors=20, layer="2")  # fmt: skip
    assert type(form.seed) is type(form.n_neighbors) is int


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", "7", "null", '"text"', '{"settings": []}', '{"settings": null}', "NaN",
     "[" * 19_000, '{"a":' * 3_000, "{" + " " * 30_000 + "}", None, 5, '{"seed": 1' + "0" * 5_000],
)  # fmt: skip
def test_what_is_no_settings_is_told_and_the_usual_ones_are_used(text):
    form, [note] = from_json(text)
    assert form == MapForm()
    assert "cannot be read" in note


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"no_such": 1}, "There is no map setting 'no_such'"),
        ({"__class__": "x"}, "There is no map setting"),
        ({"x" * 500: 1}, "There is no map setting 'xxx"),
        ({"seed": [1]}, "must be a word or a number"),
        ({"seed": {"a": 1}}, "must be a word or a number"),
        ({"pooling": "x" * 201}, "must be a word or a number"),
        ({"seed": nan}, "must be a number"),
        ({"min_dist": inf}, "min_dist is inf"),
        ({"n_neighbors": 10**9}, "n_neighbors is 1000000000"),
        ({"method": "<img src=x>"}, "Unknown method '<img src=x>'"),
        ({"layer": "abc"}, "Unknown layer"),
    ],
    ids=str,
)
def test_one_bad_setting_is_told_and_costs_no_other(sent, why):
    form, [note] = from_json(json.dumps(sent | {"dims": "3-D"}))
    assert form == MapForm(dims="3-D")
    assert why in note
    assert len(note) < 300


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20)
    | st.sampled_from([*METHODS, *METHODS.values(), *DIMS, 3, *CLUSTERINGS, *SPACES, *ATTACKS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(sent=st.dictionaries(st.sampled_from([f.name for f in fields(MapForm)]) | st.text(),
                            json_values, max_size=8))  # fmt: skip
def test_whatever_a_link_holds_the_page_can_take_it(sent):
    form, notes = from_json(json.dumps(sent))
    assert all(isinstance(note, str) for note in notes)
    parse(form)
    for name, words in OFFERED.items():
        assert getattr(form, name) in words
    for name, (low, high) in RANGES.items():
        value = getattr(form, name)
        assert value is None or low <= value <= high
    assert isinstance(form.model, str)
    assert isinstance(form.layer, str)
    assert from_json(to_json(form)) == (form, [])
    assert on_page(form) == form


def test_the_default_model_needs_no_word_in_a_link():
    assert from_json("{}") == (MapForm(model=DEFAULT_MODEL), [])
