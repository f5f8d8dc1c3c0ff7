"""Batches of similar length, filled to a token budget, so that little work goes into padding."""

from collections.abc import Iterator, Sequence

TOKEN_BUDGET = 4096  # padded tokens a batch; more gains nothing on two cores and costs memory


def batches(
    lengths: Sequence[int], budget: int = TOKEN_BUDGET, at_least: int = 1
) -> Iterator[list[int]]:
    """Indices of N texts in batches, longest first; each batch's B * T stays within `budget`.

    `at_least` is the length every text is padded to anyhow. A text longer than the whole budget
    gets a batch to itself.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = max(lengths[batch[0]] if batch else lengths[index], at_least)
        if batch and (len(batch) + 1) * longest > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
