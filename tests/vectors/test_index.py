import numpy as np
import pytest
from safetensors.numpy import save_file

from firth.errors import FirthError, FormatError, OutputExistsError, VectorNotFiniteError
from firth.vectors.index import NeighborIndex, build_index, index_path, load_index
from firth.vectors.subwords import Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary
from tests.helpers.html import rows_of

pytest.importorskip("faiss", reason="the extra firth[ann] is not installed")


def some(n=5000, width=12, seed=0):
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(40, width))[random.integers(0, 40, n)] + 0.3 * random.normal(size=(n, width))
    return WordVectors(Vocabulary([f"w{i}" for i in range(n)], range(n, 0, -1)), (5 * numbers).astype(np.float32))


@pytest.fixture(scope="module")
def vectors():
    return some()


@pytest.fixture(scope="module")
def index(vectors):
    return build_index(vectors)


def test_index__finds_nearly_all_of_the_true_neighbors(index, vectors):
    asked = [f"w{i}" for i in range(0, 5000, 7)]
    true, found = vectors.most_similar(asked), index.most_similar(asked)
    shares = [len({w for w, _ in a} & {w for w, _ in b}) / 10 for a, b in zip(true, found, strict=True)]
    assert np.mean(shares) == pytest.approx(index.measured.recall, abs=0.02)
    assert index.measured.recall >= 0.95
    assert index.nprobe < len(index.centroids)


def test_index__answers_as_the_vectors_do(index, vectors):
    found = index.most_similar("w7", topn=3)
    true = vectors.most_similar("w7", topn=3)
    assert found[0] == (true[0][0], pytest.approx(true[0][1], abs=1e-6))
    assert "w7" not in {word for word, _ in found}
    assert len(index.most_similar(["w1", "w2"])) == 2
    with pytest.raises(KeyError):
        index.most_similar("nobody")
    with pytest.raises(ValueError, match="topn"):
        index.most_similar("w1", topn=0)


def same(found, true):
    assert [word for word, _ in found] == [word for word, _ in true]
    np.testing.assert_allclose([c for _, c in found], [c for _, c in true], atol=1e-6)


@pytest.fixture(scope="module")
def exact(vectors):
    return build_index(vectors, recall=1.0)


def test_index__answers_analogies_and_sums_as_the_vectors_do(exact, vectors):
    same(exact.analogy("w1", "w2", "w3"), vectors.analogy("w1", "w2", "w3"))
    weighted = {"positive": [("w9", 2.0), "w8"], "negative": ["w7", vectors["w6"]]}
    same(exact.most_similar(**weighted, topn=7), vectors.most_similar(**weighted, topn=7))
    assert not {"w1", "w2", "w3"} & {word for word, _ in exact.analogy("w1", "w2", "w3", topn=50)}
    assert len(exact.analogy("w1", "w2", "w3", topn=50)) == 50
    with pytest.raises(KeyError):
        exact.analogy("w1", "nobody", "w3")
    with pytest.raises(ValueError, match="positive="):
        exact.most_similar("w1", negative=["w2"])
    with pytest.raises(ValueError, match="needs a word"):
        exact.most_similar()


def test_index__answers_vectors_one_or_many(exact, vectors):
    asked = vectors.vectors[:3] + np.float32(0.5)
    for found, true in zip(exact.most_similar(asked), vectors.most_similar(asked), strict=True):
        same(found, true)
    same(exact.most_similar(asked[0]), vectors.most_similar(asked[0]))
    same(exact.most_similar(np.array(["w1", "w2"]))[1], vectors.most_similar("w2"))
    assert exact.most_similar([]) == []


def test_index__answers_about_words_made_up_of_ngrams(exact, vectors):
    ngrams = Ngrams(2, 3, 50)
    rows = np.random.default_rng(0).normal(size=(50, 12)).astype(np.float32)
    parts = Subwords(ngrams, vectors.vectors, np.arange(50, dtype=np.int32), rows)
    unseen = WordVectors(vectors.vocabulary, vectors.vectors, parts)
    index = NeighborIndex(unseen, exact.centroids, exact.cells, len(exact.centroids), exact.measured)
    same(index.most_similar("unseen"), unseen.most_similar("unseen"))
    same(index.most_similar(["w3", "unseen"])[1], unseen.most_similar("unseen"))
    same(index.analogy("w1", "unseen", "w2"), unseen.analogy("w1", "unseen", "w2"))


def test_build_index__with_all_cells_it_is_exact(vectors):
    assert build_index(vectors, recall=1.0).measured.recall == 1.0


def test_index__is_the_same_after_it_was_saved(index, vectors, tmp_path):
    path = index.save(tmp_path / "i.safetensors")
    again = load_index(vectors, path)
    assert again.most_similar("w7") == index.most_similar("w7")
    assert again.measured == index.measured
    with pytest.raises(OutputExistsError):
        index.save(path)


def test_load_index__of_other_vectors_is_refused(index, tmp_path):
    path = index.save(tmp_path / "i.safetensors")
    with pytest.raises(FormatError, match="other vectors"):
        load_index(some(seed=1), path)


def test_load_index__what_is_not_whole_is_refused(index, vectors, tmp_path):
    path = index.save(tmp_path / "i.safetensors")
    content = path.read_bytes()
    for cut in (0, 7, 100, len(content) - 1):
        path.write_bytes(content[:cut])
        with pytest.raises(FormatError, match="cut short"):
            load_index(vectors, path)
    with pytest.raises(FormatError, match="there is no index"):
        load_index(vectors, tmp_path / "nothing")
    save_file({"middles": np.eye(2, dtype=np.float32)}, path)
    with pytest.raises(FormatError, match="not an index"):
        load_index(vectors, path)


def test_load_index__cells_that_are_not_there_are_refused(index, vectors, tmp_path):
    cells = index.cells.copy()
    index.cells[0] = len(index.centroids)
    path = index.save(tmp_path / "i.safetensors")
    index.cells[0] = cells[0]
    with pytest.raises(FormatError, match="cells that are not there"):
        load_index(vectors, path)


def test_build_index__what_needs_none_or_cannot_have_one():
    with pytest.raises(FirthError, match="need no index"):
        build_index(some(999))
    with pytest.raises(ValueError, match="recall"):
        build_index(some(2000), recall=1.5)


def test_index__words_that_are_not_finite_are_no_answers_and_cannot_be_asked_about(tmp_path):
    whole = some(2000)
    numbers = whole.vectors.copy()
    numbers[[5, 700]] = np.nan
    broken = WordVectors(whole.words, numbers)
    index = build_index(broken, recall=1.0)
    asked = ["w4", "w6", "w1999"]
    for found, exact in zip(index.most_similar(asked, topn=20), broken.most_similar(asked, topn=20), strict=True):
        assert [word for word, _ in found] == [word for word, _ in exact]
    with pytest.raises(VectorNotFiniteError, match="'w700'"):
        index.most_similar("w700")
    again = load_index(broken, index.save(tmp_path / "i.safetensors"))
    assert again.most_similar("w6") == index.most_similar("w6")


def test_index_path__is_in_the_folder_or_beside_the_file(tmp_path):
    assert index_path(tmp_path) == tmp_path / "index.safetensors"
    assert index_path(tmp_path / "v.txt") == tmp_path / "v.index.safetensors"


def test_index__is_shown_in_a_line(index):
    shown = repr(index)
    assert shown.startswith(f"NeighborIndex(5,000 words in {len(index.centroids)} cells, recall 0.9")
    assert len(shown) < 120


def test_index__is_a_table_in_a_notebook_and_so_are_its_answers(index):
    shown = dict(rows_of(index._repr_html_()))
    assert (shown["words"], shown["cells"]) == ("5,000", f"{len(index.centroids):,}")
    assert shown["recall of the 10 nearest"] == f"{index.measured.recall:.3f}"
    many = index.most_similar(["w6", "w7"], topn=2)
    assert [row[0] for row in rows_of(many._repr_html_())] == ["word", "w6", "w7"]
