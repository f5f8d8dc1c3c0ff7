"""The pairs behind the example chips: each shows one thing a vector gets right or wrong."""

EXAMPLES: dict[str, tuple[str, str]] = {
    "Paraphrase": (
        "The match was called off because the pitch was under water.",
        "A flooded field forced them to cancel the game.",
    ),
    "Same words, different meaning": (
        "She left her job at the bank to study law.",
        "By law, the study of the left bank is her job.",
    ),
    "Who did what": (
        "The cat chased the dog through the garden.",
        "The dog chased the cat through the garden.",
    ),
    "Negation": (
        "The new medicine is safe for children.",
        "The new medicine is not safe for children.",
    ),
    "Changed number": (
        "The ticket to Lisbon costs 40 euros.",
        "The ticket to Lisbon costs 400 euros.",
    ),
    "Same topic": (
        "Knead the dough for ten minutes and let it rise.",
        "My sourdough never gets a proper crust.",
    ),
    "Unrelated": (
        "Photosynthesis turns light into chemical energy.",
        "Our landlord still hasn't fixed the lift.",
    ),
}

FIRST = EXAMPLES["Paraphrase"]

TEN: tuple[str, ...] = (
    "The match was called off because the pitch was under water.",
    "A flooded field forced them to cancel the game.",
    "Heavy rain turned the stadium into a lake.",
    "The goalkeeper saved two penalties in the final.",
    "How do I cancel my subscription?",
    "I want to stop paying for this service every month.",
    "Photosynthesis turns light into chemical energy.",
    "Plants make sugar out of sunshine.",
)
