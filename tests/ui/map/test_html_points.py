"""The HTML around a map: right numbers, and whatever visitors wrote is shown as text."""

import re
from dataclasses import replace

import numpy as np
import pytest

from encoder import POOLINGS
from explore import ClusterConfig, Driver, Stability, place
from explore.cluster import SCORED_ROWS
from tests.ui.map.pages import (
    EACH,
    TEXTS,
    check,
    draw_map,
    hostile_picture,
    in_three,
    open_list,
    shown_text,
)
from ui.map.drawing import DrawnMap
from ui.map.figures import Overlay
from ui.map.html import (
    header,
    hubs_panel,
    place_panel,
    point_panel,
    search_panel,
    selection_panel,
    selection_rows,
)
from ui.map.trust import NullMap, Trust
from ui.map.trust_html import not_yet, null_words, report_table, stability_table
from ui.map.view import LENGTH, SIMILARITY, Shown

NONE = np.zeros(0, np.int64)


@pytest.fixture(scope="module")
def picture(_tiny) -> DrawnMap:
    return in_three(_tiny("bert"))


@pytest.fixture(scope="module")
def hostile(_tiny) -> DrawnMap:
    return hostile_picture(_tiny("bert"))


# --- points -------------------------------------------------------------------------------------


def test_a_point_shows_its_ten_nearest_with_their_cosines(picture):
    root = check(point_panel(picture, 5))
    vectors = picture.vectors
    cosines = vectors @ vectors[5]
    cosines[5] = -2
    best = np.sort(cosines)[::-1][:10]
    found = [float(n.text) for n in root.all(".num")]
    assert found == pytest.approx(best.tolist(), abs=6e-4)
    picks = [b.attributes["data-pick"] for b in root.all("button")]
    for pick, value in zip(picks, found, strict=True):
        row = int(pick.removeprefix("why:5:"))
        assert cosines[row] == pytest.approx(value, abs=6e-4)
    facts = root.one(".facts").text
    assert root.one(".what").text == f"“{TEXTS[5]}”"
    for part in ("row 6", "topic: trains", "colour: red", "cluster ", "other texts"):
        assert part in facts
    often = int((picture.near.indices[:, :10] == 5).sum())
    assert f"among the 10 nearest of {often} other texts" in facts


def test_a_point_can_be_clicked_before_the_neighbours_are_known(picture):
    waiting = replace(picture, near=None)
    assert "still being looked for" in shown_text(point_panel(waiting, 5))
    assert hubs_panel(waiting) == ""


def test_a_selection_is_listed_the_most_central_first(picture):
    rows = np.flatnonzero(np.array(picture.corpus.labels["topic"]) == "cats")
    root = check(selection_panel(picture, rows))
    cells = [[td.text for td in row.all("td")] for row in root.one("tbody").all("tr")]
    assert len(cells) == EACH
    assert {row[3] for row in cells} == {"cats"}
    cosines = [float(row[1]) for row in cells]
    assert cosines == sorted(cosines, reverse=True)
    said = root.all(".lab-note")[0].text
    assert f"{EACH} texts chosen." in said
    assert "cat" in said.partition("What sets them apart:")[2].partition(".")[0]
    own = picture.vectors[rows]
    inside = (own @ own.T)[~np.eye(EACH, dtype=bool)].mean()
    outside = (own @ np.delete(picture.vectors, rows, 0).T).mean()
    assert f"Mean cosine {inside:.2f} among them, {outside:.2f} between them" in said


def test_selections_of_none_one_and_all_have_no_nan(picture):
    assert "Choose the lasso" in shown_text(selection_panel(picture, NONE))
    one = shown_text(selection_panel(picture, np.array([3])))
    assert "1 text chosen." in one
    assert "Mean cosine – among them" in one
    every = shown_text(selection_panel(picture, np.arange(len(TEXTS))))
    assert "– between them and all others" in every


def test_a_long_selection_is_cut_and_says_so(picture):
    texts = [f"Sentence {n}." for n in range(201)]
    vectors = np.eye(201, dtype=np.float32)
    many = replace(
        picture, corpus=open_list(texts).corpus, vectors=vectors, clusters=None, fidelity=None
    )
    root = check(selection_panel(many, np.arange(201)))
    assert len(root.one("tbody").all("tr")) == 200
    assert "The first 200 are listed; the CSV has all." in root.text


def test_the_rows_of_a_selection_are_safe_in_a_spreadsheet(hostile, picture):
    table = selection_rows(picture, (2, 0))
    assert table[0] == ["row", "text", "topic", "colour", "cluster", "map_x", "map_y"]
    assert [row[:4] for row in table[1:]] == [
        ["3", TEXTS[2], "trains", "red"], ["1", TEXTS[0], "cats", "red"],
    ]  # fmt: skip
    place = [float(cell) for cell in table[1][5:]]
    assert place == pytest.approx(picture.projection.coordinates[2].tolist(), abs=1e-5)
    formula = draw_map(open_list(["=1+1", "+1 a", "-1 b", "@x", "plain"]), picture.encoder)
    cells = [row[1] for row in selection_rows(formula, range(5))[1:]]
    assert cells == ["'=1+1", "'+1 a", "'-1 b", "'@x", "plain"]


def test_hubs_are_the_texts_in_most_lists(picture):
    root = check(hubs_panel(picture))
    counts = np.bincount(picture.near.indices[:, :10].ravel(), minlength=len(TEXTS))
    assert [int(n.text) for n in root.all(".num")] == sorted(counts, reverse=True)[:5]
    assert f"{(counts == 0).sum()} texts are nobody's neighbour" in root.text


def test_a_search_lists_the_best_whatever_else_is_ringed(picture):
    similar = picture.vectors @ picture.vectors[9]
    shown = Shown(colour=SIMILARITY, similar=similar, query="a query", overlay=Overlay(rings=(80,)))
    root = check(f"<div>{search_panel(picture, shown)}</div>")
    items = [li.all("span")[1].text for li in root.all("li")]
    assert items == [TEXTS[i] for i in np.argsort(-similar, kind="stable")[:10]]
    assert "“a query”" in root.text
    assert search_panel(picture, replace(shown, colour=LENGTH)) == ""
    assert search_panel(picture, replace(shown, similar=None)) == ""


def test_a_place_between_islands_says_little(picture):
    landed = place(picture.vectors[0], picture.vectors, picture.projection.coordinates)
    said = shown_text(place_panel(picture, "x", replace(landed, spread=0.9)))
    assert "this place says little" in said
    assert "says little" not in place_panel(picture, "x", replace(landed, spread=0.0))
    counts = [int(n) for n in re.findall(r"(\d+) of 10 nearest in", said)]
    assert sum(counts) == 10


# --- the report ---------------------------------------------------------------------------------


def test_the_report_has_a_row_for_each_number_with_its_meaning(picture):
    report = Trust(picture, agreement=0.456, silhouette=0.123, drivers=(Driver("digits", 0.5, 2),))
    root = check(report_table(report))
    rows = {tr.one("th").text: [td.text for td in tr.all("td")] for tr in root.all("tr")}
    fidelity = picture.fidelity
    assert {name: value for name, (value, _) in rows.items()} == {
        "Trustworthiness": f"{fidelity.trustworthiness:.3f}",
        "Continuity": f"{fidelity.continuity:.3f}",
        "kNN recall": f"{fidelity.mean_recall:.0%}",
        "Clusters, vectors and map": "0.46",
        "Silhouette": "0.123",
    }
    assert all(len(what) > 20 for _, what in rows.values())
    assert [li.text for li in root.all("li")] == ["0.50 digits"]
    assert "–" in shown_text(report_table(replace(report, agreement=float("nan"))))


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [(0.3, 0.05, "are apart in the vectors"), (0.06, 0.05, "hardly further apart"),
     (0.005, -0.2, "hardly further apart"), (-0.1, -0.3, "hardly further apart")],
)  # fmt: skip
def test_a_silhouette_is_judged_against_that_of_noise(picture, here, there, said):
    null = NullMap(picture.projection, picture.clusters, 0.25, there)
    words = shown_text(null_words(Trust(picture, silhouette=here), null))
    assert said in words
    assert "there, 3 and 0% here." in words
    assert "kNN recall is" in words
    assert "25% there" in words
    assert "proves nothing" in words  # noise has as many clusters
    fewer = replace(picture.clusters, labels=np.minimum(picture.clusters.labels, 0))
    words = shown_text(null_words(Trust(picture), replace(null, clusters=fewer)))
    assert "proves nothing" not in words
    assert "silhouette" not in words


def test_stability_is_told_for_each_cluster(picture):
    note = "HDBSCAN, at least 5 texts a cluster, on <b>"
    stable = Stability(8, (8, 3, 0), (1.0, 0.5, 0.0), (0.9, 0.5), 96, note=note)
    root = check(f"<div>{stability_table(picture, stable)}</div>")
    rows = [[cell.text for cell in row.all("td")] for row in root.one("tbody").all("tr")]
    assert rows == [["8 of 8 runs", "100%"], ["3 of 8 runs", "50%"], ["0 of 8 runs", "0%"]]
    assert "0.70 on average, 0.50 at least" in root.text
    assert f"Repeated: {note}; 8 runs with other seeds, on 96 texts." in root.text
    assert "sampl" not in root.text


def test_stability_of_a_sample_says_so_and_judges_no_cluster_that_is_not_in_it(picture):
    stable = Stability(8, (8, None, None), (1.0, None, None), (0.9,), 40, sampled=True)
    root = check(f"<div>{stability_table(picture, stable)}</div>")
    rows = [[cell.text for cell in row.all("td")] for row in root.one("tbody").all("tr")]
    assert rows == [["8 of 8 runs", "100%"], *[["too few in the sample", "–"]] * 2]
    assert "These 40 of 96 texts are a random sample" in root.text
    assert "comes from sampling, not from the seed" in root.text
    small = replace(stable, rows=96, sampled=False)
    assert "too few texts" in shown_text(stability_table(picture, small))


def test_where_no_seed_has_a_part_there_is_a_sentence_and_no_table(picture):
    none = (None,) * 3
    stable = Stability(0, none, none, (), 96, note="nothing in <i>it</i> is random")
    root = check(f"<div>{stability_table(picture, stable)}</div>")
    assert root.all("table") == []
    assert "No seed plays a part: nothing in <i>it</i> is random." in root.text


@pytest.mark.parametrize(
    ("config", "said"),
    [(ClusterConfig(), "finds in a 5-D UMAP of the vectors (the clusters above) with what it finds "
      "on the map"),
     (ClusterConfig(space="vectors"), "finds in the vectors (the clusters above) with"),
     (ClusterConfig(space="map"), "finds on the map (the clusters above) with what it finds in a "
      "5-D UMAP of the vectors"),
     (ClusterConfig("kmeans"), "what k-means makes of the vectors (the clusters above) with what "
      "it makes of the places on the map, 3 clusters each"),
     (ClusterConfig("agglomerative"), "what agglomerative grouping makes of the vectors")],
)  # fmt: skip
def test_the_agreement_names_both_sides(picture, config, said):
    clusters = replace(picture.clusters, config=config)
    words = shown_text(report_table(Trust(replace(picture, clusters=clusters), agreement=0.5)))
    assert said in words
    assert ("The unclustered count as one group on each side" in words) == (
        config.method == "hdbscan"
    )


def test_a_silhouette_says_of_which_texts_it_is(picture):
    def words(labels: np.ndarray) -> str:
        shown = replace(picture, clusters=replace(picture.clusters, labels=labels))
        return shown_text(report_table(Trust(shown, silhouette=0.1)))

    assert "Of all 96 texts." in words(picture.clusters.labels)
    some = np.where(np.arange(96) < 30, -1, picture.clusters.labels)
    assert "Of the 66 clustered texts, without the 30 unclustered" in words(some)
    many = np.arange(SCORED_ROWS + 96) % 3
    assert "Of a sample of 2,000 of all 2,096 texts." in words(many)
    many[:50] = -1
    assert "Of a sample of 2,000 of the 2,046 clustered texts, without the 50" in words(many)


def test_noise_is_said_to_be_one_draw(picture):
    null = NullMap(picture.projection, picture.clusters, 0.25, 0.1)
    words = shown_text(null_words(Trust(picture, silhouette=0.2), null))
    assert "It is one draw, and another would have other numbers." in words
    assert "this noise has as many" in words
    assert "The silhouette, of the clustered texts, is 0.200 here" in words


def test_before_anything_is_measured_the_page_says_so():
    assert "Nothing is measured yet" in shown_text(not_yet())


def test_every_pooling_can_stand_in_a_header(picture, bert):
    for pooling in POOLINGS:
        settings = replace(picture.settings, pooling=pooling)
        assert f"{pooling} pooling" in shown_text(header(replace(picture, settings=settings)))
