"""What people call their columns."""

import re

STEMS = (
    *("sentence", "sent", "text", "question", "phrase", "string", "document", "doc", "title"),
    *(
        "input",
        "statement",
        "utterance",
        "query",
        "passage",
        "paragraph",
        "claim",
        "item",
        "s",
        "t",
    ),
    "q",
)
ENDS = (("1", "2"), ("a", "b"), ("left", "right"), ("one", "two"))
PAIRS: tuple[tuple[str, str], ...] = (
    *((stem + one, stem + two) for stem in STEMS for one, two in ENDS),
    *((one + stem, two + stem) for stem in STEMS for one, two in (("left", "right"),)),
    ("premise", "hypothesis"),
    *(("question", name) for name in ("answer", "response", "context", "passage", "sentence")),
    *(("query", n) for n in ("passage", "document", "positive", "pos", "answer", "response")),
    *(("query", n) for n in ("text", "product", "title", "doc", "sentence")),
    ("anchor", "positive"),
    ("anchor", "pos"),
    ("anchor", "text"),
    ("original", "paraphrase"),
    ("sentence", "paraphrase"),
    ("text", "paraphrase"),
    ("prompt", "response"),
    ("prompt", "completion"),
    ("instruction", "output"),
    ("input", "output"),
    ("source", "target"),
    ("text", "summary"),
    ("document", "summary"),
    ("title", "abstract"),
    ("title", "body"),
    ("title", "text"),
    ("context", "response"),
    ("a", "b"),
    ("0", "1"),
)
ANCHORS = ("anchor", "query", "question", "sentence", "sent0", "text", "premise", "a")
POSITIVES = ("positive", "pos", "sent1", "positive1", "p", "entailment", "positivepassage")
NEGATIVES = ("negative", "neg", "hardneg", "hardnegative", "negative1", "neg1", "n")
NEGATIVES_TOO = ("contradiction", "negativepassage", "negative0")
LABELS = (
    *("score", "similarityscore", "similarity", "simscore", "relatednessscore", "relatedness"),
    *("goldscore", "label", "labels", "goldlabel", "gold", "isduplicate", "duplicate", "dup"),
    *("isparaphrase", "issame", "samemeaning", "same", "ismatch", "match", "rating", "ratings"),
    *("grade", "relevance", "isrelevant", "judgment", "judgement", "entailmentjudgment", "class"),
    *("y", "truth", "groundtruth", "cosine", "entailment", "quality", "stars", "points"),
)
# Labels that are a yes or a no: 1 and 2 below these are no grades.
YES_OR_NO = (
    *("label", "labels", "goldlabel", "gold", "class", "y", "truth", "groundtruth"),
    *("isduplicate", "duplicate", "dup", "isparaphrase", "issame", "samemeaning", "same"),
    *("ismatch", "match", "isrelevant"),
)
# Columns that describe the row or the file, and are neither a text of the pair nor its label.
BESIDE = (
    *("part", "row", "id", "index", "idx", "pairid", "qid1", "qid2", "split", "topic", "genre"),
    *("category", "domain", "source", "file", "filename", "year", "date", "lang", "language"),
    *("comment", "comments", "note", "notes", "annotator", "user", "unnamed0"),
)
# Texts that stand alone, not in pairs; the first of these that holds texts is taken.
SINGLE_TEXTS = (
    *("text", "texts", "sentence", "sentences", "utterance", "message", "messages", "content"),
    *("body", "review", "reviews", "comment", "comments", "post", "tweet", "passage", "passages"),
    *("paragraph", "document", "documents", "doc", "description", "abstract", "summary"),
    *("question", "questions", "query", "queries", "statement", "claim", "phrase", "prompt"),
    *("headline", "title", "titles", "caption", "answer", "answers", "response", "reply", "input"),
    *("text1", "sentence1", "question1", "texta", "sentencea", "questiona", "anchor", "premise"),
)
GROUPS = (
    *("topic", "topics", "category", "categories", "intent", "channel", "section", "label"),
    *("tag", "tags", "group", "cluster", "class", "sentiment", "emotion", "department", "priority"),
    *("product", "subject", "type", "status", "country", "city", "author", "name", "url", "time"),
)
KNOWN = frozenset(
    (*(name for pair in PAIRS for name in pair), *ANCHORS, *POSITIVES, *NEGATIVES, *NEGATIVES_TOO)
) | frozenset((*LABELS, *BESIDE))
KNOWN_BESIDE_TEXTS = KNOWN | frozenset((*SINGLE_TEXTS, *GROUPS))


def plain(name: str) -> str:
    """'Sentence 1', 'sentence_1' and 'sentence1' are one name."""
    return re.sub(r"[\W_]+", "", name.casefold())
