"""Names: c-TF-IDF by hand, words that say nothing, and the text nearest to the middle."""

import numpy as np
import pytest

from explore import ExploreError, name_clusters, top_terms
from explore.naming import naming_terms, whole_word
from tests.explore.points import ODD, blobs


def named(texts, labels, **extra):
    return name_clusters(texts, np.ones((len(texts), 2)), np.array(labels), **extra)


def test_class_based_tf_idf_by_hand():
    # Clusters of 4 and 2 words, A = 3. Over both: apple 2, pear 3, plum 1.
    # Cluster 0: apple 2/4 · log(1 + 3/2) = 0.458, pear 2/4 · log(1 + 3/3) = 0.347
    # Cluster 1: plum  1/2 · log(1 + 3/1) = 0.693, pear 1/2 · log(1 + 3/3) = 0.347
    found = named(["Apple, apple!", "pear pear", "pear plum"], [0, 0, 1])
    assert [name.terms for name in found] == [("apple", "pear"), ("plum", "pear")]
    assert [name.title for name in found] == ["apple, pear", "plum, pear"]
    # Often enough in the cluster outweighs being elsewhere too:
    # pear 3/4 · log(1 + 3/4) = 0.420, apple 1/4 · log(1 + 3/1) = 0.347
    found = named(["apple pear pear", "pear", "pear plum"], [0, 0, 1])
    assert found[0].terms == ("pear", "apple")


def test_the_central_text_is_the_one_nearest_to_the_mean_vector():
    angles = np.radians([0, 30, 50, 90, 180, 200, 260])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    vectors[1] *= 9  # length does not count
    found = name_clusters(["word"] * 7, vectors, np.array([0, 0, 0, 0, 1, 1, 1]))
    assert [(name.size, name.central) for name in found] == [(4, 2), (3, 5)]


def test_the_largest_comes_first_and_what_is_unclustered_has_no_part():
    texts = ["noise only", "tram", "tram stop", "ship", "ship", "ship harbour"]
    found = named(texts, [-1, 0, 0, 1, 1, 1])
    assert [(name.cluster, name.size) for name in found] == [(1, 3), (0, 2)]
    assert not {"noise", "only"} & {term for name in found for term in name.terms}
    assert named(texts, [-1] * 6) == ()
    assert named([], []) == ()


def test_a_name_has_as_many_terms_as_asked():
    texts = ["apple pears plums figs dates kiwis quinces"]
    assert len(named(texts, [0])[0].terms) == 5
    assert len(named(texts, [0], terms=2)[0].terms) == 2


def test_stop_words_numbers_and_single_letters_are_no_terms():
    [found] = named(["The train and the 9 trams were at a B 42 x7 stop"], [0])
    assert set(found.terms) == {"train", "trams", "x7", "stop"}


@pytest.mark.parametrize("text", ["", "the and of", "🎉 🎉", "12 34", "!?"])
def test_without_a_word_the_number_is_the_title(text):
    found = named([text] * 4, [0, 0, 0, 1])
    assert [name.terms for name in found] == [(), ()]
    assert [name.title for name in found] == ["cluster 1", "cluster 2"]


GERMAN = {
    "zug": "der zug fährt um {} und der schaffner ist da",
    "brot": "das brot ist um {} und der teig ist da",
    "regen": "der regen fällt um {} und das laub ist da",
}


def test_words_that_are_common_everywhere_are_left_out_in_any_language():
    texts = [GERMAN[name].format(f"wort{i}") for i in range(10) for name in GERMAN]
    found = named(texts, [0, 1, 2] * 10)
    terms = {term for name in found for term in name.terms}
    assert not {"und", "ist", "um", "da"} & terms
    assert [set(name.terms) & set(GERMAN) for name in found] == [{name} for name in GERMAN]


@pytest.mark.parametrize("clusters", [2, 3])
def test_a_word_of_one_cluster_is_kept_although_many_texts_have_it(clusters):
    animals = ["cats", "dogs", "owls"][:clusters]
    texts = [f"my {name} saw number{i} today" for i in range(15) for name in animals]
    found = named(texts, list(range(clusters)) * 15)
    assert [name.terms[0] for name in found] == animals
    assert "today" not in {term for name in found for term in name.terms}


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        ("I'll say we've, you're, don't and it’s", "en", ["say"]),
        ("@anna https://t.co/x or bit.ly/y, mail a.b@c.de &amp; #delay", "en", ["mail", "delay"]),
        ("Wann soll ich die Rosen gießen, wenn es heiß ist?", "de", ["rosen", "gießen", "heiß"]),
        ("L'eau de l'hôtel n'est pas chaude.", "fr", ["eau", "hôtel", "chaude"]),
        ("C'è dell'acqua nell'albergo.", "it", ["acqua", "albergo"]),
        ("図書館で小説を借りた。", "ja", ["図書", "書館", "小説", "借"]),
        ("猫に庭をあげた。", "ja", ["猫", "庭"]),
        ("我们的大学图书馆", "zh", ["大学", "学图", "图书", "书馆"]),
        ("أين أجد مفتاح الغرفة؟", "ar", ["أجد", "مفتاح", "الغرفة"]),
    ],
)  # fmt: skip
def test_terms_are_whole_words_that_carry_meaning(text, language, terms):
    assert naming_terms(text, language) == terms


def test_in_a_script_without_spaces_a_name_is_the_whole_word():
    library = [f"図書館で{what}を借りた" for what in ("小説", "辞書", "地図", "雑誌", "詩集")]
    kitchen = [f"台所で{what}を作る" for what in ("味噌汁", "団子", "弁当", "卵焼き", "煮物")]
    labels = np.repeat([0, 1], 5)
    names = name_clusters([*library, *kitchen], np.eye(10, dtype=np.float32), labels)
    assert "図書館" in names[0].terms
    assert "台所" in names[1].terms
    assert all(part not in name.terms for name in names for part in ("図書", "書館"))


def test_letters_that_only_often_stand_beside_a_term_are_no_part_of_it():
    texts = ["大学生が来た", "大学院が来た", "大学生が行く", "大学へ行く"]
    assert whole_word("大学", texts, "ja") == "大学"
    assert whole_word("来", ["来。来、来"], "ja") == "来"


def test_function_words_are_left_out_where_languages_mix():
    texts = ["Wann soll ich die Rosen gießen?", "¿Dónde está la llave para los perros?"] * 3
    names = named(texts, [0, 1] * 3)
    assert [set(name.terms) for name in names] == [{"rosen", "gießen"}, {"llave", "perros"}]


def test_top_terms_set_the_chosen_apart():
    texts = ["red apple", "red pear", "green leaf", "green tree", "red rose"]
    # Chosen and not: 4 and 6 words, A = 5. red 2/4 · log(1 + 5/3) = 0.490,
    # apple and pear 1/4 · log(1 + 5/1) = 0.448.
    assert top_terms(texts, np.array([1, 1, 0, 0, 0], bool)) == ("red", "apple", "pear")
    assert top_terms(texts, np.array([0, 0, 1, 1, 0], bool))[0] == "green"
    assert len(top_terms(texts, np.ones(5, bool), terms=2)) == 2
    assert top_terms(texts, np.zeros(5, bool)) == ()
    assert top_terms(["", "the"], np.array([True, False])) == ()


@pytest.mark.parametrize("name", ODD)
def test_odd_vectors_have_names_too(name):
    vectors = ODD[name]
    texts = [f"word{i} of all" for i in range(len(vectors))]
    found = name_clusters(texts, vectors, np.arange(len(vectors)) % 2)
    assert sum(cluster.size for cluster in found) == len(vectors)
    assert all(cluster.central % 2 == cluster.cluster for cluster in found)
    assert all(cluster.terms for cluster in found)


def test_names_of_labelled_sentences_are_words_of_their_topic(topics):
    known, codes = np.unique(topics.labels, return_inverse=True)
    found = {known[n.cluster]: n for n in name_clusters(topics.texts, topics.vectors, codes)}
    assert {"sky", "cloud", "rain", "storm"} & set(found["weather"].terms)
    assert {"piano", "tune", "solo"} & set(found["music"].terms)
    assert {"bank", "account", "money"} & set(found["money"].terms)
    for topic, name in found.items():
        assert topics.labels[name.central] == topic
        assert len(name.terms) == 5


def test_rows_must_fit():
    vectors, labels = blobs(9)
    with pytest.raises(ExploreError, match="texts 8, vectors 9, labels 9"):
        name_clusters(["a"] * 8, vectors, labels)
