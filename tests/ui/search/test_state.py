"""What the Search tab keeps for a visitor, and what goes with the texts it is of."""

from ui.search.state import SearchState
from ui.state.stages import Stages
from ui.state.texts import VisitorTexts, open_texts


def test_judgements_go_with_their_texts_and_come_back_with_them_while_what_was_sent_stays():
    texts = VisitorTexts(10**6)
    state = texts.state(SearchState)
    first, other = (open_texts(some, "texts", Stages(10**6)) for some in (["a cat"], ["a dog"]))
    texts.open(first)
    state.judged.judge("pets", "a cat", 1)
    state.sent.add("pets")
    texts.open(other)
    assert len(state.judged) == 0
    assert state.sent == {"pets"}  # models that were trained on it are still there
    texts.open(first)
    assert state.judged.grades == {"pets": {"a cat": 1.0}}


def test_other_texts_give_up_what_is_under_way():
    texts = VisitorTexts(10**6)
    searching = texts.state(SearchState).begin()
    texts.open(open_texts(["a cat"], "texts", Stages(10**6)))
    assert searching.is_set()
