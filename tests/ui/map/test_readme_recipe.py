"""The README's recipe for a database of one's own, run against a Milvus Lite file.

Without pymilvus and milvus-lite it fails; it is not skipped.
"""

import re
from pathlib import Path

from tests.ui.corpus import TEXTS
from tests.ui.map.pages import IN_THREE, draw_map, open_table
from ui.map.files import as_parquet

README = Path(__file__).parents[3] / "README.md"


def test_an_exported_map_is_loaded_into_a_database_and_found(bert, tmp_path, capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    [recipe] = [block for block in blocks if "map.parquet" in block]
    export = tmp_path / "map.parquet"
    export.write_bytes(as_parquet(draw_map(open_table(), bert, **IN_THREE)))
    code = recipe.replace("map.parquet", str(export))
    code = code.replace("http://host:19530", str(tmp_path / "own.db"))
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    try:
        assert names["hits"][0]["entity"]["text"] == TEXTS[0]
        assert names["hits"][0]["id"] == 1  # row numbers of the file
        [counted] = names["client"].query("my_corpus", output_fields=["count(*)"])
        assert counted["count(*)"] == len(TEXTS)
    finally:
        names["client"].close()
    assert TEXTS[0] in capsys.readouterr().out
