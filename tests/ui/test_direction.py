"""A visitor's text stands in its own direction, wherever the page shows it."""

from dataclasses import replace

import pandas as pd

from ingest.columns import ColumnMapping
from ingest.pairs import to_pairs
from ingest.table import Table
from tests.ui.finetune.pages import with_predictions
from tests.ui.finetune.takehome.runs import done as trained
from tests.ui.visit import in_one_direction, read_html
from ui.finetune.check_html import preview, rows_to_read
from ui.finetune.results_html import ledger, ledger_rows
from ui.page.matrix import explain, pipeline, shaded_tokens
from ui.pooling.html import sentence_list

ARABIC = "ذهب الولد إلى المدرسة"


def directions(*pieces: str) -> list[str]:
    roots = [read_html(f"<div>{piece}</div>") for piece in pieces]
    assert all(ARABIC in root.text for root in roots)
    return [tag for root in roots for tag in in_one_direction(root, ARABIC)]


def test_the_texts_of_pairs_stand_in_their_direction(bert):
    frame = pd.DataFrame({ARABIC: [ARABIC, "x"], "b": ["y", ARABIC]}, index=[1, 2])
    table = Table(frame, "UTF-8", ",", header=True, rows_read=2)
    mapping = ColumnMapping("positive", (ARABIC, "b"))
    pairs = to_pairs(table, mapping)
    numbers = with_predictions(trained(bert), "score", [0.5], [0.6], [1])
    held_out = replace(numbers.held_out, texts=((ARABIC, ARABIC),))
    rows = ledger(ledger_rows(replace(numbers, held_out=held_out)))
    assert directions(preview(table, mapping), rows_to_read((1, 2), pairs), rows) == []


def test_sentences_stand_in_their_direction(bert):
    trace = bert.trace(ARABIC)
    made = pipeline("A", trace, trace.tokens, 32)
    assert directions(sentence_list([ARABIC, "A cat."]), made) == []
    pair = explain(bert, "A cat.", "A dog.")
    shaded = shaded_tokens(pair.explained, (pair.tokens_a, pair.tokens_b), True)
    chips = [chip for piece in (made, shaded) for chip in read_html(piece).all(".tk")]
    assert chips
    assert all(chip.children[0].attributes.get("dir") == "auto" for chip in chips)


def test_the_check_sees_a_text_without_a_direction():
    assert in_one_direction(read_html("<div><p>a x</p><bdi>x</bdi></div>"), "x") == ["p"]
