"""Who is there: pages by their heartbeats, callers of the web API while they listen."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_OVER = 10_000  # sessions that are remembered as over


@dataclass(frozen=True)
class Client:
    """Whose work something is: an address, and whether a page shows it (or a program asks)."""

    address: str = ""
    has_page: bool = True


SOMEBODY = Client()


@dataclass(eq=False)
class _Session:
    """Connections of one session that are open, and when there was last one, or a request."""

    address: str
    latest: float
    pages: int = 0
    listeners: int = 0
    had_page: bool = False


class Presence:
    """By session. Safe from several threads; seconds are those of `clock`.

    A page whose heartbeat drops (a phone sleeps, a network changes) is there for `grace_s` more.
    What nobody listens to is unheard after `unheard_s`. A session that never came through the
    server, as in Python, is always there.
    """

    def __init__(
        self, grace_s: float, unheard_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._grace_s, self._unheard_s, self._clock = grace_s, unheard_s, clock
        self._sessions: dict[str, _Session] = {}
        self._over: OrderedDict[str, None] = OrderedDict()  # the latest that are over
        self._lock = threading.Lock()

    # --- what the server sees ---------------------------------------------------------------

    def meet(self, session: str, address: str) -> None:
        """Something was sent in the name of this session."""
        with self._lock:
            self._get(session, address).latest = self._clock()

    def arrive(self, session: str) -> None:
        """A page was opened in this session; its heartbeat comes within the grace."""
        with self._lock:
            known = self._get(session, "")
            known.latest, known.had_page = self._clock(), True

    def open(self, session: str, address: str, page: bool) -> None:
        """A heartbeat of a page, or else somebody who listens, is connected."""
        with self._lock:
            known = self._get(session, address)
            known.pages += page
            known.listeners += not page
            known.had_page = known.had_page or page

    def close(self, session: str, page: bool) -> None:
        """That connection has ended."""
        with self._lock:
            known = self._sessions.get(session)
            if known is not None:
                known.pages -= page
                known.listeners -= not page
                known.latest = self._clock()

    def _get(self, session: str, address: str) -> _Session:
        known = self._sessions.get(session)
        if known is None:
            known = self._sessions[session] = _Session(address, self._clock())
            self._over.pop(session, None)
        known.address = known.address or address
        return known

    # --- what others ask --------------------------------------------------------------------

    def client(self, session: str | None) -> Client:
        """Whose work that of this session is."""
        with self._lock:
            known = self._sessions.get(session or "")
            return SOMEBODY if known is None else Client(known.address, self._has_page(known))

    def has_page(self, session: str | None) -> bool:
        """Whether a page is open, or was within the grace."""
        with self._lock:
            known = self._sessions.get(session or "")
            return known is not None and self._has_page(known)

    def is_unheard(self, session: str | None) -> bool:
        """Whether nobody waits for what is done for this session."""
        with self._lock:
            known = self._sessions.get(session or "")
            if known is None:
                return (session or "") in self._over
            if known.listeners or self._has_page(known):
                return False
            return self._clock() - known.latest > self._unheard_s

    def pages_of(self, address: str) -> int:
        """How many pages this address has open."""
        with self._lock:
            return sum(s.pages for s in self._sessions.values() if s.address == address)

    def take_gone(self) -> list[str]:
        """Sessions that are over, each once: without any connection for longer than the grace."""
        with self._lock:
            now = self._clock()
            gone = [
                name for name, known in self._sessions.items()
                if not (known.pages or known.listeners) and now - known.latest > self._grace_s
            ]  # fmt: skip
            for name in gone:
                del self._sessions[name]
                self._over[name] = None
            while len(self._over) > MOST_OVER:
                self._over.popitem(last=False)
            return gone

    def is_over(self, session: str) -> bool:
        """Whether it was over and has not come again: what still ends for it is nobody's."""
        return session in self._over

    def _has_page(self, known: _Session) -> bool:
        away_s = self._clock() - known.latest
        return known.pages > 0 or (known.had_page and away_s <= self._grace_s)
