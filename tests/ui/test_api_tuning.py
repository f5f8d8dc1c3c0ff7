"""Checking and training over the web API, used as a stranger would use it."""

import io
import zipfile
from urllib.request import urlopen

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from ui.desk import SAMPLES_FOLDER

MESSY = (SAMPLES_FOLDER / "messy_pairs.csv").read_bytes().decode("utf-8", "replace")
GRADED = (SAMPLES_FOLDER / "graded_pairs.csv").read_text(encoding="utf-8")
FEW = "\n".join(GRADED.splitlines()[:81])


@pytest.fixture(scope="module")
def client(app_url):
    client = Client(app_url, verbose=False)
    yield client
    client.close()


def test_pairs_are_checked(client):
    answer = client.predict(pairs=MESSY, api_name="/check_pairs")
    assert answer["kind"] == "binary"
    found = {finding["name"]: finding for finding in answer["findings"]}
    assert {"exact_duplicates", "conflicting_labels"} <= set(found)
    assert found["exact_duplicates"]["rows"]
    assert found["exact_duplicates"]["remedy"]
    assert sum(answer["split"].values()) == answer["kept"]


@pytest.mark.parametrize(
    ("pairs", "said"), [("", "no pairs"), ("   \n", "no pairs"), (",,,\n,,,", "empty")]
)
def test_what_is_no_file_is_refused_in_words(client, pairs, said):
    with pytest.raises(AppError, match=said):
        client.predict(pairs=pairs, api_name="/check_pairs")


def test_a_file_without_texts_has_a_problem_and_no_pairs(client):
    answer = client.predict(pairs="n\n1\n2\n3\n", api_name="/check_pairs")
    assert (answer["kept"], answer["kind"]) == (0, None)
    assert "two columns" in answer["problem"]


def test_training_streams_and_ends_with_a_model_to_use_and_to_take(client, app_url):
    job = client.submit(pairs=FEW, steps=3, train_blocks=1, api_name="/fine_tune")
    done = job.result(timeout=120)
    events = [answer["event"] for answer in job.outputs()]
    assert events[-1] == "done"
    assert len(events) > 1
    assert done["steps"] == 3
    assert done["after"]["spearman"]["low"] <= done["after"]["spearman"]["value"]
    pair = client.predict(
        a="It rains.", b="Rain falls.", model=done["model"], api_name="/compare_pair"
    )
    assert set(pair["scores"]) >= {"mean", "cls"}
    with urlopen(f"{app_url.rstrip('/')}/{done['download']}") as answer:
        names = zipfile.ZipFile(io.BytesIO(answer.read())).namelist()
    assert any(name.endswith("model.safetensors") for name in names)


def test_a_foreign_visitor_has_no_such_model(client, app_url):
    stranger = Client(app_url, verbose=False)
    with pytest.raises(AppError, match="Unknown model"):
        stranger.predict(a="a", b="b", model="run-1", api_name="/compare_pair")
    stranger.close()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"loss": "triplet"}, "does not fit"),
        ({"pooling": "soft"}, "Unknown pooling"),
        ({"model": "../secret"}, "Unknown model|not a"),
        ({"batch_size": 1}, "Batch size is 1"),
        ({"steps": -4}, "Steps is -4"),
        ({"budget_s": -1}, "budget_s is -1"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_words(client, setting, said):
    with pytest.raises(AppError, match=said):
        client.predict(pairs=FEW, api_name="/fine_tune", **setting)


def test_an_address_that_nobody_was_given_leads_nowhere(app_url):
    with pytest.raises(OSError, match="404"):
        urlopen(f"{app_url.rstrip('/')}/lab-download/guess/model.zip")
