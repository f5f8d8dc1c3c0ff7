"""What reading did to the rows: kept, mended, left out and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Rows = Mapping[str, tuple[int, ...]]


class Reason(str):
    """Why reading left rows out, in words for people; `code` is what code goes by.

    code: the name of the finding that a check gives for such rows, such as "too_long".
    """

    code: str

    def __new__(cls, words: str, code: str) -> "Reason":
        """Equal to its words."""
        reason = super().__new__(cls, words)
        reason.code = code
        return reason

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.code


@dataclass(frozen=True)
class Report:
    """Row numbers are 1-based data rows of the file; every row read is kept, or dropped once.

    dropped: what reading left out has a `Reason`, what a remedy did the remedy's own words.
    scaling: how labels became numbers from 0 to 1; scaled: whether that changed any; scaling_note:
    what was seen and is not certain, in sentences; scale: the (lowest, highest) label, None for
    words and kinds without labels. unrecognised, unused_label: the one of the `notes` on labels
    that were not recognised, or on a column of labels that was not used; "" where there is none.
    """

    kept: int
    fixed: Rows = field(default_factory=dict)
    dropped: Rows = field(default_factory=dict)
    scaling: str = ""
    encoding: str = ""
    delimiter: str = ""
    notes: tuple[str, ...] = ()
    scaling_note: str = ""
    scale: tuple[float, float] | None = None
    scaled: bool = False
    unrecognised: str = ""
    unused_label: str = ""

    @property
    def read(self) -> int:
        """Rows kept and rows dropped."""
        return self.kept + sum(map(len, self.dropped.values()))

    def without(self, rows: tuple[int, ...], reason: str) -> "Report":
        """The report after these kept rows were dropped, too."""
        dropped = dict(self.dropped)
        if rows:
            dropped[reason] = tuple(sorted((*dropped.get(reason, ()), *rows)))
        return replace(self, kept=self.kept - len(rows), dropped=dropped)
