"""Whose vectors of a search are whose: two visitors, what a sample shares, and who leaves."""

from dataclasses import replace

import numpy as np
import torch

from encoder import DEFAULT_MODEL, Encoder
from encoder.head import Dense
from tests.ui.laid_out import OTHER_MODEL, tiny_workbench
from tests.ui.search.lab import QUERY, SearchLab
from ui.search.examples import FIRST
from ui.search.form import SearchForm
from ui.state.models import OwnModel


def test_vectors_of_two_visitors_are_kept_apart_and_go_with_them(page, finish):
    store = page.workbench.vectors
    ann, bob = (page.search(name).index.collection for name in ("ann", "bob"))
    assert ann != bob
    assert store.names() == sorted([ann, bob])
    page.workbench.forget("ann")
    finish()
    assert store.names() == [bob]
    assert page.search("bob").rows  # bob goes on


def test_a_visitor_who_is_pushed_out_leaves_no_vectors(tiny, finish):
    lab = SearchLab(tiny_workbench(tiny("bert"), tiny("bert"), max_visitors=1))
    lab.find("ann")
    kept = lab.search("bob").index.collection
    finish()
    assert lab.workbench.vectors.names() == [kept]
    lab.leave()


def test_only_the_latest_vectors_of_a_visitor_are_kept_in_memory(page):
    poolings = ["mean", "max", "cls", "min", "soft"]
    names = [page.search(pooling=name).index.collection for name in poolings]
    assert len(set(names)) == len(poolings)
    assert page.workbench.vectors.names() == [names[-1]]
    assert page.search(pooling="mean").rows  # put there again


def test_the_next_visitor_of_a_sample_waits_for_nothing(page, bert, count_forwards):
    page.handlers.open_sample("ann", FIRST)
    first = page.judged("ann", method="fusion")
    page.handlers.open_sample("bob", FIRST)
    assert page.handlers.is_ready(page.handlers.request("bob", SearchForm(QUERY, method="fusion")))
    with count_forwards(bert) as calls:
        found = page.find("bob", method="fusion")
    assert sum(rows for rows, _ in calls) == 1  # the question
    assert found.verdict == first.verdict
    page.workbench.forget("ann")
    assert page.search("bob").rows


def test_what_a_visitors_own_model_makes_of_a_sample_goes_with_the_visitor(page, tiny):
    page.workbench.encoder(DEFAULT_MODEL, None)
    own = tiny("distilbert")
    known = page.workbench.visitor("ann")
    page.workbench.add_model(OwnModel("run-1", "mine", own), known)
    page.handlers.open_sample("ann", FIRST)
    index = page.judged("ann", model="run-1").answer.index
    stages = known.texts.stages
    assert stages.known("encode", index.source)
    assert not page.workbench.samples.known("encode", index.source)
    assert not page.workbench.samples.known("background", index.source)
    page.workbench.forget("ann")
    assert not stages.known("encode", index.source)
    public = page.find("bob", model=DEFAULT_MODEL)  # texts of bob's own
    assert public.answer.rows


def test_a_sample_is_kept_for_all_visitors_unless_the_model_is_their_own(page):
    names = set()
    for visitor in ("ann", "bob"):
        page.handlers.open_sample(visitor, FIRST)
        names.add(page.search(visitor, model=DEFAULT_MODEL).index.collection)
    [name] = names
    assert name.startswith("sample_")
    other = page.search("ann", model=OTHER_MODEL).index.collection
    assert other.startswith("sample_")
    assert other != name
    sample = page.handlers.open_sample("cy", FIRST)
    page.handlers.texts("cy").open(replace(sample, sample=None))  # sent by a visitor
    assert page.search("cy").index.collection.startswith("visitor_")


def test_no_model_of_a_visitor_passes_for_the_public_one_that_it_resembles(bert, finish):
    """Its head differs where a printed weight is cut short; it comes to the sample first."""
    weight = torch.randn(64, bert.dimensions)
    forged = weight.clone()
    forged[3:-3] = -7.0
    recipes = [replace(bert.recipe, head=(Dense(each, None),)) for each in (weight, forged)]
    public, own = (Encoder("public", bert.backbone, recipe) for recipe in recipes)
    lab = SearchLab(tiny_workbench(public, public))
    lab.workbench.encoder(DEFAULT_MODEL, None)
    lab.workbench.add_model(OwnModel("run-1", "mine", own), lab.workbench.visitor("mallory"))
    vectors = {}
    for visitor, model in (("mallory", "run-1"), ("bob", DEFAULT_MODEL)):
        lab.handlers.open_sample(visitor, FIRST)
        vectors[visitor] = lab.search(visitor, model=model).index.vectors
    texts = lab.handlers.opened("bob").corpus.texts[:3]
    np.testing.assert_allclose(vectors["bob"][:3], public.encode(texts), atol=1e-6)
    assert np.abs(vectors["bob"] - vectors["mallory"]).max() > 0.1
    finish()
