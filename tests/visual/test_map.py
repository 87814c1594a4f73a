import base64
import json
import re

import numpy as np
import pytest

import firth
from firth.errors import FirthError, OutputExistsError
from firth.vectors.word_vectors import WordVectors
from firth.visual.map import MAX_WORDS, word_map
from firth.vocabulary import Vocabulary


def some(words, seed=0, counts=None):
    numbers = np.random.default_rng(seed).normal(size=(len(words), 8)).astype(np.float32)
    return WordVectors(Vocabulary(words, range(len(words), 0, -1) if counts is None else counts), numbers)


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.html, re.DOTALL)[1])


def numbers(text):
    return np.frombuffer(base64.b64decode(text), "<u2")


def test_word_map__neighbors_are_the_true_ones():
    vectors = some([f"w{i}" for i in range(60)])
    data = data_of(word_map(vectors, projection="pca"))
    ids = numbers(data["neighbors"]["ids"]).reshape(60, -1)
    cosines = numbers(data["neighbors"]["cosines"]).reshape(60, -1) / 32_767.5 - 1
    for row in (0, 31, 59):
        found = vectors.most_similar(f"w{row}", topn=data["neighbors"]["count"])
        assert [vectors.words[i] for i in ids[row]] == [word for word, _ in found]
        np.testing.assert_allclose(cosines[row], [cosine for _, cosine in found], atol=1e-4)


def test_word_map__the_most_frequent_words_and_how_it_was_made():
    data = data_of(word_map(some([f"w{i}" for i in range(50)]), words=20, projection="pca"))
    assert data["words"] == [f"w{i}" for i in range(20)]
    assert data["counts"] == list(range(50, 30, -1))
    assert "20 words of 50, the most frequent; 8 dimensions." in data["made"]
    assert "PCA keeps" in data["made"]


def test_word_map__is_the_same_every_time():
    vectors = some([f"w{i}" for i in range(50)])
    assert word_map(vectors, projection="pca").html == word_map(vectors, projection="pca").html


def test_word_map__vectors_without_counts_have_no_frequency():
    data = data_of(word_map(some(["a", "b", "c"], counts=[0, 0, 0]), projection="pca"))
    assert data["counts"] is None
    assert "frequency" not in [column["name"] for column in data["columns"]]
    assert (
        "2 words of 3, the first in the file"
        in data_of(word_map(some(["a", "b", "c"], counts=[0, 0, 0]), words=2, projection="pca"))["made"]
    )


def test_word_map__words_that_are_not_finite_are_left_out_and_it_says_so():
    words = [f"w{i}" for i in range(50)]
    numbers_of_all = some(words).vectors.copy()
    numbers_of_all[[3, 40]] = np.inf
    kept = [word for word in words if word not in {"w3", "w40"}]
    data = data_of(word_map(WordVectors(words, numbers_of_all), projection="pca"))
    without = data_of(word_map(WordVectors(kept, some(words)[kept]), projection="pca"))
    assert data["words"] == kept
    assert "48 words; 8 dimensions. 2 left out: their vectors are not finite" in data["made"]
    assert data["projections"] == without["projections"]
    assert data["neighbors"] == without["neighbors"]


def test_word_map__two_words_equal_words_and_zeros():
    for numbers_of_two in (np.ones((2, 4)), np.zeros((2, 4)), np.eye(2, 4)):
        vectors = WordVectors(Vocabulary(["a", "b"], [2, 1]), numbers_of_two.astype(np.float32))
        assert data_of(word_map(vectors, projection="pca"))["neighbors"]["count"] == 1


def test_word_map__what_cannot_be_drawn_is_an_error():
    with pytest.raises(FirthError, match="two words at least"):
        word_map(some(["a"]), projection="pca")
    with pytest.raises(FirthError, match="60,000 words at most, not 1,000,000"):
        word_map(some(["a", "b"]), words=1_000_000)
    with pytest.raises(FirthError, match="one of pca, tsne"):
        word_map(some(["a", "b"]), projection="umap")
    with pytest.raises(FirthError, match="two words at least, here is 1"):
        word_map(WordVectors(["a", "b"], [[1, 0], [np.nan, 0]]), projection="pca")
    assert MAX_WORDS < 65_535  # ids have 16 bits


def test_word_map__words_are_never_markup():
    page = word_map(
        some(["</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", "{style}", "ok"]), projection="pca"
    )
    assert page.html.count("<script") == 2
    assert "<img" not in page.html
    assert data_of(page)["words"][2] == "{style}"


def test_page__is_saved_whole_and_not_over_another(tmp_path):
    page = word_map(some(["a", "b"]), projection="pca")
    path = page.save(tmp_path / "map.html")
    assert path.read_text("utf-8") == page.html
    with pytest.raises(OutputExistsError):
        page.save(path)


def test_page__in_a_notebook_is_a_frame():
    page = word_map(some(["a", "b"]), projection="pca", title='A "map"')
    frame = page._repr_html_()
    assert frame.count("<iframe") == 1
    assert 'sandbox="allow-scripts allow-downloads"' in frame
    assert 'class="firth-page"' in frame
    assert "&lt;script" in frame
    assert "<title>A &quot;map&quot;</title>" in page.html


def test_page__asks_for_nothing_from_outside():
    html = word_map(some(["a", "b"]), projection="pca").html.replace('"http://www.w3.org/2000/svg"', "")  # a mere name
    assert not re.search(r"https?://|@import|url\(", html)
    assert "default-src 'none'" in html


def test_word_map__is_offered_by_the_package():
    assert firth.word_map is word_map
