"""Judge and train on the page: thumbs, files, scores of strategies, and the way to Fine-tune."""

import csv
import io

import gradio as gr
import pytest

from explore import search
from tests.ui.map_lab import OTHER_MODEL, event
from tests.ui.sections_page import QUERY, check
from tests.ui.test_hostile_text import ATTACKS
from ui.judged_pairs import ASSUMED, NAME, split_queries, to_triplets
from ui.judged_scores import ALL, HELD_OUT, TRAINED
from ui.judging import sample_judgements
from ui.markup.judging import judged_list, scores_panel, sent_lines, thumbs_list
from ui.shelf import Tuned
from ui.strategies import BM25, FUSED, parse_keywords
from ui.tabs.search_send import best_hits

PICK, SAMPLE, UPLOAD = ("judge-hits", "pick"), ("judge-sample", "click"), ("judge-upload", "upload")
GO, SEND = ("measure-search-go", "click"), ("judge-send", "click")


def grades(sections, visitor="ann"):
    return sections.handlers.atlas(visitor).judged.grades


def thumb(sections, name, visitor="ann"):
    return sections.call(PICK, event(name=name), visitor=visitor)


def pressed(piece):
    return [button.attributes["data-pick"] for button in check(piece).all("button")
            if button.attributes["aria-pressed"] == "true"]  # fmt: skip


def measured(sections, visitor="ann"):
    return sections.handlers.atlas(visitor).made["measure-search"]


# --- thumbs -------------------------------------------------------------------------------------


def test_thumbs_are_kept_by_text_and_survive_another_model(sections):
    answer = sections.search()
    first, second = answer.rows[:2]
    thumb(sections, f"good:{first}")
    shown = thumb(sections, f"bad:{second}")
    texts = answer.index.corpus.texts
    assert grades(sections) == {QUERY: {texts[first]: 1.0, texts[second]: 0.0}}
    assert pressed(shown["judge-hits"]) == [f"good:{first}", f"bad:{second}"]
    assert "2 judgements of 1 query." in check(shown["judge-list"]).text
    sections.search(model=OTHER_MODEL, k=50)
    assert set(pressed(sections.fresh(at=1)["judge-hits"])) <= {f"good:{first}", f"bad:{second}"}
    assert len(grades(sections)[QUERY]) == 2


def test_a_thumb_is_turned_taken_back_and_undone(sections):
    answer = sections.search("bob")
    row, text = answer.rows[0], answer.index.corpus.texts[answer.rows[0]]
    thumb(sections, f"good:{row}", "bob")
    thumb(sections, f"bad:{row}", "bob")
    assert grades(sections, "bob") == {QUERY: {text: 0.0}}
    thumb(sections, f"bad:{row}", "bob")
    assert grades(sections, "bob") == {}
    said = sections.call(("judge-undo", "click"), visitor="bob")
    assert "taken back" in said["judge-said"]
    assert pressed(said["judge-hits"]) == [f"bad:{row}"]
    sections.call(("judge-clear", "click"), visitor="bob")
    assert grades(sections, "bob") == {}


@pytest.mark.parametrize("name", ["good:", "good:-1", "good:9999", "best:1", "good:1:2", "²:²"])
def test_a_thumb_on_what_is_no_hit_is_told(sections, name):
    sections.search("cat")
    with pytest.raises(gr.Error, match="not among the hits any more"):
        thumb(sections, name, "cat")
    assert grades(sections, "cat") == {}


def test_before_a_search_nothing_can_be_judged(sections):
    assert "Search first" in sections.fresh("nobody", 1)["judge-hits"]
    for at in (SAMPLE, GO, SEND):
        with pytest.raises(gr.Error, match="Nothing has been searched yet"):
            sections.steps(at, *([[], [], []] if at == GO else [70, 0, 0] if at == SEND else []),
                           visitor="nobody")  # fmt: skip
    with pytest.raises(gr.Error, match="Nothing is judged yet"):
        sections.call(("judge-csv", "click"), visitor="nobody")


# --- files --------------------------------------------------------------------------------------


def test_judgements_go_to_a_file_and_come_back(sections, tmp_path):
    answer = sections.search("dan")
    thumb(sections, f"good:{answer.rows[3]}", "dan")
    before = grades(sections, "dan")
    sent = sections.call(("judge-csv", "click"), visitor="dan")["judge-download"]
    assert sent["name"] == "judgements.csv"
    file = tmp_path / "mine.csv"
    file.write_text(sent["text"], encoding="utf-8")
    sections.call(("judge-clear", "click"), visitor="dan")
    said = sections.call(UPLOAD, str(file), visitor="dan")
    assert "1 judgement of 1 query read." in said["judge-said"]
    assert grades(sections, "dan") == before
    assert sections.call(UPLOAD, None, visitor="dan") == {}


def test_the_samples_queries_need_the_samples_passages(sections):
    sections.search("eve")
    with pytest.raises(gr.Error, match="Choose that sample"):
        sections.call(SAMPLE, visitor="eve")
    sections.sample("eve")
    said = sections.call(SAMPLE, visitor="eve")
    assert "178 queries of the sample" in said["judge-said"]
    assert "The latest 40 queries are listed" in said["judge-list"]
    assert pressed(said["judge-hits"]) == [
        f"good:{row}" for row in sections.handlers.last("eve").rows
        if sections.handlers.last("eve").index.corpus.texts[row]
        in grades(sections, "eve")["pool opening hours sunday"]
    ]  # fmt: skip


# --- measuring ----------------------------------------------------------------------------------


def test_strategies_are_measured_side_by_side(sections):
    sections.sample("fay")
    sections.call(SAMPLE, visitor="fay")
    steps = sections.steps(GO, ["cls", "max"], [OTHER_MODEL], [FUSED, BM25], visitor="fay")
    assert "Done in" in steps[-1]["measure-search-progress"]
    [group] = measured(sections, "fay").groups
    assert (group.title, group.queries) == (ALL, 178)
    assert [(line.name, line.settings) for line in group.lines] == [
        ("all-MiniLM-L6-v2", "mean pooling, its own, last layer"),
        ("all-MiniLM-L6-v2", "cls pooling, last layer"),
        ("all-MiniLM-L6-v2", "max pooling, last layer"),
        ("untrained-minilm", "mean pooling, its own, last layer"),
        ("Keywords (BM25)", "k1 = 1.5, b = 0.75"),
        ("Both, fused", "all-MiniLM-L6-v2 and BM25 by reciprocal rank"),
    ]
    keywords = group.lines[4]
    assert keywords.scores["nDCG"].value > group.lines[0].scores["nDCG"].value  # untrained weights
    assert keywords.gain.is_clear
    [shown] = [step for step in steps if "measure-search-go" not in step and "judge-scores" in step]
    panel = check(shown["judge-scores"])
    assert len(panel.one("tbody").all("tr")) == 6
    assert "Texts that nobody judged count as not relevant" in panel.text
    assert "243 texts" in panel.text


def test_the_same_encoding_is_not_listed_twice_nor_encoded_again(sections, count_forwards):
    sections.sample("fay")
    sections.call(SAMPLE, visitor="fay")
    sections.call(GO, ["mean"], [], [], visitor="fay")
    encoder = sections.workbench.encoder("all-MiniLM-L6-v2", "fay")
    with count_forwards(encoder) as calls:
        sections.call(GO, ["mean"], ["all-MiniLM-L6-v2"], [BM25], visitor="fay")
    assert not calls
    [group] = measured(sections, "fay").groups
    assert [line.settings for line in group.lines] == [
        "mean pooling, its own, last layer", "mean pooling, last layer", "k1 = 1.5, b = 0.75",
    ]  # fmt: skip


def test_what_a_browser_sends_is_checked(sections):
    sections.search("gil")
    with pytest.raises(gr.Error, match="No query has a text that was judged relevant"):
        sections.steps(GO, [], [], [], visitor="gil")
    thumb(sections, f"good:{sections.handlers.last('gil').rows[0]}", "gil")
    for sent, words in (
        ((["<b>"], [], []), "Unknown pooling"),
        (([], ["no such model here"], []), "no such model here"),
        (([], [], ["best"]), "Unknown strategy"),
        (([], ["x"] * 7, []), "7 models are chosen; at most 6"),
    ):
        with pytest.raises(gr.Error, match=words):
            sections.steps(GO, *sent, visitor="gil")
    sections.steps(GO, None, "x", 3, visitor="gil")  # no lists at all: nothing beside the first
    assert len(measured(sections, "gil").groups[0].lines) == 1
    assert parse_keywords([FUSED, BM25]) == (BM25, FUSED)


def test_one_query_has_scores_and_no_intervals(sections):
    answer = sections.search("hal")
    thumb(sections, f"good:{answer.rows[0]}", "hal")
    sections.call(GO, [], [], [BM25], visitor="hal")
    panel = check(scores_panel(measured(sections, "hal"))).text
    assert "100.0" in panel
    assert "too few to say" in panel
    assert "With fewer than 30 queries" in panel
    assert "nan" not in panel.lower()


def test_scores_of_other_vectors_are_taken_away(sections):
    answer = sections.search("ida")
    thumb(sections, f"good:{answer.rows[0]}", "ida")
    sections.call(GO, [], [], [], visitor="ida")
    assert "judge-scores" not in sections.fresh("ida", 1)
    sections.search("ida", pooling="max")
    assert sections.fresh("ida", 1)["judge-scores"] == ""


# --- training -----------------------------------------------------------------------------------


def test_a_share_of_the_queries_lands_on_the_desk_as_triplets(sections):
    answer = sections.sample("jon")
    sections.call(SAMPLE, visitor="jon")
    shown = sections.call(SEND, 70, 0, 3, visitor="jon")
    [tabs] = [value for name, value in shown.items() if name.startswith("Tabs")]
    assert tabs.selected == "finetune"
    desk = sections.workbench.visitor("jon").desk
    assert (desk.name, desk.pairs.kind) == (NAME, "triplet")
    judged = sample_judgements(answer.index.corpus)
    trained, held_out = split_queries(list(judged), 0.7)
    assert {query for query, _, _ in desk.pairs.texts} == set(trained)
    assert sections.handlers.atlas("jon").sent == set(trained)
    assert f"of {len(trained)} queries; {len(held_out)} held out" in shown["judge-sent"]
    assert set(desk.table.frame["negative is"]) == {ASSUMED}
    assert "the negative is assumed" in shown["judge-sent"]
    assert shown["pairs-note"].startswith('<p class="lab-note">judged_queries.csv')
    assert "sent to training" in shown["judge-list"]
    for query, good, bad in desk.pairs.texts:
        assert good in judged[query]
        assert bad not in judged[query]


def test_a_judged_negative_is_the_one_that_is_sent(sections):
    answer = sections.search("kim")
    texts = answer.index.corpus.texts
    good, bad = answer.rows[0], answer.rows[5]
    thumb(sections, f"good:{good}", "kim")
    thumb(sections, f"bad:{bad}", "kim")
    sections.call(SEND, 100, 0, 0, visitor="kim")
    desk = sections.workbench.visitor("kim").desk
    assert list(desk.pairs.texts) == [(QUERY, texts[good], texts[bad])]


def test_assumed_negatives_are_the_best_hits_left(sections):
    index = sections.sample("lea").index
    judged = sample_judgements(index.corpus)
    some = dict(list(judged.items())[:5]) | {"with one": {index.corpus.texts[0]: 0.0}}
    found = best_hits(index, some)
    assert set(found) == set(list(judged)[:5])
    for query, texts in found.items():
        best = search(index.encode_queries([query]), index.vectors, 5).indices[0]
        assert texts == [index.corpus.texts[row] for row in best[: len(texts)]]
        assert set(texts) - set(judged[query])
    assert best_hits(index, {"q": {"x": 0.0}}) == {}


@pytest.mark.parametrize(("share", "seed"), [(0, 0), (101, 0), ("x", 0), (70, -1), (70, 0.5)])
def test_a_share_or_seed_that_is_none_is_refused(sections, share, seed):
    sections.sample("may")
    sections.call(SAMPLE, visitor="may")
    with pytest.raises(gr.Error, match=r"share for training|seed of the split"):
        sections.call(SEND, share, seed, 0, visitor="may")
    assert not sections.handlers.atlas("may").sent


def test_afterwards_held_out_and_trained_queries_are_told_apart(sections, bert):
    sections.sample("ned")
    sections.call(SAMPLE, visitor="ned")
    sections.call(SEND, 70, 0, 0, visitor="ned")
    known = sections.workbench.visitor("ned")
    sections.workbench.keep(Tuned("run-1", "judged, run 1", bert), known)
    offer = sections.function("tab-search", "select")
    offered = sections.call(offer, [], [], visitor="ned")
    assert offered["judge-models"].value == ["run-1"]
    again = sections.call(offer, [], offered["State"], visitor="ned")
    assert again["judge-models"].value == []  # taken away by hand: it stays away
    sections.call(GO, [], ["run-1"], [], visitor="ned")
    groups = measured(sections, "ned").groups
    trained, held_out = split_queries(list(grades(sections, "ned")), 0.7)
    assert [(g.title, g.queries) for g in groups] == [
        (HELD_OUT, len(held_out)), (ALL, 178), (TRAINED, len(trained)),
    ]  # fmt: skip
    assert groups[0].lines[1].name == "“judged, run 1”, yours"
    panel = check(scores_panel(measured(sections, "ned"))).text
    assert panel.index(HELD_OUT) < panel.index(ALL) < panel.index(TRAINED)
    assert "the fair comparison" in panel
    assert "proves nothing" in panel


# --- hostile text -------------------------------------------------------------------------------


def test_hostile_texts_and_queries_are_shown_as_texts(sections, tmp_path):
    answer = sections.search("eva", query=ATTACKS[1], texts=ATTACKS, k=50)
    for row in answer.rows:
        thumb(sections, f"good:{row}", "eva")
    for attack in ATTACKS:
        sections.handlers.atlas("eva").judged.judge(attack, ATTACKS[0], 1)
    own = grades(sections, "eva")
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
        sections.call(UPLOAD, str(file), visitor="eva")
    assert "<" not in str(refused.value.message)


def test_all_that_is_sent_is_said():
    plain = to_triplets({"q": {"a": 1, "b": 0}, "p": {"c": 0}}, {}, share=1)
    said = " ".join(sent_lines(plain))
    assert "1 triplet of 1 query; 0 held out" in said
    assert "Nothing is held out" in said
    assert "Left out: 1 query" in said
    assert "assumed" not in said
