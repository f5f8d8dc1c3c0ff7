"""Which rows are seen in which batch, and how large each step is."""

import random
from collections.abc import Iterator, Sequence

from ingest.apart import Company, companies

POOL = 32  # batches drawn together; sorted by length: 15% padding on STS-B, 28% with 8


def batches_of_rows(
    rows: Sequence[tuple[str, ...]],
    lengths: Sequence[int],
    batch_size: int,
    seed: int,
    distinct: bool,
) -> Iterator[list[int]]:
    """Endless batches of row indices, epoch after epoch, rows of like length together.

    `distinct`: the rows of a batch are each other's negatives, so no text occurs in it twice, nor
    nearly (see `companies`); such a row waits for the next batch. Then a batch is drawn at random,
    whatever the lengths: texts that mean the same are often equally long, and would meet far more
    often. Repeatable by seed.
    """
    chance = random.Random(seed)
    company = companies(rows) if distinct else []
    while True:
        order = list(range(len(rows)))
        chance.shuffle(order)
        epoch = []
        for start in range(0, len(order), batch_size * POOL):
            pool = order[start : start + batch_size * POOL]
            if distinct:
                epoch += _fill(pool, company, batch_size)
            else:
                epoch += _cut(sorted(pool, key=lambda row: lengths[row]), batch_size)
        chance.shuffle(epoch)
        yield from epoch


def first_epoch(
    rows: Sequence[tuple[str, ...]],
    lengths: Sequence[int],
    batch_size: int,
    seed: int,
    distinct: bool,
) -> list[list[int]]:
    """The batches in which every row is seen once."""
    count, epoch = 0, []
    for batch in batches_of_rows(rows, lengths, batch_size, seed, distinct):
        count += len(batch)
        epoch.append(batch)
        if count >= len(rows):
            return epoch
    raise AssertionError("batches are endless")


def batches_an_epoch(
    rows: Sequence[tuple[str, ...]],
    lengths: Sequence[int],
    batch_size: int,
    seed: int,
    distinct: bool,
) -> int:
    """How many batches the first epoch has."""
    return len(first_epoch(rows, lengths, batch_size, seed, distinct))


def _cut(pool: list[int], batch_size: int) -> list[list[int]]:
    return [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]


def _fill(pool: list[int], company: Sequence[Company], batch_size: int) -> list[list[int]]:
    """Batches without a text twice; a row that clashes goes into the next one that can take it."""
    filled: list[list[int]] = []
    texts: list[set[str]] = []
    first_open = 0
    for row in pool:
        for i in range(first_open, len(filled)):
            if len(filled[i]) < batch_size and texts[i].isdisjoint(company[row].avoids):
                break
        else:
            filled.append([])
            texts.append(set())
            i = len(filled) - 1
        filled[i].append(row)
        texts[i] |= company[row].own
        while first_open < len(filled) and len(filled[first_open]) == batch_size:
            first_open += 1
    return filled


def learning_rate(step: int, steps: int | None, peak: float, warmup: int) -> float:
    """Rises linearly over `warmup` steps, stays at `peak`, and falls to 0 over the second half.

    `steps` None: not known yet, which makes no difference before half of them are made. Source:
    constant rate with cooldown, arXiv 2405.18392, sec. 3.
    """
    rising = min(1.0, (step + 1) / max(1, min(warmup, steps or warmup)))
    falling = 1.0 if steps is None else min(1.0, (steps - step) / max(1.0, steps / 2))
    return peak * min(rising, falling)
