"""Batches of similar length, filled to a budget, so that little work goes into padding."""

from collections.abc import Iterator, Sequence

# Padded tokens a batch. More gains nothing on two cores, costs memory, and takes longer until a
# listener is heard: MiniLM runs these in a third of a second on one core.
TOKEN_BUDGET = 1024
CHARACTER_BUDGET = 2**17  # that a tokenizer takes at a time, in a tenth of a second


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


def pieces(texts: Sequence[str]) -> Iterator[list[int]]:
    """Indices of N texts in batches small enough to tokenize at once."""
    return batches([len(text) for text in texts], CHARACTER_BUDGET)


def first_part(text: str, longest: int) -> str:
    """The text; of one longer than `longest` characters, what stands before a space or there."""
    if len(text) <= longest:
        return text
    space = text.rfind(" ", longest // 2, longest)
    return text[: space if space > 0 else longest]
