"""What a click in the browser says was clicked, checked: event data is the browser's word only."""

import gradio as gr

from encoder import POOLINGS, EncoderError


def picked_name(event: gr.EventData) -> str:
    """What a click says it was on; whoever uses it checks it."""
    return str(getattr(event, "name", ""))[:100]


def pick_name(event: gr.EventData) -> str:
    """The strategy whose row was clicked; what a browser sends is checked."""
    name = str(getattr(event, "name", ""))
    if name not in POOLINGS:
        raise EncoderError(f"Unknown pooling {name[:40]!r}. Choose one of: {', '.join(POOLINGS)}.")
    return name


def pick_box(event: gr.EventData, count: int) -> tuple[str, int]:
    """The box ("a" or "b") and the number of the sentence that goes into it."""
    name = str(getattr(event, "name", ""))
    box, number = name[:1], name[1:]
    if box not in ("a", "b") or number not in map(str, range(count)):
        raise EncoderError(f"There is no sentence {name[:10]!r} in this list of {count}.")
    return box, int(number)


def picked(event: gr.EventData, rows: int, columns: int) -> tuple[int, int]:
    """The indices of a clicked cell, inside a matrix of this size."""
    try:
        row, column = int(event.row), int(event.column)
    except (AttributeError, TypeError, ValueError, OverflowError):
        row = column = -1
    if not (0 <= row < rows and 0 <= column < columns):
        raise EncoderError(f"That cell is not on the {rows} × {columns} map any more; click again.")
    return row, column
