"""A sample of texts is one entry: buttons, examples, judged queries and links follow from it."""

import warnings

import pytest

from encoder import EncoderError
from tests.ui.laid_out import LaidOut, tiny_workbench
from tests.ui.search.lab import stand_in
from ui.map import tab as map_tab
from ui.search import tab as search_tab
from ui.search.examples import examples
from ui.state.judgements import sample_judgements
from ui.state.samples import TEXT_SAMPLES, TextSample, linked_sample, text_sample
from ui.state.stages import Stages
from ui.state.texts import open_sample, sample_of

TEXTS = ["A cat sleeps.", "A dog barks.", "The bank is shut."]


@pytest.fixture
def zoo(tmp_path, monkeypatch) -> TextSample:
    """A sample that nobody has heard of."""
    rows = "".join(f"z{at},{text}\n" for at, text in enumerate(TEXTS))
    (tmp_path / "zoo.csv").write_text(f"id,text\n{rows}", encoding="utf-8")
    (tmp_path / "asked.csv").write_text("query,relevant\nwho sleeps?,z0\n", encoding="utf-8")
    sample = TextSample(
        name="zoo", title="Animals", file="zoo.csv", queries=("who sleeps?", "who barks?"),
        judged="asked.csv", folder=tmp_path,
    )  # fmt: skip
    monkeypatch.setitem(TEXT_SAMPLES, "zoo", sample)
    return sample


def test_a_sample_has_its_questions_its_judged_queries_and_a_name_for_links(zoo):
    texts = open_sample("zoo", Stages(10**6))
    assert list(texts.corpus.texts) == TEXTS
    assert (texts.name, texts.bundled, sample_of(texts)) == ("zoo.csv", True, "zoo")
    assert examples(texts) == zoo.queries
    assert sample_judgements(texts.corpus) == {"who sleeps?": {TEXTS[0]: 1.0}}
    assert linked_sample("zoo") is linked_sample("zoo.csv") is zoo


def test_a_sample_arrives_at_both_tabs_and_in_links_to_them(zoo, bert):
    page = LaidOut(tiny_workbench(bert, bert), map_tab.build, search_tab.build, stand_in)
    for prefix in ("", "search-"):
        shown = page.call((f"{prefix}corpus-zoo", "click"))
        assert "zoo.csv: 3 texts" in shown[f"{prefix}corpus-facts"]
    for name, prefix in (("map", ""), ("search", "search-")):
        [link] = [
            fn for fn in page.demo.fns.values()
            if (page.demo._id, "load") in fn.targets
            and f"{prefix}corpus-facts" in [getattr(box, "elem_id", None) for box in fn.outputs]
        ]  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing in the link is unknown
            opened = page.call(link, query={name: "{}", "corpus": "zoo"})
        assert opened["Tabs"].selected == name
        assert "zoo.csv: 3 texts" in opened[f"{prefix}corpus-facts"]
    page.close()


@pytest.mark.parametrize("name", ["../../etc/passwd", "topics.csv", "", "x" * 10_000])
def test_there_are_these_samples_and_no_others(name):
    with pytest.raises(EncoderError, match=r"Unknown sample .* Choose one of: topics, support"):
        text_sample(name)


@pytest.mark.parametrize("sample", TEXT_SAMPLES.values(), ids=list(TEXT_SAMPLES))
def test_every_sample_is_large_labelled_whole_and_has_questions(sample):
    texts = open_sample(sample.name, Stages(10**8))
    assert len(texts.corpus) > 200
    assert texts.corpus.labels
    assert not texts.corpus.report.dropped
    assert len(sample.queries) == 5
