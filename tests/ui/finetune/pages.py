"""What tests of the Fine-tune tab's HTML share: runs by hand, and what every piece must keep."""

import re
from dataclasses import replace

import numpy as np

from encoder.evaluation import Metric, Predictions
from encoder.training.judge_run import Rival, RunJudgement
from tests.ui.visit import Node, read_html
from ui.finetune.form import BY_STEPS, Form

TAGS = {"b", "button", "caption", "dd", "details", "div", "dl", "dt", "h4", "i", "li", "ol", "p",
        "root", "section", "small", "span", "summary", "table", "tbody", "td", "th", "thead", "tr",
        "ul"}  # fmt: skip
ATTRIBUTE = re.compile(r"(aria|data)-\w+|class|dir|role|scope|style|tabindex|title|type|value")


def check(piece: str) -> Node:
    """Well-formed, our own tags and attributes only, tables with names and headers."""
    root = read_html(piece)
    for node in root.walk():
        assert node.tag in TAGS
        assert all(map(ATTRIBUTE.fullmatch, node.attributes)), node.attributes
    for table in root.all("table"):
        assert table.all("caption") or table.attributes.get("aria-label")
        assert {th.attributes.get("scope") for th in table.one("thead").all("th")} == {"col"}
        assert all(tr.all("th") for tr in table.one("tbody").all("tr"))
    return root


def judgement(
    before: Metric, after: Metric, change: Metric, rivals: tuple[Rival, ...] = ()
) -> RunJudgement:
    return RunJudgement(rivals, before, after, change)


QUICK = Form(blocks=1, duration=BY_STEPS, steps=3, batch_size=8)
NO_CHANGE = judgement(Metric(0.8, 0.75, 0.9), Metric(0.8, 0.75, 0.9), Metric(0, -0.01, 0.01))


def with_predictions(done, kind: str, before: list, after: list, labels: list | None = None):
    """The run as if it had been on these held-out pairs, rows 10, 11, ... of the file."""
    count, columns = len(before), 3 if kind == "triplet" else 2
    texts = tuple(tuple(f"{side} {n}" for side in "abc"[:columns]) for n in range(count))
    labels = None if labels is None else np.array(labels, np.float32)
    numbers = tuple(range(10, 10 + count))
    pairs = replace(done.held_out, kind=kind, texts=texts, labels=labels, row_numbers=numbers)
    found = tuple(
        Predictions(kind, np.array(values, float), labels, np.arange(count))
        for values in (before, after)
    )
    return replace(done, held_out=pairs, predictions=found)


def csv(thing: str, rows: int = 40) -> str:
    return "a,b,score\n" + "".join(
        f"The {thing} number {i} is here.,Nobody saw {thing} {i}.,{i % 6}\n" for i in range(rows)
    )


def asked(handlers, visitor="ann", form=QUICK, thing="cat"):
    if handlers.visitor(visitor).training_pairs is None:
        handlers.open_text(visitor, csv(thing))
    return handlers.request(visitor, "bert-tiny", form)
