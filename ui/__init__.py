"""Sentence Lab on a page: what the packages below compute, and what visitors do with it."""

__version__ = "1.0.0"
