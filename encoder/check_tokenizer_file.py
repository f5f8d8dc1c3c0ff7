"""What a tokenizer.json could make of a text: how long that takes, and how much it can grow.

A tokenizer is a program: patterns that are tried at every character, replacements that make a text
longer, tokens put around it. Each is held within bounds before any text goes through it.
"""

import base64
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from encoder.errors import ModelRefused

MOST_ADDED, LONGEST_TOKEN = 20_000, 500  # tokens; characters of one
MOST_STEPS = 64  # normalisers, splitters, and templates
LONGEST_PATTERN = 3_000  # characters
MOST_REPEATS = 4  # without an upper bound, in one alternative: the time is about n to this power
MOST_GROWTH = 64  # times as long, by all replacements one after another
LONGEST_MAPPED = 64  # bytes that SentencePiece's table gives for one character; U+FDFA gives 33
REMEDY = "Save the tokenizer again from the model that it belongs to."


def check_tokenizer_file(content: Any, name: str) -> None:
    """Refuse a tokenizer, as its tokenizer.json says, that can take too long or grow a text.

    `name` is the model's, for messages. Raises ModelRefused.
    """
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise ModelRefused(f"{name}/tokenizer.json cannot be read as a tokenizer. {REMEDY}")
    added = content.get("added_tokens") or []
    check_added(added, name)
    steps = [step for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder")
             for step in _steps(content.get(part))]  # fmt: skip
    if len(steps) > MOST_STEPS:
        raise ModelRefused(
            f"The tokenizer of {name!r} has {len(steps):,} steps; at most {MOST_STEPS} are run. "
            f"{REMEDY}"
        )
    growth = 1.0
    for step in steps:
        pattern = step.get("pattern")
        if isinstance(pattern, dict) and "Regex" in pattern:
            check_pattern(str(pattern["Regex"]), name)
        growth *= _growth(step)
    if growth > MOST_GROWTH:
        raise ModelRefused(
            f"The tokenizer of {name!r} can make a text {growth:,.0f} times as long by its "
            f"replacements; at most {MOST_GROWTH} times is run. {REMEDY}"
        )


def check_added(added: Any, name: str) -> None:
    """Refuse too many tokens beside the vocabulary, or too long ones. Raises ModelRefused."""
    size = len(added) if isinstance(added, list | dict) else 0
    if size > MOST_ADDED:
        raise ModelRefused(
            f"The tokenizer of {name!r} adds {size:,} tokens to its vocabulary; at most "
            f"{MOST_ADDED:,} are read, for each is looked for in every text. {REMEDY}"
        )
    values = added.values() if isinstance(added, dict) else added
    texts = [token.get("content") if isinstance(token, dict) else token for token in values or ()]
    longest = max((len(text) for text in texts if isinstance(text, str)), default=0)
    if longest > LONGEST_TOKEN:
        raise ModelRefused(
            f"A token that the tokenizer of {name!r} adds has {longest:,} characters; at most "
            f"{LONGEST_TOKEN} are read. {REMEDY}"
        )


def check_pattern(pattern: str, name: str) -> None:
    """Refuse a pattern whose time could grow with the text beyond all bounds.

    A repeat inside a repeat can take 2 to the power of n steps; repeats one after another take n to
    the power of their number. A reference back can take either. Raises ModelRefused.
    """
    shown = pattern if len(pattern) <= 60 else pattern[:60] + "…"
    problem = ""
    if len(pattern) > LONGEST_PATTERN:
        problem = f"has {len(pattern):,} characters; at most {LONGEST_PATTERN:,} are read"
    elif _nests(pattern):
        problem = "repeats what repeats, or refers back, which can take without end"
    elif (repeats := max(_repeats(pattern), default=0)) > MOST_REPEATS:
        problem = f"has {repeats} repeats without a bound in a row; at most {MOST_REPEATS} are run"
    if problem:
        raise ModelRefused(
            f"The tokenizer of {name!r} splits texts by the pattern {shown!r}, which {problem}. "
            f"{REMEDY}"
        )


# One piece of a pattern: an escape (\p{L} in full), a class with its inner ones, a bracket, a
# repeat, or any other character.
PIECE = re.compile(
    r"(?P<back>\\(?:[1-9]|k[<'{]|g[<'{]))|\\[pPxu]\{[^}]*\}|\\.|"
    r"(?P<cls>\[\^?\]?(?:\\.|\[:?\^?(?:\\.|[^\]\\])*\]|[^\]\\\[])*\])|"
    r"(?P<open>\((?:\?(?:[imsx-]*:|[=!>~]|<[=!]|<\w+>|[imsx-]+\)|\#[^)]*\)))?)|(?P<close>\))|"
    r"(?P<repeat>(?:[*+?]|\{\d*,?\d*\})[?+]?)|(?P<alternative>\|)|.",
    re.DOTALL,
)


def _bounds(repeat: str) -> tuple[int, float]:
    """The least and the most times of a repeat."""
    if repeat[0] != "{":
        return int(repeat[0] == "+"), 1 if repeat[0] == "?" else math.inf
    low, comma, high = repeat.rstrip("?+").strip("{}").partition(",")
    least = int(low or 0)
    return least, (int(high) if high else math.inf) if comma else least


def _is_unbounded(repeat: str) -> bool:
    """`*`, `+`, `{3,}`, and bounds so large that they are none."""
    return _bounds(repeat)[1] > 100


def _nests(pattern: str) -> bool:
    """Whether a group repeats that can match a text in several ways, or there is a reference.

    A group can where a repeat of no fixed number, or an alternative, stands in it.
    """
    open_groups = [False]  # whether each can
    closed = False  # whether the last piece was a group that can
    for piece in PIECE.finditer(pattern):
        kind, text = piece.lastgroup, piece[0]
        if kind == "back":
            return True
        if kind == "open" and not text.endswith(")"):
            open_groups.append(False)
        elif kind == "close" and len(open_groups) > 1:
            closed = open_groups.pop()
            open_groups[-1] = open_groups[-1] or closed
            continue
        elif kind == "repeat":
            least, most = _bounds(text)
            if closed and most > 1:
                return True
            open_groups[-1] = open_groups[-1] or least != most
            continue
        elif kind == "alternative":
            open_groups[-1] = True
        closed = False
    return False


def _repeats(pattern: str) -> Iterator[int]:
    """How many repeats without bound stand in each alternative, those in its groups too."""
    count = 0
    for piece in PIECE.finditer(pattern):
        if piece.lastgroup == "repeat" and _is_unbounded(piece[0]):
            count += 1
        elif piece.lastgroup == "alternative":
            yield count
            count = 0
    yield count


def _steps(part: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The steps of a part, those in its sequences in order."""
    if not isinstance(part, dict) or depth > MOST_STEPS:
        return
    yield part
    for inner in ("normalizers", "pretokenizers", "processors", "decoders"):
        for step in part[inner] if isinstance(part.get(inner), list) else ():
            yield from _steps(step, depth + 1)


def _growth(step: dict[str, Any]) -> float:
    """How many times as long this step can make a text, or a token of it."""
    content = step.get("content")
    prepended = step.get("prepend")
    if isinstance(prepended, str):
        return 1.0 + len(prepended)
    if isinstance(step.get("precompiled_charsmap"), str):
        return _charsmap_growth(step["precompiled_charsmap"])
    if step.get("type") == "TemplateProcessing":
        return float(max(1, len(json.dumps(step)) // 2_000))
    if step.get("type") != "Replace" or not isinstance(content, str):
        return 1.0
    pattern = step.get("pattern")
    literal = pattern.get("String") if isinstance(pattern, dict) else None
    replaced = len(literal) if isinstance(literal, str) and literal else 1
    return max(1.0, len(content) / replaced)


def _charsmap_growth(encoded: str) -> float:
    """Of SentencePiece's table: the length of a trie, the trie, texts that end in NUL."""
    try:
        table = base64.b64decode(encoded, validate=False)
    except ValueError:
        return 1.0  # tokenizers refuses it, too
    texts = table[4 + int.from_bytes(table[:4], "little") :]
    longest = max(map(len, texts.split(b"\0")), default=0)
    return 1.0 if longest <= LONGEST_MAPPED else float(longest)
