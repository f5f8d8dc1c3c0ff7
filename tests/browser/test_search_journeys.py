"""The Search tab in a real browser: first look, own texts, why, rank flow, Stop, two visitors."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.lab_page import View
from tests.browser.search_page import SEARCH_MS, SearchPage
from ui.state.samples import TEXT_SAMPLES

OWN = "The harbour closes at nine.\nBicycles stand behind the station.\nSoup is served daily."


@pytest.fixture
def tab(page) -> SearchPage:
    return SearchPage(page)


@pytest.mark.parametrize(
    "page", [View(), View(390, 844, "dark")], indirect=True, ids=["wide", "phone"]
)
def test_a_first_look_shows_hits_without_a_word_typed(tab):
    tab.open()
    expect(tab.hits).to_have_count(10)
    assert "learn to swim" in tab.hit(1)
    expect(tab.panel).to_contain_text("better than 99 %")
    expect(tab.panel).to_contain_text("vectors kept in memory")
    assert tab.width() <= tab.page.viewport_size["width"]


def test_a_question_is_asked_explained_and_ranked_in_other_ways(tab):
    tab.open()
    tab.find("#search-example-1").click()
    expect(tab.find("#search-query input, #search-query textarea")).to_have_value(
        TEXT_SAMPLES["offices"].queries[1]
    )
    expect(tab.hits.first).to_contain_text("indoor pool")
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


def test_a_question_that_these_texts_do_not_answer_is_told(tab):
    tab.open()
    tab.find("#search-example-4").click()
    tab.answered()
    expect(tab.panel).to_contain_text("nothing relevant here")


def test_a_hit_that_is_explained_before_the_verdict_comes_stays_explained(tab):
    tab.open()
    tab.pick("search-pooling", "max")  # its hits come before what the best of them is worth
    expect(tab.panel).to_contain_text("max pooling", timeout=SEARCH_MS)
    tab.hits.first.locator("[data-pick]").click()
    expect(tab.find("#search-why")).to_contain_text("Hit 1: cosine")
    tab.answered("max pooling")
    expect(tab.find("#search-why")).to_contain_text("Hit 1: cosine")
    expect(tab.find("#search-why-matrix .lab-plot[data-ready]")).to_be_visible()


def test_texts_of_ones_own_are_searched_here_and_mapped_there(tab):
    tab.open()
    tab.paste(OWN)
    expect(tab.find("#search-corpus-facts")).to_contain_text("pasted texts: 3 texts")
    expect(tab.find("#search-example-0")).to_be_hidden()
    tab.ask("where can I leave my bike?")
    tab.answered("3 texts")
    expect(tab.hits.first).to_contain_text("Bicycles")
    tab.page.get_by_role("tab", name="Map").click()
    expect(tab.find("#corpus-facts")).to_contain_text("pasted texts: 3 texts")
    tab.find("#corpus-topics").click()
    expect(tab.find("#corpus-facts")).to_contain_text("topics.csv")
    tab.page.get_by_role("tab", name="Search").click()
    expect(tab.find("#search-corpus-facts")).to_contain_text("topics.csv")
    tab.answered("648 texts")


def test_an_index_under_way_is_stopped_and_the_samples_are_a_click_away(tab, tmp_path):
    tab.open()
    file = tmp_path / "many.csv"
    lines = (f"Sentence {n} is about the number {n * 7} and nothing else." for n in range(20_000))
    file.write_text("text\n" + "\n".join(lines))
    tab.send(file)
    expect(tab.find("#search-corpus-facts")).to_contain_text("20,000 texts", timeout=SEARCH_MS)
    expect(tab.find("#search-progress")).to_contain_text("Turning texts", timeout=SEARCH_MS)
    tab.find("#stop-search").click()
    expect(tab.find("#search-progress")).to_contain_text("Stopped", timeout=SEARCH_MS)
    expect(tab.find("#stop-search")).to_be_hidden()
    expect(tab.hits).to_have_count(0)  # those before were of other texts
    tab.find("#search-corpus-offices").click()
    tab.answered("243 texts")
    expect(tab.hits).to_have_count(10)


def test_two_visitors_search_their_own_texts(tab, browser: Browser, lab: str):
    tab.open()
    context = browser.new_context(base_url=lab)
    other = SearchPage(context.new_page())
    other.open()
    tab.paste(OWN)
    expect(tab.find("#search-corpus-facts")).to_contain_text("3 texts")
    tab.ask("soup")
    tab.answered("3 texts")
    other.ask("dog tax")
    other.answered("243 texts")
    expect(other.hits.first).to_contain_text("Dog tax")
    expect(tab.hits.first).to_contain_text("Soup")
    context.close()


def test_a_link_opens_the_same_search_for_somebody_else(tab, browser: Browser, lab: str):
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.open()
    tab.find("#search-corpus-topics").click()
    tab.answered("648 texts")
    tab.pick("search-pooling", "max")
    tab.ask("my own cold kitchen")
    tab.answered("max pooling")
    expect(tab.hits.first).to_be_visible()
    first = tab.hit(1)
    tab.page.get_by_role("tab", name="Pooling").click()  # whose address is another
    tab.page.get_by_role("tab", name="Search").click()
    tab.find("#search-link").click()
    expect(tab.find("[data-testid=toast-text]")).to_contain_text("Link copied")
    link = tab.page.evaluate("navigator.clipboard.readText()")
    context = browser.new_context()
    other = SearchPage(context.new_page())
    other.page.goto(link)
    other.answered("648 texts", "max pooling")
    expect(other.find("#search-query input, #search-query textarea")).to_have_value(
        "my own cold kitchen"
    )
    assert other.hit(1) == first
    context.close()
