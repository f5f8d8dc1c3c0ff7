"""Models are loaded once and kept within bounds; what belongs to a visitor stays with that one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest

from encoder import CATALOG, DEFAULT_MODEL, ModelRefused
from ingest import read_corpus
from tests.ui.clock import Clock
from ui.map.state import MapState
from ui.search.state import SearchState
from ui.settings import Settings
from ui.state.jobs import Job
from ui.state.models import OwnModel
from ui.state.texts import OpenTexts
from ui.state.workbench import Workbench

OTHERS = [key for key in CATALOG if key != DEFAULT_MODEL]
SOON_S = 0.3  # long enough for a second load to begin, if it were to
TIMEOUT_S = 30


@pytest.fixture
def loads() -> list[str]:
    """What was loaded, in order."""
    return []


@pytest.fixture
def make(bert, loads):
    """`make(max_visitors=2)`: a workbench whose models are all the tiny BERT."""

    def load(spec, max_bytes, on_progress):
        loads.append(spec.key)
        return bert

    return lambda clock=time.monotonic, **settings: Workbench(Settings(**settings), load, clock)


# --- models -------------------------------------------------------------------------------------


def test_callers_who_come_together_wait_for_one_load(bert, loads):
    second = threading.Event()

    def load(spec, **limits):
        loads.append(spec.key)
        if len(loads) > 1:
            second.set()
        second.wait(SOON_S)
        return bert

    workbench = Workbench(Settings(), load)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda i: workbench.encoder(DEFAULT_MODEL, f"v{i}"), range(8)))
    assert loads == [DEFAULT_MODEL]
    assert {id(encoder.backbone) for encoder in got} == {id(bert.backbone)}


def test_a_slow_load_holds_up_nobody_who_wants_another_model(bert):
    waiting, release = threading.Event(), threading.Event()

    def load(spec, **limits):
        if spec.key == "bert-tiny":
            waiting.set()
            assert release.wait(TIMEOUT_S)
        return bert

    workbench = Workbench(Settings(), load)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(workbench.encoder, "bert-tiny", None)
        assert waiting.wait(TIMEOUT_S)
        fast = pool.submit(workbench.encoder, DEFAULT_MODEL, None)
        try:
            assert fast.result(TIMEOUT_S) is bert
            assert not slow.done()
        finally:
            release.set()
        assert slow.result(TIMEOUT_S) is bert


def test_a_load_is_given_the_limit_and_the_progress_of_who_asked(bert):
    seen = []

    def load(spec, **given):
        seen.append((spec.key, spec.hub_id, given))
        return bert

    workbench = Workbench(Settings(max_model_bytes=123), load)
    report = [].append
    workbench.encoder("some-org/some-model", None, report)
    limits = {"max_bytes": 123, "on_progress": report}
    assert seen == [("some-org/some-model", "some-org/some-model", limits)]


def test_a_loaded_model_answers_at_once(make, loads):
    workbench = make()
    assert not workbench.is_loaded(DEFAULT_MODEL)
    for _ in range(3):
        workbench.encoder(DEFAULT_MODEL, None)
    assert workbench.is_loaded(DEFAULT_MODEL)
    assert loads == [DEFAULT_MODEL]


def test_the_model_unused_for_longest_goes_first(make, bert):
    workbench = make(max_pool_bytes=int(3.5 * bert.backbone.bytes))
    for model in (DEFAULT_MODEL, OTHERS[0], OTHERS[1], OTHERS[0], OTHERS[2]):
        workbench.encoder(model, None)
    kept = [key for key in CATALOG if workbench.is_loaded(key)]
    assert kept == [DEFAULT_MODEL, OTHERS[0], OTHERS[2]]


def test_the_default_and_the_newest_stay_however_little_room_there_is(make, loads):
    workbench = make(max_pool_bytes=0)
    for model in (OTHERS[0], DEFAULT_MODEL, OTHERS[1]):
        workbench.encoder(model, None)
        assert workbench.is_loaded(model)
    assert [k for k in CATALOG if workbench.is_loaded(k)] == [DEFAULT_MODEL, OTHERS[1]]
    workbench.encoder(OTHERS[0], None)
    assert loads == [OTHERS[0], DEFAULT_MODEL, OTHERS[1], OTHERS[0]]


def test_a_refused_model_is_an_error_now_and_no_obstacle_later(bert):
    refusals = [ModelRefused("too large"), ModelRefused("still too large")]

    def load(spec, **limits):
        if refusals:
            raise refusals.pop(0)
        return bert

    workbench = Workbench(Settings(), load)
    with ThreadPoolExecutor(1) as pool:
        for why in ("^too large", "still too large"):
            with pytest.raises(ModelRefused, match=why):
                pool.submit(workbench.encoder, DEFAULT_MODEL, None).result(TIMEOUT_S)
            assert not workbench.is_loaded(DEFAULT_MODEL)
        assert pool.submit(workbench.encoder, DEFAULT_MODEL, None).result(TIMEOUT_S) is bert


# --- visitors -----------------------------------------------------------------------------------


def test_every_visitor_has_a_cache_of_their_own(make, bert, count_forwards):
    workbench = make()
    ann, bob = (workbench.encoder(DEFAULT_MODEL, name) for name in ("ann", "bob"))
    ann.encode(["a secret"])
    assert len(ann.cache) == 1
    assert len(bob.cache) == len(bert.cache) == 0
    with count_forwards(bert) as calls:
        workbench.encoder(DEFAULT_MODEL, "ann").encode(["a secret"])
        assert not calls
        workbench.encoder(DEFAULT_MODEL, "bob").encode(["a secret"])
        assert len(calls) == 1


def test_a_visitors_models_share_one_cache_bounded_in_bytes(make):
    workbench = make(visitor_bytes=12345)
    caches = [workbench.encoder(model, "ann").cache for model in (DEFAULT_MODEL, OTHERS[0])]
    assert caches[0] is caches[1]
    assert caches[0].max_bytes == 12345


def test_forgetting_empties_what_is_held_and_touches_nobody_else(make):
    workbench = make()
    ann, bob = (workbench.encoder(DEFAULT_MODEL, name) for name in ("ann", "bob"))
    for encoder in (ann, bob):
        encoder.encode(["a sentence"])
    workbench.forget("ann")
    assert (len(ann.cache), ann.cache.bytes) == (0, 0)
    assert len(bob.cache) == 1
    assert workbench.visitors == 1
    assert workbench.encoder(DEFAULT_MODEL, "ann").cache is not ann.cache
    for stranger in ("ann", "nobody", "", None):
        workbench.forget(stranger)
    assert workbench.visitors == 1


def test_too_many_visitors_cost_the_one_who_came_first_time(make):
    workbench = make(max_visitors=2)
    caches = {name: workbench.encoder(DEFAULT_MODEL, name).cache for name in ("ann", "bob")}
    assert workbench.encoder(DEFAULT_MODEL, "ann").cache is caches["ann"]
    workbench.encoder(DEFAULT_MODEL, "cy")
    assert workbench.visitors == 2
    assert workbench.encoder(DEFAULT_MODEL, "ann").cache is caches["ann"]  # bob went
    assert workbench.encoder(DEFAULT_MODEL, "bob").cache is not caches["bob"]


def test_the_limit_holds_where_everybody_has_sent_texts_and_spares_who_searches(make):
    workbench = make(max_visitors=2)

    def come(*numbers: int) -> None:
        for at in numbers:
            texts = workbench.visitor(f"v{at}").texts
            corpus = read_corpus(StringIO(f"A text of {at}.\nAnother."))
            texts.open(OpenTexts("own.csv", corpus, texts.stages))
            assert workbench.visitors == 2 or not at

    come(*range(6))
    job = Job(lambda job: iter(()))
    workbench.visitor("v4").indexing = job
    come(6, 7, 8)
    assert workbench.visitor("v4").texts.opened is not None  # its search is under way
    job.ended.set()
    come(9, 10, 11)
    assert workbench.visitor("v4").texts.opened is None


def judge(workbench, name):
    workbench.visitor(name).texts.state(SearchState).judged.judge("a query", "a text", 1)


def name_a_cluster(workbench, name):
    workbench.visitor(name).texts.state(MapState).titles["a key"] = {0: "cats"}


def send_texts(workbench, name):
    texts = workbench.visitor(name).texts
    corpus = read_corpus(StringIO("A text.\nAnother."))
    texts.open(OpenTexts("own.csv", corpus, texts.stages))


@pytest.mark.parametrize("make_something", [judge, name_a_cluster, send_texts])
def test_who_has_made_something_goes_last(make, make_something):
    workbench = make(max_visitors=3)
    make_something(workbench, "ann")
    for stranger in range(9):
        workbench.visitor(f"stranger {stranger}")
    assert workbench.visitors == 3
    assert workbench.visitor("ann").sent_something


def test_who_has_a_page_open_makes_room_for_nobody(make):
    workbench = make(max_visitors=2)
    for name in ("ann", "bob", "cy"):
        workbench.presence.open(name, "1.1.1.1", page=True)
        judge(workbench, name)
    for stranger in range(9):
        workbench.visitor(f"stranger {stranger}")
    assert workbench.visitors == 4
    for name in ("ann", "bob", "cy"):
        assert workbench.visitor(name).sent_something


def test_a_closed_page_is_forgotten_after_the_grace_with_its_models_and_its_run(make, bert):
    clock, go = Clock(), threading.Event()
    workbench = make(clock, grace_s=120)

    def work(job):
        while not go.wait(0.01):
            job.tell("training")
        yield "trained"

    workbench.presence.open("ann", "1.1.1.1", page=True)
    ann = workbench.visitor("ann")
    workbench.add_model(OwnModel("run-1", "mine", bert), ann)
    ann.job = workbench.enlist(Job(work), workbench.training_queue, "ann")
    workbench.presence.close("ann", page=True)  # a tunnel
    clock.now += 100
    workbench.sweep()
    workbench.presence.open("ann", "1.1.1.1", page=True)
    clock.now += 1000
    workbench.sweep()
    assert workbench.own_model("run-1", "ann") is not None
    assert ann.busy
    workbench.presence.close("ann", page=True)
    clock.now += 121
    workbench.sweep()
    assert workbench.visitors == 0
    assert ann.job.ended.wait(TIMEOUT_S)
    assert [news.kind for news in list(ann.job.news.queue)][-1] == "cancelled"


def test_whoever_has_no_key_is_forgotten_like_anybody(make):
    workbench = make()
    workbench.visitor("")
    workbench.forget("")
    assert workbench.visitors == 0


def test_who_is_nobody_leaves_nothing_behind(make):
    workbench = make()
    workbench.encoder(DEFAULT_MODEL, None)
    assert workbench.visitors == 0


def test_where_all_models_fill_their_room_a_new_one_costs_its_own_visitor_the_oldest(make, bert):
    def model(key: str) -> OwnModel:
        return OwnModel(key, f"Model {key}", bert)

    size = model("run-0").bytes
    workbench = make(all_model_bytes=int(3.5 * size))
    first, second = workbench.visitor("first"), workbench.visitor("second")
    assert workbench.add_model(model("run-1"), first) == []
    assert workbench.add_model(model("run-2"), first) == []
    assert workbench.add_model(model("run-1"), second) == []
    assert workbench.add_model(model("run-2"), second) == ["Model run-1"]
    assert [own.key for own in workbench.own_models("first")] == ["run-1", "run-2"]
    assert [own.key for own in workbench.own_models("second")] == ["run-2"]
    full = make(all_model_bytes=1)
    assert full.add_model(model("run-1"), full.visitor("alone")) == [], "the newest is always kept"
