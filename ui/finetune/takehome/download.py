"""Where a visitor's run is fetched: made when it is asked for, deleted when it is sent."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from ingest.templates import BOM
from ui.finetune.takehome.archive import scores_csv, write_archive
from ui.finetune.takehome.script import training_script
from ui.state.models import Run
from ui.state.workbench import Workbench

GONE = "This model is not kept any more: its page was closed, or newer runs took its place."
TEXTS: dict[str, tuple[Callable[[Run], str], str]] = {
    "scores.csv": (scores_csv, "text/csv"),
    "train.py": (training_script, "text/x-python"),
}


def routes(workbench: Workbench) -> list[Route]:
    """The download addresses of visitors' models."""

    def send(request: Request) -> Response:
        model = workbench.by_token(request.path_params["token"])
        name = request.path_params["name"]
        if model is None or model.run is None:
            return PlainTextResponse(GONE, 404)
        if name in TEXTS:
            write, media_type = TEXTS[name]
            disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
            mark = BOM if media_type == "text/csv" else ""
            return Response(mark + write(model.run), media_type=media_type, headers=disposition)
        if name != "model.zip":
            return PlainTextResponse("There is no such file.", 404)
        folder = Path(tempfile.mkdtemp(prefix="lab-"))
        try:
            path = write_archive(model.run, folder / "model.zip")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        clean_up = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        return FileResponse(path, filename="model.zip", background=clean_up)

    return [Route("/lab-download/{token}/{name}", send)]
