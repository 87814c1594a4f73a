"""Layers of Keras 3: the same numbers as firth's, in the rows that Keras's own look-ups give.

`KERAS_BACKEND` chooses another backend than JAX.
"""

import os

import numpy as np
import pytest

import firth

NEEDS = ["keras>=3.0", "jax>=0.4", "tensorflow-cpu>=2.18"]

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="needs the dependency group keras")


# of Keras's own, while it saves variables of JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")


@pytest.fixture
def tensorflow():
    """TensorFlow, without which Keras's look-ups of strings do not work, with any backend."""
    return pytest.importorskip("tensorflow", reason="needs TensorFlow")


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_to_keras__gives_each_word_its_vector(model):
    layer, rows = model.to_keras()
    assert isinstance(layer, keras.layers.Embedding)
    found = layer(np.array([[rows[word] for word in model.words]]))
    np.testing.assert_array_equal(numbers(found)[0], model.vectors)


@pytest.mark.parametrize("given", [True, False])
def test_to_keras__has_the_rows_of_string_lookup(model, tensorflow, given):
    lookup = keras.layers.StringLookup(vocabulary=model.words, mask_token="")
    layer, rows = model.to_keras(lookup.get_vocabulary()) if given else model.to_keras()
    words = ["king", "unheard", "", *model.words]
    ids = np.asarray(lookup(np.array([words])))
    assert ids.tolist() == [[rows[word] if word else rows.padding for word in words]]
    assert ids[0, :3].tolist() == [3, 1, 0]
    zeros = np.zeros((2, model.vector_size))
    np.testing.assert_array_equal(numbers(layer(ids))[0], [model["king"], *zeros, *model.vectors])


def test_to_keras__has_the_rows_of_text_vectorization(model, tensorflow):
    vectorize = keras.layers.TextVectorization(vocabulary=model.words, output_sequence_length=5)
    layer, rows = model.to_keras()
    ids = np.asarray(vectorize(np.array(["The king, unheard!"])))
    assert ids.tolist() == [[rows["the"], rows["king"], 1, 0, 0]]
    pooled = keras.layers.GlobalAveragePooling1D()(layer(ids), mask=layer.compute_mask(ids))
    expected = (model["the"] + model["king"]) / 3  # the unknown word counts, padding does not
    np.testing.assert_allclose(numbers(pooled)[0], expected, rtol=1e-5)


def test_to_keras__masks_padding(model):
    layer, rows = model.to_keras()
    assert numbers(layer.compute_mask(np.array([[rows["king"], rows.unknown, rows.padding]]))).tolist() == [
        [True, True, False]
    ]


def test_to_keras__is_frozen_unless_asked(model):
    def trained(layer, rows):
        x, y = np.array([[rows["king"], rows["unheard"]]] * 4), np.ones((4, 1))
        network = keras.Sequential([layer, keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
        network.compile("sgd", "mse")
        network.fit(x, y, epochs=2, verbose=0)
        return numbers(layer.embeddings)

    frozen, free = (trained(*model.to_keras(trainable=trainable)) for trainable in (False, True))
    np.testing.assert_array_equal(frozen[2:], model.vectors)
    moved = np.flatnonzero((free != frozen).any(1)).tolist()
    assert moved == [1, 3]  # unknown words, and the king


def test_to_keras__is_saved_in_a_model_of_keras(model, tmp_path):
    layer, rows = model.to_keras()
    network = keras.Sequential([keras.Input((2,), dtype="int32"), layer])
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    found = numbers(loaded(np.array([[rows["queen"], rows.padding]])))[0]
    np.testing.assert_array_equal(found, [model["queen"], np.zeros(model.vector_size)])


def test_to_keras__refuses_a_vocabulary_with_other_rows(model):
    with pytest.raises(ValueError, match="mask_token"):
        model.to_keras(["[UNK]", "the", "king"])  # of StringLookup() as it is: row 1 is that of a word
    with pytest.raises(ValueError, match="twice"):
        model.to_keras(["", "[UNK]", "[UNK]", "the"])  # of StringLookup(num_oov_indices=2)


def test_to_keras__has_rows_for_unseen_words_by_their_ngrams(small_text):
    model = firth.train(small_text, max_n=4, buckets=500, vector_size=8, epochs=1, progress=False)
    layer, rows = model.to_keras(["apples", "apple"])
    np.testing.assert_array_equal(numbers(layer(np.array([rows["apples"]])))[0], model["apples"])
