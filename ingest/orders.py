"""Values that stand in an order people know: never … always, low … high, grade 1 … grade 4."""

import re
from collections.abc import Mapping, Sequence

# Each a scale, the lowest first; words in one place mean the same.
SCALES_OF_WORDS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (
        ("never", "nie", "jamais", "nunca"),
        ("rarely", "seldom", "hardly ever", "selten", "rarement", "raramente"),
        ("sometimes", "occasionally", "manchmal", "parfois", "a veces"),
        ("often", "frequently", "oft", "souvent", "a menudo"),
        ("usually", "mostly", "nearly always", "almost always", "meistens"),
        ("always", "immer", "toujours", "siempre"),
    ),
    (
        ("none", "no", "not at all", "zero", "nil"),
        ("very low", "minimal", "very weak", "sehr niedrig"),
        ("low", "little", "small", "weak", "slight", "niedrig", "bas", "faible", "bajo"),
        ("medium", "moderate", "mid", "middle", "average", "mittel", "moyen", "medio"),
        ("high", "large", "strong", "much", "hoch", "haut", "fort", "alto"),
        ("very high", "very strong", "very large", "sehr hoch"),
        ("full", "complete", "maximal"),
    ),
    (
        ("terrible", "awful", "very bad", "very poor", "sehr schlecht"),
        ("bad", "poor", "schlecht", "mauvais", "malo"),
        ("fair", "ok", "okay", "average", "mediocre", "acceptable", "neutral", "mittel"),
        ("good", "gut", "bon", "bueno"),
        ("very good", "great", "sehr gut"),
        ("excellent", "perfect", "outstanding"),
    ),
    (
        ("strongly disagree", "completely disagree"),
        ("disagree",),
        ("somewhat disagree", "slightly disagree"),
        ("neutral", "undecided", "neither agree nor disagree", "neither"),
        ("somewhat agree", "slightly agree", "partly agree"),
        ("agree",),
        ("strongly agree", "completely agree"),
    ),
    (
        ("irrelevant", "not relevant", "non relevant"),
        ("marginally relevant", "slightly relevant"),
        ("somewhat relevant", "partially relevant", "partly relevant"),
        ("relevant", "fairly relevant"),
        ("highly relevant", "very relevant"),
        ("perfectly relevant", "vital"),
    ),
    (
        ("opposite", "contradictory"),
        ("different", "unrelated", "dissimilar", "not similar", "not related"),
        ("slightly similar", "slightly related", "loosely related"),
        ("partly similar", "somewhat similar", "somewhat related", "partial", "related"),
        ("similar", "closely related"),
        ("very similar", "nearly the same", "almost the same", "near duplicate"),
        ("same", "the same", "identical", "equivalent", "duplicate", "exact"),
    ),
    (
        ("no", "definitely not", "wrong", "incorrect", "fail", "reject", "nein", "non"),
        ("probably not", "unlikely", "rather not", "rather no", "eher nein"),
        ("maybe", "perhaps", "unsure", "partly", "partially", "partially correct", "possibly",
         "borderline", "vielleicht", "unclear"),
        ("probably", "likely", "rather yes", "mostly", "eher ja"),
        ("yes", "definitely", "right", "correct", "pass", "accept", "ja", "oui", "sí", "si"),
    ),
)  # fmt: skip
# Words by which somebody has judged, whatever the column is called.
JUDGEMENTS = frozenset(
    (
        *("good", "bad", "ok", "okay", "not ok", "nok", "keep", "drop", "pass", "passed", "fail"),
        *("failed", "accept", "accepted", "reject", "rejected", "right", "wrong", "fine", "broken"),
        *("valid", "invalid", "useful", "useless", "approved", "declined", "up", "down", "agree"),
        *("disagree", "gut", "schlecht", "richtig", "falsch", "bon", "mauvais", "bueno", "malo"),
        *("like", "dislike", "hit", "miss", "success", "failure", "unsure", "maybe", "skip"),
        *("\N{THUMBS UP SIGN}", "\N{THUMBS DOWN SIGN}", "+", "-", "✓", "✔", "✅", "✗", "✘", "❌"),
    )
)
# As in the ESCI data of shopping queries (Reddy et al., 2022): the gains that its metric gives.
ESCI = {"exact": 1.0, "substitute": 0.1, "complement": 0.01, "irrelevant": 0.0}
ESCI_LETTERS = {word[0]: gain for word, gain in ESCI.items()}
NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
)
NUMBER = re.compile(r"[-+−]?\d+(?:[.,]\d+)?")
FILLED_SIGNS = "★⭐●■+*"
EMPTY_SIGNS = "☆○□"
SEVERAL = 3  # values of an order


def grades_of(values: Sequence[str]) -> dict[str, float] | None:
    """{value: 0 … 1} for three values or more in an order that people know, else None.

    The steps are even; of numbers inside words and of ESCI they are as these say.
    """
    words = {value: _plain(value) for value in values}
    if len(set(words.values())) < SEVERAL:
        return None
    for gains in (ESCI, ESCI_LETTERS):
        if set(words.values()) <= set(gains):
            return {value: gains[word] for value, word in words.items()}
    places = next(filter(None, (order(words) for order in ORDERS)), None)
    if places is None or len(set(places.values())) < SEVERAL:
        return None
    low, high = min(places.values()), max(places.values())
    return {value: round((place - low) / (high - low), 4) for value, place in places.items()}


def are_judgements(values: Sequence[str]) -> bool:
    """All of them say how good something is, or stand in a known order of words."""
    words = [_plain(value) for value in values if value]
    known = bool(words) and all(word in JUDGEMENTS for word in words)
    return known or _on_a_scale_of_words({word: word for word in words}) is not None


def _plain(value: str) -> str:
    """'Very_Good' and 'very good' are one; the look of a sign makes no other sign of it."""
    text = re.sub(r"[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]", "", value.casefold().replace("−", "-"))
    return " ".join(re.sub(r"(?<=\w)[_/-]+(?=\w)", " ", text).split())


def _on_a_scale_of_words(words: Mapping[str, str]) -> dict[str, float] | None:
    for scale in SCALES_OF_WORDS:
        place_of = {word: place for place, same in enumerate(scale) for word in same}
        if all(word in place_of for word in words.values()):
            present = sorted({place_of[word] for word in words.values()})
            return {value: float(present.index(place_of[w])) for value, w in words.items()}
    return None


def _by_number(words: Mapping[str, str]) -> dict[str, float] | None:
    """'grade 1', 'grade 2'; '1 of 5', '3 of 5': the first number, where all else is the same."""
    numbers = {value: NUMBER.search(word) for value, word in words.items()}
    rest = {NUMBER.sub("", word, count=1) for word in words.values()}
    if len(rest) > 1 or not all(numbers.values()):
        return None
    return {value: float(n[0].replace("−", "-").replace(",", ".")) for value, n in numbers.items()
            if n}  # fmt: skip


def _by_signs(words: Mapping[str, str]) -> dict[str, float] | None:
    """'★', '★★', '★★★☆☆': how many of a sign."""
    signs = {sign for word in words.values() for sign in word} - set(EMPTY_SIGNS)
    if len(signs) != 1 or not signs <= set(FILLED_SIGNS):
        return None
    [sign] = signs
    return {value: float(word.count(sign)) for value, word in words.items()}


def _by_number_word(words: Mapping[str, str]) -> dict[str, float] | None:
    if not set(words.values()) <= set(NUMBER_WORDS):
        return None
    return {value: float(NUMBER_WORDS.index(word)) for value, word in words.items()}


def _by_letter(words: Mapping[str, str]) -> dict[str, float] | None:
    """A, B, C, as marks at school: A is the best."""
    letters = sorted(set(words.values()))
    if any(len(letter) != 1 for letter in letters):
        return None
    usual = list("abcdef")[: len(letters)]
    if letters not in (usual, [*usual[:-1], "f"]):
        return None
    return {value: -float(letters.index(word)) for value, word in words.items()}


ORDERS = (_on_a_scale_of_words, _by_number, _by_signs, _by_number_word, _by_letter)
