"""The labelled samples, encoded once by the bundled model, and a map of one of them."""

import numpy as np
import pytest

from encoder import Encoder
from explore import project
from tests.explore.points import Sample, read_sample


def _sample(encoder: Encoder, name: str, label: str) -> Sample:
    texts, labels = read_sample(name, "text", label)
    return Sample(texts, labels, encoder.encode(texts))


@pytest.fixture(scope="session")
def topics(bundled: Encoder) -> Sample:
    return _sample(bundled, "topics.csv", "topic")


@pytest.fixture(scope="session")
def support(bundled: Encoder) -> Sample:
    return _sample(bundled, "support_questions.csv", "intent")


@pytest.fixture(scope="session")
def topics_map(topics: Sample) -> np.ndarray:
    return project(topics.vectors).coordinates
