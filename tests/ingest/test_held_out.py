"""What is held out judges: no remedy touches it, and no split of mended pairs is another one."""

import numpy as np

from ingest import PairSet, Split, check, split_pairs
from ingest.findings import leave_out
from ingest.split import with_held_out
from tests.ingest.checked import by_words, clean_rows, named, pairs_of


def held_out_rows(pairs: PairSet) -> list[tuple[int, tuple[str, ...]]]:
    return [(pairs.row_numbers[at], pairs.texts[at]) for at in split_pairs(pairs).held_out]


def opinion(one, other) -> np.ndarray:
    """A model without one: cosines by the lengths of texts."""
    return np.array([((len(a) * 7 + len(b)) % 13) / 13 for a, b in zip(one, other, strict=True)])


def test_remedies_leave_what_is_held_out_as_it_is_and_end_their_findings():
    # The untrained model rose from 67.7 to 72.2: what it disagreed with was left out of judging.
    long = "When the ferry left the harbour at noon the gulls were still asleep on the roofs"
    rows = [*clean_rows(200), "Same.,same,0", "!?,x,0", "One two,three,1", "one two.,Three,0"]
    rows += [f"{long} {n % 9} {n},Or else {n},{n % 2}" for n in range(30)]
    rows += ["Twice here,and there,1"] * 5
    pairs, tried = pairs_of(*rows), set()
    judging = held_out_rows(pairs)
    for _ in range(12):
        options = {"split": split_pairs(pairs), "similarity": opinion, "count_tokens": len_words}
        findings = check(pairs, max_tokens=20, **options)
        finding = next((f for f in findings if f.remedy and f.name not in tried), None)
        if finding is None:
            break
        assert not finding.rows or not {number for number, _ in judging}.intersection(finding.rows)
        pairs = finding.remedy.apply(pairs)
        options["split"] = split_pairs(pairs)
        assert named(pairs, finding.name, max_tokens=20, **options) is None
        assert held_out_rows(pairs) == judging
        tried.add(finding.name)
    assert {"label_noise", "near_duplicates", "conflicting_labels", "no_words"} <= tried


def len_words(texts) -> list[int]:
    return [len(text.split()) for text in texts]


def test_what_a_file_means_is_mended_in_the_held_out_rows_too():
    rows = [f"alpha beta gamma{n},alpha beta gamma{n} delta,0" for n in range(30)]
    rows += [f"epsilon zeta{n},eta theta{n},1" for n in range(30)]
    pairs = pairs_of(*rows)
    split = split_pairs(pairs)
    finding = named(pairs, "labels_reversed", similarity=by_words, split=split)
    first_trained = pairs.row_numbers[split.train[0]]
    turned = finding.remedy.apply(leave_out((first_trained,), "a reason").apply(pairs))
    assert len(turned) == len(pairs) - 1
    assert turned.whole.labels.tolist() == (1 - pairs.labels).tolist()
    assert held_out_rows(turned) == held_out_rows(pairs)


def test_rows_that_were_left_out_still_judge_where_another_split_holds_them_out():
    pairs = pairs_of(*clean_rows())
    fewer = leave_out(pairs.row_numbers[::2], "too many").apply(pairs)
    assert len(fewer) == 108
    for seed in (0, 1):
        expected = {pairs.row_numbers[at] for at in split_pairs(pairs, seed=seed).held_out}
        now = with_held_out(fewer, seed=seed)
        split = split_pairs(now, seed=seed)
        assert {now.row_numbers[at] for at in split.held_out} == expected
        learned = {now.row_numbers[at] for part in (split.train, split.validation) for at in part}
        assert learned == set(pairs.row_numbers[1::2]) - expected


def test_texts_on_two_sides_are_one_finding_and_a_remedy_of_it_ends_it():
    # Leaving out the held-out rows made another split, which leaked again: 60, 48, 38, 30 rows.
    things = [f"{n % 10},{(n * 3 + 1) % 11}" for n in range(60)]
    rows = [
        f"Thing {a}?,Thing {b}?,{n % 2}" for n, ab in enumerate(things) for a, b in [ab.split(",")]
    ]
    pairs = pairs_of(*rows)
    split = split_pairs(pairs)
    assert split.by_row
    said = [f for f in check(pairs, split=split) if "on both sides" in f.what + f.effect]
    assert [f.name for f in said if f.name != "same_text_both_sides"] == ["shared_texts"]
    assert named(pairs, "shared_texts", split=split).remedy is None, "nothing would be left"
    wide = [f"Hub {n % 40}?,Spoke {n}?,{n % 2}" for n in range(120)]
    wide += [f"Hub {n}?,Hub {n + 1}?,{n % 2}" for n in range(40)]
    pairs = pairs_of(*wide)
    split = split_pairs(pairs)
    assert split.by_row
    mended = named(pairs, "shared_texts", split=split).remedy.apply(pairs)
    again = split_pairs(mended)
    assert len(again.held_out) == len(split.held_out)
    assert len(again.train) >= 20
    assert not again.by_row
    assert again.notes == ()
    assert named(mended, "shared_texts", split=again).severity == "note"


def test_of_twins_the_one_that_is_trained_on_is_left_out():
    long = "When the ferry left the harbour at noon the gulls were still asleep on the roofs"
    pairs = pairs_of(*clean_rows(), f"{long},So it was,1", f"{long} again,So was it,1")
    for judge, other in ((216, 217), (217, 216)):
        trained = np.delete(np.arange(218), judge)
        split = Split(trained, np.array([], int), np.array([judge]), np.arange(218))
        found = named(pairs, "near_duplicates", split=split)
        assert found.rows == (pairs.row_numbers[other],)
