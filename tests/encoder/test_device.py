"""Transformers run on the device that is chosen; all else stays on the CPU, and the same."""

import copy

import pytest
import torch

from encoder import EncoderError
from encoder.device import available_devices, chosen_device
from encoder.tokens import pad
from encoder.training.trainable import Trainable

TEXTS = ["One.", "Seven sailors sang while the storm shook the ship."]


def test_the_cpu_is_always_there_and_always_last():
    assert available_devices()[-1] == "cpu"
    assert chosen_device({"LAB_DEVICE": "cpu"}) == torch.device("cpu")


@pytest.mark.parametrize("env", [{}, {"LAB_DEVICE": ""}, {"LAB_DEVICE": "auto"}])
@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(0, False, "cpu"), (0, True, "mps"), (2, False, "cuda"), (1, True, "cuda")],
)
def test_the_fastest_that_is_there_is_taken(monkeypatch, env, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert chosen_device(env).type == expected
    assert chosen_device({"LAB_DEVICE": "cpu"}).type == "cpu"


@pytest.mark.parametrize("name", ["gpu", "cuda:7", "CPU", "meta", "cuda:-1"])
def test_one_that_is_not_there_is_told_with_those_that_are(name):
    with pytest.raises(EncoderError, match=f"LAB_DEVICE is '{name}'.*one of: auto, .*cpu"):
        chosen_device({"LAB_DEVICE": name})


def on_meta(encoder):
    """Its transformer on a device without numbers, which mixes with no other."""
    return encoder.backbone.with_model(copy.deepcopy(encoder.backbone.model).to("meta"))


@pytest.mark.parametrize(
    "architecture", ["bert", "roberta", "distilbert", "mpnet", "modernbert", "xlm-roberta"]
)
def test_what_a_model_is_given_lies_beside_it(tiny, architecture):
    backbone = on_meta(tiny(architecture))
    assert backbone.device.type == "meta"
    inputs = backbone.inputs(pad(backbone.tokenize(TEXTS), backbone.pad_id))
    tensors = [value for value in inputs.values() if isinstance(value, torch.Tensor)]
    assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_a_fingerprint_and_memory_are_those_of_the_weights_not_of_the_device(bert):
    twin = bert.backbone.with_model(copy.deepcopy(bert.backbone.model))
    assert twin.fingerprint == bert.backbone.fingerprint
    assert on_meta(bert).bytes == bert.backbone.bytes


@pytest.mark.parametrize("blocks", [1, 2])
def test_frozen_states_wait_on_the_cpu_and_are_taken_up_beside_the_blocks(bert, blocks):
    trainable = Trainable(bert, blocks)
    trainable.prepare(TEXTS)
    assert {state.device.type for state in trainable._kept.values()} == {"cpu"}
    trainable.embed(TEXTS).sum().backward()
    assert trainable._entry.states.device == trainable.backbone.device
    assert all(p.grad is not None for p in trainable.parameters if p.requires_grad)
