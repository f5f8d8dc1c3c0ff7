"""Where the lab answers for itself, beside what Gradio serves: one folder below Gradio's own.

With server-side rendering a Node process stands in front. It hands the paths of its own list to
Python, `/gradio_api` and all below it among them, and answers every other one with the page.
"""

FOLDER = "gradio_api/lab"


def link(path: str) -> str:
    """The address of a path of the lab's, relative to the page: that may lie under a prefix."""
    return f"{FOLDER}/{path}"


def route(path: str) -> str:
    """The path to serve it at."""
    return f"/{FOLDER}/{path}"
