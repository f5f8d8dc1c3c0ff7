"""Which rule for the checkpoint to keep is best: how often and how far each falls short.

    python bench/checkpoint.py [--runs 20] [--rows 30 100]

Simulated runs: each look has a true quality, by one of four shapes of curve, and is scored on the
same validation pairs (graded; the cosine is the label with noise, of which a part stays from look
to look, as a model's errors do). Every rule then keeps a look. Printed per rule and number of
validation rows: how often the kept look is worse than the best one beyond chance on those rows (95%
interval of the paired difference below 0), by how much it is worse there, and how far its true
quality is below the best look's, all in points of Spearman's rho.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from encoder.evaluation import Predictions, difference, measure, standard_error  # noqa: E402

LOOKS = 6
MANY = 4_000  # rows that stand for the truth
RESAMPLES = 100
SHAPES: dict[str, Sequence[float]] = {  # noise in the cosines at each look: less is better
    "rises": (0.29, 0.27, 0.26, 0.25, 0.245, 0.24),
    "levels off": (0.28, 0.26, 0.25, 0.25, 0.25, 0.25),
    "falls": (0.24, 0.25, 0.26, 0.28, 0.30, 0.32),
    "rises and falls": (0.28, 0.26, 0.25, 0.26, 0.28, 0.30),
}
STAYS = 0.95  # correlation of the errors of one look with those of the next
Rule = Callable[[Sequence[Predictions]], int]


def latest_within_an_error(looks: Sequence[Predictions]) -> int:
    """The rule of before: the latest within one standard error of the highest so far."""
    best, error, keep = -np.inf, 0.0, 0
    for at, look in enumerate(looks):
        value = measure(look, "spearman")
        keep = at if value >= best - error else keep
        if value > best:
            best, error = value, standard_error(look)
    return keep


def highest(looks: Sequence[Predictions]) -> int:
    """The rule of `BestKeeper`; of equals the latest."""
    values = [measure(look, "spearman") for look in looks]
    return max(range(len(looks)), key=lambda at: (values[at], at))


def earliest_not_worse(looks: Sequence[Predictions]) -> int:
    """The earliest whose paired difference from the highest is no clear loss."""
    best = highest(looks)
    return next(at for at in range(best + 1) if at == best or not _is_worse(looks[at], looks[best]))


def last(looks: Sequence[Predictions]) -> int:
    """No rule: what the run ends with."""
    return len(looks) - 1


RULES: dict[str, Rule] = {
    "latest within one standard error (before)": latest_within_an_error,
    "highest (now)": highest,
    "earliest not clearly worse, paired": earliest_not_worse,
    "last": last,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="of each shape")
    parser.add_argument("--rows", type=int, nargs="*", default=[30, 100])
    args = parser.parse_args()
    for rows in args.rows:
        print(f"\n{rows} validation rows, {args.runs} runs of each of {len(SHAPES)} shapes")
        print(f"{'':<44}{'worse beyond':>14}{'by, there':>11}{'short of the':>14}")
        print(f"{'':<44}{'chance':>14}{'':>11}{'best in truth':>14}")
        results: dict[str, list[tuple[bool, float, float]]] = {name: [] for name in RULES}
        for truth, looks in runs(args.runs, rows):
            best = highest(looks)
            for name, rule in RULES.items():
                kept = rule(looks)
                gap = measure(looks[best], "spearman") - measure(looks[kept], "spearman")
                clear = kept != best and _is_worse(looks[kept], looks[best])
                results[name].append((clear, gap, max(truth) - truth[kept]))
        for name, outcomes in results.items():
            clear, there, short = np.array(outcomes, float).T
            by = 100 * there[clear > 0].mean() if clear.any() else 0.0
            print(f"{name:<44}{clear.mean():>13.1%}{by:>11.1f}{100 * short.mean():>14.2f}")


def runs(each: int, rows: int) -> Iterator[tuple[list[float], list[Predictions]]]:
    """True qualities and scored looks of one run after the other."""
    for shape in SHAPES.values():
        chance = np.random.default_rng(0)
        truth = [measure(look, "spearman") for look in scored(shape, MANY, chance)]
        for _ in range(each):
            yield truth, list(scored(shape, rows, chance))


def scored(
    noises: Sequence[float], rows: int, chance: np.random.Generator
) -> Iterator[Predictions]:
    """What each look says of the same rows."""
    labels = chance.integers(0, 6, rows) / 5
    errors = chance.normal(size=rows)
    for noise in noises:
        yield Predictions("score", labels + noise * errors, labels, np.arange(rows))
        errors = STAYS * errors + np.sqrt(1 - STAYS**2) * chance.normal(size=rows)


def _is_worse(one: Predictions, best: Predictions) -> bool:
    return difference(one, best, resamples=RESAMPLES).low > 0


if __name__ == "__main__":
    main()
