"""Judge and train on the page: thumbs, files, scores of strategies, and the way to Fine-tune."""

import csv
import io

import gradio as gr
import pytest

from tests.ui.corpus import TEXTS
from tests.ui.laid_out import OTHER_MODEL, event
from tests.ui.search.lab import QUERY
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import check
from ui.search.judge_html import judged_list, scores_panel, thumbs_list
from ui.search.scores import ALL, FEW
from ui.search.strategies import BM25, FUSED, parse_keywords
from ui.state.judgements import MOST, left_over, sample_judgements

PICK, SAMPLE, UPLOAD = ("judge-hits", "pick"), ("judge-sample", "click"), ("judge-upload", "upload")
GO, SEND = ("measure-search-go", "click"), ("judge-send-go", "click")


def grades(page, visitor="ann"):
    return page.handlers.state(visitor).judged.grades


def thumb(page, name, visitor="ann"):
    return page.call(PICK, event(name=name), visitor=visitor)


def pressed(piece):
    return [button.attributes["data-pick"] for button in check(piece).all("button")
            if button.attributes["aria-pressed"] == "true"]  # fmt: skip


def judge_some(page, visitor, queries=FEW + 10):
    """Search the sample, with some of its judged queries."""
    index = page.sample(visitor).index
    judged = sample_judgements(index.corpus)
    page.handlers.state(visitor).judged.add(dict(list(judged.items())[:queries]))
    return index


def measured(page, visitor="ann"):
    return page.result("measure-search", visitor)


# --- thumbs -------------------------------------------------------------------------------------


def test_thumbs_are_kept_by_text_and_survive_another_model(page):
    answer = page.search()
    first, second = answer.rows[:2]
    thumb(page, f"good:{first}")
    shown = thumb(page, f"bad:{second}")
    texts = answer.index.corpus.texts
    assert grades(page) == {QUERY: {texts[first]: 1.0, texts[second]: 0.0}}
    assert pressed(shown["judge-hits"]) == [f"good:{first}", f"bad:{second}"]
    assert "2 judgements of 1 query." in check(shown["judge-list"]).text
    page.search(model=OTHER_MODEL, k=50)
    assert set(pressed(page.fresh("judge-list")["judge-hits"])) <= {
        f"good:{first}",
        f"bad:{second}",
    }
    assert len(grades(page)[QUERY]) == 2


def test_a_thumb_is_turned_taken_back_and_undone(page):
    answer = page.search("bob")
    row, text = answer.rows[0], answer.index.corpus.texts[answer.rows[0]]
    thumb(page, f"good:{row}", "bob")
    thumb(page, f"bad:{row}", "bob")
    assert grades(page, "bob") == {QUERY: {text: 0.0}}
    thumb(page, f"bad:{row}", "bob")
    assert grades(page, "bob") == {}
    said = page.call(("judge-undo", "click"), visitor="bob")
    assert "taken back" in said["judge-said"]
    assert pressed(said["judge-hits"]) == [f"bad:{row}"]
    page.call(("judge-clear", "click"), visitor="bob")
    assert grades(page, "bob") == {}


@pytest.mark.parametrize("name", ["good:", "good:-1", "good:9999", "best:1", "good:1:2", "²:²"])
def test_a_thumb_on_what_is_no_hit_is_told(page, name):
    page.search("cat")
    with pytest.raises(gr.Error, match="not among the hits any more"):
        thumb(page, name, "cat")
    assert grades(page, "cat") == {}


def test_before_a_search_nothing_can_be_judged(page):
    assert "Search first" in page.fresh("judge-list", visitor="nobody")["judge-hits"]
    for at in (SAMPLE, GO, SEND):
        with pytest.raises(gr.Error, match="Nothing has been searched yet"):
            page.steps(at, *([[], [], []] if at == GO else [70, 0] if at == SEND else []),
                           visitor="nobody")  # fmt: skip
    with pytest.raises(gr.Error, match="Nothing is judged yet"):
        page.call(("judge-csv", "click"), visitor="nobody")


# --- files --------------------------------------------------------------------------------------


def test_judgements_go_to_a_file_and_come_back(page, tmp_path):
    answer = page.search("dan")
    thumb(page, f"good:{answer.rows[3]}", "dan")
    before = grades(page, "dan")
    sent = page.call(("judge-csv", "click"), visitor="dan")["judge-download"]
    assert sent["name"] == "judgements.csv"
    file = tmp_path / "mine.csv"
    file.write_text(sent["text"], encoding="utf-8")
    page.call(("judge-clear", "click"), visitor="dan")
    said = page.call(UPLOAD, str(file), visitor="dan")
    assert "1 judgement of 1 query read." in said["judge-said"]
    assert grades(page, "dan") == before
    assert page.call(UPLOAD, None, visitor="dan") == {}


def test_judgements_on_texts_that_are_open_no_more_are_told_and_can_be_saved(page, tmp_path):
    answer = page.search("lou")
    thumb(page, f"good:{answer.rows[0]}", "lou")
    before = grades(page, "lou")
    page.sample("lou")
    listed = page.fresh("judge-list", visitor="lou")["judge-list"]
    assert "1 judgement of 1 query on the texts that were open before" in check(listed).text
    row = page.handlers.last("lou").rows[0]
    listed = thumb(page, f"bad:{row}", "lou")["judge-list"]
    assert "1 judgement of 1 query on the texts that were open before" in check(listed).text
    sent = page.call(("judge-csv", "click"), visitor="lou")["judge-download"]
    assert len(list(csv.DictReader(io.StringIO(sent["text"])))) == 2
    file = tmp_path / "mine.csv"
    file.write_text(sent["text"], encoding="utf-8")
    page.call(("judge-clear", "click"), visitor="lou")
    page.search("lou", texts=["Other texts.", "And no others."])
    page.handlers.state("lou").left = {}
    page.search("lou", texts=TEXTS)
    assert grades(page, "lou") == {}
    page.call(UPLOAD, str(file), visitor="lou")
    assert grades(page, "lou") == before


def test_judgements_count_again_when_their_texts_are_open_again(page):
    answer = page.search("mia")
    thumb(page, f"good:{answer.rows[0]}", "mia")
    before = grades(page, "mia")
    page.sample("mia")
    assert grades(page, "mia") == {}
    page.search("mia", texts=TEXTS)
    assert grades(page, "mia") == before
    assert (
        "on the texts that were open before"
        not in page.fresh("judge-list", visitor="mia")["judge-list"]
    )


def test_remarks_on_texts_that_are_gone_go_with_them(page):
    page.sample("nia")
    said = page.call(SAMPLE, visitor="nia")
    assert "178 queries" in said["judge-said"]
    assert "judge-said" not in page.fresh(
        "judge-list", visitor="nia"
    )  # the same texts, another question
    page.open("nia", ["Other texts.", "And no others."])
    gone = page.fresh("judge-list", visitor="nia")
    assert [gone[f"{name}"] for name in ("judge-said", "judge-sent", "judge-send-progress",
                                         "measure-search-progress")] == [""] * 4  # fmt: skip


def test_what_is_left_of_earlier_texts_is_joined_and_never_too_much():
    before = {"q": {"a": 1.0, "b": 0.0}, "old": {"a": 1.0}}
    found = left_over(before, {"q": {"b": 1.0}, "new": {"c": 1.0}})
    assert found == {"old": {"a": 1.0}, "q": {"a": 1.0, "b": 1.0}, "new": {"c": 1.0}}
    assert before["q"]["b"] == 0  # what was given stays as it was
    many = {f"q{i}": {"a": 1.0} for i in range(MOST)}
    full = left_over({"first": {"a": 1.0}}, many)
    assert len(full) == MOST
    assert "first" not in full


def test_the_samples_queries_need_the_samples_passages(page):
    page.search("eve")
    with pytest.raises(gr.Error, match="Choose that sample"):
        page.call(SAMPLE, visitor="eve")
    page.sample("eve")
    said = page.call(SAMPLE, visitor="eve")
    assert "178 queries of the sample" in said["judge-said"]
    assert "The latest 40 queries are listed" in said["judge-list"]
    assert pressed(said["judge-hits"]) == [
        f"good:{row}" for row in page.handlers.last("eve").rows
        if page.handlers.last("eve").index.corpus.texts[row]
        in grades(page, "eve")["pool opening hours sunday"]
    ]  # fmt: skip


# --- measuring ----------------------------------------------------------------------------------


def test_strategies_are_measured_side_by_side(page):
    judge_some(page, "fay")
    steps = page.steps(GO, ["cls", "max"], [OTHER_MODEL], [FUSED, BM25], visitor="fay")
    assert "Done in" in steps[-1]["measure-search-progress"]
    [group] = measured(page, "fay").groups
    assert (group.title, group.queries) == (ALL, FEW + 10)
    assert [(line.name, line.settings) for line in group.strategies] == [
        ("all-MiniLM-L6-v2", "mean pooling, its own, last layer"),
        ("all-MiniLM-L6-v2", "cls pooling, last layer"),
        ("all-MiniLM-L6-v2", "max pooling, last layer"),
        ("untrained-minilm", "mean pooling, its own, last layer"),
        ("Keywords (BM25)", "k1 = 1.5, b = 0.75"),
        ("Both, fused", "all-MiniLM-L6-v2 and BM25 by reciprocal rank"),
    ]
    keywords = group.strategies[4]
    assert (
        keywords.scores["nDCG"].value > group.strategies[0].scores["nDCG"].value
    )  # untrained weights
    assert keywords.gain.is_clear
    [shown] = [step for step in steps if "measure-search-go" not in step and "judge-scores" in step]
    panel = check(shown["judge-scores"])
    assert len(panel.one("tbody").all("tr")) == 6
    assert "Texts that nobody judged count as not relevant" in panel.text
    assert "243 texts" in panel.text


def test_the_same_encoding_is_not_listed_twice_nor_encoded_again(page, count_forwards):
    judge_some(page, "fay", 2)
    page.call(GO, ["mean"], [], [], visitor="fay")
    encoder = page.workbench.encoder("all-MiniLM-L6-v2", "fay")
    with count_forwards(encoder) as calls:
        page.call(GO, ["mean"], ["all-MiniLM-L6-v2"], [BM25], visitor="fay")
    assert not calls
    [group] = measured(page, "fay").groups
    assert [line.settings for line in group.strategies] == [
        "mean pooling, its own, last layer", "mean pooling, last layer", "k1 = 1.5, b = 0.75",
    ]  # fmt: skip


def test_what_a_browser_sends_is_checked(page):
    page.search("gil")
    with pytest.raises(gr.Error, match="No query has a text that was judged relevant"):
        page.steps(GO, [], [], [], visitor="gil")
    thumb(page, f"good:{page.handlers.last('gil').rows[0]}", "gil")
    for sent, words in (
        ((["<b>"], [], []), "Unknown pooling"),
        (([], ["no such model here"], []), "no such model here"),
        (([], [], ["best"]), "Unknown strategy"),
        (([], ["x"] * 7, []), "7 models are chosen; at most 6"),
    ):
        with pytest.raises(gr.Error, match=words):
            page.steps(GO, *sent, visitor="gil")
    page.steps(GO, None, "x", 3, visitor="gil")  # no lists at all: nothing beside the first
    assert len(measured(page, "gil").groups[0].strategies) == 1
    assert parse_keywords([FUSED, BM25]) == (BM25, FUSED)


def test_one_query_has_scores_and_no_intervals(page):
    answer = page.search("hal")
    thumb(page, f"good:{answer.rows[0]}", "hal")
    page.call(GO, [], [], [BM25], visitor="hal")
    panel = check(scores_panel(measured(page, "hal"))).text
    assert "100.0" in panel
    assert "too few to say" in panel
    assert "With fewer than 30 queries" in panel
    assert "nan" not in panel.lower()


def test_scores_of_other_vectors_are_taken_away(page):
    answer = page.search("ida")
    thumb(page, f"good:{answer.rows[0]}", "ida")
    page.call(GO, [], [], [], visitor="ida")
    assert "judge-scores" not in page.fresh("judge-list", visitor="ida")
    page.search("ida", pooling="max")
    assert page.fresh("judge-list", visitor="ida")["judge-scores"] == ""


# --- hostile text -------------------------------------------------------------------------------


def test_hostile_texts_and_queries_are_shown_as_texts(page, tmp_path):
    answer = page.search("eva", query=ATTACKS[1], texts=ATTACKS, k=50)
    for row in answer.rows:
        thumb(page, f"good:{row}", "eva")
    for attack in ATTACKS:
        page.handlers.state("eva").judged.judge(attack, ATTACKS[0], 1)
    own = grades(page, "eva")
    hits, listed = (
        check(thumbs_list(answer, own[ATTACKS[1]])),
        check(judged_list(own, {ATTACKS[2]})),
    )
    for attack in ATTACKS:
        assert attack in hits.text
        assert attack in listed.text
    file = tmp_path / "evil.csv"
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["query", "text", "grade"], [ATTACKS[0], "unknown", "1"]])
    file.write_text(buffer.getvalue(), encoding="utf-8")
    with pytest.raises(gr.Error) as refused:
        page.call(UPLOAD, str(file), visitor="eva")
    assert "<" not in str(refused.value.message)
