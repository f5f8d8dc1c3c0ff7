"""Triplets of judged queries, sent to Fine-tune, and back with a model to compare."""

import math
import threading
from dataclasses import replace

import gradio as gr
import pytest

from encoder import Encoder, EncoderError
from explore import Stopped, search
from tests.ui.finetune.takehome.runs import a_run, done
from tests.ui.search.lab import QUERY, quiet
from tests.ui.search.test_judge import GO, SAMPLE, SEND, grades, judge_some, measured, thumb
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import check
from ui.search.judge_html import scores_panel
from ui.search.scores import ALL, HELD_OUT, TRAINED
from ui.search.triplets import (
    ASSUMED,
    JUDGED,
    NAME,
    best_hits,
    prompts_line,
    split_lines,
    split_queries,
    to_csv,
    to_pairs,
    to_triplets,
)
from ui.state.judgements import sample_judgements
from ui.state.models import OwnModel

# --- which triplets, and which queries -----------------------------------------------------------


def test_every_judged_text_is_used_and_a_judged_negative_is_preferred():
    grades = {"q": {"good": 1, "better": 2, "bad": 0}, "p": {"one": 1, "no": 0, "never": 0}}
    split = to_triplets(grades, {"q": ["hard"], "p": []}, share=1)
    assert [(t.query, t.relevant, t.irrelevant) for t in split.triplets] == [
        ("q", "better", "bad"), ("q", "good", "bad"), ("p", "one", "no"), ("p", "one", "never"),
    ]  # fmt: skip
    assert split.assumed == 0


def test_where_none_was_judged_irrelevant_the_best_other_hit_is_assumed():
    grades = {"q": {"good": 1, "fine": 1}}
    split = to_triplets(grades, {"q": ["good", "fine", "third", "fourth"]}, share=1)
    assert {(t.relevant, t.irrelevant, t.assumed) for t in split.triplets} == {
        ("good", "third", True), ("fine", "third", True),
    }  # fmt: skip
    assert split.assumed == 2
    assert ASSUMED in to_csv(split)


def test_queries_that_teach_nothing_are_left_out_and_counted():
    grades = {"only bad": {"x": 0}, "no other": {"y": 1}, "fine": {"x": 1, "y": 0}}
    split = to_triplets(grades, {"no other": ["y"]}, share=1)
    assert (split.trained, split.held_out, split.left_out) == (("fine",), (), 2)
    with pytest.raises(EncoderError, match="each needs a text judged relevant"):
        to_triplets({"only bad": {"x": 0}}, {})


def test_the_split_is_by_query_seeded_and_stays_when_others_come():
    queries = [f"query {n}" for n in range(100)]
    trained, held_out = split_queries(queries, 0.7)
    assert (len(trained), len(held_out)) == (70, 30)
    assert sorted([*trained, *held_out]) == sorted(queries)
    assert split_queries(queries[::-1], 0.7)[0] == trained[::-1]
    assert split_queries(queries, 0.7, seed=1)[0] != trained
    more = split_queries([*queries, *(f"new {n}" for n in range(100))], 0.7)[0]
    moved = set(trained) ^ {query for query in more if query in queries}
    assert len(moved) < 15


@pytest.mark.parametrize(("share", "sizes"), [(0.01, (1, 2)), (0.99, (2, 1)), (1, (3, 0))])
def test_both_sides_get_a_query_unless_all_are_wanted(share, sizes):
    trained, held_out = split_queries(["a", "b", "c"], share)
    assert (len(trained), len(held_out)) == sizes
    assert split_queries(["a"], share) == (("a",), ())


@pytest.mark.parametrize("share", [0, -1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(EncoderError, match="share for training"):
        split_queries(["a", "b"], share)


def test_held_out_queries_that_share_a_text_with_training_are_counted():
    grades = {f"query {n}": {f"text {n // 2}": 1.0, "bad": 0.0} for n in range(40)}
    split = to_triplets(grades, {}, share=0.5)
    taught = {t.relevant for t in split.triplets}
    assert split.shared == sum(set(grades[q]) & taught != set() for q in split.held_out)
    assert 0 < split.shared < len(split.held_out)


def test_they_are_read_as_triplets_whatever_they_hold():
    texts = [*ATTACKS, "=1+1", "a,b;c\t|d", "two  spaces"]
    grades = {f"ask {n}: {text}": {f"{text} yes": 1, f"no {text}": 0}
              for n, text in enumerate(texts)}  # fmt: skip
    split = to_triplets(grades, {}, share=1)
    pairs = to_pairs(split)
    assert pairs.problem == ""
    assert pairs.pairs.kind == "triplet"
    assert len(pairs.pairs) == len(texts)
    assert set(pairs.table.frame["negative is"]) == {JUDGED}
    assert pairs.pairs.texts[0] == ("ask 0: " + ATTACKS[0], ATTACKS[0] + " yes", "no " + ATTACKS[0])


# --- on the page --------------------------------------------------------------------------------


def test_a_share_of_the_queries_is_sent_to_fine_tune_as_triplets(page):
    answer = page.sample("jon")
    page.call(SAMPLE, visitor="jon")
    shown = page.call(SEND, 70, 0, visitor="jon")
    arrival = page.reaction(page.page.arrivals("finetune")._id, "change", "pairs-ready")
    arrived = page.call(arrival, shown["State"], visitor="jon")
    assert arrived["Tabs"].selected == "finetune"
    assert arrived["pairs-ready"] == NAME
    training_pairs = page.workbench.visitor("jon").training_pairs
    assert (training_pairs.name, training_pairs.pairs.kind) == (NAME, "triplet")
    judged = sample_judgements(answer.index.corpus)
    trained, held_out = split_queries(list(judged), 0.7)
    assert {query for query, _, _ in training_pairs.pairs.texts} == set(trained)
    assert page.handlers.state("jon").sent == set(trained)
    assert f"of {len(trained)} queries; {len(held_out)} held out" in shown["judge-sent"]
    assert set(training_pairs.table.frame["negative is"]) == {ASSUMED}
    assert "the negative is assumed" in shown["judge-sent"]
    assert "sent to training" in shown["judge-list"]
    for query, good, bad in training_pairs.pairs.texts:
        assert good in judged[query]
        assert bad not in judged[query]


def test_a_judged_negative_is_the_one_that_is_sent(page):
    answer = page.search("kim")
    texts = answer.index.corpus.texts
    good, bad = answer.rows[0], answer.rows[5]
    thumb(page, f"good:{good}", "kim")
    thumb(page, f"bad:{bad}", "kim")
    page.call(SEND, 100, 0, visitor="kim")
    training_pairs = page.workbench.visitor("kim").training_pairs
    assert list(training_pairs.pairs.texts) == [(QUERY, texts[good], texts[bad])]


def test_texts_are_trained_on_as_they_are_not_as_spreadsheets_get_them(page):
    texts = ["- 5 degrees at night", "@home with the cat", "=sum of all fears", "a plain text"]
    answer = page.search("lin", query="+1 for the cat", texts=texts, k=4)
    good, bad = (answer.index.corpus.texts.index(text) for text in texts[:2])
    thumb(page, f"good:{good}", "lin")
    thumb(page, f"bad:{bad}", "lin")
    page.call(SEND, 100, 0, visitor="lin")
    training_pairs = page.workbench.visitor("lin").training_pairs
    assert list(training_pairs.pairs.texts) == [("+1 for the cat", texts[0], texts[1])]


def test_assumed_negatives_are_the_best_hits_left(page):
    index = page.sample("lea").index
    judged = sample_judgements(index.corpus)
    some = dict(list(judged.items())[:5]) | {"with one": {index.corpus.texts[0]: 0.0}}
    found = best_hits(index, some, quiet, threading.Event())
    assert set(found) == set(list(judged)[:5])
    for query, texts in found.items():
        best = search(index.encode_queries([query]), index.vectors, 5).indices[0]
        assert texts == [index.corpus.texts[row] for row in best[: len(texts)]]
        assert set(texts) - set(judged[query])
    assert best_hits(index, {"q": {"x": 0.0}}, quiet, threading.Event()) == {}


def test_sending_is_stopped_and_nothing_is_sent(page):
    index = page.sample("sue").index
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        best_hits(index, sample_judgements(index.corpus), quiet, stop)
    assert not page.handlers.state("sue").sent


def test_a_prompt_that_training_does_not_put_is_told(bert):
    assert prompts_line(bert) == ""
    recipe = replace(bert.recipe, prompts={"query": "query: ", "passage": "passage: "},
                     default_prompt_name="query")  # fmt: skip
    said = prompts_line(Encoder("e5", bert.backbone, recipe))
    assert "training puts “query: ” before every text" in said
    assert "“passage: ” before texts" in said
    sent = to_triplets({"q": {"a": 1, "b": 0}}, {}, share=1)
    assert split_lines(sent, said)[-1] == said
    assert len(split_lines(sent, said)) == len(split_lines(sent)) + 1


@pytest.mark.parametrize(("share", "seed"), [(0, 0), (101, 0), ("x", 0), (70, -1), (70, 0.5)])
def test_a_share_or_seed_that_is_none_is_refused(page, share, seed):
    page.sample("may")
    page.call(SAMPLE, visitor="may")
    with pytest.raises(gr.Error, match=r"share for training|seed of the split"):
        page.call(SEND, share, seed, visitor="may")
    assert not page.handlers.state("may").sent


def test_afterwards_queries_that_were_trained_on_are_told_apart(page, bert):
    judge_some(page, "ned", 80)
    many = len(grades(page, "ned"))
    page.call(SEND, 70, 1, visitor="ned")  # another draw, of which nothing comes
    page.call(SEND, 70, 0, visitor="ned")
    known = page.workbench.visitor("ned")
    run = a_run(
        done(bert, pairs=known.training_pairs.pairs, steps=1), key="run-1", name="judged, run 1"
    )
    page.workbench.add_model(OwnModel("run-1", run.name, run.tuned, run), known)
    [tab] = [b for b in page.demo.blocks.values() if getattr(b, "elem_id", "") == "tab-search"]
    offer = page.reaction(tab._id, "select", "judge-models")
    offered = page.call(offer, [], [], visitor="ned")
    assert offered["judge-models"].value == ["run-1"]
    again = page.call(offer, [], offered["State"], visitor="ned")
    assert again["judge-models"].value == []  # taken away by hand: it stays away
    page.call(GO, [], ["run-1"], [], visitor="ned")
    groups = measured(page, "ned").groups
    # What Fine-tune held out of the triplets, the model has not seen either.
    sent, held_out = split_queries(list(grades(page, "ned")), 0.7)
    seen = {row[0] for part in (run.done.train, run.done.validation) for row in part.texts}
    assert seen < set(sent)
    assert [(g.title, g.queries) for g in groups] == [
        (HELD_OUT, many - len(seen)), (ALL, many), (TRAINED, len(seen)),
    ]  # fmt: skip
    assert groups[0].queries > len(held_out)
    assert groups[0].strategies[1].name == "“judged, run 1”, yours"
    panel = check(scores_panel(measured(page, "ned"))).text
    assert panel.index(HELD_OUT) < panel.index(ALL) < panel.index(TRAINED)
    assert "the fair comparison" in panel
    assert "proves nothing" in panel
    judged = grades(page, "ned")
    texts = {text for part in (run.done.train, run.done.validation) for row in part.texts
             for text in row}  # fmt: skip
    shared = sum(not texts.isdisjoint(judged[query]) for query in judged if query not in seen)
    assert groups[0].shared == shared > 0
    assert f"A relevant text of {shared} of these was trained on for another query" in panel
    page.call(GO, [], [], [], visitor="ned")  # without that model nothing is trained on
    assert [(g.title, g.shared) for g in measured(page, "ned").groups] == [(ALL, 0)]


def test_a_model_of_which_nothing_is_known_is_no_proof(page, bert):
    judge_some(page, "pat", 2)
    known = page.workbench.visitor("pat")
    page.workbench.add_model(OwnModel("run-7", "from a file", bert), known)
    for models, told in ((["run-7"], True), ([], False)):
        page.call(GO, [], models, [], visitor="pat")
        [group] = measured(page, "pat").groups
        assert (group.title, group.shared) == (ALL, 0)
        panel = check(scores_panel(measured(page, "pat"))).text
        assert ("brought back from a download" in panel) == told


def test_all_that_is_sent_is_said():
    plain = to_triplets({"q": {"a": 1, "b": 0}, "p": {"c": 0}}, {}, share=1)
    said = " ".join(split_lines(plain))
    assert "1 triplet of 1 query; 0 held out" in said
    assert "Nothing is held out" in said
    assert "Left out: 1 query" in said
    assert "assumed" not in said
