"""Places in Gradio's queue: bounded for each visitor and address, and some for pages alone.

Gradio bounds only all who wait together, so one who sends enough would fill it for everybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gradio as gr
from starlette.exceptions import HTTPException

from ingest.limits import size
from ui.serving.address import address_of
from ui.settings import Settings
from ui.state.workbench import Workbench

BAD, TOO_MANY = 400, 429
LONGEST_SESSION = 100


@dataclass(frozen=True)
class Place:
    """What one event takes: whose it is, and the bytes that were sent with it."""

    session: str
    address: str
    is_page: bool
    bytes: int = 0


def refusal(taken: Sequence[Place], new: Place, settings: Settings) -> str:
    """Why there is no place for `new` beside those that are taken, "" where there is one."""
    alike = [place for place in taken if place.is_page == new.is_page]
    near = [place for place in alike if place.address == new.address]
    if new.is_page:
        own = [place for place in near if place.session == new.session]
        bounds = (
            (len(own), settings.visitor_places, "of this page"),
            (len(near), settings.address_places, "of the pages of your address"),
        )
    else:
        bounds = (
            (len(near), settings.caller_places, "of programs at your address"),
            (len(alike), settings.callers_places, "of programs"),
        )
    for count, most, whose in bounds:
        if count >= most:
            return (
                f"{count} requests {whose} wait here already; at most {most} may. Try again soon."
            )
    sent = new.bytes + sum(place.bytes for place in taken if place.address == new.address)
    if sent > settings.address_body_bytes:
        return (
            f"With this one, the requests from your address that wait here have {size(sent)}; at "
            f"most {size(settings.address_body_bytes)} may. Try again when one of them has ended."
        )
    return ""


class _Event(Protocol):
    """As far as Gradio's events are used here."""

    _id: str
    session_hash: str
    fn: Any
    request: Any


class Places:
    """The places of a page's queue, as Gradio 6.31 keeps it."""

    def __init__(self, demo: gr.Blocks, workbench: Workbench) -> None:
        self._demo, self._queue, self._workbench = demo, demo._queue, workbench

    def guard(self) -> None:
        """Let nobody in for whom there is no place: who is refused is told why by HTTP."""
        push, settings = self._queue.push, self._workbench.settings
        send, listeners = self._queue.send_message, self._queue.pending_messages_per_session

        def send_if_kept(event: Any, message: Any) -> None:
            """A session whose messages are not kept any more would end Gradio's queue for all."""
            if event.session_hash in listeners:
                send(event, message)

        async def guarded(body: Any, request: Any, username: str | None) -> Any:
            session = body.session_hash or ""
            if len(session) > LONGEST_SESSION:
                raise HTTPException(BAD, f"A session_hash has at most {LONGEST_SESSION} letters.")
            if not only_own_files(body.data):
                raise HTTPException(BAD, "A file must be sent to this host before it is used.")
            new = self._place(session, self._demo.fns.get(body.fn_index), request)
            if why := refusal([*self._taken()], new, settings):
                raise HTTPException(TOO_MANY, why)
            pushed = await push(body, request, username)
            if pushed[0]:  # the session of who named none is called like the event
                self._workbench.presence.meet(session or str(pushed[1]), new.address)
            return pushed

        self._queue.push = guarded
        self._queue.send_message = send_if_kept

    def _place(self, session: str, fn: Any, request: Any) -> Place:
        host = request.client.host if request.client else ""
        address = address_of(host, request.headers, self._workbench.settings.proxies)
        own = fn is not None and fn.api_visibility == "private"  # an event of the page
        length = request.headers.get("content-length", "")
        is_page = own or self._workbench.presence.has_page(session)
        return Place(session, address, is_page, int(length) if length.isdecimal() else 0)

    def _taken(self) -> Iterator[Place]:
        """The places that are taken: by all events that wait, and by programs' that run."""
        for event in self._waiting():
            yield self._place(event.session_hash, event.fn, event.request)
        for event in self._running():
            place = self._place(event.session_hash, event.fn, event.request)
            if not place.is_page:
                yield place

    def _waiting(self) -> list[_Event]:
        lanes = list(self._queue.event_queue_per_concurrency_id.values())
        return [event for lane in lanes for event in lane.queue]

    def _running(self) -> list[_Event]:
        return [event for job in self._queue.active_jobs if job for event in job]

    async def drop_unheard(self) -> None:
        """Take events that nobody listens to out of the queue; those that run end themselves."""
        for event in [*self._waiting(), *self._running()]:
            if self._workbench.presence.is_unheard(event.session_hash):
                await self._queue.clean_events(event_id=event._id)

    def forget(self, session: str) -> None:
        """Drop what was to be told to a session that is over: answers may be large."""
        self._queue.pending_messages_per_session.pop(session, None)
        self._queue.pending_event_ids_session.pop(session, None)

    def session_of(self, event_id: str) -> str:
        """The session of an event; who calls without one has one that is called like the event."""
        event = self._queue.event_ids_to_events.get(event_id)
        return event.session_hash if event is not None else event_id


def only_own_files(values: object) -> bool:
    """Whether no value names a file elsewhere: Gradio would fetch it, whatever its size."""
    inner = [values]
    while inner:  # no recursion: a stranger says how deep it goes
        value = inner.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and "://" in path:
                return False
            inner += value.values()
        elif isinstance(value, list):
            inner += value
    return True
