"""How long a run goes on: a number of steps, or a time budget turned into one while it runs."""

import time
from collections.abc import Callable, Iterator
from itertools import takewhile
from types import TracebackType

WORD_S = 0.5  # between two words on a step that takes long
FIRST_LOOK = 30  # steps; then ever more seldom, so that looking stays a small part of the work


def looks() -> Iterator[int]:
    """The steps after which the validation part is scored; the last step always is one.

    A rule of the step alone: how long a run will be is not always known, and the steps at which a
    checkpoint may be kept must be the same when it is repeated.
    """
    look = FIRST_LOOK
    while True:
        yield look
        look += max(FIRST_LOOK, look // 2)


def is_look(step: int) -> bool:
    """Whether it is one of `looks`."""
    return step == next(look for look in looks() if look >= step)


def looks_between(first: int, last: int) -> int:
    """How many looks are taken after step `first` up to the last step."""
    upto = takewhile(lambda look: look < last, looks())
    return 1 + sum(look > first for look in upto)


class Stopwatch:
    """Adds up the seconds spent inside `with`; pauses of whoever reads the events do not count."""

    def __init__(self) -> None:
        self.total = self.last = 0.0

    def __enter__(self) -> "Stopwatch":
        self._began = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.last = time.perf_counter() - self._began
        self.total += self.last


class Throttle:
    """Passes on how far something is, but not more often than every `WORD_S` seconds."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell = tell
        self.rest()

    def rest(self) -> None:
        """Begin to wait anew: somebody was told something just now."""
        self._latest = time.perf_counter()

    def __call__(self, done: int, total: int) -> None:
        """Say it, if it is time to."""
        if time.perf_counter() - self._latest >= WORD_S:
            self._tell(done, total)
            self.rest()


class StepBudget:
    """The number of steps: given, or found at half-time of a budget.

    The learning rate falls over the second half of all steps (see `learning_rate`), so nothing
    before half-time depends on their number. As soon as the rest of the budget is worth no more
    steps than were made, the number is fixed at twice those: what remains is too short for the
    machine's speed to change much, and a run of that many steps repeats this one exactly.
    """

    def __init__(self, steps: int | None, budget_s: float | None, warmup: int) -> None:
        self.fixed = steps  # None: not known yet
        self.expected = steps or 0
        self.notes: tuple[str, ...] = ()
        self._budget, self._warmup = budget_s, warmup
        self._spent = 0.0
        self._made = 0

    @property
    def step_s(self) -> float:
        """Seconds a step took so far."""
        return self._spent / max(1, self._made)

    def tick(self, step: int, last_s: float, total_s: float, look_s: float) -> None:
        """After each step: its seconds, all seconds so far, and those of the latest look."""
        self._made, self._spent = step, self._spent + last_s
        if self.fixed is not None or self._budget is None:
            return
        left_s = self._budget - total_s - look_s * looks_between(step, 2 * step)
        affordable = int(left_s / max(1e-9, self.step_s))
        self.expected = max(2 * step, step + affordable)
        if affordable <= step and step >= max(1, self._warmup):
            self.fixed = self.expected = 2 * step
            if affordable < 0.9 * step:
                self.notes = (self._too_short(total_s),)

    def _too_short(self, total_s: float) -> str:
        """Why the budget does not do, by what took most of it."""
        besides = total_s - self._spent  # frozen output and looks
        steps_s = 2 * self._warmup * self.step_s
        cause = (
            f"a step takes {self.step_s:.1f} s here. Train fewer blocks, or with smaller batches"
        )
        if besides > steps_s:
            cause = (
                f"{besides:.0f} s went into reading the texts with what does not train, and into "
                "looking at how well it does. Give it more seconds, or fewer rows"
            )
        return (
            f"{self._budget:g} s are not enough for the {2 * self._warmup} steps that a run has at "
            f"least: {cause}."
        )

    def left_s(self, step: int, look_s: float) -> float:
        """Expected seconds after this step, looks included."""
        if step >= self.expected:
            return 0.0
        looks = look_s * looks_between(step, self.expected)
        return self.step_s * (self.expected - step) + looks
