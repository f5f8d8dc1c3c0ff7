"""What verdicts on search hits are worth, by language: own small corpora, labelled queries.

    python bench/verdict.py
    python bench/verdict.py --model intfloat/multilingual-e5-small

For each language of bench/data/verdict.json: of how many queries a verdict was given at all, and of
these the share that was called "likely" or "strong", of the relevant ones and of the irrelevant
ones; by keywords the relevant ones are such as share a word with a text. None of these texts and
queries stands in the background that they are held against.
"""

import argparse
import json
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from encoder import DEFAULT_MODEL, Encoder, load_encoder
from explore.verdict import UNKNOWN, Verdict
from ui.search.answer import InMemory, find, keywords, verdict
from ui.search.index import Index, SearchSettings, build_index
from ui.state.stages import Stages
from ui.state.texts import open_texts

DATA = Path(__file__).parent / "data" / "verdict.json"
METHODS = {"dense": "relevant", "bm25": "keywords"}  # and their relevant queries
RELEVANT = ("strong", "likely")
LEAST_RELEVANT, MOST_IRRELEVANT = 0.8, 0.1


def quiet(stage: str, share: float) -> None:
    """Nobody listens."""


def verdicts(index: Index, queries: Sequence[str], method: str) -> list[Verdict | None]:
    stop = threading.Event()
    words = keywords(index, quiet, stop) if method == "bm25" else None
    answers = [find(index, query, method, 1, InMemory(), words) for query in queries]
    return [verdict(answer, quiet, stop) for answer in answers]


def level(found: Verdict | None) -> str:
    """Without hits nothing was called relevant."""
    return "none" if found is None else found.level


def share(levels: Sequence[str]) -> float | None:
    """Of the verdicts that were given, those that say relevant; None where there is none."""
    given = [one for one in levels if one != UNKNOWN]
    return sum(one in RELEVANT for one in given) / len(given) if given else None


def report(encoder: Encoder, data: dict[str, dict[str, list[str]]], method: str) -> bool:
    """Prints a line a language; whether all verdicts that were given are good enough."""
    print(f"\n{encoder.name}, {method}")
    print(f"{'':6}{'given':>9}{'relevant':>10}{'irrelevant':>12}   why not")
    good = True
    for language, texts in data.items():
        opened = open_texts(texts["corpus"], "bench", Stages(2**28))
        index = build_index(
            opened, opened.corpus, encoder, SearchSettings(encoder.name), "", quiet,
            threading.Event(),
        )  # fmt: skip
        relevant, irrelevant = (
            verdicts(index, texts[kind], method) for kind in (METHODS[method], "irrelevant")
        )
        every = [*relevant, *irrelevant]
        given = sum(level(one) != UNKNOWN for one in every)
        reasons = Counter(one.reason for one in every if one and one.reason)
        shares = [share(list(map(level, group))) for group in (relevant, irrelevant)]
        cells = ["–" if one is None else f"{one:.0%}" for one in shares]
        why = ", ".join(f"{reason} {n}" for reason, n in reasons.items())
        print(f"{language:6}{given:>3} of {len(every):2}{cells[0]:>10}{cells[1]:>12}   {why}")
        good &= shares[0] is None or shares[0] >= LEAST_RELEVANT
        good &= shares[1] is None or shares[1] <= MOST_IRRELEVANT
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    args = parser.parse_args()
    data = json.loads(DATA.read_text(encoding="utf-8"))
    encoder = load_encoder(args.model)
    good = {method: report(encoder, data, method) for method in METHODS}
    bar = f"relevant at least {LEAST_RELEVANT:.0%}, irrelevant at most {MOST_IRRELEVANT:.0%}"
    print(f"\nwhere given, {bar}:")
    for method, is_met in good.items():
        print(f"  {method:6} {'met' if is_met else 'MISSED'}")
    return int(not all(good.values()))


if __name__ == "__main__":
    sys.exit(main())
