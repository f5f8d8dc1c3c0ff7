"""How much may be sent: refused with words before anything is read, and gone when it was read."""

import http.client
import json
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from ingest.limits import MIB, Limits
from tests.ui.serving.conftest import TIMEOUT_S, wait_for

TABLE = "text\n" + "\n".join(f"My secret sentence number {n}." for n in range(6))
KEEP_S = 600


@pytest.fixture(scope="module")
def app(serve):
    return serve(
        body_bytes=MIB, address_body_bytes=2 * MIB, max_archive_bytes=3 * MIB,
        upload=Limits(file_bytes=MIB), address_upload_bytes=4 * MIB, all_upload_bytes=6 * MIB,
        upload_kept_s=KEEP_S,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _everybody_leaves(app):
    yield
    app.clear()


def announced(app, path: str, **headers: str) -> tuple[int, str]:
    """What is answered to headers alone: nothing of the body is ever sent."""
    wire = http.client.HTTPConnection("127.0.0.1", app.port, timeout=TIMEOUT_S)
    wire.putrequest("POST", path)
    for name, value in headers.items():
        wire.putheader(name.replace("_", "-"), value)
    wire.endheaders()
    answer = wire.getresponse()
    found = answer.status, answer.read().decode()
    wire.close()
    return found


def chunked(app, path: str, chunks: int, size: int = MIB // 4) -> tuple[int, str]:
    """What is answered to a body that does not say how long it is."""
    wire = http.client.HTTPConnection("127.0.0.1", app.port, timeout=TIMEOUT_S)
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    body = (b" " * size for _ in range(chunks))
    with suppress(OSError):  # it was cut off within the body, as it should be
        wire.request("POST", path, body, headers, encode_chunked=True)
    answer = wire.getresponse()
    found = answer.status, answer.read().decode()
    wire.close()
    return found


@pytest.mark.parametrize(
    "path", ["/gradio_api/call/map", "/gradio_api/queue/join", "/gradio_api/run/predict",
             "/gradio_api/call/v2/map", "/nothing/here"],
)  # fmt: skip
def test_a_body_that_is_too_large_is_refused_before_it_comes(app, path):
    status, words = announced(app, path, Content_Length=str(50 * MIB))
    assert status == 413
    assert "50.0 MB; at most 1.0 MB" in words


def test_a_body_that_does_not_say_its_length_is_counted_as_it_comes(app):
    status, words = chunked(app, "/gradio_api/call/map", chunks=40)
    assert status == 413
    assert "at most 1.0 MB" in words
    assert chunked(app, "/gradio_api/call/map", chunks=1, size=10)[0] == 422  # Gradio's own answer


def test_a_length_that_is_no_number_is_refused(app):
    assert announced(app, "/gradio_api/call/map", Content_Length="-5")[0] == 400


def test_what_waits_is_counted_by_address(app):
    values = [["x" * 1000 + str(n) for n in range(900)]]
    with app.full_line():
        codes = [app.call("map", *values).status_code for _ in range(4)]
        assert codes[0] == 200
        assert codes[-1] == 429
        assert app.call("map", *values, address="8.8.8.8").status_code == 200
        app.clear(line=False)  # given up before their turn comes


# --- files ----------------------------------------------------------------------------------------


def archive(size: int) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("m/model.safetensors", b"0" * size)
    return data.getvalue()


def test_files_have_a_bound_by_kind(app):
    assert app.upload("pairs.csv", b"a" * (2 * MIB)).status_code == 413
    assert "at most 1.0 MB" in app.upload("pairs.csv", b"a" * (2 * MIB)).text
    assert app.upload("model.zip", archive(2 * MIB)).status_code == 200
    assert app.upload("model.zip", archive(4 * MIB)).status_code == 413


def test_a_file_must_say_how_large_it_is(app):
    assert chunked(app, "/gradio_api/upload", chunks=1)[0] == 411


def test_files_have_a_bound_for_each_address_and_for_all(app):
    def send(content: str, address: str) -> int:
        return app.upload("model.zip", archive(2 * MIB - ord(content)), address).status_code

    assert [send(content, "9.9.9.9") for content in "ab"] == [200, 429]
    assert [send(content, "8.8.8.8") for content in "cd"] == [200, 429]
    assert send("e", "7.7.7.7") == 429  # from all visitors


def test_a_file_is_read_and_gone_and_was_never_served(app):
    [path] = app.upload("secret.csv", TABLE.encode()).json()
    assert Path(path).read_text() == TABLE
    for address in (f"/gradio_api/file={path}", f"/gradio_api/file/{path}"):
        assert app.web.get(address).status_code == 404
    event = app.event("corpus-file", "upload")
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    with app.page("ann"):
        assert app.join(event, "ann", file).status_code == 200
        assert app.answer("ann")["success"]
        assert app.workbench.visitor("ann").texts.opened.name == "secret.csv"
        assert not Path(path).exists()
        assert app.join(event, "ann", file).status_code == 200
        assert "Send it again" in json.dumps(app.answer("ann"))


def test_a_file_that_breaks_off_leaves_its_room(app):
    wire = http.client.HTTPConnection("127.0.0.1", app.port, timeout=TIMEOUT_S)
    wire.putrequest("POST", "/gradio_api/upload")
    wire.putheader("Content-Type", "multipart/form-data; boundary=xx")
    wire.putheader("Content-Length", str(MIB))
    wire.endheaders()
    head = '--xx\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'
    wire.send(head.encode() + b"half a file")
    assert wait_for(lambda: app.workbench.uploads.bytes == MIB)
    wire.close()
    assert wait_for(lambda: app.workbench.uploads.bytes == 0)
