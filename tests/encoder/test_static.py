"""Static models: sentence-transformers' StaticEmbedding, with the numbers that it gives."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense, Normalize, StaticEmbedding
from tokenizers import Tokenizer

from encoder import (
    POOLINGS,
    EncoderError,
    ModelRefused,
    TrainConfig,
    UnknownName,
    fine_tune,
    load_encoder,
)
from tests.encoder.sentence_transformers_reference import (
    TEXTS,
    assert_same,
    loaded,
    vectors,
    written,
)
from tests.encoder.training.pairs import graded
from tests.tiny_models import SENTENCES

WIDTH = 16


@pytest.fixture(scope="module")
def tokenizer_file(tiny_folder):
    return tiny_folder("bert") / "tokenizer.json"


def static(tokenizer_file, *head) -> SentenceTransformer:
    torch.manual_seed(0)
    embedding = StaticEmbedding(Tokenizer.from_file(str(tokenizer_file)), embedding_dim=WIDTH)
    return SentenceTransformer(modules=[embedding, *head], device="cpu")


@pytest.fixture
def folder(tokenizer_file, tmp_path):
    return written(static(tokenizer_file), tmp_path / "static")


@pytest.mark.parametrize("head", [(), (Normalize(),), (Dense(WIDTH, 5), Normalize())])
def test_its_vectors_are_those_of_sentence_transformers(tokenizer_file, tmp_path, head):
    model = static(tokenizer_file, *head)
    model.prompts = {"query": "the query: "}
    model.truncate_dim = 4
    encoder = load_encoder(written(model, tmp_path / "theirs"))
    expected = vectors(model)
    assert_same(encoder.encode(TEXTS, normalize=False), expected)
    assert_same(vectors(loaded(encoder.save(tmp_path / "ours"))), expected)
    assert_same(load_encoder(tmp_path / "ours").encode(TEXTS, normalize=False), expected)
    assert encoder.recipe.prompts["query"] == "the query: "


def test_a_long_text_is_read_whole(folder):
    encoder = load_encoder(folder)
    long = " ".join(SENTENCES * 100)
    assert encoder.cut([long]) == [0]
    encoder.encode(["a"])
    expected = vectors(loaded(encoder.save(folder.with_name("ours"))), [long])
    assert_same(encoder.encode([long], normalize=False), expected)


def test_it_has_one_layer_and_no_special_tokens(folder):
    encoder = load_encoder(folder)
    assert encoder.layers == [0]
    assert encoder.dimensions == WIDTH
    trace = encoder.trace(SENTENCES[0])
    assert trace.hidden.shape == (1, len(trace.tokens), WIDTH)
    assert not any(trace.special)
    assert set(trace.pooled) == set(POOLINGS)
    np.testing.assert_allclose(trace.pooled["mean"], trace.hidden[0].mean(0), atol=1e-6)
    with pytest.raises(UnknownName, match="layer 'last2'"):
        encoder.encode(SENTENCES, "mean", "last2")


@pytest.mark.parametrize("pooling", [None, *POOLINGS])
def test_its_cosines_come_apart_by_tokens_and_no_text_gives_nan(folder, pooling):
    encoder = load_encoder(folder)
    found = encoder.explain_pair(*SENTENCES[:2], pooling, 0)
    assert found.contributions.sum() == pytest.approx(found.cosine, abs=1e-9)
    assert np.isfinite(encoder.encode(["", "a"], pooling, 0)).all()
    if pooling != "mean_with_padding":  # of which no text is empty
        assert encoder.explain_pair("", "a", pooling, 0).cosine == 0


@pytest.mark.parametrize("parts", [{"mapping"}, {"weights"}, {"mapping", "weights"}, set()])
def test_the_format_of_model2vec_is_read_as_sentence_transformers_reads_it(folder, parts):
    table = load_file(folder / "model.safetensors")["embedding.weight"]
    tensors = {"embeddings": table.clone()}
    if "mapping" in parts:
        tensors["mapping"] = torch.arange(len(table)) // 2
    if "weights" in parts:
        tensors["weights"] = torch.linspace(0.5, 2, len(table))
    save_file(tensors, folder / "model.safetensors")
    assert_same(load_encoder(folder).encode(TEXTS, normalize=False), vectors(loaded(folder)))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("tokenizer.json", None, "has no tokenizer.json"),
        ("tokenizer.json", b'{"model": 1}', "tokenizer.json cannot be read"),
        ("model.safetensors", b"\xff" * 99, "model.safetensors cannot be read"),
    ],
)
def test_a_damaged_one_is_refused(folder, name, content, words):
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelRefused, match=words) as error:
        load_encoder(folder)
    assert str(folder.parent) not in str(error.value)


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"other": torch.zeros(2)}, "must hold embedding.weight"),
        ({"embedding.weight": torch.zeros(3, 2)}, r"the embedding table of its weights 3 rows"),
        ({"embedding.weight": torch.full((2_000, 2), torch.nan)}, "are NaN or infinite"),
        ({"embeddings": torch.zeros(3, 2), "mapping": torch.tensor([0, 7])}, "names row 7"),
    ],
)
def test_weights_that_do_not_belong_to_it_are_refused(folder, tensors, words):
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelRefused, match=words):
        load_encoder(folder)


def test_it_is_the_mean_and_nothing_else(folder):
    encoder = load_encoder(folder)
    assert encoder.with_pooling("mean").encode(["a"]).shape == (1, WIDTH)
    with pytest.raises(UnknownName, match="savable pooling 'cls'"):
        encoder.with_pooling("cls")


def test_it_learns_a_linear_map_and_refuses_to_train_blocks(folder):
    encoder = load_encoder(folder)
    [*_, done] = fine_tune(
        encoder, graded(12), TrainConfig(train_blocks=0, steps=2, epochs=None, batch_size=4)
    )
    assert done.steps == 2
    with pytest.raises(EncoderError, match="train"):
        next(fine_tune(encoder, graded(12), TrainConfig(train_blocks=1)))
    kinds = [
        m["type"] for m in json.loads((done.encoder.save(folder) / "modules.json").read_text())
    ]
    assert kinds[0].endswith("StaticEmbedding")
    expected = done.encoder.encode(SENTENCES)
    assert_same(vectors(loaded(folder), SENTENCES), expected)
