"""The HTML around a map: right numbers, and whatever visitors wrote is shown as text."""

import re
from dataclasses import replace

import numpy as np
import pytest

from explore import Driver, Stability, place
from tests.ui.map.pages import (
    TEXTS,
    check,
    draw_map,
    hostile_picture,
    in_three,
    open_list,
    shown_text,
    steps,
)
from tests.ui.test_hostile_text import ATTACKS
from ui.map.drawing import DrawnMap
from ui.map.html import (
    cluster_table,
    header,
    hubs_panel,
    place_panel,
    point_panel,
    search_panel,
    selection_panel,
    space_note,
)
from ui.map.trust import Trust
from ui.map.trust_html import report_table, stability_table
from ui.map.view import SIMILARITY, Shown
from ui.page.tasks import STAGES, stages_line
from ui.page.texts import corpus_facts

NONE = np.zeros(0, np.int64)


@pytest.fixture(scope="module")
def picture(_tiny) -> DrawnMap:
    return in_three(_tiny("bert"))


@pytest.fixture(scope="module")
def hostile(_tiny) -> DrawnMap:
    return hostile_picture(_tiny("bert"))


# --- whatever visitors wrote --------------------------------------------------------------------


def test_everything_a_visitor_wrote_is_shown_as_the_text_it_is(hostile):
    every = np.arange(len(hostile.corpus))
    similar = hostile.vectors @ hostile.vectors[0]
    searched = Shown(colour=SIMILARITY, similar=similar, query=ATTACKS[0])
    landed = place(hostile.vectors[0], hostile.vectors, hostile.projection.coordinates)
    stable = Stability(8, (8,) * 10, (1.0,) * 10, (0.5,) * 8, 20)
    report = Trust(hostile, drivers=(Driver(f"column “{ATTACKS[0]}”", 0.5, 2),))
    for attack in ATTACKS:
        pieces = {
            "header": header(hostile),
            "clusters": cluster_table(hostile),
            "point": "".join(point_panel(hostile, row) for row in every),
            "selection": selection_panel(hostile, every),
            "search": search_panel(hostile, searched),
            "place": place_panel(hostile, attack, landed),
            "facts": corpus_facts(attack, 3, {attack: [1, 2]}, [attack]),
            "report": report_table(report),
            "stability": stability_table(hostile, stable),
            "hubs": hubs_panel(hostile),
            "stage": stages_line(attack, 0.5, 1.0),
        }
        said = {name: shown_text(piece) for name, piece in pieces.items()}
        for name in ("clusters", "point", "selection", "place", "facts", "stability"):
            assert attack in said[name], name
        assert attack.capitalize() in said["stage"]
    for name in ("header", "search", "report"):
        assert ATTACKS[0] in said[name], name
    assert f"{ATTACKS[0]}: {ATTACKS[1]}" in said["point"]  # a label beside its column
    assert len(re.findall(re.escape(ATTACKS[0]), said["selection"])) > 10


def test_a_dropped_attack_is_quoted(hostile):
    landed = place(hostile.vectors[0], hostile.vectors, hostile.projection.coordinates)
    said = shown_text(place_panel(hostile, ATTACKS[2], landed))
    assert said.startswith(f"“{ATTACKS[2]}” lands beside “{hostile.corpus.texts[0]}”, cosine 1.000")


# --- the header ---------------------------------------------------------------------------------


def test_the_header_holds_the_settings_that_made_the_picture(picture, bert):
    said = shown_text(header(picture))
    fidelity = picture.fidelity
    for part in (f"{len(TEXTS)} texts", "3 clusters", "0% unclustered", picture.encoder.name,
                 "mean pooling", "layer 2 of 2 (last)", "PCA", "k-means, 3 clusters", "seed 0",
                 f"trustworthiness {fidelity.trustworthiness:.2f}",
                 f"kNN recall {fidelity.mean_recall:.0%}"):  # fmt: skip
        assert part in said
    other = draw_map(
        picture.texts, bert, method="t-SNE", perplexity=9, seed=5, pooling="max", layer=1
    )
    said = shown_text(header(other))
    for part in ("t-SNE, perplexity 9", "seed 5", "max pooling", "layer 1 of 2", "HDBSCAN"):
        assert part in said
    umap = next(p for p in steps(picture.texts, bert, n_neighbors=9, min_dist=0.25) if p.near)
    assert "UMAP, 9 neighbours, min_dist 0.25" in shown_text(header(umap))


def test_the_header_says_no_number_before_it_is_known(picture, bert):
    said = shown_text(header(next(steps(picture.texts, bert))))
    assert "96 texts" in said
    for word in ("cluster", "fidelity", "nan", "None"):
        assert word not in said


@pytest.mark.parametrize("texts", [["One text."], ["One text.", "Two texts."], ["😀", "🎉"]])
def test_the_smallest_maps_say_why_they_look_as_they_do(bert, texts):
    small = draw_map(open_list(texts), bert)
    pieces = [header(small), cluster_table(small), point_panel(small, 0), hubs_panel(small),
              selection_panel(small, np.arange(len(texts))), report_table(Trust(small))]  # fmt: skip  # noqa: E501
    said = [shown_text(piece) for piece in pieces]
    assert len(check(f"<div>{pieces[0]}</div>").all(".lab-message")) == 1  # says why
    assert not re.search(r"\bnan\b|None", "".join(said))
    assert said[0].startswith(f"{len(texts)} text{'s' * (len(texts) > 1)} ·")


# --- progress, texts, clusters ------------------------------------------------------------------


def test_a_stage_is_marked_between_those_before_and_after():
    for at, (stage, words) in enumerate(STAGES.items()):
        root = check(stages_line(stage, 0.4, 7.2))
        marks = [" ".join(mark.classes) for mark in root.all("i")]
        assert marks == ["done"] * at + ["now"] + [""] * (len(STAGES) - at - 1)
        assert root.text == f"{words} 40% … 7 s"
    assert shown_text(stages_line("layout", 0, 1)).endswith("map out … 1 s")  # no share yet


def test_what_was_read_and_what_was_left_out_is_told():
    said = shown_text(corpus_facts("x.csv", 1, {"same text again": [2, 3]}, ["One text a line."]))
    assert said == "x.csv: 1 text.Left out: same text again: 2.One text a line."


def test_the_cluster_table_has_a_row_for_each_cluster(picture):
    root = check(cluster_table(picture, chosen=1))
    rows = root.one("tbody").all("tr")
    assert [row.all("td")[1].text for row in rows] == [str(name.size) for name in picture.names]
    assert sum(name.size for name in picture.names) == len(TEXTS)
    for cluster, row in enumerate(rows):
        button = row.one("button")
        assert button.attributes["data-pick"] == f"cluster:{cluster}"
        assert button.text == picture.title(cluster)
        central = row.all("td")[2].text
        assert TEXTS.index(central) in picture.clusters.members(cluster)
    assert [row.classes for row in rows] == [[], ["chosen"], []]
    assert "puts every text into some cluster" in root.text


def test_unclustered_texts_are_counted(picture):
    labels = picture.clusters.labels.copy()
    labels[:7] = -1
    config = replace(picture.clusters.config, method="hdbscan")
    loose = replace(picture, clusters=replace(picture.clusters, labels=labels, config=config))
    assert "7 of 96 texts are in no cluster" in shown_text(cluster_table(loose))
    none = replace(loose.clusters, labels=np.full(len(TEXTS), -1))
    assert "No clusters were found" in shown_text(cluster_table(replace(loose, clusters=none)))


def test_a_name_of_the_visitors_own_stands_for_the_terms(picture):
    picture.titles[picture.cluster_key] = {1: "my trains"}
    try:
        found = [b.text for b in check(cluster_table(picture)).all("button")]
        assert found == [picture.names[0].title, "my trains", picture.names[2].title]
    finally:
        picture.titles.clear()


def test_what_hdbscan_looks_at_is_said(picture, bert):
    hdbscan = replace(picture.settings.clusters, method="hdbscan")
    assert shown_text(space_note(hdbscan, "the map")) == "HDBSCAN looks at the map."
    assert "HDBSCAN" not in space_note(picture.settings.clusters, "the map")
