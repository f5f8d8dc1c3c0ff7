"""Files that this host serves itself, and the headers on all that it serves."""

import gzip
import re
import urllib.error
import urllib.request
from pathlib import Path

import plotly
import pytest

PLOTLY = "/gradio_api/lab/plotly.min.js"


def get(url: str, **headers: str):
    """(headers, body) as it came over the wire."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
        return response.headers, response.read()


def source() -> bytes:
    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()


def test_plotly_comes_from_this_host_packed_and_is_kept(app_url):
    headers, body = get(app_url + PLOTLY, **{"Accept-Encoding": "gzip, deflate"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == source()
    assert len(body) < len(source()) / 2
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Vary"] == "Accept-Encoding"
    assert headers.get_content_type() == "text/javascript"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_who_cannot_unpack_gets_it_unpacked(app_url):
    headers, body = get(app_url + PLOTLY, **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in headers
    assert body == source()


def test_the_page_and_its_config_are_not_sniffed_and_not_kept_for_ever(app_url):
    for path in ("/", "/config"):
        headers, _ = get(app_url + path)
        assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
        assert "immutable" not in headers.get("Cache-Control", "")


def test_gradios_own_scripts_are_kept_for_good(app_url):
    _, page = get(app_url + "/")
    script = re.search(rb'src="\.?(/assets/[^"]+\.js)"', page)[1].decode()
    headers, _ = get(app_url + script)
    assert "immutable" in headers["Cache-Control"]


def test_the_page_names_no_other_host_to_load_from(app_url):
    """What the HTML itself asks for; the browser tests watch the rest."""
    _, page = get(app_url + "/")
    tags = re.findall(rb'<(?:link|script|img|iframe)[^>]+(?:href|src)="[^"]*"', page)
    assert len(tags) >= 3
    assert not [tag for tag in tags if b"//" in tag]


@pytest.mark.parametrize("name", ["", "plotly.min.js.map", "../app.py", "%2e%2e/app.py"])
def test_nothing_else_is_served_from_there(app_url, name):
    with pytest.raises(urllib.error.HTTPError) as error:
        get(f"{app_url}/gradio_api/lab/{name}")
    assert error.value.code == 404
