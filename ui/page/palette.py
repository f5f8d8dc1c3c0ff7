"""One colour per strategy, the same in every chart, table and legend; and where bars begin."""

# Twelve hues of like lightness, readable on white and on near-black; names stand beside them
# everywhere, since twelve hues cannot all be told apart.
STRATEGY_COLOURS: dict[str, str] = {
    "mean": "#3b7dd8",
    "max": "#d9622b",
    "cls": "#2a9d6f",
    "mean_sqrt_len": "#6ba4e8",
    "weighted_mean": "#7a6fd0",
    "last_token": "#8f9a2e",
    "min": "#c08a2c",
    "mean_max": "#b0568f",
    "mean_no_special": "#2f9fb3",
    "soft": "#c9566b",
    "idf_mean": "#5f8f4e",
    "mean_with_padding": "#8a8f98",
}

# Negative, neutral, positive, as the theme has them: zero is the page's own colour, and text can be
# read on both ends.
DIVERGING = [
    [0.0, "var(--lab-plot-neg)"],
    [0.5, "var(--lab-plot-mid)"],
    [1.0, "var(--lab-plot-pos)"],
]
INK = "var(--lab-plot-ink)"
