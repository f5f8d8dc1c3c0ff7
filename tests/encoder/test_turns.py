"""One visitor's large file does not keep the tokenizer from another's five words."""

import threading

import pytest

from encoder.batching import CHARACTER_BUDGET, first_part

WORDS = "A cat sleeps on the warm window sill. "


@pytest.mark.parametrize("as_one_text", [True, False])
def test_five_words_do_not_wait_for_a_large_file(bert, as_one_text):
    many = [WORDS * (CHARACTER_BUDGET // len(WORDS))] * 20
    texts = ["".join(many)] if as_one_text else many
    characters = sum(map(len, texts))
    begun, read = threading.Event(), threading.Event()
    encode = bert.backbone._encode
    encoded = 0

    def counted(some):
        nonlocal encoded
        begun.set()
        result = encode(some)
        encoded += sum(map(len, some))
        if encoded == characters:
            read.set()
        return result

    large = bert.backbone.with_model(bert.backbone.model)  # shares the tokenizer and its lock
    large._encode = counted
    thread = threading.Thread(target=large.tokenize, args=[texts])
    thread.start()
    assert begun.wait(10)
    for _ in range(3):
        bert.tokenize("Five words of a visitor")
    assert not read.is_set(), "they had their turn between two pieces"
    thread.join()
    assert read.is_set()


def test_all_that_a_long_text_loses_is_counted(bert):
    sentence, long = bert.tokenize(WORDS), bert.tokenize(WORDS * 10_000)
    tokens = len(sentence.ids) - sum(sentence.special)
    assert long.cut + bert.max_tokens - sum(long.special) == 10_000 * tokens
    assert long.ids == bert.tokenize(WORDS * 100).ids


def test_a_part_ends_at_a_space_or_where_it_must():
    assert first_part("one two three", 9) == "one two"
    assert first_part("x" * 20, 9) == "x" * 9
    assert first_part("short", 9) == "short"
