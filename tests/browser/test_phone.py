"""Every tab on a telephone, in the dark and in the light: nothing scrolls sideways."""

import pytest
from playwright.sync_api import Page, expect

from encoder import POOLINGS
from tests.browser.finetune_page import FinetunePage
from tests.browser.map_page import QUICK, MapPage
from tests.browser.pooling_page import PoolingPage
from tests.browser.sections_page import SectionsPage
from tests.browser.visit import PHONE

pytestmark = pytest.mark.parametrize("page", [PHONE], indirect=True)
OVERHANG = """rows => Math.max(...rows.flatMap(row => [...row.children].map(
    cell => cell.getBoundingClientRect().right - row.getBoundingClientRect().right)))"""


def test_pooling_fits_and_the_theme_turns_the_charts_and_stays(page: Page) -> None:
    lab = PoolingPage(page).open()
    for section in ("made", "python", "several", "honesty"):
        lab.unfold(section)
    for plot in ("layer-map", "token-matrix", "sentence-matrix"):
        lab.plot(plot).wait_for()
    expect(lab.find("#honesty tbody tr")).to_have_count(len(POOLINGS))
    expect(lab.find("#scores .lab-legend")).to_contain_text("bars from 0 to 1")
    expect(lab.find("#scores .lab-legend")).to_contain_text("n = 96,580")
    lab.fits()
    assert lab.find("#scores tbody tr").evaluate_all(OVERHANG) <= 1
    dark = lab.ink("token-matrix")
    lab.turn_theme()
    page.wait_for_function(
        "ink => document.querySelector('#token-matrix .lab-plot')._fullLayout.font.color !== ink",
        arg=dark,
    )
    lab.fits()
    assert lab.find("#scores tbody tr").evaluate_all(OVERHANG) <= 1
    page.reload()
    expect(lab.chosen).to_have_count(1)
    assert "dark" not in (page.locator("body").get_attribute("class") or "")


@pytest.mark.slow
def test_a_map_fits_and_is_touched(page: Page) -> None:
    lab = MapPage(page).open_link(QUICK)
    lab.fits()
    _, *at = lab.lonely()
    page.mouse.click(*at)
    expect(lab.near).to_have_count(10)
    lab.near.first.get_by_role("button", name="why near?").click()
    lab.find("#why .lab-plot[data-ready]").wait_for()
    lab.names.first.click()
    expect(lab.chosen.first).to_be_visible()
    for section in ("own-texts", "map-advanced", "trust-section", "sides-section", "map-python"):
        lab.unfold(section)
    expect(lab.find("#map-code")).to_contain_text("read_corpus")
    lab.fits()
    lab.turn_theme()
    lab.fits()


def test_search_and_fine_tune_fit(page: Page) -> None:
    lab = SectionsPage(page).open()
    lab.fits()
    lab.press("judge-hits", "good", 0)
    lab.press("lab-hits", "more", 2)
    expect(lab.find("#lab-moved table")).to_be_visible()
    lab.work("measure-search")
    lab.work("duplicates")
    lab.fits()
    lab.turn_theme()
    lab.fits()
    FinetunePage(page).turn_to().fits()
    lab.turn_theme()
    lab.fits()
