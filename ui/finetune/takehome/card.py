"""The model card: how to use the model, where it comes from, and how far to trust it."""

import html
import json
import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import isfinite, nan

import numpy as np

from encoder.evaluation import LEVEL, PRIMARY, Metric
from encoder.metrics import TITLES
from encoder.training.losses import LOSSES
from ingest import connected_groups
from ui.finetune.metrics import KINDS, WORDS, direction_of, smallest_shown
from ui.finetune.takehome.facts import (
    base_of,
    blocks_trained,
    epochs,
    one_line,
    slug,
    texts_shared,
    versions,
)
from ui.state.models import Run
from ui.words import NONE, hundred, interval

LONGEST = 500  # characters of what a visitor wrote
ACTIVE = re.compile(f"([{re.escape(string.punctuation)}])")  # where Markdown may see a sign
TAGS = ("sentence-transformers", "sentence-similarity", "feature-extraction")

USAGE = """\
```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("{folder}")  # this folder
vectors = model.encode(["It is raining.", "Rain falls."])  # (2, {dimensions})
print(model.similarity(vectors[0], vectors[1]))
```"""


def model_card(run: Run) -> str:
    """README.md: front matter of the Hugging Face Hub, then Markdown.

    Nothing that a visitor wrote can be more than words in it.
    """
    sections = {
        "How to use it": _usage(run),
        "What it was trained on": _data(run),
        "How it was trained": _training(run),
        "What it is worth": _worth(run),
        "Rivals that need no training steps": _rivals(run),
        "What it forgot": _forgotten(run),
        "Limits": _limits(run),
        "Versions": _table(["library", "version"], versions().items()),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items() if text)
    return f"{_front_matter(run)}\n# {plain(run.name)}\n\n{_summary(run)}\n\n{body}\n"


def plain(text: str) -> str:
    r"""What a visitor wrote as one line of Markdown that is nothing but its characters.

    >>> print(plain("# a <b>"))
    \# a &lt;b&gt;
    """
    shown = one_line(text)
    shown = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
    escaped = ACTIVE.sub(r"\\\1", shown)
    return re.sub(r"\\([<>&])", lambda sign: html.escape(sign[1]), escaped)


def _front_matter(run: Run) -> str:
    base = base_of(run)
    lines = [
        "library_name: sentence-transformers",
        "pipeline_tag: sentence-similarity",
        "tags:",
        *(f"- {tag}" for tag in TAGS),
    ]
    if base.hub_id and not base.random:
        lines += [f"base_model: {json.dumps(base.hub_id)}"]
        lines += [f"license: {json.dumps(base.licence)}"] if base.licence else []
    return "\n".join(["---", *lines, "---", ""])


def _summary(run: Run) -> str:
    base = base_of(run)
    link = f"[{base.hub_id}](https://huggingface.co/{base.hub_id})" if base.hub_id else ""
    start = link or f"{plain(run.model)}, a model of its maker's own"
    if base.random:
        start = f"random weights in the architecture of {link}"
    kind = KINDS[run.done.train.kind]
    return (
        f"A sentence encoder that gives vectors of {run.tuned.dimensions} numbers, fine-tuned in "
        f"Sentence Lab on {len(run.done.train):,} {kind}, from {start}."
    )


def _usage(run: Run) -> str:
    text = USAGE.format(folder=slug(run.name), dimensions=run.tuned.dimensions)
    prompt = run.tuned.prompt()
    if prompt:
        text += f"\n\n“{plain(prompt)}” is put before every text by itself, as in training."
    return text


def _data(run: Run) -> str:
    done = run.done
    report = done.train.report
    lines = [
        f"- File: {plain(run.data)}",
        f"- Kind: {KINDS[done.train.kind]}",
        f"- Rows read: {report.read:,}; kept: {report.kept:,}",
    ]
    lines += [f"- Dropped, {plain(why)}: {len(rows):,}" for why, rows in report.dropped.items()]
    lines += [f"- Labels: {plain(report.scaling)}"] if report.scaling else []
    parts = {"train": done.train, "validation": done.validation, "held-out": done.held_out}
    rows = [
        (name, f"{len(part):,}", f"{len(np.unique(connected_groups(part))):,}")
        for name, part in parts.items()
    ]
    split = _table(["part", "rows", "groups of connected texts"], rows)
    rule = "No text stands in two parts."
    if texts_shared(run):
        rule = "Texts stand in more than one part, so held-out results look too good."
    notes = "\n".join(f"- {plain(note)}" for note in (*report.notes, *done.split.notes))
    return "\n\n".join(filter(None, ["\n".join(lines), rule, split, notes]))


def _training(run: Run) -> str:
    done, config = run.done, run.done.config
    loss = LOSSES[config.loss or ""]
    rows: dict[str, object] = {
        "trained": blocks_trained(run),
        "pooling": run.base.pooling,
        "loss": f"{loss.title}: {loss.effect}",
        "steps made": f"{done.steps:,} ({epochs(run):.3g} epochs)",
        "step that was kept": f"{done.kept_step:,}",
        "stopped early": "yes" if done.stopped else "no",
        "seconds predicted": NONE if run.predicted_s is None else f"{run.predicted_s:.1f}",
        "seconds of training": f"{done.train_seconds:.1f}",
    }
    settings = {name: NONE if value is None else value for name, value in asdict(config).items()}
    facts = _table(["", ""], ((name, str(value)) for name, value in rows.items()))
    exact = ((f"`{name}`", str(value)) for name, value in settings.items())
    return f"{facts}\n\nEvery setting as it was run:\n\n{_table(['setting', 'value'], exact)}"


def _worth(run: Run) -> str:
    done = run.done
    if not done.before:
        return "No pairs were held out, so nothing is known of what the training was worth."
    rows = [
        (TITLES[name], with_interval(done.before[name]), with_interval(done.after[name]))
        for name in done.before
    ]
    chose = "the share of the blend, so they look too good" if run.chosen_on_held_out else "nothing"
    held_out = f"Metrics × 100 on {len(done.held_out):,} held-out pairs that chose {chose}, with "
    text = f"{held_out}{LEVEL} % bootstrap intervals over groups of connected texts.\n\n"
    if run.rows_trained_before:
        text += (
            f"{run.rows_trained_before:,} of these pairs hold a text that the base model had been "
            "trained on in an earlier run, so the figures look too good.\n\n"
        )
    text += _table(["metric", "before", "after"], rows)
    if done.gain is not None:
        text += f"\n\nGain in {TITLES[_primary(run)]}: {_judged(done.gain)}."
    return text


def _rivals(run: Run) -> str:
    rows = [
        (
            plain(rival.name),
            with_interval(rival.metrics[_primary(run)]) if rival.metrics else NONE,
            _judged(rival.lead),
        )
        for rival in run.judgement.rivals
    ]
    if not rows:
        return ""
    about = "On the same held-out pairs; the lead is what this model has over the rival.\n\n"
    return about + _table(["rival", TITLES[_primary(run)], "lead of this model"], rows)


def _forgotten(run: Run) -> str:
    judgement = run.judgement
    rows = [
        ("before", with_interval(judgement.probe_before)),
        ("after", with_interval(judgement.probe_after)),
        ("change", _judged(judgement.probe_change)),
    ]
    about = "Spearman ρ × 100 on graded pairs that have nothing to do with this data.\n\n"
    return about + _table(["", "probe"], rows)


def _limits(run: Run) -> str:
    done = run.done
    rows, groups = len(done.held_out), len(np.unique(connected_groups(done.held_out)))
    limits = []
    if rows:
        judged_on = f"Judged on {rows:,} held-out rows in {groups:,} groups, one split, one seed."
        limits += [judged_on + _could_show(done.gain)]
    if not len(done.validation):
        limits += ["No validation part: the last step was kept, not the best."]
    limits += [
        "A cosine has no meaning of its own: find thresholds on pairs of your own.",
        f"Texts are cut after {run.tuned.max_tokens:,} tokens.",
        "What the base model was trained on, and its bias, are in this model too.",
    ]
    return "\n".join(f"- {text}" for text in (*limits, *map(plain, done.notes)))


def _could_show(gain: Metric | None) -> str:
    """The smallest gain that the held-out rows could have shown, where that is known."""
    smallest = smallest_shown(gain) if gain else nan
    if not isfinite(smallest):
        return " What chance can do there is not known."
    return f" A gain shows there from about {hundred(smallest)} points on."


def with_interval(metric: Metric) -> str:
    """'82.0 (80.1 … 83.9)'; a dash where there is no number."""
    bounds = interval(metric)
    return f"{hundred(metric.value)} ({bounds})" if bounds else hundred(metric.value)


def _judged(change: Metric) -> str:
    """A change, its interval, and what that says in words."""
    bounds = interval(change, sign=True)
    return hundred(change.value, sign=True) + (
        f" ({bounds}), {WORDS[direction_of(change)]}" if bounds else ""
    )


def _primary(run: Run) -> str:
    return PRIMARY[run.done.train.kind]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
