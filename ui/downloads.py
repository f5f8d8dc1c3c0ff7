"""What a visitor takes home, made when it is fetched and deleted when it is sent.

A download has an address that nobody can guess, and lies on no disk before or after.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from ui.map_export import FILES
from ui.runs import Run
from ui.takehome import scores_csv, training_script, write_archive
from ui.workbench import Workbench

GONE = "This model is not kept any more: its page was closed, or newer runs took its place."
NO_MAP = "This map is not kept any more: its page was closed, or a newer one took its place."
TEXTS: dict[str, tuple[Callable[[Run], str], str]] = {
    "scores.csv": (scores_csv, "text/csv"),
    "train.py": (training_script, "text/x-python"),
}


def routes(workbench: Workbench) -> list[Route]:
    """The download addresses of this workbench's visitors."""

    def send(request: Request) -> Response:
        found = workbench.by_token(request.path_params["token"])
        name = request.path_params["name"]
        if found is None or found.run is None:
            return PlainTextResponse(GONE, 404)
        if name in TEXTS:
            write, kind = TEXTS[name]
            disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(write(found.run), media_type=kind, headers=disposition)
        if name != "model.zip":
            return PlainTextResponse("There is no such file.", 404)
        folder = Path(tempfile.mkdtemp(prefix="lab-"))
        try:
            path = write_archive(found.run, folder / "model.zip")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        return FileResponse(path, filename="model.zip", background=gone)

    def send_map(request: Request) -> Response:
        picture = workbench.picture_by_token(request.path_params["token"])
        name = request.path_params["name"]
        if picture is None:
            return PlainTextResponse(NO_MAP, 404)
        if name not in FILES:
            return PlainTextResponse("There is no such file.", 404)
        write, kind = FILES[name]
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(write(picture), media_type=kind, headers=disposition)

    return [
        Route("/lab-download/{token}/{name}", send),
        Route("/lab-map/{token}/{name}", send_map),
    ]
