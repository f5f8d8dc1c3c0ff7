"""Run as a program: reads the file whose path it is given, and prints what that took.

One JSON object: the memory it grew by, in MB, and the error.
"""

import json
import resource
import sys
from io import StringIO
from pathlib import Path

import openpyxl  # noqa: F401 - what the readers import later must not count
import pyarrow.parquet as pq

from ingest import IngestError, read_table


def peak_mb() -> int:
    """The most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(paths: list[str]) -> None:
    """A line of JSON for each file; of several, each begins where the last one left the peak."""
    read_table(StringIO("a,b\n1,2\n"))
    pq.ParquetFile  # noqa: B018 - imported
    for path in paths:
        data, before, error = Path(path).read_bytes(), peak_mb(), ""
        try:
            read_table(data)
        except IngestError as refusal:
            error = str(refusal)
        print(json.dumps({"name": Path(path).stem, "grew_mb": peak_mb() - before, "error": error}))


if __name__ == "__main__":
    main(sys.argv[1:])
