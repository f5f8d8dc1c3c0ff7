"""The page around the tabs."""

import gradio as gr

from ui.finetune import door as finetune
from ui.map import door as map_tab
from ui.page.components import leave_checks_to_us, script
from ui.page.tab import Page
from ui.pooling import door as pooling
from ui.search import door as search
from ui.serving.places import Places
from ui.state.workbench import Workbench

HEADER = """
<header class="lab-header">
  <h1>Sentence Lab</h1>
  <p>How does a transformer turn a sentence into one vector of fixed length?</p>
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


# The tabs in their order: each is a folder, whose `door` says what the page needs of it.
FEATURES = (pooling.FEATURE, finetune.FEATURE, map_tab.FEATURE, search.FEATURE)


def spare_the_browser(demo: gr.Blocks) -> None:
    """Events that show no progress have nothing to show it on.

    Gradio's page would keep a status for each of their outputs, and at every step of any event
    look for all of them among all that is on the page: a tenth of a second of work.
    """
    for event in demo.fns.values():
        if event.show_progress == "hidden":
            event.show_progress_on = []


def build_app(workbench: Workbench) -> gr.Blocks:
    """The whole page over one workbench."""
    leave_checks_to_us()
    with gr.Blocks(
        title="Sentence Lab", analytics_enabled=False, delete_cache=UPLOADS_KEPT
    ) as demo:
        # First: Gradio names a tab's handlers too, and the first of a name has it.
        for feature in FEATURES:
            feature.build_api(workbench)
        with gr.Row(elem_classes=["lab-top"]):
            gr.HTML(HEADER, js_on_load=script("tabs.js"), apply_default_css=False)
            toggle = gr.Button("Light / dark", size="sm", elem_id="theme", min_width=110, scale=0)
            toggle.click(None, js=TOGGLE, api_visibility="private")
        tabs = gr.Tabs()
        page = Page(demo, tabs, workbench)
        with tabs:
            built = [feature.build(page) for feature in FEATURES]
        page.connect(built)
    spare_the_browser(demo)
    most = workbench.settings.queue_places
    demo.queue(default_concurrency_limit=4, max_size=most, api_open=False)
    Places(demo, workbench).guard()
    return demo
