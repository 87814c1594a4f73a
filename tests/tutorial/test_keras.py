"""The same examples feed a Keras 3 model, written as the tutorial writes it; and our Adam is Keras's."""

import os

import numpy as np
import pytest

from firth.threads import ThreadPool
from firth.training.sampling import sampling_table
from firth.tutorial.batches import batches
from firth.tutorial.examples import Examples, training_examples
from firth.tutorial.minibatch import Embeddings, MinibatchConfig, Trainer, initial_embeddings, train

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="needs the dependency group keras")
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]

V, WIDTH = 50, 16


def model(target, context):
    class Word2Vec(keras.Model):
        def __init__(self):
            super().__init__()
            self.target = keras.layers.Embedding(V, WIDTH)
            self.context = keras.layers.Embedding(V, WIDTH)

        def call(self, pair):
            targets, contexts = pair
            return keras.ops.einsum("be,bce->bc", self.target(targets), self.context(contexts))

    built = Word2Vec()
    built((np.zeros(1, int), np.zeros((1, 5), int)))
    built.target.set_weights([target])
    built.context.set_weights([context])
    built.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return built


def some_examples() -> Examples:
    sequences = np.random.default_rng(0).integers(1, V, (400, 10))
    return training_examples(sequences, V, sampling_table=np.minimum(1, 30 * sampling_table(V)), seed=1)


def test_keras__learns_step_by_step_what_we_learn():
    config = MinibatchConfig(vector_size=WIDTH, batch_size=64)
    embeddings = initial_embeddings(V, config)
    theirs = model(embeddings.target, embeddings.context)
    ours = Trainer(Embeddings(embeddings.target.copy(), embeddings.context.copy()), config, np.zeros(V), ThreadPool(2))
    losses = []
    for batch in list(batches(some_examples(), 64, seed=1))[:30]:
        loss, _ = theirs.train_on_batch((batch.targets, batch.contexts), batch.labels.astype("float32"))
        losses.append((float(loss), ours.run(batch.targets, batch.contexts, 64)[0]))
        theirs.reset_metrics()
    assert np.allclose(*zip(*losses, strict=True), atol=1e-5)
    np.testing.assert_allclose(theirs.target.get_weights()[0], ours.embeddings.target, atol=2e-5)
    np.testing.assert_allclose(theirs.context.get_weights()[0], ours.embeddings.context, atol=2e-5)


def test_keras__fits_our_examples():
    examples = some_examples()
    config = MinibatchConfig(vector_size=WIDTH, batch_size=64)
    start = initial_embeddings(V, config)
    theirs = model(start.target, start.context)
    history = theirs.fit(
        (examples.targets, examples.contexts), examples.labels.astype("float32"), batch_size=64, epochs=3, verbose=0
    ).history
    ours = [m for m, _ in train(examples, V, MinibatchConfig(vector_size=WIDTH, batch_size=64, epochs=3))]
    assert np.allclose(history["loss"], [m.loss for m in ours], atol=0.03)
