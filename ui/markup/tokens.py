"""The tokens of both sentences, shaded by what each adds to the cosine."""

from collections.abc import Sequence
from html import escape

import numpy as np

from encoder.trace import PairExplanation, Parts, Trace
from ui.markup.scores import number

NUMBERS_UP_TO = 40  # tokens; longer sentences are shaded only, the numbers in the tooltips


def shaded_tokens(
    explanation: PairExplanation, shown: tuple[Sequence[str], Sequence[str]], pool_special: bool
) -> str:
    """Sentence A's and B's tokens; each row of numbers sums to the cosine."""
    sums = explanation.contributions.sum(1), explanation.contributions.sum(0)
    limit = max((float(np.abs(s).max(initial=0)) for s in sums), default=0) or 1.0
    return "".join(
        f'<div class="lab-tokens"><b>{name}</b>'
        f"{_line(parts, labels, amounts, limit, pool_special)}"
        f'<span class="sum">= {number(float(amounts.sum()), 4)}</span></div>'
        for name, parts, labels, amounts in zip(
            "AB", (explanation.a, explanation.b), shown, sums, strict=True
        )
    )


def _line(
    parts: Parts, labels: Sequence[str], amounts: np.ndarray, limit: float, pool_special: bool
) -> str:
    numbers = len(labels) <= NUMBERS_UP_TO
    out = []
    for i, (label, amount) in enumerate(zip(labels, amounts, strict=True)):
        owned = "" if parts.owned is None else f"{int(parts.owned[i])} dim."
        classes = "tk" + (" special" if parts.special[i] else "")
        if parts.special[i] and not pool_special:
            classes += " out"
        hint = f"{parts.tokens[i]}: adds {amount:+.4f}" + (f", owns {owned}" if owned else "")
        small = f"<small>{number(float(amount), 3, sign=True)}</small>" if numbers else ""
        small += f"<small>{owned}</small>" if owned and numbers else ""
        side = "pos" if amount >= 0 else "neg"
        out.append(
            f'<span class="{classes} {side}" style="--w:{abs(amount) / limit:.3f}" '
            f'title="{escape(hint)}"><span>{escape(label)}</span>{small}</span>'
        )
    return "".join(out)


def pipeline(name: str, trace: Trace, labels: Sequence[str], hidden_size: int) -> str:
    """One sentence from characters to tokens and ids, and how many numbers these become."""
    chips = "".join(
        f'<span class="tk{" special" if special else ""}"><span>{escape(label)}</span>'
        f"<small>{token_id}</small></span>"
        for label, token_id, special in zip(labels, trace.ids, trace.special, strict=True)
    )
    count = len(trace.ids)
    return (
        f'<h4>{name}: {len(trace.text)} characters</h4><p class="lab-text">{escape(trace.text)}</p>'
        f"<h4>→ {count} tokens, each with its id in the vocabulary</h4>"
        f'<div class="lab-tokens plain">{chips}</div>'
        f"<h4>→ {count} token vectors of {hidden_size} numbers, drawn below</h4>"
    )
