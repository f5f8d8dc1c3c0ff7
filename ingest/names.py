"""What people call their columns."""

import re
import unicodedata

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
    *("comment", "comments", "note", "notes", "annotator", "user", "unnamed0", "license"),
    *("licence", "attribution", "copyright", "rights", "credit", "credits", "username", "author"),
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
# Words of a name by which a column is a label: "human_score", "similarityScore", "gold label".
LABEL_WORDS = frozenset(
    (
        *("score", "scores", "label", "labels", "gold", "similarity", "sim", "similar", "sts"),
        *("relatedness", "relevance", "relevant", "rating", "ratings", "grade", "grades", "truth"),
        *("duplicate", "paraphrase", "entailment", "match", "equivalent", "equivalence"),
        *("judgment", "judgement"),
    )
)
# Words by which a column sums up others: what the raters gave, as one label.
MEAN_WORDS = frozenset(
    (
        *("mean", "avg", "average", "averaged", "median", "consensus", "final", "overall"),
        *("majority", "aggregate", "aggregated"),
    )
)
PEOPLE = frozenset(
    (
        *("human", "humans", "gold", "manual", "expert", "experts", "annotated", "annotation"),
        *("target", "truth", "reference", "judge", "judged", "rater", "crowd"),
    )
)
# Words by which a column of numbers is what a program computed.
COMPUTED = frozenset(
    (
        *("prediction", "predictions", "predicted", "pred", "preds", "model", "system", "baseline"),
        *("logit", "logits", "prob", "probs", "probability", "proba", "bleu", "rouge", "meteor"),
        *("chrf", "ter", "comet", "bleurt", "bertscore", "bert", "sbert", "gpt", "llm", "estimate"),
        *("jaccard", "levenshtein", "overlap", "bm", "tfidf", "embedding", "output"),
    )
)
# Marks at school in German, French, Italian and Spanish; in English remarks.
MARKS = frozenset(("note", "noten", "nota", "notas", "notes"))
# Words by which a column of numbers counts or describes: anywhere, in front, or at the end.
COUNTED = frozenset(
    (
        *("vote", "votes", "upvotes", "downvotes", "like", "likes", "dislikes", "views", "clicks"),
        *("confidence", "conf", "std", "stdev", "stddev", "variance", "var", "kappa"),
    )
)
COUNT_OF = frozenset(
    (
        *("n", "num", "nr", "no", "number", "count", "len", "length", "total", "anzahl", "nb"),
        *("nbr", "nombre", "cantidad"),
    )
)
NO_IDS = frozenset(
    (
        *("valid", "invalid", "paid", "unpaid", "grid", "solid", "hybrid", "rapid", "vivid", "mid"),
        *("said", "bid", "fluid", "acid", "void", "avoid", "aid", "kid", "stupid", "candid"),
    )
)
COUNTS = frozenset(
    (
        *COUNT_OF,
        *("fold", "folds", "rank", "ranking", "counts", "cnt", "id", "ids", "idx", "index", "key"),
        *("year", "month", "week", "day", "hour", "minute", "second", "seconds", "time", "date"),
        *("timestamp", "age", "duration", "position", "offset", "start", "end", "page", "pages"),
        *("line", "row", "chapter", "verse", "tokens", "words", "chars", "characters", "size"),
        *("sentences", "weight", "price", "batch", "seed", "split", "round", "version", "freq"),
        *("frequency", "annotators", "annotations", "raters", "workers", "replies", "answers"),
        *(
            "comments",
            "shares",
            "retweets",
            "citations",
            "downloads",
            "agreement",
            "lat",
            "lon",
            "zip",
            "port",
            "code",
        ),
        *("cluster", "clusters", "temperature", "temp", "humidity", "quantity", "qty", "amount"),
        *("height", "width", "cost", "budget", "income", "salary", "population", "altitude"),
        *("latitude", "longitude", "speed", "stock", "rows", "lines", "stimmen", "zahl", "menge"),
        *("nummer", "jahr", "monat", "woche", "alter", "seite", "seiten", "zeile", "dauer"),
        *("preis", "größe", "gewicht", "nombre", "année", "annee", "mois", "jour", "durée"),
        *("duree", "prix", "taille", "poids", "âge", "ligne", "número", "numero", "cantidad"),
        *("año", "ano", "mes", "día", "página", "pagina", "línea", "duración", "precio", "edad"),
        *("tamaño", "peso", "votos", "voix"),
    )
)
WORDS_OF_A_NAME = re.compile(r"[A-Z]+(?![a-z])|[^\W\d_][^\W\d_A-Z]*")
KNOWN = frozenset(
    (*(name for pair in PAIRS for name in pair), *ANCHORS, *POSITIVES, *NEGATIVES, *NEGATIVES_TOO)
) | frozenset((*LABELS, *BESIDE))
KNOWN_BESIDE_TEXTS = KNOWN | frozenset((*SINGLE_TEXTS, *GROUPS))


def plain(name: str) -> str:
    """'Sentence 1', 'sentence_1' and 'sentence1' are one name; marks of vowels stay."""
    return "".join(sign for sign in name.casefold() if unicodedata.category(sign)[0] in "LMN")


def name_words(name: str) -> list[str]:
    """'similarityScore' and 'similarity_score' → ['similarity', 'score']."""
    return [word.casefold() for word in WORDS_OF_A_NAME.findall(name)]


def says_counts(name: str) -> bool:
    """A column of numbers called so counts or describes: 'n_votes', 'fold', 'userid', 'len2'."""
    words = name_words(name)
    if not words:
        return False
    is_id = words[-1].endswith("id") and words[-1] not in NO_IDS
    return bool(COUNTED & set(words)) or words[0] in COUNT_OF or words[-1] in COUNTS or is_id


def says_computed(name: str) -> bool:
    """A column of numbers called so is what a program makes of the texts: 'model_score', 'bleu'."""
    return bool(COMPUTED & set(name_words(name)))


def describes_rows(name: str) -> bool:
    """A column called so describes the row or the file, or counts."""
    return says_counts(name) or bool({plain(name), *name_words(name)} & set(BESIDE))


def says_label(name: str) -> bool:
    """A column called so holds the label, whatever else stands in the name."""
    if plain(name) in LABELS:
        return True
    return not says_counts(name) and bool((LABEL_WORDS | MEAN_WORDS) & set(name_words(name)))
