"""`train.py`: a run as a script for sentence-transformers, for data one machine cannot take."""

from string import Template

from encoder import SAVABLE
from encoder.head import Dense
from encoder.training.losses import CONTRASTIVE_MARGIN, LOSSES, SCALE, TRIPLET_MARGIN, Loss
from ingest.kinds import LABELLED, TEXTS
from ui.runs import Run
from ui.takehome.facts import base_of, epochs
from ui.takehome.script_frame import FRAME
from ui.takehome.script_pieces import (
    EVALUATORS,
    FREEZE_BLOCKS,
    FREEZE_FOR_LINEAR_MAP,
    FREEZE_NOTHING,
    LINEAR_MAP,
    LOSS_LINES,
    NORMALIZE,
    OWN_HEAD,
    RANDOM_WEIGHTS,
)

NEEDS = "6.2"  # of sentence-transformers, whose names of modules and arguments the script uses


def training_script(run: Run) -> str:
    """A program that repeats the run on `pairs.csv`, which `write_archive` puts beside it.

    What a visitor wrote enters through repr() only.
    """
    config, base = run.done.config, base_of(run)
    kind, linear = run.done.train.kind, config.train_blocks == 0
    imports = ["from sentence_transformers.util import cos_sim"] if kind == "positive" else []
    imports += ["from transformers import AutoModel"] if base.random else []
    return FRAME.substitute(
        needs=NEEDS,
        modules=", ".join(_modules(run)),
        imports="".join(f"{line}\n" for line in imports),
        settings=_settings(run),
        sampler="no_duplicates" if _loss(run).distinct_texts else "batch_sampler",
        loss=Template(LOSS_LINES[config.loss or ""]).substitute(
            scale=SCALE, contrastive_margin=CONTRASTIVE_MARGIN, triplet_margin=TRIPLET_MARGIN
        ),
        weights=RANDOM_WEIGHTS if base.random else "",
        head=_head(run) + (LINEAR_MAP if linear else ""),
        freeze=_freeze(run),
        evaluator=EVALUATORS[kind],
    )


def _settings(run: Run) -> str:
    config, recipe = run.done.config, run.base.recipe
    kind = run.done.train.kind
    modes = tuple(SAVABLE[mode] for mode in recipe.modes)
    settings: dict[str, object] = {
        "MODEL": base_of(run).hub_id,
        "TEXTS": TEXTS[kind],
        "LABEL": LABELLED.get(kind),
        "POOLING": modes[0] if len(modes) == 1 else modes,
        "INCLUDE_PROMPT": recipe.include_prompt,
        "PROMPTS": dict(recipe.prompts),
        "DEFAULT_PROMPT": recipe.default_prompt_name,
        "PROMPT": run.base.prompt(),
        "SIMILARITY": recipe.similarity or "cosine",
        "MAX_TOKENS": run.base.max_tokens,
        "BATCH_SIZE": config.batch_size,
        "LEARNING_RATE": config.lr,
        "WARMUP": config.warmup,
        "WEIGHT_DECAY": config.weight_decay,
        "MAX_GRAD_NORM": config.max_grad_norm,
        "STEPS": run.done.steps,
        "SEED": config.seed,
    }
    if config.train_blocks == 0:
        settings["DIMENSIONS"] = run.base.dimensions
    elif (config.train_blocks or 0) <= run.base.backbone.depth:
        settings["TRAIN_BLOCKS"] = config.train_blocks
    notes = {
        "MODEL": "" if base_of(run).hub_id else "not on the Hub: give its folder with --model",
        "STEPS": f"{epochs(run):.3g} epochs of {len(run.done.train)} rows",
        "WARMUP": "steps",
    }
    return "\n".join(
        f"{name} = {value!r}" + (f"  # {notes[name]}" if notes.get(name) else "")
        for name, value in settings.items()
    )


def _modules(run: Run) -> list[str]:
    if run.done.config.train_blocks == 0:
        return ["Dense", "Normalize", "Pooling"]
    return ["Normalize", "Pooling"] if NORMALIZE in _head(run) else ["Pooling"]


def _head(run: Run) -> str:
    """What follows pooling; a Dense comes with weights, so those of the base model are taken."""
    head = run.base.recipe.head
    if any(isinstance(module, Dense) for module in head):
        return OWN_HEAD
    return NORMALIZE * len(head)


def _freeze(run: Run) -> str:
    blocks, depth = run.done.config.train_blocks or 0, run.base.backbone.depth
    if blocks == 0:
        return FREEZE_FOR_LINEAR_MAP
    return FREEZE_NOTHING if blocks > depth else FREEZE_BLOCKS


def _loss(run: Run) -> Loss:
    return LOSSES[run.done.config.loss or ""]
