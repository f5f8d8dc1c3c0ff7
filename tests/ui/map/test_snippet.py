"""The Python that is shown beside a map makes the same map."""

import ast

import numpy as np
import pytest

from explore import agreement, map_fidelity
from tests.ui.map.pages import TABLE, draw_map, open_list, open_table
from tests.ui.test_hostile_text import ATTACKS
from ui.map.files import map_snippet
from ui.state.texts import choose_columns


@pytest.mark.parametrize(
    "form",
    [{"method": "PCA", "clustering": "agglomerative", "n_clusters": 4},
     {"method": "PCA", "space": "the map", "min_cluster_size": 4},
     {"method": "PCA", "dims": "3-D", "clustering": "k-means", "pooling": "max", "layer": "1"}],
    ids=str,
)  # fmt: skip
def test_the_python_shown_makes_the_same_map(tmp_path, monkeypatch, tiny_folder, bert, form):
    table = TABLE + "".join(f"the same cat again {n % 2},other,red\n" for n in range(9))
    (tmp_path / "texts.csv").write_text(table)
    texts = choose_columns(open_table(table), "text", ["colour"])
    shown = draw_map(texts, bert, most=50, model=str(tiny_folder("bert")), **form)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(map_snippet(shown), "snippet", "exec"), names)
    assert names["corpus"].texts == shown.corpus.texts
    assert list(names["corpus"].labels) == ["colour"]
    np.testing.assert_allclose(names["projection"].coordinates, shown.projection.coordinates,
                               atol=1e-4)  # fmt: skip
    assert agreement(names["clusters"].labels, shown.clusters.labels) > 0.9


def test_the_python_of_the_usual_settings_runs(tmp_path, monkeypatch, tiny_folder, bert):
    (tmp_path / "texts.csv").write_text(TABLE)
    shown = draw_map(open_table(), bert, model=str(tiny_folder("bert")))
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(map_snippet(shown), "snippet", "exec"), names)
    # UMAP makes much of the last digit of a vector, so its map is another one, but of these texts.
    assert names["projection"].config == shown.projection.config
    assert names["clusters"].note == shown.clusters.note
    own = map_fidelity(shown.vectors, names["projection"].coordinates)
    assert own.trustworthiness == pytest.approx(shown.fidelity.trustworthiness, abs=0.05)


def test_the_python_holds_hostile_names_inside_their_quotes(bert):
    for name in ['x") or exit("', "'; import os #", *ATTACKS]:
        shown = draw_map(open_list(["a b", "c d"], name), bert, method="PCA")
        code = map_snippet(shown)
        calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
        found = [c.args[0].value for c in calls if getattr(c.func, "id", "") == "Path"]
        assert found == [name]
