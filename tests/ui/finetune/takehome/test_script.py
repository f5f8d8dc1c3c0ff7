"""train.py: it compiles for every run, builds the same model, trains the same part, and runs."""

import ast
import importlib.util
import sys
import warnings
import zipfile
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import losses

from encoder import Encoder, load_encoder
from encoder.evaluation import PRIMARY
from encoder.folder import Recipe
from encoder.head import Normalize
from encoder.training.losses import LOSSES
from encoder.training.schedule import learning_rate
from encoder.training.trainable import Trainable
from ingest import read_pairs
from tests.encoder.training.pairs import WORDS
from tests.tiny_models import SENTENCES
from tests.ui.finetune.takehome.runs import PAIRS, a_run, done
from ui.finetune.takehome import training_script, write_archive
from ui.state.models import Run

# Every depth once, and every architecture with one block and with everything.
PARTS = [("bert", blocks) for blocks in (0, 1, 2, 3)] + [
    (architecture, blocks)
    for architecture in ("roberta", "distilbert", "mpnet", "modernbert")
    for blocks in (1, 3)
]


def settings(script: str) -> dict[str, object]:
    """The constants of a script."""
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(script).body
        if isinstance(node, ast.Assign)
    }


def loaded(run: Run, folder: Path) -> ModuleType:
    """A script as a module: defined, not run."""
    path = folder / "train.py"
    path.write_text(training_script(run), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("takehome_train", path)
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        warnings.simplefilter("error", FutureWarning)
        spec.loader.exec_module(module)
    return module


def scored_by(script: ModuleType, model: SentenceTransformer, run: Run) -> float:
    """The main metric of the held-out pairs, as the script measures it."""
    labels = run.done.held_out.labels
    rows = [
        dict(zip(script.TEXTS, texts, strict=True))
        | ({} if labels is None else {script.LABEL: float(labels[at])})
        for at, texts in enumerate(run.done.held_out.texts)
    ]
    scorer, key = script.evaluator(rows, "held-out")
    return scorer(model)[key]


@pytest.mark.parametrize("kind", PAIRS)
def test_it_scores_every_kind_of_pairs_as_the_lab_does(bert, trained, tmp_path, kind):
    run = a_run(trained(kind, steps=1, validation_share=0))
    script = loaded(run, tmp_path)
    model = script.build_model(str(bert.save(tmp_path / "base")))
    ours = run.done.before[PRIMARY[kind]].value
    assert scored_by(script, model, run) == pytest.approx(ours, abs=2e-3)  # ties count half
    assert script.evaluator([], "held-out") == (None, "")


def test_it_counts_every_known_answer_of_a_question_as_right(bert, tmp_path):
    lines = [f"What is the {WORDS[i % 4]}?,Here is the {WORDS[i % 4]} {i}." for i in range(24)]
    pairs = read_pairs(StringIO("\n".join(["anchor,positive", *lines])))
    run = a_run(done(bert, "positive", pairs, steps=1, validation_share=0, held_out_share=0.5))
    assert len(run.done.held_out) == 12
    script = loaded(run, tmp_path)
    model = script.build_model(str(bert.save(tmp_path / "base")))
    ours = run.done.before["mrr"].value
    assert scored_by(script, model, run) == pytest.approx(ours, abs=1e-6)


def loss_in(script: str) -> torch.nn.Module:
    """The loss that a script makes."""
    call = script.split("loss=", 1)[1].split("optimizers=", 1)[0].strip().rstrip(",")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return eval(call, {"losses": losses, "model": torch.nn.Identity(), "processes": 1})


@pytest.mark.parametrize("name", LOSSES)
def test_its_loss_is_ours(trained, name):
    """The class and arguments that the script names, on the same embeddings."""
    kind = LOSSES[name].kinds[0]
    finished = trained(kind, steps=1, validation_share=0)
    run = a_run(replace(finished, config=replace(finished.config, loss=name)))
    theirs = loss_in(training_script(run))
    chance = torch.Generator().manual_seed(0)
    columns = [torch.randn(6, 8, generator=chance) for _ in range(3 if kind == "triplet" else 2)]
    labels = torch.tensor([0.0, 1, 1, 0, 1, 0])
    ours = LOSSES[name].compute(columns, labels)
    torch.testing.assert_close(ours, theirs.compute_loss_from_embeddings(columns, labels))


@pytest.mark.parametrize(("architecture", "blocks"), PARTS)
def test_the_same_part_of_the_same_model_trains(tiny, tmp_path, architecture, blocks):
    enc = tiny(architecture)
    run = a_run(done(enc, train_blocks=blocks, steps=1, pooling="max", held_out_share=0))
    script = loaded(run, tmp_path)
    model = script.build_model(str(enc.save(tmp_path / "base")))
    script.freeze(model)
    texts = SENTENCES[:5]
    vectors = model.encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(vectors, run.base.encode(texts), atol=1e-5)
    mine = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if blocks == 0:
        assert mine == 32 * 32 + 32
    else:
        theirs = Trainable(run.base, blocks).backbone.model
        pooler = getattr(theirs, "pooler", None)
        unused = set(pooler.parameters()) if pooler is not None else set()
        trained = {p for p in theirs.parameters() if p.requires_grad} - unused
        assert mine == sum(p.numel() for p in trained)
    model.train()
    live = [m for m in model.modules() if isinstance(m, torch.nn.Dropout) and m.p > 0]
    assert bool(live) == (blocks > 0 and architecture != "modernbert")


def test_prompts_several_poolings_and_a_head_go_into_the_script(tiny, tmp_path):
    plain = tiny("bert")
    recipe = Recipe(
        modes=("cls", "mean"),
        head=(Normalize(),),
        prompts={"query": 'say "it": ', "passage": "p: "},
        default_prompt_name="query",
        include_prompt=False,
    )
    enc = Encoder("prompted", plain.backbone, recipe)
    run = a_run(done(enc, "positive", steps=1, held_out_share=0))
    script = loaded(run, tmp_path)
    assert script.PROMPT == 'say "it": '
    model = script.build_model(str(enc.save(tmp_path / "base")))
    np.testing.assert_allclose(model.encode(SENTENCES), enc.encode(SENTENCES), atol=1e-5)


def test_a_linear_map_on_a_dense_of_the_base_keeps_that_dense(bert, tmp_path):
    first = done(bert, train_blocks=0, steps=2, held_out_share=0)
    again = done(first.encoder, train_blocks=0, steps=1, held_out_share=0)
    run = a_run(again, model="run-1")
    script = loaded(run, tmp_path)
    assert script.MODEL is None
    model = script.build_model(str(first.encoder.save(tmp_path / "base")))
    np.testing.assert_allclose(model.encode(SENTENCES), first.encoder.encode(SENTENCES), atol=1e-5)


def test_random_weights_are_drawn_as_the_lab_draws_them(bundled, tmp_path):
    random = load_encoder("untrained-minilm")
    run = a_run(done(random, steps=1, held_out_share=0), model="untrained-minilm")
    script = loaded(run, tmp_path)
    model = script.build_model(str(bundled.save(tmp_path / "base")))
    texts = SENTENCES[:3]
    np.testing.assert_allclose(model.encode(texts), random.encode(texts), atol=1e-5)


def test_the_settings_are_those_of_the_run(bert):
    finished = done(
        bert, steps=9, held_out_share=0, batch_size=4, lr=3e-4, warmup=2, seed=5,
        weight_decay=0.5, max_grad_norm=0.25, pooling="cls", train_blocks=2,
    )  # fmt: skip
    found = settings(training_script(a_run(finished)))
    assert found == {
        "MODEL": "google/bert_uncased_L-2_H-128_A-2", "TEXTS": ("sentence1", "sentence2"),
        "LABEL": "score", "POOLING": "cls", "INCLUDE_PROMPT": True, "PROMPTS": {},
        "DEFAULT_PROMPT": None, "PROMPT": "", "SIMILARITY": "cosine", "MAX_TOKENS": 80,
        "BATCH_SIZE": 4, "LEARNING_RATE": 3e-4, "WARMUP": 2, "WEIGHT_DECAY": 0.5,
        "MAX_GRAD_NORM": 0.25, "STEPS": 9, "SEED": 5, "TRAIN_BLOCKS": 2,
    }  # fmt: skip


def test_the_rate_is_that_of_the_lab(bert, tmp_path):
    script = loaded(a_run(done(bert, steps=20, held_out_share=0, warmup=4, lr=0.5)), tmp_path)
    optimizer, schedule = script.optimizer_and_schedule(torch.nn.Linear(2, 2), 20)
    rates = []
    for _ in range(20):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([learning_rate(step, 20, 0.5, 4) for step in range(20)])


def test_it_runs_for_two_steps_and_leaves_a_model(bert, tmp_path, monkeypatch, capsys):
    run = a_run(done(bert, train_blocks=1, validation_share=0.2, lr=0.01), model="some/model")
    write_archive(run, tmp_path / "run.zip")
    zipfile.ZipFile(tmp_path / "run.zip").extractall(tmp_path)
    folder, base = tmp_path / "my-first-run", bert.save(tmp_path / "base")
    sent = ["train.py", "--steps", "2", "--model", base, "--output", tmp_path / "out"]
    monkeypatch.setattr(sys, "argv", [str(part) for part in sent])
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("error", DeprecationWarning)
        loaded(run, folder).main()
    before = run.done.before["spearman"].value
    assert f"held-out_spearman_cosine: {before:.4f} before, " in capsys.readouterr().out
    assert not (tmp_path / "out" / "checkpoints").exists()
    trained = SentenceTransformer(str(tmp_path / "out"), device="cpu")
    start = SentenceTransformer(str(base), device="cpu")
    pairs = zip(start.named_parameters(), trained.parameters(), strict=True)
    changed = {name for (name, old), new in pairs if not torch.equal(old, new)}
    assert changed
    assert all(".layer.1." in name for name in changed)
    ours = load_encoder(tmp_path / "out").encode(SENTENCES)
    theirs = trained.encode(SENTENCES, normalize_embeddings=True)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
