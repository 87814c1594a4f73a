import numpy as np
import pytest

fastnode2vec = pytest.importorskip("fastnode2vec", reason="needs fastnode2vec: python -m tools.gensim_users")


def test_fastnode2vec__learns_vectors_of_nodes(graph, tells_factions_apart, tmp_path):
    def trained(workers):
        edges = fastnode2vec.Graph([(str(a), str(b)) for a, b in graph.edges], directed=False, weighted=False)
        model = fastnode2vec.Node2Vec(edges, dim=16, walk_length=20, window=5, p=1.0, q=1.0, workers=workers, seed=1)
        model.train(epochs=200, verbose=False)
        return model

    model = trained(1)
    assert tells_factions_apart([model.wv[str(node)] for node in graph])
    model.wv.save(str(tmp_path / "nodes"))
    np.testing.assert_array_equal(type(model.wv).load(str(tmp_path / "nodes"))["5"], model.wv["5"])
