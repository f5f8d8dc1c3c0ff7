"""How figures of merit, intervals and times are written, the same everywhere."""

from math import isfinite

from encoder.evaluation import Metric
from ui.markup.scores import number

TITLES = {
    "spearman": "Spearman ρ",
    "pearson": "Pearson r",
    "average_precision": "average precision",
    "roc_auc": "ROC-AUC",
    "best_f1": "best F1",
    "mrr": "MRR",
    "recall@1": "recall@1",
    "recall@5": "recall@5",
    "accuracy": "triplet accuracy",
}
KINDS = {
    "score": "graded pairs",
    "binary": "yes/no pairs",
    "positive": "positive pairs",
    "triplet": "triplets",
}
NONE = "–"
WORDS = {
    "better": "beyond chance",
    "worse": "beyond chance",
    "unclear": "could be chance",
    "unknown": "too few texts to say",
}


def hundred(value: float, sign: bool = False) -> str:
    """A metric × 100 with one decimal; a dash where there is none."""
    return number(100 * value, 1, sign) if isfinite(value) else NONE


def interval(metric: Metric, sign: bool = False) -> str:
    """Both bounds × 100, "" where there are none."""
    if not (isfinite(metric.low) and isfinite(metric.high)):
        return ""
    return f"{hundred(metric.low, sign)} … {hundred(metric.high, sign)}"


def judged(change: Metric) -> str:
    """A change is "better" or "worse", "unclear" where its interval holds 0, else "unknown"."""
    if not (isfinite(change.low) and isfinite(change.high)):
        return "unknown"
    if change.low > 0:
        return "better"
    return "worse" if change.high < 0 else "unclear"


def change_cell(change: Metric) -> str:
    """HTML: a change × 100, its interval below, and what that says in words."""
    if not isfinite(change.value):
        return NONE
    return (
        f"{hundred(change.value, sign=True)}<small>{interval(change, sign=True)}</small>"
        f'<small class="word">{WORDS[judged(change)]}</small>'
    )


def duration(seconds: float) -> str:
    """A time as people say it: 'under 1 s', '12 s', '2 min 5 s', '1 h 4 min'."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def about(seconds: float) -> str:
    """The same of a guess: 'under 1 s', 'about 12 s'."""
    said = duration(seconds)
    return said if said.startswith("under") else f"about {said}"


def what_trains(blocks: int, depth: int | None = None) -> str:
    """How much of a model trains, in words; `depth` is its number of blocks, where known."""
    if blocks == 0:
        return "linear map"
    if depth is not None and blocks > depth:
        return "all blocks and the embeddings"
    if depth is not None and blocks == depth:
        return f"all {depth} blocks"
    return "top block" if blocks == 1 else f"top {blocks} blocks"
