"""What was measured about a map, in words that say what each number is worth."""

from html import escape

from explore import Stability
from ingest.findings import count
from ui.markup.map_facts import missing
from ui.markup.metrics import NONE
from ui.markup.pieces import message, notes
from ui.markup.scores import number
from ui.picture import Picture
from ui.report import NullMap, Report

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


def report_table(report: Report) -> str:
    """Fidelity, agreement and silhouette, one row each with its meaning."""
    picture = report.picture
    fidelity, null = picture.fidelity, report.null
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
    if report.agreement is not None:
        rows.append(
            ("Clusters, vectors and map", missing(report.agreement),
             "Adjusted Rand index of these clusters with those found on the map alone: 1 the same, "
             "0 chance.")
        )  # fmt: skip
    if picture.clusters is not None:
        rows.append(
            ("Silhouette", NONE if report.silhouette is None else number(report.silhouette, 3),
             "How much nearer texts are to their own cluster than to the next, by cosine in the "
             "original space, from −1 to 1. Sentences rarely exceed 0.2.")
        )  # fmt: skip
    body = "".join(
        f'<tr><th scope="row">{name}</th><td class="num">{value}</td><td>{what}</td></tr>'
        for name, value, what in rows
    )
    return (
        '<div class="lab-frame"><table class="lab-plain lab-report"><tbody>'
        f"{body}</tbody></table></div>{drivers_list(report)}" + (SWEEP if report.swept else "")
    )


def drivers_list(report: Report) -> str:
    """What the clusters follow: surface features and label columns."""
    if not report.drivers:
        return ""
    rows = "".join(
        f'<li><span class="num">{number(driver.information, 2)}</span> '
        f"<span>{escape(driver.name)}</span></li>"
        for driver in report.drivers
    )
    return (
        "<p class='label'>What drives the split?</p>"
        + notes([DRIVERS])
        + f'<ol class="lab-near">{rows}</ol>'
    )


def null_words(report: Report, null: NullMap) -> str:
    """What the world without structure says about this one."""
    picture, there = report.picture, null.clusters
    here, fidelity = picture.clusters, picture.fidelity
    assert here is not None
    said = [
        "Beside the map of the texts, one of noise: vectors drawn from one Gaussian of the same "
        "mean and covariance, laid out and grouped in the same steps. "
        f"{count(there.count, 'cluster')} and {there.unclustered:.0%} unclustered there, "
        f"{here.count} and {here.unclustered:.0%} here."
    ]
    if there.count >= SIMILAR * here.count > 0:
        said.append("So the mere number of islands proves nothing: noise has as many.")
    if fidelity is not None and fidelity.k:
        said.append(f"kNN recall is {fidelity.mean_recall:.0%} here and {null.recall:.0%} there.")
    if report.silhouette is not None and null.silhouette is not None:
        own, other = report.silhouette, null.silhouette
        floor = max(other, 0.0)  # below 0 texts are nearer to another cluster than to their own
        said.append(f"The silhouette is {number(own, 3)} here and {number(other, 3)} there:")
        said.append(
            "these clusters are apart in the vectors, not only on the map."
            if own > CLEARLY * floor and own > floor + MARGIN
            else "in the vectors, these clusters are hardly further apart than those of noise."
        )
    return f"<p class='label'>Would noise look like this?</p>{notes([' '.join(said)])}"


def stability_table(picture: Picture, stable: Stability) -> str:
    """For each cluster, in how many runs with other seeds it stays together."""
    rows = "".join(
        f'<tr><th scope="row">{cluster + 1}. {escape(picture.title(cluster))}</th>'
        f'<td class="num">{kept} of {stable.runs} runs</td>'
        f'<td class="num">{pairs:.0%}</td></tr>'
        for cluster, (kept, pairs) in enumerate(zip(stable.kept, stable.pairs, strict=True))
    )
    mean = sum(stable.agreement) / max(len(stable.agreement), 1)
    said = (
        f"{stable.runs} more runs with other seeds, on {stable.rows:,} texts; adjusted Rand index "
        f"with the clusters above: {number(mean, 2)} on average, "
        f"{number(min(stable.agreement), 2)} at least."
    )
    return (
        "<p class='label'>Would other seeds find the same clusters?</p>"
        + notes([said])
        + '<div class="lab-frame"><table class="lab-table"><thead><tr>'
        '<th scope="col">cluster</th><th scope="col" class="num">stays together in</th>'
        '<th scope="col" class="num">pairs together</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def not_yet() -> str:
    """Before anything was measured."""
    return message("Nothing is measured yet: press the button. It takes some seconds.")
