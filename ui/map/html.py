"""What stands below a map when points are touched: one text, a selection, a dropped sentence."""

from collections.abc import Sequence
from html import escape

import numpy as np

from encoder.layers import canonical_layer
from explore import ClusterConfig, Place, hubness, occurrences, top_terms
from ingest.findings import count
from ingest.templates import cell
from ui.map.drawing import DrawnMap
from ui.map.figures import UNCLUSTERED
from ui.map.view import NEAREST, SIMILARITY, Shown, nearest
from ui.words import NONE, cut, layer_phrase, message, missing, notes, number

LISTED = 200  # rows of a selection that are shown; the CSV has all
FAR = 0.12  # share of the map's extent: neighbours further apart than this are on several islands


def point_panel(drawn_map: DrawnMap, row: int) -> str:
    """A text, its labels, and its nearest texts by cosine in the original space."""
    near, clusters = drawn_map.near, drawn_map.clusters
    if near is None:
        return message("The neighbours are still being looked for.")
    facts = [f"row {drawn_map.corpus.row_numbers[row]:,}"]
    facts += [
        f"{name}: {values[row] or '(empty)'}" for name, values in drawn_map.corpus.labels.items()
    ]
    if clusters is not None:
        own = int(clusters.labels[row])
        facts.append(f"cluster {own + 1}: {drawn_map.title(own)}" if own >= 0 else UNCLUSTERED)
    if drawn_map.fidelity is not None and drawn_map.fidelity.k:
        share = drawn_map.fidelity.recall[row]
        facts.append(
            f"{share:.0%} of its {drawn_map.fidelity.k} nearest texts are near it on the map"
        )
    often = int(occurrences(near.indices[:, :NEAREST])[row])
    facts.append(f"among the {NEAREST} nearest of {often} other texts")
    rows = "".join(
        f'<li><span class="num">{number(float(score), 3)}</span> '
        f'<span dir="auto">{escape(cut(drawn_map.corpus.texts[other]))}</span> '
        f'<button type="button" class="lab-button" data-pick="why:{row}:{other}">why near?</button>'
        "</li>"
        for other, score in zip(
            near.indices[row, :NEAREST].tolist(), near.scores[row, :NEAREST], strict=True
        )
    )
    return (
        '<div class="lab-point"><p class="what" dir="auto">'
        f"“{escape(drawn_map.corpus.texts[row])}”</p>"
        f'<p class="facts">{escape(" · ".join(facts))}</p>'
        "<p class='label'>The nearest texts in the original space, by cosine (lines on the map)</p>"
        f'<ol class="lab-near">{rows}</ol></div>'
    )


def selection_panel(drawn_map: DrawnMap, rows: np.ndarray) -> str:
    """The texts of a lasso: terms, distances, and a table."""
    if not len(rows):
        return message("Choose the lasso above the map and draw around some points.")
    chosen = np.zeros(len(drawn_map.corpus), bool)
    chosen[rows] = True
    terms = top_terms(drawn_map.corpus.texts, chosen)
    inside = drawn_map.vectors[rows]
    middle = inside.mean(axis=0)
    cosines = inside @ (middle / max(float(np.linalg.norm(middle)), 1e-12))
    order = np.argsort(-cosines, kind="stable")
    sentences = [f"{count(len(rows), 'text')} chosen."]
    if terms:
        sentences.append(f"What sets them apart: {', '.join(terms)}.")
    sentences.append(_distances(drawn_map, rows))
    labels = list(drawn_map.corpus.labels)
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in labels)
    body = "".join(
        f'<tr><td class="num">{drawn_map.corpus.row_numbers[row]:,}</td>'
        f'<td class="num">{number(float(cosines[at]), 3)}</td>'
        f"<td>{escape(_cluster(drawn_map, row))}</td>"
        + "".join(
            f'<td dir="auto">{escape(cut(drawn_map.corpus.labels[name][row], 40))}</td>'
            for name in labels
        )
        + f'<td dir="auto">{escape(cut(drawn_map.corpus.texts[row]))}</td></tr>'
        for at, row in ((int(i), int(rows[i])) for i in order[:LISTED])
    )
    more = f" The first {LISTED:,} are listed; the CSV has all." if len(rows) > LISTED else ""
    return (
        notes([" ".join(sentences) + more])
        + '<div class="lab-frame lab-tall" role="region" tabindex="0" aria-label="Selection">'
        '<table class="lab-table lab-chosen" aria-label="Selection"><thead><tr>'
        '<th scope="col" class="num">row</th>'
        '<th scope="col" class="num">cosine with<br>their mean</th>'
        '<th scope="col">cluster</th>'
        f'{heads}<th scope="col">text</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _distances(drawn_map: DrawnMap, rows: np.ndarray) -> str:
    """Mean cosine inside the selection, and from it to all others."""
    vectors = drawn_map.vectors
    total = vectors[rows].sum(axis=0)
    n, others = len(rows), len(vectors) - len(rows)
    inside = (float(total @ total) - n) / (n * (n - 1)) if n > 1 else float("nan")
    rest = vectors.sum(axis=0) - total
    outside = float(total @ rest) / (n * others) if others else float("nan")
    return (
        f"Mean cosine {missing(inside)} among them, {missing(outside)} between them and all others."
    )


def _cluster(drawn_map: DrawnMap, row: int) -> str:
    clusters = drawn_map.clusters
    if clusters is None:
        return NONE
    own = int(clusters.labels[row])
    return f"{own + 1}. {drawn_map.title(own)}" if own >= 0 else UNCLUSTERED


def place_panel(drawn_map: DrawnMap, text: str, landed: Place) -> str:
    """Where a dropped sentence landed."""
    first = int(landed.neighbours[0])
    sentences = [f"“{cut(text)}” lands beside “{cut(drawn_map.corpus.texts[first], 90)}”, "
            f"cosine {number(float(landed.cosines[0]), 3)}."]  # fmt: skip
    clusters = drawn_map.clusters
    if clusters is not None:
        own = [int(clusters.labels[row]) for row in landed.neighbours if clusters.labels[row] >= 0]
        held = sorted(set(own), key=own.count, reverse=True)
        if held:
            parts = [f"{own.count(c)} of {len(landed.neighbours)} nearest in “{drawn_map.title(c)}”"
                     for c in held[:3]]  # fmt: skip
            sentences.append("; ".join(parts) + ".")
    if landed.spread > FAR:
        sentences.append(
            "Its nearest texts lie far from each other on the map, so this place says little."
        )
    rows = "".join(
        f'<li><span class="num">{number(float(cosine), 3)}</span> '
        f'<span dir="auto">{escape(cut(drawn_map.corpus.texts[row]))}</span></li>'
        for row, cosine in zip(landed.neighbours.tolist(), landed.cosines, strict=True)
    )
    return notes([" ".join(sentences)]) + f'<ol class="lab-near">{rows}</ol>'


def search_panel(drawn_map: DrawnMap, shown: Shown) -> str:
    """The best texts for a typed sentence, while the map is coloured by it."""
    if shown.similar is None or shown.colour != SIMILARITY:
        return ""
    rows = "".join(
        f'<li><span class="num">{number(float(shown.similar[row]), 3)}</span> '
        f'<span dir="auto">{escape(cut(drawn_map.corpus.texts[row]))}</span></li>'
        for row in nearest(shown.similar)
    )
    return (
        notes([f"Coloured by the cosine with “{cut(shown.query)}”. The nearest texts:"])
        + f'<ol class="lab-near">{rows}</ol>'
    )


def selection_rows(drawn_map: DrawnMap, rows: Sequence[int]) -> list[list[str]]:
    """The selection as a table for a CSV, the header first."""
    labels = list(drawn_map.corpus.labels)
    places = drawn_map.projection.coordinates
    axes = [f"map_{axis}" for axis in "xyz"[: places.shape[1]]]
    table: list[list[str]] = [["row", "text", *map(cell, labels), "cluster", *axes]]
    for row in rows:
        table.append(
            [
                str(drawn_map.corpus.row_numbers[row]),
                cell(drawn_map.corpus.texts[row]),
                *(cell(drawn_map.corpus.labels[name][row]) for name in labels),
                cell(_cluster(drawn_map, row)),
                *(f"{value:.5f}" for value in places[row]),
            ]
        )
    return table


HUBS = 5  # texts that are listed


def hubs_panel(drawn_map: DrawnMap) -> str:
    """Texts that are near to very many others, and how strong that is."""
    near = drawn_map.near
    if near is None or not near.indices.shape[1]:
        return ""
    lists = near.indices[:, :NEAREST]
    counts = occurrences(lists)
    top = np.argsort(-counts, kind="stable")[:HUBS]
    never = int((counts == 0).sum())
    note = (
        f"A text is among the {lists.shape[1]} nearest of {lists.shape[1]} others on average; the "
        f"skewness is {hubness(lists):.1f} (above 1: some texts are everybody's neighbour). "
        f"{count(never, 'text')} {'is' if never == 1 else 'are'} nobody's neighbour. These are "
        "near to most others:"
    )
    rows = "".join(
        f'<li><span class="num">{int(counts[row]):,}</span> '
        f'<span dir="auto">{escape(cut(drawn_map.corpus.texts[int(row)]))}</span></li>'
        for row in top
    )
    heading = '<p class="label">Hubs: texts that are near to very many</p>'
    return heading + notes([note]) + f'<ol class="lab-near">{rows}</ol>'


# --- What stands around a map: its settings and its clusters --------------------------------------


TITLES = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}


def header(drawn_map: DrawnMap) -> str:
    """The settings that made the map, and what is in it."""
    projection, clusters, fidelity = drawn_map.projection, drawn_map.clusters, drawn_map.fidelity
    config = projection.config
    texts = len(drawn_map.corpus)
    figures = [f"<b>{texts:,}</b> text{'' if texts == 1 else 's'}"]
    if clusters is not None:
        figures += [
            f"<b>{clusters.count}</b> cluster{'' if clusters.count == 1 else 's'}",
            f"<b>{clusters.unclustered:.0%}</b> {UNCLUSTERED}",
        ]
    if fidelity is not None and fidelity.k:
        figures.append(
            f"map fidelity: trustworthiness <b>{number(fidelity.trustworthiness, 2)}</b>, kNN "
            f"recall <b>{fidelity.mean_recall:.0%}</b> of each text’s {fidelity.k} nearest"
        )
    layout = [TITLES[projection.method]]
    if projection.method == "umap":
        layout.append(f"{config.n_neighbors} neighbours, min_dist {config.min_dist:g}")
    if projection.method == "tsne":
        layout.append(f"perplexity {config.perplexity:g}")
    grouped = clusters.note if clusters else ""
    if grouped and clusters and clusters.config.method == "kmeans":
        grouped += f", seed {clusters.config.seed}"
    if projection.method != "pca":  # which has no seed
        layout.append(f"seed {config.seed}")
    depth = drawn_map.encoder.backbone.depth
    facts = [
        drawn_map.encoder.name,
        f"{drawn_map.settings.pooling or drawn_map.encoder.pooling} pooling",
        layer_phrase(canonical_layer(drawn_map.settings.layer, depth), depth),
        *([] if drawn_map.settings.read == "all" else ["read without links and handles"]),
        ", ".join(layout),
        *([f"clusters: {grouped}"] if grouped else []),
    ]
    remark = _all_alike(drawn_map) or projection.note
    return (
        f'<div class="lab-answer lab-map-facts"><p class="figures">{" · ".join(figures)}</p>'
        f'<p class="facts">{escape(" · ".join(facts))}</p></div>'
        f"{message(remark) if remark else ''}"
        f"{notes([drawn_map.unreadable]) if drawn_map.unreadable else ''}"
    )


def _all_alike(drawn_map: DrawnMap) -> str:
    """What to say of a map that is one dot."""
    if len(drawn_map.corpus) == 1:
        return "This is one text, and one text has no neighbours. Send some more: a map needs tens."
    if np.allclose(drawn_map.vectors, drawn_map.vectors[:1], atol=1e-5):
        return (
            "All these texts have the same vector, so all lie at one place: the model cannot tell "
            "them apart, perhaps because it knows none of their characters."
        )
    return ""


def cluster_table(drawn_map: DrawnMap) -> str:
    """Size, name and central text of each cluster; a name picks "cluster:" and its number."""
    clusters = drawn_map.clusters
    if clusters is None:
        return ""
    if not clusters.count:
        return notes(
            ["No clusters were found: no group of texts is dense enough for these settings. Try a "
             "smaller least size, or k-means, which always finds some."]
        )  # fmt: skip
    rows = "".join(
        f'<tr><td class="num">{name.cluster + 1}</td><th scope="row" dir="auto">'
        f'<button type="button" class="lab-link" data-pick="cluster:{name.cluster}">'
        f"{escape(drawn_map.title(name.cluster))}</button></th>"
        f'<td class="num">{name.size:,}</td>'
        f'<td dir="auto">{escape(cut(drawn_map.corpus.texts[name.central]))}</td></tr>'
        for name in drawn_map.names
    )
    remark = giant_remark(drawn_map)
    return (
        (message(remark) if remark else "")
        + '<div class="lab-frame" role="region" tabindex="0" aria-label="Clusters">'
        '<table class="lab-table lab-clusters" aria-label="Clusters"><thead><tr>'
        '<th scope="col" class="num">no.</th><th scope="col">name</th>'
        '<th scope="col" class="num">texts</th><th scope="col">most central text</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="lab-note">{escape(_unclustered(drawn_map))}</p>'
    )


def giant_remark(drawn_map: DrawnMap) -> str:
    """What to say where one cluster holds more than half of all texts, "" where none does."""
    clusters, common = drawn_map.clusters, drawn_map.common
    if clusters is None or common is None:
        return ""
    remark = f"Cluster {common.cluster + 1} holds {common.share:.0%} of all texts"
    if common.words:
        words = ", ".join(f"“{word}” ({share:.0%})" for word, share in common.words)
        remark += f"; commonest in it: {words}"
    remedies = []
    if clusters.config.method == "hdbscan" and clusters.config.selection != "leaf":
        remedies.append("“Grain of clusters: finer”")
    if common.addressed and drawn_map.settings.read == "all":
        remedies.append(
            f"“The model reads: no links, no handles” ({common.addressed:.0%} of its texts have "
            "some)"
        )
    if clusters.config.method != "hdbscan":
        remedies.append("a larger number of clusters")
    tries = (
        f" To see what is in it, try {' or '.join(remedies)} under Advanced." if remedies else ""
    )
    return f"{remark}.{tries}"


def _unclustered(drawn_map: DrawnMap) -> str:
    clusters = drawn_map.clusters
    assert clusters is not None
    left = int((clusters.labels < 0).sum())
    verb = "is" if left == 1 else "are"
    note = f"{left:,} of {count(len(clusters.labels), 'text')} {verb} {UNCLUSTERED} and grey."
    if clusters.config.method != "hdbscan":
        note = "This method puts every text into some cluster, whether it belongs there or not."
    return note + " Click a name to zoom to it; names are the words that set a cluster apart."


def space_note(config: ClusterConfig, sentence: str) -> str:
    """What the chosen space does to clusters, in words."""
    if config.method != "hdbscan":
        return notes(["Works on the vectors themselves."])
    return notes([f"HDBSCAN looks at {sentence}."])
