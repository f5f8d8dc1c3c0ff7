"""As hosts serve it: what `make space` writes, with a Node in front; and below a proxy's path."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT_MS, Watch
from tests.browser.finetune_page import FinetunePage
from tests.browser.map_page import MapPage
from tests.browser.pooling_page import PoolingPage
from tests.browser.search_page import SearchPage
from tests.served import Served, serve
from tests.ui.serving.prefix_proxy import proxy
from tools.make_space import make_space
from ui.state.pairs import SAMPLES

pytestmark = pytest.mark.slow  # each starts a lab of its own
# Without SPACE_ID, whose header asks the Hub about that Space.
SPACE = {"SYSTEM": "spaces", "GRADIO_SSR_MODE": "True", "LAB_SSR": "1"}


@pytest.fixture(scope="module")
def node() -> str:
    """A Node that Gradio can use; skips without one, or fails where REQUIRE_BROWSER=1 says so."""
    path = os.environ.get("GRADIO_NODE_PATH") or shutil.which("node")
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout if (
        path
    ) else ""  # fmt: skip
    if path and int(version.lstrip("v").partition(".")[0]) >= 20:
        return path
    why = f"Server-side rendering needs Node 20 or later; there is {version.strip() or 'none'}."
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"{why} Set GRADIO_NODE_PATH to one.")
    pytest.skip(why)


@contextmanager
def visitor(browser: Browser, address: str) -> Iterator[Page]:
    """Somebody at this address; afterwards nothing may have been complained about."""
    watch = Watch()
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    watch.follow(context)
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()
    assert not watch.errors, "the page complained"
    assert not watch.foreign, "the page asked another host"


def map_tab(page: Page) -> MapPage:
    """The map, drawn."""
    lab = MapPage(page)
    lab.tab("Map")
    return lab.drawn()


def children(served: Served) -> list[str]:
    """Programs that the lab has started."""
    tasks = Path(f"/proc/{served.process.pid}/task")
    pids = " ".join(path.read_text() for path in tasks.glob("*/children")).split()
    return [Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids]


def test_what_make_space_writes_works_on_a_space_with_a_node_in_front(
    browser: Browser, node: str, tmp_path: Path
) -> None:
    """One thing on every tab: a plot and a map are drawn, and a file arrives as what it is."""
    make_space(tmp_path / "space")
    with serve(tmp_path / "space", GRADIO_NODE_PATH=node, **SPACE) as served:
        if Path("/proc").is_dir():
            assert "node" in children(served), "nothing stands in front"
        assert served.wait_for("listening")["public"]
        with urlopen(f"{served.url}/gradio_api/health") as answer:
            assert answer.headers.get_content_type() == "application/json"
        with visitor(browser, served.url) as page:
            pooling = PoolingPage(page).open()
            expect(pooling.plot("token-matrix")).to_be_visible()
            finetune = FinetunePage(page).turn_to()
            finetune.take_sample(SAMPLES["triplets"].title, SAMPLES["triplets"].file)
            lab = map_tab(page)
            expect(lab.find("#map .lab-map[data-ready]")).to_be_visible()
            with page.expect_download() as download:
                lab.find("#map-files a[href$='map.csv']").click()
            table = pd.read_csv(download.value.path())
            assert len(table) > 100
            search = SearchPage(page).turn_to()
            expect(search.hits).not_to_have_count(0)
        served.process.terminate()
        assert served.ended(5) == 0
    assert not [line for line in served.unparsed if "Traceback" in line]


def test_below_the_path_of_a_proxy_without_its_slash_and_in_a_frame(browser: Browser) -> None:
    with serve(GRADIO_ROOT_PATH="/lab/") as served, proxy(served.url, "/lab", cuts=True) as host:
        with visitor(browser, host) as page:
            page.goto("/course")
            frame = page.frame_locator("iframe")
            expect(frame.locator("#scores tr.chosen")).to_have_count(1)
            expect(frame.locator("#token-matrix .lab-plot[data-ready]")).to_be_visible()
