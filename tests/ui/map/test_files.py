"""A map to take home: what is in its files, that they are safe to open, and who may fetch them."""

import ast
import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explore import agreement, map_fidelity
from ingest import CorpusColumns, read_corpus
from tests.ui.corpus import TABLE, TEXTS
from tests.ui.map.pages import IN_THREE, draw_map, open_list, open_table, steps
from tests.ui.test_hostile_text import ATTACKS
from ui.map.drawing import DrawnMap
from ui.map.figures import UNCLUSTERED
from ui.map.files import (
    EXPORTS,
    SPATIAL,
    as_csv,
    as_html,
    as_npz,
    as_parquet,
    columns,
    map_snippet,
    routes,
    settings_json,
)
from ui.map.form import MapForm, from_json
from ui.map.state import MapState
from ui.settings import Settings
from ui.state.texts import choose_columns, open_sample, sample_of
from ui.state.workbench import Workbench

ROOT = Path(__file__).parents[3]


def rows_of(drawn_map: DrawnMap) -> list[dict[str, str]]:
    content = as_csv(drawn_map)
    assert content.startswith(b"\xef\xbb\xbf"), "else Excel misreads every accent"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_csv_comes_back_through_the_readers(drawn_map):
    back = read_corpus(as_csv(drawn_map), columns=CorpusColumns(text="text"))
    assert list(back.texts) == TEXTS


# --- tables -------------------------------------------------------------------------------------


def test_the_csv_has_texts_clusters_places_and_vectors(drawn_map):
    rows = rows_of(drawn_map)
    assert [row["text"] for row in rows] == TEXTS
    assert [row["row"] for row in rows] == [str(n + 1) for n in range(len(TEXTS))]
    assert [row["topic"] for row in rows] == list(drawn_map.corpus.labels["topic"])
    labels = drawn_map.clusters.labels
    assert [int(row["cluster"]) for row in rows] == (labels + 1).tolist()
    assert [row["cluster_name"] for row in rows] == [drawn_map.title(c) for c in labels]
    places = [[float(row["x"]), float(row["y"])] for row in rows]
    np.testing.assert_allclose(places, drawn_map.projection.coordinates, rtol=1e-5, atol=1e-8)
    width = drawn_map.vectors.shape[1]
    vectors = [[float(row[f"v{n}"]) for n in range(width)] for row in rows]
    np.testing.assert_allclose(vectors, drawn_map.vectors, rtol=1e-5, atol=1e-8)
    assert f"v{width}" not in rows[0]


def test_parquet_reads_back_with_equal_vectors_and_the_settings(drawn_map):
    table = parquet.read_table(io.BytesIO(as_parquet(drawn_map)))
    assert table["text"].to_pylist() == TEXTS
    np.testing.assert_array_equal(
        np.array(table["vector"].to_pylist(), np.float32), drawn_map.vectors
    )
    np.testing.assert_array_equal(
        np.stack([table["x"], table["y"]], axis=1).astype(np.float32),
        drawn_map.projection.coordinates,
    )
    assert table["cluster"].to_pylist() == (drawn_map.clusters.labels + 1).tolist()
    settings = json.loads(table.schema.metadata[b"sentence_lab"])
    assert settings["settings"]["method"] == "PCA"


def test_npz_reads_back_without_pickle_and_with_equal_vectors(drawn_map):
    with np.load(io.BytesIO(as_npz(drawn_map)), allow_pickle=False) as file:
        arrays = dict(file)
    assert {array.dtype.kind for array in arrays.values()} <= set("fiU")  # no objects
    np.testing.assert_array_equal(arrays["vectors"], drawn_map.vectors)
    np.testing.assert_array_equal(arrays["coordinates"], drawn_map.projection.coordinates)
    np.testing.assert_array_equal(arrays["cluster"], drawn_map.clusters.labels + 1)
    assert arrays["text"].tolist() == TEXTS
    assert arrays["row"].tolist() == list(drawn_map.corpus.row_numbers)
    assert json.loads(str(arrays["settings"]))["texts"] == len(TEXTS)


def test_the_settings_open_the_same_map_again(drawn_map):
    settings = json.loads(settings_json(drawn_map))
    facts = [settings[name] for name in ("corpus", "texts", "clusters")]
    assert facts == ["texts.csv", len(TEXTS), 3]
    assert settings["trustworthiness"] == round(drawn_map.fidelity.trustworthiness, 4)
    assert from_json(settings_json(drawn_map)) == (MapForm(**IN_THREE), [])


def test_a_map_in_space_has_z(bert):
    deep = draw_map(open_table(), bert, dims="3-D", **IN_THREE)
    places = [[float(row[axis]) for axis in "xyz"] for row in rows_of(deep)]
    np.testing.assert_allclose(places, deep.projection.coordinates, rtol=1e-5, atol=1e-8)
    assert b"scatter3d" in as_html(deep)
    many = draw_map(
        open_table(), bert, method="PCA", dims="3-D", clustering="k-means", n_clusters=12
    )
    symbols = set(re.findall(rb'"symbol":"([a-z-]+)"', as_html(many)))
    assert symbols >= {b"circle", b"diamond"}  # twelve groups share eight colours
    assert symbols <= {word.encode() for word in SPATIAL}


def test_unclustered_texts_have_the_number_and_the_name_that_they_have_everywhere(bert):
    few = draw_map(open_list([f"A text {n}." for n in range(6)]), bert, **IN_THREE)
    few.clusters.labels[:] = -1
    assert {(row["cluster"], row["cluster_name"]) for row in rows_of(few)} == {("-1", UNCLUSTERED)}


def test_labels_named_like_our_columns_cost_neither_side_anything(bert):
    names = ("row", "text", "cluster", "x", "vector", "v0", "label_x", "v000")
    records = [{"sentence": text, **{name: f"{name} {n % 2}" for name in names}}
               for n, text in enumerate(TEXTS[:24])]  # fmt: skip
    texts = choose_columns(open_table(json.dumps(records), "texts.json"), "sentence", list(names))
    odd = draw_map(texts, bert, **IN_THREE)
    table = columns(odd)
    own = [table[name] for name in table if name.startswith("label_")]
    assert sorted(column[0] for column in own) == sorted(f"{name} 0" for name in names)
    assert table["text"] == TEXTS[:24]
    head = as_csv(odd).decode().splitlines()[0].split(",")
    assert len(set(head)) == len(head)
    read = parquet.read_table(io.BytesIO(as_parquet(odd)))
    np.testing.assert_array_equal(np.array(read["vector"].to_pylist(), np.float32), odd.vectors)


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_the_csv_is_a_formula(bert, start):
    formula = f'{start}HYPERLINK("http://x")'
    records = [{"text": f"{formula} {n}", formula: ("=1+1", "b")[n % 2]} for n in range(8)]
    texts = open_table(json.dumps(records), "texts.json")
    odd = draw_map(texts, bert, **IN_THREE)
    odd.titles[odd.cluster_key] = dict.fromkeys(range(3), formula)
    table = list(csv.reader(io.StringIO(as_csv(odd).decode(), newline="")))
    texts = {cell for row in table for cell in row if "HYPERLINK" in cell or "1+1" in cell}
    assert texts >= {f"'{formula} {n}" for n in range(8)} | {f"'{formula}", "'=1+1"}
    assert {cell[0] for cell in texts} == {"'"}
    assert [row[table[0].index("cluster_name")] for row in table[1:]] == [f"'{formula}"] * 8
    numbers = [cell for row in table[1:] for cell in row[table[0].index("x") :]]
    assert all(np.isfinite(float(cell)) for cell in numbers)  # negative ones are no formulas


# --- the page of its own ------------------------------------------------------------------------


class Page(HTMLParser):
    """Tags and attributes of a page, and the texts outside its scripts."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts = [""]
        self.inside = ""
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data
        else:
            self.text += data


def test_the_page_asks_nothing_of_any_host(drawn_map):
    page = Page(as_html(drawn_map))
    names = {name for _, attributes in page.tags for name in attributes}
    assert not names & {"src", "href", "srcset", "action", "data"}
    assert {tag for tag, _ in page.tags} <= {"html", "head", "meta", "style", "body", "div",
                                             "script", "pre"}  # fmt: skip
    assert not re.search(r"url\(|@import", page.text)
    assert any(len(script) > 10**6 for script in page.scripts)  # plotly.js itself
    drawing = page.scripts[-1]
    assert "newPlot" in drawing
    for text in TEXTS[:5]:
        assert json.dumps(text)[1:9] in drawing
    assert '"method": "PCA"' in page.text


def test_nothing_a_visitor_wrote_is_markup_on_the_page(bert):
    texts = [f"{attack} {n}" for n, attack in enumerate(ATTACKS)]
    odd = draw_map(
        open_list(texts, ATTACKS[2]),
        bert,
        method="PCA",
        clustering="k-means",
        n_clusters=len(texts),
    )
    odd.titles[odd.cluster_key] = dict(enumerate(ATTACKS))
    usual = Page(
        as_html(draw_map(open_list(["a b"] + [f"b {n}" for n in range(9)]), bert, **IN_THREE))
    )
    page = Page(as_html(odd))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in usual.tags]
    assert ATTACKS[2] in page.text  # in the settings
    drawing = page.scripts[-1]
    for attack in ATTACKS:
        if "<" in attack:
            assert attack not in drawing
    # Plotly renders a little HTML: in what it is given only our own line breaks are markup.
    figure = json.loads(re.search(r"newPlot\(\s*\"[^\"]+\",\s*(\[.*\]),\s*\{\"t", drawing)[1])
    for trace in figure:
        for label in [trace["name"], *trace["text"]]:
            assert "<" not in label.replace("<br>", "")


# --- fetching -----------------------------------------------------------------------------------


@pytest.fixture
def workbench(bert) -> Workbench:
    return Workbench(Settings(), lambda spec, **limits: bert)


@pytest.fixture
def client(workbench) -> TestClient:
    return TestClient(Starlette(routes=routes(workbench)))


@pytest.mark.parametrize("name", EXPORTS)
def test_a_file_is_fetched_by_its_token(workbench, client, drawn_map, name):
    workbench.visitor("ann").texts.state(MapState).drawn = drawn_map
    answer = client.get(f"/gradio_api/lab/map/{drawn_map.token}/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["content-type"].split(";")[0] == EXPORTS[name].media_type
    if name == "map.csv":
        assert answer.content == as_csv(drawn_map)
    if name == "map.npz":
        assert np.load(io.BytesIO(answer.content))["vectors"].shape == drawn_map.vectors.shape


@pytest.mark.parametrize("token", ["guess", "x" * 5_000, "%C3%A9", "%F0%9F%98%80", "%FF", "%00"])
def test_no_other_token_is_one(workbench, client, drawn_map, token):
    workbench.visitor("ann").texts.state(MapState).drawn = drawn_map
    answer = client.get(f"/gradio_api/lab/map/{token}/map.csv")
    assert answer.status_code == 404
    assert "not kept any more" in answer.text


def test_there_are_these_files_and_no_others(workbench, client, drawn_map):
    workbench.visitor("ann").texts.state(MapState).drawn = drawn_map
    for name in ("map.pickle", "..", "map.csv.gz", "%2e%2e", "é", "model.zip"):
        assert client.get(f"/gradio_api/lab/map/{drawn_map.token}/{name}").status_code == 404


def test_a_map_that_is_gone_can_be_fetched_no_more(workbench, client, drawn_map, bert):
    state = workbench.visitor("ann").texts.state(MapState)
    state.drawn = drawn_map
    newer = draw_map(open_table(), bert, **IN_THREE)
    state.drawn, state.finished = newer, drawn_map  # it is not finished yet
    for token in (newer.token, drawn_map.token):
        assert client.get(f"/gradio_api/lab/map/{token}/map.json").status_code == 200
    state.finished = newer
    assert client.get(f"/gradio_api/lab/map/{drawn_map.token}/map.json").status_code == 404
    assert client.get(f"/gradio_api/lab/map/{newer.token}/map.json").status_code == 200
    workbench.forget("ann")
    assert client.get(f"/gradio_api/lab/map/{newer.token}/map.json").status_code == 404
    assert len({drawn_map.token, newer.token}) == 2


def test_the_smallest_and_the_unfinished_map_have_every_file(bert):
    first = next(steps(open_table(), bert, **IN_THREE))
    for small in (draw_map(open_list(["One text."]), bert, **IN_THREE), first):
        for export in EXPORTS.values():
            assert export.write(small)
        json.loads(settings_json(small), parse_constant=lambda word: pytest.fail(word))


# --- the Python -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [{"method": "PCA", "clustering": "agglomerative", "n_clusters": 4},
     {"method": "PCA", "space": "the map", "min_cluster_size": 4},
     {"method": "PCA", "space": "the map", "grain": "finer", "read": "no links, no handles"},
     {"method": "PCA", "dims": "3-D", "clustering": "k-means", "pooling": "max", "layer": "1"}],
    ids=str,
)  # fmt: skip
def test_the_python_shown_makes_the_same_map(tmp_path, monkeypatch, tiny_folder, bert, form):
    table = TABLE + "".join(f"@jet the same cat again {n % 2},other,red\n" for n in range(9))
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


def test_the_python_holds_hostile_names_inside_their_quotes(drawn_map):
    for name in ['x") or exit("', "'; import os #", *ATTACKS]:
        code = map_snippet(replace(drawn_map, texts=open_table(name=name)))
        calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
        paths = [c.args[0].value for c in calls if getattr(c.func, "id", "") == "Path"]
        assert paths == [name]


def test_a_file_that_is_called_like_a_sample_is_none(bert):
    own = open_table(TABLE, "topics.csv")
    assert sample_of(own) == ""
    assert "assets/samples" not in map_snippet(draw_map(own, bert, **IN_THREE))
    sample = open_sample("topics", own.stages)
    assert sample_of(sample) == "topics"
    other = next(name for name in sample.table.columns if name != sample.corpus.columns.text)
    # Other texts than a link to the sample would show:
    assert sample_of(choose_columns(sample, other, [])) == ""
    python = map_snippet(draw_map(sample, bert, most=9, **IN_THREE))
    [path] = re.findall(r"assets/samples/\w+\.csv", python)
    assert (ROOT / path).is_file()


def test_the_page_shows_quotes_in_names_as_quotes(drawn_map):
    quoted = replace(drawn_map, texts=replace(drawn_map.texts, name='my "best" <texts>.csv'))
    figure = as_html(quoted).decode().rpartition("Plotly.newPlot(")[2].partition("</script>")[0]
    assert 'my \\"best\\" ' in figure
    assert "&quot;" not in figure
    assert "<texts>" not in figure
