"""Small files as people send them, each of a kind that was once read for what it is not."""

from pathlib import Path

import pytest

from ingest import IngestError, PairSet, check, read_corpus, read_pairs
from tests.ingest.files import file_of

CASES = Path(__file__).parents[1] / "cases"


def pairs_of(name: str) -> PairSet:
    return read_pairs(CASES / name)


def findings(pairs: PairSet) -> dict[str, str]:
    return {finding.name: finding.what for finding in check(pairs)}


# --- nothing is lost or split -------------------------------------------------------------------


def test_a_line_separator_inside_a_text_ends_no_record():
    pairs = pairs_of("17_u2028.jsonl")
    assert pairs.texts[0] == ("Lamp 0 is on.", "The lamp 0 shines.")
    assert (len(pairs), pairs.report.read) == (3, 3)


def test_all_lists_of_an_object_are_read_and_named():
    pairs = pairs_of("18_splits.json")
    assert len(pairs) == 33
    assert "'dev' (3 records), 'train' (30 records)" in findings(pairs)["assumptions"]


@pytest.mark.parametrize(
    ("name", "rows", "negatives"),
    [
        ("10_negatives_list.jsonl", 40, {"Paint wall 0.", "Cut grass 0."}),
        ("T1_five_negatives.csv", 90, {"Paint wall 0.", "Cut grass 0.", "Feed dog 0."}),
    ],
)
def test_every_negative_has_a_row(name, rows, negatives):
    pairs = pairs_of(name)
    assert (pairs.kind, len(pairs)) == ("triplet", rows)
    anchor, positive = "How to mend lamp 0?", "Change bulb 0."
    assert {row for row in pairs.texts if row[0] == anchor} == {
        (anchor, positive, negative) for negative in negatives
    }
    assert f"gave {rows} rows" in findings(pairs)["assumptions"]


def test_one_column_of_quoted_texts_is_no_table():
    with pytest.raises(IngestError, match="found 1 among: text"):
        pairs_of("63_one_quoted_column.csv")
    assert read_corpus(CASES / "63_one_quoted_column.csv").texts == (
        "The hen sat down, then slept.",
        "The cow stood up, then ate.",
        "The pig ran off, then hid.",
    )


def test_vertical_tab_and_form_feed_separate_words():
    pairs = pairs_of("V1_vertical_tab.csv")
    assert pairs.texts[0] == ("The tap 0 drips.", "Tap number 0 leaks.")
    assert "40 control characters" in findings(pairs)["assumptions"]


@pytest.mark.parametrize("read", [read_pairs, read_corpus])
@pytest.mark.parametrize(
    ("name", "what"), [("13_lfs.csv", "a Git LFS pointer"), ("13b_page.csv", "a web page")]
)
def test_what_stands_for_a_file_is_refused_by_name(read, name, what):
    with pytest.raises(IngestError, match=f"This is {what}"):
        read(CASES / name)


def test_a_list_of_sentences_is_read_as_a_text():
    corpus = read_corpus(CASES / "R1_sentences_as_list.jsonl")
    assert corpus.columns.text == "body"
    assert corpus.texts[0].startswith("We counted ferries in winter. Most ferries were found")
    assert len(corpus) == 20


def test_equal_texts_with_other_labels_are_said_by_row():
    report = read_corpus(CASES / "A1_duplicates_other_labels.csv").report
    assert report.dropped == {"same text again": tuple(range(7, 25))}
    rows = "7, 8, 9, 10, 11, 12, 19, 20, 21, 22, 23, 24"
    assert report.notes[-1].startswith(f"Rows {rows} hold a text again, with another label")


# --- labels -------------------------------------------------------------------------------------


def test_the_highest_grades_at_the_end_of_a_sorted_file_count():
    labels = [0] * 2_600 + [1] * 300 + [2] * 200 + [3] * 150 + [4] * 100 + [5] * 50
    pairs = read_pairs(file_of(labels).encode())
    assert (pairs.kind, len(pairs), pairs.report.scale) == ("score", 3_400, (0, 5))
    assert not pairs.report.dropped


def test_rare_high_grades_are_grades():
    pairs = pairs_of("K2_rare_high_grades.csv")
    assert (pairs.kind, len(pairs), pairs.report.scale) == ("score", 100, (0, 3))
    assert pairs.labels.max() == 1


def test_0_1_2_is_a_scale_of_its_own():
    pairs = pairs_of("58_grades_0_1_2.csv")
    assert pairs.kind == "score"
    assert pairs.labels.tolist()[:3] == [0, 0.5, 1]


def test_a_score_wins_over_the_number_of_votes_which_is_named():
    pairs = pairs_of("56b_score_then_votes.csv")
    assert pairs.labels.tolist()[:6] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert "'n_votes'" in findings(pairs)["left_over_columns"]


def test_a_label_in_unknown_words_is_an_error_until_one_chooses():
    pairs = pairs_of("55_unknown_label_name.csv")
    finding = check(pairs)[0]
    assert (finding.name, finding.severity) == ("unread_label", "error")
    assert "Column 'verdict' looks like a label" in finding.what
    remedies = {remedy.label: remedy for remedy in finding.remedies}
    assert list(remedies) == ["drop = 1, keep = 0", "keep = 1, drop = 0", "Train without it"]
    kept = remedies["keep = 1, drop = 0"].apply(pairs)
    assert (kept.kind, kept.labels.tolist()[:4]) == ("binary", [0, 1, 0, 1])
    again = read_pairs(CASES / "55_unknown_label_name.csv", remedies["keep = 1, drop = 0"].mapping)
    assert again.labels.tolist() == kept.labels.tolist()
    without = remedies["Train without it"].apply(pairs)
    assert (without.kind, len(without)) == ("positive", 40)
    for settled in (kept, without):
        assert "unread_label" not in findings(settled)


def test_e_n_and_c_are_entailment_neutral_and_contradiction():
    pairs = pairs_of("11_letters_nli.tsv")
    assert pairs.labels.tolist()[:3] == [1, 0.5, 0]


# --- texts --------------------------------------------------------------------------------------


def test_the_texts_are_the_two_that_are_alike_and_the_third_is_named():
    pairs = pairs_of("P2_attribution_wins.tsv")
    assert (pairs.kind, pairs.texts[0]) == ("positive", ("I saw 0 birds.", "Ich sah 0 Vögel."))
    assert "'column 3'" in findings(pairs)["left_over_columns"]


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [("C3_text_and_class.csv", "text", "intent"), ("C4_spilled.csv", "v2", "v1")],
)
def test_single_texts_with_a_class_are_no_pairs(name, text, label):
    with pytest.raises(IngestError, match=r"single texts with a class.*in Map or Search") as caught:
        pairs_of(name)
    assert f"the texts are in {text!r}, and {label!r} has only" in str(caught.value)
    columns = read_corpus(CASES / name).columns
    assert (columns.text, columns.labels) == (text, (label,))


@pytest.mark.parametrize("name", ["53_signs_of_vowels.csv", "54_signs_matter.csv"])
def test_marks_and_signs_make_texts_different(name):
    pairs = pairs_of(name)
    same = [f for f in check(pairs) if f.name in ("same_text_both_sides", "near_duplicates")]
    assert len(pairs) == len(Path(CASES / name).read_text("utf-8").strip().split("\n")) - 1
    assert same == []
