"""Errors a person can act on: what, where, both values, and the remedy."""

from collections.abc import Iterable

from ingest.errors import LabError


class EncoderError(LabError, ValueError):
    """Base of every error that the encoder and its training raise on purpose."""


class UnknownName(EncoderError):
    """A pooling, layer or model that does not exist; the message lists the valid ones."""

    def __init__(self, what: str, unknown: object, valid: Iterable[object]) -> None:
        shown = unknown if isinstance(unknown, int) else str(unknown)[:40]
        super().__init__(
            f"Unknown {what} {shown!r}. Choose one of: {', '.join(str(name) for name in valid)}."
        )


class BadText(EncoderError):
    """Something that is not a text where a text is needed."""


class ModelRefused(EncoderError):
    """A model we will not load: pickled weights, too large, a module we cannot run, ..."""


class DownloadFailed(EncoderError):
    """A model that could not be fetched: no network, not found, gated, wrong checksum."""


class TrainingFailed(EncoderError):
    """A run that cannot go on; the source encoder is untouched."""
