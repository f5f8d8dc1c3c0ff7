"""The form beside a run: what it may ask for, and how it asks for a run's settings again."""

from dataclasses import replace

import pytest

from encoder import EncoderError, TrainConfig
from encoder.training.config import BLOCKS_LR, EVERYTHING_LR, TRAIN_BLOCKS
from encoder.training.losses import losses_for
from ui.checks import OWN_POOLING, parse_name
from ui.finetune.form import AUTO, BY_STEPS, DURATIONS, PRESETS, Form, form_of, parse_form
from ui.settings import Settings

CONFIG = TrainConfig(
    loss="cosent", batch_size=8, lr=3e-5, train_blocks=2, pooling="cls", seed=7,
    held_out_share=0.3, steps=120, warmup=3,
)  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [CONFIG, replace(CONFIG, steps=None, budget_s=60.0), replace(CONFIG, steps=None, lr=1 / 3e4),
     replace(CONFIG, train_blocks=7, seed=2**31 - 1), replace(CONFIG, train_blocks=0)],
)  # fmt: skip
def test_the_form_of_a_run_asks_for_that_run_again(config):
    form, said = form_of(config, "score", 6)
    assert said == []
    again = parse_form(form, 6)
    lr = pytest.approx(config.lr, rel=1e-9)
    assert replace(again, lr=None) == replace(config, lr=None)
    assert again.lr == lr


def test_a_learning_rate_that_the_blocks_would_choose_is_left_to_them():
    assert form_of(replace(CONFIG, lr=BLOCKS_LR), "score", 6)[0].lr == ""
    everything = replace(CONFIG, train_blocks=7, lr=EVERYTHING_LR)
    assert form_of(everything, "score", 6)[0].lr == ""
    assert form_of(replace(everything, lr=BLOCKS_LR), "score", 6)[0].lr == f"{BLOCKS_LR:g}"


@pytest.mark.parametrize(
    ("loss", "kind"), [("cosent", "positive"), ("triplet", "binary"), ("contrastive", "score")]
)
def test_a_loss_that_does_not_fit_these_pairs_gives_way_and_says_so(loss, kind):
    form, said = form_of(replace(CONFIG, loss=loss), kind, 6)
    assert form.loss == losses_for(kind)[0]
    assert len(said) == 1
    assert "does not fit these pairs" in said[0]


def test_what_the_form_cannot_ask_for_is_said():
    odd = replace(
        CONFIG, steps=None, budget_s=45.0, pooling="mean+max", train_blocks=9, batch_size=256,
        held_out_share=0.0,
    )  # fmt: skip
    form, said = form_of(odd, "score", 2)
    assert (form.duration, form.pooling, form.blocks) == (AUTO, OWN_POOLING, 3)
    assert (form.batch_size, form.held_out) == (128, 5)
    assert len(said) == 5
    parse_form(form, 2)  # none of it wedges the form
    long = form_of(replace(CONFIG, steps=50_000), "score", 6)
    assert long[0].steps == 20_000
    assert "Steps was 50000" in long[1][0]


def test_without_pairs_there_is_no_loss_to_choose():
    assert form_of(CONFIG, None, 6)[0].loss is None


def test_steps_are_bounded_by_the_host():
    form = Form(duration=BY_STEPS, steps=20_000)
    assert parse_form(form, 6).steps == 20_000
    with pytest.raises(EncoderError, match=r"Steps is 20001; it must be from 1 to 20000"):
        parse_form(replace(form, steps=20_001), 6)
    with pytest.raises(EncoderError, match="from 1 to 50"):
        parse_form(form, 6, Settings(max_steps=50))


def test_the_form_as_it_stands_is_the_default():
    assert parse_form(Form(blocks=None), depth=6) == TrainConfig()
    form = parse_form(Form(), depth=6)
    assert form.train_blocks == TRAIN_BLOCKS  # as the page shows it


def test_every_field_moves_the_configuration():
    changed = {
        "pooling": ("cls", "pooling", "cls"),
        "loss": ("cosent", "loss", "cosent"),
        "blocks": (2, "train_blocks", 2),
        "duration": ("1 minute", "budget_s", 60),
        "batch_size": (8, "batch_size", 8),
        "lr": ("3e-5", "lr", 3e-5),
        "warmup": (3, "warmup", 3),
        "seed": (7, "seed", 7),
        "held_out": (30, "held_out_share", 0.3),
        "patience": (0, "patience", 0),
    }
    for name, (sent, field, value) in changed.items():
        assert getattr(parse_form(Form(**{name: sent}), 6), field) == value
    assert parse_form(Form(duration=BY_STEPS, steps=50), 6).steps == 50
    assert parse_form(Form(duration=AUTO, steps=50), 6).steps is None


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("pooling", "../x"), ("duration", "forever"), ("batch_size", 1), ("batch_size", "many"),
        ("lr", "nan"), ("lr", "-1"), ("blocks", -1), ("blocks", 1.5), ("seed", None),
        ("held_out", 99), ("warmup", [1]), ("held_out", float("nan")),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_range(name, sent):
    with pytest.raises(EncoderError, match=r"must be|Choose one of"):
        parse_form(Form(**{name: sent}), 6)


def test_more_blocks_than_there_are_means_all_of_them():
    assert parse_form(Form(blocks=PRESETS["Thorough"].blocks), 6).train_blocks == 7
    assert set(DURATIONS.values()) == {None, 15, 30, 60, 120, 300}


def test_a_name_is_one_line_and_not_empty():
    assert parse_name("  my\n model  ") == "my model"
    with pytest.raises(EncoderError, match="empty"):
        parse_name(" \n ")
