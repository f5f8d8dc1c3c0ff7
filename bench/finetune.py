"""Fine-tuning: our gain and seconds beside sentence-transformers' trainer, on the same pairs.

    python bench/finetune.py --train FILE --dev FILE --test FILE [--rows 2000] [--seeds 3] [--peer]

FILE: a CSV with sentence1,sentence2,score. Ours: our defaults for graded scores, `dev` as held-out.
Theirs (--peer; needs accelerate and datasets): CosineSimilarityLoss, 2 epochs, batch 16, lr 2e-5.
Prints the gain of Spearman's rho x 100 on dev and test, and seconds of training; then the frontier
of gain against seconds by blocks trained.
"""

import argparse
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from encoder import Encoder, load_encoder  # noqa: E402
from encoder.evaluation import measure  # noqa: E402
from encoder.training import Done, TrainConfig, fine_tune  # noqa: E402
from encoder.training.scoring import predictions  # noqa: E402
from ingest import PairSet, read_pairs  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("train", "dev", "test"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--blocks", type=int, nargs="*", default=[0, 1, 2, 3, 4, 5, 6])
    parser.add_argument("--loss", help="instead of our default")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--peer", action="store_true", help="run sentence-transformers too")
    args = parser.parse_args()
    train, dev, test = (read_pairs(path) for path in (args.train, args.dev, args.test))
    enc = load_encoder()
    base = {"dev": score(enc, dev), "test": score(enc, test)}
    print(f"before: dev {base['dev']:.2f}, test {base['test']:.2f}", flush=True)
    config = TrainConfig(loss=args.loss, lr=args.lr)
    rivals = {"ours": lambda rows, seed: ours(enc, rows, dev, replace(config, seed=seed))}
    if args.peer:
        rivals["sentence-transformers"] = lambda rows, seed: theirs(rows, seed)
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    gains: dict[str, list[float]] = {name: [] for name in rivals}
    for seed in range(args.seeds):
        rows = sample(train, args.rows, seed)
        for name, run in rivals.items():
            tuned, took = run(rows, seed)
            seconds[name].append(took)
            gains[name].append(report(f"{name}, seed {seed}", tuned, took, base, dev, test))
    for name in rivals:
        print(
            f"{name}: test gain {statistics.mean(gains[name]):+.2f} "
            f"({min(gains[name]):+.2f} … {max(gains[name]):+.2f}), "
            f"{statistics.median(seconds[name]):.1f} s"
        )
    if args.peer:
        share = statistics.mean(gains["ours"]) / statistics.mean(gains["sentence-transformers"])
        speed = [b / a for a, b in zip(*seconds.values(), strict=True)]
        print(f"ours: {share:.0%} of its gain at {statistics.median(speed):.1f} x its speed")
    rows = sample(train, args.rows, 0)
    for blocks in args.blocks:
        tuned, took = ours(enc, rows, dev, replace(config, train_blocks=blocks))
        report(f"{blocks} blocks", tuned, took, base, dev, test)


def sample(train: PairSet, rows: int, seed: int) -> PairSet:
    return train.take(np.random.default_rng(seed).permutation(len(train))[:rows])


def score(enc: Encoder, pairs: PairSet) -> float:
    return 100 * measure(predictions(enc, pairs), "spearman")


def report(
    name: str, tuned: Encoder, took: float, base: dict, dev: PairSet, test: PairSet
) -> float:
    gains = {part: score(tuned, p) - base[part] for part, p in (("dev", dev), ("test", test))}
    print(f"{name}: dev {gains['dev']:+.2f}, test {gains['test']:+.2f}, {took:.1f} s", flush=True)
    return gains["test"]


def ours(enc: Encoder, rows: PairSet, dev: PairSet, config: TrainConfig) -> tuple[Encoder, float]:
    for event in fine_tune(enc, rows, config, held_out=dev):
        if isinstance(event, Done):
            return event.encoder, event.train_seconds
    raise AssertionError("a run ends with Done")


def theirs(rows: PairSet, seed: int) -> tuple[Encoder, float]:
    import tempfile

    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss

    from encoder.bundled import bundled_folder

    model = SentenceTransformer(str(bundled_folder()))
    a, b = zip(*rows.texts, strict=True)
    data = Dataset.from_dict(
        {"a": list(a), "b": list(b), "label": np.asarray(rows.labels).tolist()}
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            output_dir=folder, num_train_epochs=2, per_device_train_batch_size=16,
            learning_rate=2e-5, warmup_ratio=0.1, seed=seed, report_to=[], save_strategy="no",
            disable_tqdm=True, use_cpu=True,
        )  # fmt: skip
        trainer = SentenceTransformerTrainer(
            model=model, args=arguments, train_dataset=data, loss=CosineSimilarityLoss(model)
        )
        start = time.perf_counter()
        trainer.train()
        took = time.perf_counter() - start
        model.save(folder)
        return load_encoder(Path(folder)), took


if __name__ == "__main__":
    main()
