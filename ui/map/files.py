"""A map to take home: coordinates, clusters and vectors as a table, or a page of its own."""

import io
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.templates import BOM, csv_text
from ui.map.drawing import DrawnMap
from ui.map.figures import SYMBOLS, UNCLUSTERED, centres, distinct_colours
from ui.map.form import to_json
from ui.map.state import MapState
from ui.page.addresses import route
from ui.state.models import OWN_KEY
from ui.state.workbench import Workbench, same_token

SPATIAL = ("circle", "diamond", "square", "cross", "x")  # what plotly can draw in space
GREY_IN_FILE = "#9aa7b8"
WRAP = 70
OURS = re.compile(r"row|text|cluster|cluster_name|x|y|z|vector|v\d+")  # columns of each file
Cell = str | int | float


def columns(drawn_map: DrawnMap) -> dict[str, Sequence[Cell]]:
    """Names and values of everything but the vectors, a value a text."""
    places, clusters = drawn_map.projection.coordinates, drawn_map.clusters
    labels = [-1] * len(drawn_map.corpus) if clusters is None else clusters.labels.tolist()
    table: dict[str, Sequence[Cell]] = {
        "row": list(drawn_map.corpus.row_numbers),
        "text": list(drawn_map.corpus.texts),
    }
    for name, values in drawn_map.corpus.labels.items():
        while name in table or OURS.fullmatch(name):
            name = f"label_{name}"
        table[name] = list(values)
    # Numbers as on the screen, from 1; -1 as everywhere where a text is in no cluster.
    table["cluster"] = [label + 1 if label >= 0 else label for label in labels]
    names = [drawn_map.title(label) if label >= 0 else UNCLUSTERED for label in labels]
    table["cluster_name"] = [""] * len(names) if clusters is None else names
    for axis, values in zip("xyz", places.T, strict=False):
        table[axis] = values.tolist()
    return table


def as_csv(drawn_map: DrawnMap) -> bytes:
    """One row a text: what it is, where it lies, its cluster, and its vector."""
    table = columns(drawn_map)
    width = drawn_map.vectors.shape[1]
    rows = [[*table, *(f"v{i}" for i in range(width))]]
    for at, vector in enumerate(drawn_map.vectors):
        row = [values[at] for values in table.values()]
        shown = map(_digits, row)
        rows.append([*shown, *(f"{value:.6g}" for value in vector)])
    return (BOM + csv_text(rows)).encode("utf-8", "replace")


def _digits(value: Cell) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def as_parquet(drawn_map: DrawnMap) -> bytes:
    """A table with typed columns, the vector as one column of lists of float32."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table(
        {**columns(drawn_map), "vector": pa.array(list(drawn_map.vectors), pa.list_(pa.float32()))}
    )
    table = table.replace_schema_metadata({"sentence_lab": settings_json(drawn_map)})
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def as_npz(drawn_map: DrawnMap) -> bytes:
    """Arrays for numpy, nothing pickled: vectors, coordinates, clusters, texts, settings."""
    table = columns(drawn_map)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        vectors=drawn_map.vectors,
        coordinates=drawn_map.projection.coordinates,
        cluster=np.array(table["cluster"], np.int32),
        row=np.array(table["row"], np.int64),
        text=np.array(table["text"], np.str_),
        settings=np.array(settings_json(drawn_map)),
    )
    return buffer.getvalue()


def settings_json(drawn_map: DrawnMap) -> str:
    """The settings that made the map, with what they gave."""
    clusters, fidelity = drawn_map.clusters, drawn_map.fidelity
    return to_json(
        drawn_map.form,
        corpus=drawn_map.texts.name,
        texts=len(drawn_map.corpus),
        clusters=clusters.count if clusters else None,
        trustworthiness=round(fidelity.trustworthiness, 4) if fidelity and fidelity.k else None,
    )


def as_html(drawn_map: DrawnMap) -> bytes:
    """The map as one page that opens with no network: plotly.js stands in it."""
    clusters = drawn_map.clusters
    labels = np.zeros(len(drawn_map.corpus), int) if clusters is None else clusters.labels
    count = 1 if clusters is None else clusters.count
    places = drawn_map.projection.coordinates
    colours, symbols = distinct_colours(centres(places, labels, count))
    deep = places.shape[1] > 2
    usable = SPATIAL if deep else SYMBOLS
    figure = go.Figure()
    for group in range(-1, count):
        rows = np.flatnonzero(labels == group)
        if not len(rows):
            continue
        name = UNCLUSTERED if group < 0 else f"{group + 1}. {drawn_map.title(group)}"
        shared: dict[str, object] = {
            "x": places[rows, 0],
            "y": places[rows, 1],
            "mode": "markers",
            "name": escape(name, quote=False),
            "text": [_wrapped(drawn_map.corpus.texts[i]) for i in rows],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {
                "color": GREY_IN_FILE if group < 0 else colours[group],
                "size": 3 if deep else 6,
                "symbol": symbols[group] if group >= 0 and symbols[group] in usable else "circle",
            },
        }
        figure.add_trace(
            go.Scatter3d(z=places[rows, 2], **shared) if deep else go.Scattergl(**shared)
        )
    axis = {"visible": False}
    figure.update_layout(
        title=escape(f"{drawn_map.texts.name}: {len(drawn_map.corpus):,} texts", quote=False),
        template="plotly_white",
        legend={"itemsizing": "constant"},
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x"},
        scene={"xaxis": axis, "yaxis": axis, "zaxis": axis},
    )
    page = figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    settings = f"<pre style='font: 12px monospace'>{escape(settings_json(drawn_map))}</pre>"
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
    "map.parquet": Export(
        "Parquet: the same table, typed", "application/vnd.apache.parquet", as_parquet
    ),
    "map.npz": Export("NPZ for numpy", "application/octet-stream", as_npz),
    "map.html": Export("a page of its own, which opens with no network", "text/html", as_html),
    "map.json": Export(
        "its settings", "application/json", lambda drawn_map: settings_json(drawn_map).encode()
    ),
}


# --- Where the files are fetched ------------------------------------------------------------------


NO_MAP = "This map is not kept any more: its page was closed, or a newer one took its place."


def routes(workbench: Workbench) -> list[Route]:
    """The download addresses of visitors' maps; a file is made when it is fetched."""

    def send(request: Request) -> Response:
        token, name = request.path_params["token"], request.path_params["name"]
        states = workbench.states(MapState)
        maps = (one for state in states for one in (state.drawn, state.finished) if one)
        drawn_map = next((one for one in maps if same_token(one.token, token)), None)
        if drawn_map is None:
            return PlainTextResponse(NO_MAP, 404)
        if name not in EXPORTS:
            return PlainTextResponse("There is no such file.", 404)
        export = EXPORTS[name]
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(export.write(drawn_map), media_type=export.media_type, headers=disposition)

    return [Route(route("map/{token}/{name}"), send)]


# --- The Python that makes a map again ------------------------------------------------------------


LINES = """\
from encoder import load_encoder
from explore import (
    ClusterConfig, ProjectionConfig, cluster, map_fidelity, name_clusters, neighbours, project,
{more})
from ingest import CorpusColumns, read_corpus

columns = {columns}
corpus = read_corpus(Path({file}), columns=columns, sample=True){sampled}
vectors = load_encoder({model}).encode({texts}, pooling={pooling}, layer={layer})
near = neighbours(vectors, 30)
projection = project(vectors, {projection}, near)
clusters = cluster(vectors, {clusters}, near{space})
for name in name_clusters(corpus.texts, vectors, clusters.labels):
    print(name.size, name.title, "|", corpus.texts[name.central])
print(map_fidelity(vectors, projection.coordinates, near=near).trustworthiness)
"""


def map_snippet(drawn_map: DrawnMap) -> str:
    """A script for the settings of this map."""
    settings, texts, corpus = drawn_map.settings, drawn_map.texts, drawn_map.corpus
    fewer, sample = len(corpus) < len(texts.corpus), texts.sample
    whole = settings.read == "all"
    return "from pathlib import Path\n\n" + LINES.format(
        more="" if whole else "    without_addresses,\n",
        texts="corpus.texts" if whole else "list(map(without_addresses, corpus.texts))",
        file=repr(f"assets/samples/{sample.file}" if sample else texts.name),
        columns=corpus.columns if texts.table else None,
        sampled=f".sampled({len(corpus)})" if fewer else "",
        # A visitor's own model is the folder in its download.
        model=repr("./model" if OWN_KEY.fullmatch(settings.model) else settings.model),
        pooling=repr(settings.pooling),
        layer=repr(settings.layer),
        projection=settings.projection,
        clusters=settings.clusters,
        space=", projection.coordinates" if settings.clusters.space == "map" else "",
    )
