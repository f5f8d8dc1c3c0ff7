"""t-SNE of scikit-learn, with progress, and ended on request.

scikit-learn takes no callback: the function that it asks for the gradient, once a step, is wrapped.
"""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from explore.vectors import OnProgress, one_thread, tell

LEAST_RATE = 10.0
STEPS = 1_000  # at most; scikit-learn's own choice
LOOKS_EVERY = 10  # steps

_watching = threading.local()  # each fit runs in one thread, and is watched there
_wrapping = threading.Lock()


def fit(
    points: np.ndarray,
    start: np.ndarray,
    perplexity: float,
    seed: int,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> np.ndarray:
    """Coordinates (N, dims) of distinct unit vectors (N, D); `start` (N, dims) is where they begin.

    Raises Stopped once `stop` is set, also in the middle of it.
    """
    from sklearn.manifold import TSNE

    tell(on_progress, stop, "layout", 0.0)
    _wrap()
    # At most a third of the points can be neighbours in t-SNE's sense.
    most = (len(points) - 1) / 3
    model = TSNE(
        n_components=start.shape[1],
        perplexity=max(min(perplexity, most), 1.0),
        # scikit-learn's own choice but for its floor, which is 50: up to 150 points that throws
        # a map in 3-D apart, to a trustworthiness near that of chance.
        learning_rate=max(len(points) / 48, LEAST_RATE),
        metric="cosine",
        init=start,
        max_iter=STEPS,
        random_state=seed,
        n_jobs=1,
    )
    _watching.done = 0
    _watching.tell = lambda done: tell(on_progress, stop, "layout", min(done / STEPS, 1.0))
    try:
        with one_thread():
            coordinates = model.fit_transform(points)
    finally:
        _watching.tell = None
    tell(on_progress, stop, "layout", 1.0)
    return coordinates


def _wrap() -> None:
    """Let each step of a fit be heard of by the thread that runs it. Done once."""
    from sklearn.manifold import _t_sne

    with _wrapping:
        for name in ("_kl_divergence", "_kl_divergence_bh"):
            function = getattr(_t_sne, name)
            if not hasattr(function, "heard"):
                setattr(_t_sne, name, _heard(function))


def _heard(function: Callable[..., Any]) -> Callable[..., Any]:
    def step(*args: Any, **kwargs: Any) -> Any:
        watch = getattr(_watching, "tell", None)
        if watch is not None:
            if _watching.done % LOOKS_EVERY == 0:
                watch(_watching.done)
            _watching.done += 1
        return function(*args, **kwargs)

    step.heard = True  # type: ignore[attr-defined]
    return step
