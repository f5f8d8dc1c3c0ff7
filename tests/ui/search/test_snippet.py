"""The Python of a search, run: it prints the hits that are on the page."""

import contextlib
import io

import pytest

from tests.ui.laid_out import tiny_workbench
from tests.ui.search.lab import SearchLab
from ui.search.keep import search_snippet
from ui.state.texts import SEARCH_SAMPLE


@pytest.mark.parametrize("method", ["dense", "bm25", "fusion"])
def test_it_finds_the_same_hits(bundled, method):
    lab = SearchLab(tiny_workbench(bundled, bundled, search_texts=60))
    lab.handlers.open_sample("ann", SEARCH_SAMPLE)
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
