"""Mixtures of a run's model before and after: scored while a slider moves, kept as a run."""

from dataclasses import replace

from encoder.evaluation import PRIMARY, Predictions, difference, evaluate
from encoder.metrics import TITLES
from encoder.training.judge_run import judge_run
from encoder.training.scoring import predictions
from ingest.findings import count
from ui.state.models import Run
from ui.words import hundred, interval, message


def blend_line(run: Run, alpha: float) -> str:
    """What a mixture scores on the pairs that alpha is chosen on, as HTML."""
    pairs, seed = run.chooses_alpha, run.done.config.seed
    if not len(pairs):
        return message("Nothing was held out to score a blend on.")
    before, after = (run.blend.predictions(share) for share in (0.0, alpha))
    value = evaluate(after, seed)[PRIMARY[pairs.kind]]
    gain = difference(before, after, seed=seed)
    part = "held-out" if pairs is run.done.held_out else "validation"
    return message(
        f"α = {alpha:.2f}: {TITLES[PRIMARY[pairs.kind]]} × 100 {hundred(value.value)} "
        f"({interval(value)}), {hundred(gain.value, sign=True)} ({interval(gain, sign=True)}) "
        f"against before, on {count(len(pairs), f'{part} pair')}."
    )


def blend_run(run: Run, alpha: float, key: str) -> Run:
    """The mixture as a run of its own, scored like any other on the held-out pairs."""
    done = run.done
    before, after = done.predictions[0], _on_held_out(run, alpha)
    seed = done.config.seed
    on_held_out = run.chooses_alpha is done.held_out and len(done.held_out) > 0
    chosen = (
        "the held-out pairs, so its figures there look a little too good"
        if on_held_out
        else "the validation pairs"
    )
    done = replace(
        done,
        encoder=run.blend.encoder(alpha),
        after=evaluate(after, seed),
        gain=difference(before, after, seed=seed) if done.gain else None,
        predictions=(before, after),
        notes=(
            *done.notes,
            f"A blend: {alpha:.0%} tuned, {1 - alpha:.0%} base, chosen on {chosen}.",
        ),
    )
    name = f"{run.name}, α = {alpha:.2f}"
    return replace(
        run, key=key, name=name, done=done, judgement=judge_run(done),
        chosen_on_held_out=on_held_out,
    )  # fmt: skip


def _on_held_out(run: Run, alpha: float) -> Predictions:
    """What a mixture says about the held-out pairs; both ends are known since the run."""
    ends = {0.0: run.done.predictions[0], 1.0: run.done.predictions[1]}
    if alpha in ends:
        return ends[alpha]
    return predictions(run.blend.encoder(alpha), run.done.held_out)
