"""The graph, and whether vectors of its nodes know it."""

import importlib.util
import sys

import numpy as np
import pytest

collect_ignore_glob = [] if importlib.util.find_spec("gensim") else ["test_*.py"]


@pytest.fixture(autouse=True)
def firth_in_the_place_of_gensim():
    import gensim

    if gensim.Word2Vec.__module__ != "firth.gensim.models.word2vec":
        pytest.skip(f"gensim itself is installed in {sys.prefix}: python -m tools.gensim_users")


@pytest.fixture
def graph():
    return pytest.importorskip("networkx").karate_club_graph()


@pytest.fixture
def tells_factions_apart(graph):
    """Whether the vectors (34, d) of the nodes have nearly everyone on the side of one of the two heads."""

    def told(vectors):
        units = np.array(vectors, float) / np.linalg.norm(vectors, axis=1, keepdims=True)
        is_hi = np.array([graph.nodes[node]["club"] == "Mr. Hi" for node in graph])
        return bool((((units @ units[0] > units @ units[33]) == is_hi).mean()) > 0.85)

    return told
