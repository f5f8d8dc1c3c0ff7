"""Taking a map along: its files, its link and its Python are those of the map on the screen."""

from dataclasses import astuple
from urllib.parse import parse_qsl

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.ui.map.pages import IN_THREE
from tests.ui.visit import read_html
from ui.map.files import EXPORTS, Export, routes
from ui.map.form import MapForm, to_query

FORM = MapForm(**IN_THREE)


@pytest.fixture
def page(map_page):
    """Ann has a map of the usual texts."""
    map_page.fresh("ann")
    return map_page


def links(answer: dict) -> dict[str, str]:
    """Titles of the files on offer by their addresses."""
    root = read_html(f"<div>{answer['map-files']}</div>")
    return {a.attributes["href"]: a.text for a in root.all("a")}


def test_files_link_and_python_are_those_of_the_map_on_the_screen(page):
    offer = page.new_map("map-files")
    answer = page.call(offer, *astuple(FORM))
    token = page.handlers.drawn("ann").token
    titles = {
        f"gradio_api/lab/map/{token}/{name}": export.title for name, export in EXPORTS.items()
    }
    assert links(answer) == titles
    assert "never your texts" in answer["map-files"]
    assert answer["map-address"] == to_query(FORM)
    compile(answer["map-code"], "shown", "exec")
    page.call(("corpus-topics", "click"))
    page.draw("ann")
    sample = page.call(offer, *astuple(MapForm()))
    assert dict(parse_qsl(sample["map-address"][1:])) == {"map": "{}", "corpus": "topics"}
    assert "never your texts" not in sample["map-files"]


def test_a_file_is_one_entry_of_the_registry(page, monkeypatch):
    names = Export("just the names of its clusters", "text/plain",
                   lambda drawn_map: drawn_map.names[0].title.encode())  # fmt: skip
    monkeypatch.setitem(EXPORTS, "map.txt", names)
    [*_, (address, title)] = links(page.call(page.new_map("map-files"), *astuple(FORM))).items()
    assert title == "just the names of its clusters"
    answer = TestClient(Starlette(routes=routes(page.workbench))).get(f"/{address}")
    assert answer.text == page.handlers.drawn("ann").names[0].title
    assert answer.headers["content-type"].split(";")[0] == "text/plain"
    assert answer.headers["content-disposition"] == 'attachment; filename="map.txt"'
