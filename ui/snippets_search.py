"""The Python that finds the same hits again."""

from encoder import CATALOG
from ui.search_answer import DEEP, Answer
from ui.search_index import query_options, text_options

FRAME = """\
from pathlib import Path

{imports}
from ingest import CorpusColumns, read_corpus

columns = {columns}
corpus = read_corpus(Path({file}), columns=columns, sample=True){sampled}
query = {query}
{ranking}
for row, score in zip(hits.indices[0], hits.scores[0]):
    if row >= 0:  # else an empty place: no text shares a word with the query
        print(f"{{score:.3f}}", corpus.texts[row])
"""
VECTORS = """\
encoder = load_encoder({model})
settings = {{"pooling": {pooling}, "layer": {layer}}}
vectors = encoder.encode(corpus.texts, **settings{for_texts})
vector = encoder.encode([query], **settings{for_query})
"""
RANKINGS = {
    "dense": VECTORS + "hits = search(vector, vectors, k={k})",
    "bm25": "hits = Bm25Index(corpus.texts).search([query], k={k})",
    "fusion": VECTORS
    + """\
by_vectors = search(vector, vectors, k={deep})
by_words = Bm25Index(corpus.texts).search([query], k={deep})
hits = reciprocal_rank_fusion([by_vectors, by_words], k={k})""",
}
NEEDED = {
    "dense": ["search"],
    "bm25": ["Bm25Index"],
    "fusion": ["Bm25Index", "reciprocal_rank_fusion", "search"],
}


def search_snippet(answer: Answer) -> str:
    """A script for the settings and the query of this answer."""
    index, method = answer.index, answer.method
    settings, atlas, corpus = index.settings, index.atlas, index.corpus
    fewer = atlas.corpus is not None and len(corpus) < len(atlas.corpus)
    hub = settings.model in CATALOG or "/" in settings.model
    sides = [options(index.encoder).prompt for options in (text_options, query_options)]
    prompts = [f", options=Options(prompt={name!r})" if name else "" for name in sides]
    encoding = "from encoder import Options, load_encoder" if any(sides) else (
        "from encoder import load_encoder"
    )  # fmt: skip
    ranking = RANKINGS[method].format(
        # A visitor's own model is the folder in its download.
        model=repr(settings.model if hub else "./model"),
        pooling=repr(settings.pooling),
        layer=repr(settings.layer),
        for_texts=prompts[0],
        for_query=prompts[1],
        k=answer.k,
        deep=max(answer.k, DEEP),
    )
    imports = f"from explore import {', '.join(NEEDED[method])}"
    return FRAME.format(
        imports=imports if method == "bm25" else f"{encoding}\n{imports}",
        columns=corpus.columns if atlas.table else None,
        file=repr(f"assets/samples/{atlas.name}" if atlas.bundled else atlas.name),
        sampled=f".sampled({len(corpus)})" if fewer else "",
        query=repr(answer.query),
        ranking=ranking,
    )
