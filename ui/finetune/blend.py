"""Mixtures of a run's model before and after: scored while a slider moves, kept as a run."""

from dataclasses import replace

from encoder.evaluation import PRIMARY, Predictions, difference, evaluate
from encoder.training.judge_run import judge_run
from ui.finetune.metrics import TITLES
from ui.state.models import Run
from ui.words import hundred, interval, message


def predictions_at(run: Run, alpha: float) -> Predictions:
    """What a mixture says about the held-out pairs; both ends are known since the run."""
    ends = {0.0: run.done.predictions[0], 1.0: run.done.predictions[1]}
    return ends[alpha] if alpha in ends else run.blend.predictions(alpha)


def blend_line(run: Run, alpha: float) -> str:
    """What a mixture scores on the held-out pairs, as HTML."""
    before = run.done.predictions[0]
    if not len(before.values):
        return message("Nothing was held out to score a blend on.")
    after = predictions_at(run, alpha)
    metric, seed = PRIMARY[before.kind], run.done.config.seed
    value = evaluate(after, seed)[metric]
    gain = difference(before, after, seed=seed)
    return message(
        f"α = {alpha:.2f}: {TITLES[metric]} × 100 {hundred(value.value)} ({interval(value)}), "
        f"{hundred(gain.value, sign=True)} ({interval(gain, sign=True)}) against before."
    )


def blend_run(run: Run, alpha: float, key: str) -> Run:
    """The mixture as a run of its own, scored like any other."""
    done = run.done
    before, after = done.predictions[0], predictions_at(run, alpha)
    seed = done.config.seed
    done = replace(
        done,
        encoder=run.blend.encoder(alpha),
        after=evaluate(after, seed),
        gain=difference(before, after, seed=seed) if done.gain else None,
        predictions=(before, after),
        notes=(*done.notes, f"A blend: {alpha:.0%} tuned, {1 - alpha:.0%} base."),
    )
    name = f"{run.name}, α = {alpha:.2f}"
    return replace(run, key=key, name=name, done=done, judgement=judge_run(done))
