"""Long work of the Map and Search tabs: done in the line, heard to its end or that of the visit."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from encoder import EncoderError
from explore import ExploreError, Stopped
from ui.jobs import Cancelled, Job, Line
from ui.markup.map_facts import stages_line
from ui.markup.pieces import notes
from ui.picture import STAGES, Tell

SOON_S = 0.05
Work = Callable[[Tell, threading.Event], Any]


@dataclass(frozen=True)
class Moment:
    """How far the work is, as HTML; something it made, if anything; and how it ended, if it did."""

    progress: str
    made: Any = None
    ended: str = ""  # "done", "cancelled", "failed"
    seconds: float = 0.0


def stoppable(work: Callable[[Tell, threading.Event], Iterator[Any]]) -> Callable[[Job], Any]:
    """Work of the engines as a job does it: it ends where that is asked for, and fails in words."""

    def steps(job: Job) -> Iterator[Any]:
        def tell(stage: str, share: float) -> None:
            if job.stop.is_set():
                raise Cancelled
            job.tell(stage, share)

        try:
            yield from work(tell, job.stop)
        except Stopped:
            raise Cancelled from None
        except ExploreError as error:
            raise EncoderError(str(error)) from error

    return steps


def at_once(work: Work) -> Callable[[Tell, threading.Event], Iterator[Any]]:
    """Work that makes one thing, at its end."""

    def steps(tell: Tell, stop: threading.Event) -> Iterator[Any]:
        yield work(tell, stop)

    return steps


def done_in_line(work: Work, line: Line, expected_s: float) -> Any:
    """What `work` gives, once it was its turn: for those who hear nothing on the way."""
    job = Job(stoppable(at_once(work)), expected_s)
    line.join(job)
    made = [moment.made for moment in follow(job, line) if moment.made is not None]
    return made[-1]


def follow(job: Job, line: Line, stages: Mapping[str, str] = STAGES) -> Iterator[Moment]:
    """Hear a job to its end. A follower that is closed (the browser has gone) ends the job.

    Yields at least every third of a second. Raises EncoderError where the work failed, after a
    moment that says so.

    What is made last comes in one moment with the end: of two answers that reach the browser
    together, it takes what the second leaves alone out of the first, too.
    """
    begun, stage, share, ended, failed = time.monotonic(), "", 0.0, "", ""
    try:
        while not ended:
            made = None  # of several things that were made since, only the newest is of use
            heard = job.listen()
            if any(news.kind == "event" for news in heard):
                heard += job.listen(SOON_S)  # the end may be right behind
            for news in heard:
                if news.kind == "progress":
                    stage, share = news.content[:2]
                elif news.kind == "event":
                    made = news.content
                else:
                    ended = news.kind
                    failed = str(news.content) if ended == "failed" else ""
            seconds = time.monotonic() - begun
            place = line.place(job)
            if place and job.stop.is_set():
                line.leave(job)  # its turn would only end it
            what = f"waiting at place {place} of the line" if place else stage
            progress = notes([failed]) if failed else stages_line(what, share, seconds, stages)
            yield Moment(progress, made, ended, seconds)
        if failed:
            raise EncoderError(failed)
    finally:
        if not ended:
            job.stop.set()
            line.leave(job)
