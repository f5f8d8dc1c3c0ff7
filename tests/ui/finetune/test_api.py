"""Checking and training over the web API, used as a stranger would use it."""

import io
import zipfile
from urllib.request import urlopen

import gradio as gr
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.ui.laid_out import tiny_workbench
from ui.finetune.api import build_tuning_api
from ui.finetune.takehome.download import routes
from ui.pooling.api import build_api
from ui.state.pairs import SAMPLES, SAMPLES_FOLDER

MESSY = (SAMPLES_FOLDER / SAMPLES["messy"].file).read_bytes().decode("utf-8", "replace")
GRADED = (SAMPLES_FOLDER / SAMPLES["graded"].file).read_text(encoding="utf-8")
FEW = "\n".join(GRADED.splitlines()[:41])


@pytest.fixture(scope="module")
def url(_tiny):
    """The endpoints of Pooling and Fine-tune over tiny models, and their downloads, served."""
    workbench = tiny_workbench(_tiny("bert"), _tiny("roberta"))
    with gr.Blocks(analytics_enabled=False) as demo:
        build_api(workbench)
        build_tuning_api(workbench)
    demo.launch(
        server_name="127.0.0.1", ssr_mode=False, prevent_thread_lock=True, quiet=True,
        show_error=False, app_kwargs={"routes": routes(workbench)},
    )  # fmt: skip
    yield demo.local_url
    demo.close()


@pytest.fixture(scope="module")
def client(url):
    client = Client(url, verbose=False)
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


def test_training_streams_and_ends_with_a_model_to_use_and_to_take(client, url):
    job = client.submit(pairs=FEW, steps=3, train_blocks=1, api_name="/fine_tune")
    done = job.result(timeout=120)
    events = [answer["event"] for answer in job.outputs()]
    assert events[-1] == "done"
    [cost] = [answer for answer in job.outputs() if answer["event"] == "cost"]
    assert cost["steps"] == 3
    assert cost["scoring_s"] > 0
    assert len(events) > 1
    assert done["steps"] == 3
    assert done["after"]["spearman"]["low"] <= done["after"]["spearman"]["value"]
    pair = client.predict(
        a="It rains.", b="Rain falls.", model=done["model"], api_name="/compare_pair"
    )
    assert set(pair["scores"]) >= {"mean", "cls"}
    with urlopen(f"{url.rstrip('/')}/{done['download']}") as answer:
        names = zipfile.ZipFile(io.BytesIO(answer.read())).namelist()
    assert any(name.endswith("model.safetensors") for name in names)


def test_a_foreign_visitor_has_no_such_model(client, url):
    stranger = Client(url, verbose=False)
    with pytest.raises(AppError, match="run-1"):
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
        ({"steps": 20_001}, "Steps is 20001; it must be from 1 to 20000"),
        ({"budget_s": -1}, "budget_s is -1"),
        ({"budget_s": 601}, "budget_s is 601; it must be from 1 to 600"),
        ({"train_blocks": 99}, "train_blocks is 99; it must be from 0 to 3"),
        ({"train_blocks": -2}, "Blocks is -2"),
        ({"lowest_label": 1}, "Give the lowest and the highest label"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_words(client, setting, said):
    with pytest.raises(AppError, match=said):
        client.predict(pairs=FEW, api_name="/fine_tune", **setting)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"loss": "nope"}, "Loss 'nope' does not fit score pairs. Choose one of: cosine_mse"),
        ({"loss": "triplet"}, "does not fit score pairs"),
        ({"lowest_label": 5, "highest_label": 1}, "lowest label, then the highest"),
    ],
)
def test_a_check_refuses_what_training_would_refuse(client, setting, said):
    with pytest.raises(AppError, match=said):
        client.predict(pairs=FEW, api_name="/check_pairs", **setting)


def test_labels_are_read_on_the_scale_that_is_given(client):
    known = client.predict(pairs=FEW, api_name="/check_pairs")
    assert known["scaling"] == "0–5 divided by 5"
    scale = {"lowest_label": 0, "highest_label": 10}
    answer = client.predict(pairs=FEW, api_name="/check_pairs", **scale)
    assert answer["scaling"] == "0–10 divided by 10"
    binary = "a,b,label\n" + "".join(f"It is {n}.,It was {n}.,{n % 2}\n" for n in range(12))
    answer = client.predict(pairs=binary, api_name="/check_pairs", **scale)
    assert answer["kind"] == "score"
    with pytest.raises(AppError, match="no column of labels"):
        client.predict(pairs="a,b\nIt is.,It was.\n", api_name="/check_pairs", **scale)


def test_an_address_that_nobody_was_given_leads_nowhere(url):
    with pytest.raises(OSError, match="404"):
        urlopen(f"{url.rstrip('/')}/gradio_api/lab/model/guess/model.zip")


# --- a label that is not used --------------------------------------------------------------------

VERDICTS = "a,b,status,verdict\n" + "".join(
    f"It is {n} o'clock.,It was {n} o'clock.,{('ok', 'bad')[n % 3 == 0]},{('keep', 'drop')[n % 2]}"
    "\n"
    for n in range(40)
)


def test_a_label_that_is_not_used_is_refused_until_columns_say_what_it_is(client):
    with pytest.raises(AppError, match=r"'status' looks like a label.*/check_pairs gives all"):
        client.predict(pairs=VERDICTS, steps=1, api_name="/fine_tune")
    answer = client.predict(pairs=VERDICTS, api_name="/check_pairs")
    [unread] = [f for f in answer["findings"] if f["name"] == "unread_label"]
    assert unread["remedy"] == unread["remedies"][0]["label"]
    ignored = {r["label"]: r["columns"] for r in unread["remedies"]}["Train without it"]
    answer = client.predict(pairs=VERDICTS, columns=ignored, api_name="/check_pairs")
    [unread] = [f for f in answer["findings"] if f["name"] == "unread_label"]
    assert "'verdict'" in unread["what"]
    columns = {r["label"]: r["columns"] for r in unread["remedies"]}["keep = 1, drop = 0"]
    answer = client.predict(pairs=VERDICTS, columns=columns, api_name="/check_pairs")
    assert (answer["kind"], answer["kept"], answer["mapping"]) == ("binary", 40, columns)
    done = client.submit(
        pairs=VERDICTS, columns=columns, steps=1, train_blocks=1, api_name="/fine_tune"
    ).result(timeout=120)
    assert done["event"] == "done"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "an object with kind and texts"),
        ({"kind": "binary", "texts": ["a", "b"], "path": "x"}, "an object with kind and texts"),
        ({"kind": "nope", "texts": ["a", "b"]}, "kind"),
        ({"kind": "positive", "texts": "ab"}, "texts is a list of names"),
        ({"kind": "positive", "texts": ["a", "z"]}, "No column 'z'"),
        ({"kind": "positive", "texts": ["a"]}, "needs 2 text columns, not 1"),
        ({"kind": "positive", "texts": ["a", "b"], "only": ["verdict"]}, "a column and a value"),
        ({"kind": "binary", "texts": ["a", "b"], "label": "verdict", "meanings": {"keep": 2}},
         "meaning of 'keep' is 2; it must be from 0 to 1"),
        ({"kind": "score", "texts": ["a", "b"], "label": "verdict", "scale": [5]},
         "lowest and the highest label"),
    ],
)  # fmt: skip
def test_columns_that_make_no_pairs_are_refused_in_words(client, columns, said):
    with pytest.raises(AppError, match=said):
        client.predict(pairs=VERDICTS, columns=columns, api_name="/check_pairs")
