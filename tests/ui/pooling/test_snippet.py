"""Every snippet is run as a visitor would run it, and must print what the encoder says."""

import ast
import itertools
import json
import shutil
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from transformers import AutoModel, AutoTokenizer

from encoder import POOLINGS, Encoder, EncoderError, Options, UnknownName, load_encoder
from encoder.backbone import untrained_backbone
from encoder.bundled import bundled_folder
from encoder.folder import Recipe
from encoder.runner import DEFAULTS
from encoder.text import clean_texts
from tests.tiny_models import build
from tests.ui.visit import run_python
from ui.pooling.snippet import (
    SnippetRequest,
    pair_idf,
    sentence_transformers_snippet,
    transformers_snippet,
    why_no_sentence_transformers,
)

A = "The weather is lovely today, isn't it?"
B = "It's so sunny outside!"
LONG = "Seven sailors sang while the storm shook the ship. " * 12
PARAMETERISED = ["soft:4", "soft:0", "soft:-2.5", "mean_with_padding:12", "mean_with_padding:128"]
EVERY_POOLING = [*POOLINGS, *PARAMETERISED]
WITH_ST = ["mean", "max", "cls", "mean_sqrt_len", "weighted_mean", "last_token", "mean_max"]
WORDS_ONLY = Options(pool_special=False)
HOSTILE = [
    "\"\"\" ''' \" ' \\",
    "a\nb\r\n\tc\\n\\",
    "NUL \x00 and \x1b[31m",
    "{a} {0} {} {{model}} %s {mask}",
    "')\nraise SystemExit('out')\n('",
    '" + str(1/0) + "',
    "# [SEP] </s> [CLS]",
    "line\u2028separator \u202etfel\u202c",
    "👩‍👩‍👧 🏳️‍🌈 عربى 中文",
    "half a pair \ud83d, a whole one \ud83d\ude00",
    "  leading and trailing  ",
]


@pytest.fixture(scope="module", autouse=True)
def loads_kept():
    """The snippets' own loads, which are most of the time, are done once a folder."""

    def keep(load, option):
        kept = cache(load)
        return lambda name, **given: (kept if set(given) == {option} else load)(name, **given)

    with pytest.MonkeyPatch.context() as patch:
        for kind, option in ((AutoModel, "dtype"), (AutoTokenizer, "padding_side")):
            patch.setattr(kind, "from_pretrained", keep(kind.from_pretrained, option))
        yield


@pytest.fixture(scope="module", params=["bert", "roberta"])
def folder(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def enc(folder) -> Encoder:
    return load_encoder(folder)


def request_of(enc, model, pooling, layer, a=A, b=B, options=DEFAULTS, **others) -> SnippetRequest:
    others |= {"pool_special": options.pool_special, "prompt": options.prompt or ""}
    if pooling == "idf_mean":
        others["idf"] = pair_idf(enc, a, b, options)
    depth, cut = enc.backbone.depth, enc.max_tokens
    return SnippetRequest(a, b, str(model), pooling, layer, depth, cut, **others)


def check(code: str, enc: Encoder, r: SnippetRequest, options: Options = DEFAULTS) -> float:
    """The cosine, after comparing it and both vectors, which tell more (mean, mean_sqrt_len)."""
    printed, vectors = run_python(code)
    expected = enc.explain_pair(r.a, r.b, r.pooling, r.layer, options).cosine
    assert printed == pytest.approx(expected, abs=1e-5)
    for text, vector in zip((r.a, r.b), vectors, strict=True):
        [pooled] = enc.pooled(text, [r.pooling], [r.layer], options).values()
        np.testing.assert_allclose(vector, pooled, atol=2e-5)
    return printed


# --- every choice, run --------------------------------------------------------------------------


@pytest.mark.parametrize("pool_special", [True, False])
@pytest.mark.parametrize("pooling", EVERY_POOLING)
def test_transformers_snippets_print_the_score_of_every_strategy(
    enc, folder, pooling, pool_special
):
    options = Options(pool_special=pool_special)
    r = request_of(enc, folder, pooling, "last2", options=options)
    check(transformers_snippet(r), enc, r, options)


@pytest.mark.parametrize("pooling", ["mean", "cls"])  # with a mask, and without
def test_transformers_snippets_print_the_score_of_every_layer(enc, folder, pooling):
    for layer in enc.layers:
        r = request_of(enc, folder, pooling, layer)
        check(transformers_snippet(r), enc, r)


@pytest.mark.parametrize("pooling", WITH_ST)
def test_sentence_transformers_snippets_print_the_score(enc, folder, pooling):
    r = request_of(enc, folder, pooling, -1)
    check(sentence_transformers_snippet(r), enc, r)


def test_a_prompt_stands_before_both_sentences(enc, folder):
    options = Options(prompt="query: ")
    r = request_of(enc, folder, "mean", -1, options=options)
    check(sentence_transformers_snippet(r), enc, r, options)
    with_prompt = check(transformers_snippet(r), enc, r, options)
    assert abs(with_prompt - enc.explain_pair(A, B, "mean").cosine) > 1e-3


@pytest.mark.parametrize("pooling", ["mean", "last_token", "idf_mean", "mean_with_padding:12"])
def test_long_texts_are_cut_where_the_encoder_cuts_them(enc, folder, pooling):
    assert enc.tokenize(LONG).cut > 0
    for options in (DEFAULTS, WORDS_ONLY):
        r = request_of(enc, folder, pooling, 1, a=LONG, options=options)
        check(transformers_snippet(r), enc, r, options)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_sentence_without_words_has_the_cosine_on_screen_not_nan(enc, folder, pooling):
    r = request_of(enc, folder, pooling, -1, a="", options=WORDS_ONLY)
    check(transformers_snippet(r), enc, r, WORDS_ONLY)


def test_idf_weights_are_those_of_the_options(enc, folder):
    options = Options(idf=enc.fit_idf([A, B, LONG]))
    own = request_of(enc, folder, "idf_mean", -1, options=options)
    score = check(transformers_snippet(own), enc, own, options)
    assert abs(score - enc.explain_pair(A, B, "idf_mean").cosine) > 1e-4


def test_a_tokenizer_that_pads_left_changes_nothing(enc, folder, tmp_path):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"padding_side": "left"}))
    for pooling in ("cls", "last_token", "weighted_mean", "mean_with_padding:12"):
        r = request_of(enc, tmp_path, pooling, -1)
        check(transformers_snippet(r), enc, r)


def test_half_precision_weights_are_run_in_full(folder, tmp_path):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    AutoModel.from_pretrained(folder).half().save_pretrained(tmp_path)
    half = load_encoder(tmp_path)
    r = request_of(half, tmp_path, "mean", -1)
    check(transformers_snippet(r), half, r)
    check(sentence_transformers_snippet(r), half, r)


def test_random_weights_are_drawn_again_from_their_seed(enc, folder):
    untrained = Encoder("untrained", untrained_backbone(folder, None, seed=3), Recipe())
    r = request_of(untrained, folder, "mean", "last2", seed=3)
    check(transformers_snippet(r), untrained, r)
    assert "random" in why_no_sentence_transformers(replace(r, layer=-1))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_print_their_score(enc, folder, text):
    for pooling in ("mean", "idf_mean"):
        r = request_of(enc, folder, pooling, -1, a=text, b=text[::-1] + "!")
        check(transformers_snippet(r), enc, r)
    r = request_of(enc, folder, "mean", -1, a=text, b=B)
    check(sentence_transformers_snippet(r), enc, r)


@pytest.mark.parametrize("architecture", ["distilbert", "mpnet", "xlm-roberta", "modernbert"])
def test_other_architectures_print_their_scores(architecture, tmp_path):
    other = load_encoder(build(architecture, tmp_path))
    for layer in other.layers:
        r = request_of(other, tmp_path, "mean", layer)
        check(transformers_snippet(r), other, r)


@pytest.mark.skipif(bundled_folder() is None, reason="the bundled model is not installed")
def test_the_bundled_model_prints_its_scores():
    bundled = load_encoder()
    assert bundled.backbone.depth == 6, "deep enough to tell first_last from last2"
    chosen = [("mean", layer) for layer in (0, 3, 6, "first_last", "last2")]
    chosen += [("max", 5), ("idf_mean", 6), ("soft:4", "last2"), ("mean_with_padding", 6)]
    requests = [request_of(bundled, bundled_folder(), *choice) for choice in chosen]
    printed = {check(transformers_snippet(r), bundled, r) for r in requests}
    assert len(printed) == len(chosen), "scores that are alike could not tell a wrong layer"
    check(sentence_transformers_snippet(requests[2]), bundled, requests[2])


# --- the text of it -----------------------------------------------------------------------------


def plain(pooling="mean", layer=-1, **others) -> SnippetRequest:
    settings = {"depth": 6, "max_tokens": 256, "idf": {"rain": 6.25}} | others
    return SnippetRequest(A, B, "org/model", pooling, layer, **settings)


def every_request():
    layers = (*range(7), "first_last", "last2")
    for pooling, layer, flag in itertools.product(EVERY_POOLING, layers, (True, False)):
        yield plain(pooling, layer, pool_special=flag)


def take_apart(code: str) -> tuple[str, set[str]]:
    """The parsed program with every string emptied, and those strings."""
    tree, strings = ast.parse(code), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
            node.value = ""
    return ast.dump(tree), strings


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_inside_their_quotes(text):
    harmless = plain(prompt="query: ")
    hostile = replace(harmless, a=text, b=text * 2, model=text, prompt=text)
    for write in (transformers_snippet, sentence_transformers_snippet):
        code = write(hostile)
        program, strings = take_apart(code)
        assert program == take_apart(write(harmless))[0]
        assert strings >= set(clean_texts([text, text * 2]))
        assert code.replace("\n", "").isprintable()
        assert len(code.splitlines()) == len(write(harmless).splitlines())
    codes = [transformers_snippet(plain("idf_mean", idf={token: 1.5})) for token in ("a", text)]
    assert take_apart(codes[0])[0] == take_apart(codes[1])[0]


def test_every_strategy_and_every_layer_reads_differently():
    requests = [r for r in every_request() if r.pool_special]
    assert len({transformers_snippet(r) for r in requests}) == len(requests)
    words = {p: transformers_snippet(plain(p, pool_special=False)) for p in POOLINGS}
    assert words["mean"] == words["mean_no_special"], "the same computation"
    assert len(set(words.values())) == len(words) - 1
    assert len({sentence_transformers_snippet(plain(p)) for p in WITH_ST}) == len(WITH_ST)


@pytest.mark.parametrize(
    "change",
    [{"a": "x"}, {"b": "x"}, {"model": "x"}, {"max_tokens": 99}, {"pool_special": False},
     {"prompt": "x"}, {"layer": 0}, {"seed": 1}],
    ids=str,
)  # fmt: skip
def test_no_field_does_nothing(change):
    for before in (plain("cls"), plain("mean_with_padding"), plain("mean")):
        after = replace(before, **change)
        assert transformers_snippet(before) != transformers_snippet(after)
    assert sentence_transformers_snippet(before) != sentence_transformers_snippet(after)


def test_snippets_are_short_enough_to_read():
    for r in every_request():
        for code in filter(None, (transformers_snippet(r), sentence_transformers_snippet(r))):
            assert max(map(len, code.splitlines())) <= 100, code
            assert code.count("\n") <= (19 if r.pooling == "mean" and r.pool_special else 28)


def test_either_a_snippet_or_one_sentence_why_not():
    reasons = set()
    for r in every_request():
        code, why = sentence_transformers_snippet(r), why_no_sentence_transformers(r)
        possible = r.pooling in WITH_ST and r.layer == 6 and r.pool_special
        assert (code is not None) == (why == "") == possible
        reasons.add(why)
    assert len(reasons) == 8, "each reason is its own sentence"
    assert all(why.count(".") == 1 and why.endswith(".") for why in reasons - {""})
    assert "sentence-transformers pools the last layer only." in reasons
    assert "sentence-transformers has no softmax pooling." in reasons


@pytest.mark.parametrize(
    ("settings", "error", "remedy"),
    [({"pooling": "median"}, UnknownName, "mean_no_special"),
     ({"pooling": "cls+mean"}, UnknownName, "mean_max"),
     ({"pooling": "soft:nan"}, EncoderError, "from -1000 to 1000"),
     ({"pooling": "idf_mean", "idf": {}}, EncoderError, "pair_idf"),
     ({"layer": 7}, UnknownName, "first_last")],
    ids=str,
)  # fmt: skip
def test_wrong_requests_are_told_what_is_right(settings, error, remedy):
    with pytest.raises(error, match=remedy):
        plain(**settings)
