"""The model card: what stands in it is true, and what a visitor wrote is only words."""

import string
from dataclasses import replace
from io import StringIO

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from encoder.evaluation import Metric
from ingest import read_pairs
from tests.ui.finetune.takehome.runs import a_run, done
from ui.finetune.metrics import WORDS
from ui.finetune.takehome import model_card
from ui.finetune.takehome.card import plain

HOSTILE = "---\nlicense: x\n---\n# Big\n<script>alert(1)</script> | ![a](http://x.y) `c` $z$ &lt;"


@pytest.fixture(scope="module")
def run(_tiny):
    lines = [f"The cat number {i} is here.,Nobody saw {i}.,{i % 6}" for i in range(40)]
    pairs = read_pairs(StringIO("\n".join(["sentence1,sentence2,score", *lines, "alone,,3"])))
    return a_run(done(_tiny("bert"), pairs=pairs, validation_share=0.2))


def sections(card: str) -> dict[str, str]:
    """Text by heading."""
    parts = card.split("\n## ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def front_matter(card: str) -> dict[str, object]:
    return yaml.safe_load(card.split("---\n")[1])


def cells(text: str) -> list[list[str]]:
    """Rows of the tables in a section, the rulers left out."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [line for line in lines if set(line) != {"---"}]


def test_the_front_matter_is_what_the_hub_reads(run):
    assert front_matter(model_card(run)) == {
        "library_name": "sentence-transformers",
        "pipeline_tag": "sentence-similarity",
        "tags": ["sentence-transformers", "sentence-similarity", "feature-extraction"],
        "base_model": "google/bert_uncased_L-2_H-128_A-2",
        "license": "apache-2.0",
    }


@pytest.mark.parametrize(
    ("model", "base", "licence"),
    [("org/its-model", "org/its-model", None), ("run-2", None, None),
     ("untrained-minilm", None, None), ("roberta-base", "FacebookAI/roberta-base", "mit"),
     ("../../etc/passwd", None, None), ('a/b"\nx: y', None, None)],
)  # fmt: skip
def test_the_base_is_named_only_where_it_is_known(run, model, base, licence):
    found = front_matter(model_card(replace(run, model=model)))
    assert (found.get("base_model"), found.get("license")) == (base, licence)


def test_the_data_and_the_split_are_told(run):
    found = sections(model_card(run))["What it was trained on"]
    assert "- Rows read: 41; kept: 40\n- Dropped, empty text: 1\n" in found
    assert "divided by 5" in found
    parts = (run.done.train, run.done.validation, run.done.held_out)
    names = ("train", "validation", "held-out")
    assert cells(found) == [["part", "rows", "groups of connected texts"]] + [
        [name, str(len(part)), str(len(part))] for name, part in zip(names, parts, strict=True)
    ]


def test_it_says_whether_a_text_stands_in_two_parts(run):
    assert "No text stands in two parts." in model_card(run)
    again = replace(run.done, held_out=run.done.train.take([0, 1]))
    assert "Texts stand in more than one part" in model_card(replace(run, done=again))


def test_every_setting_is_told_as_it_was_run(run):
    found = dict(cells(sections(model_card(run))["How it was trained"])[1:])
    assert found["trained"] == "the top 1 of 2 blocks"
    assert len(run.done.train) == 32  # 4 steps of 8 rows are one epoch
    assert found["loss"].startswith("cosine similarity (MSE): ")
    assert (found["steps made"], found["step that was kept"]) == ("4 (1 epochs)", "4")
    assert found["seconds predicted"] == "12.5"
    assert (found["`batch_size`"], found["`loss`"]) == ("8", "cosine_mse")
    assert (found["`budget_s`"], found["`steps`"]) == ("–", "4")
    assert {name for name in found if name.startswith("`")} == {
        f"`{name}`" for name in vars(run.done.config)
    }


def test_metrics_rivals_and_forgetting_come_with_their_intervals(run):
    finished = replace(
        run.done,
        before={"spearman": Metric(0.5, 0.25, 0.75)},
        after={"spearman": Metric(0.625, 0.5, 0.75)},
        gain=Metric(0.125, -0.05, 0.3),
    )
    rival = replace(run.judgement.rivals[0], metrics={"spearman": Metric(0.6, 0.5, 0.7)})
    judgement = replace(run.judgement, rivals=(rival,))
    found = sections(model_card(replace(run, done=finished, judgement=judgement)))
    assert cells(found["What it is worth"]) == [
        ["metric", "before", "after"],
        ["Spearman ρ", "50.0 (25.0 … 75.0)", "62.5 (50.0 … 75.0)"],
    ]
    assert (
        f"Gain in Spearman ρ: +12.5 (−5.0 … +30.0), {WORDS['unclear']}."
        in found["What it is worth"]
    )
    assert cells(found["Rivals that need no training steps"])[1] == [
        "whitening", "60.0 (50.0 … 70.0)", f"+3.0 (−1.0 … +7.0), {WORDS['unclear']}"
    ]  # fmt: skip
    assert cells(found["What it forgot"])[1:] == [
        ["before", "80.0 (75.0 … 85.0)"],
        ["after", "70.0 (65.0 … 75.0)"],
        ["change", f"−10.0 (−12.0 … −8.0), {WORDS['worse']}"],
    ]


def test_few_held_out_rows_are_a_limit(run):
    rows = len(run.done.held_out)
    assert f"- Judged on {rows} held-out rows in {rows} groups" in model_card(run)
    gained = replace(run.done, gain=Metric(0.01, -0.02, 0.06))
    assert "A gain shows there from about 4.0 points on." in model_card(replace(run, done=gained))
    unknown = replace(run.done, gain=Metric(0.01, float("nan"), float("nan")))
    assert "What chance can do there is not known." in model_card(replace(run, done=unknown))


def test_a_run_without_held_out_pairs_says_so(bert):
    card = model_card(a_run(done(bert, steps=1, held_out_share=0, validation_share=0)))
    assert "No pairs were held out" in sections(card)["What it is worth"]
    assert "the last step was kept" in sections(card)["Limits"]


def test_what_a_visitor_wrote_adds_no_structure(run):
    """The same headings, tables and front matter, whatever the names are."""
    tame = model_card(replace(run, name="n", data="d", model="m"))
    wild = model_card(replace(run, name=HOSTILE, data=HOSTILE, model=HOSTILE))
    assert front_matter(wild) == front_matter(tame)
    assert wild.count("\n") == tame.count("\n")
    assert sections(wild).keys() == sections(tame).keys()
    assert "<" not in wild
    assert not [line for line in wild.splitlines() if line.startswith(("# Big", "license: x"))]
    assert "](http" not in wild


@given(st.text())
def test_plain_text_is_one_line_in_which_no_sign_is_active(text):
    found = plain(text)
    assert not set("\n\r\u2028\u2029\x0b\x0c\x85<>") & set(found)
    bare = found.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
    pairs = zip(" " + bare, bare, strict=False)
    escaped = False
    for before, sign in pairs:
        escaped = before == "\\" and not escaped
        assert sign not in string.punctuation or sign == "\\" or escaped


def test_plain_by_hand():
    assert plain("a_b*c\\d") == "a\\_b\\*c\\\\d"
    assert plain("<b>&amp;") == "&lt;b&gt;&amp;amp\\;"
    assert plain("x" * 600) == "x" * 499 + "…"
