"""Which language texts are in, by their script and their function words; and which these are."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from explore.lexical import letters, tokens, unspaced

LETTERS = 400  # of a text, which its script is told by
TEXTS_READ = 500  # of a corpus, evenly spread
KANA = 0.05  # share of kana in what is Japanese, not Chinese
ENOUGH = 0.5  # of the best score: then it is the language that is expected
CLEAR = 1.0  # score of one word that no other language has: no more than that may be chance
CHINESE, ENGLISH, JAPANESE = "zh", "en", "ja"

# Scripts by the first word of their letters' Unicode names, and the languages written in them for
# which there is a list of function words; all others that have one are written in Latin letters.
SCRIPTS: dict[str, tuple[str, ...]] = {
    "ARABIC": ("ar", "fa", "ur"),
    "ARMENIAN": ("hy",),
    "BENGALI": ("bn",),
    "CJK": ("zh",),
    "CYRILLIC": ("ru", "uk", "bg"),
    "DEVANAGARI": ("hi", "mr"),
    "GREEK": ("el",),
    "GUJARATI": ("gu",),
    "HANGUL": ("ko",),
    "HEBREW": ("he",),
    "KANA": ("ja",),
    "THAI": ("th",),
}
# Letters and signs that only one language of their script has, of those that are taken for others.
SIGNS = {
    "ar": "ةىيكإأ", "fa": "پچژگکی", "ur": "ٹڈڑںےہ", "ru": "ыэё", "uk": "іїєґ", "de": "ß",
    "es": "¿¡ñ", "fr": "œ", "pl": "łżźśą", "pt": "ãõ", "tr": "ğış", "vi": "ơưạếộ",
}  # fmt: skip
KANA_SCRIPTS = ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA")
NAMES = {
    "af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "br": "Breton",
    "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician", "gu": "Gujarati",
    "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "ku": "Kurdish", "la": "Latin", "lt": "Lithuanian", "lv": "Latvian", "mr": "Marathi",
    "ms": "Malay", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "so": "Somali",
    "st": "Sotho", "sv": "Swedish", "sw": "Swahili", "th": "Thai", "tl": "Tagalog",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "yo": "Yoruba",
    "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip


def name_of(language: str) -> str:
    """A language by its ISO 639-1 code, in English."""
    return NAMES.get(language, language)


@cache
def function_words(language: str) -> frozenset[str]:
    """Words that stand in every text of a language, as the terms of `explore.lexical`.

    English ones are scikit-learn's, all others those of stopwords-iso, whose English list holds
    "computer" and "home". None for a language without a list.
    """
    if language == ENGLISH:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return frozenset(ENGLISH_STOP_WORDS) | MORE_ENGLISH
    import stopwordsiso

    # In Japanese what is not a particle in hiragana is mostly the ending of a verb.
    terms = set(map(chr, range(0x3041, 0x3097))) if language == JAPANESE else set()
    for entry in stopwordsiso.stopwords(language):
        parts = tokens(entry)
        # Of a longer word in a script without spaces, the letters are no function words.
        terms.update(part for part in parts if not unspaced(part) or part == entry)
    if language == CHINESE:
        terms = {term for term in terms if len(term) > 1 or term in CHINESE_PARTICLES}
    return frozenset(terms)


def carries_meaning(term: str, language: str) -> bool:
    """Whether a term of `explore.lexical` is no function word; a pair of letters holds none."""
    light = function_words(language) if language else frozenset()
    return term not in light and light.isdisjoint(letters(term))


# What scikit-learn's list lacks: what an apostrophe leaves of "don't" and "we'll", and some more.
MORE_ENGLISH = frozenset({
    "ain", "aren", "couldn", "d", "did", "didn", "does", "doesn", "doing", "don", "dont", "gonna",
    "got", "hadn", "hasn", "haven", "having", "im", "isn", "just", "let", "ll", "m", "mightn",
    "mustn", "needn", "re", "really", "rt", "s", "shan", "shouldn", "t", "ve", "wanna", "wasn",
    "weren", "won", "wouldn",
})  # fmt: skip
# The list of Chinese holds letters such as 小 and 大, of which many a word begins.
CHINESE_PARTICLES = frozenset(
    "的了是在和与也就都而及着或于之其这那我你他她它们把被吗呢吧啊呀嘛么不没很哪谁"
)


@cache
def _languages(script: str) -> tuple[str, ...]:
    import stopwordsiso

    if script != "LATIN":
        return SCRIPTS.get(script, ())
    others = {language for languages in SCRIPTS.values() for language in languages}
    return (ENGLISH, *sorted(stopwordsiso.langs() - others - {ENGLISH}))


@cache
def _weights(script: str) -> dict[str, dict[str, float]]:
    """{function word: {language: weight}}: one that many languages share says little of any."""
    holders: dict[str, list[str]] = {}
    for language in _languages(script):
        for word in function_words(language):
            if len(word) < 2:  # lists of all kinds hold single letters
                continue
            holders.setdefault(word, []).append(language)
    return {word: dict.fromkeys(of, len(of) ** -0.5) for word, of in holders.items()}


def script_of(text: str) -> str:
    """The script of most letters: the first word of their Unicode names, "" without letters.

    "KANA" for Japanese, whose letters are mostly Chinese.
    """
    names = [unicodedata.name(c, "").split(" ")[0] for c in text[:LETTERS] if c.isalpha()]
    if not names:
        return ""
    counts = Counter("KANA" if name in KANA_SCRIPTS else name for name in names)
    script = counts.most_common(1)[0][0]
    return "KANA" if script == "CJK" and counts["KANA"] > KANA * len(names) else script


def language_of(text: str, expected: str = "") -> str:
    """ISO 639-1 code of a text, "" where it cannot be told.

    expected: the language of what stands around it. A text without function words is taken to be
    in it where it is written in its script, and one that could be in it is.
    """
    script = script_of(text)
    if not script:
        return expected
    languages = _languages(script)
    if len(languages) == 1:
        return languages[0]
    scores: Counter[str] = Counter()
    for term in tokens(text[: 20 * LETTERS]):
        scores.update(_weights(script).get(term, {}))
    signs = set(text.lower())
    scores.update({of: len(signs & set(SIGNS[of])) for of in SIGNS if of in languages})
    best, score = scores.most_common(1)[0] if scores else ("", 0.0)
    if expected in languages and (score <= CLEAR or scores[expected] >= ENOUGH * score):
        return expected
    if score > CLEAR:
        return best
    return languages[0] if languages and script != "LATIN" else ""


def language_of_texts(texts: Sequence[str]) -> str:
    """ISO 639-1 code of the language of most of these texts; "" where none can be told.

    Where no function word stands in any of them, Latin letters without accents are read as English.
    """
    spread = texts[:: max(1, len(texts) // TEXTS_READ)]
    counts = Counter(map(language_of, spread))
    told = counts.most_common(2)
    language = next((language for language, _ in told if language), "")
    return language or (ENGLISH if _plain_latin(spread) else "")


def _plain_latin(texts: Iterable[str]) -> bool:
    return all(c.isascii() for text in texts for c in text if c.isalpha())
