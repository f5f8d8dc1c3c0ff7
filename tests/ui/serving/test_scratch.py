"""What lies on the disk for a while goes with the process, however that ends."""

import subprocess
import sys
from pathlib import Path

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
