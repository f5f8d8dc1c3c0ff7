"""What the Search tab shows: hits, verdict, why, rank flow; what a visitor wrote is only text."""

import threading
from dataclasses import replace

import pytest

from encoder.catalog import MULTILINGUAL
from explore.lexical import TermScore
from explore.verdict import Verdict
from tests.ui.laid_out import tiny_workbench
from tests.ui.search.lab import SearchLab, quiet
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import Node, check
from ui.search.html import DOUBT, WAITING, answer_panel, hits_table, terms_list, why_panel
from ui.search.rank_flow import follow_ranks, parse_cells
from ui.search.rank_flow_html import (
    bump_chart,
    flow_facts,
    picked_text,
    ranks_table,
    strategies_table,
)
from ui.search.strategies import BM25
from ui.search.take_home import search_snippet

HOSTILE = 'text,"<b>label</b>"\n' + "".join(
    '"{}","{}"\n'.format(*([attack.replace('"', '""')] * 2)) for attack in ATTACKS
)


@pytest.fixture(scope="module")
def page(_tiny):
    page = SearchLab(tiny_workbench(_tiny("bert"), _tiny("roberta")))
    yield page
    page.leave()


@pytest.fixture(scope="module")
def judged(page):
    return page.judged(k=5)


def panel(found, waiting=False, place="in memory", problem="") -> Node:
    return check(answer_panel(found.answer, found.verdict, waiting, place, problem))


def test_the_panel_says_settings_latency_place_and_verdict(judged):
    said = panel(judged).text
    for words in ("96 texts", "mean pooling", "layer 2 of 2 (last)", "ranked by the cosine",
                  "query encoded in", "searched in", "vectors kept in memory",
                  judged.verdict.words):  # fmt: skip
        assert words in said
    assert f"{judged.verdict.queries} unrelated questions and sentences" in said
    assert "everyday language" in said  # how far it can be trusted


def test_while_the_verdict_is_measured_the_panel_says_so(judged):
    waiting = replace(judged, verdict=None)
    assert WAITING in panel(waiting, waiting=True).text
    assert WAITING not in panel(waiting).text


def test_a_weak_verdict_is_no_proof_and_a_strong_one_needs_no_excuse(judged):
    for level, doubted in (("strong", False), ("likely", False), ("weak", True), ("none", True)):
        said = panel(replace(judged, verdict=replace(judged.verdict, level=level))).text
        assert (DOUBT.strip() in said) == doubted


def test_keywords_say_what_the_verdict_counts(page):
    judged = page.judged(query="red cat window", method="bm25")
    said = panel(judged).text
    assert judged.verdict.words in said
    assert "count by how rare they are in these texts" in said
    assert "p =" not in said


def test_a_verdict_that_is_withheld_says_why_and_compares_with_nothing(judged):
    withheld = Verdict.withheld("language", "nobody knows this language")
    said = panel(replace(judged, verdict=withheld))
    assert "no verdict: nobody knows this language." in said.text
    assert "Held against" not in said.text


def test_a_store_that_fails_is_told_near_the_results(judged):
    said = panel(judged, problem="No server answered.").text
    assert "No server answered. The search goes on in memory." in said


def test_each_hit_has_rank_text_cosine_and_labels(page, judged):
    rows = check(hits_table(judged.answer)).one("tbody").all("tr")
    assert len(rows) == 5
    corpus = judged.answer.index.corpus
    for rank, (row, at) in enumerate(zip(rows, judged.answer.rows, strict=True), 1):
        assert row.one(".rank").text == str(rank)
        assert row.one("button").attributes["data-pick"] == f"why:{at}"
        assert corpus.texts[at] in row.text
        assert f"{judged.answer.cosines[rank - 1]:.3f}" in row.text
        for cells in corpus.labels.values():
            assert cells[at] in row.text


def test_texts_stand_in_their_own_direction(judged):
    for row in check(hits_table(judged.answer)).one("tbody").all("tr"):
        for cell in (row.one("th"), *row.all(".label")):
            assert cell.attributes["dir"] == "auto"


def test_a_long_text_is_cut_and_can_be_read_whole(page):
    whole = "word " * 100 + "end"
    page.open("long", f"text\n{whole}\nshort\n")
    answer = page.search("long")
    [details] = check(hits_table(answer)).all("details")
    assert whole in details.text


def test_other_ways_to_rank_show_their_own_score(page):
    heads = {m: check(hits_table(page.search(method=m, query="red cat"))).one("thead").text
             for m in ("dense", "bm25", "fusion")}  # fmt: skip
    assert "BM25" in heads["bm25"]
    assert "fused" in heads["fusion"]
    assert not {"BM25", "fused"} & set(heads["dense"].split())
    nothing = page.search(method="bm25", query="xylophone")
    assert hits_table(nothing) == ""
    assert (
        "No text shares a word" in check(answer_panel(nothing, None, False, "in memory", "")).text
    )


def test_a_question_that_was_asked_before_is_not_said_to_be_fast(page):
    first, again = (page.search(query="a brand new question") for _ in range(2))
    for answer, said in ((first, "query encoded in"), (again, "query encoded before, searched")):
        assert said in check(answer_panel(answer, None, False, "in memory", "")).text
    assert first.encode_ms > 0
    assert again.encode_ms is None


def test_words_that_the_model_does_not_know_are_told_and_another_model_is_offered(page):
    page.open("lou", ["ประตูเปิดแล้ว", "ฝนตกหนักมาก", "A cat sleeps."])
    answer = page.search("lou", query="แมวนอนหลับ")
    told = check(answer_panel(answer, None, False, "in memory", "")).text
    assert "Of 3 texts, 2 consist mostly of tokens unknown to" in told
    assert "2 look the same to it as another text" in told
    assert f"Choose {MULTILINGUAL}" in told
    assert "The question is made up mostly of tokens unknown" in told
    plain = check(answer_panel(page.search("ann"), None, False, "in memory", "")).text
    assert "unknown" not in plain


def test_what_the_model_has_not_read_is_told(page):
    long = " ".join(["cat"] * 100)
    page.open("lou", f"text\n{long}\nA dog.")
    answer = page.search("lou", query=long + " dog", method="fusion")
    limit = answer.index.encoder.max_tokens
    assert answer.index.cut == 1
    said = check(answer_panel(answer, None, False, "in memory", "")).text
    assert f"1 of 2 texts is longer than the {limit} tokens" in said
    assert f"The question is longer than the {limit} tokens" in said
    why = check(why_panel(page.handlers.why("lou", f"why:{answer.rows[0]}"))).text
    [cut_off] = answer.index.encoder.cut([long])
    assert f"Not in it: the last {answer.cut} tokens of A, which were cut off." in why
    assert answer.cut > cut_off > 0
    assert f"the last {cut_off} tokens of B" in why or answer.rows[0] == 1
    short = page.search("ann")
    assert "longer than" not in check(answer_panel(short, None, False, "in memory", "")).text
    assert "Not in it" not in why_panel(page.handlers.why("ann", f"why:{short.rows[0]}"))


def test_why_shows_both_sides_and_they_sum_to_the_cosine(page):
    answer = page.search(query="red cat", method="fusion")
    why = page.handlers.why("ann", f"why:{answer.rows[0]}")
    said = check(why_panel(why)).text
    assert said.count(f"= {why.pair.explained.cosine:.4f}") == 2
    assert "Hit 1: cosine" in said
    assert "table below" not in said
    assert "table below" in check(why_panel(why, matrix=True)).text
    assert "BM25" in said
    assert "shares no word" in check(terms_list(())).text
    both = terms_list((TermScore("cat", 1.25), TermScore("<i>", 0.5)))
    assert "BM25 1.750" in check(both).text


def test_texts_that_attack_stay_texts(page):
    page.open("eve", HOSTILE)
    for attack in ATTACKS:
        found = page.find("eve", query=attack, k=len(ATTACKS), method="fusion")
        check(answer_panel(found.answer, None, True, attack, attack))
        shown = check(hits_table(found.answer))
        assert len(shown.one("tbody").all("tr")) == len(ATTACKS)
        assert attack in shown.text
        why = page.handlers.why("eve", f"why:{found.answer.rows[0]}")
        check(why_panel(why))
        compile(search_snippet(found.answer), "snippet", "exec")
    cells = parse_cells(["cls"], ["-1"], 2)
    flow = follow_ranks(found.answer, cells, [], (BM25,), 10**8, quiet, threading.Event())
    for piece in (flow_facts(flow), strategies_table(flow), ranks_table(flow),
                  picked_text(flow, next(iter(flow.ranks)))):  # fmt: skip
        check(piece)
    texts = {row: flow.index.corpus.texts[row] for row in flow.ranks}
    names = [s.name for s in flow.strategies]
    drawn = bump_chart(names, ["#000"] * len(names), flow.ranks, texts, flow.k).to_json()
    assert "<img" not in drawn
    assert "<svg" not in drawn
