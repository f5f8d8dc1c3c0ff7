"""From judged hits to the Fine-tune tab, and back with a model to compare."""

import threading
from dataclasses import replace

import gradio as gr
import pytest

from encoder import Encoder
from explore import Stopped, search
from tests.ui.finetune.takehome.runs import a_run, done
from tests.ui.search.sections import QUERY, check, quiet
from tests.ui.search.test_judge import GO, SAMPLE, SEND, grades, measured, thumb
from ui.search.judge import best_hits, prompts_line
from ui.search.judge_html import scores_panel, sent_lines
from ui.search.judged import ALL, ASSUMED, HELD_OUT, NAME, TRAINED, split_queries, to_triplets
from ui.state.judgements import sample_judgements
from ui.state.models import OwnModel


def test_a_share_of_the_queries_lies_ready_to_train_on_as_triplets(sections):
    answer = sections.sample("jon")
    sections.call(SAMPLE, visitor="jon")
    shown = sections.call(SEND, 70, 0, 3, visitor="jon")
    [tabs] = [value for name, value in shown.items() if name.startswith("Tabs")]
    assert tabs.selected == "finetune"
    training_pairs = sections.workbench.visitor("jon").training_pairs
    assert (training_pairs.name, training_pairs.pairs.kind) == (NAME, "triplet")
    judged = sample_judgements(answer.index.corpus)
    trained, held_out = split_queries(list(judged), 0.7)
    assert {query for query, _, _ in training_pairs.pairs.texts} == set(trained)
    assert sections.handlers.atlas("jon").sent == set(trained)
    assert f"of {len(trained)} queries; {len(held_out)} held out" in shown["judge-sent"]
    assert set(training_pairs.table.frame["negative is"]) == {ASSUMED}
    assert "the negative is assumed" in shown["judge-sent"]
    assert shown["pairs-note"].startswith('<p class="lab-note">judged_queries.csv')
    assert "sent to training" in shown["judge-list"]
    for query, good, bad in training_pairs.pairs.texts:
        assert good in judged[query]
        assert bad not in judged[query]


def test_a_judged_negative_is_the_one_that_is_sent(sections):
    answer = sections.search("kim")
    texts = answer.index.corpus.texts
    good, bad = answer.rows[0], answer.rows[5]
    thumb(sections, f"good:{good}", "kim")
    thumb(sections, f"bad:{bad}", "kim")
    sections.call(SEND, 100, 0, 0, visitor="kim")
    training_pairs = sections.workbench.visitor("kim").training_pairs
    assert list(training_pairs.pairs.texts) == [(QUERY, texts[good], texts[bad])]


def test_texts_are_trained_on_as_they_are_not_as_spreadsheets_get_them(sections):
    texts = ["- 5 degrees at night", "@home with the cat", "=sum of all fears", "a plain text"]
    answer = sections.search("lin", query="+1 for the cat", texts=texts, k=4)
    good, bad = (answer.index.corpus.texts.index(text) for text in texts[:2])
    thumb(sections, f"good:{good}", "lin")
    thumb(sections, f"bad:{bad}", "lin")
    sections.call(SEND, 100, 0, 0, visitor="lin")
    training_pairs = sections.workbench.visitor("lin").training_pairs
    assert list(training_pairs.pairs.texts) == [("+1 for the cat", texts[0], texts[1])]


def test_assumed_negatives_are_the_best_hits_left(sections):
    index = sections.sample("lea").index
    judged = sample_judgements(index.corpus)
    some = dict(list(judged.items())[:5]) | {"with one": {index.corpus.texts[0]: 0.0}}
    found = best_hits(index, some, quiet, threading.Event())
    assert set(found) == set(list(judged)[:5])
    for query, texts in found.items():
        best = search(index.encode_queries([query]), index.vectors, 5).indices[0]
        assert texts == [index.corpus.texts[row] for row in best[: len(texts)]]
        assert set(texts) - set(judged[query])
    assert best_hits(index, {"q": {"x": 0.0}}, quiet, threading.Event()) == {}


def test_sending_is_stopped_and_nothing_is_sent(sections):
    index = sections.sample("sue").index
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        best_hits(index, sample_judgements(index.corpus), quiet, stop)
    assert not sections.handlers.atlas("sue").sent


def test_a_prompt_that_training_does_not_put_is_told(bert):
    assert prompts_line(bert) == ""
    recipe = replace(bert.recipe, prompts={"query": "query: ", "passage": "passage: "},
                     default_prompt_name="query")  # fmt: skip
    said = prompts_line(Encoder("e5", bert.backbone, recipe))
    assert "training puts “query: ” before every text" in said
    assert "“passage: ” before texts" in said
    sent = to_triplets({"q": {"a": 1, "b": 0}}, {}, share=1)
    assert sent_lines(sent, said)[-1] == said
    assert len(sent_lines(sent, said)) == len(sent_lines(sent)) + 1


@pytest.mark.parametrize(("share", "seed"), [(0, 0), (101, 0), ("x", 0), (70, -1), (70, 0.5)])
def test_a_share_or_seed_that_is_none_is_refused(sections, share, seed):
    sections.sample("may")
    sections.call(SAMPLE, visitor="may")
    with pytest.raises(gr.Error, match=r"share for training|seed of the split"):
        sections.call(SEND, share, seed, 0, visitor="may")
    assert not sections.handlers.atlas("may").sent


def test_afterwards_queries_that_were_trained_on_are_told_apart(sections, bert):
    sections.sample("ned")
    sections.call(SAMPLE, visitor="ned")
    sections.call(SEND, 70, 1, 0, visitor="ned")  # another draw, of which nothing comes
    sections.call(SEND, 70, 0, 0, visitor="ned")
    known = sections.workbench.visitor("ned")
    run = a_run(
        done(bert, pairs=known.training_pairs.pairs, steps=1), key="run-1", name="judged, run 1"
    )
    sections.workbench.add_model(OwnModel("run-1", run.name, run.tuned, run), known)
    offer = sections.function("tab-search", "select")
    offered = sections.call(offer, [], [], visitor="ned")
    assert offered["judge-models"].value == ["run-1"]
    again = sections.call(offer, [], offered["State"], visitor="ned")
    assert again["judge-models"].value == []  # taken away by hand: it stays away
    sections.call(GO, [], ["run-1"], [], visitor="ned")
    groups = measured(sections, "ned").groups
    # What Fine-tune held out of the triplets, the model has not seen either.
    sent, held_out = split_queries(list(grades(sections, "ned")), 0.7)
    seen = {row[0] for part in (run.done.train, run.done.validation) for row in part.texts}
    assert seen < set(sent)
    assert [(g.title, g.queries) for g in groups] == [
        (HELD_OUT, 178 - len(seen)), (ALL, 178), (TRAINED, len(seen)),
    ]  # fmt: skip
    assert groups[0].queries > len(held_out)
    assert groups[0].lines[1].name == "“judged, run 1”, yours"
    panel = check(scores_panel(measured(sections, "ned"))).text
    assert panel.index(HELD_OUT) < panel.index(ALL) < panel.index(TRAINED)
    assert "the fair comparison" in panel
    assert "proves nothing" in panel
    judged = sample_judgements(sections.handlers.index("ned").corpus)
    texts = {text for part in (run.done.train, run.done.validation) for row in part.texts
             for text in row}  # fmt: skip
    shared = sum(not texts.isdisjoint(judged[query]) for query in judged if query not in seen)
    assert groups[0].shared == shared > 0
    assert f"A relevant text of {shared} of these was trained on for another query" in panel
    sections.call(GO, [], [], [], visitor="ned")  # without that model nothing is trained on
    assert [(g.title, g.shared) for g in measured(sections, "ned").groups] == [(ALL, 0)]


def test_a_model_of_which_nothing_is_known_is_no_proof(sections, bert):
    sections.sample("pat")
    sections.call(SAMPLE, visitor="pat")
    known = sections.workbench.visitor("pat")
    sections.workbench.add_model(OwnModel("run-7", "from a file", bert), known)
    for models, told in ((["run-7"], True), ([], False)):
        sections.call(GO, [], models, [], visitor="pat")
        [group] = measured(sections, "pat").groups
        assert (group.title, group.shared) == (ALL, 0)
        panel = check(scores_panel(measured(sections, "pat"))).text
        assert ("brought back from a download" in panel) == told


def test_all_that_is_sent_is_said():
    plain = to_triplets({"q": {"a": 1, "b": 0}, "p": {"c": 0}}, {}, share=1)
    said = " ".join(sent_lines(plain))
    assert "1 triplet of 1 query; 0 held out" in said
    assert "Nothing is held out" in said
    assert "Left out: 1 query" in said
    assert "assumed" not in said
