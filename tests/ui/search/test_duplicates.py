"""Find duplicates: pairs in a table, groups, a file, and bounds that are refused in words."""

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest

from encoder import EncoderError
from explore.duplicates import near_duplicates
from tests.ui.state.test_jobs import free
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import check
from ui.search.duplicates import (
    COSINE,
    LISTED,
    PERCENTILE,
    duplicates_panel,
    duplicates_rows,
    parse_bound,
)

GO = ("duplicates-go", "click")
TEXTS = ["a cat sleeps", "a cat sleeps!", "the bank opens", "a dog barks at the storm", "=1+1"]


def found(page, visitor="ann"):
    return page.result("duplicates", visitor)


def test_bounds_are_checked():
    assert parse_bound(PERCENTILE, "99.5") == {"percentile": 99.5}
    assert parse_bound(COSINE, -1) == {"threshold": -1.0}
    with pytest.raises(EncoderError, match="Unknown kind 'all'"):
        parse_bound("all", 1)
    for wrong in (None, "", "much", float("nan"), [], 10**400):
        with pytest.raises(EncoderError, match="must be a number"):
            parse_bound(COSINE, wrong)


def test_pairs_are_the_engines_with_both_texts(page):
    answer = page.search(texts=TEXTS)
    last = page.call(GO, COSINE, 0.2)
    assert "Done in" in last["duplicates-progress"]
    made, vectors = found(page), answer.index.vectors
    own = near_duplicates(vectors, threshold=0.2)
    np.testing.assert_array_equal(made.pairs.pairs, own.pairs)
    assert len(own.pairs) > 0
    table = check(duplicates_panel(made)).one("tbody").all("tr")
    assert len(table) == len(own.pairs)
    i, j = own.pairs[0]
    assert TEXTS[i] in table[0].all("td")[1].text
    assert TEXTS[j] in table[0].all("td")[2].text
    assert f"{float(vectors[i] @ vectors[j]):.4f}" == table[0].all("td")[0].text


def test_a_share_of_all_pairs_is_not_called_duplicates(page):
    page.search(texts=TEXTS)
    page.call(GO, PERCENTILE, 50)
    by_share = check(duplicates_panel(found(page))).text
    page.call(GO, COSINE, 0.2)
    by_cosine = check(duplicates_panel(found(page))).text
    for said, share in ((by_share, True), (by_cosine, False)):
        assert ("always found, whether they are duplicates or not" in said) == share
        assert ("would go" in said) != share


def test_the_file_has_every_pair_and_is_safe_to_open(page):
    page.search(texts=TEXTS)
    page.call(GO, COSINE, -1)
    sent = page.call(("duplicates-csv", "click"))["duplicates-download"]
    assert sent["text"].startswith("\ufeff"), "else Excel misreads every accent"
    rows = list(csv.DictReader(io.StringIO(sent["text"].removeprefix("\ufeff"))))
    assert len(rows) == 10
    assert {row["group"] for row in rows} == {"1"}
    assert "'=1+1" in {text for row in rows for text in (row["text_1"], row["text_2"])}
    assert float(rows[0]["cosine"]) >= float(rows[-1]["cosine"])
    assert {int(r["row_1"]) for r in rows} | {int(r["row_2"]) for r in rows} == {1, 2, 3, 4, 5}


def test_a_percentile_that_gives_too_many_is_answered_by_the_engine(page, monkeypatch):
    page.search("bob", texts=TEXTS)
    monkeypatch.setattr("explore.duplicates.MOST_ABOVE", 3)
    steps = page.steps
    with pytest.raises(Exception, match=r"there are 10 pairs of 5 texts; at most 3.*at least 7"):
        steps(GO, PERCENTILE, 0, visitor="bob")
    with pytest.raises(Exception, match="threshold is 3"):
        steps(GO, COSINE, 3, visitor="bob")
    assert free(page.workbench.work_queue)


def test_nothing_is_found_is_said_and_nothing_is_offered_to_save(page):
    page.search("cat", texts=["a cat", "the river storm"])
    shown = [step for step in page.steps(GO, COSINE, 1, visitor="cat") if "duplicates" in step]
    assert "No pair is as near" in shown[-1]["duplicates"]
    assert shown[-1]["duplicates-csv"].visible == "hidden"


def test_what_was_found_once_is_not_sought_again_and_goes_with_the_texts(page):
    page.search("dan", texts=TEXTS)
    for _ in range(2):
        page.call(GO, COSINE, 0.5, visitor="dan")
    stages = page.handlers.texts("dan").stages
    assert stages.work["duplicates"] == 1
    page.call(GO, COSINE, 0.6, visitor="dan")
    assert stages.work["duplicates"] == 2
    assert "duplicates" not in page.fresh("duplicates", visitor="dan")  # the same vectors
    page.search("dan", pooling="cls")
    assert page.fresh("duplicates", visitor="dan")["duplicates"] == ""
    page.search("dan", texts=["other texts", "two of them"])
    with pytest.raises(Exception, match="No pairs are kept any more"):
        page.call(("duplicates-csv", "click"), visitor="dan")


def test_stop_gives_up(page):
    page.search("eve", texts=TEXTS)
    steps = page.function(*GO).fn
    stages = page.handlers.texts("eve").stages
    with stages._lock:  # the work waits for it
        walk = steps(SimpleNamespace(session_hash="eve"), COSINE, 0)
        next(walk)
        assert (
            page.fresh("duplicates", visitor="eve") == {}
        )  # what comes now is not taken away by a late verdict
        said = page.call(("duplicates-stop", "click"), visitor="eve")
    assert "Stopped" in said["duplicates-progress"]
    assert said["duplicates-stop"].visible == "hidden"
    ends = list(walk)
    assert "Stopped" in ends[-1][0]
    assert page.result("duplicates", "eve") is None
    assert page.fresh("duplicates", visitor="eve")["duplicates"] == ""
    assert free(page.workbench.work_queue)


def test_hostile_texts_are_texts_and_long_tables_are_cut(page):
    texts = [f"{attack} {n}" for attack in ATTACKS for n in range(3)]
    page.search("fay", texts=texts)
    page.call(GO, COSINE, -1, visitor="fay")
    made = found(page, "fay")
    panel = check(duplicates_panel(made))
    assert len(panel.one("tbody").all("tr")) == LISTED
    assert "the CSV has 435" in panel.text
    assert len(duplicates_rows(made)) == 436
    shown = panel.one("tbody").text
    assert all(attack in shown for attack in ATTACKS)


def test_before_a_search_nothing_can_be_sought(page):
    with pytest.raises(Exception, match="Nothing has been searched yet"):
        page.steps(GO, COSINE, 0.9, visitor="nobody")
