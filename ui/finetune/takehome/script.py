"""`train.py`: a run as a script for sentence-transformers, for data one machine cannot take."""

from string import Template
from textwrap import indent

from encoder import SAVABLE
from encoder.head import Normalize
from encoder.training.losses import LOSSES, Loss
from ingest.kinds import LABELLED, TEXTS
from ui.finetune.takehome.facts import base_of, epochs
from ui.state.models import Run

# --- The text of `train.py` that is the same for every run -------------------------------


FRAME = Template('''\
"""Repeat a training run of Sentence Lab with sentence-transformers, on one or many processes.

    pip install "sentence-transformers[train]>=$needs"

    python train.py                              # one process, or one GPU
    torchrun --nproc_per_node=2 train.py         # two GPUs, or two CPU processes
    accelerate launch train.py                   # whatever `accelerate config` was told

    python train.py --steps 2                    # cut short, to see that it runs
    python train.py --model FOLDER               # start from this model instead
    python train.py --pairs FILE --output FOLDER

Same data, split, base model, pooling, frozen part, loss, learning rate and steps as in the lab.
Not the same to the last digit: batches are drawn in another order, and not by length. Several
processes share a batch of BATCH_SIZE rows; raise it where there is room.
"""

import argparse
import csv
import os
$standard_imports
from pathlib import Path

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer import evaluation, losses
from sentence_transformers.sentence_transformer.modules import $modules
$imports
$settings


def main():
    args = arguments()
    parts = read_pairs(args.pairs)
    processes = int(os.environ.get("WORLD_SIZE", 1))
    checkpoints = args.output / "checkpoints"
    validation, key = evaluator(parts["validation"], "validation")
    choose = validation is not None  # the checkpoint that is best on the validation part
    every = max(20, args.steps // 10)
    settings = SentenceTransformerTrainingArguments(
        output_dir=str(checkpoints),
        max_steps=args.steps,
        per_device_train_batch_size=max(2, BATCH_SIZE // processes),
        max_grad_norm=MAX_GRAD_NORM,
        seed=SEED,
        data_seed=SEED,
        prompts=PROMPT or None,
        batch_sampler="$sampler",
        use_cpu=not torch.cuda.is_available(),
        eval_strategy="steps" if choose else "no",
        eval_steps=every if choose else None,
        save_strategy="steps" if choose else "no",
        save_steps=every,
        save_total_limit=1,
        load_best_model_at_end=choose,
        metric_for_best_model=f"eval_{key}" if choose else None,
        greater_is_better=True if choose else None,
        logging_steps=max(1, args.steps // 20),
        report_to="none",
    )
    model = build_model(args.model)
    freeze(model)
    trainer = SentenceTransformerTrainer(
        model=model,
        args=settings,
        train_dataset=Dataset.from_list(parts["train"]),
        evaluator=validation,
        loss=$loss,
        optimizers=optimizer_and_schedule(model, args.steps),
    )
    main_process = trainer.is_world_process_zero()
    held_out, key = evaluator(parts["held-out"], "held-out")
    before = held_out(model) if held_out and main_process else {}
    trainer.accelerator.wait_for_everyone()
    trainer.train()
    trainer.accelerator.wait_for_everyone()
    if not main_process:
        return
    model.save_pretrained(str(args.output))
    shutil.rmtree(checkpoints, ignore_errors=True)
    print(f"Saved to {args.output}. SentenceTransformer({str(args.output)!r}) loads it.")
    if held_out is None:
        print("No held-out pairs that could tell how good it is.")
        return
    after = held_out(model)
    print(f"{key}: {before[key]:.4f} before, {after[key]:.4f} after")


def arguments():
    parser = argparse.ArgumentParser(description="Repeat a training run of Sentence Lab.")
    parser.add_argument(
        "--model", default=MODEL, required=MODEL is None, help="a Hub id or a folder"
    )
    parser.add_argument("--pairs", type=Path, default=Path(__file__).with_name("pairs.csv"))
    parser.add_argument("--output", type=Path, default=Path("trained"))
    parser.add_argument("--steps", type=int, default=STEPS)
    return parser.parse_args()


def read_pairs(path):
    """The rows of each part: {"train": [...], "validation": [...], "held-out": [...]}."""
    parts = {"train": [], "validation": [], "held-out": []}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            pair = {name: unguarded(row[name]) for name in TEXTS}
            if LABEL:
                pair[LABEL] = float(row[LABEL])
            parts[row["part"]].append(pair)
    return parts


def unguarded(cell):
    """The lab puts an apostrophe before what a spreadsheet would run as a formula."""
    return cell[1:] if cell[:2] in ("'=", "'+", "'-", "'@") else cell


def build_model(name):
    """The base model under the pooling of the run."""
    base = SentenceTransformer(name, model_kwargs={"dtype": "float32"})
    transformer = base[0]
    transformer.max_seq_length = MAX_TOKENS
$weights    modules = [
        transformer,
        Pooling(
            transformer.get_embedding_dimension(),
            pooling_mode=POOLING,
            include_prompt=INCLUDE_PROMPT,
        ),
$head    ]
    return SentenceTransformer(
        modules=modules,
        prompts=PROMPTS,
        default_prompt_name=DEFAULT_PROMPT,
        similarity_fn_name=SIMILARITY,
    )


def freeze(model):
$freeze


def optimizer_and_schedule(model, steps):
    """AdamW; the rate rises over WARMUP steps, stays, and falls to 0 over the second half."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decays = [p for p in trained if p.ndim > 1]
    spared = [p for p in trained if p.ndim < 2]  # biases and LayerNorm
    groups = [
        {"params": decays, "weight_decay": WEIGHT_DECAY},
        {"params": spared, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW([g for g in groups if g["params"]], lr=LEARNING_RATE)

    def rate(step):
        rising = (step + 1) / max(1, min(WARMUP, steps))
        falling = (steps - step) / max(1, steps / 2)
        return min(1.0, rising, falling)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)


def evaluator(rows, part):
    """What scores pairs of one part, and its main metric; None where these pairs cannot tell."""
$evaluator


if __name__ == "__main__":
    main()
''')


# --- The parts of `train.py` that differ: by kind of pairs, blocks trained and base model ---------


RANDOM_WEIGHTS = """\
    torch.manual_seed(0)  # the run began from random weights, not from the trained ones
    fresh = AutoModel.from_config(transformer.auto_model.config)
    transformer.auto_model.load_state_dict(fresh.state_dict())
"""

OWN_HEAD = "        *list(base)[2:],\n"
NORMALIZE = "        Normalize(),\n"
LINEAR_MAP = """\
        Normalize(),
        Dense(
            DIMENSIONS,
            DIMENSIONS,
            activation_function=torch.nn.Identity(),
            init_weight=torch.eye(DIMENSIONS),
            init_bias=torch.zeros(DIMENSIONS),
        ),
        Normalize(),
"""

FREEZE_FOR_LINEAR_MAP = '''\
    """Leave only the linear map to train, on vectors without dropout."""
    model.requires_grad_(False)
    model[-2].requires_grad_(True)
    without_dropout(model)


def without_dropout(module):
    """What is frozen gives the same output each time."""
    for part in module.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0'''

FREEZE_BLOCKS = '''\
    """Leave only the top TRAIN_BLOCKS of the transformer's blocks to train."""
    transformer = model[0].auto_model
    depth = transformer.config.num_hidden_layers
    blocks = next(
        module
        for module in transformer.modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) == depth
    )
    trained = blocks[depth - TRAIN_BLOCKS :]
    model.requires_grad_(False)
    trained.requires_grad_(True)
    live = set(trained.modules())
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout) and module not in live:
            module.p = 0.0  # what is frozen gives the same output each time'''

FREEZE_NOTHING = '''\
    """Everything trains, but for the transformer's unused [CLS] head."""
    model.requires_grad_(True)
    transformer = model[0].auto_model
    if getattr(transformer, "pooler", None) is not None:
        transformer.pooler.requires_grad_(False)'''

EVALUATORS = {
    "score": """\
    if len({row[LABEL] for row in rows}) < 2:
        return None, ""
    scorer = evaluation.EmbeddingSimilarityEvaluator(
        *([row[name] for row in rows] for name in TEXTS),
        [row[LABEL] for row in rows],
        main_similarity="cosine",
        name=part,
        write_csv=False,
    )
    return scorer, f"{part}_spearman_cosine\"""",
    "binary": """\
    labels = [int(row[LABEL] > 0.5) for row in rows]
    if len(set(labels)) < 2:
        return None, ""
    scorer = evaluation.BinaryClassificationEvaluator(
        *([row[name] for row in rows] for name in TEXTS),
        labels,
        similarity_fn_names=["cosine"],
        name=part,
        write_csv=False,
    )
    return scorer, f"{part}_cosine_ap\"""",
    "positive": """\
    if not rows:
        return None, ""
    return RightAnswers(rows, part), f"{part}_mrr\"""",
    "triplet": """\
    if not rows:
        return None, ""
    scorer = evaluation.TripletEvaluator(
        *([row[name] for row in rows] for name in TEXTS),
        similarity_fn_names=["cosine"],
        name=part,
        write_csv=False,
    )
    return scorer, f"{part}_cosine_accuracy\"""",
}

RIGHT_ANSWERS = '''

class RightAnswers(evaluation.SentenceEvaluator):
    """Finds each positive among the wrong answers: all positives of an anchor are right ones."""

    def __init__(self, rows, part):
        super().__init__()
        self.part, self.primary_metric = part, "mrr"
        self.anchors, self.positives = ([row[name] for row in rows] for name in TEXTS)
        self.keys = [[plain(text) for text in side] for side in (self.anchors, self.positives)]

    def __call__(self, model, output_path=None, epoch=-1, steps=-1):
        candidates = list(dict.fromkeys(self.positives))
        anchors, answers = (
            model.encode(texts, prompt=PROMPT, normalize_embeddings=True, convert_to_tensor=True)
            for texts in (self.anchors, candidates)
        )
        right = {}
        for anchor, positive in zip(*self.keys):
            right.setdefault(anchor, set()).add(positive)
        keys = [plain(text) for text in candidates]
        place = {text: at for at, text in enumerate(candidates)}
        ranks = []
        for row, (anchor, own) in enumerate(zip(self.keys[0], self.positives)):
            cosines = answers @ anchors[row]
            wrong = torch.tensor([key not in right[anchor] for key in keys])
            others = cosines.cpu()[wrong]
            mine = cosines[place[own]].cpu()
            ranks.append(1 + (others > mine).sum().item() + (others == mine).sum().item() / 2)
        metrics = {"mrr": sum(1 / rank for rank in ranks) / len(ranks)}
        metrics |= {f"recall@{k}": sum(rank <= k for rank in ranks) / len(ranks) for k in (1, 5)}
        return self.prefix_name_to_metrics(metrics, self.part)


def plain(text):
    """Equal for texts that differ only in case, spaces and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\\w+", folded)) or folded.strip()
'''

NEEDS = "6.2"  # of sentence-transformers, whose names of modules and arguments the script uses


def training_script(run: Run) -> str:
    """A program that repeats the run on `pairs.csv`, which `write_archive` puts beside it.

    What a visitor wrote enters through repr() only.
    """
    config, base = run.done.config, base_of(run)
    kind, linear = run.done.train.kind, config.train_blocks == 0
    imports = ["from transformers import AutoModel"] if base.random else []
    standard = ["re", "shutil", "unicodedata"] if kind == "positive" else ["shutil"]
    return FRAME.substitute(
        needs=NEEDS,
        standard_imports="\n".join(f"import {name}" for name in standard),
        modules=", ".join(_modules(run)),
        imports="".join(f"{line}\n" for line in imports),
        settings=_settings(run),
        sampler="no_duplicates" if _loss(run).distinct_texts else "batch_sampler",
        loss=indent(_loss(run).script, " " * 8).lstrip(),
        weights=RANDOM_WEIGHTS if base.random else "",
        head=_head(run) + (LINEAR_MAP if linear else ""),
        freeze=_freeze(run),
        evaluator=EVALUATORS[kind] + (RIGHT_ANSWERS if kind == "positive" else ""),
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
    """What follows pooling; some come with weights, so those of the base model are taken."""
    head = run.base.recipe.head
    if not all(isinstance(module, Normalize) for module in head):
        return OWN_HEAD
    return NORMALIZE * len(head)


def _freeze(run: Run) -> str:
    blocks, depth = run.done.config.train_blocks or 0, run.base.backbone.depth
    if blocks == 0:
        return FREEZE_FOR_LINEAR_MAP
    return FREEZE_NOTHING if blocks > depth else FREEZE_BLOCKS


def _loss(run: Run) -> Loss:
    return LOSSES[run.done.config.loss or ""]
