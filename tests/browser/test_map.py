"""The Map tab in a real browser: few, long visits, since each opening of a page takes seconds."""

import csv
import io
import json
import math
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.finetune_page import FinetunePage
from tests.browser.map_page import MAP_MS, QUICK, MapPage
from tests.browser.visit import until
from ui.map.state import MapState
from ui.state.workbench import Workbench

TOPICS = 648  # texts in the sample that lies ready
SUPPORT = 341
BAD = {
    "empty.csv": ("", "There is no text in it"),
    "names.csv": ("text,topic\n", "no row of texts"),
    "numbers.csv": ("value\n" + "".join(f"{i}.{i}\n" for i in range(60)), "No column holds texts"),
}
POOR = {
    "one.csv": ("text\nThe only sentence.\n", "1 text", "one text has no neighbours"),
    "equal.csv": ("text\n" + "The same again.\n" * 50, "1 text", "one text has no neighbours"),
    "emoji.csv": ("text\n" + "".join(f"{c}\n" for c in "😀🎉🚗🐱🐶🍕🍔🏀"), "8 texts",
                  "cannot tell them apart"),
}  # fmt: skip
TABLE = [
    (f"{who} {did} the {thing} on {day}.", thing, f"Nobody knew why {who.lower()} {did} {thing}s.")
    for who in ("The nurse", "My uncle", "A pilot")
    for did in ("sold", "painted")
    for thing in ("piano", "bicycle", "kitchen", "garden")
    for day in ("Monday", "Friday")
]
WHO = ("My aunt", "The baker", "A tall nurse", "Our neighbour", "That old sailor", "The tutor",
       "Some tourists", "A young fox", "Her brother", "The mayor")  # fmt: skip
DOES = ("repairs", "paints", "forgets", "sells", "hides", "follows", "photographs", "cleans",
        "borrows", "admires")  # fmt: skip
WHAT = ("bicycle", "boat", "piano", "kitchen", "garden", "lamp", "coat", "letter", "bridge",
        "camera")  # fmt: skip
WHEN = ("at dawn", "in spring", "on Sundays", "before lunch", "after the storm")
# Asked of plotly itself.
SEEN = """map => document.querySelector(`#${map} .lab-map`)._fullData
    .filter((t) => t.visible === true && t.customdata && t.customdata.length).length"""
DIMMED = """map => document.querySelector(`#${map} .lab-map`)._fullData
    .filter((trace) => trace.selectedpoints).reduce((all, t) => all + t.selectedpoints.length, 0)"""
INK = "map => document.querySelector(`#${map} .lab-map`)._fullLayout.font.color"


def opened_offline(browser: Browser, file: Path) -> int:
    """How many dots a saved map draws with no network; asserts that it complains of nothing."""
    asked, complaints = [], []
    context = browser.new_context(offline=True)
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.route("**/*", lambda route: (
        route.continue_() if route.request.url.startswith("file:") else route.abort()
    ))  # fmt: skip
    home = context.new_page()
    home.goto(file.as_uri())
    home.locator(".plotly-graph-div .legend").wait_for()
    drawn = "document.querySelector('.plotly-graph-div')._fullData"
    dots = home.evaluate(f"{drawn}.reduce((n, trace) => n + trace.x.length, 0)")
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints == []
    return dots


def test_a_sample_is_looked_at_from_all_sides_and_taken_home(
    page: Page, browser: Browser, workbench: Workbench, tmp_path: Path
) -> None:
    workbench.samples.clear()  # nobody was here before
    lab = MapPage(page).open()
    assert lab.methods == ["PCA", "UMAP"]
    expect(lab.header).to_contain_text(f"{TOPICS} texts")
    expect(lab.header).to_contain_text("mean pooling · layer 6 of 6 (last) · UMAP, 15 neighbours")
    expect(lab.header).to_contain_text("seed 0")
    expect(lab.find("#map .lab-map")).to_have_attribute("data-n", str(TOPICS))

    # Point, click, and why two texts are near.
    _, *at = lab.lonely()
    label = lab.hover(tuple(at))
    page.mouse.click(*at)
    expect(lab.near).to_have_count(10)
    expect(lab.find("#point .facts")).to_contain_text("nearest texts are near it on the map")
    text = lab.find("#point .what").inner_text().strip("“”")
    assert text.split()[:3] == label.split()[:3]
    lab.draws("lines")
    lab.draws("rings")
    cosine = lab.near.first.locator(".num").inner_text()
    lab.near.first.get_by_role("button", name="why near?").click()
    expect(lab.find("#why-note")).to_contain_text(f"cosine {cosine}, the sum of these numbers")
    lab.find("#why .lab-plot[data-ready]").wait_for()

    # The keyboard reaches the same.
    lab.find("#map .lab-map").focus()
    page.keyboard.press("Enter")
    expect(lab.find("#point .what")).not_to_contain_text(text)

    # A lasso, and its texts as a file.
    places = lab.places()
    inside = sum(math.dist(at, places[0]) < 70 for at in places.values())
    lab.lasso(places[0], 70)
    expect(lab.find("#selection")).to_contain_text("texts chosen")
    count = int(lab.find("#selection").inner_text().split()[0])
    assert abs(count - inside) <= 0.15 * inside + 2
    saved = lab.download("selection-csv")
    assert saved.suggested_filename == "selection.csv"
    head, *rows = csv.reader(saved.path().open(encoding="utf-8-sig", newline=""))
    assert head == ["row", "text", "topic", "cluster", "map_x", "map_y"]
    assert len(rows) == count

    # A typed sentence colours the map; another is dropped onto it.
    lab.enter("map-search", "my knee hurts")
    expect(lab.below).to_contain_text("Coloured by the cosine with “my knee hurts”")
    expect(lab.below.locator("li").first).to_contain_text("knee")
    expect(lab.find("#map-colour input")).to_have_value("similarity to …")
    lab.find("#map .infolayer [class^=cb]").first.wait_for()
    lab.enter("map-drop", "The bus to the beach was full of tourists")
    expect(lab.below).to_contain_text("lands beside")
    lab.draws("star")

    # Colours of a label column; the legend hides a group; the theme turns the map.
    lab.pick("map-colour", "label: topic")
    expect(lab.legend()).to_contain_text("weather")
    lab.pick("map-colour", "cluster")
    expect(lab.legend()).to_contain_text("unclustered")
    lab.settled()
    groups = page.evaluate(SEEN, "map")
    for seen in (groups - 1, groups):
        lab.find("#map .legendtoggle").first.click()
        page.wait_for_function(f"({SEEN})('map') === {seen}")
    ink = page.evaluate(INK, "map")
    lab.turn_theme()
    page.wait_for_function(f"({INK})('map') !== {ink!r}")

    # A cluster is filled the view with, and called something.
    whole = lab.span()
    size = int(lab.find("#clusters tbody tr").nth(2).locator(".num").last.inner_text())
    lab.names.nth(2).click()
    expect(lab.chosen).to_have_count(size)
    expect(lab.find("#selection")).to_contain_text("What sets them apart")
    lab.spans(f"< {whole * 0.8}")
    lab.enter("cluster-title", "Mine <b>")
    expect(lab.names.nth(2)).to_have_text("Mine <b>")
    expect(lab.legend()).to_contain_text("3. Mine <b>")
    lab.find("#whole-map").click()
    lab.spans(f"> {whole * 0.9}")

    # Taken home: a picture with its settings above, the numbers, and a page that needs no network.
    lab.settled()
    picture = lab.download("map-png")
    assert picture.suggested_filename == "sentence-map.png"
    width, height = struct.unpack(">II", picture.path().read_bytes()[16:24])
    shown = lab.find("#map .lab-map").bounding_box()
    assert abs(width - 2 * shown["width"]) <= 4
    assert height >= 2 * shown["height"] + 60  # two lines at least
    table = list(csv.DictReader(io.StringIO(lab.file("map.csv").decode())))
    assert len(table) == TOPICS
    with np.load(io.BytesIO(lab.file("map.npz"))) as arrays:
        assert arrays["vectors"].shape == (TOPICS, 384)
        np.testing.assert_allclose(arrays["coordinates"][:, 0],
                                   [float(row["x"]) for row in table], atol=1e-4)  # fmt: skip
    assert lab.file("map.parquet")[:4] == b"PAR1"
    assert json.loads(lab.file("map.json"))["texts"] == TOPICS
    alone = tmp_path / "map.html"
    alone.write_bytes(lab.file("map.html"))
    assert opened_offline(browser, alone) == TOPICS

    # In space.
    lab.pick("map-dims", "3-D")
    lab.find("#map .lab-map[data-kind='3d']").wait_for(timeout=MAP_MS)
    lab.drawn()
    expect(lab.names.nth(2)).to_have_text("Mine <b>")
    page.wait_for_function("location.search.includes('3-D')")


@pytest.mark.slow
def test_how_far_to_trust_a_map_and_two_of_them_side_by_side(page: Page) -> None:
    lab = MapPage(page).open()
    clusters = lab.names.count()
    lab.unfold("trust-section")
    expect(lab.find("#report")).to_contain_text("Nothing is measured yet")
    trust = lab.find("#trust-section")
    trust.get_by_role("checkbox").check()
    lab.draws("torn")
    trust.get_by_role("button", name="Measure it").click()
    expect(lab.find("#measure-progress")).to_contain_text("Measured in", timeout=MAP_MS)
    for word in ("Trustworthiness", "Continuity", "kNN recall", "Silhouette", "column “topic”"):
        expect(lab.find("#report")).to_contain_text(word)
    expect(lab.find("#null-words")).to_contain_text("there")
    expect(lab.find("#stability tbody tr")).to_have_count(clusters)
    expect(lab.find("#hubs li")).to_have_count(5)
    lab.find("#sweep .lab-plot[data-ready]").wait_for()
    for name in ("own-map", "null-map"):
        expect(lab.find(f"#{name} .lab-map")).to_have_attribute("data-n", str(TOPICS))

    lab.unfold("sides-section")
    lab.find("#sides-go").click()
    expect(lab.find("#sides-progress")).to_contain_text("Compared in", timeout=MAP_MS)
    expect(lab.find("#sides-words")).to_contain_text("nearest texts are the same on both sides")
    lab.settled("side-right")
    row, *at = lab.lonely("side-left")
    lab.hover(tuple(at), "side-left")
    mark = lab.find("#side-right .lab-map-mark")
    expect(mark).to_be_visible()
    there, box = lab.places("side-right")[row], mark.bounding_box()
    assert np.hypot(box["x"] + box["width"] / 2 - there[0],
                    box["y"] + box["height"] / 2 - there[1]) < 3  # fmt: skip
    lab.find("#moved [data-pick]").first.click()
    lab.draws("rings", "side-right")

    # A lasso on one side selects on the other.
    _, *at = lab.lonely("side-left")
    lab.lasso(tuple(at), 40, "side-left")
    page.wait_for_function(f"({DIMMED})('side-left') > 0")
    page.wait_for_function(f"({DIMMED})('side-right') === ({DIMMED})('side-left')")


@pytest.mark.slow
def test_the_last_of_quick_changes_wins_and_its_link_draws_it_again(page: Page) -> None:
    lab = MapPage(page).open_link(QUICK)
    lab.pick("map-pooling", "cls")
    lab.pick("map-layer", "2")
    lab.pick("map-method", "UMAP")
    lab.pick("map-pooling", "max")
    lab.pick("map-dims", "3-D")
    lab.pick("map-method", "PCA")
    lab.pick("map-layer", "4")
    lab.pick("map-dims", "2-D")
    lab.drawn("max pooling · layer 4 of 6 · PCA")
    lab.unfold("map-advanced")
    lab.pick("clustering", "HDBSCAN")
    lab.drawn("clusters: HDBSCAN")
    lab.pick("clustering", "k-means")
    lab.drawn("clusters: k-means")
    lab.enter("n-clusters", "6")
    lab.drawn("6 clusters")
    page.wait_for_function("location.search.includes('k-means')")
    said = lab.header.inner_text()
    other = MapPage(page.context.new_page()).open_link(page.evaluate("location.search"))
    expect(other.header).to_have_text(said, use_inner_text=True)
    expect(other.find("#map-pooling input")).to_have_value("max")
    other.unfold("map-advanced")
    expect(other.find("#clustering input")).to_have_value("k-means")
    assert lab.header.inner_text() == said


@pytest.mark.slow
def test_texts_of_ones_own_good_and_bad(page: Page, tmp_path: Path) -> None:
    lab = MapPage(page).open_link(QUICK)
    lab.unfold("own-texts")
    table = io.StringIO()
    csv.writer(table, delimiter=";").writerows([("sentence", "thing", "answer"), *TABLE])
    mine = tmp_path / "mine.csv"
    mine.write_text(table.getvalue(), encoding="utf-8")
    lab.send(mine)
    facts = lab.find("#corpus-facts")
    expect(facts).to_contain_text(f"mine.csv: {len(TABLE)} texts")
    lab.drawn(f"{len(TABLE)} texts")
    expect(lab.find("#text-column input")).to_have_value("sentence")
    lab.pick("map-colour", "label: thing")
    expect(lab.legend()).to_contain_text("bicycle")
    lab.pick("text-column", "answer")
    lab.drawn("24 texts")
    lab.pick("text-column", "sentence")
    lab.drawn(f"{len(TABLE)} texts")

    for name, (text, words) in BAD.items():
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        lab.send(file)
        expect(facts).to_contain_text(words)
        expect(facts).to_contain_text("Still open: mine.csv")
    for name, (text, found, words) in POOR.items():
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        lab.send(file)
        expect(facts).to_contain_text(f"{name}: {found}")
        lab.drawn(found, words)

    # Ten megabytes are sampled, and said so; a visitor who will not wait stops them.
    word = "river music garden letter window"
    lines = (f"Line {i} is about {word} and {i * 7919 % 1009}." for i in range(200_000))
    with zipfile.ZipFile(tmp_path / "large.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("large.txt", text := "\n".join(lines))
    assert len(text) > 10_000_000
    lab.send(tmp_path / "large.zip")
    expect(facts).to_contain_text("of 200,000 rows was read", timeout=MAP_MS)
    expect(facts).to_contain_text("5,000 of 20,000 texts is on the map")
    expect(lab.progress).to_contain_text("Turning texts into vectors")
    lab.find("#stop-map").click()
    expect(lab.progress).to_contain_text("Stopped")
    expect(lab.find("#stop-map")).to_be_hidden()

    # Pasted lines; the texts of the Fine-tune tab, which has none at first, from both tabs.
    lab.box("corpus-pasted").fill("\n".join(text for text, *_ in TABLE[:20]))
    lab.find("#use-corpus-pasted").click()
    lab.drawn("20 texts")
    lab.find("#corpus-pairs").click()
    lab.told("There are no pairs yet")
    tuning = FinetunePage(page).turn_to()
    lab.tab("Map")
    lab.find("#corpus-pairs").click()
    expect(facts).to_contain_text("texts of graded_pairs.csv")
    lab.find("#corpus-support").click()
    lab.drawn(f"{SUPPORT} texts")
    tuning.turn_to().find("#map-pairs").click()
    expect(page.get_by_role("tab", name="Map")).to_have_attribute("aria-selected", "true")
    expect(facts).to_contain_text("texts of graded_pairs.csv")
    expect(lab.header).not_to_contain_text(f"{SUPPORT} texts", timeout=MAP_MS)
    lab.drawn()


@pytest.mark.slow
def test_three_maps_at_once_of_visitors_one_of_whom_leaves(
    page: Page, workbench: Workbench
) -> None:
    workbench.samples.clear()  # else these maps are there at once
    a = MapPage(page).open()
    b = MapPage(page.context.new_page()).open()
    c = MapPage(page.context.new_page()).open()
    a.pick("map-method", "t-SNE")
    b.find("#corpus-support").click()
    c.pick("map-pooling", "cls")
    a.drawn("mean pooling · layer 6 of 6 (last) · t-SNE")
    b.drawn(f"{SUPPORT} texts")
    c.drawn("cls pooling")
    for lab, texts in ((a, TOPICS), (b, SUPPORT), (c, TOPICS)):
        expect(lab.find("#map .lab-map")).to_have_attribute("data-n", str(texts))

    c.pick("map-layer", "2")
    expect(c.find("#stop-map")).to_be_visible()
    running = [state.running for state in workbench.states(MapState) if state.running]
    under_way = [event for event in running if not event.is_set()]
    visitors = workbench.visitors
    c.page.close()
    b.pick("map-method", "PCA")
    b.drawn(f"{SUPPORT} texts", "PCA")
    until(b.page, lambda: workbench.visitors < visitors)
    assert any(event.wait(5) for event in under_way)


@pytest.mark.slow
def test_five_thousand_texts_of_ones_own_are_mapped_and_touched(page: Page, tmp_path: Path) -> None:
    rows = [f"{a} {b} the {c} {d}.,{c}" for a in WHO for b in DOES for c in WHAT for d in WHEN]
    file = tmp_path / "many.csv"
    file.write_text("text,thing\n" + "\n".join(rows) + "\n")
    lab = MapPage(page).open()
    lab.unfold("own-texts")
    lab.send(file)
    expect(lab.header).to_contain_text("5,000 texts", timeout=MAP_MS)
    expect(lab.progress).to_contain_text("Drawn in", timeout=3 * MAP_MS)
    expect(lab.header).to_contain_text("UMAP, 15 neighbours")
    expect(lab.find("#map .lab-map")).to_have_attribute("data-n", "5000")
    page.mouse.click(*lab.places()[0])
    expect(lab.near).to_have_count(10)
    lab.pick("map-colour", "label: thing")
    expect(lab.legend()).to_contain_text("piano")
