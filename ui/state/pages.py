"""Which sessions are of somebody who has opened the page, and not of a program alone."""

import threading
from collections import OrderedDict

MOST = 10_000  # sessions remembered; a class of 30 opens a few hundred a day
LONGEST = 100  # characters of a session's name, which a client chooses


class Pages:
    """Remembers sessions that a page was opened in. Safe from several threads.

    A session stays one while its page is left open: a stream that drops for a second looks like a
    visitor who leaves, and comes back without opening the page again.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._sessions: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, session: str) -> None:
        """A page has been opened in this session; the oldest session gives way where many are."""
        if not session or len(session) > LONGEST:
            return
        with self._lock:
            self._sessions[session] = None
            self._sessions.move_to_end(session)
            while len(self._sessions) > self._most:
                self._sessions.popitem(last=False)

    def __contains__(self, session: str) -> bool:
        return session in self._sessions
