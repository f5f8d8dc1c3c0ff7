"""The colours of every figure, as the theme has them."""

# Negative, neutral, positive: zero is the page's own colour, and text can be read on both ends.
DIVERGING = [
    [0.0, "var(--lab-plot-neg)"],
    [0.5, "var(--lab-plot-mid)"],
    [1.0, "var(--lab-plot-pos)"],
]
INK = "var(--lab-plot-ink)"
