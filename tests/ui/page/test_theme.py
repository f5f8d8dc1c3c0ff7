"""The colours of groups can be told apart, with every kind of colour vision and in both themes."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from ui.map.figures import GREY, PALETTE, SYMBOLS, distinct_colours
from ui.map.files import GREY_IN_FILE
from ui.page.theme import theme

ROOT = Path(__file__).resolve().parents[3]
APART = 12.0  # CIEDE2000 in which a small dot's colour is surely another's
CONTRAST = 3.0  # WCAG 2.2, 1.4.11, of graphical objects
TEXT_CONTRAST = 4.5  # 1.4.3, level AA, of words
RGB_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
# Machado, Oliveira & Fernandes, IEEE TVCG 15, 2009, severity 1, of linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
GREYS = re.findall(rf"{GREY[4:-1]}: (#\w{{6}})", (ROOT / "assets/map.css").read_text("utf-8"))
BEFORE = ("#2b7bba", "#e08a00", "#1a9e77", "#c4609c", "#56a8dc", "#cf5a1b", "#8a72c9", "#9a8412")


def linear(colour: str) -> np.ndarray:
    """Linear RGB (3,) of #rrggbb (IEC 61966-2-1)."""
    s = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (3,) of linear RGB, white D65."""
    t = RGB_TO_XYZ @ rgb / RGB_TO_XYZ.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Difference of two colours in CIELAB (Sharma, Wu & Dalal, Color Res. Appl. 30, 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    c = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    a1, a2 = (a * (1.5 - 0.5 * np.sqrt(c / (c + 25**7))) for a in (a1, a2))
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    cos = [np.cos(np.radians(d)) for d in (h - 30, 2 * h, 3 * h + 6, 4 * h - 63)]
    t = 1 + np.dot([-0.17, 0.24, 0.32, -0.20], cos)
    dl = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * c)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * c * t)
    bend = np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    skew = -2 * np.sqrt(c**7 / (c**7 + 25**7)) * bend
    return float(np.sqrt(dl**2 + dc**2 + dh**2 + skew * dc * dh))


def apart(one: str, other: str, vision: str) -> float:
    seen = [lab(np.clip(VISION[vision] @ linear(colour), 0, 1)) for colour in (one, other)]
    return ciede2000(*seen)


def contrast(one: str, other: str) -> float:
    dark, light = sorted(float(RGB_TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


# --- the measure --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425), ((50, 0, 0), (50, -1, 2), 2.3669),
     ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792), ((50, 2.5, 0), (73, 25, -18), 27.1492),
     ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377)],
)  # fmt: skip
def test_the_difference_is_that_of_the_published_pairs(one, other, expected):
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-4)
    assert ciede2000(np.array(other), np.array(one)) == pytest.approx(expected, abs=1e-4)


def test_the_measure_finds_what_was_wrong_with_the_colours_before():
    assert apart("#9a8412", "#cf5a1b", "normal") > APART
    assert apart("#9a8412", "#cf5a1b", "deuteranopia") < 2  # one colour
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast(BEFORE[4], "#ffffff") < CONTRAST


# --- the words on buttons -------------------------------------------------------------------------


def theme_colour(name: str, dark: bool) -> str:
    """#rrggbb of a variable of the theme, which may name another; what lets through, the page's."""
    looks = theme()
    value = (getattr(looks, f"{name}_dark", None) if dark else None) or getattr(looks, name)
    if value.startswith("*"):
        return theme_colour(value[1:].removesuffix("_dark"), dark)
    if value == "transparent":
        return theme_colour("body_background_fill", dark)
    return {"white": "#ffffff", "black": "#000000"}.get(value, value)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("pointed_at", ["", "_hover"])
@pytest.mark.parametrize("kind", ["primary", "secondary", "cancel"])
def test_the_words_on_a_button_can_be_read(kind, pointed_at, dark):
    fill = theme_colour(f"button_{kind}_background_fill{pointed_at}", dark)
    words = theme_colour(f"button_{kind}_text_color{pointed_at}", dark)
    assert contrast(words, fill) >= TEXT_CONTRAST, (words, fill)


@pytest.mark.parametrize(("dark", "place"), [(False, 0), (True, 1)], ids=["light", "dark"])
def test_words_in_the_accent_colour_can_be_read(dark, place):
    style = (ROOT / "assets/lab.css").read_text("utf-8")
    accent = re.findall(r"--lab-accent: (#\w{6})", style)[place]
    assert contrast(accent, theme_colour("body_background_fill", dark)) >= TEXT_CONTRAST


# --- the palette --------------------------------------------------------------------------------


def test_both_greys_are_read_from_the_style():
    assert len(set(GREYS)) == 2


@pytest.mark.parametrize("vision", VISION)
def test_groups_that_share_a_symbol_can_be_told_apart(vision):
    middles = np.random.default_rng(0).normal(size=(3 * len(PALETTE), 2))
    looks = list(zip(*distinct_colours(middles), strict=True))
    looks += [(grey, "circle") for grey in (*GREYS, GREY_IN_FILE)]  # the unclustered
    pairs = [
        (one, other)
        for (one, first), (other, second) in combinations(looks, 2)
        if first == second and not {one, other} <= {*GREYS, GREY_IN_FILE}
    ]
    assert len(pairs) > 3 * len(PALETTE)
    worst = min(pairs, key=lambda pair: apart(*pair, vision))
    assert apart(*worst, vision) >= APART, worst


@pytest.mark.parametrize("ground", ["body_background_fill", "body_background_fill_dark"])
def test_every_colour_stands_out_in_both_themes(ground):
    paper = getattr(theme(), ground)
    assert {colour: contrast(colour, paper) for colour in PALETTE
            if contrast(colour, paper) < CONTRAST} == {}  # fmt: skip


def test_the_first_symbols_are_those_that_plotly_has_in_space():
    script = (ROOT / "assets/js/map_draw.js").read_text("utf-8")
    [solid] = re.findall(r"SOLID = /\^\(([\w|]+)\)", script)
    known = set(solid.split("|"))
    assert set(SYMBOLS[: len(known)]) == known
