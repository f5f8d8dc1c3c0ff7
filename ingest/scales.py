"""The scale of graded labels: given by hand, said by the column's name, or seen in the numbers."""

import re
from collections.abc import Sequence
from numbers import Real

import numpy as np

SCALES = ((0, 1), (-1, 1), (1, 5), (0, 5), (1, 10), (0, 10), (0, 100))
# Named where they may be meant instead.
NARROWER = ((0, 3), (0, 4), (1, 3), (1, 4), (1, 7))
HIGHEST_GRADE = 20  # of a scale that whole labels show
ROWS_PER_GRADE = 3  # labels needed before their ends are those of the scale; or SEVERAL
STRAY = 0.02  # the share of typing errors that do not change the scale
ENOUGH = 50  # labels needed before a share of them says anything
SEVERAL = 20  # labels needed before their ends, or that they are only two, say anything
LOWEST_END, HIGHEST_END = 1, 1_000  # of a scale in a name: 2019–2020 is none
BELOW = 4  # how many times as far the highest of counts is from 0 as the lowest, if below
TAIL = 10  # how many times the median the highest of counts is
LONGEST_NAME = 200  # characters; the pattern takes long on long ones
END = r"[-−]?\d+(?:[.,]\d+)?"
BETWEEN = r"\s*%?(?:\s*(?:-|–|—|−|\.{2,3}|…)\s*|\s+(?:to|bis|à|a|tot|до)\s+)"
NAMED = re.compile(
    rf"[(\[]?\s*(?<![^\W_])(?<![.,/–-])({END}){BETWEEN}({END})(?![^\W_]|[-.,/:–—−]\d)\s*%?\s*[)\]]?"
)


def find_scale(numbers: np.ndarray, name: str = "") -> tuple[float, float] | None:
    """The scale that the column's name says, if the numbers fit; else the one that they show.

    That is: from the lowest to the highest, where they are whole grades (`_grades`); else the
    smallest of SCALES that holds them, a few typing errors aside. None without any.
    """
    if not numbers.size:
        return None
    named = named_scale(name)
    if named and fits(numbers, named):
        return named
    usual = _usual(numbers)
    return _grades(numbers if usual is None else _inside(numbers, usual)) or usual


def why_scale(numbers: np.ndarray, scale: tuple[float, float], name: str = "") -> str:
    """Why `find_scale` found this one, or why it may be another; "" where all is clear."""
    named = named_scale(name)
    inside = _inside(numbers, scale)
    if named == scale:
        fractions = inside.max() <= 1 < scale[1] and not _are_whole(inside)
        already = " As no label is above 1, they may be on 0–1 already." if fractions else ""
        return f"The scale is the one in the column's name.{already}"
    if scale not in SCALES:
        return "All of them are whole and both ends occur, so that is taken for the scale."
    ignored = f"The column's name says {span(*named)}, which they do not fit. " if named else ""
    return (ignored + _doubt(inside, scale)).strip()


def look_like_counts(numbers: np.ndarray) -> bool:
    """Whole numbers of which a few are many times as large as most, as upvotes and views are.

    Upvotes less downvotes may go a little below 0.
    """
    if not _are_whole(numbers, SEVERAL) or -numbers.min() * BELOW > numbers.max():
        return False
    middle, many, highest = np.quantile(numbers, (0.5, 0.75, 1))
    tail = highest > max(TAIL, 2 * many) and highest >= TAIL * max(1, middle)
    small = np.unique(numbers[(numbers > 0) & (numbers <= highest / 4)])
    return bool(tail and len(small) > 1)  # not a few grades far apart


def named_scale(name: str) -> tuple[float, float] | None:
    """(0, 5) for 'Score (0-5)', 'rating 0 to 5', '0..5'; None unless there is exactly one."""
    if len(name) > LONGEST_NAME:
        return None
    spans = {(_end(match[1]), _end(match[2])) for match in NAMED.finditer(name)}
    scales = [(low, high) for low, high in spans if low < high and low <= LOWEST_END]
    return scales[0] if len(scales) == 1 and scales[0][1] <= HIGHEST_END else None


def without_scale(name: str) -> str:
    """'Score (0-5)' → 'Score'; other names as they are."""
    return (NAMED.sub(" ", name) if named_scale(name) else name).strip()


def check_scale(scale: Sequence[float] | None) -> list[str]:
    """Problems of a scale given by hand."""
    if scale is None:
        return []
    ends = [scale] if isinstance(scale, str) else list(scale)
    numbers = [end for end in ends if isinstance(end, Real) and not isinstance(end, bool)]
    if len(ends) != 2 or len(numbers) != 2:
        shown = " and ".join("nothing" if end is None else repr(end)[:20] for end in ends)
        return [
            f"A scale is two numbers, the lowest and the highest label; given: {shown or 'none'}."
        ]
    low, high = ends
    if np.isfinite([low, high, high - low]).all() and low < high:
        return []
    return [f"The scale {low:g} to {high:g} is none: give the lowest label, then the highest."]


def describe(low: float, high: float) -> str:
    """A scaling in words: '0–5 divided by 5'."""
    if (low, high) == (0, 1):
        return f"{span(low, high)} kept as it is"
    if low == 0:
        return f"{span(low, high)} divided by {high:g}"
    moved = f"label − {low:g}" if low > 0 else f"label + {-low:g}"
    return f"{span(low, high)}: ({moved}) / {high - low:g}"


def span(low: float, high: float) -> str:
    """'−1–1'."""
    return f"{signed(low)}–{signed(high)}"


def signed(number: float) -> str:
    """With a true minus, and without one before 0."""
    return f"{'−' if number < 0 else ''}{abs(number):g}"


def _end(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "."))


def fits(numbers: np.ndarray, scale: tuple[float, float]) -> bool:
    """Whether numbers lie on a scale, a few typing errors aside; −1 is often 'not labelled'."""
    outside = ((numbers < scale[0]) | (numbers > scale[1])) & (numbers != -1)
    allowed = max(STRAY * numbers.size, min(numbers.size, ENOUGH) // 10)
    return bool(np.sum(outside) <= allowed and np.any((numbers >= scale[0]) & ~outside))


def _usual(numbers: np.ndarray) -> tuple[float, float] | None:
    """The smallest of SCALES that holds the numbers, a few typing errors aside; else None.

    Strays count as errors only where the scale that holds them too is ten times as wide: among
    labels up to 5, a 55 is one; a −1 among labels in [0, 1], as often for "not labelled", too.
    """
    negative = numbers < 0
    if negative.any() and set(numbers[negative]) == {-1.0} and not _grades_below_zero(numbers):
        return _usual(numbers[~negative])
    strays = {s: int(np.sum((numbers < s[0]) | (numbers > s[1]))) for s in SCALES}
    exact = next((scale for scale in SCALES if not strays[scale]), None)
    allowed = max(int(numbers.size >= SEVERAL), int(STRAY * numbers.size))
    narrow = [s for s in SCALES if exact is None or _width(exact) >= 10 * _width(s)]
    best = min(narrow, key=lambda s: strays[s], default=exact)
    return best if best and strays[best] <= allowed else exact


def _grades(numbers: np.ndarray) -> tuple[float, float] | None:
    """(lowest, highest) of whole grades from 0 or 1 up, or as far below 0 as above; else None.

    Three grades or more, at least half of those between the ends, and enough labels of each.
    """
    values = np.unique(numbers)
    if len(values) < 3 or not _are_whole(values):
        return None
    low, high = float(values[0]), float(values[-1])
    if low not in (0, 1, -high) or high > HIGHEST_GRADE or 2 * len(values) < high - low + 1:
        return None
    return (low, high) if numbers.size >= min(SEVERAL, ROWS_PER_GRADE * len(values)) else None


def _doubt(inside: np.ndarray, scale: tuple[float, float]) -> str:
    """That an end of the scale does not occur, where a narrower one would do as well."""
    low, high = float(inside.min()), float(inside.max())
    absent = [end for end, reached in zip(scale, (low, high), strict=True) if end != reached]
    usual: list[tuple[float, float]] = [*SCALES, *NARROWER]
    if low in (0, 1) and low < high and _are_whole(inside):
        usual.append((low, high))
    narrower = sorted(
        {s for s in usual if s[0] <= low and high <= s[1] and _width(s) < _width(scale)},
        key=lambda s: (-(s[0] == low) - (s[1] == high), _width(s), s),
    )
    if not absent or not narrower:
        return ""
    others = " or ".join(span(*other) for other in narrower[:3])
    never = " or ".join(map(signed, absent))
    return f"No label is {never}, so the scale may as well be {others}."


def _inside(numbers: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    return numbers[(numbers >= scale[0]) & (numbers <= scale[1])]


def _are_whole(numbers: np.ndarray, least: int = 0) -> bool:
    return numbers.size >= least and bool(np.all(numbers == np.round(numbers)))


def _grades_below_zero(numbers: np.ndarray) -> bool:
    """Whether −1 can be a grade: numbers stay in [−1, 1] and are not just a few −1 among grades."""
    few = np.mean(numbers < 0) < 0.1 and numbers.size >= 20
    return not (few or numbers.max() > 1) or numbers.max() <= 0


def _width(scale: tuple[float, float]) -> float:
    return scale[1] - scale[0]
