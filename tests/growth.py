"""How work grows with what it is given: a ratio, which a slow or busy machine has too."""

import time
from collections.abc import Callable


def growth(work: Callable[[object], object], small: object, large: object) -> float:
    """How many times as long this process works on the large as on the small; best of three."""
    return _seconds(work, large) / _seconds(work, small)


def _seconds(work: Callable[[object], object], given: object) -> float:
    """Of this process alone, whatever else the machine does."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        work(given)
        taken.append(time.process_time() - began)
    return min(taken)
