"""Errors a person can act on: what, where, both values, and the remedy."""

from numbers import Integral, Real


class LabError(Exception):
    """Root of every error that speaks to people, in all packages of this project.

    Its text is written for whoever made the request: escaped, it may be shown as it stands. No
    other exception's may. Every problem is in `problems`; the text is all of them, one a line.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class IngestError(LabError, ValueError):
    """Rows that cannot be read."""


class OverLimit(IngestError):
    """More than is read, of which a sample can be asked for."""


def outside(name: str, value: object, low: float, high: float) -> list[str]:
    """What is wrong with a setting from low to high, which is whole where both of these are."""
    whole = isinstance(low, int) and isinstance(high, int)
    fits = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if fits and low <= value <= high:  # type: ignore[operator]  # NaN is not in between either
        return []
    kind = "a whole number" if whole else "a number"
    return [f"{name} is {value!r}; it must be {kind} from {low} to {high}."]
