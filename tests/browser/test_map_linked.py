"""What answers on a map without the server: its legend, the theme, the map beside it."""

import struct

from playwright.sync_api import expect

from tests.browser.map_page import MAP_MS, MapPage

SEEN = """map => document.querySelector(`#${map} .lab-map`)._fullData
    .filter((t) => t.visible === true && t.customdata && t.customdata.length).length"""
DIMMED = """map => document.querySelector(`#${map} .lab-map`)._fullData
    .filter((trace) => trace.selectedpoints).reduce((all, t) => all + t.selectedpoints.length, 0)"""
INK = "map => document.querySelector(`#${map} .lab-map`)._fullLayout.font.color"


def test_the_legend_hides_a_group_and_the_theme_turns_the_map(page):
    lab = MapPage(page).open()
    lab.settled()
    groups = page.evaluate(SEEN, "map")
    lab.find("#map .legendtoggle").first.click()
    page.wait_for_function(f"({SEEN})('map') === {groups - 1}")
    lab.find("#map .legendtoggle").first.click()
    page.wait_for_function(f"({SEEN})('map') === {groups}")
    ink = page.evaluate(INK, "map")
    lab.find("#theme").click()
    page.wait_for_function(f"({INK})('map') !== {ink!r}")


def test_a_lasso_on_one_side_selects_on_the_other(page):
    lab = MapPage(page).open()
    lab.unfold("sides-section")
    lab.find("#sides-go").click()
    expect(lab.find("#sides-progress")).to_contain_text("Compared in", timeout=MAP_MS)
    for side in ("side-left", "side-right"):
        lab.settled(side)
    _, *at = lab.lonely("side-left")
    lab.lasso(tuple(at), 40, "side-left")
    page.wait_for_function(f"({DIMMED})('side-left') > 0")
    page.wait_for_function(f"({DIMMED})('side-right') === ({DIMMED})('side-left')")


def test_the_picture_that_is_taken_home_has_its_settings_above(page, tmp_path):
    lab = MapPage(page).open()
    lab.settled()
    path = tmp_path / "map.png"
    lab.download("map-png").save_as(path)
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    shown = lab.find("#map .lab-map").bounding_box()
    assert abs(width - 2 * shown["width"]) <= 4
    assert height >= 2 * shown["height"] + 60  # two lines at least
