"""Composition root: settings, workbench, page, launch."""

import os
import threading
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

from ui.pooling.form import View
from ui.serving.ending import end_in_order_on_sigterm, ended_in_order
from ui.serving.scratch import SENT, enter_scratch
from ui.settings import Settings
from ui.shell import build_app, launch_settings
from ui.state.workbench import Workbench


def build(workbench: Workbench | None = None) -> tuple[Any, dict[str, Any]]:
    """The page (a gr.Blocks), and what its `launch` needs beside host and port."""
    workbench = workbench or Workbench(Settings.from_environment())
    return build_app(workbench), launch_settings(workbench)


def main() -> None:
    """Serve the lab; the default model and UMAP are made ready while the page is already up."""
    end_in_order_on_sigterm()
    scratch = enter_scratch()
    workbench = Workbench(replace(Settings.from_environment(), scratch=scratch / SENT))
    with ended_in_order(workbench, scratch):
        demo, settings = build(workbench)
        demo.launch(
            server_name=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
            server_port=int(os.environ.get("GRADIO_SERVER_PORT", "7860")),
            prevent_thread_lock=True,
            **settings,
        )
        threading.Thread(target=workbench.warm, args=(View().model,), name="warm-up").start()
        demo.block_thread()


if __name__ == "__main__":
    main()
