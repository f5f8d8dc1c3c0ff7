"""The pairs behind the example chips: each shows one thing a vector gets right or wrong."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """Two sentences and what to look for in their scores."""

    a: str
    b: str
    look: str


EXAMPLES: dict[str, Example] = {
    "Paraphrase": Example(
        "Our flight was delayed by a thunderstorm.",
        "A storm made our plane leave late.",
        "The same event in other words; of the words that carry it only “storm” occurs in both, "
        "and in A it is a piece of “thunderstorm”.",
    ),
    "Same words, different meaning": Example(
        "She left her job at the bank to study law.",
        "By law, the study of the left bank is her job.",
        "The same words in another order and sense. A vector that is mostly a bag of words cannot "
        "keep these apart; go down the layers and see how much of one it is.",
    ),
    "Who did what": Example(
        "The cat chased the dog through the garden.",
        "The dog chased the cat through the garden.",
        "The roles are swapped, and hardly any score minds. The words are the same, only their "
        "places differ. Even cls, which averages nothing, barely moves: this model was never "
        "taught that it matters who chases whom.",
    ),
    "Negation": Example(
        "The new medicine is safe for children.",
        "The new medicine is not safe for children.",
        "One small word reverses the meaning, one token among eleven. A high similarity does not "
        "mean that two sentences agree.",
    ),
    "Changed number": Example(
        "The ticket to Lisbon costs 40 euros.",
        "The ticket to Lisbon costs 400 euros.",
        "Ten times the price, one token changed. Do not rely on a cosine to check a price, a "
        "date or a dose.",
    ),
    "Same topic": Example(
        "Knead the dough for ten minutes and let it rise.",
        "My sourdough never gets a proper crust.",
        "Both are about bread and neither says what the other says: related is not the same.",
    ),
    "Unrelated": Example(
        "Photosynthesis turns light into chemical energy.",
        "Our landlord still hasn't fixed the lift.",
        "Nothing in common, yet the raw numbers are far from all 0. What counts as low depends "
        "on the model, the layer and the strategy.",
    ),
}

FIRST = EXAMPLES["Paraphrase"]

SENTENCES: tuple[str, ...] = (
    "Our flight was delayed by a thunderstorm.",
    "A storm made our plane leave late.",
    "Passengers spent the night on the airport floor.",
    "The forecast promises sunshine until Sunday.",
    "How do I cancel my subscription?",
    "I want to stop paying for this service every month.",
    "Photosynthesis turns light into chemical energy.",
    "Plants make sugar out of sunshine.",
)


def what_to_look_for(a: str, b: str) -> str:
    """The remark of the example that this pair is, in either order; or ""."""
    for example in EXAMPLES.values():
        if {a, b} == {example.a, example.b}:
            return example.look
    return ""
