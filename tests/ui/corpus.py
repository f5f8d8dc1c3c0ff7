"""A small corpus in three topics, as a table: what tests of Map, Search and their texts open."""

from collections.abc import Iterator

FRAMES = {
    "cats": "The {} cat sleeps on the {} window sill.",
    "money": "Many {} prices rose in May and the {} bank lost!",
    "trains": "Is there a {} train to the {} stadium at nine o'clock?",
}
# Words that the tiny models can tell apart: texts with equal tokens would be one point.
WORDS = ("old", "red", "warm", "snowy", "sunny", "lovely", "long", "simple")
OTHERS = ("white", "storm", "butter", "river")
COLOURS = ("red", "blue")
EACH = 32  # texts of a topic


def rows() -> Iterator[tuple[str, str, str]]:
    """Text, topic and a colour that has nothing to do with it, topics in turn."""
    for at in range(EACH):
        for topic, frame in FRAMES.items():
            yield frame.format(WORDS[at % 8], OTHERS[at // 8]), topic, COLOURS[at // 3 % 2]


TEXTS = [text for text, _, _ in rows()]
TABLE = "text,topic,colour\n" + "".join(f"{text},{topic},{c}\n" for text, topic, c in rows())
