"""Long work in turn: a line to wait in, fair to each address, a thread for whoever is first.

Gradio's own limits do not hold after a cancel (the slot is free while the thread still runs), so
the line is kept here: a place is free again only when its thread has ended.
"""

import atexit
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from explore import Stopped
from ingest import LabError
from ingest.amounts import count
from ui.state.presence import SOMEBODY, Client

log = logging.getLogger(__name__)
ENDS = ("done", "failed", "cancelled")
POLL_S = 0.3  # how long a listener waits for news before it looks around
STOP_S = 10  # at the end of the app, until what is under way has noticed


class LineFull(LabError):
    """One client wants more places in line than it may have."""


class Cancelled(Exception):
    """The visitor is gone, or has thrown the run away."""


@dataclass(frozen=True)
class News:
    """What a job tells: an event of its work, how far it is, or how it ended."""

    kind: str  # "event", "progress", "done", "failed" (in words), "cancelled"
    content: Any = None  # of whatever kind the work tells


@dataclass(eq=False)
class Job:
    """One piece of long work. `work(job)` yields events; what it returns last is its result."""

    work: Callable[["Job"], Iterator[object]] = field(repr=False)
    expected_s: float = 60.0
    stop: threading.Event = field(default_factory=threading.Event)  # end early, keep the best
    cancel: threading.Event = field(default_factory=threading.Event)  # throw away
    news: "queue.Queue[News]" = field(default_factory=queue.Queue, repr=False)
    started: float | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    client: Client = SOMEBODY
    # Whether who asked for it may come back to what it made, where nobody listens any more.
    awaited: Callable[[], bool] = field(default=lambda: False, repr=False)

    def tell(self, *progress: object) -> None:
        """Progress between events; raises Cancelled, which ends the work, where nobody listens."""
        if self.cancel.is_set():
            raise Cancelled
        self.news.put(News("progress", progress))

    @property
    def spent_s(self) -> float:
        """Seconds since it began."""
        return 0.0 if self.started is None else time.monotonic() - self.started

    def expect(self, left_s: float) -> None:
        """It is known better now: so many seconds are left."""
        self.expected_s = self.spent_s + left_s

    def listen(self, timeout_s: float = POLL_S) -> list[News]:
        """Everything new; waits a little for the first."""
        try:
            found = [self.news.get(timeout=timeout_s)]
        except queue.Empty:
            return []
        while not self.news.empty():
            found.append(self.news.get_nowait())
        return found

    def run(self) -> None:
        """Do the work in the current thread, whatever happens."""
        self.started = time.monotonic()
        events = self.work(self)
        try:
            for event in events:
                if self.cancel.is_set():
                    raise Cancelled
                self.news.put(News("event", event))
            self.news.put(News("done"))
        except (Cancelled, Stopped):
            self.news.put(News("cancelled"))
        except LabError as error:
            self.news.put(News("failed", str(error)))
        except Exception:
            log.exception("A job failed")
            self.news.put(News("failed", "Something went wrong in this run. It was logged."))
        finally:
            events.close()  # type: ignore[attr-defined]  # a generator
            self.ended.set()


class Queue:
    """`slots` at a time: pages before programs, and addresses in turn.

    The second of an address stands behind the first of everybody else, and so on: who sends much
    waits behind itself. Programs leave one slot to pages, where there are several, and have at most
    `most_calls` each in line and under way.
    """

    def __init__(self, slots: int = 1, most_calls: int = 8) -> None:
        self._slots, self._most_calls = slots, most_calls
        self._waiting: list[Job] = []
        self._running: list[Job] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        atexit.register(self.close)

    def join(self, job: Job) -> None:
        """Take a place in line; the work starts by itself when it is its turn. Raises LineFull."""
        with self._lock:
            alike = sum(other.client == job.client for other in [*self._waiting, *self._running])
            if not job.client.has_page and alike >= self._most_calls:
                raise LineFull(
                    f"Your address has {count(alike, 'call')} waiting or running here, the most "
                    "that programs may have at a time. Wait until one has ended."
                )
            self._waiting.append(job)
            self._start_next()

    def leave(self, job: Job) -> None:
        """Give up: a waiting job is gone at once, a running one at its next event."""
        job.cancel.set()
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
                job.news.put(News("cancelled"))
                job.ended.set()

    def close(self, wait_s: float = STOP_S) -> None:
        """Give all jobs up, and wait some seconds for those that run.

        A thread that is inside torch or numba while Python shuts down would abort the process, even
        one that only frees the tensors of a job that has ended.
        """
        with self._lock:
            jobs = [*self._waiting, *self._running]
        for job in jobs:
            job.stop.set()
            self.leave(job)
        latest = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, latest - time.monotonic()))

    def place(self, job: Job) -> int:
        """0 when it runs or has run; else how many come before it, itself included."""
        with self._lock:
            return self._order().index(job) + 1 if job in self._waiting else 0

    def wait_s(self, job: Job) -> float:
        """Expected seconds until a waiting job starts."""
        with self._lock:
            if job not in self._waiting:
                return 0.0
            order = self._order()
            before = order[: order.index(job)]
            running = [max(0.0, j.expected_s - j.spent_s) for j in self._running]
            return (sum(running) + sum(j.expected_s for j in before)) / self._slots

    @property
    def busy(self) -> int:
        """How many run now."""
        return len(self._running)

    def _start_next(self) -> None:
        while job := self._next():
            self._waiting.remove(job)
            self._running.append(job)
            thread = threading.Thread(target=self._run, args=(job,), daemon=True, name="training")
            self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
            thread.start()

    def _order(self) -> list[Job]:
        """Those who wait, in the order of their turns."""
        before = Counter(job.client for job in self._running)
        turns = []
        for job in self._waiting:  # as they came
            turns.append((not job.client.has_page, before[job.client], job))
            before[job.client] += 1
        return [job for *_, job in sorted(turns, key=lambda turn: turn[:2])]

    def _next(self) -> Job | None:
        """Who may start now."""
        if not self._waiting or len(self._running) >= self._slots:
            return None
        job = self._order()[0]  # a program only where no page waits
        calls = sum(not other.client.has_page for other in self._running)
        room = max(1, self._slots - 1)  # for programs
        return job if job.client.has_page or calls < room else None

    def _run(self, job: Job) -> None:
        try:
            job.run()
        finally:
            with self._lock:
                self._running.remove(job)
                self._start_next()


def hear(job: Job, line: Queue, soon_s: float = 0.0) -> Iterator[tuple[int, list[News]]]:
    """(its place in the line, what is new) at least every third of a second, to the job's end.

    A listener that is closed (the browser has gone) ends the job, unless it is awaited: its page
    may be back in a moment. `soon_s` waits a little longer behind an event: the end, which may be
    right behind, then comes with it.
    """
    ended = False
    try:
        while not ended:
            news = job.listen()
            if soon_s and any(one.kind == "event" for one in news):
                news += job.listen(soon_s)
            place = line.place(job)
            if place and job.stop.is_set():
                line.leave(job)  # its turn would only end it
            ended = any(one.kind in ENDS for one in news)
            yield place, news
    finally:
        if not ended and (job.stop.is_set() or not job.awaited()):
            job.stop.set()
            line.leave(job)


class Tasks:
    """Long work of one visitor by name, and what came of each: one of a name at a time."""

    def __init__(self) -> None:
        self.results: dict[str, object] = {}
        self._stops: dict[str, threading.Event] = {}

    def begin(self, name: str) -> threading.Event:
        """New work of this name; what is under way under it is given up, all else goes on."""
        self.stop(name)
        self._stops[name] = threading.Event()
        return self._stops[name]

    def stop(self, *names: str) -> None:
        """Give up the work of these names."""
        for name in names:
            if name in self._stops:
                self._stops[name].set()

    def end(self, name: str, begun: threading.Event) -> None:
        """That work has ended, if no newer work of this name has begun."""
        if self._stops.get(name) is begun:
            self._stops.pop(name, None)

    def is_current(self, name: str, begun: threading.Event) -> bool:
        """Whether nothing newer has taken the place of this work."""
        return self._stops.get(name) is begun

    def is_running(self, name: str) -> bool:
        """Whether work of this name is under way."""
        return name in self._stops

    @property
    def running(self) -> bool:
        """Whether any work is under way."""
        return bool(self._stops)

    def close(self) -> None:
        """Give everything up and forget what came of it."""
        self.stop(*list(self._stops))
        self._stops.clear()
        self.results.clear()
