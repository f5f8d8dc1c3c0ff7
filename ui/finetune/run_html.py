"""A run before and while it goes on: its parts, its cost, where it stands and what it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from encoder.training.cost import Cost
from ingest import Split
from ingest.findings import count
from ui.words import about, notes, what_trains

PARTS = {
    "train": "moves the weights",
    "validation": "chooses the best step",
    "held-out": "judges, and chooses nothing",
}


def sizes(split: Split) -> tuple[int, int, int]:
    """Rows to train on, to choose a step by, and held out."""
    return len(split.train), len(split.validation), len(split.held_out)


def split_bar(rows: tuple[int, int, int], remarks: Sequence[str] = ()) -> str:
    """Rows of the train, validation and held-out parts as one bar, their numbers below it."""
    total = max(1, sum(rows))
    parts = list(zip(PARTS.items(), rows, strict=True))
    spoken = ", ".join(f"{name} {n:,}" for (name, _), n in parts)
    bar = "".join(f'<i class="{name}" style="flex:{n}"></i>' for (name, _), n in parts if n)
    keys = "".join(
        f'<span><i class="key {name}"></i><b>{name}</b> {count(n, "row")}, {n / total:.0%}'
        f"<small>{what}</small></span>"
        for (name, what), n in parts
    )
    return (
        f'<div class="lab-split"><div class="bar" role="img" aria-label="Rows: {spoken}">{bar}'
        "</div>"
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
    total = f"{about(cost.seconds)} of training and {about(cost.other_s)} of scoring"
    return (
        f'<p class="lab-cost"><b>{total[0].upper()}{total[1:]}</b> for {count(cost.steps, "step")} '
        f"<span>(training: {parts}; scoring: the held-out pairs before and after, rivals that need "
        f"no training, and what was forgotten).{more}</span></p>"
    )


# --- What goes on, in a plain sentence ------------------------------------------------------------


STEPS_MADE = "Every step is made. What remains is to score what came of them."
STOPPING = "Stopping after this step; the best so far is kept, and scored like any run."
GIVEN_UP = "This run was given up; nothing of it is left."


def waiting(place: int, wait_s: float) -> str:
    """place: in the queue, 1 = next."""
    return (
        f"Waiting at place {place} of the line: one run at a time, so that each has the machine to "
        f"itself. Expected wait: {about(wait_s)}."
    )


def training(blocks: int, depth: int | None = None) -> str:
    """Of a model of `depth` blocks the top `blocks` train."""
    the = "" if depth is not None and blocks >= depth else "the "
    return (
        f"Training {the}{what_trains(blocks, depth)}: after every batch of pairs the weights move "
        "a little, so that the loss falls."
    )


def over(stopped: bool, kept_step: int) -> str:
    """How a run has ended, and whose weights its model has."""
    ended = "Stopped" if stopped else "Done"
    return f"{ended}. What is kept are the weights of step {kept_step:,}."


# --- The line above the curves --------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """How far a run is within its training, or within what is scored afterwards."""

    title: str
    unit: str
    done: int
    total: int
    left_s: float | None = None


def training_bar(step: int, steps: int, left_s: float | None = None) -> Bar:
    """Steps of the training, and seconds of it that are left."""
    return Bar("Training", "step", step, steps, left_s)


def scoring_bar(part: int, parts: int) -> Bar:
    """Parts of what is scored when every step is made."""
    return Bar("Scoring", "part", part, parts)


def progress(sentence: str, bar: Bar | None = None) -> str:
    """What goes on, and how far it is."""
    now = f'<p class="now">{escape(sentence)}</p>'
    if bar is None or not bar.total:
        return f'<div class="lab-progress">{now}</div>'
    share = min(1.0, bar.done / bar.total)
    where = f"{bar.unit} {bar.done:,} of {bar.total:,}"
    left = "" if bar.left_s is None else f"{about(bar.left_s)} of {bar.title.lower()} left"
    spoken = ", ".join(part for part in (where, left) if part)
    return (
        f'<div class="lab-progress">{now}<div class="bar" role="progressbar" '
        f'aria-label="{bar.title}" aria-valuemin="0" aria-valuemax="{bar.total}" '
        f'aria-valuenow="{min(bar.done, bar.total)}" '
        f'aria-valuetext="{spoken}"><i style="width:{100 * share:.1f}%"></i></div>'
        f'<p class="facts"><span>{where}</span><span>{share:.0%}</span><span>{left}</span></p>'
        "</div>"
    )
