"""Errors a person can act on: what, where, both values, and the remedy."""


class ExploreError(ValueError):
    """Vectors or settings that nothing can be made of; its text may be shown to a visitor."""


class Stopped(Exception):
    """Work that was given up on request."""
