"""What was measured about a map, in words that say what each number is worth."""

from html import escape

from explore import Clusters, Stability
from explore.cluster import SCORED_ROWS, UMAP_DIMS
from ingest.findings import count
from ui.map.drawing import DrawnMap
from ui.map.trust_measures import NullMap, Trust
from ui.words import NONE, message, missing, notes, number

DRIVERS = (
    "Adjusted mutual information of the clusters with what can be seen of the texts, and with your "
    "label columns: 0 chance, 1 the same grouping."
)
SWEEP = (
    "<p class='label'>How much hangs on one setting?</p>"
    '<p class="lab-note">Clusters found, and texts left out, for every least size of a cluster; '
    "the upright line is the size in use. On a level stretch the groups are those of the texts; at "
    "a cliff they are those of the setting.</p>"
)
SIMILAR = 0.7  # of as many clusters
CLEARLY, MARGIN = 1.3, 0.01  # how much larger a silhouette is than that of noise


def trust_table(trust: Trust) -> str:
    """Fidelity, agreement and silhouette, one row each with its meaning."""
    drawn_map = trust.drawn_map
    fidelity, null = drawn_map.fidelity, trust.null
    rows = []
    if fidelity is not None and fidelity.k:
        k = fidelity.k
        rows += [
            ("Trustworthiness", number(fidelity.trustworthiness, 3),
             f"Are the {k} nearest on the map near in the vectors? 1: all of them."),
            ("Continuity", number(fidelity.continuity, 3),
             f"Are the {k} nearest in the vectors near on the map? 1: all of them."),
            ("kNN recall", f"{fidelity.mean_recall:.0%}",
             f"Of each text's {k} nearest, this share is among its {k} nearest on the map."
             + (f" Without any structure it is {null.recall:.0%}." if null else "")),
        ]  # fmt: skip
    clusters = drawn_map.clusters
    if trust.agreement is not None and clusters is not None:
        rows.append(("Clusters, vectors and map", missing(trust.agreement), _both_sides(clusters)))
    if clusters is not None:
        rows.append(
            ("Silhouette", NONE if trust.silhouette is None else number(trust.silhouette, 3),
             "How much nearer texts are to their own cluster than to the next, by cosine in the "
             "original space, from −1 to 1. Sentences rarely exceed 0.2. " + _scored(clusters))
        )  # fmt: skip
    body = "".join(
        f'<tr><th scope="row">{name}</th><td class="num">{value}</td><td>{what}</td></tr>'
        for name, value, what in rows
    )
    return (
        '<div class="lab-frame"><table class="lab-plain lab-report"><tbody>'
        f"{body}</tbody></table></div>{drivers_list(trust)}" + (SWEEP if trust.swept else "")
    )


def _both_sides(clusters: Clusters) -> str:
    """Which two groupings are compared."""
    config, how_many = clusters.config, count(clusters.count, "cluster")
    if config.method == "hdbscan":
        dense = f"a {UMAP_DIMS}-D UMAP of the vectors"
        here = {"umap": f"in {dense}", "vectors": "in the vectors", "map": "on the map"}
        there = f"in {dense}" if config.space == "map" else "on the map"
        sides = (
            f"what HDBSCAN finds {here[config.space]} (the clusters above) with what it finds "
            f"{there}, with the same least size"
        )
    else:
        name = {"kmeans": "k-means", "agglomerative": "agglomerative grouping"}[config.method]
        sides = (
            f"what {name} makes of the vectors (the clusters above) with what it makes of the "
            f"places on the map, {how_many} each"
        )
    meaning = f"Adjusted Rand index of {sides}: 1 the same, 0 chance."
    if config.method == "hdbscan" or clusters.unclustered:
        meaning += " The unclustered count as one group on each side."
    return meaning


def _scored(clusters: Clusters) -> str:
    """Of which texts a silhouette is."""
    texts = len(clusters.labels)
    inside = int((clusters.labels >= 0).sum())
    sample = f"a sample of {SCORED_ROWS:,} of " if inside > SCORED_ROWS else ""
    if inside == texts:
        return f"Of {sample}all {texts:,} texts."
    return (
        f"Of {sample}the {inside:,} clustered texts, without the {texts - inside:,} unclustered: "
        "the more are left out, the better it looks."
    )


def drivers_list(trust: Trust) -> str:
    """What the clusters follow: surface features and label columns."""
    if not trust.drivers:
        return ""
    rows = "".join(
        f'<li><span class="num">{number(driver.information, 2)}</span> '
        f"<span>{escape(driver.name)}</span></li>"
        for driver in trust.drivers
    )
    return (
        "<p class='label'>What drives the split?</p>"
        + notes([DRIVERS])
        + f'<ol class="lab-near">{rows}</ol>'
    )


def null_words(trust: Trust, null: NullMap) -> str:
    """What the world without structure says about this one."""
    drawn_map, there = trust.drawn_map, null.clusters
    here, fidelity = drawn_map.clusters, drawn_map.fidelity
    assert here is not None
    sentences = [
        "Beside the map of the texts, one of noise: vectors drawn from one Gaussian of the same "
        "mean and covariance, laid out and grouped in the same steps. It is one draw, and another "
        "would have other numbers. "
        f"{count(there.count, 'cluster')} and {there.unclustered:.0%} unclustered there, "
        f"{here.count} and {here.unclustered:.0%} here."
    ]
    if there.count >= SIMILAR * here.count > 0:
        sentences.append("So the mere number of islands proves nothing: this noise has as many.")
    if fidelity is not None and fidelity.k:
        sentences.append(
            f"kNN recall is {fidelity.mean_recall:.0%} here and {null.recall:.0%} there."
        )
    if trust.silhouette is not None and null.silhouette is not None:
        own, other = trust.silhouette, null.silhouette
        floor = max(other, 0.0)  # below 0 texts are nearer to another cluster than to their own
        sentences.append(
            f"The silhouette, of the clustered texts, is {number(own, 3)} here and "
            f"{number(other, 3)} there:"
        )
        sentences.append(
            "these clusters are apart in the vectors, not only on the map."
            if own > CLEARLY * floor and own > floor + MARGIN
            else "in the vectors, these clusters are hardly further apart than those of noise."
        )
    return f"<p class='label'>Would noise look like this?</p>{notes([' '.join(sentences)])}"


def stability_table(drawn_map: DrawnMap, stable: Stability) -> str:
    """For each cluster, in how many runs with other seeds it stays together."""
    title = "<p class='label'>Would other seeds find the same clusters?</p>"
    if not stable.runs:
        return title + notes([f"No seed plays a part: {stable.note}. Every run would be the same."])
    few = "too few in the sample" if stable.sampled else "too few texts"
    rows = "".join(
        f'<tr><th scope="row">{cluster + 1}. {escape(drawn_map.title(cluster))}</th>'
        + (
            f'<td class="num">{few}</td><td class="num">{NONE}</td></tr>'
            if together is None or pairs is None
            else f'<td class="num">{together} of {stable.runs} runs</td>'
            f'<td class="num">{pairs:.0%}</td></tr>'
        )
        for cluster, (together, pairs) in enumerate(zip(stable.kept, stable.pairs, strict=True))
    )
    mean = sum(stable.agreement) / max(len(stable.agreement), 1)
    remarks = [
        f"Repeated: {stable.note}; {stable.runs} runs with other seeds, on {stable.rows:,} texts. "
        "Adjusted Rand index with the clusters above: "
        f"{number(mean, 2)} on average, {number(min(stable.agreement), 2)} at least."
    ]
    if stable.sampled:
        remarks.append(
            f"These {stable.rows:,} of {len(drawn_map.corpus):,} texts are a random sample, for "
            "which the least size of a cluster is cut in proportion: a part of what differs comes "
            "from sampling, not from the seed."
        )
    return (
        title + notes(remarks) + '<div class="lab-frame"><table class="lab-table"><thead><tr>'
        '<th scope="col">cluster</th><th scope="col" class="num">stays together in</th>'
        '<th scope="col" class="num">pairs together</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def not_yet() -> str:
    """Before anything was measured."""
    return message("Nothing is measured yet: press the button. It takes some seconds.")
