"""The text of `train.py` that is the same for every run; `script_pieces` has what differs.

Placeholders are `$name`, so that braces stay braces.
"""

from string import Template

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
import shutil
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
    with path.open(encoding="utf-8", newline="") as file:
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
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)

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
