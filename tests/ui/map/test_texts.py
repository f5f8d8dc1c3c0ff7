"""Choosing texts on the Map tab, and links that open it: nothing in them is trusted."""

import json
import warnings
from io import StringIO
from urllib.parse import parse_qsl

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL
from ingest import read_pairs
from tests.ui.corpus import TABLE, TEXTS
from tests.ui.laid_out import LATE_MODEL, OTHER_MODEL, tiny_workbench
from tests.ui.map.lab import MapPage
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import read_html
from ui.map.form import MapForm, to_query
from ui.map.view import CLUSTER
from ui.state.pairs import TrainingPairs
from ui.state.samples import FIRST_SAMPLE, TEXT_SAMPLES

BOXES = ("map-model", "map-pooling", "map-layer", "map-method", "map-dims", "n-neighbors",
         "min-dist", "perplexity", "map-seed", "clustering", "space", "min-cluster-size",
         "n-clusters", "grain", "map-read")  # fmt: skip


@pytest.fixture
def page(map_page):
    map_page.workbench.forget("ann")
    return map_page


def facts(answer: dict) -> str:
    return read_html(f"<div>{answer['corpus-facts']}</div>").text


# --- texts --------------------------------------------------------------------------------------


def test_at_the_first_look_a_sample_lies_ready_and_later_nothing_is_lost(page):
    arrive = ("tab-map", "select")
    assert facts(page.call(arrive, "")).startswith(TEXT_SAMPLES[FIRST_SAMPLE].file)
    page.handlers.open_text("ann", TABLE)
    assert page.call(arrive, page.handlers.texts("ann").opened.token) == {}


@pytest.mark.parametrize("name", TEXT_SAMPLES)
def test_a_sample_fills_columns_colours_and_facts_without_a_warning(page, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # Gradio's, of a value that is no choice
        answer = page.call((f"corpus-{name}", "click"))
    labels = list(page.handlers.texts("ann").opened.corpus.labels)
    assert answer["text-column"].value == "text"
    assert answer["label-columns"].value == labels
    assert {column for column, _ in answer["label-columns"].choices} >= {"text", *labels}
    colours = [name for name, _ in answer["map-colour"].choices]
    assert colours[: 1 + len(labels)] == [CLUSTER, *(f"label: {name}" for name in labels)]
    assert answer["map-colour"].value == CLUSTER
    assert f"{len(page.handlers.texts('ann').opened.corpus)} texts" in facts(answer)


def test_other_texts_are_told_to_whoever_waits_for_them(page):
    first, again = (page.call(("corpus-topics", "click"))["State"] for _ in range(2))
    assert first != again
    version = page.function("corpus-topics", "click").outputs[0]
    assert page.following(version, "map") is page.function("map-seed", "change")  # it is drawn


def test_files_pastes_and_pairs_are_opened(page, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(TABLE)
    answer = page.call(("corpus-file", "upload"), str(path))
    assert facts(answer).startswith("mine.csv: 96 texts.")
    assert page.call(("corpus-file", "upload"), None) == {}
    answer = page.call(("use-corpus-pasted", "click"), "One text.\nTwo texts.\nOne text.")
    assert "pasted texts: 2 texts.Left out: same text again: 1." in facts(answer)
    with pytest.raises(gr.Error, match="There are no pairs yet"):
        page.call(("corpus-pairs", "click"))
    pairs = read_pairs(StringIO("a,b,score\nA cat.,A dog.,1\nA cat.,A cow.,0\n"))
    page.workbench.visitor("ann").training_pairs = TrainingPairs("pairs.csv", None, None, pairs)
    answer = page.call(("corpus-pairs", "click"))
    assert facts(answer).startswith("texts of pairs.csv: 3 texts.")
    assert (answer["text-column"].choices, answer["text-column"].value) == ([], None)
    assert "label: side" in [name for name, _ in answer["map-colour"].choices]


@pytest.mark.parametrize(
    ("file", "data", "why"),
    [("empty.csv", b"", "no text in it"), ("numbers.csv", b"n\n1\n2\n3\n", "No column holds"),
     ("broken.parquet", b"PAR1", "broken"), (f"{ATTACKS[0].replace('/', '')}.csv", b"n\n1\n", "n:"),
     ("long.txt", b"word " * 2_000, "5,000 characters")],
)  # fmt: skip
def test_a_file_without_texts_is_told_in_place_and_the_old_ones_stay(
    page, tmp_path, file, data, why
):
    page.handlers.open_text("ann", TABLE)
    (tmp_path / file).write_bytes(data)
    answer = page.call(("corpus-file", "upload"), str(tmp_path / file))
    assert answer.keys() == {"corpus-facts", "corpus-file"}
    assert answer["corpus-file"] is None  # its name would stand above texts of another
    said = facts(answer)
    assert said.startswith(f"{file} was not read.")
    assert why in said
    assert said.endswith("Still open: pasted texts.")
    assert page.handlers.texts("ann").opened.corpus.texts == tuple(TEXTS)


def test_other_columns_are_read(page):
    page.handlers.open_text("ann", TABLE)
    answer = page.call(("text-column", "select"), "text", ["colour"])
    assert answer["label-columns"].value == ["colour"]
    assert page.function("label-columns", "input") is page.function("text-column", "select")
    for text, labels in (("absent", []), (None, []), ("text", ["text"]), ("text", ["absent"])):
        with pytest.raises(gr.Error, match=r"No column|chosen twice"):
            page.call(("text-column", "select"), text, labels)


def test_a_sample_of_too_many_texts_is_told_on_the_page(bert):
    page = MapPage(tiny_workbench(bert, bert, map_texts=50))
    answer = page.call(("use-corpus-pasted", "click"), TABLE)
    assert facts(answer).startswith("pasted texts: 96 texts.")
    assert "A sample of 50 of 96 texts is on the map" in facts(answer)
    page.draw("ann")
    assert len(page.handlers.drawn("ann").corpus) == 50


# --- links --------------------------------------------------------------------------------------


def opened(page, form: MapForm | str, corpus: str = "") -> tuple[dict, str]:
    """What a link fills, and what is said of it."""
    query = dict(parse_qsl(to_query(form, corpus)[1:])) if isinstance(form, MapForm) else {
        "map": form, "corpus": corpus}  # fmt: skip
    restore = page.link
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = page.call(restore, query=query)
    # What Gradio warns of, not what the collector finds of earlier tests at this moment.
    said = [str(w.message) for w in caught if issubclass(w.category, UserWarning)]
    return answer, " ".join(said)


def test_a_link_fills_every_control_and_opens_the_tab(page):
    form = MapForm(OTHER_MODEL, "max", "1", "t-SNE", "3-D", 150, 0.25, 12, 7, "k-means",
                   "the map", 9, 4, "finer", "no links, no handles")  # fmt: skip
    answer, warning = opened(page, form, "support")
    assert warning == ""
    assert answer["Tabs"].selected == "map"
    assert answer["State"] == OTHER_MODEL
    assert answer["State 2"]  # there are other texts
    values = [getattr(answer[name], "value", answer[name]) for name in BOXES]
    assert values == list(vars(form).values())
    assert answer["corpus-facts"].count("support_questions.csv") == 1
    asked = page.handlers.request("ann", MapForm(*values))
    assert asked.settings.model == OTHER_MODEL


@pytest.mark.parametrize("model", [LATE_MODEL, "some-org/some-model", "../../etc", ATTACKS[0],
                                   "run-1", "half \ud83d", ""])  # fmt: skip
def test_a_link_alone_never_begins_a_download(page, model):
    answer, warning = opened(page, json.dumps({"model": model, "seed": 3}))
    assert answer["map-model"].value == answer["State"] == DEFAULT_MODEL
    assert answer["map-seed"] == 3
    assert "is not loaded here" in warning
    assert "<img" not in warning
    assert warning.encode()


def test_a_layer_that_the_model_does_not_have_is_told(page):
    answer, warning = opened(page, MapForm(layer="7"))
    assert answer["map-layer"].value == "-1"
    assert "no layer 7" in warning
    assert "1" in [value for _, value in answer["map-layer"].choices]


@pytest.mark.parametrize("corpus", ["", "absent.csv", "../../etc/passwd", "x" * 5_000, ATTACKS[0]])
def test_a_link_names_a_sample_or_opens_the_first(page, corpus):
    answer, _ = opened(page, MapForm(), corpus)
    assert page.handlers.texts("ann").opened.name == TEXT_SAMPLES[FIRST_SAMPLE].file
    assert corpus[:9] == "" or corpus not in answer["corpus-facts"]


@pytest.mark.parametrize("settings", ["no JSON", "[]", "[" * 19_000, ATTACKS[0], "\ud83d"])
def test_a_link_that_is_none_opens_the_usual_map(page, settings):
    answer, warning = opened(page, settings)
    assert "cannot be read" in warning
    values = [getattr(answer[name], "value", answer[name]) for name in BOXES]
    assert values == list(vars(MapForm()).values())


def test_a_bad_setting_is_told_as_text(page):
    answer, warning = opened(page, json.dumps({"method": ATTACKS[0], ATTACKS[2]: 1, "seed": 5}))
    assert "Unknown method" in warning
    assert "There is no map setting" in warning
    assert "<img" not in warning
    assert "<script" not in warning
    assert (answer["map-method"], answer["map-seed"]) == ("UMAP", 5)


def test_texts_that_were_opened_on_the_search_tab_are_taken_over(page):
    arrive = ("tab-map", "select")
    shown = page.call(arrive, "")["State"]
    page.handlers.open_text("ann", TABLE)  # as the other tab does it
    answer = page.call(arrive, shown)
    assert "96 texts" in facts(answer)
    assert page.call(arrive, answer["State"]) == {}


def test_a_link_without_its_texts_says_so(map_page, monkeypatch):
    warned = []
    monkeypatch.setattr(gr, "Warning", lambda text, **how: warned.append(text))
    map_page.call(map_page.link, query={"map": "{}", "corpus": "topics.csv"})
    assert not any("not the texts" in text for text in warned)
    map_page.call(map_page.link, query={"map": "{}"})
    assert any("not the texts" in text for text in warned)
