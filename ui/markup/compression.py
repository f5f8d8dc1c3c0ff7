"""The table of the compression lab: recall, bytes and time of each way to store vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

from explore.compress import CompressionResult
from ui.atlas import Key
from ui.figures.compression import TITLES, storage_title
from ui.markup.pieces import notes

ENOUGH = 0.95  # recall that the sentence below the table looks for


@dataclass(frozen=True, eq=False)
class Compressed:
    """What was measured, on which vectors, asked by whom."""

    source: Key
    settings: str
    queries: str  # "178 queries of the sample"
    texts: int
    dims: int
    k: int
    results: tuple[CompressionResult, ...]


def compression_panel(made: Compressed) -> str:
    """Settings, table, and what it says."""
    rows = "".join(
        f'<tr><th scope="row">{TITLES[r.reduction]}, {r.dims}</th>'
        f"<td>{storage_title(r.storage, r.rescored)}</td>"
        f'<td class="num" data-of="recall">{r.recall:.3f}{_interval(r)}</td>'
        f'<td class="num" data-of="bytes">{r.bytes_per_sentence:,}{_also(r)}</td>'
        f'<td class="num" data-of="ms">{r.ms_per_query:.2f}</td></tr>'
        for r in made.results
    )
    return (
        notes([
            f"Recall@{made.k}: the share of the {made.k} nearest texts by the full vectors "
            f"({made.dims} × float32) that are found, averaged over {made.queries}, with the 95% "
            "bootstrap interval over these. Median time of one query on this machine, with numpy.",
            made.settings,
        ])
        + '<div class="lab-frame lab-tall" role="region" tabindex="0" '
        'aria-label="Ways to store vectors"><table class="lab-table lab-compressed" '
        'aria-label="Ways to store vectors"><thead><tr><th scope="col">dimensions</th>'
        '<th scope="col">stored as</th>'
        f'<th scope="col" class="num">recall@{made.k}</th>'
        '<th scope="col" class="num">bytes per<br>sentence</th>'
        '<th scope="col" class="num">ms per<br>query</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>" + notes(what_it_says(made))
    )  # fmt: skip


def _interval(result: CompressionResult) -> str:
    """Both ends, nothing where one query has none."""
    if result.low != result.low:
        return ""
    return f"<small>{result.low:.3f} … {result.high:.3f}</small>"


def _also(result: CompressionResult) -> str:
    """What is kept besides, not searched through."""
    return f"<small>+ {result.full_bytes:,} kept</small>" if result.full_bytes else ""


def what_it_says(made: Compressed) -> list[str]:
    """The smallest that keeps enough, in words, and how far that goes."""
    if not made.results:
        return []
    if made.results[0].low != made.results[0].low:
        lines = ["One query says too little to choose by."]
    else:
        lines = [_smallest(made)]
    lines.append(
        "This holds for this corpus and these queries. The axes of PCA are fitted to this corpus; "
        "on a small one they fit it better than new texts. A bit of a weak component counts as "
        "much as one of a strong one: with bits, fewer components can be better. Rescoring reads "
        "the full vectors of a few candidates, which can lie on disk."
    )
    return lines


def _smallest(made: Compressed) -> str:
    full = 4 * made.dims
    good = [r for r in made.results if r.low >= ENOUGH]
    if not good:
        return f"Nothing here keeps a recall of {ENOUGH:g} at the low end of its interval."
    best = min(good, key=_cost)
    return (
        f"Smallest in all with recall of {ENOUGH:g} and more, even at the low end of its interval: "
        f"{TITLES[best.reduction]}, {best.dims} dimensions, "
        f"{storage_title(best.storage, best.rescored)}: {_cost(best):,} of {full:,} bytes, "
        f"{full / _cost(best):.1f} times smaller, recall {best.recall:.3f}."
    )


def _cost(result: CompressionResult) -> int:
    """Bytes of a sentence, with what is kept for rescoring."""
    return result.bytes_per_sentence + result.full_bytes


def queries_line(kind: str, queries: Sequence[str]) -> str:
    """What was asked, in words."""
    return f"{len(queries):,} {kind}"
