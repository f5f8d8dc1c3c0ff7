"""Behind a proxy under a path, with and without a slash at its end, everything is found."""

import json
import re
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.ui.laid_out import tiny_workbench
from tests.ui.serving.prefix_proxy import proxy
from ui.page.addresses import link
from ui.serving.base_address import BaseAddress, prefix_of
from ui.serving.launch import launch_settings
from ui.settings import Settings
from ui.shell import build_app

ROOTS = ["/lab/", "/a/b"]


@pytest.fixture(scope="module", params=ROOTS)
def lab(request: pytest.FixtureRequest, _tiny) -> Iterator[tuple[str, str]]:
    """(prefix, address) of a lab that was told of a prefix."""
    root_path = Settings.from_environment({"GRADIO_ROOT_PATH": request.param}).root_path
    workbench = tiny_workbench(_tiny("bert"), _tiny("roberta"), root_path=root_path)
    demo = build_app(workbench)
    demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True,
                **launch_settings(workbench))  # fmt: skip
    yield root_path, demo.local_url
    demo.close()


@pytest.mark.parametrize("cuts", [True, False], ids=["prefix cut off", "prefix left on"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_page_scripts_and_files_are_found_below_the_prefix(lab, cuts, slash):
    prefix, target = lab
    with proxy(target, prefix, cuts) as host:
        with urlopen(f"{host}{prefix}{slash}") as answer:
            page = answer.read().decode()
        [base] = re.findall(r'<base href="([^"]*)"', page)
        base = urljoin(f"{host}{prefix}{slash}", base)
        scripts = re.findall(r'<script[^>]* src="([^"]+)"', page)
        styles = re.findall(r'<link[^>]* rel="stylesheet"[^>]* href="([^"]+)"', page)
        assert scripts
        for address in [*scripts[:2], *styles[:1], link("plotly.min.js")]:
            with urlopen(urljoin(base, address)) as answer:
                assert answer.headers.get_content_subtype() in ("javascript", "css")
        [config] = re.findall(r"window\.gradio_config = (\{.*?\});</script>", page, re.S)
        assert json.loads(config)["root"] == f"{host}{prefix}"
        with pytest.raises(HTTPError, match="404"):
            urlopen(urljoin(base, link("map/guess/map.csv")))


def answering(body: str, prefix: str, media_type: str = "text/html") -> TestClient:
    def page(request: Request) -> Response:
        is_page = media_type == "text/html"
        return HTMLResponse(body) if is_page else PlainTextResponse(body, media_type=media_type)

    whole = [Middleware(BaseAddress, prefix=prefix)]
    return TestClient(Starlette(routes=[Route("/", page)], middleware=whole))


BASE = '<base href="./" />é'


def test_only_pages_are_changed_and_their_length_is_right():
    answer = answering(BASE, "/lab").get("/")
    assert answer.text == '<base href="/lab/" />é'
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answering(BASE, "/lab", "text/javascript").get("/").text == BASE
    assert answering(BASE, "").get("/").text == BASE
    assert answering("no base", "/lab").get("/").text == "no base"


def test_a_prefix_cannot_leave_its_attribute():
    assert '"><script>' not in answering(BASE, '/"><script>').get("/").text


@pytest.mark.parametrize(
    ("root_path", "prefix"),
    [("", ""), ("/lab", "/lab"), ("/a/b/", "/a/b"), ("https://x.org", ""),
     ("https://x.org/lab/", "/lab")],
)  # fmt: skip
def test_the_prefix_is_the_path_of_the_root(root_path, prefix):
    assert prefix_of(root_path) == prefix
