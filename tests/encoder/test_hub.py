"""Downloads from a local server that speaks the Hub's protocol: each rule of encoder/hub.py."""

import hashlib
import json
import os
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from encoder.hub import transport
from encoder.errors import DownloadFailed, ModelRefused
from encoder.hub import DownloadProgress, download, select_files, valid_repo_id
from tests.hub_server import HubServer

REPO = "some-org/tiny-model"
MB = 1_000_000
WEIGHTS = "model.safetensors"


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def folder(tmp_path):
    """A plain transformers repo with distractors that must never be fetched."""
    folder = tmp_path / "repo"
    write(
        folder,
        {
            "config.json": '{"hidden_size": 32}',
            "tokenizer.json": "{}" * 500,
            "vocab.txt": "[PAD]\n[UNK]\nthe\n",
            "spm.model": b"sentencepiece",
            WEIGHTS: os.urandom(300_000),
            "pytorch_model.bin": b"pickle",
            "modeling_custom.py": "raise SystemExit",
            "onnx/model.onnx": b"onnx",
            "tf_model.h5": b"h5",
            "README.md": "# Model",
        },
    )
    return folder


@pytest.fixture
def server(folder, monkeypatch):
    with HubServer(folder, REPO) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server


@pytest.fixture
def fetch(tmp_path):
    """`download` into a cache of this test's own."""

    def fetch(repo_id=REPO, max_bytes=MB, **options):
        return download(repo_id, max_bytes=max_bytes, cache_dir=tmp_path / "cache", **options)

    return fetch


def close(server, monkeypatch):
    """Point the endpoint at a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")


def files_of(snapshot):
    return {p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*") if p.is_file()}


# Repo ids


@pytest.mark.parametrize("name", ["bert-base-uncased", "org/name", "Org_1/na.me-2", " org/name "])
def test_valid_repo_id_accepts_the_ids_of_the_hub(name):
    assert valid_repo_id(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../secrets",
        "org/../name",
        "/etc/passwd",
        "./model",
        "a/b/c",
        "https://hub.example/org/name",
        "org/na--me",
        "C:\\models\\bert",
        "org/naïve",
        "x" * 97,
    ],
)
def test_valid_repo_id_refuses_paths_and_urls_with_an_example(name):
    with pytest.raises(ModelRefused, match="for example 'sentence-transformers/all-MiniLM-L6-v2'"):
        valid_repo_id(name)


def test_a_bad_id_or_revision_is_refused_without_any_request(server, fetch):
    with pytest.raises(ModelRefused):
        fetch("../tiny-model")
    with pytest.raises(ModelRefused, match=r"'\.\./main' is not a revision"):
        fetch(revision="../main")
    assert server.requests == []


# Which files


def test_fetches_safetensors_config_and_tokenizer_and_nothing_else(server, fetch):
    snapshot = fetch()

    wanted = {"config.json", "tokenizer.json", "vocab.txt", "spm.model", WEIGHTS}
    assert files_of(snapshot) == wanted
    assert {r.name for r in server.requests} == wanted | {""}
    for name in wanted:
        assert (snapshot / name).read_bytes() == server.content(name)


def test_a_model_saved_by_transformers_loads_from_the_snapshot(server, folder, fetch):
    torch = pytest.importorskip("torch")
    from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, BertTokenizerFast

    shutil.rmtree(folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "sat"]
    vocab = {word: i for i, word in enumerate(words + [chr(97 + i) for i in range(26)])}
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    model = BertModel(config).eval()
    model.save_pretrained(folder)
    BertTokenizerFast(vocab=vocab).save_pretrained(folder)

    snapshot = fetch()

    tokens = AutoTokenizer.from_pretrained(snapshot)("the cats sat", return_tensors="pt")
    assert tokens["input_ids"].tolist() == [[2, 5, 6, 7, 8, 3]]
    with torch.no_grad():
        again = AutoModel.from_pretrained(snapshot).eval()(**tokens).last_hidden_state
        assert torch.equal(again, model(**tokens).last_hidden_state)


def test_fetches_the_folders_named_by_modules_json(server, folder, fetch):
    modules = [{"path": path} for path in ("0_Transformer", "1_Pooling", "2_Dense", "3_Normalize")]
    (folder / WEIGHTS).unlink()
    (folder / "pytorch_model.bin").unlink()
    write(
        folder,
        {
            "modules.json": json.dumps(modules),
            "config_sentence_transformers.json": "{}",
            "0_Transformer/config.json": "{}",
            "0_Transformer/model.safetensors": b"transformer",
            "0_Transformer/pytorch_model.bin": b"pickle",
            "0_Transformer/sentence_roberta_config.json": "{}",
            "0_Transformer/tokenizer.json": "{}",
            "1_Pooling/config.json": "{}",
            "2_Dense/config.json": "{}",
            "2_Dense/model.safetensors": b"dense",
            "unrelated/config.json": "{}",
            "unrelated/model.safetensors": b"unrelated",
        },
    )

    assert files_of(fetch()) == {
        "modules.json",
        "config.json",
        "config_sentence_transformers.json",
        "tokenizer.json",
        "vocab.txt",
        "spm.model",
        "0_Transformer/config.json",
        "0_Transformer/model.safetensors",
        "0_Transformer/sentence_roberta_config.json",
        "0_Transformer/tokenizer.json",
        "1_Pooling/config.json",
        "2_Dense/config.json",
        "2_Dense/model.safetensors",
    }
    assert not [r for r in server.requests if r.name.endswith(".bin")]


@pytest.mark.parametrize("modules", ['{"path": 1}', "[{}]", "not json", '[{"path": "../up"}]'])
def test_a_modules_json_that_is_not_one_is_refused(server, folder, fetch, modules):
    write(folder, {"modules.json": modules})
    with pytest.raises(ModelRefused, match=r"modules\.json of 'some-org/tiny-model'"):
        fetch()


def test_select_files_takes_an_index_with_all_its_shards():
    shards = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    index = "model.safetensors.index.json"
    assert select_files(REPO, [*shards, index, "config.json", "model.gguf"], [""]) == [
        "config.json",
        *shards,
        index,
    ]
    with pytest.raises(ModelRefused, match="1 of 2 shards"):
        select_files(REPO, [shards[0], index], [""])


def test_pickled_weights_are_refused_and_never_requested(server, folder, fetch):
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelRefused) as refused:
        fetch()
    message = str(refused.value)
    assert "only pickled weights (pytorch_model.bin)" in message
    assert "run any code" in message
    assert "carries model.safetensors, or convert" in message
    assert [r.name for r in server.requests] == [""]


def test_a_module_with_pickled_weights_is_refused_although_the_root_is_safe():
    paths = [WEIGHTS, "1_Dense/pytorch_model.bin", "1_Dense/config.json"]
    with pytest.raises(ModelRefused, match=r"1_Dense/pytorch_model\.bin"):
        select_files(REPO, paths, ["", "1_Dense"])


def test_a_repo_without_weights_is_refused(server, folder, fetch):
    (folder / WEIGHTS).unlink()
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(ModelRefused, match="holds no weights"):
        fetch()


# Size


def test_a_model_over_the_limit_is_refused_before_any_file_is_fetched(server, folder, fetch):
    write(folder, {WEIGHTS: bytes(2_500_000)})
    with pytest.raises(ModelRefused, match=r"needs 2\.5 MB, more than the limit of 1\.0 MB"):
        fetch(max_bytes=MB)
    assert [r.name for r in server.requests] == [""]


def test_files_that_are_not_fetched_do_not_count_towards_the_limit(server, folder, fetch):
    write(folder, {"pytorch_model.bin": bytes(2_500_000)})
    assert fetch(max_bytes=MB).is_dir()


def test_a_modules_json_over_the_limit_is_not_fetched_either(server, folder, fetch):
    write(folder, {"modules.json": "[]" + " " * 2_000_000})
    with pytest.raises(ModelRefused, match=r"needs 2\.0 MB"):
        fetch(max_bytes=MB)
    assert [r.name for r in server.requests] == [""]


def test_a_file_longer_than_announced_is_not_read_to_its_end(server, fetch):
    lfs = {"sha256": server.sha256(WEIGHTS), "size": 1000, "pointerSize": 130}
    server.extra_info = {"siblings": [{"rfilename": WEIGHTS, "size": 1000, "lfs": lfs}]}
    with pytest.raises(DownloadFailed, match="arrived damaged"):
        fetch(max_bytes=1000)


# Progress


def test_progress_counts_up_over_all_files_and_prints_nothing(server, fetch, capfd):
    events: list[DownloadProgress] = []
    snapshot = fetch(on_progress=events.append)

    total = sum((snapshot / name).stat().st_size for name in files_of(snapshot))
    counts = [event.done_bytes for event in events]
    assert counts == sorted(counts)
    assert counts[-1] == total
    assert {event.total_bytes for event in events} == {total}
    assert {event.file for event in events} == files_of(snapshot)
    assert len([event for event in events if event.file == WEIGHTS]) > 2
    assert capfd.readouterr() == ("", "")


def test_a_cached_model_reports_that_all_of_it_is_there(server, fetch):
    fetch()
    events: list[DownloadProgress] = []
    fetch(on_progress=events.append)
    assert [event.done_bytes == event.total_bytes > 300_000 for event in events] == [True]


# Checksum


def test_a_wrong_checksum_deletes_the_file_and_shows_both_digests(server, fetch, tmp_path):
    server.corrupt = {WEIGHTS}
    with pytest.raises(DownloadFailed, match=server.sha256(WEIGHTS)) as failed:
        fetch()
    wrong = server.content(WEIGHTS)[::-1]
    assert hashlib.sha256(wrong).hexdigest() in str(failed.value)
    kept = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert not [p for p in kept if p.stat().st_size == len(wrong)]

    server.corrupt = set()
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)


@pytest.fixture
def hashed(monkeypatch):
    """Names of the files hashed, in order; the hashing itself is left as it is."""
    names: list[str] = []
    verify = transport._verify

    def counted(repo, file, content):
        names.append(file.path)
        verify(repo, file, content)

    monkeypatch.setattr(transport, "_verify", counted)
    return names


def test_a_verified_model_is_neither_hashed_nor_fetched_again(server, fetch, hashed):
    first = fetch()
    assert len(hashed) == 5
    hashed.clear()
    server.requests.clear()

    assert fetch() == first
    assert hashed == []
    assert [r.name for r in server.requests] == [""]


def test_a_file_changed_since_it_was_verified_is_found_out(server, fetch):
    weights = (fetch() / WEIGHTS).resolve()
    weights.write_bytes(weights.read_bytes()[::-1])
    with pytest.raises(DownloadFailed, match="arrived damaged"):
        fetch()
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)


def test_a_file_that_another_program_left_in_the_cache_is_verified(server, fetch, tmp_path):
    from huggingface_hub import hf_hub_download

    snapshot = fetch()
    shutil.rmtree(snapshot.parents[1] / "verified")
    weights = (snapshot / WEIGHTS).resolve()
    weights.write_bytes(b"damaged")
    found = hf_hub_download(
        REPO, WEIGHTS, revision=server.commit, cache_dir=tmp_path / "cache", endpoint=server.url
    )
    assert Path(found).read_bytes() == b"damaged"  # else this test would show nothing
    with pytest.raises(DownloadFailed, match="arrived damaged"):
        fetch()


@pytest.mark.parametrize(
    "text", ["", '{"config.json": {"sha', "[1]", '{"config.json": 3}', '{"config.json": [1]}']
)
def test_a_broken_record_only_means_hashing_again(server, fetch, hashed, text):
    snapshot = fetch()
    (record,) = (snapshot.parents[1] / "verified").iterdir()
    record.write_text(text)
    hashed.clear()

    assert fetch() == snapshot
    assert len(hashed) == 5
    hashed.clear()
    assert fetch() == snapshot
    assert hashed == []


# Interruption


def test_the_next_call_resumes_and_does_not_fetch_the_head_again(server, fetch):
    server.breaks[WEIGHTS] = [100_000, 0]  # the second break ends the first call
    with pytest.raises(DownloadFailed, match="could not be reached"):
        fetch()
    assert [r.range for r in server.gets(WEIGHTS)] == [None, "bytes=100000-"]
    server.requests.clear()
    events: list[DownloadProgress] = []

    snapshot = fetch(on_progress=events.append)

    assert [r.range for r in server.gets(WEIGHTS)] == ["bytes=100000-"]
    assert (snapshot / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    assert min(e.done_bytes for e in events if e.file == WEIGHTS) > 100_000
    assert {r.name for r in server.requests} == {"", WEIGHTS}  # the small files were there


def test_a_connection_that_breaks_once_is_resumed_within_the_call(server, fetch):
    server.breaks[WEIGHTS] = [100_000]
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    assert [r.range for r in server.gets(WEIGHTS)] == [None, "bytes=100000-"]


def test_an_exception_in_on_progress_cancels_and_the_next_call_resumes(server, fetch):
    class Cancelled(Exception):
        pass

    def cancel(event):
        if event.file == WEIGHTS:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(on_progress=cancel)
    server.requests.clear()

    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    (request,) = server.gets(WEIGHTS)
    assert request.range is not None
    assert request.range != "bytes=0-"


def test_a_server_that_ignores_ranges_sends_the_whole_file_anew(server, fetch):
    server.ignores_ranges = True
    server.breaks[WEIGHTS] = [100_000]
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    assert len(server.gets(WEIGHTS)) == 2


def test_leftover_bytes_that_are_too_many_do_not_block_the_download(server, fetch, tmp_path):
    blobs = tmp_path / "cache" / "models--some-org--tiny-model" / "blobs"
    write(blobs, {f"{server.sha256(WEIGHTS)}.resume.incomplete": bytes(400_000)})
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)


# Revisions


def test_a_new_commit_brings_only_the_files_that_changed(server, folder, fetch):
    old = fetch()
    write(folder, {"config.json": '{"hidden_size": 64}'})
    server.requests.clear()

    new = fetch()

    assert new != old
    assert "64" in (new / "config.json").read_text()
    assert server.gets(WEIGHTS) == []


def test_an_unknown_revision_is_named(server, fetch):
    with pytest.raises(DownloadFailed, match="'some-org/tiny-model' has no revision 'v9'"):
        fetch(revision="v9")


def test_a_revision_with_a_slash_is_fetched_and_found_again_offline(server, fetch, monkeypatch):
    server.revision = "refs/pr/1"
    snapshot = fetch(revision="refs/pr/1")
    close(server, monkeypatch)
    assert fetch(revision="refs/pr/1") == snapshot
    assert fetch(revision=snapshot.name) == snapshot
    with pytest.raises(DownloadFailed):
        fetch(revision="main")


def test_offline_main_is_the_commit_that_main_was_last(server, folder, fetch, monkeypatch):
    config = (folder / "config.json").read_bytes()
    first = fetch(revision=server.commit)  # complete before `main` was ever asked for
    assert fetch() == first
    write(folder, {"config.json": "{}"})
    second = fetch()
    assert second != first
    close(server, monkeypatch)
    assert fetch() == second

    monkeypatch.setenv("HF_ENDPOINT", server.url)
    write(folder, {"config.json": config})
    assert fetch() == first
    close(server, monkeypatch)
    assert fetch() == first


# What can go wrong


def test_no_network_fails_fast_and_says_what_still_works(server, fetch, monkeypatch):
    close(server, monkeypatch)
    start = time.monotonic()
    with pytest.raises(DownloadFailed) as failed:
        fetch()
    assert time.monotonic() - start < 3  # huggingface_hub's own retries would take 23 s
    message = str(failed.value)
    assert f"{os.environ['HF_ENDPOINT']} could not be reached" in message
    assert "'some-org/tiny-model'" in message
    assert "the bundled model works offline" in message


@pytest.mark.parametrize("stalled", ["", WEIGHTS])
def test_a_hub_that_does_not_answer_in_time_counts_as_no_network(
    server, fetch, monkeypatch, stalled
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.3)
    server.stalls = {stalled}
    with pytest.raises(DownloadFailed, match="could not be reached"):
        fetch()


def test_no_network_serves_the_complete_snapshot_in_the_cache(server, fetch, monkeypatch):
    snapshot = fetch()
    close(server, monkeypatch)
    assert fetch() == snapshot


@pytest.mark.parametrize("missing", [WEIGHTS, "tokenizer.json"])
def test_no_network_does_not_serve_a_snapshot_with_a_gap(server, fetch, monkeypatch, missing):
    (fetch() / missing).unlink()
    close(server, monkeypatch)
    with pytest.raises(DownloadFailed, match="No complete copy"):
        fetch()


def test_an_interrupted_download_is_not_a_complete_snapshot(server, fetch, monkeypatch):
    server.breaks[WEIGHTS] = [100_000, 0]
    with pytest.raises(DownloadFailed):
        fetch()
    close(server, monkeypatch)
    with pytest.raises(DownloadFailed, match="No complete copy"):
        fetch(revision=server.commit)


def test_no_network_serves_what_another_program_put_in_the_cache(server, fetch, monkeypatch):
    snapshot = fetch()
    shutil.rmtree(snapshot.parents[1] / "verified")
    close(server, monkeypatch)
    assert fetch() == snapshot
    (snapshot / WEIGHTS).unlink()
    with pytest.raises(DownloadFailed):
        fetch()


def test_the_size_limit_holds_for_the_cache_too(server, fetch, monkeypatch):
    fetch()
    close(server, monkeypatch)
    with pytest.raises(ModelRefused, match=r"more than the limit of 0\.1 MB"):
        fetch(max_bytes=100_000)


def test_offline_mode_asks_nobody_and_uses_the_cache(server, fetch, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DownloadFailed, match="HF_HUB_OFFLINE forbids network access"):
        fetch()
    assert server.requests == []

    monkeypatch.delenv("HF_HUB_OFFLINE")
    snapshot = fetch()
    server.requests.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch() == snapshot
    assert server.requests == []


def test_offline_mode_set_before_the_import_counts_as_well(server, fetch, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadFailed, match="HF_HUB_OFFLINE forbids network access"):
        fetch()
    assert server.requests == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((404, "RepoNotFound"), "There is no public model 'some-org/tiny-model'"),
        ((404, ""), "There is no public model 'some-org/tiny-model'"),
        ((401, "RepoNotFound"), "does not exist, or it is private"),
        ((401, "GatedRepo"), "'some-org/tiny-model' is gated"),
        ((403, ""), r"denies access .* private or gated"),
        ((418, ""), "answered with HTTP 418"),
    ],
)
def test_a_refusal_of_the_hub_is_told_in_plain_words(server, fetch, refusal, words):
    server.refusal = refusal
    with pytest.raises(DownloadFailed, match=words):
        fetch()


def test_a_gated_model_is_recognised_from_its_listing(server, fetch):
    server.extra_info = {"gated": "manual"}
    with pytest.raises(DownloadFailed, match="is gated"):
        fetch()
    assert [r.name for r in server.requests] == [""]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_in_trouble_counts_as_no_network(server, fetch, status):
    snapshot = fetch()
    server.refusal = (status, "")
    assert fetch() == snapshot


@pytest.mark.parametrize("status", [404, 401])
def test_a_model_withdrawn_from_the_hub_is_not_served_from_the_cache(server, fetch, status):
    fetch()
    server.refusal = (status, "RepoNotFound")
    with pytest.raises(DownloadFailed, match="no public model"):
        fetch()


@pytest.mark.parametrize("extra", [{"sha": None}, {"sha": "../.."}, {"siblings": "<html>"}])
def test_an_answer_that_is_not_the_hubs_counts_as_no_network(server, fetch, extra):
    server.extra_info = extra
    with pytest.raises(DownloadFailed, match="bundled model works offline"):
        fetch()


def test_a_checksum_that_is_not_one_cannot_become_a_path(server, fetch):
    lfs = {"sha256": "../../../escaped", "size": 1, "pointerSize": 1}
    listed = [{"rfilename": WEIGHTS, "size": 1, "lfs": lfs}]
    server.extra_info = {"siblings": listed}
    with pytest.raises(DownloadFailed, match="no valid checksum"):
        fetch()


def test_a_cache_that_cannot_be_written_is_named(server, fetch, tmp_path):
    (tmp_path / "cache").write_text("a file where a folder is needed")
    with pytest.raises(DownloadFailed, match="Could not store 'some-org/tiny-model' in"):
        fetch()


def test_no_token_is_ever_sent(server, fetch, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch()
    assert server.requests
    assert {r.authorization for r in server.requests} == {None}


# Concurrency


def test_of_two_calls_for_one_repo_one_downloads_and_the_other_waits(server, fetch):
    second_may_start = threading.Event()

    def pause(event):
        """Hold the first call in the middle of a file and watch what the second one does."""
        if second_may_start.is_set():
            return
        second_may_start.set()
        seen = len(server.requests)
        assert server.wait_for(lambda requests: len(requests) > seen, timeout_s=10)
        # The second call has its listing; without the lock its first file would follow at once.
        assert not server.wait_for(lambda requests: len(requests) > seen + 1, timeout_s=0.3)

    def second():
        assert second_may_start.wait(10)
        return fetch()

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(fetch, on_progress=pause), pool.submit(second)
        assert one.result(20) == two.result(20)
    assert len(server.gets("")) == 2
    for name in files_of(one.result()):
        assert len(server.gets(name)) == 1
