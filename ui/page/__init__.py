"""Pieces that every tab is built from. No tab is imported here."""
