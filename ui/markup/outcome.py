"""The outcome of a run in words, and what of it can be taken home."""

from html import escape

from ui.markup.pieces import notes
from ui.runs import Run
from ui.shelf import Tuned
from ui.tuning_verdict import verdict


def outcome(run: Run) -> str:
    """The verdict, what backs it, and the settings and seconds."""
    found = verdict(run.done, run.study, run.known_before)
    more = " ".join(found.reasons)
    seconds = f"{run.done.train_seconds:.1f} s of training"
    if run.predicted_s is not None:
        seconds += f", {run.predicted_s:.1f} s were predicted"
    facts = [run.summary, f"{run.done.steps} steps, kept {run.done.kept_step}", seconds]
    facts += ["stopped early"] if run.done.stopped else []
    return (
        f'<div class="lab-answer" role="status"><p class="verdict">{escape(found.headline)}</p>'
        f'<p class="more">{escape(more)}</p><p class="facts">{escape(" · ".join(facts))}</p></div>'
        + notes(run.done.notes)
    )


def links(own: Tuned) -> str:
    """Downloads, relative to the page."""
    return (
        '<p class="lab-links"><a class="lab-download" download '
        f'href="lab-download/{own.token}/model.zip">Download the model (zip)</a> '
        f'<a class="lab-download" download href="lab-download/{own.token}/scores.csv">'
        "Scores of the held-out pairs</a> "
        f'<a class="lab-download" download href="lab-download/{own.token}/train.py">'
        "Training script</a></p>"
        + notes(["The zip loads with SentenceTransformer(folder), and can be brought back here."])
    )
