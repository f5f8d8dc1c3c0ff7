"""What the tests of ingest share: a file of labelled pairs, limits that are soon reached."""

from collections.abc import Iterable

from ingest import Limits

SMALL = Limits(rows=10, columns=4, cell_chars=20, file_bytes=2_000, unpacked_bytes=3_000)


def file_of(
    labels: Iterable[object], name: str = "score", texts: str = "sentence1;sentence2"
) -> str:
    """A CSV of pairs, each with one of these labels; `name` is that of their column."""
    rows = [f"The dog {n} runs;A cat {n} sits;{label}" for n, label in enumerate(labels)]
    return "\n".join([f"{texts};{name}", *rows])
