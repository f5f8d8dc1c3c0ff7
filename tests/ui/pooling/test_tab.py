"""Every control moves what it should, and nothing else."""

from types import SimpleNamespace
from urllib.parse import parse_qsl

import gradio as gr
import numpy as np
import pytest

from tests.ui.laid_out import LaidOut, tiny_workbench
from tests.ui.visit import EVERYTHING, array, changed, inputs, score_rows
from ui.pooling import tab
from ui.pooling.examples import EXAMPLES, FIRST
from ui.pooling.form import View
from ui.pooling.handlers import EMPTY_SECTIONS, PoolingHandlers, Screen

FOLDED = EMPTY_SECTIONS.keys()
OF_THE_PAIR = {"scores", "answer", "address", "apart", "layers", "making", "python"}


def screen(handlers: PoolingHandlers, unfolded=EVERYTHING, **changes) -> Screen:
    changes = {"lines": "It rains.\nRain falls.\nTaxes are due.", **changes}
    return handlers.screen(inputs(unfolded, **changes), "a visitor")


@pytest.fixture(scope="module")
def first(handlers) -> Screen:
    return screen(handlers)


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({"a": "A kitten naps."}, OF_THE_PAIR | {"counts"}),
        ({"b": "A kitten naps."}, OF_THE_PAIR | {"counts"}),
        ({"layer": "3"}, OF_THE_PAIR | {"several", "honesty"}),
        ({"layer": "last2"}, OF_THE_PAIR | {"several", "honesty"}),
        ({"pooling": "max"}, OF_THE_PAIR | {"several"}),
        ({"pool_special": False}, OF_THE_PAIR | {"several", "honesty"}),
        ({"measure": "dot product"}, {"scores", "address"}),
        ({"measure": "Euclidean distance"}, {"scores", "address"}),
        ({"lines": "It rains.\nRain falls."}, {"several", "address"}),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_a_control_moves_its_output_and_no_other(handlers, first, change, moves):
    assert changed(first, screen(handlers, **change)) == moves


def test_the_model_moves_all_but_the_token_counts(handlers, first):
    after = screen(handlers, model="untrained-minilm")
    assert changed(first, after) == OF_THE_PAIR | {"several", "honesty"}
    assert "untrained-minilm" in after.answer


def test_pinned_scores_stand_beside_the_next_and_nowhere_else(handlers, first):
    pinned = handlers.pin(inputs(EVERYTHING, a="It rains."), "a visitor")
    assert changed(first, screen(handlers, pinned=pinned)) == {"scores"}


def test_the_same_inputs_give_the_same_screen(handlers, first):
    assert changed(first, screen(handlers)) == set()
    assert changed(first, screen(handlers, layer="6")) == set()  # the last by its other name


def test_a_folded_section_costs_nothing_and_changes_nothing(handlers, first):
    for name in EVERYTHING:
        after = screen(handlers, EVERYTHING - {name})
        assert after.sections[name] is None
        assert changed(first, after) == {name}
    assert screen(handlers, frozenset()).sections == dict.fromkeys(FOLDED)


def test_every_section_fills_all_of_its_parts(first):
    assert {name: len(parts) for name, parts in first.sections.items()} == {
        name: len(parts) for name, parts in EMPTY_SECTIONS.items()
    }
    assert all(parts[0] for parts in first.sections.values())


def test_swapping_the_sentences_transposes_the_matrix_and_keeps_every_score(handlers, first):
    after = screen(handlers, a=FIRST.b, b=FIRST.a)
    assert score_rows(after.scores) == score_rows(first.scores)
    before, swapped = (s.sections["apart"][2]["data"][0] for s in (first, after))
    np.testing.assert_allclose(array(swapped["z"]), array(before["z"]).T, atol=1e-7)
    assert (swapped["x"], swapped["y"]) == (before["y"], before["x"])
    assert after.sections["layers"] == first.sections["layers"]


def test_the_chosen_row_is_marked(handlers):
    for pooling in ("mean", "last_token"):
        rows = score_rows(screen(handlers, frozenset(), pooling=pooling).scores)
        assert [name for name, row in rows.items() if row.chosen] == [pooling]


def test_the_address_opens_the_same_screen(handlers, first):
    moved = {"a": "Ünïcode & 100% #1", "layer": "first_last", "pool_special": False}
    before = screen(handlers, **moved)
    view, remarks = handlers.restore(dict(parse_qsl(before.address[1:])), "a visitor")
    assert remarks == []
    again = inputs(
        EVERYTHING,
        a=view.a,
        b=view.b,
        layer=str(view.layer),
        pooling=view.pooling,
        pool_special=view.pool_special,
        measure=view.measure,
        lines="\n".join(view.texts),
        model=view.model,
    )
    assert changed(before, handlers.screen(again, "a visitor")) == set()
    assert changed(before, first) == OF_THE_PAIR | {"several", "honesty", "counts"}


def test_every_example_says_what_to_look_for(handlers):
    for example in EXAMPLES.values():
        answer = screen(handlers, frozenset(), a=example.a, b=example.b).answer
        assert f'<p class="look">{example.look}</p>' in answer.replace("&#x27;", "'")
    assert 'class="look"' not in screen(handlers, frozenset(), a="It rains.").answer


def test_the_first_visit_is_the_first_example(handlers):
    assert (View().a, View().b) == (FIRST.a, FIRST.b)
    assert FIRST.look[:20] in screen(handlers, frozenset()).answer


def test_opening_the_tab_draws_it_also_where_nothing_changes(tiny):
    """The first visit fills the page with what stands there: no control of it changes."""
    page = LaidOut(tiny_workbench(tiny("bert"), tiny("roberta")), tab.build)
    drawn_by = page.function("sentence-a", "change").targets
    for fn in page.demo.fns.values():
        if any(name == "load" for _, name in fn.targets):
            marks = [i for i, box in enumerate(fn.outputs) if isinstance(box, gr.State)]
            request = SimpleNamespace(session_hash="ann", query_params={"pooling": "mean"})
            once, again = fn.fn(request), fn.fn(request)
            fresh = [fn.outputs[i] for i in marks if once[i] != again[i]]
            assert [(box._id, "change") in drawn_by for box in fresh] == [True]
    page.close()
