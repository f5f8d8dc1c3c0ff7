"""The Fine-tune tab: pairs, a run, and what it was worth."""
