"""The compression lab: what is asked, measured, drawn and said."""

import math
from dataclasses import replace

import numpy as np
import pytest

from encoder import EncoderError
from explore.compress import CompressionResult, compress_grid
from tests.ui.corpus import TEXTS
from tests.ui.visit import check, read_html
from ui.page.matrix import figure_json
from ui.search.compression import (
    AUTO,
    UNRELATED,
    CompressionGrid,
    choose_queries,
    compression_chart,
    compression_panel,
    ticks,
    what_it_says,
)
from ui.search.scores import FEW

GO = ("compress-go", "click")


def result(reduction="pca", dims=8, storage="float32", rescored=0, recall=1.0, size=32, full=0):
    low, high = recall - 0.02, min(recall + 0.02, 1.0)
    return CompressionResult(reduction, dims, storage, rescored, recall, size, full, 0.5, low, high)


def made(*results, dims=8):
    return CompressionGrid(("key",), "settings", "3 queries", 50, dims, 10, results)


# --- queries ------------------------------------------------------------------------------------


def test_judged_queries_come_first_then_the_samples_then_unrelated_ones(page):
    answer = page.search(texts=["a cat", "a dog", "the bank"])
    kind, queries = choose_queries(answer.index, AUTO, {})
    assert "unrelated" in kind
    assert len(queries) == 200
    assert choose_queries(answer.index, UNRELATED, {}) == (kind, queries)
    judged: dict[str, dict[str, float]] = {}
    own = [f"my own {at}" for at in range(FEW)]
    for query in own:
        assert choose_queries(answer.index, AUTO, judged) == (kind, queries)  # so few say nothing
        judged[query] = {"a cat": 1.0}
    assert choose_queries(answer.index, AUTO, judged) == ("judged queries", own)
    assert choose_queries(answer.index, UNRELATED, judged)[1] == queries
    sample = page.sample("bob")
    kind, queries = choose_queries(sample.index, AUTO, {})
    assert (kind, len(queries)) == ("queries of the sample", 178)


@pytest.mark.parametrize("asked", [None, "", "all", ["x"]])
def test_another_choice_of_queries_is_refused(page, asked):
    with pytest.raises(EncoderError, match="Unknown choice of queries"):
        choose_queries(page.search().index, asked, {})


# --- the section --------------------------------------------------------------------------------


def judge(page, visitor, queries=FEW):
    """So many judged queries that they are asked, and no more: each costs time."""
    grades = {f"question {at}": {TEXTS[0]: 1.0} for at in range(queries)}
    page.handlers.state(visitor).judged.add(grades)
    return list(grades)


def test_the_grid_is_measured_once_with_its_settings_beside_it(page):
    index = page.search("dan", texts=TEXTS[:30]).index
    queries = judge(page, "dan")
    steps = page.steps(GO, AUTO, visitor="dan")
    assert "Done in" in steps[-1]["compress-progress"]
    [shown] = [step for step in steps if "compress" in step]
    panel = check(shown["compress"])
    assert f"{FEW} judged queries" in panel.text
    assert "texts: 30 texts · all-MiniLM-L6-v2" in panel.text
    assert len(panel.one("tbody").all("tr")) == 2 * 4 * 5
    assert {trace["type"] for trace in shown["compress-chart"]["data"]} == {"scatter"}
    own = compress_grid(index.vectors, index.encode_queries(queries))
    results = page.result("compress", "dan").results
    assert [(r.title, r.recall) for r in results] == [(r.title, r.recall) for r in own]
    page.call(GO, AUTO, visitor="dan")
    assert page.work("dan")["compress"] == 1
    judge(page, "dan", FEW + 1)
    page.call(GO, AUTO, visitor="dan")
    assert page.work("dan")["compress"] == 2


def test_results_of_other_vectors_are_taken_away(page):
    page.search("eve", texts=TEXTS[:30])
    judge(page, "eve")
    page.call(GO, AUTO, visitor="eve")
    page.search("eve", "another question")
    assert page.fresh("compress", visitor="eve") == {}
    page.search("eve", pooling="cls")
    assert page.fresh("compress", visitor="eve") == {
        "compress-chart": None, "compress": "", "compress-progress": "",
    }  # fmt: skip


# --- chart and table ----------------------------------------------------------------------------


def test_the_chart_has_a_line_for_each_way_over_bytes():
    results = [
        result(size=4 * d, dims=d, recall=0.9) for d in (8, 4)
    ] + [result("truncate", storage="binary", rescored=times, size=1, full=32 if times else 0)
         for times in (0, 40, 100)]  # fmt: skip
    figure = figure_json(compression_chart(results, 10))
    names = [trace["name"] for trace in figure["data"]]
    assert names == [
        "PCA, float32",
        "first dimensions, binary",
        "first dimensions, binary, 40 rescored",
        "first dimensions, binary, 100 rescored",
    ]
    assert figure["data"][0]["x"] == [32, 16]
    assert figure["data"][0]["y"] == [0.9, 0.9]
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert figure["data"][1]["marker"]["symbol"] != figure["data"][2]["marker"]["symbol"]


def test_ticks_cover_what_there_is():
    marks = ticks([result(size=6), result(size=1536)])
    assert marks[0] <= 6
    assert marks[-1] >= 1536
    assert ticks([]) == [4]


def test_the_smallest_that_keeps_enough_counts_all_its_bytes():
    rescored = result(storage="binary", rescored=40, recall=0.99, size=1, full=32)
    small = result(storage="int8", recall=0.98, size=8)
    lucky = result(storage="int8", recall=0.96, size=4)  # its interval reaches down to 0.94
    lossy = result(dims=2, recall=0.5, size=2)
    said = what_it_says(made(rescored, small, lucky, lossy))[0]
    assert "int8" in said
    assert "8 of 32 bytes, 4.0 times smaller, recall 0.980" in said
    assert "Nothing here keeps a recall of 0.95" in what_it_says(made(lossy))[0]
    assert "One query says too little" in what_it_says(made(replace(small, low=math.nan)))[0]
    assert what_it_says(made()) == []


def test_the_table_says_what_is_kept_besides():
    rescored = result(storage="binary", rescored=40, recall=0.99, size=1, full=32)
    table = read_html(f"<div>{compression_panel(made(rescored))}</div>").one("tbody")
    assert [cell.text for cell in table.all("td")] == [
        "binary, 40 rescored", "0.9900.970 … 1.000", "1+ 32 kept", "0.50",
    ]  # fmt: skip
    assert np.isfinite(float(table.all("td")[3].text))
