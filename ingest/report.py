"""What reading did to the rows: kept, mended, left out and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Rows = Mapping[str, tuple[int, ...]]
Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


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
class LeftOver:
    """Columns that a choice of columns left aside, and how sure that choice was.

    labels: other columns that may be the label; counts: columns of numbers that count or describe;
    texts: columns of texts; label, negative: the column taken for it by what it holds only;
    others: (name, what it holds) of all further columns that hold words; empty: columns that are
    called a label, with nothing in them.
    """

    labels: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    label: str = ""
    negative: str = ""
    others: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnreadLabel:
    """A column that looks like a label and is not used.

    texts: the columns of the pairs; values: its distinct values, the commonest first, "" for blank
    cells that say something; cells: what stands in it, by row number; severity: how much must be
    made of it.
    """

    name: str
    texts: tuple[str, ...]
    values: tuple[str, ...]
    cells: Mapping[int, str]
    severity: Severity = "error"


@dataclass(frozen=True)
class Report:
    """Row numbers are 1-based data rows of the file; every row read is kept, or dropped once.

    dropped: rows by the words of a reason, of which `codes` has the code where reading gave it;
    the words of a remedy have none.
    scaling: how labels became numbers from 0 to 1; scaled: whether that changed any; scaling_note:
    what was seen and is not certain, in sentences; scale: the (lowest, highest) label, None for
    words and kinds without labels; counts: the labels look like counts. unrecognised: the one of
    the `notes` on labels that were not recognised; outside: which labels are off the scale; "" for
    none. unread_labels, left_over: what the choice of columns leaves open; ignored: columns that
    look like a label and are none, as somebody said; settled: findings by name whose remedy was
    applied, with the rows they had.
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
    outside: str = ""
    counts: bool = False
    unread_labels: tuple[UnreadLabel, ...] = ()
    ignored: tuple[str, ...] = ()
    settled: Rows = field(default_factory=dict)
    left_over: LeftOver = LeftOver()
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
