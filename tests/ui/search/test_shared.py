"""Whose vectors of a search are whose: two visitors, what a sample shares, and who leaves."""

from encoder import DEFAULT_MODEL
from tests.ui.laid_out import OTHER_MODEL, tiny_workbench
from tests.ui.search.lab import QUERY, SearchLab
from ui.search.form import SearchForm
from ui.state.models import OwnModel
from ui.state.texts import SEARCH_SAMPLE, open_sample


def test_vectors_of_two_visitors_are_kept_apart_and_go_with_them(lab, finish):
    store = lab.workbench.vectors
    ann, bob = (lab.find(name).answer.index.collection for name in ("ann", "bob"))
    assert ann != bob
    assert store.names() == sorted([ann, bob])
    lab.workbench.forget("ann")
    finish()
    assert store.names() == [bob]
    assert lab.find("bob").answer.rows  # bob goes on


def test_a_visitor_who_is_pushed_out_leaves_no_vectors(tiny, finish):
    lab = SearchLab(tiny_workbench(tiny("bert"), tiny("bert"), max_visitors=1))
    lab.find("ann")
    kept = lab.find("bob").answer.index.collection
    finish()
    assert lab.workbench.vectors.names() == [kept]
    lab.close()


def test_only_the_latest_vectors_of_a_visitor_are_kept_in_memory(lab):
    poolings = ["mean", "max", "cls", "min", "soft"]
    names = [lab.find(pooling=name).answer.index.collection for name in poolings]
    assert len(set(names)) == len(poolings)
    assert lab.workbench.vectors.names() == [names[-1]]
    assert lab.find(pooling="mean").answer.rows  # put there again


def test_the_next_visitor_of_a_sample_waits_for_nothing(lab, bert, count_forwards):
    open_sample(lab.handlers.atlas("ann"), SEARCH_SAMPLE)
    first = lab.judged("ann", method="fusion")
    open_sample(lab.handlers.atlas("bob"), SEARCH_SAMPLE)
    assert lab.handlers.is_ready(lab.handlers.request("bob", SearchForm(QUERY, method="fusion")))
    with count_forwards(bert) as calls:
        found = lab.find("bob", method="fusion")
    assert sum(rows for rows, _ in calls) == 1  # the question
    assert found.verdict == first.verdict
    lab.workbench.forget("ann")
    assert lab.find("bob").answer.rows


def test_what_a_visitors_own_model_makes_of_a_sample_goes_with_the_visitor(lab, tiny):
    lab.workbench.encoder(DEFAULT_MODEL, None)
    own = tiny("distilbert")
    known = lab.workbench.visitor("ann")
    lab.workbench.add_model(OwnModel("run-1", "mine", own), known)
    open_sample(known.atlas, SEARCH_SAMPLE)
    index = lab.judged("ann", model="run-1").answer.index
    stages = known.atlas.stages
    assert stages.known("encode", index.source)
    assert not lab.workbench.samples.known("encode", index.source)
    assert not lab.workbench.samples.known("background", index.source)
    lab.workbench.forget("ann")
    assert not stages.known("encode", index.source)
    public = lab.find("bob", model=DEFAULT_MODEL)  # texts of bob's own
    assert public.answer.rows


def test_a_sample_is_kept_for_all_visitors_unless_the_model_is_their_own(lab):
    names = set()
    for visitor in ("ann", "bob"):
        open_sample(lab.handlers.atlas(visitor), SEARCH_SAMPLE)
        names.add(lab.find(visitor, model=DEFAULT_MODEL).answer.index.collection)
    [name] = names
    assert name.startswith("sample_")
    other = lab.find("ann", model=OTHER_MODEL).answer.index.collection
    assert other.startswith("sample_")
    assert other != name
    atlas = lab.handlers.atlas("cy")
    open_sample(atlas, SEARCH_SAMPLE)
    again = (atlas.name, atlas.corpus, atlas.table)
    atlas.open(*again)  # the same texts, sent by a visitor
    assert lab.find("cy").answer.index.collection.startswith("visitor_")
