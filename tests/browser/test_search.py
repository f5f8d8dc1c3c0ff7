"""The Search tab in a real browser, from the first look to a model that answers better."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.finetune_page import TRAINED_MS, FinetunePage
from tests.browser.search_page import SEARCH_MS, SearchPage
from tests.browser.sections_page import DONE_MS, SectionsPage
from ui.search.triplets import split_queries
from ui.state.samples import TEXT_SAMPLES

ROOT = Path(__file__).parents[2]
EXAMPLES = TEXT_SAMPLES["offices"].queries
OWN = "The harbour closes at nine.\nBicycles stand behind the station.\nSoup is served daily."


@pytest.fixture
def tab(page: Page) -> SearchPage:
    return SearchPage(page).open()


@pytest.fixture
def stranger(browser: Browser, lab_url: str) -> Iterator[Page]:
    """The page of somebody else, in another browser."""
    context = browser.new_context(base_url=lab_url)
    yield context.new_page()
    context.close()


def test_questions_are_answered_explained_and_ranked_and_own_texts_are_searched_and_mapped(
    tab: SearchPage,
) -> None:
    # A first look shows hits without a word typed.
    expect(tab.hits).to_have_count(10)
    assert "learn to swim" in tab.hit(1)
    expect(tab.panel).to_contain_text("better than 99 %")
    expect(tab.panel).to_contain_text("vectors kept in memory")

    # An example is a click away; one that these texts do not answer is told.
    tab.find("#search-example-1").click()
    expect(tab.box("search-query")).to_have_value(EXAMPLES[1])
    expect(tab.hits.first).to_contain_text("indoor pool")
    tab.find("#search-example-4").click()
    tab.answered("nothing stands out here")

    # Other ways to rank, and why a hit is one.
    tab.ask("form F7")
    tab.pick("search-method", "Keywords (BM25)")
    tab.answered("the words they share")
    expect(tab.hits.first).to_contain_text("F7")
    tab.hits.first.locator("[data-pick]").focus()
    tab.page.keyboard.press("Enter")
    expect(tab.find("#search-why .lab-tokens")).to_have_count(2)
    expect(tab.find("#search-why .lab-near li")).not_to_have_count(0)
    expect(tab.find("#search-why-matrix .lab-plot[data-ready]")).to_be_visible()
    tab.find("#flow-go").click()
    expect(tab.find("#flow-progress")).to_contain_text("Done in", timeout=SEARCH_MS)
    expect(tab.find("#flow-chart .lab-plot[data-ready]")).to_be_visible()
    expect(tab.find("#flow-table tbody tr")).to_have_count(5)
    expect(tab.find("#flow-facts")).to_contain_text("the vectors alone")
    tab.ask("library saturday")  # the rankings were of another question
    expect(tab.find("#flow-table tbody tr")).to_have_count(0, timeout=SEARCH_MS)

    # A hit that is explained before the verdict comes stays explained.
    tab.pick("search-method", "Vectors")
    tab.pick("search-pooling", "max")  # its hits come before what the best of them is worth
    expect(tab.panel).to_contain_text("max pooling", timeout=SEARCH_MS)
    tab.hits.first.locator("[data-pick]").click()
    expect(tab.find("#search-why")).to_contain_text("Hit 1: cosine")
    tab.answered("max pooling")
    expect(tab.find("#search-why")).to_contain_text("Hit 1: cosine")
    expect(tab.find("#search-why-matrix .lab-plot[data-ready]")).to_be_visible()

    # Texts of one's own are searched here and mapped there.
    tab.pick("search-pooling", "the model's own")
    tab.paste(OWN)
    facts = tab.find("#search-corpus-facts")
    expect(facts).to_contain_text("pasted texts: 3 texts")
    expect(tab.find("#search-example-0")).to_be_hidden()
    tab.ask("where can I leave my bike?")
    tab.answered("3 texts")
    expect(tab.hits.first).to_contain_text("Bicycles")
    tab.tab("Map")
    expect(tab.find("#corpus-facts")).to_contain_text("pasted texts: 3 texts")
    tab.find("#corpus-topics").click()
    expect(tab.find("#corpus-facts")).to_contain_text("topics.csv", timeout=SEARCH_MS)
    tab.tab("Search")
    expect(facts).to_contain_text("topics.csv", timeout=SEARCH_MS)
    tab.answered("648 texts")


@pytest.mark.slow
def test_others_have_their_own_texts_a_link_opens_the_same_search_and_an_index_is_stopped(
    tab: SearchPage, stranger: Page, tmp_path: Path
) -> None:
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    other = SearchPage(stranger).open()
    tab.paste(OWN)
    expect(tab.find("#search-corpus-facts")).to_contain_text("3 texts")
    tab.ask("soup")
    tab.answered("3 texts")
    other.ask("dog tax")
    other.answered("243 texts")
    expect(other.hits.first).to_contain_text("Dog tax")
    expect(tab.hits.first).to_contain_text("Soup")

    tab.find("#search-corpus-topics").click()
    tab.answered("648 texts")
    tab.pick("search-pooling", "max")
    tab.ask("my own cold kitchen")
    tab.answered("max pooling")
    expect(tab.hits.first).to_be_visible()
    first = tab.hit(1)
    tab.tab("Pooling")  # whose address is another
    tab.tab("Search")
    tab.find("#search-link").click()
    tab.told("Link copied")
    stranger.goto(tab.clipboard())
    other.answered("648 texts", "max pooling")
    expect(other.box("search-query")).to_have_value("my own cold kitchen")
    assert other.hit(1) == first

    file = tmp_path / "many.csv"
    lines = (f"Sentence {n} is about the number {n * 7} and nothing else." for n in range(20_000))
    file.write_text("text\n" + "\n".join(lines))
    tab.find("#search-corpus-file input[type=file]").set_input_files(file)
    expect(tab.find("#search-corpus-facts")).to_contain_text("20,000 texts", timeout=SEARCH_MS)
    expect(tab.find("#search-progress")).to_contain_text("Turning texts", timeout=SEARCH_MS)
    tab.find("#stop-search").click()
    expect(tab.find("#search-progress")).to_contain_text("Stopped", timeout=SEARCH_MS)
    expect(tab.find("#stop-search")).to_be_hidden()
    expect(tab.hits).to_have_count(0)  # those before were of other texts
    tab.find("#search-corpus-offices").click()  # the samples are a click away
    tab.answered("243 texts")
    expect(tab.hits).to_have_count(10)


@pytest.mark.slow
def test_a_query_is_steered_hits_judged_vectors_compressed_and_duplicates_found(
    page: Page, tmp_path: Path
) -> None:
    lab = SectionsPage(page).open()
    # Steered by its hits, and added up.
    lab.press("lab-hits", "more", 4)
    lab.press("lab-hits", "less", 0)
    moved = lab.find("#lab-moved")
    expect(moved.locator("tbody tr").nth(9)).to_be_visible()
    expect(moved).to_contain_text("0.75 × the mean of 1 hit")
    expect(moved.locator(".up").first).to_be_visible()
    before = moved.inner_text()
    weight = lab.find("#weight-more input[type=number]")
    weight.fill("2")
    weight.press("Enter")
    expect(moved).to_contain_text("2 × the mean of 1 hit")
    assert moved.inner_text() != before
    lab.enter("lab-c", "museum")
    expect(lab.find("#lab-analogy")).to_contain_text("against “museum” alone")
    expect(lab.find("#lab-analogy tbody tr").first).to_be_visible()

    # Thumbs go to a file and come back.
    judged = lab.find("#judge-list")
    lab.press("judge-hits", "good", 0)
    lab.press("judge-hits", "bad", 3)
    expect(judged).to_contain_text("2 judgements of 1 query")
    with page.expect_download() as found:
        lab.find("#judge-csv").click()
    file = tmp_path / "judgements.csv"
    found.value.save_as(file)
    lab.find("#judge-clear").click()
    expect(judged).to_contain_text("Nothing is judged yet")
    with page.expect_file_chooser() as chooser:
        lab.find("#judge-upload").click()
    chooser.value.set_files(file)
    expect(judged).to_contain_text("2 judgements of 1 query")
    expect(lab.find("#judge-hits [aria-pressed=true]")).to_have_count(2)
    lab.find("#judge-undo").click()
    expect(judged).to_contain_text("Nothing is judged yet")

    # What compression costs is drawn.
    lab.work("compress")
    expect(lab.find("#compress tbody tr")).to_have_count(40)
    expect(lab.find("#compress")).to_contain_text("178 queries of the sample")
    expect(lab.find("#compress-chart .lab-plot[data-ready]")).to_be_visible()

    # Duplicates are taken along; a bound that is none is refused.
    lab.work("duplicates")
    expect(lab.find("#duplicates tbody tr")).to_have_count(30)
    expect(lab.find("#duplicates")).to_contain_text("They form")
    with page.expect_download() as found:
        lab.find("#duplicates-csv").click()
    assert found.value.suggested_filename == "near_duplicates.csv"
    lab.box("duplicates-bound").fill("-5")
    lab.find("#duplicates-go").click()
    lab.told("percentile is -5.0")


@pytest.mark.slow
def test_judged_queries_train_a_model_that_is_compared_on_those_held_out(page: Page) -> None:
    """The whole loop: judge → send → train → back → compare."""
    lab = SectionsPage(page).open()
    lab.find("#judge-sample").click()
    expect(lab.find("#judge-list")).to_contain_text("of 178 queries")
    with (ROOT / "assets/samples/search_queries.csv").open(newline="") as file:
        judged = [row["query"] for row in csv.DictReader(file)]
    trained, held_out = split_queries(judged, 0.7)
    asked = next(at for at, query in enumerate(EXAMPLES) if query in trained)
    lab.find(f"#search-example-{asked}").click()
    expect(lab.find("#judge-hits")).to_contain_text(f"Do these answer “{EXAMPLES[asked]}”")
    good = lab.find("#judge-hits [data-pick^=good][aria-pressed=true]").count()
    lab.press("judge-hits", "good", 7)
    lab.press("judge-hits", "bad", 9)
    expect(lab.find("#judge-hits [data-pick^=good][aria-pressed=true]")).to_have_count(good + 1)
    expect(lab.find("#judge-hits [data-pick^=bad][aria-pressed=true]")).to_have_count(1)
    lab.work("measure-search")
    expect(lab.table("All judged queries").locator("tbody tr")).to_have_count(3)
    expect(lab.table("Held out of training")).to_have_count(0)
    lab.find("#judge-send-go").click()
    tuning = FinetunePage(page)
    expect(tuning.find("#pairs-note")).to_contain_text("judged_queries.csv")
    expect(tuning.find("#preview")).to_contain_text("assumed: a good hit that nobody judged")
    expect(tuning.find("#preview")).to_contain_text("judged irrelevant")
    expect(tuning.find("#split")).to_contain_text("held-out", timeout=DONE_MS)
    tuning.quick(steps=4)
    tuning.train()
    lab.back()
    expect(lab.find("#judge-sent")).to_contain_text(
        f"{len(trained)} queries; {len(held_out)} held out"
    )
    expect(lab.find("#judge-models")).to_contain_text("judged_queries, run 1")
    lab.work("measure-search")
    for title in ("Held out of training", "All judged queries", "Trained on"):
        rows = lab.table(title).locator("tbody tr")
        expect(rows).to_have_count(4, timeout=TRAINED_MS)
        expect(rows.nth(0)).to_contain_text("all-MiniLM-L6-v2")
        expect(rows.nth(1)).to_contain_text("“judged_queries, run 1”, yours")
        gain = rows.nth(1).locator("[data-of=gain]")
        expect(gain).to_contain_text("…")
        expect(gain.locator(".word")).to_have_text(re.compile("beyond chance|could be chance"))
    known = re.search(r"Trained on: (\d+) queries", lab.find("#judge-scores").inner_text())
    assert 0 < int(known[1]) < len(trained)  # what Fine-tune held out, it has not seen either
    left = f"Held out of training: {len(judged) - int(known[1])} queries"
    expect(lab.find("#judge-scores")).to_contain_text(left)
    lab.find("#flow-go").click()  # the tuned model beside the others, for one question
    expect(lab.find("#flow-table")).to_contain_text("“judged_queries, run 1”, yours (as saved)",
                                                    timeout=DONE_MS)  # fmt: skip
