"""Records that hold several texts for one place give a row for each; none is lost unsaid."""

import json
from io import StringIO

import pytest

from ingest import ColumnMapping, Limits, PairSet, read_pairs
from ingest.rows_of_lists import _most_that_fit
from tests.growth import growth


def of_records(*records: object, **options: object) -> PairSet:
    return read_pairs(StringIO("\n".join(map(json.dumps, records))), **options)


A, B, C = "The tap drips.", "Water comes from the tap.", "It leaks."
N, M = "The cat sleeps.", "We had soup."
TWO = [{"text": N, "docid": "7"}, {"text": M}]


@pytest.mark.parametrize(
    ("record", "kind", "rows"),
    [
        ({"query": A, "pos": [B], "neg": [N, M]}, "triplet", [(A, B, N), (A, B, M)]),
        ({"query": A, "pos": [B, C], "neg": [N]}, "triplet", [(A, B, N), (A, C, N)]),
        ({"query": A, "pos": [B, C]}, "positive", [(A, B), (A, C)]),
        ({"anchor": A, "positive": B, "neg_1": N, "neg_2": M}, "triplet", [(A, B, N), (A, B, M)]),
        ({"anchor": A, "positive": B, "neg_1": N, "neg_2": ""}, "triplet", [(A, B, N)]),
        ({"Frage": A, "pos": [B], "neg": [N, M]}, "triplet", [(A, B, N), (A, B, M)]),
        ({"query": A, "positive_passages": [{"text": B}], "negative_passages": TWO},
         "triplet", [(A, B, N), (A, B, M)]),
        ({"set": [A, B, C]}, "positive", [(A, B), (A, C)]),
        ({"texts": [A, B], "label": 1}, "binary", [(A, B)]),
        ({"texts": [A, B, N]}, "triplet", [(A, B, N)]),
    ],
)  # fmt: skip
def test_shapes_in_which_people_keep_pairs(record, kind, rows):
    pairs = of_records(record, record)
    assert (pairs.kind, list(pairs.texts)) == (kind, rows * 2)
    assert pairs.report.kept == pairs.report.read == 2 * len(rows)


def test_rows_are_counted_anew_and_what_cannot_be_read_still_counts():
    several = {"query": A, "pos": [B], "neg": [N, M]}
    pairs = read_pairs(StringIO(f"{json.dumps(several)}\nbroken\n{json.dumps(several)}"))
    assert pairs.row_numbers == (1, 2, 4, 5)
    assert pairs.report.dropped == {"not a readable record": (3,)}
    assert pairs.report.read == 5
    [note] = pairs.report.notes
    assert "Each text in 'neg' has a row of its own: 2 records gave 4 rows" in note


def test_over_the_limit_the_first_of_each_record_are_taken_and_that_is_said():
    records = [{"query": A, "pos": [B], "neg": [f"{N} {n}" for n in range(9)]}] * 4
    pairs = of_records(*records, limits=Limits(rows=10))
    assert len(pairs) == 8
    assert "Of up to 9 for a record, only the first 2 were taken" in pairs.report.notes[0]


def test_columns_that_are_chosen_are_those_of_the_file():
    mapping = ColumnMapping("triplet", ("anchor", "positive", "neg_2"))
    pairs = of_records({"anchor": A, "positive": B, "neg_1": N, "neg_2": M}, mapping=mapping)
    assert pairs.texts == ((A, B, M),)


def test_parts_of_speech_and_shares_of_feelings_are_no_positives():
    tagged = {"sentence1": A, "sentence2": B, "pos1": "DT NN VBZ", "pos2": "NN VBZ IN DT NN"}
    assert of_records(tagged, tagged).texts == ((A, B), (A, B))


def test_one_long_list_among_many_records_does_not_take_its_length_times_their_number():
    def most(length: int) -> int:
        return _most_that_fit([length, *[1] * 2_000], 5_000)

    assert most(6_000) == 3_000
    assert growth(most, 60_000, 600_000) < 4  # counting down took ten times as long
