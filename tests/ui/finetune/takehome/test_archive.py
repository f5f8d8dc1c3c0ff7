"""The zip: it loads to the same vectors, holds what was found, and leaves nothing behind."""

import csv
import io
import json
import re
import tempfile
import zipfile
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from encoder.evaluation import Metric, Predictions
from encoder.training import TrainConfig, fine_tune
from ingest import PairSet, Report, read_pairs, read_table
from tests.tiny_models import SENTENCES
from tests.ui.finetune.takehome.runs import a_run, done
from ui.finetune.takehome import read_archive, scores_csv, write_archive
from ui.finetune.takehome.archive import pairs_csv
from ui.finetune.takehome.facts import slug

HARD = '=HYPERLINK("x")'


@pytest.fixture(scope="module")
def run(_tiny):
    """A finished run whose file had rows that were dropped."""
    lines = [f"The cat number {i} is here.,Nobody saw {i}.,{i % 6}" for i in range(40)]
    text = "\n".join(["sentence1,sentence2,score", *lines, "alone,,3", ",alone,2"])
    finished = done(_tiny("bert"), pairs=read_pairs(StringIO(text)), validation_share=0.2)
    return a_run(finished, table=read_table(StringIO(text)))


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """Where everything temporary goes, to see that nothing stays."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("architecture", "blocks"),
    [("bert", 0), ("bert", 1), ("bert", 3), ("roberta", 1), ("modernbert", 3)],
)
def test_the_whole_way_home_and_back_gives_the_same_vectors(
    tiny, tmp_path, temporary, architecture, blocks
):
    enc = tiny(architecture)
    finished = a_run(done(enc, train_blocks=blocks, held_out_share=0, lr=0.01))
    tuned = finished.tuned.encode(SENTENCES)
    assert np.abs(tuned - enc.encode(SENTENCES)).max() > 1e-3, "nothing was learnt"
    path = write_archive(finished, tmp_path / "model.zip")
    zipfile.ZipFile(path).extractall(tmp_path / "unzipped")
    model = SentenceTransformer(str(tmp_path / "unzipped" / "my-first-run"), device="cpu")
    theirs = model.encode(SENTENCES, normalize_embeddings=True)
    np.testing.assert_allclose(theirs, tuned, atol=1e-5)
    back = read_archive(path, 10**8)
    np.testing.assert_allclose(back.encoder.encode(SENTENCES), tuned, atol=1e-5)
    assert (back.name, back.notes) == ("My first run", ())
    assert back.record["settings"]["train_blocks"] == blocks
    assert not list(temporary.iterdir())


def test_the_zip_holds_one_folder_with_everything(run, tmp_path, temporary):
    archive = zipfile.ZipFile(write_archive(run, tmp_path / "model.zip"))
    entries = {info.filename.removeprefix("my-first-run/"): info for info in archive.infolist()}
    assert all(name.startswith("my-first-run/") for name in archive.namelist())
    assert entries.keys() == {
        "1_Pooling/", "1_Pooling/config.json", "README.md", "config.json",
        "config_sentence_transformers.json", "dropped.csv", "model.safetensors", "modules.json",
        "pairs.csv", "run.json", "scores.csv", "sentence_bert_config.json", "tokenizer.json",
        "tokenizer_config.json", "train.py",
    }  # fmt: skip
    stored = {name for name, info in entries.items() if info.compress_type == zipfile.ZIP_STORED}
    assert stored == {"model.safetensors", "1_Pooling/"}
    for name in entries:
        content = archive.read(f"my-first-run/{name}")
        assert str(tmp_path.parent.parent).encode() not in content, f"{name} tells of this machine"
    assert archive.testzip() is None
    assert not list(temporary.iterdir())


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    first, again = (write_archive(run, tmp_path / name) for name in ("1.zip", "2.zip"))
    assert first.read_bytes() == again.read_bytes()


def test_a_failure_leaves_nothing(run, tmp_path, temporary):
    broken = replace(run, done=replace(run.done, config=replace(run.done.config, loss="gone")))
    with pytest.raises(KeyError):
        write_archive(broken, tmp_path / "model.zip")
    assert not list(temporary.iterdir())
    assert list(tmp_path.iterdir()) == [temporary]


def test_dropped_rows_are_listed_only_where_there_are_some(run, bert, tmp_path):
    archive = zipfile.ZipFile(write_archive(run, tmp_path / "model.zip"))
    found = rows(archive.read("my-first-run/dropped.csv").decode())
    assert [list(row.values()) for row in found] == [
        ["41", "empty text", "alone", "", "3"], ["42", "empty text", "", "alone", "2"]
    ]  # fmt: skip
    clean = a_run(done(bert, steps=1, held_out_share=0))
    names = zipfile.ZipFile(write_archive(clean, tmp_path / "clean.zip")).namelist()
    assert "my-first-run/dropped.csv" not in names


def test_the_pairs_come_with_their_part_in_the_order_of_the_file(run):
    found = rows(pairs_csv(run))
    assert [int(row["row"]) for row in found] == list(range(1, 41))
    for name, part in (("train", run.done.train), ("validation", run.done.validation),
                       ("held-out", run.done.held_out)):  # fmt: skip
        of_part = [row for row in found if row["part"] == name]
        assert [(r["sentence1"], r["sentence2"]) for r in of_part] == list(part.texts)
        assert [float(r["score"]) for r in of_part] == pytest.approx(part.labels, abs=1e-6)


def test_held_out_pairs_of_ones_own_are_among_the_pairs(bert):
    def some(word: str, count: int) -> PairSet:
        texts = tuple((f"{word} {i}", f"{word} again {i}") for i in range(count))
        return PairSet("positive", texts, None, tuple(range(1, count + 1)), Report(count))

    *_, finished = fine_tune(bert, some("cat", 9), TrainConfig(steps=1, train_blocks=1),
                             held_out=some("snow", 4))  # fmt: skip
    found = rows(pairs_csv(a_run(finished)))
    assert len(found) == 13
    assert {row["anchor"][:4] for row in found if row["part"] == "held-out"} == {"snow"}


def hand_made(run, kind, texts, values, labels=None):
    """The run with held-out pairs and values of one's own."""
    held_out = PairSet(kind, texts, labels, (7, 9), Report(2))
    groups = np.arange(2)
    both = tuple(Predictions(kind, np.array(v), labels, groups) for v in values)
    return replace(run, done=replace(run.done, held_out=held_out, predictions=both))


def test_scores_are_those_of_the_predictions(run):
    labels = np.array([1, 0.25], np.float32)
    values = ([0.5, 0.25], [0.75, 0.125])
    scored = hand_made(run, "score", ((HARD, "b"), ("c", "-d")), values, labels)
    assert list(csv.reader(io.StringIO(scores_csv(scored)))) == [
        ["row", "sentence1", "sentence2", "score",
         "cosine_before", "cosine_after", "cosine_change"],
        ["7", f"'{HARD}", "b", "1", "0.5", "0.75", "0.25"],
        ["9", "c", "'-d", "0.25", "0.25", "0.125", "-0.125"],
    ]  # fmt: skip


def test_the_columns_say_what_the_values_are(run):
    ranks = hand_made(run, "positive", (("a", "b"), ("c", "d")), ([3, 1.5], [1, 2]))
    assert list(csv.reader(io.StringIO(scores_csv(ranks)))) == [
        ["row", "anchor", "positive", "rank_before", "rank_after", "rank_change"],
        ["7", "a", "b", "3", "1", "-2"],
        ["9", "c", "d", "1.5", "2", "0.5"],
    ]
    margins = hand_made(run, "triplet", (("a", "b", "c"), ("d", "e", "f")), ([0.5, 0], [0, 0]))
    heads = next(csv.reader(io.StringIO(scores_csv(margins))))
    assert heads[:4] == ["row", "anchor", "positive", "negative"]
    assert heads[4:] == ["margin_before", "margin_after", "margin_change"]


def test_the_record_says_what_a_table_of_runs_shows(run, tmp_path):
    archive = zipfile.ZipFile(write_archive(run, tmp_path / "model.zip"))
    record = json.loads(archive.read("my-first-run/run.json"))
    found = run.done.before["spearman"]
    assert record["before"]["spearman"] == [found.value, found.low, found.high]
    assert (record["kind"], record["model"]) == ("score", "bert-tiny")
    assert record["hub_id"] == "google/bert_uncased_L-2_H-128_A-2"
    assert record["settings"]["loss"] == "cosine_mse"
    assert record["rows"]["held-out"] == len(run.done.held_out)
    assert record["probe"]["change"] == [-0.1, -0.12, -0.08]
    assert record == read_archive(tmp_path / "model.zip", 10**8).record | {"format": 1}


def test_what_is_no_number_is_null_in_the_record(run, tmp_path):
    nan = Metric(float("nan"), float("nan"), float("nan"))
    finished = replace(run.done, before={"spearman": nan}, gain=nan)
    path = write_archive(replace(run, done=finished), tmp_path / "model.zip")
    back = read_archive(path, 10**8)
    assert (back.record["before"], back.record["gain"]) == ({"spearman": None}, None)


@pytest.mark.parametrize("name", ["", "../../etc", "CON", "日本", "a" * 200, "x/y\\z:*?", "é ü"])
def test_a_name_becomes_one_that_every_system_takes(name):
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,48}", slug(name))
    assert slug(name) not in ("con", "aux", "nul")


def test_a_name_keeps_what_it_can():
    assert slug("Été № 2: C++") == "ete-no-2-c"
