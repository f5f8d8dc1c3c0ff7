"""Columns found by name and by content; and a mapping that cannot be is refused, all at once."""

from io import StringIO

import pytest

from ingest import ColumnMapping, IngestError, guess_columns, read_table, to_pairs

A, B, C = "The train was late again.", "Once more we waited for the train.", "My soup is cold."


def guess(text: str) -> ColumnMapping:
    return guess_columns(read_table(StringIO(text)))


@pytest.mark.parametrize(
    ("header", "cells", "kind", "texts", "label"),
    [
        ("sentence1,sentence2,score", f"{A},{B},4.5", "score", "sentence1,sentence2", "score"),
        ("text_a,text_b,label", f"{A},{B},1", "binary", "text_a,text_b", "label"),
        ("Sentence 1,Sentence 2,Label", f"{A},{B},no", "binary", "Sentence 1,Sentence 2", "Label"),
        ("label,text1,text2", f"0.3,{A},{B}", "score", "text1,text2", "label"),
        ("anchor,positive,negative", f"{A},{B},{C}", "triplet", "anchor,positive,negative", None),
        ("query,pos,neg", f"{A},{B},{C}", "triplet", "query,pos,neg", None),
        ("question,answer", f"{A},{B}", "positive", "question,answer", None),
        ("answer,question", f"{A},{B}", "positive", "question,answer", None),
        ("premise,hypothesis,label", f"{A},{B},neutral", "score", "premise,hypothesis", "label"),
        (
            "id,qid1,qid2,question1,question2,is_duplicate",
            f"0,1,2,{A},{B},0",
            "binary",
            "question1,question2",
            "is_duplicate",
        ),
        (",s1,s2,similarity", f"0,{A},{B},80", "score", "s1,s2", "similarity"),
        ("genre,year,sentence1,sentence2", f"news,2012,{A},{B}", "positive", "sentence1,sentence2",
         None),
    ],
)  # fmt: skip
def test_columns_are_found_by_their_names(header, cells, kind, texts, label):
    found = guess(f"{header}\n{cells}\n{cells}\n")
    assert (found.kind, ",".join(found.texts), found.label) == (kind, texts, label)


def test_columns_are_found_by_what_they_hold_where_names_say_nothing():
    rows = [f"{n},{A} {n},x,{B} {n},{n % 3}" for n in range(7)]
    found = guess("\n".join(rows))
    assert found == ColumnMapping("score", ("column 2", "column 4"), "column 5")
    found = guess("Satz,Nr,Anderer Satz\n" + "\n".join(f"{A} {n},{n},{B} {n}" for n in range(7)))
    assert found == ColumnMapping("positive", ("Satz", "Anderer Satz"))
    found = guess("\n".join(f"{A} {n}\t{B} {n}\t{C} {n}" for n in range(7)))
    assert found == ColumnMapping("triplet", ("column 1", "column 2", "column 3"))


def test_probabilities_are_no_texts_of_a_triplet():
    header = "premise,hypothesis,entailment,neutral,contradiction,label"
    found = guess(f"{header}\n{A},{B},0.8,0.1,0.1,entailment\n{B},{C},0.1,0.2,0.7,contradiction\n")
    assert (found.texts, found.label) == (("premise", "hypothesis"), "label")


def test_a_named_label_that_holds_no_labels_is_not_one():
    found = guess(f"sentence1,sentence2,label\n{A},{B},see file\n{B},{C},to do\n")
    assert found.kind == "positive"


def test_rows_wider_than_the_header_are_told():
    rows = "One dog, two cats.,A dog.,1\n" * 6
    table = read_table(StringIO("sentence1,sentence2,label\n" + rows))
    assert any("names 3 columns, and most rows have 4 cells" in note for note in table.notes)
    assert not read_table(StringIO("a,b,score\nOne dog.,Two dogs.,1\n")).notes


def test_its_own_export_is_read_back():
    found = guess(f"sentence1,sentence2,score,part,row\n{A},{B},0.5,train,1\n{C},{B},0.1,train,2\n")
    assert found == ColumnMapping("score", ("sentence1", "sentence2"), "score")


def test_a_file_without_two_columns_of_texts_is_refused():
    with pytest.raises(IngestError, match=r"two columns of texts; found 1 among: id, text"):
        guess(f"id,text\n1,{A}\n2,{B}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pairs", ("a", "b")), "Unknown kind 'pairs'. Choose one of: score, binary, positive"),
        (("triplet", ("a", "b")), "needs 3 text columns, not 2"),
        (("score", ("a", "b")), "'score' needs a label column"),
        (("positive", ("a", "b"), "c"), "takes no label column"),
        (("score", ("a", "a"), "a"), "'a' is chosen twice"),
    ],
)
def test_mappings_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(IngestError, match=message):
        ColumnMapping(*arguments)


def test_a_mapping_is_refused_with_all_its_problems():
    with pytest.raises(IngestError) as caught:
        ColumnMapping("score", ("a", "a", "b"), None, (1, 1))
    assert len(caught.value.problems) == 4


def test_columns_that_do_not_exist_are_named():
    table = read_table(StringIO(f"a,b\n{A},{B}\n"))
    with pytest.raises(IngestError, match=r"No column 'x', 'y'. The file has: a, b."):
        to_pairs(table, ColumnMapping("score", ("x", "b"), "y"))


def test_mapping_again_needs_no_second_reading():
    table = read_table(StringIO(f"a,b,c\n{A},{B},1\n{B},{C},0\n"))
    assert to_pairs(table, guess_columns(table)).kind == "binary"
    swapped = to_pairs(table, ColumnMapping("positive", ("b", "a")))
    assert swapped.texts == ((B, A), (C, B))
    assert swapped.labels is None
