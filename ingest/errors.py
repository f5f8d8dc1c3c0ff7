"""Errors a person can act on: what, where, both values, and the remedy."""


class LabError(Exception):
    """Root of every error that speaks to people, in all packages of this project.

    Its text is written for whoever made the request: escaped, it may be shown as it stands. No
    other exception's may. Every problem is in `problems`; the text is all of them, one a line.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class IngestError(LabError, ValueError):
    """Rows that cannot be read."""


class OverLimit(IngestError):
    """More than is read, of which a sample can be asked for."""
