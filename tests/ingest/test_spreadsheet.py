"""Excel workbooks: the first sheet with rows, as any other table; bounded before any work."""

import gzip
import io
import zipfile
from collections.abc import Sequence

import openpyxl
import pytest

from ingest import IngestError, Limits, OverLimit, read_corpus, read_pairs, read_table
from tests.ingest.files import SMALL

HEADER = ("sentence1", "sentence2", "score")
ROWS = [
    HEADER,
    ("Say hi, then leave.", "One line\nand another", 4.5),
    ("Naïve; isn't it?", 'A "quoted" word', 0),
    ("The tap drips.", None, 5),
    ("The door creaks.", "It squeaks.", 5),
]


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_workbook_is_read_like_a_csv():
    pairs = read_pairs(workbook(pairs=ROWS))
    assert pairs.texts[0] == ("Say hi, then leave.", "One line and another")
    assert pairs.texts[1] == ("Naïve; isn't it?", 'A "quoted" word')
    assert pairs.labels.tolist() == pytest.approx([0.9, 0, 1])
    assert pairs.report.dropped == {"empty text": (3,)}
    assert pairs.report.encoding == "Excel"
    assert read_pairs(gzip.compress(workbook(pairs=ROWS))).texts == pairs.texts


def test_the_first_sheet_with_rows_is_read_and_the_others_are_named():
    book = workbook(empty=[], pairs=ROWS, old=ROWS[:2])
    assert "Read was the sheet 'pairs'; 2 other sheets not read: 'empty', 'old'." in (
        read_pairs(book).report.notes
    )


def test_a_sheet_of_remarks_is_passed_over_for_pairs_but_not_for_texts():
    remarks = [["Collected in spring"], ["by four people"]]
    book = workbook(Info=remarks, data=ROWS)
    pairs = read_pairs(book)
    assert len(pairs) == 3
    assert "Read was the sheet 'data'; 1 other sheet not read: 'Info'." in pairs.report.notes
    assert read_corpus(book).texts == ("Collected in spring", "by four people")


def test_a_title_above_the_names_is_passed_over():
    for rows in ([["My pairs"], [], *ROWS], [["My pairs"], ["of May"], *ROWS]):
        report = read_pairs(workbook(pairs=rows)).report
        assert report.dropped == {"empty text": (3,)}
        assert report.notes == ("Above the names of the columns stands 'My pairs': not read.",)


def test_formulas_without_a_result_are_counted_by_their_column():
    rows = [("a", "b", "same?"), *((f"It is {n}.", f"It was {n}.", "=1+0") for n in range(4))]
    [note] = read_pairs(workbook(pairs=rows)).report.notes
    assert note.startswith("Formulas without a stored result are read as blank cells: 'same?' (4")


def test_one_column_is_one_of_texts():
    book = workbook(texts=[["text"], ["I came, I saw."], ["He left; she stayed."]])
    assert read_corpus(book).texts == ("I came, I saw.", "He left; she stayed.")
    with pytest.raises(IngestError, match="found 1 among: text"):
        read_pairs(book)


def test_rows_and_columns_over_the_limit():
    many = workbook(pairs=[HEADER, *[(f"One {n}.", f"Two {n}.", n % 6) for n in range(30)]])
    roomy = Limits(rows=10, columns=4)
    with pytest.raises(OverLimit, match="more than 10 rows"):
        read_table(many, limits=roomy)
    assert len(read_pairs(many, limits=roomy, sample=True)) == 10
    with pytest.raises(IngestError, match="5 columns; at most 4"):
        read_table(workbook(wide=["abcde", "vwxyz"]), limits=roomy)


def packed(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<x/>")
        for name, data in parts.items():
            archive.writestr(f"xl/{name}.xml", data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "limits", "problem"),
    [
        (packed(workbook=b"<x/>", sheet=b" " * 4_000), SMALL, r"workbook is larger than 2\.9 kB"),
        (packed(workbook=b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"), Limits(), "a document type"),
        (packed(workbook=b"<x/>"), Limits(), "The Excel file is broken or of an odd kind"),
        (packed(document=b"<x/>"), Limits(), "a Word or PowerPoint file"),
    ],
)
def test_what_is_no_fair_workbook_is_refused_before_it_is_read(data, limits, problem):
    with pytest.raises(IngestError, match=problem):
        read_pairs(data, limits=limits)
