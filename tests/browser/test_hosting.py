"""As hosts serve it: what `make space` writes, with a Node in front; and below a proxy's path."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pandas as pd
import playwright
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT_MS, Watch
from tests.browser.finetune_page import FinetunePage
from tests.browser.map_page import MapPage
from tests.browser.pooling_page import PoolingPage
from tests.browser.search_page import SearchPage
from tests.served import serve
from tests.ui.serving.prefix_proxy import proxy
from tools.make_space import make_space
from ui.state.pairs import SAMPLES

pytestmark = pytest.mark.slow  # each starts a lab of its own
# Without SPACE_ID, whose header asks the Hub about that Space.
SPACE = {"SYSTEM": "spaces", "GRADIO_SSR_MODE": "True", "LAB_SSR": "1"}


# A current Node is on every machine that runs these tests: the one that drives the browser.
NODE = Path(playwright.__file__).parent / "driver" / ("node.exe" if os.name == "nt" else "node")


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


def test_what_make_space_writes_works_on_a_space_with_a_node_in_front(
    browser: Browser, tmp_path: Path
) -> None:
    """One thing on every tab: a plot and a map are drawn, and a file arrives as what it is."""
    make_space(tmp_path / "space")
    with serve(tmp_path / "space", GRADIO_NODE_PATH=str(NODE), **SPACE) as served:
        with urlopen(served.url) as answer:
            assert b"/_app/immutable/" in answer.read(), "no Node has rendered it"
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
        with pytest.raises(URLError, match="refused"):
            urlopen(served.url)  # the Node has ended, too
    assert not [line for line in served.unparsed if "Traceback" in line]


def test_below_the_path_of_a_proxy_without_its_slash_and_in_a_frame(browser: Browser) -> None:
    with serve(GRADIO_ROOT_PATH="/lab/") as served, proxy(served.url, "/lab", cuts=True) as host:
        with visitor(browser, host) as page:
            page.goto("/course")
            frame = page.frame_locator("iframe")
            expect(frame.locator("#scores tr.chosen")).to_have_count(1)
            expect(frame.locator("#token-matrix .lab-plot[data-ready]")).to_be_visible()
