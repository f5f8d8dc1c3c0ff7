"""Whatever a visitor types is shown as text, and nothing a visitor types breaks the page."""

import ast
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encoder import DEFAULT_MODEL, POOLINGS
from tests.ui.visit import EVERYTHING, array, inputs, read_html, score_rows
from ui.page.matrix import plot_text
from ui.pooling.figures import shorten

TAGS = {"b", "bdi", "br", "button", "code", "div", "em", "h3", "h4", "i", "li", "ol", "p", "root",
        "small", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}  # fmt: skip
ATTRIBUTE = re.compile(r"(aria|data)-\w+|class|colspan|dir|role|rowspan|scope|style|title|type")
ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "${alert(1)} {{alert(1)}} {alert}",
    "</script><script>alert(1)</script>",
    "\"><svg onload='alert(1)'>",
    "' onmouseover='alert(1)",
    "</p></div></table><h1>hit</h1>",
    "<b>bold</b><br><a href='javascript:alert(1)'>x</a>",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "var(--body-text-color) %{y} %{customdata}",
    "<!-- comment --> <![CDATA[ x ]]> <?php ?>",
]
MARKUP = {"apart": (0, 1, 3), "making": (0, 3), "honesty": (0,), "several": (1,)}
HARD = [
    "\x00 NUL \x1b[31m \x07",
    "half \ud83d and \udc00 pairs",
    "\u202eleft\u202c \u2067عربى\u2069",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "\u200b\u200b",
    "\ufeff",
    "[CLS] [SEP] [PAD] [MASK] [UNK]",
    "$$\\frac{1}{0}$$ `code` **bold**",
    "a" * 5000,
    "word " * 390,
    "\n\r\u2028\u2029\x85\x0b\x0cx",
]


def html_of(screen) -> list[str]:
    """Every piece of HTML on the page."""
    pieces = [screen.scores, screen.answer, screen.counts]
    for name, places in MARKUP.items():
        pieces += [screen.sections[name][place] for place in places]
    return pieces


def check(screen) -> None:
    """It is well-formed, holds our own tags and attributes only, and can be sent."""
    for piece in html_of(screen):
        for node in read_html(piece).walk():
            assert node.tag in TAGS
            assert all(map(ATTRIBUTE.fullmatch, node.attributes))
    sent = json.dumps([screen.scores, screen.answer, screen.counts, screen.address,
                       screen.sections], allow_nan=False, ensure_ascii=False)  # fmt: skip
    assert sent.encode()  # fails for half a surrogate pair, as Gradio would
    assert "nan" not in screen.scores.lower()


def visit(handlers, a: str, b: str, unfolded=EVERYTHING, **changes):
    return handlers.screen(inputs(unfolded, a=a, b=b, **changes), "ann")


texts = st.one_of(
    st.text(max_size=80),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zs", "Mn", "So"]), max_size=40),
    st.sampled_from(ATTACKS + HARD),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(a=texts, b=texts, lines=texts, pooling=st.sampled_from(list(POOLINGS)),
       layer=st.sampled_from(["0", "2", "last2", "-1"]), pool_special=st.booleans())  # fmt: skip
def test_no_text_breaks_the_page(tiny_handlers, a, b, lines, pooling, layer, pool_special):
    screen = visit(tiny_handlers, a, b, lines=f"{lines}\n{b}\na third", pooling=pooling,
                   layer=layer, pool_special=pool_special)  # fmt: skip
    check(screen)
    empty = not (a.strip() and b.strip()) or max(len(a), len(b)) > 2000
    assert bool(screen.scores) != empty


@pytest.mark.parametrize("text", HARD)
def test_hard_texts_get_scores_or_a_reason(tiny_handlers, text):
    screen = visit(tiny_handlers, text, "A cat sleeps.", lines=f"{text}\nA cat sleeps.")
    check(screen)
    if len(text) > 2000:
        assert "has 5,000 characters; this page takes up to 2,000" in screen.answer
        assert "Give at least two sentences" in screen.sections["several"][1]
    else:
        assert len(score_rows(screen.scores)) == len(POOLINGS)


@pytest.fixture(scope="module", params=ATTACKS)
def attacked(request, tiny_handlers):
    """An attack, and the page with it wherever a text can stand."""
    attack = request.param
    pinned = tiny_handlers.pin(inputs(a=attack, b="A cat."), "ann")
    return attack, visit(tiny_handlers, attack, attack, lines=f"{attack}\nA cat.", pinned=pinned)


def test_an_attack_is_shown_as_the_text_it_is(attacked):
    attack, screen = attacked
    check(screen)
    steps = read_html(screen.sections["making"][0])
    assert [p.text for p in steps.all(".lab-text")] == [attack] * 2
    legend = read_html(screen.scores).one(".lab-legend").text
    assert f"“{attack if len(attack) <= 40 else attack[:39] + '…'}”" in legend


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_token_is_shown_as_the_text_it_is_and_so_is_its_tooltip(handlers, attack):
    """With the real vocabulary: the tiny one has no quotes and no brackets."""
    screen = visit(handlers, attack, "A cat.", unfolded=frozenset({"apart", "making"}))
    tokens = handlers.workbench.encoder(DEFAULT_MODEL, None).trace(attack).tokens
    for piece in (screen.sections["apart"][1], screen.sections["making"][0]):
        line = read_html(piece).all(".lab-tokens")[0].all(".tk")
        assert [chip.all("span")[1].text for chip in line] == list(tokens)
        for chip, token in zip(line, tokens, strict=True):
            assert all(map(ATTRIBUTE.fullmatch, chip.attributes))
            assert (chip.attributes.get("title") or token).startswith(token)


def test_no_figure_lets_plotly_read_a_visitors_tags(tiny_handlers, attacked):
    """Plotly renders <b>, <a href> and their like, and decodes entities, in labels and hovers."""
    attack, screen = attacked
    figures = [screen.sections[name][place] for name, place in
               (("apart", 2), ("layers", 0), ("making", 2), ("several", 0))]  # fmt: skip
    for figure in figures:
        for trace in figure["data"]:
            labels = [*trace.get("x", []), *trace["y"]]
            assert not [label for label in labels if "<" in label or ">" in label]
            own = {"hovertemplate", "texttemplate"}
            assert not [k for k in own if attack[:10] in str(trace.get(k))]
        assert attack not in json.dumps(figure["layout"])
    assert figures[3]["data"][0]["y"][0].startswith(f"S1 {plot_text(shorten(attack))}")
    shown = tiny_handlers.workbench.encoder(DEFAULT_MODEL, None).trace(attack).tokens
    token_labels = [label.rstrip("\u200b") for label in figures[0]["data"][0]["y"]]
    assert token_labels == [plot_text(token) for token in shown]
    assert array(figures[0]["data"][0]["z"]).shape == (len(shown), len(shown))


def test_plot_text_escapes_what_plotly_reads():
    assert plot_text("<b>&amp;</b>") == "&lt;b&gt;&amp;amp;&lt;/b&gt;"
    assert plot_text('it\'s "so"') == 'it\'s "so"'


def test_the_python_shown_holds_every_text_inside_its_quotes(tiny_handlers):
    for attack in [*ATTACKS, *HARD]:
        if len(attack) <= 2000 and attack.strip():
            screen = visit(tiny_handlers, attack, "A cat.", unfolded=frozenset({"python"}))
            plain, short = screen.sections["python"]
            for code in (plain, short):
                assigned = {
                    node.targets[0].id: ast.literal_eval(node.value)
                    for node in ast.walk(ast.parse(code))
                    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "a"
                }
                clean = attack.replace("\ud83d", "\ufffd").replace("\udc00", "\ufffd")
                assert assigned == {"a": clean}
