"""Sessions of pages are told from those of programs, and cannot fill the memory."""

from ui.settings import Settings
from ui.state.pages import LONGEST, Pages
from ui.state.workbench import Workbench


def test_a_session_is_one_of_a_page_once_that_was_opened():
    pages = Pages()
    assert "ann" not in pages
    pages.open("ann")
    assert "ann" in pages


def test_the_oldest_sessions_give_way():
    pages = Pages(most=2)
    for session in ("ann", "bob", "ann", "cleo"):
        pages.open(session)
    assert [name for name in ("ann", "bob", "cleo") if name in pages] == ["ann", "cleo"]


def test_a_name_that_no_page_has_is_not_remembered():
    pages = Pages()
    for session in ("", "x" * (LONGEST + 1)):
        pages.open(session)
    assert "" not in pages
    assert "x" * (LONGEST + 1) not in pages


def test_a_visitor_has_a_page_whichever_came_first_and_also_after_a_dropped_stream():
    workbench = Workbench(Settings())
    program = workbench.visitor("ann")
    assert not program.has_page
    workbench.open_page("ann")
    assert program.has_page
    workbench.forget("ann")  # what Gradio says when a stream drops
    assert workbench.visitor("ann").has_page
    assert not workbench.visitor("bob").has_page
