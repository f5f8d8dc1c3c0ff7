"""The HTML around a map: right numbers, and whatever visitors wrote is shown as text."""

import re
from dataclasses import replace

import numpy as np
import pytest

from encoder import POOLINGS
from encoder.readability import Unreadable
from explore import ClusterConfig, Driver, Stability, place
from explore.common import Common
from tests.ui.corpus import EACH, TEXTS
from tests.ui.map.pages import IN_THREE, draw_map, open_list, shown_text, steps
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import check
from ui.map.figures import UNCLUSTERED, Overlay
from ui.map.html import (
    cluster_table,
    header,
    hubs_panel,
    place_panel,
    point_panel,
    search_panel,
    selection_panel,
    selection_rows,
    space_note,
)
from ui.map.trust_html import stability_table, trust_table
from ui.map.trust_measures import Trust
from ui.map.view import SIMILARITY, Shown
from ui.page.tasks import STAGES, stages_line
from ui.page.texts import corpus_facts

NONE = np.zeros(0, np.int64)


# --- whatever visitors wrote --------------------------------------------------------------------


def test_everything_a_visitor_wrote_is_shown_as_the_text_it_is(hostile):
    every = np.arange(len(hostile.corpus))
    similar = hostile.vectors @ hostile.vectors[0]
    searched = Shown(colour=SIMILARITY, similar=similar, query=ATTACKS[0])
    landed = place(hostile.vectors[0], hostile.vectors, hostile.projection.coordinates)
    stable = Stability(8, (8,) * 10, (1.0,) * 10, (0.5,) * 8, 20)
    trust = Trust(hostile, drivers=(Driver(f"column “{ATTACKS[0]}”", 0.5, 2),))
    for attack in ATTACKS:
        pieces = {
            "header": header(hostile),
            "clusters": cluster_table(hostile),
            "point": "".join(point_panel(hostile, row) for row in every),
            "selection": selection_panel(hostile, every),
            "search": search_panel(hostile, searched),
            "place": place_panel(hostile, attack, landed),
            "facts": corpus_facts(attack, 3, {attack: [1, 2]}, [attack]),
            "report": trust_table(trust),
            "stability": stability_table(hostile, stable),
            "hubs": hubs_panel(hostile),
            "stage": stages_line(attack, 0.5, 1.0),
        }
        shown = {name: shown_text(piece) for name, piece in pieces.items()}
        for name in ("clusters", "point", "selection", "place", "facts", "stability"):
            assert attack in shown[name], name
        assert attack.capitalize() in shown["stage"]
    for name in ("header", "search", "report"):
        assert ATTACKS[0] in shown[name], name
    assert f"{ATTACKS[0]}: {ATTACKS[1]}" in shown["point"]  # a label beside its column
    assert len(re.findall(re.escape(ATTACKS[0]), shown["selection"])) > 10


def test_a_dropped_attack_is_quoted(hostile):
    landed = place(hostile.vectors[0], hostile.vectors, hostile.projection.coordinates)
    text = shown_text(place_panel(hostile, ATTACKS[2], landed))
    assert text.startswith(f"“{ATTACKS[2]}” lands beside “{hostile.corpus.texts[0]}”, cosine 1.000")


# --- the header ---------------------------------------------------------------------------------


def test_the_header_holds_the_settings_that_made_the_map(drawn_map, bert):
    text = shown_text(header(drawn_map))
    fidelity = drawn_map.fidelity
    for part in (f"{len(TEXTS)} texts", "3 clusters", "0% unclustered", drawn_map.encoder.name,
                 "mean pooling", "layer 2 of 2 (last)", "PCA", "k-means, 3 clusters", "seed 0",
                 f"trustworthiness {fidelity.trustworthiness:.2f}",
                 f"kNN recall {fidelity.mean_recall:.0%}"):  # fmt: skip
        assert part in text
    other = draw_map(
        drawn_map.texts, bert, method="t-SNE", perplexity=9, seed=5, pooling="max", layer=1
    )
    text = shown_text(header(other))
    for part in ("t-SNE, perplexity 9", "seed 5", "max pooling", "layer 1 of 2", "HDBSCAN"):
        assert part in text
    umap = next(p for p in steps(drawn_map.texts, bert, n_neighbors=9, min_dist=0.25) if p.near)
    assert "UMAP, 9 neighbours, min_dist 0.25" in shown_text(header(umap))


def test_the_header_tells_of_words_that_the_model_does_not_know(drawn_map):
    assert drawn_map.unreadable == ""
    unread = Unreadable("m", 3, 1, 2).words
    assert unread in shown_text(header(replace(drawn_map, unreadable=unread)))


def test_the_header_says_no_number_before_it_is_known(drawn_map, bert):
    text = shown_text(header(next(steps(drawn_map.texts, bert))))
    assert "96 texts" in text
    for word in ("cluster", "fidelity", "nan", "None"):
        assert word not in text


@pytest.mark.parametrize("texts", [["One text."], ["One text.", "Two texts."], ["😀", "🎉"]])
def test_the_smallest_maps_say_why_they_look_as_they_do(bert, texts):
    small = draw_map(open_list(texts), bert)
    pieces = [header(small), cluster_table(small), point_panel(small, 0), hubs_panel(small),
              selection_panel(small, np.arange(len(texts))), trust_table(Trust(small))]  # fmt: skip
    texts_shown = [shown_text(piece) for piece in pieces]
    assert len(check(f"<div>{pieces[0]}</div>").all(".lab-message")) == 1  # says why
    assert not re.search(r"\bnan\b|None", "".join(texts_shown))
    assert texts_shown[0].startswith(f"{len(texts)} text{'s' * (len(texts) > 1)} ·")


# --- progress, texts, clusters ------------------------------------------------------------------


def test_a_stage_is_marked_between_those_before_and_after():
    for at, (stage, words) in enumerate(STAGES.items()):
        root = check(stages_line(stage, 0.4, 7.2))
        marks = [" ".join(mark.classes) for mark in root.all("i")]
        assert marks == ["done"] * at + ["now"] + [""] * (len(STAGES) - at - 1)
        assert root.text == f"{words} 40% … 7 s"
    assert shown_text(stages_line("layout", 0, 1)).endswith("map out … 1 s")  # no share yet


def test_what_was_read_and_what_was_left_out_is_told():
    text = shown_text(corpus_facts("x.csv", 1, {"same text again": [2, 3]}, ["One text a line."]))
    assert text == "x.csv: 1 text.Left out: same text again: 2.One text a line."


def test_the_cluster_table_has_a_row_for_each_cluster(drawn_map):
    root = check(cluster_table(drawn_map))
    rows = root.one("tbody").all("tr")
    assert [row.all("td")[1].text for row in rows] == [str(name.size) for name in drawn_map.names]
    assert sum(name.size for name in drawn_map.names) == len(TEXTS)
    for cluster, row in enumerate(rows):
        button = row.one("button")
        assert button.attributes["data-pick"] == f"cluster:{cluster}"
        assert button.text == drawn_map.title(cluster)
        central = row.all("td")[2].text
        assert TEXTS.index(central) in drawn_map.clusters.members(cluster)
    assert "puts every text into some cluster" in root.text


def test_no_cluster_has_one_name_and_texts_stand_in_their_own_direction(drawn_map):
    labels = drawn_map.clusters.labels.copy()
    labels[0] = -1
    loose = replace(drawn_map, clusters=replace(drawn_map.clusters, labels=labels))
    point, selection = point_panel(loose, 0), selection_panel(loose, np.array([0]))
    assert UNCLUSTERED in shown_text(point)
    assert UNCLUSTERED in shown_text(selection)
    assert f'dir="auto">{TEXTS[0]}<' in selection
    assert 'class="what" dir="auto"' in point


def test_a_giant_cluster_says_what_it_has_in_common_and_what_shows_more(drawn_map):
    common = Common(0, 0.8, (("@jet", 0.98), ("bag", 0.3)), 0.99)
    dense = replace(drawn_map.clusters, config=ClusterConfig())
    shown = shown_text(cluster_table(replace(drawn_map, common=common, clusters=dense)))
    assert (
        "Cluster 1 holds 80% of all texts; commonest in it: “@jet” (98%), “bag” (30%). To see what "
        "is in it, try “Grain of clusters: finer” or “The model reads: no links, no handles” (99% "
        "of its texts have some) under Advanced."
    ) in shown
    assert "holds" not in shown_text(cluster_table(replace(drawn_map, common=None)))


def test_unclustered_texts_are_counted(drawn_map):
    labels = drawn_map.clusters.labels.copy()
    labels[:7] = -1
    config = replace(drawn_map.clusters.config, method="hdbscan")
    loose = replace(drawn_map, clusters=replace(drawn_map.clusters, labels=labels, config=config))
    assert "7 of 96 texts are unclustered and grey" in shown_text(cluster_table(loose))
    none = replace(loose.clusters, labels=np.full(len(TEXTS), -1))
    assert "No clusters were found" in shown_text(cluster_table(replace(loose, clusters=none)))


def test_a_name_of_the_visitors_own_stands_for_the_terms(drawn_map):
    drawn_map.titles[drawn_map.cluster_key] = {1: "my trains"}
    try:
        names = [b.text for b in check(cluster_table(drawn_map)).all("button")]
        assert names == [drawn_map.names[0].title, "my trains", drawn_map.names[2].title]
    finally:
        drawn_map.titles.clear()


def test_what_hdbscan_looks_at_is_said(drawn_map, bert):
    hdbscan = replace(drawn_map.settings.clusters, method="hdbscan")
    assert shown_text(space_note(hdbscan, "the map")) == "HDBSCAN looks at the map."
    assert "HDBSCAN" not in space_note(drawn_map.settings.clusters, "the map")


def test_seeds_stand_where_they_are_used(bert):
    few = open_list(TEXTS[:30])
    shown = header(draw_map(few, bert, method="PCA"))
    assert "PCA ·" in shown  # which has none
    assert "on a 5-D UMAP (20 neighbours, min_dist 0, seed 0)" in shown
    shown = header(draw_map(few, bert, **IN_THREE, seed=4))
    assert "3 clusters as asked, on the vectors, seed 4" in shown
    shown = header(draw_map(few, bert, **{**IN_THREE, "method": "UMAP"}, n_neighbors=5, seed=4))
    assert "UMAP, 5 neighbours, min_dist 0.1, seed 4" in shown


def test_every_pooling_can_stand_in_a_header(drawn_map, bert):
    for pooling in POOLINGS:
        settings = replace(drawn_map.settings, pooling=pooling)
        assert f"{pooling} pooling" in shown_text(header(replace(drawn_map, settings=settings)))


# --- points ---------------------------------------------------------------------------------------


def test_a_point_shows_its_ten_nearest_with_their_cosines(drawn_map):
    root = check(point_panel(drawn_map, 5))
    vectors = drawn_map.vectors
    cosines = vectors @ vectors[5]
    cosines[5] = -2
    best = np.sort(cosines)[::-1][:10]
    shown = [float(n.text) for n in root.all(".num")]
    assert shown == pytest.approx(best.tolist(), abs=6e-4)
    picks = [b.attributes["data-pick"] for b in root.all("button")]
    for pick, value in zip(picks, shown, strict=True):
        row = int(pick.removeprefix("why:5:"))
        assert cosines[row] == pytest.approx(value, abs=6e-4)
    facts = root.one(".facts").text
    assert root.one(".what").text == f"“{TEXTS[5]}”"
    for part in ("row 6", "topic: trains", "colour: red", "cluster ", "other texts"):
        assert part in facts
    often = int((drawn_map.near.indices[:, :10] == 5).sum())
    assert f"among the 10 nearest of {often} other texts" in facts


def test_a_point_can_be_clicked_before_the_neighbours_are_known(drawn_map):
    waiting = replace(drawn_map, near=None)
    assert "still being looked for" in shown_text(point_panel(waiting, 5))
    assert hubs_panel(waiting) == ""


def test_a_selection_is_listed_the_most_central_first(drawn_map):
    rows = np.flatnonzero(np.array(drawn_map.corpus.labels["topic"]) == "cats")
    root = check(selection_panel(drawn_map, rows))
    cells = [[td.text for td in row.all("td")] for row in root.one("tbody").all("tr")]
    assert len(cells) == EACH
    assert {row[3] for row in cells} == {"cats"}
    cosines = [float(row[1]) for row in cells]
    assert cosines == sorted(cosines, reverse=True)
    text = root.all(".lab-note")[0].text
    assert f"{EACH} texts chosen." in text
    assert "cat" in text.partition("What sets them apart:")[2].partition(".")[0]
    own = drawn_map.vectors[rows]
    inside = (own @ own.T)[~np.eye(EACH, dtype=bool)].mean()
    outside = (own @ np.delete(drawn_map.vectors, rows, 0).T).mean()
    assert f"Mean cosine {inside:.2f} among them, {outside:.2f} between them" in text


def test_selections_of_none_one_and_all_have_no_nan(drawn_map):
    assert "Choose the lasso" in shown_text(selection_panel(drawn_map, NONE))
    one = shown_text(selection_panel(drawn_map, np.array([3])))
    assert "1 text chosen." in one
    assert "Mean cosine – among them" in one
    every = shown_text(selection_panel(drawn_map, np.arange(len(TEXTS))))
    assert "– between them and all others" in every


def test_a_long_selection_is_cut_and_says_so(drawn_map):
    texts = [f"Sentence {n}." for n in range(201)]
    vectors = np.eye(201, dtype=np.float32)
    many = replace(
        drawn_map, corpus=open_list(texts).corpus, vectors=vectors, clusters=None, fidelity=None
    )
    root = check(selection_panel(many, np.arange(201)))
    assert len(root.one("tbody").all("tr")) == 200
    assert "The first 200 are listed; the CSV has all." in root.text


def test_the_rows_of_a_selection_are_safe_in_a_spreadsheet(hostile, drawn_map):
    table = selection_rows(drawn_map, (2, 0))
    assert table[0] == ["row", "text", "topic", "colour", "cluster", "map_x", "map_y"]
    assert [row[:4] for row in table[1:]] == [
        ["3", TEXTS[2], "trains", "red"], ["1", TEXTS[0], "cats", "red"],
    ]  # fmt: skip
    place = [float(cell) for cell in table[1][5:]]
    assert place == pytest.approx(drawn_map.projection.coordinates[2].tolist(), abs=1e-5)
    formula = draw_map(open_list(["=1+1", "+1 a", "-1 b", "@x", "plain"]), drawn_map.encoder)
    cells = [row[1] for row in selection_rows(formula, range(5))[1:]]
    assert cells == ["'=1+1", "'+1 a", "'-1 b", "'@x", "plain"]


def test_hubs_are_the_texts_in_most_lists(drawn_map):
    root = check(hubs_panel(drawn_map))
    counts = np.bincount(drawn_map.near.indices[:, :10].ravel(), minlength=len(TEXTS))
    assert [int(n.text) for n in root.all(".num")] == sorted(counts, reverse=True)[:5]
    assert f"{(counts == 0).sum()} texts are nobody's neighbour" in root.text


def test_a_search_lists_the_best_whatever_else_is_ringed(drawn_map):
    similar = drawn_map.vectors @ drawn_map.vectors[9]
    shown = Shown(colour=SIMILARITY, similar=similar, query="a query", overlay=Overlay(rings=(80,)))
    root = check(f"<div>{search_panel(drawn_map, shown)}</div>")
    items = [li.all("span")[1].text for li in root.all("li")]
    assert items == [TEXTS[i] for i in np.argsort(-similar, kind="stable")[:10]]
    assert "“a query”" in root.text
    assert search_panel(drawn_map, replace(shown, colour="length")) == ""
    assert search_panel(drawn_map, replace(shown, similar=None)) == ""


def test_a_place_between_islands_says_little(drawn_map):
    landed = place(drawn_map.vectors[0], drawn_map.vectors, drawn_map.projection.coordinates)
    text = shown_text(place_panel(drawn_map, "x", replace(landed, spread=0.9)))
    assert "this place says little" in text
    assert "says little" not in place_panel(drawn_map, "x", replace(landed, spread=0.0))
    counts = [int(n) for n in re.findall(r"(\d+) of 10 nearest in", text)]
    assert sum(counts) == 10
