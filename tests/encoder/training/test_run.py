"""Fine-tuning a tiny model: it learns, repeats, stops, and leaves its source alone."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from encoder import EncoderError, Options, load_encoder
from encoder.errors import TrainingFailed
from encoder.evaluation import PRIMARY
from encoder.head import Dense
from encoder.training import Eval, Step, TrainConfig, fine_tune
from encoder.training.blend import Blend
from encoder.training.run_warnings import run_warnings
from encoder.training.schedule import batches_an_epoch, batches_of_rows, learning_rate
from encoder.training.scoring import BestKeeper, predictions
from encoder.training.step import optimizer_of
from encoder.training.trainable import Trainable
from ingest.apart import companies, meeting_chance
from tests.encoder.training.pairs import QUICK, anchors, graded, run, weights


@pytest.mark.parametrize("architecture", ["bert", "roberta", "distilbert", "mpnet", "modernbert"])
def test_the_trainable_part_gives_the_same_vectors_as_the_whole(tiny, architecture):
    enc = tiny(architecture)
    texts = ["A cat sleeps.", "The weather is lovely today, isn't it?", "Bread"]
    for blocks in range(1, enc.backbone.depth + 2):
        for keep in (2**20, 0):  # with its frozen output kept, and computed again each time
            model = Trainable(enc, blocks, keep)
            model.prepare(texts)
            model.train(False)
            with torch.no_grad():
                found = model.embed(texts).numpy()
            np.testing.assert_allclose(found, enc.encode(texts, normalize=False), atol=2e-5)


def test_frozen_blocks_run_once_a_text_and_the_others_not_at_all(bert):
    model, calls = Trainable(bert, 1), []
    for number, block in enumerate(model.frozen_blocks):
        block.register_forward_hook(lambda *_, number=number: calls.append(number))
    model.prepare(["one text", "another text"])
    model.prepare(["another text"])
    for _ in range(5):
        model.embed(["one text", "another text"])
    assert calls == [0]


def test_with_room_for_most_texts_only_the_others_run_again(bert, monkeypatch):
    # A batch with one text that was not kept ran as a whole: with room for 95 % of them, 8 % of the
    # batches were served.
    texts = [f"text number {i} {'and more ' * (i % 5)}" for i in range(40)]
    room = Trainable(bert, 1)
    room.prepare(texts)
    model = Trainable(bert, 1, keep_bytes=int(0.8 * room._kept_bytes))
    model.prepare(texts)
    frozen, rows = model._frozen, []
    monkeypatch.setattr(
        model, "_frozen", lambda tokens: rows.append(len(tokens.ids)) or frozen(tokens)
    )
    model.train(False)
    with torch.no_grad():
        found = torch.cat([model.embed(texts[i : i + 8]) for i in range(0, 40, 8)])
    assert sum(rows) == len(texts) - len(model._kept) < 20
    np.testing.assert_allclose(found, bert.encode(texts, normalize=False), atol=2e-5)


def test_only_the_chosen_blocks_train_and_the_rest_is_shared(bert):
    tuned = run(bert, graded())[1].encoder
    pairs = zip(
        bert.backbone.model.named_parameters(), tuned.backbone.model.parameters(), strict=True
    )
    changed = {name for (name, old), new in pairs if not torch.equal(old, new)}
    assert changed
    assert all("layer.1." in name for name in changed)
    shared = {p.data_ptr() for p in bert.backbone.model.parameters()}
    own = [p for p in tuned.backbone.model.parameters() if p.data_ptr() not in shared]
    top = bert.backbone.model.encoder.layer[1].parameters()
    assert sum(p.numel() for p in own) == sum(p.numel() for p in top)


def test_settings_as_run_repeat_a_run_of_a_model_with_a_dense_module(bert):
    # They name the pooling, and to choose one took the Dense modules away.
    dense = run(bert, graded(20), replace(QUICK, train_blocks=0, epochs=1))[1].encoder
    first = run(dense, graded(20), replace(QUICK, epochs=1))[1]
    again = run(dense, graded(20), first.config)[1]
    assert first.config.pooling == dense.pooling
    assert len(again.encoder.recipe.head) == len(dense.recipe.head)
    assert all(map(torch.equal, weights(first.encoder), weights(again.encoder)))
    other = run(dense, graded(20), replace(first.config, pooling="cls"))[1]
    assert len(other.encoder.recipe.head) < len(dense.recipe.head)


def test_dense_modules_train_when_everything_does(bert, tmp_path):
    dense = run(bert, graded(20), replace(QUICK, train_blocks=0, epochs=1))[1].encoder
    before = weights_of_head(dense)
    once = replace(QUICK, epochs=1)
    tops = run(dense, graded(40), replace(once, train_blocks=2))[1]
    whole = run(dense, graded(40), replace(once, train_blocks=3))[1]
    assert all(map(torch.equal, before, weights_of_head(tops.encoder)))
    assert not any(map(torch.equal, before, weights_of_head(whole.encoder)))
    assert all(map(torch.equal, before, weights_of_head(dense)))  # the source is untouched
    texts = ["A cat sleeps.", "Bread, butter and honey."]
    vectors = whole.encoder.encode(texts)
    whole.encoder.save(tmp_path / "model")
    np.testing.assert_allclose(load_encoder(tmp_path / "model").encode(texts), vectors, atol=1e-5)
    blend = Blend(dense, whole.encoder, whole.held_out)
    for alpha, expected in enumerate(whole.predictions):
        np.testing.assert_allclose(blend.predictions(alpha).values, expected.values, atol=1e-5)
    between = predictions(blend.encoder(0.5), whole.held_out)
    np.testing.assert_allclose(blend.predictions(0.5).values, between.values, atol=1e-5)


def weights_of_head(enc) -> list[torch.Tensor]:
    return [w.clone() for m in enc.recipe.head if isinstance(m, Dense) for w in (m.weight, m.bias)]


def test_weights_decay_and_biases_and_norms_do_not(bert):
    model = Trainable(bert, 3)
    groups = optimizer_of(model, TrainConfig(weight_decay=0.3)).param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    named = {n: p for n, p in model.backbone.model.named_parameters() if p.requires_grad}
    assert len(decay) == len(named)
    spared = {name for name, p in named.items() if decay[id(p)] == 0}
    assert spared == {name for name in named if "LayerNorm" in name or name.endswith(".bias")}
    assert {decay[id(p)] for p in named.values()} == {0, 0.3}


def test_it_learns_and_says_what_it_is_worth(bert):
    before = weights(bert)
    events, done = run(bert, graded())
    assert done.after["spearman"].value > done.before["spearman"].value + 0.1
    assert done.gain.value == pytest.approx(
        done.after["spearman"].value - done.before["spearman"].value
    )
    steps = [event for event in events if isinstance(event, Step)]
    assert [event.step for event in steps] == list(range(1, done.steps + 1))
    assert steps[-1].loss < steps[0].loss
    assert done.train_seconds >= steps[-1].seconds > 0
    assert all(map(torch.equal, before, weights(bert)))  # the source is untouched
    assert done.encoder.backbone.fingerprint != bert.backbone.fingerprint


def test_the_same_seed_repeats_the_result_exactly(bert):
    one_epoch = replace(QUICK, epochs=1)
    first, again = (run(bert, graded(40), one_epoch)[1] for _ in range(2))
    by_number = run(bert, graded(40), replace(one_epoch, epochs=None, steps=first.steps))[1]
    other = run(bert, graded(40), replace(one_epoch, seed=1))[1]
    assert all(map(torch.equal, weights(first.encoder), weights(again.encoder)))
    assert all(map(torch.equal, weights(first.encoder), weights(by_number.encoder)))
    assert not all(map(torch.equal, weights(first.encoder), weights(other.encoder)))


@pytest.mark.parametrize(
    ("blocks", "pooling"), [(0, "mean"), (1, "cls"), (2, "max"), (3, "mean"), (0, "max")]
)
def test_every_depth_and_pooling_trains_and_goes_home(bert, tmp_path: Path, blocks, pooling):
    config = TrainConfig(
        steps=2, train_blocks=blocks, pooling=pooling, validation_share=0, held_out_share=0
    )
    tuned = run(bert, graded(20), config)[1].encoder
    texts = ["A cat sleeps.", "Bread, butter and honey."]
    tuned.save(tmp_path / "model")
    theirs = SentenceTransformer(str(tmp_path / "model")).encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(theirs, tuned.encode(texts), atol=1e-5)
    np.testing.assert_allclose(load_encoder(tmp_path / "model").encode(texts), theirs, atol=1e-5)


@pytest.mark.parametrize(("pairs", "kind"), [(anchors(), "positive"), (anchors(True), "triplet")])
def test_other_kinds_of_pairs_train_too(bert, pairs, kind):
    assert pairs.kind == kind
    done = run(bert, pairs)[1]
    assert set(done.after) >= {PRIMARY[kind]}
    assert done.after[PRIMARY[kind]].value >= done.before[PRIMARY[kind]].value


def test_stop_keeps_what_was_learnt_so_far(bert):
    stop, seen = threading.Event(), []
    for event in fine_tune(bert, graded(), QUICK, stop=stop):
        seen.append(event)
        if isinstance(event, Step) and event.step == 3:
            stop.set()
    done = seen[-1]
    assert (done.steps, done.stopped) == (3, True)
    assert done.encoder.backbone.fingerprint != bert.backbone.fingerprint


def test_closing_the_generator_discards_the_run(bert):
    before, state = weights(bert), torch.get_rng_state()
    events = fine_tune(bert, graded(), QUICK)
    assert isinstance(next(events), Eval)
    assert isinstance(next(events), Step)
    events.close()
    assert all(map(torch.equal, before, weights(bert)))
    assert torch.equal(state, torch.get_rng_state())


def test_the_best_checkpoint_is_chosen_on_rows_that_are_not_reported(bert):
    config = TrainConfig(steps=70, lr=3e-3, batch_size=8, train_blocks=1, validation_share=0.2)
    events, done = run(bert, graded(160), config)
    looks = [event for event in events if isinstance(event, Eval)]
    assert len(looks) >= 4
    assert looks[0].step == 0
    assert not looks[0].best  # a run ends with something trained
    assert done.kept_step == [look.step for look in looks if look.best][-1]


class Scripted:
    """A model whose vectors are what it is told; its one parameter says which step it is at."""

    def __init__(self, validation):
        self.parameters = [torch.nn.Parameter(torch.zeros(1))]
        self.validation, self.quality = validation, 0.0

    def at(self, step: int, quality: float) -> int:
        self.parameters[0].data.fill_(step)
        self.quality = quality
        return step

    def prepare(self, texts, on_batch=None):
        pass

    def length(self, text):
        return 1

    def train(self, mode):
        pass

    def embed(self, texts):
        """Cosines of a pair follow its label, the more so the higher `quality`."""
        angle = {}
        chance = np.random.default_rng(0)
        for row, label in zip(self.validation.texts, self.validation.labels, strict=True):
            noise = chance.uniform()
            angle[row[0]] = 0.0
            angle[row[1]] = 3 * (1 - self.quality * label - (1 - self.quality) * noise)
        return torch.tensor([[np.cos(angle[t]), np.sin(angle[t])] for t in texts])


def test_the_checkpoint_that_scores_highest_is_kept_and_of_equals_the_latest():
    # The latest within one standard error was: 79.3 after 84.3, worse beyond chance on these rows.
    validation = graded(80)
    model = Scripted(validation)
    keeper = BestKeeper(model, validation)
    scores = (0.5, 0.1, 0.4, 0.3, 0.4, 0.2)
    kept = [keeper.look(model.at(step, q))[1] for step, q in enumerate(scores)]
    assert kept == [False, True, True, False, True, False]
    assert keeper.step == 4
    assert keeper.tired == 3  # looks since it rose
    keeper.restore()
    assert model.parameters[0].item() == 4


def test_where_validation_has_one_label_the_last_step_is_kept_and_none_ends_the_run():
    pairs = replace(graded(80), kind="binary")
    ones = pairs.take(np.flatnonzero(pairs.labels == 1))
    model = Scripted(ones)
    keeper = BestKeeper(model, ones)
    for step in range(6):
        keeper.look(model.at(step, 0.5))
    assert (keeper.step, keeper.tired) == (5, 0)
    [note] = run_warnings(keeper, [1.0] * 30, TrainConfig(lr=0.1))
    assert "all the same" in note
    assert "last step is kept" in note


@pytest.mark.parametrize(("patience", "steps"), [(1, 60), (0, 70)])
def test_a_run_ends_where_nothing_has_improved_for_a_while_and_says_so(bert, patience, steps):
    config = TrainConfig(steps=70, lr=1e-12, batch_size=8, train_blocks=1, validation_share=0.2,
                         patience=patience)  # fmt: skip
    done = run(bert, graded(80), config)[1]
    assert (done.steps, done.stopped) == (steps, steps < 70)
    said = [note for note in done.notes if note.startswith("Ended after 60 steps: 1 look")]
    assert len(said) == (steps < 70)


def test_held_out_pairs_of_ones_own_are_used_as_they_are(bert):
    done = run(bert, graded(), held_out=graded(20))[1]
    assert len(done.predictions[0].values) == 20


def test_a_loss_that_is_no_number_ends_the_run_in_words(tiny_folder):
    broken = load_encoder(tiny_folder("bert"))
    with torch.no_grad():
        broken.backbone.model.encoder.layer[1].output.dense.weight[0, 0] = torch.nan
    with pytest.raises(TrainingFailed, match="Lower the learning rate"):
        list(fine_tune(broken, graded(), QUICK))


def test_settings_that_do_not_fit_are_refused_together():
    with pytest.raises(EncoderError, match=r"(?s)epochs is -1.*batch_size is 1"):
        TrainConfig(epochs=-1, batch_size=1)


def test_a_loss_that_does_not_fit_lists_those_that_do(bert):
    with pytest.raises(EncoderError, match="cosine_mse, cosent, angle"):
        next(fine_tune(bert, graded(), TrainConfig(loss="triplet")))


def test_more_blocks_than_the_model_has_are_refused(bert):
    with pytest.raises(EncoderError, match="has 2 blocks"):
        next(fine_tune(bert, graded(), TrainConfig(train_blocks=9)))


# --- batches and rates --------------------------------------------------------------------------


def test_an_epoch_holds_every_row_once_rows_of_like_length_together():
    rows = [(f"a{i}", f"b{i}") for i in range(100)]
    lengths = [i % 50 for i in range(100)]
    order = (rows, lengths, 8, 0, False)
    count = batches_an_epoch(*order)
    endless = batches_of_rows(*order)
    first = [next(endless) for _ in range(count)]
    assert sorted(row for batch in first for row in batch) == list(range(100))
    spread = [max(lengths[r] for r in b) - min(lengths[r] for r in b) for b in first]
    assert np.mean(spread) < 20  # 44 where batches are drawn at random
    second = [next(endless) for _ in range(count)]
    assert first != second


def test_no_batch_holds_a_text_twice_where_that_would_be_a_false_negative():
    rows = [(f"question {i % 7}", f"answer {i}") for i in range(40)]
    order = (rows, [1] * 40, 8, 0, True)
    endless, seen = batches_of_rows(*order), []
    for _ in range(batches_an_epoch(*order)):
        batch = next(endless)
        texts = [text for row in batch for text in rows[row]]
        assert len(texts) == len(set(texts))
        assert len(batch) <= 8
        seen += batch
    assert sorted(seen) == list(range(40))


def test_two_rows_meet_in_a_batch_as_often_as_is_said():
    # Sorted by length, rows of one length met in 44 % of the epochs, and 3 % were told.
    rows = [(f"question {i}", f"answer {i}") for i in range(100)]
    lengths = [i // 5 for i in range(100)]  # the first five are equally long
    endless, met, epochs = batches_of_rows(rows, lengths, 8, 0, True), 0, 600
    for _ in range(epochs * batches_an_epoch(rows, lengths, 8, 0, True)):
        batch = next(endless)
        met += 0 in batch and 1 in batch
    chance = meeting_chance(100, 8)
    assert abs(met / epochs - chance) < 4 * (chance / epochs) ** 0.5


def test_near_duplicates_are_kept_apart_and_templates_fill_their_batches():
    near = [f"one two three four five six seven eight nine {i}" for i in range(30)]
    rows = [(near[i], f"answer {i}") for i in range(30)] + [(f"q {i}", f"a {i}") for i in range(50)]
    twins = {frozenset((i - 1, i)) for i in range(1, 30)}  # each was found near the one before
    endless = batches_of_rows(rows, [1] * 80, 8, 0, True)
    sizes = []
    for _ in range(20 * batches_an_epoch(rows, [1] * 80, 8, 0, True)):
        batch = next(endless)
        sizes.append(len(batch))
        assert not [pair for pair in twins if pair <= set(batch)]
    assert np.mean(sizes) > 6


def test_of_many_rows_only_equal_texts_are_kept_apart(monkeypatch):
    rows = [("one two three four five", "aha"), ("one two three four five six", "b"), ("x", "Aha!")]
    near = companies(rows)
    assert not near[0].avoids.isdisjoint(near[1].own)
    monkeypatch.setattr("ingest.apart.NEAR_ROWS", 2)
    far = companies(rows)
    assert far[0].avoids.isdisjoint(far[1].own)
    assert far[0].avoids & far[2].own == {"aha"}


def test_the_rate_rises_then_falls_to_nothing():
    rates = [learning_rate(step, 100, 1.0, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:51] == [1.0] * 42
    assert rates[75] == pytest.approx(0.5)
    assert rates[-1] == pytest.approx(1 / 50)
    unknown = [learning_rate(step, None, 1.0, 10) for step in range(50)]
    assert unknown == rates[:50]


def test_the_prompt_is_part_of_what_is_trained(tiny):
    enc = tiny("bert")
    assert Options().prompt is None
    model = Trainable(enc, 1)
    model.prepare(["a"])
    assert model.length("a") == len(enc.tokenize("a").ids)
