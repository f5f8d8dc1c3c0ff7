"""Where everything stands on the Map tab, top to bottom."""

from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from encoder import DEFAULT_MODEL, POOLINGS
from ui.checks import OWN_POOLING
from ui.map.form import CLUSTERINGS, DIMS, GRAINS, METHODS, READS, SPACES, MapForm
from ui.map.view import CLUSTER, PAINTERS
from ui.page.components import (
    downloader,
    heading,
    markup,
    notice,
    pick,
    plot,
    scatter_map,
    section,
)
from ui.page.models import LAST
from ui.page.texts import SMALL


@dataclass(frozen=True)
class MapLayout:
    """The map, its settings, and what is right around it."""

    form: dict[str, Component]  # the boxes of a MapForm, by its fields
    model_note: gr.HTML
    space_note: gr.HTML
    progress: gr.HTML
    stop: gr.Button
    header: gr.HTML
    map: gr.HTML
    colour: gr.Dropdown
    search: gr.Textbox
    drop: gr.Textbox
    below: gr.HTML  # what came of a search or a drop
    clusters: gr.HTML
    cluster: gr.Dropdown
    title: gr.Textbox
    rename: gr.Button
    whole: gr.Button
    point: gr.HTML
    why_note: gr.HTML
    why: gr.HTML
    selection: gr.HTML
    selection_csv: gr.Button
    download: gr.HTML


HELP = (
    '<p class="lab-note"><b>Point</b> at a dot to read it, <b>click</b> it for its neighbours, '
    "draw around several with the <b>lasso</b> (top right), click a name in the legend to hide it. "
    '<span class="keys">Wheel or <kbd>+</kbd> <kbd>−</kbd>: zoom; arrow keys: move; '
    "<kbd>Enter</kbd>: the text nearest the middle.</span> In 3-D: drag to turn it; lasso and keys "
    "are for 2-D.</p>"
)


def lay_out_map(models: list[tuple[str, str]], layers: list[tuple[str, str]]) -> MapLayout:
    """Settings, the map, and what can be done with it."""
    heading("2. The map")
    default = MapForm()
    with gr.Row(elem_classes=["lab-settings"]):
        model = pick("Model", "map-model", models, DEFAULT_MODEL, scale=3)
        pooling = pick("Pooling", "map-pooling", [OWN_POOLING, *POOLINGS], OWN_POOLING, scale=2)
        layer = pick("Layer", "map-layer", layers, LAST)
        method = pick("Method", "map-method", list(METHODS), default.method)
        dims = pick("Dimensions", "map-dims", list(DIMS), default.dims)
    model_note = markup(elem_id="map-model-note")
    with gr.Accordion("Advanced", open=False, elem_classes=SMALL, elem_id="map-advanced"):
        with gr.Row():
            near = gr.Slider(2, 200, value=default.n_neighbors, step=1, elem_id="n-neighbors",
                             label="UMAP neighbours", info="few: detail; many: the whole",
                             min_width=220)  # fmt: skip
            distance = gr.Slider(0, 0.99, value=default.min_dist, step=0.01, elem_id="min-dist",
                                 label="UMAP min_dist", info="how tightly dots may lie",
                                 min_width=220)  # fmt: skip
            perplexity = gr.Slider(2, 100, value=default.perplexity, step=1, elem_id="perplexity",
                                   label="t-SNE perplexity", info="neighbours that count",
                                   min_width=220)  # fmt: skip
            seed = gr.Number(default.seed, label="Seed", precision=0, elem_id="map-seed",
                             info="another one: another map", min_width=160)  # fmt: skip
            read = pick("The model reads", "map-read", list(READS), default.read,
                         info="of each text; the whole is shown")  # fmt: skip
        with gr.Row():
            clustering = pick("Clusters by", "clustering", list(CLUSTERINGS), default.clustering,
                               info="how groups are found")  # fmt: skip
            space = pick("HDBSCAN looks at", "space", list(SPACES), default.space,
                          info="where it counts what is dense")  # fmt: skip
            grain = pick("Grain of clusters", "grain", list(GRAINS), default.grain,
                          info="HDBSCAN; finer: more and smaller")  # fmt: skip
            size = gr.Number(None, label="Least texts a cluster", precision=0,
                             info="HDBSCAN; 0: chosen for the texts",
                             elem_id="min-cluster-size", min_width=160)  # fmt: skip
            count = gr.Number(None, label="Number of clusters", precision=0,
                              info="the other methods; 0: tried out",
                              elem_id="n-clusters", min_width=160)  # fmt: skip
        space_note = markup(elem_id="space-note")
    with gr.Row(elem_classes=["lab-actions", "lab-progress-row"]):
        progress = markup(elem_id="map-progress")
        stop = gr.Button("Stop", variant="stop", size="sm", elem_id="stop-map", visible="hidden",
                         scale=0, min_width=90)  # fmt: skip
    header = markup(elem_id="map-header")
    scatter = scatter_map(
        "Map of the texts: a dot a text, near where alike. Arrows move it, plus and minus zoom, "
        "Enter takes the text nearest the middle, Escape ends a selection",
        elem_id="map",
    )
    markup(HELP, elem_id="map-help")
    with gr.Row(elem_classes=["lab-settings"]):
        colour = pick("Colour by", "map-colour", list(PAINTERS), CLUSTER)
        search = gr.Textbox(label="Colour by likeness to a sentence", elem_id="map-search",
                            placeholder="type, then Enter", max_lines=1, scale=2)  # fmt: skip
        drop = gr.Textbox(label="Drop a sentence: where does it land?", elem_id="map-drop",
                          placeholder="type, then Enter", max_lines=1, scale=2)  # fmt: skip
    below = markup(elem_id="map-below")
    with section("One text and its neighbours", "point-section"):
        point = markup(notice("Click a dot: its ten nearest texts in the original space."),
                       elem_id="point")  # fmt: skip
        why_note = markup(elem_id="why-note")
        why = plot("Why two texts are near, token by token", elem_id="why")
    with section("A selection", "selection-section"):
        selection = markup(notice("Choose the lasso above the map and draw around some points."),
                           elem_id="selection")  # fmt: skip
        with gr.Row(elem_classes=["lab-actions"]):
            selection_csv = gr.Button("Selection as CSV", size="sm", elem_id="selection-csv",
                                      scale=0, min_width=160)  # fmt: skip
    with section("Clusters", "clusters-section"):
        clusters = markup(elem_id="clusters")
        with gr.Row(elem_classes=["lab-actions"]):
            cluster = gr.Dropdown([], label="Cluster", elem_id="cluster", filterable=False, scale=2)
            title = gr.Textbox(label="Call it", elem_id="cluster-title", max_lines=1, scale=2)
            rename = gr.Button("Rename", size="sm", elem_id="rename-cluster", scale=0, min_width=90)
            whole = gr.Button("Show the whole map", size="sm", elem_id="whole-map", scale=0,
                              min_width=160)  # fmt: skip
    form: dict[str, Component] = {
        "model": model, "pooling": pooling, "layer": layer, "method": method, "dims": dims,
        "n_neighbors": near, "min_dist": distance, "perplexity": perplexity, "seed": seed,
        "clustering": clustering, "space": space, "min_cluster_size": size, "n_clusters": count,
        "grain": grain, "read": read,
    }  # fmt: skip
    return MapLayout(
        form=form, model_note=model_note, space_note=space_note, progress=progress, stop=stop,
        header=header, map=scatter, colour=colour, search=search, drop=drop, below=below,
        clusters=clusters, cluster=cluster, title=title, rename=rename, whole=whole, point=point,
        why_note=why_note, why=why, selection=selection, selection_csv=selection_csv,
        download=downloader(elem_id="map-download"),
    )  # fmt: skip
