"""The page around the tabs, and how it is launched."""

from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from ui.api import build_api
from ui.api_map import build_map_api
from ui.api_search import build_search_api
from ui.api_tuning import build_tuning_api
from ui.downloads import routes
from ui.static import ROUTES, Headers
from ui.tabs import finetune, pooling, search
from ui.tabs import map as map_tab
from ui.tabs.models import ModelPicker
from ui.theme import ASSETS, theme
from ui.workbench import Workbench

HEADER = """
<header class="lab-header">
  <h1>Sentence Lab</h1>
  <p>How does a transformer turn a sentence of any length into one vector?</p>
</header>
"""
# Seconds between two looks, and seconds that a file sent is kept: it is read as it arrives.
UPLOADS_KEPT = (300, 1800)
# Remembered in the address, as Gradio itself reads it there.
TOGGLE = """() => {
  const dark = document.body.classList.toggle('dark');
  const url = new URL(location.href);
  url.searchParams.set('__theme', dark ? 'dark' : 'light');
  history.replaceState(null, '', url);
}"""


def build_app(workbench: Workbench) -> gr.Blocks:
    """The whole page over one workbench."""
    with gr.Blocks(
        title="Sentence Lab", analytics_enabled=False, delete_cache=UPLOADS_KEPT
    ) as demo:
        # First: Gradio names a tab's handlers too, and the first of a name has it.
        build_api(workbench)
        build_tuning_api(workbench)
        build_map_api(workbench)
        build_search_api(workbench)
        with gr.Row(elem_classes=["lab-top"]):
            gr.HTML(HEADER, apply_default_css=False)
            toggle = gr.Button("Light / dark", size="sm", elem_id="theme", min_width=110, scale=0)
            toggle.click(None, js=TOGGLE, api_visibility="private")
        with gr.Tabs() as tabs:
            with gr.Tab("Pooling", id="pooling", elem_id="tab-pooling"):
                model = pooling.build(demo, workbench)
            with gr.Tab("Fine-tune", id="finetune", elem_id="tab-finetune") as tuning:
                pass
            with gr.Tab("Map", id="map", elem_id="tab-map") as mapping:
                maps = map_tab.build(demo, tabs, mapping, workbench)
            with gr.Tab("Search", id="search", elem_id="tab-search") as searching:
                found = search.build(demo, tabs, searching, workbench)
            with tuning:
                pickers = [model, *maps.pickers, *found.pickers]
                tuner = finetune.build(tuning, workbench, ModelPicker(workbench), pickers)
                maps.texts.connect_pairs(tuner.ui.on_map, tabs)
                found.sections.judge.sending.connect(tabs, tuner.data)
    demo.queue(default_concurrency_limit=4, max_size=128, api_open=False)
    return demo


def launch_settings(workbench: Workbench) -> dict[str, Any]:
    """Arguments of `launch` beside host and port."""
    return {
        "theme": theme(),
        "css_paths": [ASSETS / f"{name}.css" for name in ("lab", "tuning", "map", "search")],
        "favicon_path": ASSETS / "favicon.svg",
        "footer_links": ["api", "settings"],
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        # A model that is brought back is the largest.
        "max_file_size": workbench.settings.max_archive_bytes,
        "app_kwargs": {
            "routes": [*ROUTES, *routes(workbench)],
            "middleware": [Middleware(Headers)],
        },
    }
