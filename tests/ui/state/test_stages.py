"""No result is computed twice, and what is kept stays within its bytes."""

from dataclasses import dataclass
from io import StringIO

import numpy as np
import pytest

from explore import Hits, Stopped, search
from explore.lexical import Bm25Index
from ingest import read_corpus
from ui.state.samples import TEXT_SAMPLES
from ui.state.stages import Stages, size_of
from ui.state.texts import OpenTexts, VisitorTexts

BYTES = 10**8


@dataclass
class Nested:
    hits: Hits


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
    ann, bob = VisitorTexts(BYTES, shared), VisitorTexts(BYTES, shared)
    for texts in (ann, bob):
        corpus = read_corpus(StringIO("A cat.\nA dog."))
        opened = texts.open(
            OpenTexts("sample.csv", corpus, texts.stages, sample=TEXT_SAMPLES["topics"])
        )
        sample = (opened.identity, "mean")
        assert texts.stages.get("encode", sample, lambda: np.ones(3)).sum() == 3
    assert shared.work == {"encode": 1}
    assert bob.stages.work == {}
    corpus = read_corpus(StringIO("My secret.\nMy other secret."))
    own = (ann.open(OpenTexts("own.csv", corpus, ann.stages)).identity, "mean")
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


def test_arrays_are_counted_wherever_they_lie():
    points = np.eye(4, dtype=np.float32)
    near = search(points, points, 2)
    assert size_of(points) == points.nbytes
    assert size_of(near) >= near.indices.nbytes + near.scores.nbytes
    assert size_of(Nested(near)) >= size_of(near)
    words = Bm25Index(["a cat sleeps", "a dog barks"])
    assert size_of(words) == words.nbytes > 0
    assert size_of(Bm25Index([])) == 0
