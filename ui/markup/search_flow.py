"""Rankings against each other in words and tables: what they share, and what only one found."""

from html import escape

from ui.markup.map_facts import cut
from ui.markup.metrics import NONE
from ui.markup.pieces import notes
from ui.markup.search_facts import settings_line
from ui.search_flow import Flow

LISTED_CHARS = 70
HITS_ABOVE = {"bm25": "ranked by BM25", "fusion": "fused with BM25"}
MOST_ALONE = 3  # texts that are written out


def flow_facts(flow: Flow) -> str:
    """What was asked of what."""
    first = "the ranking above"
    if flow.method in HITS_ABOVE:
        first = f"the ranking by the vectors alone (the hits above are {HITS_ABOVE[flow.method]})"
    return notes(
        [f"“{cut(flow.query)}”: the {min(flow.k, len(flow.index.corpus))} best of each of "
         f"{len(flow.strategies)} rankings.",
         f"The first column is {first}: {settings_line(flow.index)}."]
    )  # fmt: skip


def strategies_table(flow: Flow) -> str:
    """Each ranking: what it shares with the first, and what no other has."""
    texts = flow.index.corpus.texts
    rows = ""
    for at, (strategy, overlap) in enumerate(zip(flow.strategies, flow.overlaps, strict=True)):
        alone = flow.only[strategy.name]
        shown = "".join(
            f"<li>{escape(cut(texts[row], LISTED_CHARS))}</li>" for row in alone[:MOST_ALONE]
        )
        more = f"<li>and {len(alone) - MOST_ALONE} more</li>" if len(alone) > MOST_ALONE else ""
        share = NONE if overlap != overlap else "–" if not at else f"{overlap:.0%}"
        rows += (
            f'<tr><th scope="row">{escape(strategy.name)}</th><td>{escape(strategy.settings)}</td>'
            f'<td class="num">{share}</td><td class="num">{len(alone)}</td>'
            f"<td>{f'<ul>{shown}{more}</ul>' if alone else ''}</td></tr>"
        )
    return (
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Rankings">'
        '<table class="lab-table lab-flow" aria-label="Rankings"><thead><tr>'
        '<th scope="col">ranking</th><th scope="col">settings</th>'
        f'<th scope="col" class="num">overlap@{flow.k}<br>with the first</th>'
        '<th scope="col" class="num">found<br>only by it</th><th scope="col">these</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
        + notes(
            ["Overlap is no measure of quality: it says how far rankings agree, not which is "
             "right. What a ranking alone found may be its best hit or its worst; read it."]
        )
    )  # fmt: skip


def ranks_table(flow: Flow) -> str:
    """The chart as numbers: a row a text, a column a ranking."""
    names = [strategy.name for strategy in flow.strategies]
    heads = "".join(f'<th scope="col" class="num">{escape(name)}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{escape(cut(flow.index.corpus.texts[row], LISTED_CHARS))}</th>'
        + "".join(f'<td class="num">{by_name[name] or "–"}</td>' for name in names)
        + "</tr>"
        for row, by_name in flow.ranks.items()
    )
    return (
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Ranks">'
        '<table class="lab-table lab-ranks" aria-label="Ranks"><thead><tr>'
        f'<th scope="col">text</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def picked_text(flow: Flow, row: int) -> str:
    """The text of a mark that was clicked, its ranks, and a button for the reasons of each."""
    by_name = flow.ranks[row]
    buttons = "".join(
        f"<li>{escape(name)}: {rank or f'not among {flow.k}'} "
        f'<button type="button" class="lab-button" data-pick="why:{at}:{row}" '
        f'aria-label="Why, by {escape(name)}">why</button></li>'
        for at, (name, rank) in enumerate(by_name.items())
    )
    return (
        notes([f"“{cut(flow.index.corpus.texts[row], 300)}”"])
        + f'<ul class="lab-picked" aria-label="Its ranks">{buttons}</ul>'
    )
