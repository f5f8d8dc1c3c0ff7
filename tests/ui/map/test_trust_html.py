"""What is sentence of what was measured: right numbers, and what each is worth."""

from dataclasses import replace

import numpy as np
import pytest

from explore import ClusterConfig, Driver, Stability
from explore.cluster import SCORED_ROWS
from tests.ui.map.pages import shown_text
from tests.ui.visit import check
from ui.map.trust_html import not_yet, null_words, stability_table, trust_table
from ui.map.trust_measures import NullMap, Trust


def test_the_table_has_a_row_for_each_number_with_its_meaning(drawn_map):
    trust = Trust(drawn_map, agreement=0.456, silhouette=0.123, drivers=(Driver("digits", 0.5, 2),))
    root = check(trust_table(trust))
    rows = {tr.one("th").text: [td.text for td in tr.all("td")] for tr in root.all("tr")}
    fidelity = drawn_map.fidelity
    assert {name: value for name, (value, _) in rows.items()} == {
        "Trustworthiness": f"{fidelity.trustworthiness:.3f}",
        "Continuity": f"{fidelity.continuity:.3f}",
        "kNN recall": f"{fidelity.mean_recall:.0%}",
        "Clusters, vectors and map": "0.46",
        "Silhouette": "0.123",
    }
    assert all(len(what) > 20 for _, what in rows.values())
    assert [li.text for li in root.all("li")] == ["0.50 digits"]
    assert "–" in shown_text(trust_table(replace(trust, agreement=float("nan"))))


@pytest.mark.parametrize(
    ("here", "there", "sentence"),
    [(0.3, 0.05, "are apart in the vectors"), (0.06, 0.05, "hardly further apart"),
     (0.005, -0.2, "hardly further apart"), (-0.1, -0.3, "hardly further apart")],
)  # fmt: skip
def test_a_silhouette_is_judged_against_that_of_noise(drawn_map, here, there, sentence):
    null = NullMap(drawn_map.projection, drawn_map.clusters, 0.25, there)
    words = shown_text(null_words(Trust(drawn_map, silhouette=here), null))
    assert sentence in words
    assert "there, 3 and 0% here." in words
    assert "kNN recall is" in words
    assert "25% there" in words
    assert "proves nothing" in words  # noise has as many clusters
    fewer = replace(drawn_map.clusters, labels=np.minimum(drawn_map.clusters.labels, 0))
    words = shown_text(null_words(Trust(drawn_map), replace(null, clusters=fewer)))
    assert "proves nothing" not in words
    assert "silhouette" not in words


def test_stability_is_told_for_each_cluster(drawn_map):
    note = "HDBSCAN, at least 5 texts a cluster, on <b>"
    stable = Stability(8, (8, 3, 0), (1.0, 0.5, 0.0), (0.9, 0.5), 96, note=note)
    root = check(f"<div>{stability_table(drawn_map, stable)}</div>")
    rows = [[cell.text for cell in row.all("td")] for row in root.one("tbody").all("tr")]
    assert rows == [["8 of 8 runs", "100%"], ["3 of 8 runs", "50%"], ["0 of 8 runs", "0%"]]
    assert "0.70 on average, 0.50 at least" in root.text
    assert f"Repeated: {note}; 8 runs with other seeds, on 96 texts." in root.text
    assert "sampl" not in root.text


def test_stability_of_a_sample_says_so_and_judges_no_cluster_that_is_not_in_it(drawn_map):
    stable = Stability(8, (8, None, None), (1.0, None, None), (0.9,), 40, sampled=True)
    root = check(f"<div>{stability_table(drawn_map, stable)}</div>")
    rows = [[cell.text for cell in row.all("td")] for row in root.one("tbody").all("tr")]
    assert rows == [["8 of 8 runs", "100%"], *[["too few in the sample", "–"]] * 2]
    assert "These 40 of 96 texts are a random sample" in root.text
    assert "comes from sampling, not from the seed" in root.text
    small = replace(stable, rows=96, sampled=False)
    assert "too few texts" in shown_text(stability_table(drawn_map, small))


def test_where_no_seed_has_a_part_there_is_a_sentence_and_no_table(drawn_map):
    none = (None,) * 3
    stable = Stability(0, none, none, (), 96, note="nothing in <i>it</i> is random")
    root = check(f"<div>{stability_table(drawn_map, stable)}</div>")
    assert root.all("table") == []
    assert "No seed plays a part: nothing in <i>it</i> is random." in root.text


@pytest.mark.parametrize(
    ("config", "sentence"),
    [(ClusterConfig(), "finds in a 5-D UMAP of the vectors (the clusters above) with what it finds "
      "on the map"),
     (ClusterConfig(space="vectors"), "finds in the vectors (the clusters above) with"),
     (ClusterConfig(space="map"), "finds on the map (the clusters above) with what it finds in a "
      "5-D UMAP of the vectors"),
     (ClusterConfig("kmeans"), "what k-means makes of the vectors (the clusters above) with what "
      "it makes of the places on the map, 3 clusters each"),
     (ClusterConfig("agglomerative"), "what agglomerative grouping makes of the vectors")],
)  # fmt: skip
def test_the_agreement_names_both_sides(drawn_map, config, sentence):
    clusters = replace(drawn_map.clusters, config=config)
    words = shown_text(trust_table(Trust(replace(drawn_map, clusters=clusters), agreement=0.5)))
    assert sentence in words
    assert ("The unclustered count as one group on each side" in words) == (
        config.method == "hdbscan"
    )


def test_a_silhouette_says_of_which_texts_it_is(drawn_map):
    def words(labels: np.ndarray) -> str:
        shown = replace(drawn_map, clusters=replace(drawn_map.clusters, labels=labels))
        return shown_text(trust_table(Trust(shown, silhouette=0.1)))

    assert "Of all 96 texts." in words(drawn_map.clusters.labels)
    some = np.where(np.arange(96) < 30, -1, drawn_map.clusters.labels)
    assert "Of the 66 clustered texts, without the 30 unclustered" in words(some)
    many = np.arange(SCORED_ROWS + 96) % 3
    assert "Of a sample of 2,000 of all 2,096 texts." in words(many)
    many[:50] = -1
    assert "Of a sample of 2,000 of the 2,046 clustered texts, without the 50" in words(many)


def test_noise_is_said_to_be_one_draw(drawn_map):
    null = NullMap(drawn_map.projection, drawn_map.clusters, 0.25, 0.1)
    words = shown_text(null_words(Trust(drawn_map, silhouette=0.2), null))
    assert "It is one draw, and another would have other numbers." in words
    assert "this noise has as many" in words
    assert "The silhouette, of the clustered texts, is 0.200 here" in words


def test_before_anything_is_measured_the_page_says_so():
    assert "Nothing is measured yet" in shown_text(not_yet())
