"""The web API of maps: plain JSON in, plain JSON out, the same checks as the page."""

import threading
from dataclasses import replace

import gradio as gr

from encoder import DEFAULT_MODEL, EncoderError
from ingest.corpus import AGAIN
from ingest.text import tidy
from ui.checks import OWN_POOLING, pooling_at
from ui.map.drawing import DrawnMap, draw
from ui.map.form import MapForm, parse
from ui.map.handlers import EXPECTED_S
from ui.map.html import giant_remark
from ui.page.events import Lane, worded
from ui.page.tasks import done_for_caller
from ui.state.stages import Stages, Tell
from ui.state.texts import OpenTexts, left_out, on_map, open_texts
from ui.state.workbench import Workbench

LANE: Lane = {"concurrency_id": "api-map", "concurrency_limit": 2}


def build_map_api(workbench: Workbench) -> None:
    """Add `/map` to the current Blocks."""
    settings = workbench.settings

    def map(
        request: gr.Request,
        texts: list[str],
        model: str = DEFAULT_MODEL,
        pooling: str = "",
        layer: str = "-1",
        method: str = "umap",
        dims: int = 2,
        n_neighbors: int = 15,
        min_dist: float = 0.1,
        seed: int = 0,
        clustering: str = "hdbscan",
        min_cluster_size: int = 0,
        n_clusters: int = 0,
        perplexity: float = 30,
        space: str = "umap",
        grain: str = "eom",
        read: str = "all",
    ) -> dict:
        """Lay texts out as a map, and group them.

        texts: distinct sentences; equal ones are taken once, and of more than the limit a sample.
        method: "umap", "pca" or "tsne". clustering: "hdbscan", "kmeans" or "agglomerative". space:
        where HDBSCAN looks, "umap" (one of 5 dimensions), "vectors" or "map". grain: "eom", or
        "leaf" for more and smaller clusters of HDBSCAN. read: "all" of each text, or
        "without_addresses": no links, e-mail addresses and handles. 0 or "" means: the
        default. Answers {"texts", "rows": [position of each in the list you gave], "merged":
        [{"row": of a text that stands there again, "same_as": its first row}], "coordinates":
        [[x, y]], "labels": [cluster, -1 for unclustered], "clusters": [{"cluster", "size", "terms",
        "central"}], "trustworthiness", "continuity", "knn_recall", "settings", "notes"}.
        """
        if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
            raise EncoderError("Give a list of texts, at least one.")
        form = MapForm(
            model=model, pooling=pooling or OWN_POOLING, layer=layer, method=method, dims=dims,
            n_neighbors=n_neighbors, min_dist=min_dist, perplexity=perplexity, seed=seed,
            clustering=clustering, space=space, min_cluster_size=min_cluster_size or None,
            n_clusters=n_clusters or None, grain=grain, read=read,
        )  # fmt: skip
        checked = parse(form)
        visitor = request.session_hash
        encoder = workbench.encoder(model, visitor)
        checked = replace(checked, pooling=pooling_at(checked.layer, checked.pooling, encoder))
        opened = open_texts(texts, "texts", Stages(settings.texts_bytes))
        corpus = on_map(opened.corpus, settings.map_texts)

        def work(tell: Tell, stop: threading.Event) -> DrawnMap:
            *_, drawn_map = draw(opened, {}, corpus, encoder, checked, form, tell, stop)
            return drawn_map

        drawn_map = done_for_caller(work, workbench, visitor, EXPECTED_S)
        return _as_json(drawn_map)

    gr.api(worded(map), api_name="map", **LANE)


def _as_json(drawn_map: DrawnMap) -> dict[str, object]:
    clusters, fidelity = drawn_map.clusters, drawn_map.fidelity
    assert clusters is not None
    if fidelity is not None and not fidelity.k:  # of two texts: there is nothing to measure
        fidelity = None
    corpus = drawn_map.corpus
    return {
        "texts": list(corpus.texts),
        "rows": [number - 1 for number in corpus.row_numbers],
        "merged": _merged(drawn_map.texts),
        "coordinates": drawn_map.projection.coordinates.astype(float).round(5).tolist(),
        "labels": clusters.labels.tolist(),
        "clusters": [
            {
                "cluster": name.cluster,
                "size": name.size,
                "terms": list(name.terms),
                "central": drawn_map.corpus.texts[name.central],
            }
            for name in drawn_map.names
        ],
        "trustworthiness": None if fidelity is None else round(fidelity.trustworthiness, 4),
        "continuity": None if fidelity is None else round(fidelity.continuity, 4),
        "knn_recall": None if fidelity is None else round(fidelity.mean_recall, 4),
        "settings": {
            "model": drawn_map.encoder.name,
            "pooling": drawn_map.settings.pooling or drawn_map.encoder.pooling,
            "layer": drawn_map.settings.layer,
            "method": drawn_map.projection.method,
            "seed": drawn_map.settings.projection.seed,
            "clustering": clusters.note,
            "read": drawn_map.settings.read,
        },
        "notes": [
            note
            for note in (
                *corpus.report.notes,
                *left_out(corpus),
                drawn_map.unreadable,
                drawn_map.projection.note,
                giant_remark(drawn_map),
            )
            if note
        ],
    }


def _merged(opened: OpenTexts) -> list[dict[str, int]]:
    """Texts of the list that stand there again, and where they stood first."""
    corpus, table = opened.corpus, opened.table
    if table is None:
        return []
    first = dict(zip(corpus.texts, corpus.row_numbers, strict=True))
    cells = table.frame[corpus.columns.text]
    return [
        {"row": row - 1, "same_as": first[tidy(cells[row])[0]] - 1}
        for row in corpus.report.dropped.get(AGAIN.words, ())
    ]
