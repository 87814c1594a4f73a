import numpy as np
import pytest

node2vec = pytest.importorskip("node2vec", reason="needs node2vec: python -m tools.gensim_users")


def trained(graph):
    walks = node2vec.Node2Vec(graph, dimensions=16, walk_length=20, num_walks=50, workers=1, seed=1, quiet=True)
    return walks.fit(window=5, min_count=1, epochs=5, seed=1)


def test_node2vec__learns_vectors_of_nodes(graph, tells_factions_apart, tmp_path):
    model = trained(graph)
    assert tells_factions_apart([model.wv[str(node)] for node in graph])
    assert len(model.wv.most_similar("2", topn=3)) == 3
    np.testing.assert_array_equal(trained(graph).wv.vectors, model.wv.vectors)
    model.wv.save_word2vec_format(str(tmp_path / "nodes.txt"))
    model.save(str(tmp_path / "model"))


def test_node2vec__makes_vectors_of_edges(graph):
    from node2vec.edges import HadamardEmbedder

    wv = trained(graph).wv
    edges = HadamardEmbedder(keyed_vectors=wv, quiet=True)
    np.testing.assert_array_equal(edges[("0", "1")], wv["0"] * wv["1"])
    found = edges.as_keyed_vectors()
    assert len(found) == 34 * 35 / 2
    assert len(found.most_similar(str(("0", "1")), topn=5)) == 5
