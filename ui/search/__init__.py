"""The Search tab: a question of many texts, its hits, and why each was found."""
