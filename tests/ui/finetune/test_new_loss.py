"""A loss that is added to the registry is one entry: everything else follows."""

from types import SimpleNamespace

import pytest
import torch

from encoder import DEFAULT_MODEL, TrainConfig
from encoder.training.losses import LOSSES, Loss, cosine_mse
from tests.ui.finetune.pages import csv
from tests.ui.finetune.takehome.runs import a_run, done
from ui.finetune.form import Form
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.takehome import model_card, training_script
from ui.state.pairs import check_training_pairs, open_data

NAME = "made_up"
AGAIN = "The cat number 5 is here.,Somebody else saw it.,5\n"  # the anchor of row 5, once more


class Calls(list):
    """A loss that notes the sizes of the batches it is asked about."""

    def __call__(self, embeddings, labels):
        self.append(len(labels))
        return cosine_mse(embeddings, labels)


@pytest.fixture(params=[True, False], ids=["in batch", "pair by pair"])
def loss(request, monkeypatch) -> Loss:
    loss = Loss(
        Calls(),
        kinds=("score",),
        title="a loss of mine",
        effect="Pulls the world together.",
        script="mine.OwnLoss(\n    model,\n    sharpness=3,\n)",
        distinct_texts=request.param,
    )
    monkeypatch.setitem(LOSSES, NAME, loss)
    return loss


def test_it_can_be_chosen_for_its_kind_of_pairs(lab, ann, loss):
    graded = lab.call(("sample-graded", "click"), visitor=ann)["loss"].choices
    assert (loss.title, NAME) in map(tuple, graded)
    triplets = lab.call(("sample-triplets", "click"), visitor=ann)["loss"].choices
    assert NAME not in [name for _, name in triplets]


def test_its_effect_stands_below_it(lab, ann, loss):
    lab.call(("sample-graded", "click"), visitor=ann)
    handlers = FinetuneHandlers(lab.workbench)
    asked = handlers.request(ann, DEFAULT_MODEL, Form(loss=NAME))
    assert asked.config.loss == NAME
    [check] = [fn for fn in lab.demo.fns.values()
               if "loss-note" in [getattr(box, "elem_id", "") for box in fn.outputs]]  # fmt: skip
    values = (DEFAULT_MODEL, *vars(Form(loss=NAME)).values())
    assert loss.effect in lab.call(check, *values, visitor=ann)["loss-note"]


def test_it_is_trained_with_and_comes_home_in_the_card_and_the_script(bert, loss):
    finished = done(bert, loss=NAME, steps=2, held_out_share=0)
    assert finished.steps == 2
    assert loss.compute, "it was never asked"
    assert finished.config.loss == NAME
    run = a_run(finished)
    assert "a loss of mine" in run.summary
    card, script = model_card(run), training_script(run)
    assert "a loss of mine" in card
    assert "Pulls the world together" in card
    sampler = "no_duplicates" if loss.distinct_texts else "batch_sampler"
    assert f'batch_sampler="{sampler}"' in script
    call = script.split("loss=", 1)[1].split("optimizers=", 1)[0].strip().rstrip(",")
    mine = SimpleNamespace(OwnLoss=lambda model, sharpness: sharpness)
    assert eval(call, {"mine": mine, "model": torch.nn.Identity()}) == 3
    compile(script, "train.py", "exec")


def test_the_check_knows_whether_it_looks_across_the_batch(bert, loss):
    pairs = open_data(csv("cat") + AGAIN, "pairs.csv")
    check = check_training_pairs(pairs, bert, TrainConfig(loss=NAME, batch_size=8))
    found = "false_negatives" in {finding.name for finding in check.findings}
    assert found == loss.distinct_texts
