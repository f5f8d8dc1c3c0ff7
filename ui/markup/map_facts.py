"""What stands around a map: its settings, how far along it is, its clusters, its report."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from encoder.layers import canonical_layer
from explore import ClusterConfig
from ingest.findings import count
from ui.markup.metrics import NONE
from ui.markup.pieces import message, notes
from ui.markup.scores import number
from ui.picture import STAGES, Picture
from ui.verdict import layer_phrase

TITLES = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
CHARS = 140


def header(picture: Picture) -> str:
    """The settings that made the picture, and what is in it."""
    projection, clusters, fidelity = picture.projection, picture.clusters, picture.fidelity
    config = projection.config
    texts = len(picture.corpus)
    figures = [f"<b>{texts:,}</b> text{'' if texts == 1 else 's'}"]
    if clusters is not None:
        figures += [
            f"<b>{clusters.count}</b> cluster{'' if clusters.count == 1 else 's'}",
            f"<b>{clusters.unclustered:.0%}</b> unclustered",
        ]
    if fidelity is not None and fidelity.k:
        figures.append(
            f"map fidelity: trustworthiness <b>{number(fidelity.trustworthiness, 2)}</b>, kNN "
            f"recall <b>{fidelity.mean_recall:.0%}</b> of each text’s {fidelity.k} nearest"
        )
    made = [TITLES[projection.method]]
    if projection.method == "umap":
        made.append(f"{config.n_neighbors} neighbours, min_dist {config.min_dist:g}")
    if projection.method == "tsne":
        made.append(f"perplexity {config.perplexity:g}")
    grouped = clusters.note if clusters else ""
    if grouped and clusters and clusters.config.method == "kmeans":
        grouped += f", seed {clusters.config.seed}"
    if projection.method != "pca":  # which has no seed
        made.append(f"seed {config.seed}")
    depth = picture.encoder.backbone.depth
    facts = [
        picture.encoder.name,
        f"{picture.settings.pooling or picture.encoder.pooling} pooling",
        layer_phrase(canonical_layer(picture.settings.layer, depth), depth),
        ", ".join(made),
        *([f"clusters: {grouped}"] if grouped else []),
    ]
    remark = _all_alike(picture) or projection.note
    return (
        f'<div class="lab-answer lab-map-facts"><p class="figures">{" · ".join(figures)}</p>'
        f'<p class="facts">{escape(" · ".join(facts))}</p></div>'
        f"{message(remark) if remark else ''}"
    )


def _all_alike(picture: Picture) -> str:
    """What to say of a map that is one dot."""
    if len(picture.corpus) == 1:
        return "This is one text, and one text has no neighbours. Send some more: a map needs tens."
    if np.allclose(picture.vectors, picture.vectors[:1], atol=1e-5):
        return (
            "All these texts have the same vector, so all lie at one place: the model cannot tell "
            "them apart, perhaps because it knows none of their characters."
        )
    return ""


def stages_line(
    stage: str, share: float, seconds: float, stages: Mapping[str, str] = STAGES
) -> str:
    """How far a map is: the stages in a row, the present one with its share."""
    at = list(stages).index(stage) if stage in stages else -1
    marks = "".join(
        f'<i class="{"done" if i < at else "now" if i == at else ""}"></i>'
        for i in range(len(stages) if at >= 0 else 0)  # other work has no stages to count
    )
    what = stages.get(stage, stage.capitalize())
    done = f" {share:.0%}" if 0 < share < 1 else ""
    return (
        f'<div class="lab-stages" role="status"><span class="marks" aria-hidden="true">{marks}'
        f"</span><span>{escape(what)}{done} … {seconds:.0f} s</span></div>"
    )


def cluster_table(picture: Picture, chosen: int | None = None) -> str:
    """Size, name and central text of each cluster; a name picks "cluster:" and its number."""
    clusters = picture.clusters
    if clusters is None:
        return ""
    if not clusters.count:
        return notes(
            ["No clusters were found: no group of texts is dense enough for these settings. Try a "
             "smaller least size, or k-means, which always finds some."]
        )  # fmt: skip
    rows = "".join(
        f'<tr class="{"chosen" if name.cluster == chosen else ""}">'
        f'<td class="num">{name.cluster + 1}</td><th scope="row"><button type="button" '
        f'class="lab-link" data-pick="cluster:{name.cluster}">'
        f"{escape(picture.title(name.cluster))}</button></th>"
        f'<td class="num">{name.size:,}</td><td>{escape(cut(picture.corpus.texts[name.central]))}'
        f"</td></tr>"
        for name in picture.names
    )
    return (
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Clusters">'
        '<table class="lab-table lab-clusters" aria-label="Clusters"><thead><tr>'
        '<th scope="col" class="num">no.</th><th scope="col">name</th>'
        '<th scope="col" class="num">texts</th><th scope="col">most central text</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="lab-note">{escape(_unclustered(picture))}</p>'
    )


def _unclustered(picture: Picture) -> str:
    clusters = picture.clusters
    assert clusters is not None
    left = int((clusters.labels < 0).sum())
    said = f"{left:,} of {len(clusters.labels):,} texts are in no cluster and stay grey."
    if clusters.config.method != "hdbscan":
        said = "This method puts every text into some cluster, whether it belongs there or not."
    return said + " Click a name to zoom to it; names are the words that set a cluster apart."


def cut(text: str, chars: int = CHARS) -> str:
    """A text for a table."""
    return text if len(text) <= chars else f"{text[: chars - 1]}…"


def corpus_facts(name: str, texts: int, dropped: Mapping[str, Sequence[int]],
                 remarks: Sequence[str]) -> str:  # fmt: skip
    """What was read."""
    said = [f"{name}: {count(texts, 'text')}."]
    if dropped:
        left = "; ".join(f"{why}: {len(rows):,}" for why, rows in dropped.items())
        said.append(f"Left out: {left}.")
    return notes([*said, *remarks])


def space_note(config: ClusterConfig, sentence: str) -> str:
    """What the chosen space does to clusters, in words."""
    if config.method != "hdbscan":
        return notes(["Works on the vectors themselves."])
    return notes([f"HDBSCAN looks at {sentence}."])


def missing(value: float, digits: int = 2) -> str:
    """A number, or a dash for NaN."""
    return NONE if value != value else number(value, digits)
