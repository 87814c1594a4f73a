import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.config import TrainingConfig
from firth.errors import ConfigError, DivergenceError
from firth.jit import target
from firth.kernels.tutorial.minibatch import update_rows
from firth.threads import ThreadPool
from firth.tutorial.batches import batches
from firth.tutorial.candidates import negative_samples
from firth.tutorial.examples import Examples, training_examples
from firth.tutorial.minibatch import Embeddings, MinibatchConfig, Trainer, initial_embeddings, train
from firth.tutorial.objectives import OBJECTIVES
from firth.tutorial.optimizers import OPTIMIZERS

V = 12


def some_examples(rows=40, words=V):
    """Random words: nothing to learn but these very pairs."""
    sequences = np.random.default_rng(0).integers(1, words, (rows, 6))
    return training_examples(sequences, words)


def grouped_examples():
    """Words 2 to 6 stand among themselves, and 7 to 11."""
    random = np.random.default_rng(0)
    sequences = random.integers(2, 7, (60, 6)) + 5 * random.integers(0, 2, (60, 1))
    return training_examples(sequences, V)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_gradients__by_both_embeddings_are_the_numeric_ones(objective, shared):
    config = MinibatchConfig(vector_size=5, objective=objective, shared=shared, optimizer="sgd")
    embeddings = initial_embeddings(V, config, np.float64)
    np.multiply(embeddings.target, 20, out=embeddings.target)
    if not shared:
        np.multiply(embeddings.context, 20, out=embeddings.context)
    examples = some_examples()
    batch = examples.targets[:9], examples.contexts[:9]
    trainer = Trainer(embeddings, config, np.log(np.linspace(0.1, 0.9, V)), ThreadPool(1))
    _, _, by_logits = trainer.losses(*batch)
    gradients, values = trainer.gradients(*batch, by_logits), trainer.parameter.values
    assert len(values) == (V if shared else 2 * V)
    assert np.abs(gradients[: len(values) // 2]).max() > 1e-3
    assert np.abs(gradients[len(values) // 2 :]).max() > 1e-3
    for at in np.ndindex(values.shape):
        before, losses = values[at], []
        for step in (1e-6, -1e-6):
            values[at] = before + step
            losses.append(trainer.losses(*batch)[0].sum())
        values[at] = before
        assert_allclose(gradients[at], (losses[0] - losses[1]) / 2e-6, rtol=1e-5, atol=1e-7)


def adam_twin(gradients, lazy):
    """Kingma and Ba 2015, with Keras's order of operations, on one (V, d) parameter of zeros."""
    p, m, v = (np.zeros_like(gradients[0]) for _ in range(3))
    for t, g in enumerate(gradients, start=1):
        rows = np.abs(g).sum(axis=1) > 0 if lazy else np.ones(len(g), bool)
        m[rows] += (g[rows] - m[rows]) * (1 - 0.9)
        v[rows] += (g[rows] ** 2 - v[rows]) * (1 - 0.999)
        p[rows] -= 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m[rows] / (np.sqrt(v[rows]) + 1e-7)
    return p


def sgd_twin(gradients):
    return -0.01 * np.sum(gradients, axis=0)


def adagrad_twin(gradients):
    p, s = np.zeros_like(gradients[0]), np.full_like(gradients[0], 0.1)
    for g in gradients:
        s += g**2
        p -= 0.001 * g / np.sqrt(s + 1e-7)
    return p


TWINS = {
    "sgd": sgd_twin,
    "adagrad": adagrad_twin,
    "adam": lambda gradients: adam_twin(gradients, lazy=False),
    "lazy-adam": lambda gradients: adam_twin(gradients, lazy=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer__does_what_its_twin_does(name):
    random = np.random.default_rng(0)
    gradients = [random.normal(size=(6, 4)) * (random.random((6, 1)) < 0.5) for _ in range(20)]
    parameter = OPTIMIZERS[name].parameter(np.zeros((6, 4)))
    every = OPTIMIZERS[name].moves_every_row
    for time, g in enumerate(gradients, start=1):
        rows = np.flatnonzero(np.abs(g).sum(axis=1) > (-1 if every else 0)).astype(np.int32)
        for part in (rows[:3], rows[3:]):
            (rate,) = OPTIMIZERS[name].rates(OPTIMIZERS[name].rate, time - 1, 1)
            update_rows(parameter, OPTIMIZERS[name].update, float(rate), part, g)
    assert_allclose(parameter.values, TWINS[name](gradients), rtol=1e-10)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_run__compiled_is_step_after_step(objective, optimizer, shared):
    config = MinibatchConfig(vector_size=20, objective=objective, optimizer=optimizer, shared=shared)
    examples, start = some_examples(), initial_embeddings(V, config, np.float64)
    log_expected = np.log(np.linspace(0.1, 0.9, V))
    compiled = Trainer(start.copy(), config, log_expected, ThreadPool(1))
    stepwise = Trainer(start.copy(), config, log_expected, ThreadPool(1))
    n = len(examples.targets)
    loss, accuracy = compiled.run(examples.targets, examples.contexts, 32)
    steps = [stepwise.step(examples.targets[i : i + 32], examples.contexts[i : i + 32]) for i in range(0, n, 32)]
    assert_allclose(loss, np.concatenate([losses for losses, _ in steps]).mean(), rtol=1e-9)
    assert_allclose(accuracy, np.concatenate([right for _, right in steps]).mean())
    assert compiled.steps == stepwise.steps == len(steps)
    assert_allclose(compiled.embeddings.target, stepwise.embeddings.target, rtol=1e-9, atol=1e-12)
    assert_allclose(compiled.embeddings.context, stepwise.embeddings.context, rtol=1e-9, atol=1e-12)


def test_run__of_very_many_candidates_is_a_step():
    config = MinibatchConfig(vector_size=5, objective="negative-sampling")
    random = np.random.default_rng(0)
    targets, contexts = (random.integers(0, V, shape, dtype=np.int32) for shape in (20, (20, 3000)))
    start = initial_embeddings(V, config, np.float64)
    compiled, stepwise = (Trainer(start.copy(), config, np.zeros(V), ThreadPool(1)) for _ in range(2))
    loss, _ = compiled.run(targets, contexts, 20)
    assert_allclose(loss, stepwise.step(targets, contexts)[0].mean(), rtol=1e-9)
    assert_allclose(compiled.embeddings.target, stepwise.embeddings.target, rtol=1e-9, atol=1e-12)


def test_train__the_same_bits_whoever_does_how_much(monkeypatch):
    config = MinibatchConfig(vector_size=20, batch_size=8, epochs=3)
    metrics, one = last(some_examples(), V, config, threads=1)

    def now_and_then_alone(autotuner, units):
        for unit in range(units):
            yield (1 if unit % 3 == 1 else autotuner.threads), 1

    monkeypatch.setattr("firth.threads.ThreadAutotuner.split", now_and_then_alone)
    same_metrics, some = last(some_examples(), V, config, threads=3)
    assert one.final("concatenation").tobytes() == some.final("concatenation").tobytes()
    assert metrics == same_metrics


@pytest.mark.skipif(not target.is_enabled(), reason="with the compiler off there is one thread")
@pytest.mark.parametrize("vector_size", [8, 48, 100])
@pytest.mark.parametrize("shared", [False, True])
def test_train__the_same_bits_at_any_number_of_threads(vector_size, shared):
    config = MinibatchConfig(vector_size=vector_size, epochs=3, batch_size=50, shared=shared, drop_remainder=False)
    found = {last(some_examples(), V, config, threads=t)[1].final("concatenation").tobytes() for t in (1, 2, 3, 4)}
    assert len(found) == 1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("shared", [False, True])
def test_train__every_choice_learns(objective, optimizer, shared):
    rate = {"sgd": 1.0, "adagrad": 0.1}.get(optimizer, 0.01)
    choices = {"objective": objective, "optimizer": optimizer, "learning_rate": rate, "shared": shared}
    config = MinibatchConfig(vector_size=16, epochs=15, batch_size=20, **choices)
    history = [metrics for metrics, _ in train(grouped_examples(), V, config)]
    assert len(history) == 15
    assert history[-1].loss < 0.99 * history[0].loss
    assert shared or history[-1].accuracy > history[0].accuracy  # shared, the first epoch comes near to the best


def test_train__starts_at_the_logarithm_of_the_candidates():
    config = MinibatchConfig(epochs=1, optimizer="sgd", batch_size=16)
    (metrics, _), *_ = train(some_examples(), V, config)
    assert_allclose(metrics.loss, np.log(5), atol=0.01)


def last(*arguments, **more):
    *_, (metrics, embeddings) = train(*arguments, **more)
    return metrics, embeddings


def test_train__the_same_bits_for_the_same_seed():
    config = MinibatchConfig(vector_size=8, epochs=3, batch_size=16)
    examples = some_examples()
    first, second = (last(examples, V, config)[1].target.tobytes() for _ in range(2))
    other = last(examples, V, MinibatchConfig(vector_size=8, epochs=3, batch_size=16, seed=2))[1].target.tobytes()
    assert first == second != other


def test_train__reshuffles_unless_told_not_to():
    examples = some_examples()
    ends = [
        last(examples, V, MinibatchConfig(vector_size=4, epochs=3, batch_size=16, reshuffle=r))[1].target.tobytes()
        for r in (True, False)
    ]
    assert ends[0] != ends[1]


def test_train__drops_the_remainder_or_not():
    examples = some_examples()
    n = len(examples.targets)
    for drop in (True, False):
        config = MinibatchConfig(vector_size=4, epochs=1, batch_size=50, drop_remainder=drop)
        assert last(examples, V, config)[0].examples == (n - n % 50 if drop else n)


def test_train__fresh_negatives_are_asked_for_in_every_epoch_but_the_first():
    examples, asked = some_examples(), []

    def fresh(epoch):
        asked.append(epoch)
        return negative_samples(examples.contexts[:, 0], 4, V, seed=epoch)

    config = MinibatchConfig(vector_size=4, epochs=3, batch_size=16)
    changed = last(examples, V, config, fresh_negatives=fresh)[1].target.tobytes()
    assert asked == [1, 2]
    assert changed != last(examples, V, config)[1].target.tobytes()


def test_train__validation_is_measured_on_examples_that_are_not_learnt():
    examples = some_examples(60, words=300)
    config = MinibatchConfig(vector_size=16, epochs=30, batch_size=16, validation_split=0.25, learning_rate=0.02)
    history = [metrics for metrics, _ in train(examples, 300, config)]
    n = len(examples.targets)
    assert history[0].examples == (n - n // 4) // 16 * 16
    assert history[-1].validation_loss > 2 * history[-1].loss  # the words are random: there is nothing to generalize


def test_train__stops_early_and_goes_back_to_the_best_epoch():
    config = MinibatchConfig(
        vector_size=16, epochs=200, batch_size=16, validation_split=0.25, patience=3, learning_rate=0.05
    )
    kept, history = {}, []
    for metrics, embeddings in train(some_examples(60, words=300), 300, config):
        history.append(metrics)
        kept.setdefault(metrics.epoch, embeddings.target.copy())
    best = min(history, key=lambda m: m.validation_loss)
    assert len(history) < 200
    assert history[-1] == best
    assert history[-2].epoch == best.epoch + 3
    assert (embeddings.target == kept[best.epoch]).all()


def test_final__vectors():
    embeddings = Embeddings(np.array([[1.0, 2.0]]), np.array([[3.0, 6.0]]))
    assert embeddings.final("target").tolist() == [[1, 2]]
    assert embeddings.final("context").tolist() == [[3, 6]]
    assert embeddings.final("mean").tolist() == [[2, 4]]
    assert embeddings.final("concatenation").tolist() == [[1, 2, 3, 6]]
    with pytest.raises(ConfigError, match="one of target, context, mean, concatenation"):
        embeddings.final("sum")


@pytest.mark.parametrize("prefetch", [0, 2])
def test_batches__an_error_in_making_one_is_raised_and_does_not_hang(prefetch):
    examples = some_examples()
    cut_short = examples._replace(labels=examples.labels[:1])
    with pytest.raises(IndexError):
        list(batches(cut_short, 32, prefetch=prefetch))


@pytest.mark.parametrize("prefetch", [0, 1, 5])
def test_batches__are_all_examples_in_an_order_of_their_own(prefetch):
    examples = some_examples()
    n = len(examples.targets)
    found = list(batches(examples, 32, seed=1, drop_remainder=False, prefetch=prefetch))
    assert [len(b.targets) for b in found] == [32] * (n // 32) + ([n % 32] if n % 32 else [])
    rows = sorted(map(tuple, np.concatenate([np.column_stack([b.targets, b.contexts]) for b in found]).tolist()))
    assert rows == sorted(map(tuple, np.column_stack([examples.targets, examples.contexts]).tolist()))
    assert len(list(batches(examples, 32, prefetch=prefetch))) == n // 32
    first, second = (next(iter(batches(examples, 32, epoch=e, prefetch=prefetch))).targets.tolist() for e in (0, 1))
    assert first != second
    first, second = (
        next(iter(batches(examples, 32, epoch=e, reshuffle=False, prefetch=prefetch))).targets.tolist() for e in (0, 1)
    )
    assert first == second


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": "hinge"}, "objective must be softmax, negative-sampling"),
        ({"objective": "negative-samples"}, r"not 'negative-samples' \(do you mean negative-sampling\?\)"),
        ({"optimizer": "adamw"}, "optimizer must be sgd, "),
        ({"final": "sum"}, "final must be target, "),
        ({"batch_size": 0, "epochs": 0}, "epochs must be .*; batch_size must be"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"validation_split": 1.0}, "validation_split"),
        ({"batch_size": 10_000}, "do not fill one batch of 10,000"),
    ],
)
def test_config__nonsense_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        list(train(some_examples(), V, MinibatchConfig(**settings)))


def test_config__objectives_are_spelled_as_in_training_and_other_spellings_are_taken():
    assert TrainingConfig().objective in OBJECTIVES
    config = MinibatchConfig(objective="negative_sampling", optimizer="lazy_adam")
    assert config == MinibatchConfig(objective="negative-sampling", optimizer="lazy-adam")


def test_train__examples_that_do_not_fit_are_errors():
    good = some_examples()
    quick = MinibatchConfig(vector_size=4, epochs=1, batch_size=8)
    for bad, message in (
        (good._replace(contexts=good.contexts[:-1]), "want contexts"),
        (good._replace(contexts=good.contexts[:, :1]), "want contexts"),
        (good._replace(targets=good.targets + V), "targets hold the ids"),
        (good._replace(contexts=good.contexts - 20), "contexts hold the ids"),
        (Examples(*(a[:0] for a in good)), "no examples"),
    ):
        with pytest.raises(ValueError, match=message):
            next(train(bad, V, quick))


def test_train__starting_vectors_that_do_not_fit_are_errors():
    good = np.zeros((V, 4), np.float32)
    quick = MinibatchConfig(vector_size=4, epochs=1, batch_size=8)
    for first, context, message in (
        (np.full_like(good, np.nan), good, "target embedding has numbers that are not finite"),
        (good, good[:-1], "context embedding has the shape"),
        (good, np.zeros((V, 5), np.float32), "different shapes"),
    ):
        with pytest.raises(ValueError, match=message):
            next(train(some_examples(), V, quick, embeddings=Embeddings(first, context)))
    with pytest.raises(ValueError, match="expected must be 12"):
        next(train(some_examples(), V, quick, expected=[1.0]))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_train__what_diverged_is_an_error_that_says_what_is_usual(objective):
    config = MinibatchConfig(
        vector_size=8, epochs=60, batch_size=16, objective=objective, optimizer="sgd", learning_rate=500.0
    )
    with pytest.raises(DivergenceError, match=r"diverged in epoch \d+: its loss is .*0\.01 is usual for sgd"):
        list(train(grouped_examples(), V, config))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_train__at_the_usual_rates_no_loss_is_taken_for_divergence(objective, optimizer):
    config = MinibatchConfig(vector_size=8, epochs=3, batch_size=16, objective=objective, optimizer=optimizer)
    assert len(list(train(grouped_examples(), V, config))) == 3
