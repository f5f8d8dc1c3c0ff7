"""t-SNE tells how far it is, ends when it is asked to, and disturbs no other fit."""

import threading

import numpy as np
import pytest
from sklearn.manifold import TSNE

from explore import ProjectionConfig, Stopped, project
from explore.project import pca
from explore.tsne_fit import LEAST_RATE, fit
from explore.vectors import one_thread
from tests.explore.points import cloud

CONFIG = ProjectionConfig("tsne", perplexity=8)


@pytest.mark.parametrize("dims", [2, 3])
def test_it_is_stopped_in_the_middle(dims):
    stop, heard = threading.Event(), []

    def tell(stage: str, share: float) -> None:
        heard.append(share)
        if share >= 0.1:
            stop.set()

    with pytest.raises(Stopped):
        project(cloud(60), ProjectionConfig("tsne", dims, perplexity=8), None, tell, stop)
    assert heard == sorted(heard)
    assert 0.1 <= heard[-1] < 0.2


def test_the_layout_is_that_of_scikit_learn():
    points = cloud(60)
    start = pca(points, 2) * 1e-4
    ours = fit(points, start, 8, 0)
    model = TSNE(perplexity=8, learning_rate=max(60 / 48, LEAST_RATE), metric="cosine", init=start,
                 random_state=0, n_jobs=1)  # fmt: skip
    with one_thread():
        theirs = model.fit_transform(points)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_a_fit_that_was_stopped_leaves_later_ones_and_those_beside_it_alone():
    whole = project(cloud(60), CONFIG).coordinates
    stopped = threading.Event()
    stopped.set()
    found = {}

    def beside() -> None:
        found["coordinates"] = project(cloud(60), CONFIG).coordinates

    thread = threading.Thread(target=beside)
    thread.start()
    with pytest.raises(Stopped):
        project(cloud(60), CONFIG, stop=stopped)
    thread.join()
    np.testing.assert_array_equal(found["coordinates"], whole)
    np.testing.assert_array_equal(project(cloud(60), CONFIG).coordinates, whole)
