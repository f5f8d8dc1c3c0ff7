"""The Map tab in a real browser: few, long visits, since each opening of a page takes seconds."""

import csv
import io
import json
import math
import zipfile

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import View
from tests.browser.map_page import MAP_MS, MapPage

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


def test_a_sample_is_looked_at_from_all_sides(page, workbench):
    workbench.samples.clear()  # nobody was here before
    lab = MapPage(page).open()
    assert lab.methods == ["PCA", "UMAP"]
    expect(lab.header).to_contain_text(f"{TOPICS} texts")
    expect(lab.header).to_contain_text("mean pooling · layer 6 of 6 (last) · UMAP, 15 neighbours")

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
    saved = lab.download("selection-csv").path()
    head, *rows = csv.reader(saved.open(encoding="utf-8", newline=""))
    assert head == ["row", "text", "topic", "cluster", "map_x", "map_y"]
    assert len(rows) == count

    # A typed sentence colours the map; another is dropped onto it.
    lab.type("map-search", "my knee hurts")
    expect(lab.below).to_contain_text("Coloured by the cosine with “my knee hurts”")
    expect(lab.below.locator("li").first).to_contain_text("knee")
    expect(lab.find("#map-colour input")).to_have_value("similarity to …")
    lab.find("#map .infolayer [class^=cb]").first.wait_for()
    lab.type("map-drop", "The bus to the beach was full of tourists")
    expect(lab.below).to_contain_text("lands beside")
    lab.draws("star")

    # Colours of a label column; a cluster is filled the view with, and called something.
    lab.pick("map-colour", "label: topic")
    expect(lab.legend()).to_contain_text("weather")
    lab.pick("map-colour", "cluster")
    expect(lab.legend()).to_contain_text("unclustered")
    whole = lab.span()
    size = int(lab.find("#clusters tbody tr").nth(2).locator(".num").last.inner_text())
    lab.names.nth(2).click()
    expect(lab.chosen).to_have_count(size)
    lab.spans(f"< {whole * 0.8}")
    lab.type("cluster-title", "Mine <b>")
    expect(lab.names.nth(2)).to_have_text("Mine <b>")
    expect(lab.legend()).to_contain_text("3. Mine <b>")
    lab.find("#whole-map").click()
    lab.spans(f"> {whole * 0.9}")
    assert lab.download("map-png").suggested_filename == "sentence-map.png"

    # In space.
    lab.pick("map-dims", "3-D")
    lab.find("#map .lab-map[data-kind='3d']").wait_for(timeout=MAP_MS)
    lab.drawn()
    expect(lab.names.nth(2)).to_have_text("Mine <b>")


def test_what_is_taken_home_opens_with_no_network(page, browser, tmp_path):
    lab = MapPage(page).open()
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

    asked, complaints = [], []
    context = browser.new_context(offline=True)
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.route("**/*", lambda route: (
        route.continue_() if route.request.url.startswith("file:") else route.abort()
    ))  # fmt: skip
    home = context.new_page()
    home.goto(alone.as_uri())
    home.locator(".plotly-graph-div .legend").wait_for()
    drawn = "document.querySelector('.plotly-graph-div')._fullData"
    assert home.evaluate(f"{drawn}.reduce((n, trace) => n + trace.x.length, 0)") == TOPICS
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints == []
    context.close()


def test_how_far_to_trust_it_and_two_maps_side_by_side(page):
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


def test_the_last_of_quick_changes_wins_and_its_link_draws_it_again(page):
    lab = MapPage(page).open()
    lab.pick("map-pooling", "cls")
    lab.pick("map-layer", "2")
    lab.pick("map-pooling", "max")
    lab.pick("map-dims", "3-D")
    lab.pick("map-method", "PCA")
    lab.pick("map-layer", "4")
    lab.pick("map-dims", "2-D")
    lab.drawn("max pooling · layer 4 of 6 · PCA")
    lab.unfold("map-advanced")
    lab.pick("clustering", "k-means")
    lab.type("n-clusters", "7")
    lab.drawn("7 clusters")
    page.wait_for_function("location.search.includes('k-means')")
    said = lab.header.inner_text()
    other = MapPage(page.context.new_page()).open_link(page.evaluate("location.search"))
    expect(other.header).to_have_text(said, use_inner_text=True)
    expect(other.find("#map-pooling input")).to_have_value("max")
    other.unfold("map-advanced")
    expect(other.find("#clustering input")).to_have_value("k-means")
    assert lab.header.inner_text() == said


def test_ones_own_texts_good_and_bad(page, tmp_path):
    lab = MapPage(page).open()
    lab.unfold("own-texts")
    table = io.StringIO()
    csv.writer(table, delimiter=";").writerows([("sentence", "thing", "answer"), *TABLE])
    mine = tmp_path / "mine.csv"
    mine.write_text(table.getvalue(), encoding="utf-8")
    lab.send(mine)
    expect(lab.find("#corpus-facts")).to_contain_text(f"mine.csv: {len(TABLE)} texts")
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
        lab.told(words)
        expect(lab.find("#corpus-facts")).to_contain_text("mine.csv")  # what was there stays
    for name, (text, found, words) in POOR.items():
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        lab.send(file)
        expect(lab.find("#corpus-facts")).to_contain_text(f"{name}: {found}")
        lab.drawn(found, words)

    # Ten megabytes are sampled, and said so; a visitor who will not wait stops them.
    word = "river music garden letter window"
    lines = (f"Line {i} is about {word} and {i * 7919 % 1009}." for i in range(200_000))
    with zipfile.ZipFile(tmp_path / "large.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("large.txt", text := "\n".join(lines))
    assert len(text) > 10_000_000
    lab.send(tmp_path / "large.zip")
    facts = lab.find("#corpus-facts")
    expect(facts).to_contain_text("of 200,000 rows was read", timeout=MAP_MS)
    expect(facts).to_contain_text("5,000 of 20,000 texts is on the map")
    expect(lab.progress).to_contain_text("Turning texts into vectors")
    lab.find("#stop-map").click()
    expect(lab.progress).to_contain_text("Stopped")
    expect(lab.find("#stop-map")).to_be_hidden()
    # Pasted lines; the texts of the Fine-tune tab, which has none at first.
    lab.find("#corpus-pasted textarea").fill("\n".join(text for text, *_ in TABLE[:20]))
    lab.find("#use-corpus-pasted").click()
    lab.drawn("20 texts")
    lab.find("#corpus-pairs").click()
    lab.told("There are no pairs yet")
    page.get_by_role("tab", name="Fine-tune").click()
    expect(lab.find("#preview table")).to_be_visible()
    page.get_by_role("tab", name="Map").click()
    lab.find("#corpus-pairs").click()
    expect(facts).to_contain_text("texts of graded_pairs.csv")
    lab.find("#corpus-support").click()
    lab.drawn(f"{SUPPORT} texts")


def test_three_maps_at_once_of_two_visitors_and_one_who_leaves(page, workbench):
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
    known = list(workbench._visitors.values())
    under_way = [v.atlas.running for v in known if v.atlas.running and not v.atlas.running.is_set()]
    visitors = len(workbench._visitors)
    c.page.close()
    b.pick("map-method", "PCA")
    b.drawn(f"{SUPPORT} texts", "PCA")
    assert len(workbench._visitors) < visitors
    assert any(event.wait(5) for event in under_way)


@pytest.mark.parametrize("page", [View(390, 844), View(390, 844, "dark")], indirect=True)
def test_a_phone_shows_the_tab_without_scrolling_sideways(page):
    lab = MapPage(page).open()
    assert lab.width() <= 390
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
    assert lab.width() <= 390
