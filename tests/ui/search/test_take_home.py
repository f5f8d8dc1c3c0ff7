"""What is taken along of a search: its Python, run, and a link to it."""

import contextlib
import io
from dataclasses import astuple, replace

import pytest

from encoder import DEFAULT_MODEL
from tests.ui.laid_out import OTHER_MODEL, tiny_workbench
from tests.ui.search.lab import SearchLab
from tests.ui.search.test_tab import FORM
from ui.search.examples import FIRST
from ui.search.form import SearchForm, to_query
from ui.search.take_home import search_snippet


@pytest.mark.parametrize("method", ["dense", "bm25", "fusion"])
def test_the_python_finds_the_same_hits(bert, monkeypatch, method):
    lab = SearchLab(tiny_workbench(bert, bert, search_texts=60))
    monkeypatch.setattr("encoder.load_encoder", {DEFAULT_MODEL: bert}.__getitem__)
    lab.handlers.open_sample("ann", FIRST)
    answer = lab.search(query="pool opening hours", method=method, k=4, pooling="max")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(search_snippet(answer), {})
    lines = printed.getvalue().splitlines()
    texts = answer.index.corpus.texts
    scores = answer.hits.scores[0]
    assert lines == [
        f"{score:.3f} {texts[row]}" for row, score in zip(answer.rows, scores, strict=True)
    ]
    lab.leave()


def test_link_and_python_are_those_of_the_answer(page):
    query = 'it\'s "quoted" \\ {braces}'
    page.find(query=query, method="fusion", k=3)
    form = SearchForm("typed since", OTHER_MODEL, "max", "1", "Both, fused", 3)
    taken = page.fresh("search-code", *astuple(form)[1:])
    compile(taken["search-code"], "snippet", "exec")
    assert "reciprocal_rank_fusion([by_vectors, by_words], k=3)" in taken["search-code"]
    assert taken["search-address"] == to_query(replace(form, query=query))
    assert "never your texts" in taken["search-link-note"]
    page.call(("search-corpus-topics", "click"))
    page.find(query="a knee")
    taken = page.fresh("search-code", *FORM[1:])
    assert taken["search-address"] == to_query(SearchForm("a knee"), "topics")
    assert taken["search-link-note"] == ""
