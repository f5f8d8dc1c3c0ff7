"""Composition root: settings, workbench, page, launch."""

import os
import sys
import threading
import time
from dataclasses import replace
from typing import Any

# Read by Gradio and huggingface_hub when they are imported: nothing is reported anywhere, the
# statistics that Gradio keeps of every event (milliseconds of CPU each) are kept rarely, and models
# come over plain HTTP, for hf_xet (1.8.0) goes on with a download that its visitor has stopped.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "500")

from encoder.device import chosen_device
from ingest import LabError
from ui import __version__
from ui.pooling.form import View
from ui.serving.launch import address, launch_settings
from ui.serving.log import adopt_server_log, event, log_as_json
from ui.serving.memory import facts, fitted, machine_memory
from ui.serving.scratch import SENT, enter_scratch
from ui.serving.shutdown import serve_until_told
from ui.settings import Settings
from ui.shell import build_app
from ui.state.workbench import Workbench


def build(workbench: Workbench | None = None) -> tuple[Any, dict[str, Any]]:
    """The page (a gr.Blocks), and what its `launch` needs beside host and port."""
    workbench = workbench or Workbench(settings_of_this_machine())
    return build_app(workbench), launch_settings(workbench)


def settings_of_this_machine() -> Settings:
    """What the host decides, as far as the memory allows; both go to the log."""
    machine_bytes, source = machine_memory()
    settings = fitted(Settings.from_environment(), machine_bytes)
    event("memory", source=source, **facts(settings, machine_bytes))
    return settings


def main() -> None:
    """Serve the lab; the default model and UMAP are made ready while the page is already up."""
    log_as_json()
    try:
        host, port = address(os.environ)
        device = chosen_device()
        settings = settings_of_this_machine()
    except LabError as error:
        sys.exit(str(error))
    scratch = enter_scratch()
    workbench = Workbench(replace(settings, scratch=scratch / SENT))
    demo, arguments = build(workbench)
    demo.launch(server_name=host, server_port=port, prevent_thread_lock=True, **arguments)
    adopt_server_log()
    event(
        "listening",
        host=host,
        port=port,
        device=str(device),
        version=__version__,
        public=workbench.settings.public,
    )
    # No daemon: one that is inside torch or numba while Python shuts down would abort the process.
    threading.Thread(target=warm, args=(workbench,), name="warm-up").start()
    serve_until_told(demo, workbench, scratch)


def warm(workbench: Workbench) -> None:
    """Make ready what the first visitor would wait for."""
    began = time.monotonic()
    workbench.warm(View().model)
    event("warm", model=View().model, seconds=round(time.monotonic() - began, 1))


if __name__ == "__main__":
    main()
