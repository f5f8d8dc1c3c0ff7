"""The lab over the bundled model, the lab over a tiny one, and the app that is really served."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from app import build
from encoder import DEFAULT_MODEL, DownloadFailed, Encoder, ModelRefused, ModelSpec, load_encoder
from encoder.background import background_pairs, background_sentences
from encoder.hub import DownloadProgress
from ui.pooling.comparison import Comparison
from ui.pooling.form import View
from ui.pooling.handlers import PoolingHandlers
from ui.settings import Settings
from ui.state.workbench import Progress, Workbench

SENTENCES, PAIRS = background_sentences()[:30], background_pairs()[:10]
TIMEOUT_S = 60  # for what should take a moment


@pytest.fixture(scope="session")
def workbench(bundled: Encoder) -> Workbench:
    """The app's workbench; the default model is the one that all tests share."""

    def load(spec: ModelSpec, **limits: object) -> Encoder:
        return bundled if spec.key == DEFAULT_MODEL else load_encoder(spec, **limits)

    return Workbench(Settings(), load)


@pytest.fixture(scope="session")
def handlers(workbench: Workbench) -> PoolingHandlers:
    """The Pooling tab over the bundled models."""
    return PoolingHandlers(workbench)


@pytest.fixture(scope="session")
def tiny_handlers(_tiny: Callable[[str], Encoder]) -> PoolingHandlers:
    """The Pooling tab where every model is a tiny BERT; both of its masks are measured."""
    workbench = Workbench(Settings(), lambda spec, **limits: _tiny("bert"))
    before = set(threading.enumerate())
    with pytest.MonkeyPatch.context() as patch:  # measured on few texts, which takes no time
        patch.setattr("encoder.calibration.background_sentences", lambda: SENTENCES)
        patch.setattr("encoder.calibration.background_pairs", lambda: PAIRS)
        for pool_special in (True, False):
            workbench.calibration(_tiny("bert"), pool_special)
        for thread in set(threading.enumerate()) - before:
            thread.join(TIMEOUT_S)
    return PoolingHandlers(workbench)


@pytest.fixture
def finish() -> Iterator[Callable[[], None]]:
    """`finish()` waits for every thread that this test started; so does the test's end."""
    before = set(threading.enumerate())

    def join() -> None:
        for thread in set(threading.enumerate()) - before:
            thread.join(TIMEOUT_S)
            assert not thread.is_alive()

    yield join
    join()


@pytest.fixture
def few_texts(monkeypatch: pytest.MonkeyPatch, finish: Callable[[], None]) -> None:
    """A background set that takes no time to measure."""
    monkeypatch.setattr("encoder.calibration.background_sentences", lambda: SENTENCES[:8])
    monkeypatch.setattr("encoder.calibration.background_pairs", lambda: PAIRS[:5])


@pytest.fixture
def compare(handlers: PoolingHandlers) -> Callable[..., Comparison]:
    """`compare(layer=3, ...)`: two sentences under the bundled model, with what it is worth."""
    return lambda **settings: handlers.compare(View(**settings), "a visitor")[0]


@pytest.fixture
def offline(bert: Encoder, few_texts: None) -> PoolingHandlers:
    """What is bundled loads; whatever else is asked for fails the test."""

    def load(spec: ModelSpec, **limits: object) -> Encoder:
        assert spec.bundled, f"a download of {spec.hub_id} was begun"
        return bert

    return PoolingHandlers(Workbench(Settings(), load))


@pytest.fixture
def online(bert: Encoder, few_texts: None) -> PoolingHandlers:
    """Every model there is, is the tiny BERT; two cannot be had."""

    def load(spec: ModelSpec, on_progress: Progress | None = None, **limits: object) -> Encoder:
        if spec.key == "bert-tiny":
            raise DownloadFailed("no network")
        if spec.key == "some-org/pickled":
            raise ModelRefused("pickled weights")
        if on_progress:
            on_progress(DownloadProgress("model.safetensors", 10**6, 2 * 10**6))
        return bert

    return PoolingHandlers(Workbench(Settings(), load))


@pytest.fixture(scope="session")
def app_url(workbench: Workbench) -> Iterator[str]:
    """The app as it is served, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo, settings = build(workbench)
    demo.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        **settings,
    )
    yield f"http://127.0.0.1:{port}"
    demo.close()
