"""No stage of a map is computed twice, and what is kept stays within its bytes."""

import threading
from io import StringIO

import numpy as np
import pytest

from explore import Stopped, agreement
from explore.lexical import Bm25Index
from ingest import read_corpus
from tests.ui.map.pages import BYTES, TEXTS, an_atlas, drawn, quiet, steps
from ui.map.trust import measure
from ui.map.view import CLUSTER, LENGTH, RECALL, Shown, value
from ui.state.stages import Stages, size_of
from ui.state.texts import Atlas

OWN = {"pca", "neighbours", "layout", "fidelity", "space", "clusters", "names", "encode"}
STEPS = 4  # pictures of one drawing


@pytest.fixture
def atlas() -> Atlas:
    return an_atlas()


def work(atlas: Atlas, encoder, **form) -> set[str]:
    """The stages that this drawing computed; none of them twice."""
    before = atlas.stages.work.copy()
    drawn(atlas, encoder, **form)
    new = atlas.stages.work - before
    assert set(new.values()) <= {1}
    return set(new)


# --- stages -------------------------------------------------------------------------------------


def test_a_result_is_made_once_even_where_it_is_none():
    stages, made = Stages(BYTES), []
    for _ in range(3):
        assert stages.get("silhouette", ("a",), lambda: made.append(1)) is None
    assert made == [1]
    assert stages.work == {"silhouette": 1}


def test_another_key_or_stage_is_another_result():
    stages = Stages(BYTES)
    found = [stages.get(*at, lambda at=at: at) for at in (("x", (1,)), ("x", (2,)), ("y", (1,)))]
    assert found == [("x", (1,)), ("x", (2,)), ("y", (1,))]
    assert stages.work == {"x": 2, "y": 1}


def test_what_is_of_a_sample_is_shared_and_what_is_a_visitors_own_is_not():
    shared = Stages(BYTES)
    ann, bob = Atlas(BYTES, shared), Atlas(BYTES, shared)
    for atlas in (ann, bob):
        atlas.open("sample.csv", read_corpus(StringIO("A cat.\nA dog.")), bundled=True)
        sample = (atlas.identity, "mean")
        assert atlas.stages.get("encode", sample, lambda: np.ones(3)).sum() == 3
    assert shared.work == {"encode": 1}
    assert bob.stages.work == {}
    ann.open("own.csv", read_corpus(StringIO("My secret.\nMy other secret.")))
    own = (ann.identity, "mean")
    ann.stages.get("encode", own, lambda: np.ones(4))
    assert (ann.stages.known("encode", own), shared.known("encode", own)) == (True, False)
    ann.close()
    assert not ann.stages.known("encode", own)
    assert bob.stages.known("encode", sample)  # what one forgets, the others have


def test_over_the_cap_the_least_recently_used_go():
    stages = Stages(max_bytes=3_000)

    def get(name: str) -> None:
        stages.get(name, (), lambda: np.zeros(1_000, np.uint8))

    for name in ("a", "b", "c", "a", "d", "a"):
        get(name)
    assert stages.bytes == 3_000
    assert stages.work == {"a": 1, "b": 1, "c": 1, "d": 1}
    get("b")
    assert stages.work["b"] == 2


def test_one_result_that_is_too_large_is_kept_alone():
    stages = Stages(max_bytes=10)
    stages.get("small", (), lambda: np.zeros(4, np.uint8))
    stages.get("large", (), lambda: np.zeros(100, np.uint8))
    stages.get("large", (), lambda: np.zeros(100, np.uint8))
    assert (stages.work["large"], stages.bytes) == (1, 100)


def test_a_failure_is_not_kept():
    stages = Stages(BYTES)
    with pytest.raises(Stopped):
        stages.get("layout", (), lambda: (_ for _ in ()).throw(Stopped()))
    assert stages.get("layout", (), lambda: 5) == 5
    assert stages.work == {"layout": 1}


def test_arrays_are_counted_wherever_they_lie(atlas, bert):
    picture = drawn(atlas, bert, method="PCA")
    null = next(r.null for r in measure(picture, quiet, threading.Event()) if r.null)
    arrays = null.projection.coordinates.nbytes + null.clusters.labels.nbytes
    assert size_of(null) >= arrays > 0
    assert size_of(picture.near) >= picture.near.indices.nbytes + picture.near.scores.nbytes
    assert size_of(picture.vectors) == picture.vectors.nbytes
    words = Bm25Index(TEXTS)
    assert size_of(words) == words.nbytes > 4 * len(TEXTS)
    assert size_of(Bm25Index([])) == 0


def test_a_map_under_a_tiny_cap_is_still_a_map(bert):
    form = {"method": "PCA", "clustering": "k-means", "n_clusters": 3}
    roomy, cramped = (drawn(an_atlas(max_bytes=most), bert, **form) for most in (BYTES, 1))
    np.testing.assert_allclose(roomy.projection.coordinates, cramped.projection.coordinates,
                               atol=1e-5)  # fmt: skip
    assert agreement(roomy.clusters.labels, cramped.clusters.labels) == 1
    assert roomy.atlas.stages.bytes > 10_000
    assert 0 < cramped.atlas.stages.bytes < 3_000  # the last result alone


# --- what a change of a setting costs -----------------------------------------------------------


def test_a_first_map_computes_every_stage_and_the_same_again_none(atlas, bert):
    assert work(atlas, bert) == OWN
    assert work(atlas, bert) == set()


@pytest.mark.parametrize(
    ("change", "computes"),
    [
        ({"min_dist": 0.4}, {"layout", "fidelity"}),
        ({"n_neighbors": 7}, {"layout", "fidelity"}),
        ({"n_neighbors": 40}, {"neighbours", "layout", "fidelity"}),  # more than are kept
        ({"seed": 3}, {"layout", "fidelity"}),  # HDBSCAN's own space has a fixed one
        ({"perplexity": 9}, set()),  # UMAP has none
        ({"dims": "3-D"}, {"pca", "layout", "fidelity"}),
        ({"method": "t-SNE"}, {"layout", "fidelity"}),
        ({"method": "PCA"}, {"fidelity"}),
        ({"min_cluster_size": 12}, {"clusters", "names"}),
        ({"n_clusters": 5}, set()),  # HDBSCAN finds its own number
        ({"clustering": "k-means"}, {"clusters", "names"}),
        ({"clustering": "agglomerative", "n_clusters": 4}, {"clusters", "names"}),
        ({"space": "the vectors"}, {"space", "clusters", "names"}),
        ({"space": "the map"}, {"clusters", "names"}),
        ({"pooling": "cls"}, OWN),
        ({"layer": "1", "pooling": "mean"}, OWN),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_a_change_computes_only_from_the_stage_it_touches(atlas, bert, change, computes):
    work(atlas, bert)
    assert work(atlas, bert, **change) == computes
    assert work(atlas, bert, **change) == set()
    assert work(atlas, bert) == set()  # and back again


def test_clusters_on_the_map_follow_the_map(atlas, bert):
    work(atlas, bert, space="the map")
    assert work(atlas, bert, space="the map", min_dist=0.5) == {
        "layout", "fidelity", "clusters", "names",
    }  # fmt: skip


def test_a_seed_is_one_of_k_means_too(atlas, bert):
    work(atlas, bert, clustering="k-means", method="PCA")
    assert work(atlas, bert, clustering="k-means", method="PCA", seed=1) == {"clusters", "names"}
    assert work(atlas, bert, clustering="agglomerative", method="PCA") == {"clusters", "names"}
    assert work(atlas, bert, clustering="agglomerative", method="PCA", seed=1) == set()


def test_another_colour_computes_nothing(atlas, bert):
    picture = drawn(atlas, bert, method="PCA")
    before = atlas.stages.work.copy()
    drawings = {value(picture, Shown(colour=c)) for c in (CLUSTER, "label: topic", LENGTH, RECALL)}
    assert len(drawings) == 4
    assert atlas.stages.work == before


def test_a_change_encodes_nothing(atlas, bert, count_forwards):
    with count_forwards(bert) as calls:
        work(atlas, bert, method="PCA")
        first = len(calls)
        assert first
        for change in ({"min_dist": 0.4}, {"min_cluster_size": 9}, {"dims": "3-D"}):
            work(atlas, bert, **change)
        assert len(calls) == first


def test_a_report_measures_nothing_twice(atlas, bert):
    picture = drawn(atlas, bert, method="PCA", clustering="k-means")
    for expected in ({"agreement", "silhouette", "null world", "stability"}, set()):
        before = atlas.stages.work.copy()
        reports = list(measure(picture, quiet, threading.Event()))
        assert set(atlas.stages.work - before) == expected
    assert reports[-1].stable is not None


# --- the pictures themselves --------------------------------------------------------------------


def test_a_drawing_begins_with_pca_and_knows_more_each_time(atlas, bert):
    first, laid_out, clustered, last = steps(atlas, bert)
    methods = [picture.projection.method for picture in (first, laid_out, clustered, last)]
    assert methods == ["pca", "umap", "umap", "umap"]
    known = [
        (p.near is not None, p.clusters is not None, bool(p.names), p.fidelity is not None)
        for p in (first, laid_out, clustered, last)
    ]
    assert known == [
        (False, False, False, False), (True, False, False, False), (True, True, True, False),
        (True, True, True, True),
    ]  # fmt: skip
    assert first.rev != laid_out.rev == last.rev
    assert len({p.token for p in (first, laid_out, clustered, last)}) == 1


def test_vectors_stand_in_the_order_of_the_texts(atlas, bert):
    mixed = sorted(TEXTS, key=lambda text: text[::-1]) + ["x " * 60]  # of all lengths
    other = an_atlas("\n".join(mixed), "lines.txt")
    picture = next(steps(other, bert, pooling="max", layer="1"))
    expected = bert.encode(list(picture.corpus.texts), "max", 1)
    np.testing.assert_allclose(picture.vectors, expected, atol=1e-5)
    assert picture.corpus.texts == tuple(text.strip() for text in mixed)


def test_each_setting_that_moves_points_has_its_own_name_for_their_places(atlas, bert):
    forms = [{}, {"min_dist": 0.3}, {"seed": 1}, {"dims": "3-D"}, {"pooling": "cls"}]
    forms += [{"pooling": "mean", "layer": layer} for layer in ("-1", "-2", "first_last")]
    revs = [next(steps(atlas, bert, method="PCA", **form)).rev for form in forms]
    # PCA has neither min_dist nor a seed; the model's own pooling is mean, by another name.
    assert len(set(revs)) == len(forms) - 2
    assert revs[0] == revs[1] == revs[2]


def test_a_map_that_is_stopped_ends_and_keeps_what_was_ready(atlas, bert):
    stop = threading.Event()
    pictures = steps(atlas, bert, stop=stop)
    next(pictures)
    stop.set()
    with pytest.raises(Stopped):
        next(pictures)
    assert set(atlas.stages.work) == {"encode", "pca"}
    assert work(atlas, bert) == OWN - {"encode", "pca"}


def test_other_texts_forget_all_of_the_old_ones(atlas, bert):
    picture = drawn(atlas, bert, method="PCA")
    atlas.titles[picture.cluster_key] = {0: "mine"}
    atlas.picture, running, before = picture, atlas.begin(), atlas.identity
    atlas.open("others", picture.corpus.take(range(10)))
    assert running.is_set()
    assert atlas.identity != before
    assert (atlas.stages.bytes, atlas.titles, atlas.picture, atlas.table) == (0, {}, None, None)
    assert atlas.running is None
    assert work(atlas, bert, method="PCA") >= {"encode", "pca", "neighbours"}


def test_a_visitor_who_has_left_leaves_nothing(atlas, bert):
    drawn(atlas, bert, method="PCA")
    running = atlas.begin()
    atlas.close()
    assert running.is_set()
    assert atlas.stages.bytes == 0
    assert atlas.corpus is atlas.table is atlas.picture is None


def test_the_identity_of_texts_is_theirs_alone():
    first, again = an_atlas(), an_atlas()
    assert first.identity == again.identity
    assert an_atlas("one thing\ntwo things").identity != an_atlas("one\nthing two things").identity
