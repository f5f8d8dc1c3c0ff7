"""The web API of maps: plain JSON in, plain JSON out, the same checks as the page."""

import threading
from dataclasses import replace
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, EncoderError
from ui.checks import OWN_POOLING, pooling_at
from ui.map.drawing import DrawnMap, draw
from ui.map.form import MapForm, parse
from ui.map.handlers import EXPECTED_S
from ui.page.events import worded
from ui.page.models import ModelPicker
from ui.page.tasks import done_in_line
from ui.state.stages import Stages, Tell
from ui.state.texts import on_map, open_texts
from ui.state.workbench import Workbench


def build_map_api(workbench: Workbench) -> None:
    """Add `/map` to the current Blocks."""
    picker, settings = ModelPicker(workbench), workbench.settings

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
    ) -> dict:
        """Lay texts out as a map, and group them.

        texts: distinct sentences; equal ones are taken once, and of more than the limit a sample.
        method: "umap", "pca" or "tsne". clustering: "hdbscan", "kmeans" or "agglomerative". space:
        where HDBSCAN looks, "umap" (one of 5 dimensions), "vectors" or "map". 0 or "" means: the
        default. Answers {"texts", "coordinates": [[x, y]], "labels": [cluster, -1 for
        none], "clusters": [{"cluster", "size", "terms", "central"}], "trustworthiness",
        "continuity", "knn_recall", "settings", "notes"}.
        """
        if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
            raise EncoderError("Give a list of texts, at least one.")
        form = MapForm(
            model, pooling or OWN_POOLING, layer, method, dims, n_neighbors, min_dist,
            perplexity, seed, clustering, space, min_cluster_size or None, n_clusters or None,
        )  # fmt: skip
        asked, visitor = parse(form), request.session_hash
        encoder = workbench.encoder(picker.parse(model, visitor), visitor)
        asked = replace(asked, pooling=pooling_at(asked.layer, asked.pooling, encoder))
        opened = open_texts(texts, "texts", Stages(settings.texts_bytes))
        corpus = on_map(opened.corpus, settings.map_texts)

        def work(tell: Tell, stop: threading.Event) -> DrawnMap:
            *_, picture = draw(opened, {}, corpus, encoder, asked, form, tell, stop)
            return picture

        picture = done_in_line(work, workbench.work_queue, EXPECTED_S)
        return _as_json(picture)

    limits: dict[str, Any] = {"concurrency_id": "api-map", "concurrency_limit": 2}
    gr.api(worded(map), api_name="map", **limits)


def _as_json(picture: DrawnMap) -> dict:
    clusters, fidelity = picture.clusters, picture.fidelity
    assert clusters is not None
    known = fidelity is not None and fidelity.k > 0
    return {
        "texts": list(picture.corpus.texts),
        "coordinates": picture.projection.coordinates.astype(float).round(5).tolist(),
        "labels": clusters.labels.tolist(),
        "clusters": [
            {
                "cluster": name.cluster,
                "size": name.size,
                "terms": list(name.terms),
                "central": picture.corpus.texts[name.central],
            }
            for name in picture.names
        ],
        "trustworthiness": round(fidelity.trustworthiness, 4) if fidelity and known else None,
        "continuity": round(fidelity.continuity, 4) if fidelity and known else None,
        "knn_recall": round(fidelity.mean_recall, 4) if fidelity and known else None,
        "settings": {
            "model": picture.encoder.name,
            "pooling": picture.settings.pooling or picture.encoder.pooling,
            "layer": picture.settings.layer,
            "method": picture.projection.method,
            "seed": picture.settings.projection.seed,
            "clustering": clusters.note,
        },
        "notes": [note for note in (*picture.corpus.report.notes, picture.projection.note) if note],
    }
