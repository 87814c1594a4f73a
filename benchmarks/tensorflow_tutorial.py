"""The tutorial's pipeline on TensorFlow, timed by step: tensorflow_tutorial.py TEXT. Runs in an environment of its own."""

import json
import resource
import sys
import time

clock = [time.perf_counter()]


def lap() -> float:
    clock.append(time.perf_counter())
    return clock[-1] - clock[-2]


import tensorflow as tf  # noqa: E402
from tensorflow import keras  # noqa: E402

seconds = {"import": lap()}
SIZE, LENGTH, WINDOW, NEGATIVES, SEED, BATCH, WIDTH, EPOCHS = 4096, 10, 2, 4, 42, 1024, 128, 20

lines = tf.data.TextLineDataset(sys.argv[1]).filter(lambda line: tf.strings.length(line) > 0)
layer = keras.layers.TextVectorization(max_tokens=SIZE, output_mode="int", output_sequence_length=LENGTH)
layer.adapt(lines.batch(1024))
sequences = list(lines.batch(1024).map(layer).unbatch().as_numpy_iterator())
seconds["vectorise"] = lap()


def sampling_table(size: int, factor: float = 1e-5):
    import numpy as np

    rank = np.maximum(np.arange(size), 1)
    f = rank * (np.log(rank) + 0.577) + 0.5 - 1 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(factor * f))


def positive_pairs(sequence, table):
    """All pairs of a sequence, as Keras's skipgrams without negatives: Python loops over one sentence."""
    import random

    for i, target in enumerate(sequence):
        if not target or table[target] < random.random():
            continue
        for j in range(max(0, i - WINDOW), min(len(sequence), i + WINDOW + 1)):
            if j != i and sequence[j]:
                yield target, sequence[j]


targets, contexts, labels = [], [], []
table = sampling_table(SIZE)
for sequence in sequences:
    for target, context in positive_pairs(sequence, table):
        true = tf.expand_dims(tf.constant([context], dtype="int64"), 1)
        sampled, _, _ = tf.random.log_uniform_candidate_sampler(
            true_classes=true, num_true=1, num_sampled=NEGATIVES, unique=True, range_max=SIZE, seed=SEED
        )
        targets.append(target)
        contexts.append(tf.concat([tf.squeeze(true, 1), sampled], 0))
        labels.append(tf.constant([1] + [0] * NEGATIVES, dtype="int64"))
seconds["generate"] = lap()


class Word2Vec(keras.Model):
    def __init__(self):
        super().__init__()
        self.target = keras.layers.Embedding(SIZE, WIDTH)
        self.context = keras.layers.Embedding(SIZE, WIDTH)

    def call(self, pair):
        target, context = pair
        return tf.einsum("be,bce->bc", self.target(target), self.context(context))


data = tf.data.Dataset.from_tensor_slices(
    ((tf.constant(targets, tf.int64), tf.stack(contexts)), tf.stack(labels))
)
data = data.shuffle(10_000).batch(BATCH, drop_remainder=True).cache().prefetch(tf.data.AUTOTUNE)
model = Word2Vec()
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit(data, epochs=EPOCHS, verbose=0).history
vectors = model.target.get_weights()[0]
with open("/dev/null", "w") as file:  # noqa: PTH123
    for row in vectors[1:]:
        file.write("\t".join(map(str, row)) + "\n")
seconds["fit"] = lap()
found = {
    "seconds": seconds,
    "total": sum(seconds.values()),
    "examples": len(targets),
    "loss": history["loss"],
    "accuracy": history["accuracy"],
    "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}
print(json.dumps(found))
