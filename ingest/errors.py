"""Errors a person can act on: what, where, both values, and the remedy."""


class IngestError(ValueError):
    """Rows that cannot be read; its text may be shown to a visitor.

    Every problem found is in `problems`, one line each; the message is all of them.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class OverLimit(IngestError):
    """More than is read, of which a sample can be asked for."""
