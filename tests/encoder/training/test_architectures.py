"""Whatever encodes can be fine-tuned, or is refused in words before the run."""

import pytest
import torch

from encoder import Encoder, ModelRefused, TrainConfig, fine_tune
from encoder.training.trainable import Trainable
from tests.encoder.training.pairs import graded
from tests.tiny_models import ARCHITECTURES, OTHERS, SENTENCES

REFUSED = {
    "albert": "no list of its own",
    "convbert": "ConvBertModel gives other vectors",  # its convolutions read the padding
    "xlm": "XLMModel",
}
TRAINED = [name for name in (*ARCHITECTURES, *OTHERS) if name not in REFUSED]


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("architecture", TRAINED)
def test_what_trains_gives_the_vectors_that_the_encoder_gives(tiny, architecture, blocks):
    encoder = tiny(architecture)
    blocks = min(blocks, encoder.backbone.depth + 1)
    model = Trainable(encoder, blocks)
    model.prepare(SENTENCES)
    model.train(False)
    with torch.no_grad():
        vectors = model.embed(SENTENCES)
    expected = torch.from_numpy(encoder.encode(SENTENCES, normalize=False))
    torch.testing.assert_close(vectors, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("architecture", TRAINED)
def test_a_run_changes_the_top_block_and_nothing_below(tiny, architecture):
    encoder = tiny(architecture)
    before = encoder.encode(SENTENCES)
    config = TrainConfig(train_blocks=1, steps=2, epochs=None, batch_size=4, lr=1e-2)
    [*_, done] = fine_tune(encoder, graded(12), config)
    tuned = done.encoder
    assert abs(tuned.encode(SENTENCES) - before).max() > 1e-4
    assert (encoder.encode(SENTENCES) == before).all()
    below, top = (
        {
            name
            for (name, old), (_, new) in zip(
                encoder.backbone.model.named_parameters(),
                tuned.backbone.model.named_parameters(),
                strict=True,
            )
            if torch.equal(old, new) is same
        }
        for same in (True, False)
    )
    last = f".{encoder.backbone.depth - 1}."
    assert top
    assert all(last in f".{name}" for name in top)
    assert any(last not in f".{name}" for name in below)


@pytest.mark.parametrize("architecture", REFUSED)
def test_what_cannot_be_cut_is_refused_before_the_run(tiny, architecture):
    encoder: Encoder = tiny(architecture)
    assert encoder.encode(SENTENCES).shape == (len(SENTENCES), 32)
    with pytest.raises(ModelRefused, match=REFUSED[architecture]):
        next(fine_tune(encoder, graded(12), TrainConfig(train_blocks=1)))


def test_a_refused_architecture_still_learns_a_linear_map(tiny):
    config = TrainConfig(train_blocks=0, steps=2, epochs=None, batch_size=4)
    [*_, done] = fine_tune(tiny("albert"), graded(12), config)
    assert done.steps == 2
