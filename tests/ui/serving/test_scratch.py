"""What lies on the disk for a while goes with the process, however that ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.ui.serving.conftest import wait_for
from ui.state.pairs import SAMPLES_FOLDER

ENDS_WITHIN_S = 5  # of the promise
ROOT = Path(__file__).parents[3]
TIMEOUT_S = 60

ENTER = """
import sys, tempfile, time
from pathlib import Path
from ui.serving.scratch import SENT, enter_scratch
env = {"GRADIO_TEMP_DIR": sys.argv[1]}
folder = enter_scratch(env)
assert env["GRADIO_TEMP_DIR"] == str(folder / SENT)
Path(tempfile.mkdtemp(), "secret.csv").write_text("secret")
print(folder, flush=True)
if sys.argv[2:]:
    time.sleep(1000)
"""


def enter(base: Path, *stay: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", ENTER, str(base), *stay], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def folder_of(process: subprocess.Popen) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_the_folder_is_private_and_goes_at_the_end(tmp_path):
    process = enter(tmp_path, "stay")
    folder = folder_of(process)
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o077 == 0
    assert list(folder.rglob("secret.csv"))
    process.kill()
    process.wait(TIMEOUT_S)
    assert folder.exists(), "whoever is killed leaves it"
    second = enter(tmp_path)
    newer = folder_of(second)
    assert second.wait(TIMEOUT_S) == 0
    assert list(tmp_path.iterdir()) == [], f"of {folder} and {newer}"


def test_a_folder_that_another_process_uses_stays(tmp_path):
    first = enter(tmp_path, "stay")
    folder = folder_of(first)
    assert enter(tmp_path).wait(TIMEOUT_S) == 0
    assert list(folder.rglob("secret.csv"))
    first.kill()
    first.wait(TIMEOUT_S)


def test_what_looks_alike_but_is_not_ours_stays(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sentence-lab-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "sentence-lab-new").mkdir()  # another process is just making it
    assert enter(tmp_path).wait(TIMEOUT_S) == 0
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"elsewhere", "sentence-lab-link", "sentence-lab-new"}


def is_up(web: httpx.Client) -> bool:
    try:
        return web.get("/config").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.slow  # the real app, which takes seconds to start
def test_whoever_stops_the_app_waits_seconds_even_during_a_run_and_finds_nothing_left(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(tmp_path / "scratch")}
    log = (tmp_path / "log").open("w+")
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | env,
                           stdout=log, stderr=subprocess.STDOUT)  # fmt: skip
    web = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S)
    try:
        assert wait_for(lambda: is_up(web) or app.poll() is not None)
        sent = web.post("/gradio_api/upload", files={"files": ("secret.csv", b"text\nsecret")})
        assert Path(sent.json()[0]).is_relative_to(tmp_path / "scratch")
        pairs = (SAMPLES_FOLDER / "graded_pairs.csv").read_text(encoding="utf-8")
        data = [pairs, "all-MiniLM-L6-v2", "", "", 2, 2000, 0, 16, 0, 0, 20, None, None, 3]
        event = web.post("/gradio_api/call/fine_tune", json={"data": data}).json()["event_id"]
        with web.stream("GET", f"/gradio_api/call/fine_tune/{event}") as stream:
            assert any('"event": "step"' in line for line in stream.iter_lines())
            app.send_signal(signal.SIGTERM)
            assert app.wait(ENDS_WITHIN_S) == 0
    finally:
        app.kill()
        app.wait()
        web.close()
    left = (tmp_path / "scratch").rglob("*")  # Gradio makes an empty folder when it is imported
    assert [path for path in left if path.is_file()] == []
    log.seek(0)
    assert "Traceback" not in log.read()
