"""The Map tab from the first look to a file taken home, in a real browser."""

import re

from playwright.sync_api import Page, expect

DRAWN_MS = 120_000


def drawn(page: Page) -> None:
    """Wait until the map is ready."""
    expect(page.locator("#map-progress")).to_contain_text("Drawn in", timeout=DRAWN_MS)


def first_dot(page: Page) -> tuple[float, float]:
    """Where on the screen the first point of the map is."""
    page.locator("#map").scroll_into_view_if_needed()
    x, y = page.evaluate(
        """() => {
          const gd = document.querySelector('#map .lab-map');
          const dots = gd._fullData.find((trace) => trace.customdata && trace.customdata.length);
          const { xaxis, yaxis } = gd._fullLayout;
          const box = gd.getBoundingClientRect();
          return [box.left + xaxis.d2p(dots.x[0]) + xaxis._offset,
                  box.top + yaxis.d2p(dots.y[0]) + yaxis._offset];
        }"""
    )
    return x, y


def test_a_sample_is_mapped_touched_and_taken_home(page):
    page.goto("/")
    page.get_by_role("tab", name="Map").click()
    drawn(page)
    expect(page.locator("#map-header")).to_contain_text("648 texts")
    expect(page.locator("#map-header")).to_contain_text("seed 0")
    expect(page.locator("#clusters tbody tr")).not_to_have_count(0)
    expect(page.locator("#map .lab-map")).to_have_attribute("data-n", "648")

    x, y = first_dot(page)
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    expect(page.locator("#point .lab-near li")).to_have_count(10)
    page.locator("#point [data-pick]").first.click()
    expect(page.locator("#why .lab-plot[data-ready]")).to_be_visible()
    expect(page.locator("#why-note")).to_contain_text("the sum of these numbers")

    page.locator("#map-search input, #map-search textarea").fill("my knee hurts")
    page.locator("#map-search input, #map-search textarea").press("Enter")
    expect(page.locator("#map-below")).to_contain_text("Coloured by the cosine")
    page.locator("#map-drop input, #map-drop textarea").fill("The beach bus was full of tourists")
    page.locator("#map-drop input, #map-drop textarea").press("Enter")
    expect(page.locator("#map-below")).to_contain_text("lands beside")

    page.locator("#clusters [data-pick]").first.click()
    expect(page.locator("#selection")).to_contain_text("What sets them apart")
    with page.expect_download() as saved:
        page.locator("#selection-csv").click()
    assert saved.value.suggested_filename == "selection.csv"

    href = page.locator("#map-files a[href$='map.csv']").get_attribute("href")
    answer = page.request.get(f"/{href}")
    assert answer.ok
    assert len(answer.text().splitlines()) == 649

    page.locator("#map-dims input").click()
    page.get_by_role("option", name="3-D").click()
    expect(page.locator("#map .lab-map")).to_have_attribute("data-kind", "3d", timeout=DRAWN_MS)
    page.wait_for_url(re.compile("map=.*3-D"), timeout=DRAWN_MS)


def test_the_texts_of_pairs_are_mapped_from_where_they_are_checked(page):
    page.goto("/")
    page.get_by_role("tab", name="Fine-tune").click()
    expect(page.locator("#preview table")).to_be_visible()
    page.locator("#map-pairs").click()
    expect(page.get_by_role("tab", name="Map")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#corpus-facts")).to_contain_text("texts of graded")
    drawn(page)
    expect(page.locator("#map-header")).not_to_contain_text("648 texts")


def test_five_thousand_texts_of_ones_own_are_mapped_and_touched(page, tmp_path):
    who = ("My aunt", "The baker", "A tall nurse", "Our neighbour", "That old sailor", "The tutor",
           "Some tourists", "A young fox", "Her brother", "The mayor")  # fmt: skip
    does = ("repairs", "paints", "forgets", "sells", "hides", "follows", "photographs", "cleans",
            "borrows", "admires")  # fmt: skip
    what = ("bicycle", "boat", "piano", "kitchen", "garden", "lamp", "coat", "letter", "bridge",
            "camera")  # fmt: skip
    when = ("at dawn", "in spring", "on Sundays", "before lunch", "after the storm")
    rows = [f"{a} {b} the {c} {d}.,{c}" for a in who for b in does for c in what for d in when]
    path = tmp_path / "many.csv"
    path.write_text("text,thing\n" + "\n".join(rows) + "\n")
    page.goto("/")
    page.get_by_role("tab", name="Map").click()
    drawn(page)
    page.locator("#own-texts > button").click()
    page.locator("#corpus-file input[type=file]").set_input_files(str(path))
    expect(page.locator("#map-header")).to_contain_text("5,000 texts", timeout=DRAWN_MS)
    expect(page.locator("#map-progress")).to_contain_text("Drawn in", timeout=3 * DRAWN_MS)
    expect(page.locator("#map-header")).to_contain_text("UMAP, 15 neighbours")
    expect(page.locator("#map .lab-map")).to_have_attribute("data-n", "5000")
    page.mouse.click(*first_dot(page))
    expect(page.locator("#point .lab-near li")).to_have_count(10)
    page.locator("#map-colour input").click()
    page.get_by_role("option", name="label: thing").click()
    expect(page.locator("#map g.legend")).to_contain_text("piano")
