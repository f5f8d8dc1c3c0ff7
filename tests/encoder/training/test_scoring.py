"""Scoring in small pieces: nobody waits long to be heard, and no batch asks for much memory."""

from io import StringIO

import numpy as np
import pytest
import torch

from encoder import ArrayCache
from encoder.batching import CHARACTER_BUDGET, TOKEN_BUDGET, pieces
from encoder.evaluation import measure
from encoder.training import BEFORE, FROZEN, LOOK, fine_tune
from encoder.training.linear import LinearMap
from encoder.training.rivals import mapped_predictions, whitening
from encoder.training.scoring import (
    BestKeeper,
    in_chunks,
    metrics_of,
    predicted_by,
    predictions,
    predictions_of,
)
from encoder.training.trainable import Trainable
from ingest import read_pairs
from tests.encoder.training.pairs import QUICK, graded


def long_pairs(rows: int = 90):
    """Of 80 tokens a text, the most that a tiny model reads: 64 of them are 5,120."""
    story = "the cat and the storm by the river " * 12
    lines = ["sentence1,sentence2,score"]
    lines += [f"{story}{i},{i} {story},{i % 6}" for i in range(rows)]
    return read_pairs(StringIO("\n".join(lines)))


class Heard(list):
    """What a listener was told; `patience` words, then it leaves."""

    def __init__(self, patience: int = 10**9) -> None:
        super().__init__()
        self.patience = patience

    def __bool__(self) -> bool:
        return True  # a listener, even before it heard anything

    def __call__(self, *word) -> None:
        self.append(word)
        if len(self) > self.patience:
            raise InterruptedError


def most_embedded(model, monkeypatch) -> list[int]:
    """The padded tokens of every call of `embed` from now on."""
    embed, calls = model.embed, []

    def counting(texts):
        calls.append(len(texts) * max(model.length(text) for text in texts))
        return embed(texts)

    monkeypatch.setattr(model, "embed", counting)
    return calls


def test_a_piece_to_tokenize_is_bounded_by_its_characters():
    texts = ["x" * length for length in (CHARACTER_BUDGET * 2, 10, 70_000, 60_000, 3)]
    found = list(pieces(texts))
    assert found[0] == [0]  # too large alone
    assert sorted(i for piece in found for i in piece) == list(range(5))
    assert all(len(piece) * len(texts[piece[0]]) <= CHARACTER_BUDGET for piece in found[1:])


def test_long_texts_are_scored_in_batches_of_few_tokens(bert, count_forwards, monkeypatch):
    # Batches had 64 texts and words on progress came every 256 texts, whatever their length.
    pairs = long_pairs()
    with count_forwards(bert) as calls:
        heard = Heard()
        predictions(bert, pairs, heard)
    assert max(rows * tokens for rows, tokens in calls) <= TOKEN_BUDGET
    assert len(calls) > 10
    assert len(heard) >= len(calls)
    assert heard[-1] == (180, 180)
    model = Trainable(bert, 1)
    tokens, heard = most_embedded(model, monkeypatch), Heard()
    predictions_of(model, pairs, heard)
    assert max(tokens) <= TOKEN_BUDGET
    assert len(tokens) > 10
    assert len(heard) >= 2 * len(tokens)  # frozen output, and what trains
    assert [done for done, _ in heard[-len(tokens) :]] == sorted({d for d, _ in heard} - {0})


def test_vectors_come_back_in_the_order_of_the_texts(bert):
    texts = list(dict.fromkeys(text for row in graded(40).texts for text in row))
    heard = Heard()
    found = in_chunks(bert.with_cache(ArrayCache(0)), texts, heard)
    np.testing.assert_allclose(found, bert.encode(texts), atol=1e-6)
    assert heard[-1] == (len(texts), len(texts))
    known = Heard()
    in_chunks(bert, texts, known)  # nothing runs, and the listener hears of it all the same
    assert known[-1] == (len(texts), len(texts))


def test_encode_tells_how_many_distinct_texts_are_done(bert):
    bert.encode(["a"])
    assert bert.unread(["a", "b", "a", "b"]) == ["b"]
    heard = Heard()
    bert.encode(["a", "b", "b", "c"], on_batch=heard)
    assert heard == [(3, 3)]
    assert bert.unread(["a", "b", "c"]) == []
    with pytest.raises(InterruptedError):
        bert.encode(["d"], on_batch=Heard(0))


@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_every_way_to_score_can_be_ended(bert, blocks):
    pairs = graded(20)

    def learner():
        return Trainable(bert, blocks) if blocks else LinearMap(bert.with_cache(ArrayCache(0)))

    for score in (
        lambda: predictions(bert.with_cache(ArrayCache(0)), pairs, Heard(0)),
        lambda: predictions_of(learner(), pairs, Heard(0)),
        lambda: metrics_of(learner(), pairs, Heard(0)),
        lambda: BestKeeper(learner(), pairs).look(0, Heard(0)),
        lambda: learner().prepare(pairs.texts[0], Heard(0)),
        lambda: mapped_predictions(
            bert.with_cache(ArrayCache(0)), whitening(bert, pairs), pairs, Heard(0)
        ),
    ):
        with pytest.raises(InterruptedError):
            score()


def test_looks_on_the_way_are_told_where_they_take_long(bert, monkeypatch):
    monkeypatch.setattr("encoder.training.step_budget.WORD_S", 0.0)
    heard = Heard()
    for _ in fine_tune(bert, graded(80), QUICK, on_progress=heard):
        pass
    assert {BEFORE, FROZEN, LOOK} <= {what for what, _, _ in heard}
    for what in (BEFORE, FROZEN, LOOK):
        first = next(i for i, word in enumerate(heard) if word[0] == what)
        with pytest.raises(InterruptedError):
            list(fine_tune(bert.with_cache(ArrayCache(0)), graded(80), QUICK,
                           on_progress=Heard(first)))  # fmt: skip


def test_short_looks_and_steps_are_not_told_of(bert):
    heard = Heard()
    list(fine_tune(bert, graded(60), QUICK, on_progress=heard))
    assert {what for what, _, _ in heard} == {BEFORE, FROZEN, "scoring after"}


def test_what_is_scored_does_not_depend_on_the_batches(bert, monkeypatch):
    pairs, found = long_pairs(20), []
    for budget in (TOKEN_BUDGET, 100):
        monkeypatch.setattr("encoder.batching.batches.__defaults__", (budget, 1))
        model = Trainable(bert, 1)
        found.append(predictions_of(model, pairs).values)
    np.testing.assert_allclose(*found, atol=1e-5)
    assert torch.is_grad_enabled()


# --- an anchor with several right answers ---------------------------------------------------------


def answered(questions: list[str], answers: list[str]):
    """Positive pairs, a row for each question and answer."""
    lines = ["anchor,positive", *map(",".join, zip(questions, answers, strict=True))]
    return read_pairs(StringIO("\n".join(lines)))


def by_topic(texts):
    """(N, 3) of a perfect retriever: the direction is the number at the end of a text."""
    return np.eye(3, dtype=np.float32)[[int(text.strip("?!. ")[-1]) for text in texts]]


def test_a_perfect_retriever_of_several_answers_is_perfect():
    # It had an MRR of .61 and a recall@1 of .33: an anchor's other answers counted as wrong.
    questions = [f"What is topic {i}?" for i in range(3) for _ in range(3)]
    answers = [f"Answer {k} of topic {i}" for i in range(3) for k in "abc"]
    found = predicted_by(by_topic, answered(questions, answers))
    assert found.values.tolist() == [1] * 9
    assert measure(found, "mrr") == measure(found, "recall@1") == 1


def test_the_same_question_or_answer_in_another_spelling_is_the_same():
    questions = ["Which one is 0?", "which one is 0", "Which one is 1?"]
    answers = ["It is 0", "Look at 0", "IT IS 0."]
    found = predicted_by(by_topic, answered(questions, answers))
    assert found.values.tolist() == [1, 1, 1.5]  # the last question has one wrong answer, as near


def test_wrong_answers_still_count():
    found = predicted_by(
        by_topic, answered(["Is it 0?", "Is it 0?", "Is it 1?"], ["No 1", "Yes 0", "So 0"])
    )
    assert found.values.tolist() == [2, 1.5, 2.5]  # of the right ones, the other is no rival
