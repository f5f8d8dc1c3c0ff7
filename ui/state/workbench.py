"""The one shared object: loaded models, their calibrations, and what belongs to each visitor."""

import atexit
import logging
import secrets
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from encoder import (
    CATALOG,
    DEFAULT_MODEL,
    ArrayCache,
    Encoder,
    EncoderError,
    Options,
    load_encoder,
)
from encoder.calibration import Calibration, calibrate, calibration_key, shipped_calibration
from encoder.catalog import ModelSpec, hub_spec
from encoder.hub import DownloadProgress
from encoder.models_folder import read_models_folder
from explore.project import warm as warm_umap
from ingest import LabError
from ui.checks import parse_model
from ui.settings import Settings
from ui.state.costs import Costs
from ui.state.hub_cache import trim_hub_cache
from ui.state.jobs import Job, Queue
from ui.state.models import OWN_KEY, OwnModel, OwnModels
from ui.state.pairs import PairsCheck, TrainingPairs
from ui.state.presence import Presence
from ui.state.stages import Stages
from ui.state.texts import StateT, VisitorTexts
from ui.state.uploads import Uploads
from ui.state.vectors import Vectors

log = logging.getLogger(__name__)

STOP_S = 10  # a measuring that is under way ends with its batch

Progress = Callable[[DownloadProgress], None]


@dataclass
class Measuring:
    """A calibration under way: done of total texts; `failed` says why there will be none."""

    done: int = 0
    total: int = 0
    failed: str = ""


@dataclass
class Visitor:
    """What is kept for one browser tab, until it is closed."""

    key: str  # of its session
    cache: ArrayCache = field(repr=False)
    own_models: OwnModels = field(repr=False)  # the models it has trained
    training_pairs: TrainingPairs | None = None  # the pairs it trains on
    pairs_check: PairsCheck | None = None  # what the check on the screen found
    costs: Costs = field(default_factory=Costs, repr=False)  # of runs on these pairs
    job: Job | None = None  # its latest run
    texts: VisitorTexts = field(default_factory=VisitorTexts, repr=False)
    indexing: Job | None = None  # what it last had encoded for a search

    def put(self, training_pairs: TrainingPairs) -> TrainingPairs:
        """Take pairs in place of those that were there. Returns them."""
        self.training_pairs, self.pairs_check = training_pairs, None
        self.costs.start_over(training_pairs.pairs)
        return training_pairs

    @property
    def sent_something(self) -> bool:
        """Whether texts that were sent, or what was judged or named, are kept.

        Nobody could bring them back.
        """
        pairs = self.training_pairs is not None and not self.training_pairs.bundled
        texts = self.texts.opened
        return pairs or self.texts.made_something or (texts is not None and not texts.bundled)

    @property
    def busy(self) -> bool:
        """Whether a run waits in the line or is under way."""
        return self.job is not None and not self.job.ended.is_set()

    @property
    def at_work(self) -> bool:
        """Whether a run, a map, a search or other long work is under way."""
        searching = self.indexing is not None and not self.indexing.ended.is_set()
        return self.busy or searching or self.texts.at_work


class Workbench:
    """Safe to use from many threads. Nothing here outlives the process."""

    def __init__(
        self,
        settings: Settings,
        load: Callable[..., Encoder] = load_encoder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._load = load
        self.catalog = CATALOG | self._models_of_host()
        self._models: OrderedDict[str, Encoder] = OrderedDict()
        self._loading: dict[str, threading.Lock] = {}
        self._visitors: OrderedDict[str, Visitor] = OrderedDict()
        self._calibrations: dict[str, Calibration | Measuring] = {}
        self.uploads = Uploads(
            settings.address_upload_bytes, settings.all_upload_bytes, settings.upload_kept_s,
            settings.scratch, clock,
        )  # fmt: skip
        self.presence = Presence(settings.grace_s, settings.unheard_s, clock)
        self.training_queue = Queue(settings.training_slots, most_calls=1)
        self.work_queue = Queue(settings.map_slots)
        self.vectors = Vectors(settings.vector_store)
        self.samples = Stages(settings.shared_bytes)  # what was computed of the bundled texts
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._measuring = threading.Lock()  # one calibration at a time: it takes all cores

    def _models_of_host(self) -> dict[str, ModelSpec]:
        """What is in the folder that the host has named; the log says why the rest is not."""
        folder = self.settings.models_folder
        if folder is None:
            return {}
        offered, refused = read_models_folder(
            folder,
            max_bytes=self.settings.max_model_bytes,
            is_reserved=lambda name: OWN_KEY.fullmatch(name) is not None,
        )
        for name, why in refused.items():
            log.warning("The model folder %r is not offered. %s", name, why)
        return offered

    # --- models -----------------------------------------------------------------------------

    def spec(self, key: str) -> ModelSpec:
        """What is known of a model before it is loaded. Raises EncoderError for no model's name."""
        return self.catalog[key] if key in self.catalog else hub_spec(key)

    def is_here(self, model: str, visitor: str | None = None) -> bool:
        """True where `encoder` answers without a download."""
        return (model in self.catalog and self.catalog[model].here) or self.is_loaded(
            model, visitor
        )

    def is_loaded(self, model: str, visitor: str | None = None) -> bool:
        """True where `encoder` answers at once."""
        return model in self._models or self.own_model(model, visitor) is not None

    def model_key(self, model: object, visitor: str | None = None) -> str:
        """The key of a model that this visitor may ask for. Raises EncoderError for any other.

        A key of the visitor's own, of the catalog, or, where the host allows it, an id on the Hub.
        """
        if self.own_model(str(model), visitor) is not None:
            return str(model)
        if OWN_KEY.fullmatch(str(model)):
            raise EncoderError(
                f"Your model {str(model)!r} is not kept any more. Choose another in the list."
            )
        return parse_model(model, self.settings, self.catalog)

    def has_model(self, model: object, visitor: str | None = None) -> bool:
        """Whether this visitor may ask for that model."""
        try:
            self.model_key(model, visitor)
        except EncoderError:
            return False
        return True

    def own_model(self, model: str, visitor: str | None) -> OwnModel | None:
        """A model of this visitor's own by its key, if it is one."""
        known = self._visitors.get(visitor or "")
        return known.own_models.get(model) if known else None

    def by_token(self, token: str) -> OwnModel | None:
        """A visitor's model by its download token."""
        with self._lock:
            visitors = list(self._visitors.values())
        models = (model for known in visitors for model in known.own_models)
        return next((m for m in models if same_token(m.token, token)), None)

    def add_model(self, own: OwnModel, visitor: Visitor) -> list[str]:
        """Keep a model of a visitor's; returns the names of those that had to go for it.

        Where the models of all visitors fill their room, each new one costs its own visitor the
        oldest; the newest is always kept, and nobody loses a model to somebody else.
        """
        with self._lock:
            others = [v.own_models for v in self._visitors.values() if v is not visitor]
        room = self.settings.all_model_bytes - sum(own_models.bytes for own_models in others)
        return visitor.own_models.add(own, room)

    def states(self, kind: type[StateT]) -> list[StateT]:
        """What a tab keeps, by its kind, for all visitors."""
        with self._lock:
            visitors = list(self._visitors.values())
        return [visitor.texts.state(kind) for visitor in visitors]

    def own_models(self, visitor: str | None) -> list[OwnModel]:
        """The models of one visitor, oldest first."""
        known = self._visitors.get(visitor or "")
        return list(known.own_models) if known else []

    def encoder(
        self, model: object, visitor: str | None, on_progress: Progress | None = None
    ) -> Encoder:
        """The encoder of a model, keeping its vectors with the visitor.

        Loads it if need be; callers who ask for the same model wait for one load. Raises
        EncoderError for a model that this visitor may not ask for: nothing else reaches the
        loader; ModelRefused, DownloadFailed.
        """
        key = self.model_key(model, visitor)
        own = self.own_model(key, visitor)
        if own is not None:
            return own.encoder.with_cache(self.visitor(visitor or "").cache)
        with self._lock:
            lock = self._loading.setdefault(key, threading.Lock())
        with lock:
            encoder = self._models.get(key)
            is_new = encoder is None
            if encoder is None:
                encoder = self._load(
                    self.spec(key), max_bytes=self.settings.max_model_bytes, on_progress=on_progress
                )
            self.samples.public.add(encoder.identity)
            with self._lock:
                self._models[key] = encoder
                self._models.move_to_end(key)
                self._evict_models()
                loaded = list(self._models)
            if is_new and self.settings.hub_cache_bytes is not None:
                hub_ids = [CATALOG[key].hub_id if key in CATALOG else key for key in loaded]
                trim_hub_cache(self.settings.hub_cache_bytes, hub_ids)
        return encoder if visitor is None else encoder.with_cache(self.visitor(visitor).cache)

    def warm(self, model: str) -> None:
        """Make ready what the first visitor would wait for: the default model, and UMAP."""
        self.encoder(model, None)
        warm_umap()

    def _evict_models(self) -> None:
        """Drop the models not used for longest; the default one stays."""
        sizes = {key: encoder.backbone.bytes for key, encoder in self._models.items()}
        newest = next(reversed(self._models))
        for key in list(self._models):
            if sum(sizes.values()) <= self.settings.max_pool_bytes:
                return
            if key not in (DEFAULT_MODEL, newest):
                del self._models[key], sizes[key]

    # --- calibrations -----------------------------------------------------------------------

    def calibration(self, encoder: Encoder, pool_special: bool = True) -> Calibration | Measuring:
        """What this model's cosines are worth; measured in the background where not shipped."""
        key = calibration_key(encoder, Options(pool_special=pool_special))
        with self._lock:
            known = self._calibrations.get(key)
            if known is None:
                known = shipped_calibration(key) or Measuring()
                self._calibrations[key] = known
                if isinstance(known, Measuring):
                    arguments = (key, encoder, pool_special, known)
                    thread = threading.Thread(target=self._measure, args=arguments, daemon=True)
                    thread.start()
                    atexit.register(self._stop, thread)
        return known

    def _measure(self, key: str, encoder: Encoder, pool_special: bool, state: Measuring) -> None:
        def on_batch(done: int, total: int) -> None:
            if self._closing.is_set():
                sys.exit()  # ends this thread
            state.done, state.total = done, total

        try:
            with self._measuring:
                self._calibrations[key] = calibrate(encoder, pool_special, on_batch)
        except Exception as error:  # the scores stay useful without percentiles
            log.exception("Calibration of %s failed", encoder.name)
            state.failed = str(error) if isinstance(error, LabError) else "internal error"

    def _stop(self, thread: threading.Thread) -> None:
        """A thread that is inside torch while Python shuts down would abort the process."""
        self._closing.set()
        thread.join(STOP_S)

    # --- visitors ---------------------------------------------------------------------------

    def visitor(self, key: str) -> Visitor:
        """What is kept for this key, made at need."""
        with self._lock:
            if key not in self._visitors:
                settings = self.settings
                own_models = OwnModels(settings.max_runs, settings.visitor_model_bytes)
                texts = VisitorTexts(settings.texts_bytes, self.samples)
                cache = ArrayCache(settings.visitor_bytes)
                self._visitors[key] = Visitor(key, cache, own_models, texts=texts)
            self._visitors.move_to_end(key)
            while len(self._visitors) > self.settings.max_visitors:
                idle = [k for k, v in self._visitors.items()
                        if k != key and not v.at_work and not v.own_models
                        and not self.presence.has_page(k)]  # fmt: skip
                idle.sort(key=lambda k: self._visitors[k].sent_something)  # such go last
                if not idle:
                    break  # nothing that a page shows, and no run, is lost to make room
                # Costs that visitor time, not data.
                self._drop_vectors(idle[0], self._visitors.pop(idle[0]))
            return self._visitors[key]

    def enlist(self, job: Job, line: Queue, visitor: str | None, page: bool = True) -> Job:
        """Let a job take the place in line that is this visitor's. Raises LineFull.

        What a page asked for goes on while the page may come back.
        """
        job.client = self.presence.client(visitor)
        if page:
            job.awaited = lambda: self.presence.has_page(visitor)
        line.join(job)
        return job

    def sweep(self) -> list[str]:
        """Forget the visitors who have gone, and old files; to be called about every second.

        Returns the sessions that are over.
        """
        gone = self.presence.take_gone()
        # Also who was there again for a moment, because something of theirs had still to end.
        for visitor in list(self._visitors):
            if self.presence.is_over(visitor):
                self.forget(visitor)
        self.uploads.sweep()
        return gone

    def forget(self, visitor: str | None) -> None:
        """Drop everything of a visitor at once."""
        with self._lock:
            gone = self._visitors.pop(visitor or "", None)
        if gone is not None:
            if gone.job is not None:
                self.training_queue.leave(gone.job)
            gone.cache.clear()
            gone.own_models.clear()
            gone.texts.close()
            self._drop_vectors(visitor or "", gone)

    def _drop_vectors(self, key: str, gone: Visitor) -> None:
        """Free a visitor's vectors once nothing writes them any more; a store may take seconds."""
        job = gone.indexing
        if job is None and not self.vectors.holds(key):
            return

        def drop() -> None:
            gone.texts.close()  # ends what still writes
            if job is not None:
                self.work_queue.leave(job)
                job.ended.wait()
            self.vectors.forget(key)

        threading.Thread(target=drop, daemon=True, name="drop-vectors").start()

    def close(self, wait_s: float = STOP_S) -> None:
        """Give all work up, and let go of files and connections; the app ends."""
        self._closing.set()
        latest = time.monotonic() + wait_s
        for line in (self.training_queue, self.work_queue):
            line.close(max(0.0, latest - time.monotonic()))
        self.vectors.close()

    @property
    def visitors(self) -> int:
        """How many visitors have something kept here."""
        return len(self._visitors)


def same_token(own: str, sent: str) -> bool:
    """Compared in a time that tells nothing; what was sent may hold any characters."""
    return secrets.compare_digest(own.encode(), sent.encode("utf-8", "replace"))
