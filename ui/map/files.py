"""A map to take home: coordinates, clusters and vectors as a table, or a page of its own."""

import io
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from encoder import CATALOG
from ingest.templates import cell
from ui.map.drawing import DrawnMap
from ui.map.figures import centres, distinct_colours
from ui.map.form import to_json
from ui.map.state import MapState
from ui.state.workbench import Workbench, same_token
from ui.words import csv_text

SPATIAL = ("circle", "diamond", "square", "cross", "x")  # what plotly can draw in space
GREY_IN_FILE = "#9aa7b8"
WRAP = 70
OURS = re.compile(r"row|text|cluster|cluster_name|x|y|z|vector|v\d+")  # columns of each file


def columns(picture: DrawnMap) -> dict[str, Any]:
    """Names and values of everything but the vectors, a value a text."""
    places, clusters = picture.projection.coordinates, picture.clusters
    labels = [-1] * len(picture.corpus) if clusters is None else clusters.labels.tolist()
    found: dict[str, Any] = {
        "row": list(picture.corpus.row_numbers),
        "text": list(picture.corpus.texts),
    }
    for name, values in picture.corpus.labels.items():
        while name in found or OURS.fullmatch(name):
            name = f"label_{name}"
        found[name] = list(values)
    found["cluster"] = [label + 1 if label >= 0 else 0 for label in labels]  # 0: unclustered
    found["cluster_name"] = [picture.title(label) if label >= 0 else "" for label in labels]
    for axis, values in zip("xyz", places.T, strict=False):
        found[axis] = values.tolist()
    return found


def as_csv(picture: DrawnMap) -> bytes:
    """One row a text: what it is, where it lies, its cluster, and its vector."""
    table = columns(picture)
    width = picture.vectors.shape[1]
    rows = [[*map(cell, table), *(f"v{i}" for i in range(width))]]
    for at, vector in enumerate(picture.vectors):
        row = [values[at] for values in table.values()]
        shown = [cell(v) if isinstance(v, str) else _digits(v) for v in row]
        rows.append([*shown, *(f"{value:.6g}" for value in vector)])
    return csv_text(rows).encode("utf-8", "replace")


def _digits(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def as_parquet(picture: DrawnMap) -> bytes:
    """The same with typed columns; the vector is one column of lists of float32."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table(
        {**columns(picture), "vector": pa.array(list(picture.vectors), pa.list_(pa.float32()))}
    )
    table = table.replace_schema_metadata({"sentence_lab": settings_json(picture)})
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def as_npz(picture: DrawnMap) -> bytes:
    """Arrays for numpy, nothing pickled: vectors, coordinates, clusters, texts, settings."""
    table = columns(picture)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        vectors=picture.vectors,
        coordinates=picture.projection.coordinates,
        cluster=np.array(table["cluster"], np.int32),
        row=np.array(table["row"], np.int64),
        text=np.array(table["text"], np.str_),
        settings=np.array(settings_json(picture)),
    )
    return buffer.getvalue()


def settings_json(picture: DrawnMap) -> str:
    """The settings that made the picture, with what they gave."""
    clusters, fidelity = picture.clusters, picture.fidelity
    return to_json(
        picture.form,
        corpus=picture.texts.name,
        texts=len(picture.corpus),
        clusters=clusters.count if clusters else None,
        trustworthiness=round(fidelity.trustworthiness, 4) if fidelity and fidelity.k else None,
    )


def as_html(picture: DrawnMap) -> bytes:
    """The map as one page that opens with no network: plotly.js stands in it."""
    clusters = picture.clusters
    labels = np.zeros(len(picture.corpus), int) if clusters is None else clusters.labels
    count = 1 if clusters is None else clusters.count
    places = picture.projection.coordinates
    colours, symbols = distinct_colours(centres(places, labels, count))
    deep = places.shape[1] > 2
    drawn = SPATIAL if deep else symbols
    figure = go.Figure()
    for group in range(-1, count):
        rows = np.flatnonzero(labels == group)
        if not len(rows):
            continue
        name = "unclustered" if group < 0 else f"{group + 1}. {picture.title(group)}"
        shared: dict[str, Any] = {
            "x": places[rows, 0],
            "y": places[rows, 1],
            "mode": "markers",
            "name": escape(name),
            "text": [_wrapped(picture.corpus.texts[i]) for i in rows],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {
                "color": GREY_IN_FILE if group < 0 else colours[group],
                "size": 3 if deep else 6,
                "symbol": symbols[group] if group >= 0 and symbols[group] in drawn else "circle",
            },
        }
        figure.add_trace(
            go.Scatter3d(z=places[rows, 2], **shared) if deep else go.Scattergl(**shared)
        )
    axis = {"visible": False}
    figure.update_layout(
        title=escape(f"{picture.texts.name}: {len(picture.corpus):,} texts"),
        template="plotly_white",
        legend={"itemsizing": "constant"},
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x"},
        scene={"xaxis": axis, "yaxis": axis, "zaxis": axis},
    )
    page = figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    settings = f"<pre style='font: 12px monospace'>{escape(settings_json(picture))}</pre>"
    return page.replace("</body>", f"{settings}</body>").encode("utf-8", "replace")


def _wrapped(text: str) -> str:
    return "<br>".join(escape(line, quote=False) for line in textwrap.wrap(text[:400], WRAP))


@dataclass(frozen=True)
class Export:
    """A file of a map: what the page calls it, its media type, and how it is written."""

    title: str
    media_type: str
    write: Callable[[DrawnMap], bytes]


EXPORTS = {
    "map.csv": Export("CSV: texts, clusters, coordinates, vectors", "text/csv", as_csv),
    "map.parquet": Export("Parquet, the same", "application/vnd.apache.parquet", as_parquet),
    "map.npz": Export("NPZ for numpy", "application/octet-stream", as_npz),
    "map.html": Export("a page of its own, which opens with no network", "text/html", as_html),
    "map.json": Export(
        "its settings", "application/json", lambda picture: settings_json(picture).encode()
    ),
}


# --- Where the files are fetched ------------------------------------------------------------------


NO_MAP = "This map is not kept any more: its page was closed, or a newer one took its place."


def routes(workbench: Workbench) -> list[Route]:
    """The download addresses of visitors' maps; a file is made when it is fetched."""

    def send(request: Request) -> Response:
        token, name = request.path_params["token"], request.path_params["name"]
        states = workbench.states(MapState)
        maps = (drawn for state in states for drawn in (state.drawn, state.finished) if drawn)
        picture = next((drawn for drawn in maps if same_token(drawn.token, token)), None)
        if picture is None:
            return PlainTextResponse(NO_MAP, 404)
        if name not in EXPORTS:
            return PlainTextResponse("There is no such file.", 404)
        export = EXPORTS[name]
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(export.write(picture), media_type=export.media_type, headers=disposition)

    return [Route("/lab-map/{token}/{name}", send)]


# --- The Python that makes a map again ------------------------------------------------------------


LINES = """\
from encoder import load_encoder
from explore import (
    ClusterConfig, ProjectionConfig, cluster, map_fidelity, name_clusters, neighbours, project,
)
from ingest import CorpusColumns, read_corpus

columns = {columns}
corpus = read_corpus(Path({file}), columns=columns, sample=True){sampled}
vectors = load_encoder({model}).encode(corpus.texts, pooling={pooling}, layer={layer})
near = neighbours(vectors, 30)
projection = project(vectors, {projection}, near)
clusters = cluster(vectors, {clusters}, near{space})
for name in name_clusters(corpus.texts, vectors, clusters.labels):
    print(name.size, name.title, "|", corpus.texts[name.central])
print(map_fidelity(vectors, projection.coordinates, near=near).trustworthiness)
"""


def map_snippet(picture: DrawnMap) -> str:
    """A script for the settings of this picture."""
    settings, texts, corpus = picture.settings, picture.texts, picture.corpus
    fewer = len(corpus) < len(texts.corpus)
    hub = settings.model in CATALOG or "/" in settings.model
    return "from pathlib import Path\n\n" + LINES.format(
        file=repr(f"assets/samples/{texts.name}" if texts.bundled else texts.name),
        columns=corpus.columns if texts.table else None,
        sampled=f".sampled({len(corpus)})" if fewer else "",
        # A visitor's own model is the folder in its download.
        model=repr(settings.model if hub else "./model"),
        pooling=repr(settings.pooling),
        layer=repr(settings.layer),
        projection=settings.projection,
        clusters=settings.clusters,
        space=", projection.coordinates" if settings.clusters.space == "map" else "",
    )
