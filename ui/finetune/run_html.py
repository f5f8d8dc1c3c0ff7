"""A run before and while it goes on: its parts, its cost, where it stands and what it does."""

from collections.abc import Sequence
from html import escape
from typing import Literal

from encoder.errors import UnknownName
from encoder.training.cost import Cost
from ingest import Split
from ingest.findings import count
from ui.words import about, notes, what_trains

PARTS = {
    "train": "moves the weights",
    "validation": "chooses the best step",
    "held-out": "judges, and chooses nothing",
}
Stage = Literal[
    "waiting", "reading", "training", "scoring", "stopping", "stopped", "done", "failed"
]


def sizes(split: Split) -> tuple[int, int, int]:
    """Rows to train on, to choose a step by, and held out."""
    return len(split.train), len(split.validation), len(split.held_out)


def split_bar(rows: tuple[int, int, int], remarks: Sequence[str] = ()) -> str:
    """Rows of the train, validation and held-out parts as one bar, their numbers below it."""
    total = max(1, sum(rows))
    parts = list(zip(PARTS.items(), rows, strict=True))
    said = ", ".join(f"{name} {n:,}" for (name, _), n in parts)
    bar = "".join(f'<i class="{name}" style="flex:{n}"></i>' for (name, _), n in parts if n)
    keys = "".join(
        f'<span><i class="key {name}"></i><b>{name}</b> {count(n, "row")}, {n / total:.0%}'
        f"<small>{what}</small></span>"
        for (name, what), n in parts
    )
    return (
        f'<div class="lab-split"><div class="bar" role="img" aria-label="Rows: {said}">{bar}</div>'
        f'<div class="keys">{keys}</div></div>{notes(remarks)}'
    )


def cost_line(cost: Cost, note: str = "") -> str:
    """What a run will take, training apart from what is scored around it, and why."""
    parts = f"{cost.steps:,} × {cost.step_s:.2f} s"
    if cost.prepare_s >= 0.05:
        parts = f"{cost.prepare_s:.1f} s for what does not train, computed once; {parts}"
    if cost.looks_s >= 0.05:
        parts += f"; {cost.looks_s:.1f} s of looking at how well it does on the way"
    more = f" {escape(note)}" if note else ""
    said = f"{about(cost.seconds)} of training and {about(cost.other_s)} of scoring"
    return (
        f'<p class="lab-cost"><b>{said[0].upper()}{said[1:]}</b> for {count(cost.steps, "step")} '
        f"<span>(training: {parts}; scoring: the held-out pairs before and after, rivals that need "
        f"no training, and what was forgotten).{more}</span></p>"
    )


def happening(
    stage: Stage,
    *,
    place: int = 1,
    wait_s: float | None = None,
    texts: int = 0,
    blocks: int = 0,
    depth: int | None = None,
    kept_step: int = 0,
    reason: str = "",
) -> str:
    """One plain sentence on what goes on; text, to be escaped. Raises UnknownName.

    place: in the line, 1 = next. depth: blocks of the model, of which the top `blocks` train.
    """
    wait = "" if wait_s is None else f" Expected wait: {about(wait_s)}."
    kept = f"What is kept are the weights of step {kept_step:,}."
    frozen = depth is None or blocks < depth
    trains = what_trains(blocks, depth)
    the = "" if trains.startswith("all") else "the "
    sentences = {
        "waiting": (
            f"Waiting at place {place} of the line: one run at a time, so that each has the "
            f"machine to itself.{wait}"
        ),
        "reading": (
            f"Reading {count(texts, 'text')} once through the part that does not train; what comes "
            "out is kept, so that no step has to compute it again."
            if frozen
            else f"Cutting {count(texts, 'text')} into tokens; every block trains."
        ),
        "training": (
            f"Training {the}{trains}: after every batch of pairs the weights "
            "move a little, so that the loss falls."
        ),
        "scoring": "Every step is made. What remains is to score what came of them.",
        "stopping": "Stopping after this step; the best so far is kept, and scored like any run.",
        "stopped": f"Stopped. {kept}",
        "done": f"Done. {kept}",
        "failed": reason or "The run failed. The model you started from is untouched.",
    }
    if stage not in sentences:
        raise UnknownName("stage", stage, sentences)
    return sentences[stage]


def progress(
    sentence: str, step: int = 0, steps: int = 0, left_s: float | None = None, unit: str = "step"
) -> str:
    """What goes on, and how far it is. Without `steps` only what goes on; seconds left.

    unit: "step" of the training, or "part" of what is scored afterwards.
    """
    now = f'<p class="now">{escape(sentence)}</p>'
    if not steps:
        return f'<div class="lab-progress">{now}</div>'
    share = min(1.0, step / steps)
    where = f"{unit} {step:,} of {steps:,}"
    what = "Training" if unit == "step" else "Scoring"
    left = "" if left_s is None else f"{about(left_s)} of {what.lower()} left"
    spoken = ", ".join(part for part in (where, left) if part)
    return (
        f'<div class="lab-progress">{now}<div class="bar" role="progressbar" aria-label="{what}" '
        f'aria-valuemin="0" aria-valuemax="{steps}" aria-valuenow="{min(step, steps)}" '
        f'aria-valuetext="{spoken}"><i style="width:{100 * share:.1f}%"></i></div>'
        f'<p class="facts"><span>{where}</span><span>{share:.0%}</span><span>{left}</span></p>'
        "</div>"
    )
