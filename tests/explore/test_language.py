"""Languages told by script and function words, and what function words are."""

import pytest

from explore.language import (
    carries_meaning,
    function_words,
    language_of,
    language_of_texts,
    name_of,
    script_of,
)

TOLD = {
    "ar": "كيف أحجز سيارة أجرة؟",
    "de": "Wo kann ich meine Fahrkarte kaufen?",
    "el": "Πού είναι ο σταθμός;",
    "en": "Where can I buy a ticket for the train?",
    "es": "¿Dónde puedo comprar un billete para el tren?",
    "fa": "چگونه می‌توانم یک اتاق رزرو کنم؟",
    "fr": "Où est-ce que je peux acheter un billet pour le train ?",
    "he": "איפה אפשר לקנות כרטיס?",
    "hi": "मैं टिकट कहाँ से खरीद सकता हूँ?",
    "it": "Dove posso comprare un biglietto per il treno?",
    "ja": "切符はどこで買えますか。",
    "ko": "표는 어디에서 살 수 있나요?",
    "nl": "Waar kan ik een kaartje voor de trein kopen?",
    "ru": "Где я могу купить билет на поезд?",
    "sv": "Var kan jag köpa en biljett till tåget?",
    "sw": "Ninaweza kununua tiketi ya treni kwa nani na wapi?",
    "th": "ฉันซื้อตั๋วรถไฟได้ที่ไหน",
    "uk": "Де я можу купити квиток на поїзд?",
    "vi": "Tôi có thể mua vé tàu ở đâu?",
    "zh": "我在哪里可以买火车票？",
}


@pytest.mark.parametrize("language", TOLD)
def test_a_sentence_tells_its_language(language):
    assert language_of(TOLD[language]) == language
    assert language_of(TOLD[language], "en") == language


@pytest.mark.parametrize("text", ["lost umbrella", "5550-120", "", "!?", "pool opening hours"])
def test_without_function_words_it_is_what_is_expected(text):
    assert language_of(text, "de") == "de"
    assert language_of(text) == ""


def test_what_is_expected_counts_only_in_its_script():
    assert language_of("пальто", "en") == "ru"
    assert language_of("umbrella", "ru") == ""


def test_japanese_is_told_from_chinese_by_its_kana():
    assert script_of("図書館で本を借りた") == "KANA"
    assert script_of("图书馆借书") == "CJK"


def test_the_language_of_texts_is_that_of_most():
    german = ["Wo ist der Bahnhof?", "Die Tür ist zu.", "Fenster", "Kann ich das haben?"]
    assert language_of_texts([*german, "Where is the station?"]) == "de"
    assert language_of_texts(["red shoes", "blue hat"]) == "en"
    assert language_of_texts(["rød", "blå"]) == ""


@pytest.mark.parametrize(
    ("language", "words", "others"),
    [
        ("en", ("the", "ll", "doesn"), ("home", "computer", "kettle")),
        ("de", ("ich", "die", "wenn"), ("rosen", "zug")),
        ("ja", ("で", "の"), ("猫", "図", "図書")),
        ("zh", ("的", "我们"), ("小", "大", "图")),
        ("xx", (), ("the",)),
    ],
)
def test_function_words_are_no_content_words(language, words, others):
    light = function_words(language)
    assert set(words) <= light
    assert light.isdisjoint(others)


def test_a_pair_of_letters_carries_nothing_where_one_of_them_does_not():
    assert [carries_meaning(term, "ja") for term in ("図書", "館で", "で", "の")] == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_language_has_a_name():
    assert (name_of("sw"), name_of("xx")) == ("Swahili", "xx")
