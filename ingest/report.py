"""What reading did to the rows: kept, mended, left out and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Rows = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Reason:
    """Why reading leaves rows out: words for people, and a code that code goes by.

    code: the name of the finding that a check gives for such rows, such as "too_long".
    """

    words: str
    code: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Report:
    """Row numbers are 1-based data rows of the file; every row read is kept, or dropped once.

    dropped: rows by the words of a reason, of which `codes` has the code where reading gave it;
    the words of a remedy have none.
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
    codes: Mapping[str, str] = field(default_factory=dict)

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
