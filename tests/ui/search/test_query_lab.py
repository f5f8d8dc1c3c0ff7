"""The query lab: hits that are liked or not, A − B + C, and what both do to the ranks."""

import pytest

from encoder import EncoderError
from explore import ExploreError, search
from explore.query_lab import RankChange, analogy, steer
from tests.ui.laid_out import event
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import check
from ui.search.query_lab import (
    EXAMPLE,
    Choice,
    Weights,
    analogous,
    change_word,
    changes_table,
    choices_list,
    parse_weights,
    steered,
    weighted,
)

USUAL = (1.0, 0.75, 0.15)
TOGGLE, WEIGH, ANALOGY = ("lab-hits", "pick"), ("weight-more", "change"), ("lab-c", "submit")


# --- what is chosen -----------------------------------------------------------------------------


def test_a_hit_is_liked_or_not_and_a_second_click_takes_it_back():
    rows = [4, 9, 2]
    one = Choice().toggled("more:4", rows).toggled("less:9", rows).toggled("more:2", rows)
    assert one == Choice(more=(4, 2), less=(9,))
    assert one.toggled("less:4", rows) == Choice(more=(2,), less=(9, 4))
    assert one.toggled("more:4", rows) == Choice(more=(2,), less=(9,))


@pytest.mark.parametrize("name", ["more:5", "more:-4", "more:", "most:4", "", "more:²", "more:4.0"])
def test_a_click_on_what_is_no_hit_is_told(name):
    with pytest.raises(EncoderError, match="not among the hits any more"):
        Choice().toggled(name, [4, 9])


def test_weights_are_numbers_from_0_to_2():
    assert parse_weights(1, "0.5", 0) == Weights(1, 0.5, 0)
    for wrong in (-1, 2.1, float("nan"), "many", None, [1], 10**400):
        with pytest.raises(EncoderError, match=r"weight of “more like” is .*; it must be"):
            parse_weights(1, wrong, 1)


# --- what it does -------------------------------------------------------------------------------


def test_steering_is_the_engines_and_its_ranks_are_those_of_the_whole_corpus(page):
    answer = page.search()
    vectors, (first, second, *_) = answer.index.vectors, answer.rows
    found = steered(answer, Choice((first,), (second,)), Weights(*USUAL))
    moved = steer(answer.vector, vectors[[first]], vectors[[second]], *USUAL)
    new = search(moved[None], vectors, len(vectors)).indices[0].tolist()
    old = search(answer.vector[None], vectors, len(vectors)).indices[0].tolist()
    listed = [m.change for m in found.hits]
    assert [change.row for change in listed[:10]] == new[:10]
    assert {change.row for change in listed[10:]} == set(old[:10]) - set(new[:10])
    for change in listed:
        assert (change.before, change.after) == (old.index(change.row) + 1,
                                                 new.index(change.row) + 1)  # fmt: skip
    assert [m.cosine for m in found.hits] == pytest.approx(
        (vectors[[c.row for c in listed]] @ moved).tolist(), abs=1e-6
    )
    assert found.cosine == pytest.approx(float(answer.vector @ moved), abs=1e-6)


def test_a_query_that_cancels_out_is_told(page):
    answer = page.search(query=page.search().index.corpus.texts[3], k=1)
    weights = Weights(1, 0, 1)
    with pytest.raises(ExploreError, match="cancel out"):
        steered(answer, Choice(less=(answer.rows[0],)), weights)


def test_an_analogy_is_held_against_its_last_text(page):
    index = page.search().index
    texts = ("a red cat sleeps", "a cat", "a train")
    found = analogous(index, *texts, k=5)
    a, b, c = index.encode_queries(list(texts))
    made = analogy(a, b, c)
    new, old = (search(v[None], index.vectors, 5).indices[0].tolist() for v in (made, c))
    assert [m.change.row for m in found.hits[:5]] == new
    assert {m.change.row for m in found.hits if (m.change.before or 99) <= 5} == set(old)


def test_fewer_texts_than_hits_are_all_listed(page):
    answer = page.search("few", texts=["a cat", "a dog"])
    found = steered(answer, Choice((0,)), Weights())
    assert sorted(m.change.row for m in found.hits) == [0, 1]


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (5, 2, "▲ 3"), (2, 4, "▼ 2"), (3, 3, "="), (14, 3, "new, was 14"),
        (None, 3, "new, was beyond 1,000"), (2, 14, "out, was 2"), (2, None, "out, was 2"),
    ],
)  # fmt: skip
def test_changes_in_words(before, after, word):
    found = check(f"<div>{change_word(RankChange(0, before, after), 10)}</div>")
    assert found.text == word


def test_the_sum_is_said_as_it_is():
    assert weighted(Choice((1,), (2, 3)), Weights()) == (
        "1 × the query + 0.75 × the mean of 1 hit − 0.15 × the mean of 2 hits"
    )
    assert weighted(Choice((1,)), Weights(0, 2, 1)) == "0 × the query + 2 × the mean of 1 hit"


def test_hostile_texts_are_shown_as_texts(page):
    answer = page.search("eve", query=ATTACKS[0], texts=ATTACKS, k=50)
    liked = Choice((answer.rows[0],), (answer.rows[1],))
    hits = check(choices_list(answer, liked))
    table = check(changes_table(steered(answer, liked, Weights()), ATTACKS[1]))
    for attack in ATTACKS:
        assert attack in hits.text
        assert attack in table.text
    pressed = [b.attributes["data-pick"] for b in hits.all("button")
               if b.attributes["aria-pressed"] == "true"]  # fmt: skip
    assert pressed == [f"more:{answer.rows[0]}", f"less:{answer.rows[1]}"]


# --- the section --------------------------------------------------------------------------------


def test_the_section_offers_the_hits_and_moves_them(page):
    answer = page.search()
    offered = page.fresh("lab-hits")
    assert offered["State"] == Choice()
    assert len(check(offered["lab-hits"]).all("li")) == len(answer.rows)
    click = event(name=f"more:{answer.rows[4]}")
    liked = page.call(TOGGLE, click, Choice(), *USUAL)
    assert liked["State"] == Choice((answer.rows[4],))
    assert "mean of 1 hit," in liked["lab-moved"]
    assert len(check(liked["lab-moved"]).one("tbody").all("tr")) >= 10
    stronger = page.call(WEIGH, liked["State"], 0, 2, 0)
    first = check(stronger["lab-moved"]).one("tbody").all("tr")[0]
    assert answer.index.corpus.texts[answer.rows[4]] in first.text
    back = page.call(TOGGLE, click, liked["State"], *USUAL)
    assert "Choose hits above" in back["lab-moved"]


def test_a_verdict_alone_keeps_what_was_chosen_and_other_hits_do_not(page):
    page.search("bob")
    assert page.fresh("lab-hits", visitor="bob")["State"] == Choice()
    assert page.fresh("lab-hits", visitor="bob") == {}
    page.search("bob", "prices in May")
    assert page.fresh("lab-hits", visitor="bob")["State"] == Choice()


def test_hits_that_changed_meanwhile_are_told(page):
    answer = page.search()
    gone = next(row for row in range(90) if row not in answer.rows)
    with pytest.raises(Exception, match="hits have changed meanwhile"):
        page.call(WEIGH, Choice((gone,)), *USUAL)


def test_ranks_before_are_by_vectors_whatever_ranked_the_hits(page):
    answer = page.search("cat", method="Keywords (BM25)")
    said = page.call(TOGGLE, event(name=f"less:{answer.rows[0]}"), Choice(), *USUAL,
                         visitor="cat")  # fmt: skip
    assert "by vectors alone" in said["lab-moved"]


def test_an_analogy_on_the_page(page):
    for k in (4, 12):  # as many hits as the page shows
        page.search(k=k)
        found = page.call(ANALOGY, *EXAMPLE)["lab-analogy"]
        rows = check(found).one("tbody").all("tr")
        assert sum("gone" not in row.attributes.get("class", "") for row in rows) == k
    assert "against “swimming pool” alone" in found
    with pytest.raises(Exception, match="B is empty: A − B"):
        page.call(ANALOGY, "a", " ", "c")


def test_before_a_search_all_is_said_in_words(page):
    assert "Search first" in page.fresh("lab-hits", visitor="nobody")["lab-hits"]
    with pytest.raises(Exception, match="Nothing has been searched yet"):
        page.call(TOGGLE, event(name="more:0"), Choice(), *USUAL, visitor="nobody")
