"""Labels that are votes: '3/5' and '(3, 6)' are three of five, and of six."""

import re
from collections.abc import Sequence

import numpy as np

VOTE = re.compile(
    r"(?P<some>\d{1,3})\s*(?:/|out of|of)\s*(?P<all>\d{1,3})"
    r"|[(\[]\s*(?P<one>\d{1,3})\s*[,;/:]\s*(?P<other>\d{1,3})\s*[)\]]"
)
LONGEST = 20  # characters
MOST = 0.5  # the share of cells that must be votes


def is_vote(cell: str) -> bool:
    """Two whole numbers, one of the other."""
    return votes(cell) is not None


def votes(cell: str) -> tuple[int, int] | None:
    """(3, 6) for '(3, 6)', '[3, 6]', '3/6' and '3 of 6', else None; '4,5' is a decimal comma."""
    text = cell.strip().casefold()
    match = VOTE.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return None
    return int(match["some"] or match["one"]), int(match["all"] or match["other"])


def vote_shares(cells: Sequence[str]) -> np.ndarray | None:
    """(N,) the share of votes, NaN for cells that are none; None where most cells are none.

    Each cell is "n of m"; where the first numbers go beyond the second and both together are
    always as many, they are the votes for and against.
    """
    pairs = [votes(cell) for cell in cells]
    present = [pair for pair in pairs if pair is not None]
    if not present or len(present) < MOST * len(cells):
        return None
    opposed = for_and_against(present)
    shares = [_share(pair, opposed) for pair in pairs]
    return None if np.isnan(shares).all() else np.array(shares, float)


def for_and_against(present: Sequence[tuple[int, int]]) -> bool:
    """Whether the two numbers are the votes for and against, not "n of m"."""
    beyond = any(one > other for one, other in present)
    return beyond and len({one + other for one, other in present}) == 1


def _share(pair: tuple[int, int] | None, opposed: bool) -> float:
    if pair is None:
        return np.nan
    one, other = pair
    total = one + other if opposed else other
    return one / total if total and one <= total else np.nan
