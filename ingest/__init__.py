r"""Files and pasted text to clean pairs of sentences, checked and split, or to single texts.

pandas and pyarrow are imported when the first table is read.

>>> from io import StringIO
>>> from ingest import check, read_pairs, split_pairs
>>> text = "a;b;score\nIt is raining.;Rain falls.;4,5\nIt is raining.;I sing.;0"
>>> pairs = read_pairs(StringIO(text))  # or read_pairs("pairs.csv")
>>> pairs.kind, pairs.labels.tolist(), pairs.report.scaling
('score', [0.8999999761581421, 0.0], '0–5 divided by 5')
>>> [finding.name for finding in check(pairs)][:1]
['few_rows']

>>> from ingest import read_corpus
>>> read_corpus(StringIO("I came, I saw, I won.\nIt is raining.")).texts
('I came, I saw, I won.', 'It is raining.')
"""

from ingest.check import FINDINGS, check
from ingest.columns import ColumnMapping, guess_columns
from ingest.corpus import Corpus, corpus_of_pairs, read_corpus, to_corpus
from ingest.corpus_columns import CorpusColumns, guess_text_column
from ingest.errors import IngestError, LabError, OverLimit
from ingest.findings import Finding, Remedy
from ingest.kinds import LABELLED, TEXTS, Kind
from ingest.limits import LIMITS, Limits
from ingest.pairs import PairSet, read_pairs, to_pairs
from ingest.report import Report
from ingest.rows_of_lists import with_rows_of_lists
from ingest.split import Split, connected_groups, split_pairs
from ingest.table import Table, read_table
from ingest.templates import template, write_csv, write_dropped
from ingest.text import text_key
from ingest.unpack import Source

__all__ = [
    "FINDINGS",
    "LABELLED",
    "LIMITS",
    "TEXTS",
    "ColumnMapping",
    "Corpus",
    "CorpusColumns",
    "Finding",
    "IngestError",
    "Kind",
    "LabError",
    "Limits",
    "OverLimit",
    "PairSet",
    "Remedy",
    "Report",
    "Source",
    "Split",
    "Table",
    "check",
    "connected_groups",
    "corpus_of_pairs",
    "guess_columns",
    "guess_text_column",
    "read_corpus",
    "read_pairs",
    "read_table",
    "split_pairs",
    "template",
    "text_key",
    "to_corpus",
    "to_pairs",
    "with_rows_of_lists",
    "write_csv",
    "write_dropped",
]
