"""The tutorial's pipeline on TensorFlow, timed by step, in an environment of its own: one_tensorflow_tutorial TEXT."""

import json
import re
import resource
import string
import sys
import tempfile
import time

clock = [time.perf_counter()]


def lap() -> float:
    clock.append(time.perf_counter())
    return clock[-1] - clock[-2]


import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow import keras  # noqa: E402
from tqdm import tqdm  # noqa: E402

seconds = {"import": lap()}
SIZE, LENGTH, WINDOW, NEGATIVES, SEED, BATCH, WIDTH, EPOCHS = 4096, 10, 2, 4, 42, 1024, 128, 20


def standardize(text):
    punctuation = re.escape(string.punctuation)
    return tf.strings.regex_replace(tf.strings.lower(text), f"[{punctuation}]", "")


lines = tf.data.TextLineDataset(sys.argv[1]).filter(lambda line: tf.cast(tf.strings.length(line), bool))
layer = keras.layers.TextVectorization(
    standardize=standardize, max_tokens=SIZE, output_mode="int", output_sequence_length=LENGTH
)
layer.adapt(lines.batch(1024))
vectorized = lines.batch(1024).prefetch(tf.data.AUTOTUNE).map(layer).unbatch()
sequences = list(vectorized.as_numpy_iterator())
seconds["vectorize"] = lap()

targets, contexts, labels = [], [], []
table = keras.preprocessing.sequence.make_sampling_table(SIZE)
for sequence in tqdm(sequences):
    pairs, _ = keras.preprocessing.sequence.skipgrams(
        sequence, vocabulary_size=SIZE, sampling_table=table, window_size=WINDOW, negative_samples=0
    )
    for target, context in pairs:
        true = tf.expand_dims(tf.constant([context], dtype="int64"), 1)
        sampled, _, _ = tf.random.log_uniform_candidate_sampler(
            true_classes=true, num_true=1, num_sampled=NEGATIVES, unique=True, range_max=SIZE, seed=SEED
        )
        targets.append(target)
        contexts.append(tf.concat([tf.squeeze(true, 1), sampled], 0))
        labels.append(tf.constant([1] + [0] * NEGATIVES, dtype="int64"))
targets, contexts, labels = np.array(targets), np.array(contexts), np.array(labels)
seconds["generate"] = lap()


class Word2Vec(keras.Model):
    def __init__(self):
        super().__init__()
        self.target = keras.layers.Embedding(SIZE, WIDTH)
        self.context = keras.layers.Embedding(SIZE, WIDTH)

    def call(self, pair):
        target, context = pair
        word = self.target(target)
        return tf.einsum("be,bce->bc", word, self.context(context))


data = tf.data.Dataset.from_tensor_slices(((targets, contexts), labels))
data = data.shuffle(10_000).batch(BATCH, drop_remainder=True).cache().prefetch(tf.data.AUTOTUNE)
model = Word2Vec()
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit(data, epochs=EPOCHS, verbose=0).history
vectors = model.target.get_weights()[0]
with tempfile.TemporaryFile("w") as file:
    for row in vectors[1:]:
        file.write("\t".join(map(str, row)) + "\n")
seconds["fit"] = lap()
found = {
    "seconds": seconds,
    "work": sum(seconds.values()) - seconds["import"],
    "generate": seconds["generate"],
    "examples": len(targets),
    "loss": history["loss"],
    "accuracy": history["accuracy"],
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
}
print(json.dumps(found))
