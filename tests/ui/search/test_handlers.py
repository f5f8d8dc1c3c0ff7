"""Searching over tiny models: the hits are the engine's, and nothing is encoded twice."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from encoder import EncoderError, Options
from explore import Bm25Index, Stopped, reciprocal_rank_fusion, search
from explore.coverage import coverage
from explore.verdict import BestHits
from tests.ui.corpus import TEXTS
from tests.ui.laid_out import tiny_workbench
from tests.ui.search.lab import QUERY, SearchLab, quiet
from tests.ui.state.test_jobs import ended
from ui.search.answer import InMemory, find, verdict
from ui.search.background import ANSWERED, Languages, background_pairs
from ui.search.form import SearchForm
from ui.search.index import prompts


def test_before_the_first_search_there_is_nothing_to_build_on(page):
    for ask in (page.handlers.index, page.handlers.last):
        with pytest.raises(EncoderError, match="Nothing has been searched yet"):
            ask("ann")
    with pytest.raises(EncoderError, match="There are no texts yet"):
        page.handlers.request("ann", SearchForm(QUERY))


def test_hits_are_those_of_the_engine(page, bert):
    vectors, query = bert.encode(TEXTS, "max", 1), bert.encode([QUERY], "max", 1)
    expected = search(query, vectors, 7)
    answer = page.search(pooling="max", layer="1", k=7)
    assert answer.rows == expected.indices[0].tolist()
    np.testing.assert_allclose(answer.cosines, expected.scores[0], atol=1e-5)
    assert answer is page.handlers.last("ann")
    index = page.handlers.index("ann")
    assert index is answer.index
    np.testing.assert_allclose(index.vectors, vectors, atol=1e-5)
    np.testing.assert_allclose(index.encode_queries([QUERY]), query, atol=1e-5)


def test_the_models_own_pooling_is_its_own_on_every_layer(tiny):
    own = tiny("bert").with_pooling("cls")
    lab = SearchLab(tiny_workbench(own, tiny("roberta")))
    for layer in ("-1", "1"):
        index = lab.search(layer=layer).index
        assert index.pooling == "cls"
        np.testing.assert_allclose(index.vectors, own.encode(TEXTS, "cls", int(layer)), atol=1e-5)
    lab.leave()


def test_keywords_and_fusion_are_those_of_the_engine(page, bert):
    words = Bm25Index(TEXTS).search(["red cat window"], 100)
    found = page.search(query="red cat window", method="bm25", k=5)
    assert found.rows == words.indices[0, :5].tolist()
    dense = search(bert.encode(["red cat window"]), bert.encode(TEXTS), 100)
    fused = reciprocal_rank_fusion([dense, words], 5)
    found = page.search(query="red cat window", method="fusion", k=5)
    assert found.rows == fused.indices[0].tolist()
    np.testing.assert_allclose(found.hits.scores, fused.scores, atol=1e-6)


def test_places_that_keywords_leave_empty_are_no_hits(page):
    assert page.search(query="xylophone", method="bm25").rows == []
    assert page.judged(query="xylophone", method="bm25").verdict is None
    assert len(page.search(query="Is there a butter?", method="bm25", k=50).rows) < 50


def test_nothing_is_computed_twice(page, bert, count_forwards):
    page.judged()
    before = page.work()
    assert before == {"encode": 1, "cut": 1, "unreadable": 1, "language": 1, "background": 1}
    with count_forwards(bert) as calls:
        page.judged(query=QUERY, k=30)
    assert calls == []
    with count_forwards(bert) as calls:
        page.judged(query="another question", k=3)
    assert len(calls) == 1
    assert calls[0][0] == 1
    assert page.work() == before
    page.find(method="bm25")
    page.find(method="fusion", query="a third")
    assert page.work() == {**before, "bm25": 1}
    page.find(pooling="cls")
    assert page.work()["encode"] == 2


def test_it_is_known_whether_an_answer_takes_time(page):
    page.open()

    def ready(**form: object) -> bool:
        return page.handlers.is_ready(page.handlers.request("ann", SearchForm(QUERY, **form)))

    assert not ready()
    page.find()
    assert ready()
    assert ready(k=3)
    assert not ready(method="bm25")
    assert not ready(pooling="cls")
    page.find(method="fusion")
    assert ready(method="bm25")


def test_the_verdict_is_that_of_the_engine_over_the_whole_background(page, bert):
    found = page.judged(k=1)
    pairs = background_pairs(found.answer.index.corpus)
    unrelated = bert.encode([question for question, _ in pairs])
    assert found.verdict.queries == len(pairs) >= 300
    answered = [pair for pair in pairs if pair[1]][:ANSWERED]
    questions, answers = (bert.encode([pair[side] for pair in answered]) for side in (0, 1))
    best = BestHits.of(
        search(unrelated, bert.encode(TEXTS), 1), np.einsum("nd,nd->n", questions, answers)
    )
    assert found.verdict == best.verdict(float(found.answer.cosines[0]))
    assert page.find(query="another").whole


def test_keywords_are_judged_by_what_they_cover_of_the_question(page):
    query = "where is the red cat, Hildegard?"
    found = [page.judged(query=query, method="bm25", k=k) for k in (1, 10)]
    words = Bm25Index(TEXTS)
    row = int(words.search([query], 1).indices[0, 0])
    assert found[0].verdict == coverage(words, query, row, "en").verdict()
    assert found[0].verdict == found[1].verdict  # how many hits are shown says nothing of them
    assert found[0].verdict.p_value is None
    assert page.find(query=query, method="bm25").whole  # there is nothing to wait for
    assert "background" not in page.work()  # no vector was needed


@pytest.mark.parametrize(
    ("query", "reason", "words"),
    [
        ("Nyumba yangu iko wapi na kwa nini?", "language", "Swahili"),
        ("வீடு எங்கே?", "unread", "tokens of the question are unknown"),
        ("где мой кот?", "unread", "tokens of the question are unknown"),
    ],
)
def test_without_anything_to_compare_with_there_is_no_verdict_and_the_reason_is_given(
    page, query, reason, words
):
    for method in ("dense", "fusion"):
        found = page.find(query=query, method=method)
        assert found.whole
        assert (found.verdict.level, found.verdict.reason) == ("unknown", reason)
        assert words in found.verdict.words
    assert "background" not in page.work()


def test_a_question_is_held_against_others_in_its_own_language(page):
    english, german = (page.judged(query=query) for query in (QUERY, "Wo ist die Katze von ihm?"))
    assert english.verdict.queries > 300
    assert german.verdict.queries == 40
    assert page.work()["background"] == 2
    page.judged(query="Was ist das und wer hat es?")
    assert page.work()["background"] == 2  # once for a language


def test_a_fused_ranking_is_judged_by_the_largest_cosine_of_all_texts(page):
    query = "red cat window"
    dense = page.judged(query=query, k=1)
    fused = [page.judged(query=query, method="fusion", k=k) for k in (1, 10)]
    assert fused[0].verdict == fused[1].verdict
    assert fused[0].verdict.p_value == dense.verdict.p_value
    assert page.work()["background"] == 1


def test_a_best_cosine_below_0_is_said_as_it_is(page):
    answer = page.search()
    [vector] = answer.index.encode_queries([QUERY])
    against = replace(answer.index, vectors=np.array([-vector, -vector]))
    found = find(against, QUERY, "dense", 2, InMemory(), None)
    assert found.best == pytest.approx(-1, abs=1e-5)


def test_only_vectors_say_that_nothing_is_relevant(page):
    answers = {m: page.search(query=QUERY, method=m) for m in ("dense", "fusion")}
    index = answers["dense"].index
    key = (*index.source, Languages("en", "en"))
    index.texts.stages.get("background", key, lambda: BestHits(np.full(400, 1e6)))
    found = {m: verdict(answer, quiet, threading.Event()) for m, answer in answers.items()}
    assert {one.level for one in found.values()} == {"none"}
    assert found["dense"].words.startswith("nothing stands out here")
    assert found["fusion"].words.startswith("no better than what unrelated queries find")


def test_prompts_are_put_before_what_they_are_meant_for(page, tiny):
    from encoder import Encoder

    plain = tiny("bert")
    assert prompts(plain) == ("", "")
    recipe = replace(
        plain.recipe,
        prompts={"query": "query: ", "passage": "passage: "},
        default_prompt_name="query",
    )
    prompted = Encoder("prompted", plain.backbone, recipe, plain.cache)
    assert prompts(prompted) == ("query: ", "passage: ")
    other = SearchLab(tiny_workbench(prompted, plain))
    answer = other.find().answer
    texts = prompted.encode(TEXTS, options=Options(prompt="passage: "))
    np.testing.assert_allclose(answer.index.vectors, texts, atol=1e-5)
    query = prompted.encode([QUERY], options=Options(prompt="query: "))
    np.testing.assert_allclose(answer.vector[None], query, atol=1e-5)
    why = other.handlers.why("ann", f"why:{answer.rows[0]}")
    assert why.pair.explained.cosine == pytest.approx(float(answer.cosines[0]), abs=1e-5)
    assert why.pair.explained.contributions.sum() == pytest.approx(
        why.pair.explained.cosine, abs=1e-6
    )
    other.leave()


def test_a_hit_is_taken_apart_and_keywords_are_too(page):
    answer = page.search(query="red cat window", method="fusion")
    why = page.handlers.why("ann", f"why:{answer.rows[0]}")
    assert why.pair.explained.cosine == pytest.approx(float(answer.cosines[0]), abs=1e-5)
    assert why.terms == Bm25Index(TEXTS).why("red cat window", answer.rows[0])
    page.find(query="red cat window")
    assert page.handlers.why("ann", f"why:{page.handlers.last('ann').rows[0]}").terms is None
    for name in ("why:", "why:999", "why:-1", "why:1.0", "", "why:²", "why:" + "9" * 50):
        with pytest.raises(EncoderError, match="not among the hits any more"):
            page.handlers.why("ann", name)


def test_a_job_gives_hits_first_and_the_verdict_when_it_is_ready(page):
    page.open()
    asked = page.handlers.request("ann", SearchForm(QUERY))
    job = page.handlers.start("ann", asked, page.handlers.state("ann").begin())
    assert job.ended.wait(60)
    made = []
    while not job.news.empty():
        news = job.news.get()
        made += [news.content] if news.kind == "event" else []
    assert [found.verdict is None for found in made] == [True, False]
    assert made[0].answer is made[1].answer


def test_a_search_that_was_stopped_changes_nothing(page):
    page.find()
    before = page.handlers.last("ann")
    asked = page.handlers.request("ann", SearchForm("other", pooling="cls"))
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        page.handlers.answer(asked, lambda *_: None, stop)
    job = page.handlers.start("ann", asked, stop)
    assert ended(job) == ["cancelled"]
    assert page.handlers.last("ann") is before


def test_other_texts_end_what_is_under_way_and_forget_the_old(page):
    page.find()
    stop = page.handlers.state("ann").begin()
    page.open("ann", "text\nOne text.\nTwo texts.\n")
    assert stop.is_set()
    with pytest.raises(EncoderError, match="Nothing has been searched yet"):
        page.handlers.last("ann")
    assert page.search("ann").rows in ([0, 1], [1, 0])


def test_of_many_texts_a_sample_is_searched_and_it_says_so(tiny):
    lab = SearchLab(tiny_workbench(tiny("bert"), tiny("bert"), search_texts=20, map_texts=10))
    index = lab.search().index
    assert len(index.corpus) == len(index.vectors) == 20
    assert "A sample of 20 of 96 texts is searched here" in index.corpus.report.notes[-1]
    lab.leave()
