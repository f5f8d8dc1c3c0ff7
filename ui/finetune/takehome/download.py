"""Where a visitor's run is fetched: made when it is asked for, off the disk before it is sent."""

import asyncio
import errno
import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ingest.templates import BOM
from ui.finetune.takehome.archive import PIECE, scores_csv, write_archive
from ui.finetune.takehome.script import training_script
from ui.page.addresses import route
from ui.state.models import Run
from ui.state.workbench import Workbench

log = logging.getLogger(__name__)

GONE = "This model is not kept any more: its page was closed, or newer runs took its place."
DISK_FULL = (
    "The disk of this host is full, so the zip of your model cannot be written now. The model is "
    "still here: try again in a few minutes."
)
AT_ONCE = 2  # zips that are written; who wants another waits, which costs nothing
TEXTS: dict[str, tuple[Callable[[Run], str], str]] = {
    "scores.csv": (scores_csv, "text/csv"),
    "train.py": (training_script, "text/x-python"),
}


def routes(workbench: Workbench) -> list[Route]:
    """The download addresses of visitors' models."""
    room = asyncio.Semaphore(AT_ONCE)

    async def send(request: Request) -> Response:
        model = workbench.by_token(request.path_params["token"])
        name = request.path_params["name"]
        if model is None or model.run is None:
            return PlainTextResponse(GONE, 404)
        if name in TEXTS:
            write, media_type = TEXTS[name]
            text = await asyncio.to_thread(write, model.run)
            mark = BOM if media_type == "text/csv" else ""
            return Response(mark + text, media_type=media_type, headers=_attachment(name))
        if name != "model.zip":
            return PlainTextResponse("There is no such file.", 404)
        async with room:
            try:
                file = await asyncio.to_thread(open_archive, model.run)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                log.exception("No room for the zip of a model")
                return PlainTextResponse(DISK_FULL, 507)
        headers = _attachment(name) | {"Content-Length": str(_size(file))}
        return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)

    return [Route(route("model/{token}/{name}"), send)]


def open_archive(run: Run) -> BinaryIO:
    """The zip of a run, open to be read. It has no name on the disk any more: whatever becomes of
    who fetches it, its room is free when it is closed.
    """
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        return write_archive(run, Path(folder) / "model.zip").open("rb")


def _size(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
