"""The vector cache: what it saves, what its keys tell apart, and how much it may hold."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from encoder import ArrayCache, Encoder, Options, load_encoder
from encoder.cache import ENTRY_OVERHEAD
from tests.tiny_models import SENTENCES, build

TEXTS = SENTENCES[:4]
SIZE = ENTRY_OVERHEAD + 40  # of an entry of ten float32


def ten(value):
    return np.full(10, value, np.float32)


@pytest.fixture
def encode(bert, count_forwards):
    """Encode and say how many sentences went through the transformer for it."""

    def encode(texts, *settings, encoder=bert, **options):
        with count_forwards(encoder) as calls:
            vectors = encoder.encode(texts, *settings, **options)
        return vectors, sum(batch for batch, _ in calls)

    return encode


# What it saves


def test_a_second_time_costs_no_forward_pass_and_gives_the_same(encode):
    first, forwarded = encode(TEXTS)
    second, again = encode(TEXTS[::-1])
    assert (forwarded, again) == (len(TEXTS), 0)
    np.testing.assert_array_equal(second[::-1], first)


def test_only_new_texts_are_forwarded_and_identical_ones_once(encode):
    encode(TEXTS[:2], "max")
    vectors, forwarded = encode([*TEXTS, *TEXTS, "new", "new"], "max")
    assert forwarded == 3
    np.testing.assert_array_equal(vectors[:4], vectors[4:8])


def test_one_entry_serves_both_normalised_and_not(encode, bert):
    raw, _ = encode(TEXTS, "mean", normalize=False)
    unit, forwarded = encode(TEXTS, "mean", normalize=True)
    assert forwarded == 0
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-6)
    assert np.linalg.norm(raw, axis=1).min() > 1.5
    np.testing.assert_allclose(unit * np.linalg.norm(raw, axis=1, keepdims=True), raw, atol=1e-5)
    again, _ = encode(TEXTS, "mean", normalize=False)
    np.testing.assert_array_equal(again, raw)


def test_changing_what_encode_returned_does_not_change_the_cache(encode):
    first, _ = encode(TEXTS)
    expected = first.copy()
    first[:] = 7
    np.testing.assert_array_equal(encode(TEXTS)[0], expected)


def test_looking_inside_twice_costs_one_forward_pass(bert, count_forwards):
    with count_forwards(bert) as calls:
        bert.trace(TEXTS[0])
        bert.explain_pair(TEXTS[0], TEXTS[0], "mean", 1)
        bert.explain_pair(TEXTS[0], TEXTS[0], "cls", options=Options(pool_special=False))
        bert.pooled(TEXTS[0], ["max", "soft:3"], bert.layers)
    assert len(calls) == 2  # one without padding, one with the padding of mean_with_padding


# What the key tells apart

CALLS = {
    "pooling": {"pooling": "max"},
    "parameter": {"pooling": "soft:2"},
    "near parameter": {"pooling": "soft:2.0000001"},
    "padding length": {"pooling": "mean_with_padding:32"},
    "other padding length": {"pooling": "mean_with_padding:33"},
    "layer": {"layer": 1},
    "named layer": {"layer": "last2"},
    "own pipeline": {"pooling": None},
    "mask": {"options": Options(pool_special=False)},
    "prompt": {"options": Options(prompt="Never ")},
    "padding side": {"options": Options(padding_side="left")},
    "background idf": {"pooling": "idf_mean"},
}


@pytest.mark.parametrize("name", CALLS)
def test_every_setting_is_in_the_key(encode, name):
    base = {"pooling": "mean", "layer": -1}
    encode(TEXTS, **base)
    for other, call in CALLS.items():
        if other != name:
            encode(TEXTS, **base | call)
    vectors, forwarded = encode(TEXTS, **base | CALLS[name])
    assert forwarded == len(TEXTS)
    _, again = encode(TEXTS, **base | CALLS[name])
    assert again == 0
    assert len({vector.tobytes() for vector in vectors}) == len(TEXTS)


def test_idf_weights_are_in_the_key(encode, bert):
    for corpus in (["cat", "the cat"], ["the weather", "the cat"]):
        options = Options(idf=bert.fit_idf(corpus))
        assert encode(TEXTS, "idf_mean", options=options)[1] == len(TEXTS)
        same = Options(idf=bert.fit_idf(list(corpus)))
        assert encode(TEXTS, "idf_mean", options=same)[1] == 0


def test_a_prompt_and_a_text_are_not_confused(encode):
    together, _ = encode(["a b"], "mean", options=Options(prompt=""))
    split, _ = encode(["b"], "mean", options=Options(prompt="a "))
    np.testing.assert_allclose(together, split, atol=1e-6)
    swapped, forwarded = encode(["a "], "mean", options=Options(prompt="b "))
    assert forwarded == 1
    assert np.abs(swapped - split).max() > 0.01


def test_layers_by_two_names_are_one_entry(encode):
    encode(TEXTS, "mean", -1)
    assert encode(TEXTS, "mean", 2)[1] == 0


def test_models_may_share_a_cache(encode, bert, tiny, tmp_path):
    """Other weights, another architecture, another limit, another head: none may answer."""
    cache = bert.cache
    short = shutil.copytree(bert.save(tmp_path / "a"), tmp_path / "b") / "sentence_bert_config.json"
    short.write_text(json.dumps({"max_seq_length": 5}))
    other_head = replace(bert.recipe, include_prompt=False)
    models = [
        bert,
        tiny("distilbert").with_cache(cache),
        load_encoder(build("bert", tmp_path / "c", seed=1), cache=cache),
        load_encoder(tmp_path / "b", cache=cache),
        Encoder("no prompt", bert.backbone, other_head, cache),
        load_encoder(tmp_path / "a", cache=cache).with_pooling("cls"),
    ]
    for model in models:
        assert encode(TEXTS, encoder=model)[1] == len(TEXTS)
    for model in models:
        assert encode(TEXTS, encoder=model)[1] == 0
    assert encode(TEXTS, encoder=bert.with_cache(ArrayCache(10**6)))[1] == len(TEXTS)


def test_prompts_left_out_of_pooling_are_another_vector_of_a_named_pooling_too(encode, bert):
    other = Encoder(
        "no prompt", bert.backbone, replace(bert.recipe, include_prompt=False), bert.cache
    )
    options = Options(prompt="Never ")
    pooled, _ = encode(TEXTS, "mean", options=options)
    left_out, forwarded = encode(TEXTS, "mean", options=options, encoder=other)
    assert forwarded == len(TEXTS)
    assert np.abs(pooled - left_out).max() > 0.01


# How much it holds


def test_the_least_recently_used_goes_first():
    cache = ArrayCache(3 * SIZE)
    for key in "abc":
        cache.put(key, ten(0))
    cache.get("a")
    cache.put("b", ten(1))
    cache.put("d", ten(0))  # the oldest use is now that of c
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "b", "d"]
    cache.put("e", ten(0))
    assert cache.get("a") is None


def test_bytes_stay_within_the_bound_and_are_counted_right():
    cache = ArrayCache(10 * SIZE + 5)
    for i in range(50):
        cache.put(i % 17, np.zeros(10 + i % 4, np.float32))
        assert cache.bytes <= cache.max_bytes
        kept = [array for k in range(17) if (array := cache._arrays.get(k)) is not None]
        assert cache.bytes == sum(array.nbytes + ENTRY_OVERHEAD for array in kept)
        assert len(kept) == len(cache)
    cache.clear()
    assert (cache.bytes, len(cache)) == (0, 0)
    assert cache.get(1) is None


def test_an_entry_that_is_too_large_is_not_kept_and_costs_no_other():
    cache = ArrayCache(2 * SIZE)
    cache.put("a", ten(0))
    cache.put("b", np.zeros(1000, np.float32))
    assert cache.get("b") is None
    assert cache.get("a") is not None
    cache.put("a", np.zeros(1000, np.float32))  # nor is the old value under a new one's key
    assert cache.get("a") is None
    assert cache.bytes == 0


def test_a_cache_of_no_bytes_still_gives_vectors(bert, encode):
    none = bert.with_cache(ArrayCache(0))
    assert encode(TEXTS, encoder=none)[1] == encode(TEXTS, encoder=none)[1] == len(TEXTS)


def test_entries_are_copies_that_cannot_be_written_to():
    cache = ArrayCache(10 * SIZE)
    batch = np.arange(40, dtype=np.float32).reshape(4, 10)
    cache.put("row", batch[1])
    batch[:] = 0
    kept = cache.get("row")
    assert kept.tolist() == list(range(10, 20))
    assert kept.base is None  # a view would keep the whole batch alive
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1


def test_many_threads_at_once_leave_a_sound_cache():
    cache = ArrayCache(20 * SIZE)

    def work(seed):
        random = np.random.default_rng(seed)
        for key in random.integers(0, 60, 2000).tolist():
            if (found := cache.get(key)) is None:
                cache.put(key, ten(key))
            else:
                assert (found == key).all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert cache.bytes == len(cache) * SIZE <= cache.max_bytes


def test_many_threads_may_encode_with_one_encoder(bert):
    expected = {text: bert.encode([text], "mean")[0] for text in SENTENCES}
    shared = bert.with_cache(ArrayCache(10 * SIZE))

    def work(seed):
        order = np.random.default_rng(seed).permutation(len(SENTENCES))[:5]
        texts = [SENTENCES[i] for i in order]
        return texts, shared.encode(texts, "mean"), shared.tokenize(texts[0] * 9).cut

    with ThreadPoolExecutor(6) as pool:
        for texts, vectors, cut in pool.map(work, range(24)):
            for text, vector in zip(texts, vectors, strict=True):
                np.testing.assert_allclose(vector, expected[text], atol=1e-5)
            assert cut == bert.tokenize(texts[0] * 9).cut
