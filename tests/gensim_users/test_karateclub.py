import numpy as np
import pytest

karateclub = pytest.importorskip("karateclub", reason="needs karateclub: python -m tools.gensim_users")


@pytest.mark.filterwarnings("ignore:hs=1 trains by hierarchical softmax alone")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("DeepWalk", {}), ("Node2Vec", {}), ("Walklets", {}), ("Diff2Vec", {"diffusion_cover": 20})],  # of 34 nodes
)
def test_karateclub__learns_vectors_of_nodes(graph, tells_factions_apart, name, arguments):
    def embedding():
        model = getattr(karateclub, name)(dimensions=16, epochs=10, **arguments)
        model.fit(graph)
        return model.get_embedding()

    found = embedding()
    assert found.shape == (34, 16 * 4 if name == "Walklets" else 16)
    assert tells_factions_apart(found)
    np.testing.assert_array_equal(embedding(), found)
