"""Maps: PCA by hand, every odd case defined, repeatable, and no setting without effect."""

import doctest
import threading
from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA

import explore
from explore import ExploreError, ProjectionConfig, Stopped, map_fidelity, neighbours, project
from explore.neighbours import neighbours_on_map
from explore.project import METHODS, pca
from explore.vectors import MOST_ROWS, unit
from tests.explore.points import ODD, Told, blobs, cloud, says


def test_the_example_in_the_package_docstring_is_true():
    assert doctest.testmod(explore) == (0, 7)


# --- PCA ----------------------------------------------------------------------------------------


def test_pca_by_hand():
    line = np.array([[0, 0], [-3, -4], [3, 4]], np.float32)
    np.testing.assert_allclose(pca(line, 2), [[0, 0], [-5, 0], [5, 0]], atol=1e-6)
    # The largest loading is positive, whichever way the axis came out; missing axes are zero.
    np.testing.assert_allclose(pca(-line, 1), [[0], [5], [-5]], atol=1e-6)
    assert not pca(line, 4)[:, 2:].any()


@pytest.mark.parametrize("dims", [2, 3])
def test_pca_agrees_with_scikit_learn(dims):
    vectors = cloud(80, 12)
    found = project(vectors, ProjectionConfig("pca", dims)).coordinates
    theirs = PCA(dims).fit_transform(unit(vectors))
    signs = np.sign((found * theirs).sum(axis=0))
    np.testing.assert_allclose(found, theirs * signs, atol=1e-5)


def test_pca_does_not_see_the_order_or_length_of_rows():
    vectors = cloud(50)
    order = np.random.default_rng(1).permutation(50)
    config = ProjectionConfig("pca", 3)
    found = project(vectors, config).coordinates
    np.testing.assert_allclose(project(7 * vectors, config).coordinates, found, atol=1e-5)
    np.testing.assert_allclose(project(vectors[order], config).coordinates, found[order], atol=1e-5)


# --- odd cases ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ODD)
def test_every_odd_case_has_a_map(name, method, dims):
    vectors = ODD[name]
    found = project(vectors, ProjectionConfig(method, dims))
    assert found.coordinates.shape == (len(vectors), dims)
    assert found.coordinates.dtype == np.float32
    assert np.isfinite(found.coordinates).all()

    good = np.isfinite(vectors).all(axis=1)
    assert not found.coordinates[~good].any()
    rows, groups = np.unique(unit(vectors)[good], axis=0, return_inverse=True)
    for group in range(len(rows)):  # equal rows share one place, and different ones do not
        assert np.ptp(found.coordinates[good][groups == group], axis=0).max() == 0
    assert len(np.unique(found.coordinates[good], axis=0)) == len(rows)
    assert (found.method == method) == (method == "pca" or len(rows) >= 5)


def test_notes_say_what_was_out_of_the_ordinary():
    assert project(cloud(9)).note == ""
    holes = project(ODD["two rows not finite"])
    assert "2 of 24 vectors are not finite" in holes.note
    few = project(ODD["three, eight times"])
    assert few.note.startswith("There are 3 different vectors")
    assert few.method == "pca"
    assert project(ODD["three, eight times"], ProjectionConfig("pca")).note == ""
    assert "6 of 6" in project(ODD["no row finite"]).note


def test_minus_zero_is_zero():
    vectors = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    found = project(vectors)
    assert "3 different vectors" in found.note
    assert np.array_equal(found.coordinates[0], found.coordinates[1])


# --- quality and repeatability ------------------------------------------------------------------


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_groups_stay_together(method, dims):
    vectors, labels = blobs(60)
    places = project(vectors, ProjectionConfig(method, dims)).coordinates
    near = neighbours_on_map(places, 5)
    assert (labels[near] == labels[:, None]).mean() > 0.99


def test_tsne_in_three_dimensions_keeps_small_sets_together():
    vectors, _ = blobs(60)
    trust = [
        map_fidelity(vectors, project(vectors, ProjectionConfig(method, 3)).coordinates, 10)
        for method in ("pca", "tsne")
    ]
    # At scikit-learn's own learning rate t-SNE throws them apart: 0.80.
    assert trust[1].trustworthiness > trust[0].trustworthiness > 0.95


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_maps_lie_as_the_pca_map_does(method):
    vectors = cloud(40, 8)
    flat = project(vectors, ProjectionConfig("pca")).coordinates
    places = project(vectors, ProjectionConfig(method)).coordinates
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-5)
    # No rotation brings it nearer where this product is symmetric without a negative eigenvalue.
    product = places.T.astype(np.float64) @ flat
    np.testing.assert_allclose(product, product.T, rtol=1e-3, atol=1e-5 * np.abs(product).max())
    assert np.linalg.eigvalsh(product)[0] >= 0


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_bits(method):
    first, second = (project(cloud(40), ProjectionConfig(method)).coordinates for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("k", [3, 14, 40])
def test_neighbours_that_are_given_change_no_bit(k):
    vectors = cloud(70)
    given = project(vectors, near=neighbours(vectors, k)).coordinates
    assert np.array_equal(given, project(vectors).coordinates)


def test_neighbours_given_for_duplicates_change_nothing():
    vectors = np.repeat(cloud(20), 3, axis=0)
    first = project(vectors).coordinates
    assert np.array_equal(project(vectors, near=neighbours(vectors, 20)).coordinates, first)


@pytest.mark.parametrize(
    ("method", "change", "moves"),
    [
        *[(method, {"dims": 3}, True) for method in METHODS],
        ("umap", {"n_neighbors": 5}, True),
        ("umap", {"min_dist": 0.8}, True),
        ("umap", {"seed": 1}, True),
        ("umap", {"perplexity": 5.0}, False),
        ("tsne", {"perplexity": 5.0}, True),
        ("tsne", {"n_neighbors": 5, "min_dist": 0.8}, False),
        ("pca", {"seed": 1, "n_neighbors": 5, "perplexity": 5.0}, False),
    ],
)
def test_every_setting_moves_the_map_exactly_where_the_key_says_so(method, change, moves):
    vectors = cloud(50)
    config = ProjectionConfig(method)
    changed = replace(config, **change)
    before, after = (project(vectors, c).coordinates for c in (config, changed))
    assert (config.key != changed.key) == moves
    assert np.array_equal(before, after) != moves


def test_every_method_moves_the_map():
    maps = [project(cloud(50), ProjectionConfig(method)).coordinates for method in METHODS]
    assert all(np.abs(maps[i] - maps[i - 1]).max() > 0.1 for i in range(3))


# --- refusals, progress -------------------------------------------------------------------------


def test_problems_are_collected_and_name_both_values():
    with pytest.raises(ExploreError) as caught:
        ProjectionConfig("mds", 0, 1, float("nan"), 101, -1)
    assert says(
        caught.value,
        ("'mds'", "pca, umap, tsne"),
        ("dims is 0", "from 1 to 50"),
        ("n_neighbors is 1", "from 2 to 200"),
        ("min_dist is nan", "from 0.0 to 0.99"),
        ("perplexity is 101", "from 2.0 to 100.0"),
        ("seed is -1", "from 0 to 2147483647"),
    )
    with pytest.raises(ExploreError, match=r"2 or 3 dimensions, not 5"):
        ProjectionConfig("tsne", 5)


@pytest.mark.parametrize("value", [2.5, "2", None, True])
def test_a_number_of_dimensions_is_a_whole_number(value):
    with pytest.raises(ExploreError, match=f"dims is {value!r}; it must be a whole number"):
        ProjectionConfig("pca", value)
    assert ProjectionConfig(dims=np.int64(3), min_dist=0).dims == 3


def test_vectors_that_are_none_are_refused():
    with pytest.raises(ExploreError, match=r"not \(2, 3, 4\)"):
        project(np.ones((2, 3, 4)))
    with pytest.raises(ExploreError, match="There are no vectors"):
        project(np.ones((0, 3)))
    with pytest.raises(ExploreError, match="There are 20,001 vectors; at most 20,000"):
        project(np.ones((MOST_ROWS + 1, 1)))
    with pytest.raises(ExploreError, match="vectors 9, near 8"):
        project(cloud(9), near=neighbours(cloud(8), 3))


def test_progress_rises_to_one():
    for method, stages in (("umap", ("neighbours", "layout")), ("tsne", ("layout",))):
        told = Told()
        project(cloud(60), ProjectionConfig(method), None, told)
        assert all(told.rises_to_one(stage) for stage in stages)
        assert told.events[-1] == ("layout", 1.0)


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_a_stop_that_was_set_before_is_heard(method):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        project(cloud(60), ProjectionConfig(method), stop=stop)


@pytest.mark.parametrize("shape", [(40, 300), (300, 40)])
def test_pca_gives_the_principal_components_of_tall_and_of_wide_vectors(shape):
    draw = np.random.default_rng(3).normal
    vectors = (draw(size=(shape[0], 3)) @ draw(size=(3, shape[1]))).astype(np.float32)
    config = ProjectionConfig(method="pca")
    whole = project(vectors, config).coordinates
    centred = unit(vectors) - unit(vectors).mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(whole), np.abs(centred @ axes[:2].T), atol=1e-4)


def test_stop_ends_a_pca_of_wide_vectors():
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        project(np.eye(300, 4_000), ProjectionConfig(method="pca"), stop=stop)
