"""What a visitor found relevant: kept by query and text, written to and read from CSV."""

import csv
import math
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from encoder import EncoderError
from ingest import LIMITS, Corpus, Limits, read_table
from ingest.findings import count
from ingest.templates import csv_text, unguarded
from ingest.text import tidy
from ui.state.samples import TEXT_SAMPLES

Grades = Mapping[str, Mapping[str, float]]  # query → text → grade; 0 is judged irrelevant
COLUMNS = ("query", "text", "grade")
MOST = 20_000  # judgements of one visitor
MOST_UNDONE = 50
LARGEST_GRADE = 100.0


class Judgements:
    """Grades of one visitor by the words of query and text: no model or index is part of them.

    Safe from several threads; what `grades` returned once never changes.
    """

    def __init__(self, grades: Grades | None = None) -> None:
        self._grades = {query: dict(texts) for query, texts in (grades or {}).items()}
        self._before: list[dict[str, dict[str, float]]] = []
        self._lock = threading.Lock()

    @property
    def grades(self) -> Grades:
        """Queries in the order of their first judgement."""
        return self._grades

    def __len__(self) -> int:
        return count_of(self._grades)

    def judge(self, query: str, text: str, grade: float | None) -> None:
        """Grade a text for a query; None takes the grade away."""
        with self._lock:
            texts = {key: value for key, value in self._grades.get(query, {}).items()
                     if key != text}  # fmt: skip
            if grade is not None:
                texts[text] = checked_grade(grade)
            found = {**self._grades, query: texts}
            self._replace({key: texts for key, texts in found.items() if texts})

    def add(self, grades: Grades) -> None:
        """Take in many at once; where both have a grade the new one counts. Raises EncoderError."""
        with self._lock:
            found = dict(self._grades)
            for query, texts in grades.items():
                found[query] = {**found.get(query, {}), **texts}
            self._replace(found)

    def clear(self) -> None:
        """Take all of them away; `undo` brings them back."""
        with self._lock:
            self._replace({})

    def undo(self) -> None:
        """As it was before the last change. Raises EncoderError where there was none."""
        with self._lock:
            if not self._before:
                raise EncoderError("There is no judgement to take back.")
            self._grades = self._before.pop()

    def _replace(self, grades: dict[str, dict[str, float]]) -> None:
        if count_of(grades) > MOST:
            raise EncoderError(
                f"These would be {count_of(grades):,} judgements; at most {MOST:,} are kept. "
                "Send fewer, or clear the others first."
            )
        self._before = [*self._before[1 - MOST_UNDONE :], self._grades]
        self._grades = grades


def left_over(before: Grades, grades: Grades) -> Grades:
    """Both together, for the file: what was judged on texts that are open no more.

    Beyond MOST the queries that were judged first go.
    """
    found = {query: dict(texts) for query, texts in before.items() if query not in grades}
    for query, texts in grades.items():
        found[query] = {**before.get(query, {}), **texts}
    many = count_of(found)
    for query in list(found):
        if many <= MOST:
            break
        many -= len(found.pop(query))
    return found


def split_by_texts(grades: Grades, texts: Collection[str]) -> tuple[Grades, Grades]:
    """Those of these texts, and those of others."""
    known = set(texts)
    here = {query: {text: grade for text, grade in judged.items() if text in known}
            for query, judged in grades.items()}  # fmt: skip
    other = {query: {text: grade for text, grade in judged.items() if text not in known}
             for query, judged in grades.items()}  # fmt: skip
    return ({query: judged for query, judged in here.items() if judged},
            {query: judged for query, judged in other.items() if judged})  # fmt: skip


def count_of(grades: Grades) -> int:
    """How many texts were judged, over all queries."""
    return sum(map(len, grades.values()))


def queries(number: int) -> str:
    """'1 query', '2 queries'."""
    return f"{number:,} {'query' if number == 1 else 'queries'}"


def checked_grade(grade: float) -> float:
    """The grade, if it is one. Raises EncoderError."""
    if not (math.isfinite(grade) and 0 <= grade <= LARGEST_GRADE):
        raise EncoderError(
            f"A grade is {grade}; it must be a number from 0 (irrelevant) to {LARGEST_GRADE:g}."
        )
    return float(grade)


def relevant(texts: Mapping[str, float]) -> list[str]:
    """The relevant texts of one query, the best grade first."""
    return sorted((t for t, grade in texts.items() if grade > 0), key=lambda t: -texts[t])


def irrelevant(texts: Mapping[str, float]) -> list[str]:
    """The texts of one query that were judged irrelevant."""
    return [text for text, grade in texts.items() if grade == 0]


def judged_rows(grades: Grades, texts: tuple[str, ...]) -> dict[str, dict[int, float]]:
    """{query: {row of the corpus: grade}} of queries with a relevant text that is in the corpus.

    Without one, no measure of a ranking is defined.
    """
    rows = {text: row for row, text in enumerate(texts)}
    found = {
        query: {rows[text]: grade for text, grade in judged.items() if text in rows}
        for query, judged in grades.items()
    }
    return {query: judged for query, judged in found.items() if any(judged.values())}


# --- files --------------------------------------------------------------------------------------


def judgements_csv(grades: Grades) -> str:
    """A row a judgement: query, text, grade."""
    rows = ([query, text, f"{grade:g}"]
            for query, texts in grades.items() for text, grade in texts.items())  # fmt: skip
    return csv_text([COLUMNS, *rows])


def read_judgements(
    source: Path | bytes, name: str, corpus: Corpus, limits: Limits = LIMITS
) -> tuple[Grades, list[str]]:
    """What a CSV says of texts of this corpus, and remarks on what was left out.

    Columns query, text and grade, as the download has them. Raises LabError.
    """
    frame = read_table(source, name, limits).frame
    frame.columns = [str(column).strip().lower() for column in frame.columns]
    absent = [column for column in COLUMNS if column not in frame.columns]
    if absent:
        raise EncoderError(
            f"{name[:80]} has no column {', '.join(absent)}. Judgements need the columns query, "
            f"text and grade; it has: {', '.join(map(str, frame.columns))[:200]}."
        )
    found, unknown, wrong = _graded(frame, corpus)
    if not found:
        raise EncoderError(
            f"None of the {count(len(frame), 'row')} of {name[:80]} judges a text of this corpus. "
            "Texts must stand there word for word, and grades be numbers from 0."
        )
    remarks = [f"{count(count_of(found), 'judgement')} of {queries(len(found))} read."]
    if unknown:
        remarks.append(f"Left out: {unknown:,} of texts that are not in this corpus.")
    if wrong:
        remarks.append(f"Left out: {wrong:,} without a query or a grade from 0.")
    return found, remarks


def _graded(frame: pd.DataFrame, corpus: Corpus) -> tuple[dict[str, dict[str, float]], int, int]:
    """Grades, how many were of unknown texts, and how many were no judgements."""
    known = set(corpus.texts)
    found: dict[str, dict[str, float]] = {}
    unknown = wrong = 0
    for query, text, grade in frame[list(COLUMNS)].itertuples(index=False):
        query, text = _sent(query), text if text in known else _sent(text)
        try:
            value = checked_grade(float(grade))
        except (ValueError, EncoderError):
            value = math.nan
        if not query or math.isnan(value):
            wrong += 1
        elif text not in known:
            unknown += 1
        else:
            found.setdefault(query, {})[text] = value
    return found, unknown, wrong


def _sent(text: str) -> str:
    """A text as it was before `cell` guarded it for spreadsheets."""
    return tidy(unguarded(text))[0]


def sample_judgements(corpus: Corpus) -> Grades:
    """Queries that come with a sample, each with its relevant texts, as far as the corpus has them.

    Raises EncoderError where it has none.
    """
    judged = [sample for sample in TEXT_SAMPLES.values() if sample.judged]
    known = set(corpus.texts)
    grades: dict[str, dict[str, float]] = {}
    for sample in judged:
        texts = {row["id"]: tidy(row["text"])[0] for row in _rows(sample.folder / sample.file)}
        for row in _rows(sample.folder / sample.judged):
            here = {texts[key]: 1.0 for key in row["relevant"].split() if texts[key] in known}
            if here:
                grades[row["query"]] = {**grades.get(row["query"], {}), **here}
    if not grades:
        titles = " or ".join(f"“{sample.title}”" for sample in judged)
        raise EncoderError(
            f"There are judged queries of {titles}, and none of those texts is among yours. "
            "Choose that sample as the corpus first."
        )
    return grades


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
