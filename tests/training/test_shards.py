"""Training in shards: pieces that learn from one state, and changes that are combined."""

import dataclasses
import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

import firth
from firth.config import TrainingConfig
from firth.errors import ConfigError, CorpusError
from firth.kernels.word2vec.blocks import Parameters
from firth.reporting.events import NOTHING
from firth.threads import ThreadPool
from firth.training import by_periods, chunks, overlap, reference_shards, rounds, schedule, shards, workers
from firth.training.checkpoints import Checkpoints
from tests.helpers.rounds import first_parameters, needs_threads, random_corpus, reference_epoch, sha256, train


def pieces_of(starts, **settings):
    return [list(p.pieces) for p in shards.periods_of(np.asarray(starts), TrainingConfig(**settings))]


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_periods_of__cuts_all_tokens_into_equal_pieces_of_whole_sentences():
    starts = np.arange(0, 5 * 2001, 5)
    periods = pieces_of(starts, shards=4, period_tokens=500)
    assert [len(pieces) for pieces in periods] == [4] * 5
    flat = [piece for pieces in periods for piece in pieces]
    assert [piece.end for piece in flat[:-1]] == [piece.begin for piece in flat[1:]]
    assert (flat[0].begin, flat[-1].end) == (0, 10_000)
    assert {piece.end - piece.begin for piece in flat} == {500}
    assert all(starts[piece.sentence] == piece.begin for piece in flat)
    assert [len(pieces_of(starts, shards=n)) for n in (2, 4, 6, 50)] == [4, 8, 12, 12]
    assert [len(pieces_of(starts, shards=n, overlap=0.5)) for n in (2, 50)] == [4, 4]


def test_periods_of__a_long_sentence_leaves_shards_without_a_piece_and_loses_no_token():
    starts = [0, 5, 905, 910, 950, 1000]
    periods = pieces_of(starts, shards=5, period_tokens=100)
    flat = [piece for pieces in periods for piece in pieces]
    assert [(piece.begin, piece.end) for piece in flat] == [(0, 905), (905, 1000)]
    assert all(0 < len(pieces) < 5 for pieces in periods)


def test_periods_of__more_shards_than_sentences_are_refused():
    with pytest.raises(CorpusError, match="has 2 sentences, fewer than the 3 shards: shards=2 would do"):
        pieces_of([0, 5, 9], shards=3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"architecture": "cbow"}, "architecture"),
        ({"objective": "hierarchical-softmax"}, "hierarchical-softmax"),
        ({"max_n": 5}, "n-grams"),
        ({"shared_vectors": True}, "shared_vectors"),
    ],
    ids=str,
)
def test_config__what_shards_cannot_learn_with_is_refused_by_name(settings, message):
    with pytest.raises(ConfigError, match=f"shards learn by skip-gram with negative sampling.*{message}"):
        TrainingConfig(shards=2, **settings)


def test_config__period_tokens_need_shards():
    with pytest.raises(ConfigError, match="it needs shards"):
        TrainingConfig(period_tokens=1000)


def test_config__overlap_needs_shards():
    with pytest.raises(ConfigError, match=r"overlap is what shards train.*it needs shards"):
        TrainingConfig(overlap=0.5)
    with pytest.raises(ConfigError, match=r"a number from 0 to 0\.9"):
        TrainingConfig(shards=2, overlap=1)


def test_periods_of_epoch__late_parts_are_the_ends_of_pieces_but_in_the_last_period_of_the_training():
    starts = np.arange(0, 5 * 2001, 5)
    config = TrainingConfig(shards=4, period_tokens=500, overlap=0.25)
    for is_last in (False, True):
        periods = overlap.periods_of_epoch(starts, config, is_last=is_last)
        assert [period.pieces for period in periods] == [period.pieces for period in shards.periods_of(starts, config)]
        assert [len(period.late) for period in periods] == [4, 4, 4, 4, 0 if is_last else 4]
        for period in periods[:4]:
            for shard, (piece, late) in enumerate(zip(period.pieces, period.late, strict=True)):
                assert period.early(shard) == (piece.begin, piece.begin + 375, piece.sentence)
                assert late == (piece.begin + 375, piece.end, piece.sentence + 75)
    assert periods[-1].early(3) == periods[-1].pieces[3]


def test_periods_of_epoch__what_is_learned_late_is_never_left_to_a_period_without_that_shard():
    starts = np.array([0, *range(5, 300, 5), 905, *range(910, 1001, 5)])
    config = TrainingConfig(shards=5, period_tokens=40, overlap=0.5)
    periods = overlap.periods_of_epoch(starts, config, is_last=False)
    assert {len(period.pieces) for period in periods} > {5}
    for period, following in itertools.pairwise([*periods, periods[0]]):
        assert bool(period.late) == (len(period.pieces) == len(following.pieces))


def test_train__what_is_learned_late_is_all_combined_in_the_end(monkeypatch):
    """With steps so small that nothing else matters, an overlap changes the negatives drawn, but nothing else."""
    tokens = random_corpus(seed=5, words=500, sentences=800)
    config = TrainingConfig(vector_size=20, sample=0, shards=3, learning_rate=1e-6, min_learning_rate=1e-6)
    start = first_parameters(tokens, config, 0)
    monkeypatch.setattr(firth.config, "OVERLAP_STEP", 0.0)
    late = overlap.LateChanges()
    monkeypatch.setattr(by_periods, "LateChanges", lambda: late)
    changes = [
        (train(tokens, dataclasses.replace(config, overlap=part))[0].outputs - start.outputs)[:, :20]
        for part in (0, 0.5, 0.9)
    ]
    assert np.abs(changes[0]).max() > 0
    for found in changes[1:]:
        assert np.linalg.norm(found - changes[0]) < 0.2 * np.linalg.norm(changes[0])
    assert not late.of_shards


# ── combining ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("number", "settings"),
    [
        (2, {}),
        pytest.param(12, {"window": 12, "negative": 15, "period_tokens": 10}, marks=pytest.mark.long),
        (3, {"distance_weights": "linear"}),
        (2, {"overlap": 0.5}),
        (5, {"overlap": 0.9, "period_tokens": 20}),
    ],
)
def test_train__is_the_reference_but_for_rounding(number, settings):
    tokens = random_corpus()
    config = TrainingConfig(
        vector_size=20, learning_rate=0.1, sample=0.02, shards=number, **{"period_tokens": 40} | settings
    )
    parameters, events = train(tokens, config)
    start = first_parameters(tokens, config, 0)
    inputs, outputs = (array[:, :20].astype(float) for array in start)
    p, q = schedule.kept_frequencies(tokens, config), schedule.noise_distribution(tokens.counts, 0.75)
    partners = (p + config.negative * q) / (1 + config.negative), p
    kept = schedule.kept_counts(tokens, config).sum() / len(tokens.ids)
    visits = schedule.visits(tokens, config, schedule.word_frequencies)
    losses, late = [], {}
    for epoch_number in range(2):
        periods = overlap.periods_of_epoch(tokens.sentence_starts, config, is_last=epoch_number == 1)
        epoch = reference_epoch(tokens, config, epoch_number, 2)
        rates = []
        for pieces, _ in periods:
            begin, end = pieces[0].begin, pieces[-1].end
            rate = max(epoch.plan.rate_first + epoch.plan.rate_slope * (begin + end) / 2, epoch.plan.rate_least)
            seen = shards.curvature(number) * rate * kept * (end - begin) / len(pieces)
            rates.append(tuple(seen * of for of in visits))
        losses.append(
            reference_shards.train_epoch_in_shards(
                tokens.ids.tolist(),
                tokens.sentence_starts.tolist(),
                (inputs, outputs),
                epoch,
                [
                    [(period.early(i).begin, period.early(i).end, piece.end) for i, piece in enumerate(period.pieces)]
                    for period in periods
                ],
                partners,
                rates,
                late,
            )
        )
    assert len(periods) > 1
    assert np.abs(outputs).max() > 1e-3
    for found, wanted in ((parameters.inputs[:, :20], inputs), (parameters.outputs[:, :20], outputs)):
        usual = 0.9 if number < 12 else 0.7  # in many small periods, 16 bits go to the other side more often
        assert np.isclose(found, wanted, rtol=1e-3, atol=2e-6).mean() > usual
        assert_allclose(found, wanted, rtol=2e-2, atol=1e-3)  # where 16 bits went to the other side
    assert_allclose([e.loss for e in events if e.epoch_done], [loss / pairs for loss, pairs in losses], rtol=1e-5)
    assert not parameters.inputs[:, 20:].any()


def test_contracted__is_the_sum_where_nothing_was_learned_and_the_mean_where_all_was():
    changes = list(np.random.default_rng(0).normal(size=(8, 3, 5)))
    moment = np.eye(5)
    for rate, wanted in ((0.0, sum(changes)), (1e3, sum(changes) / 8)):
        found = reference_shards.contracted(sum(changes), 8, moment, np.full(3, rate))
        assert_allclose(found, wanted, atol=1e-12)


def test_contracted__is_what_shards_one_after_the_other_would_do_to_a_quadratic():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(4, 4))
    moment, rate, begin, optimum = root @ root.T, 0.07, rng.normal(size=4), rng.normal(size=4)
    values, vectors = np.linalg.eigh(moment)
    left = (vectors * np.exp(-rate * values)) @ vectors.T

    def learned(position):
        return optimum + left @ (position - optimum)

    wanted = begin
    for _ in range(6):
        wanted = learned(wanted)
    change = np.array([learned(begin) - begin])
    combined = reference_shards.contracted(6 * change, 6, moment, np.array([rate]))
    assert_allclose(begin + combined[0], wanted, rtol=1e-10)


def join(left, right):
    return f"({left}{right})"


@pytest.mark.parametrize(
    ("number", "wanted"), [(1, "0"), (2, "(01)"), (5, "(((01)(23))4)"), (7, "(((01)(23))((45)6))")], ids=str
)
def test_tree_sum__joins_neighbors_first_in_any_number(number, wanted):
    tree = shards.TreeSum(join)
    for i in range(number):
        tree.add(shards.PartialSum(i, 1, str(i)))
    assert tree.total() == wanted


@pytest.mark.parametrize(("number", "cuts"), [(8, [3]), (8, [2, 5]), (7, [4]), (13, [1, 2, 9]), (5, [])])
def test_tree_sum__is_the_same_by_whichever_parts_it_is_brought(number, cuts):
    def sum_of(first, last):
        tree = shards.TreeSum(join)
        for i in range(first, last):
            tree.add(shards.PartialSum(i, 1, f"{i},"))
        return tree

    whole = shards.TreeSum(join)
    for first, last in itertools.pairwise([0, *cuts, number]):
        for partial in sum_of(first, last).partial:
            whole.add(partial)
    assert whole.total() == sum_of(0, number).total()


@pytest.mark.parametrize("number", [1, 2, 5, 8, 13])
def test_changes__are_differences_summed_and_added_as_the_reference_rounds_them(number):
    rng = np.random.default_rng(number)
    pool, size = ThreadPool(1), 7
    before = Parameters(*(np.float32(rng.normal(size=(9, 16))) for _ in range(2)))
    arrays, changes = shards.ChangeArrays(size, pool), []
    tree = shards.TreeSum(arrays.joined)
    for i in range(number):
        after = Parameters(*(np.float32(rng.normal(size=(9, 16))) for _ in range(2)))
        tree.add(shards.PartialSum(i, 1, arrays.between(after, before)))
        changes.append([(new - old)[:, :size] for new, old in zip(after, before, strict=True)])
    out = Parameters(*(np.zeros((9, 16), np.float32) for _ in range(2)))
    shards.add_changes(before, tree.total(), out, pool)
    for new, old, of in zip(out, before, zip(*changes, strict=True), strict=True):
        wanted = reference_shards.tree_sum(np.float64(of))
        assert (new[:, :size] == np.float32(old[:, :size] + wanted)).all()
        assert not new[:, size:].any()


# ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────────────


@needs_threads
def test_train__in_shards_gives_the_same_bits_at_any_number_of_threads_and_wherever_chunks_are_cut(monkeypatch):
    tokens = random_corpus(seed=5, words=2000, sentences=3000)
    config = TrainingConfig(sample=0.01, shards=3)
    one, events = train(tokens, config)
    monkeypatch.setattr(chunks, "CHUNK_TOKENS", 3000)
    many, many_events = train(tokens, config, threads=3)
    assert sha256(one) == sha256(many)
    assert [event.loss for event in events] == [event.loss for event in many_events]
    assert len(events) == 2 * shards.usual_periods(3)


@needs_threads
@pytest.mark.parametrize(
    ("number", "replicas", "overlap_"), [(3, 2, 0), (8, 3, 0), (8, 8, 0), (5, 1, 0), (8, 3, 0.5), (2, 2, 0.9)]
)
def test_train__has_the_same_bits_with_any_number_of_replicas(number, replicas, overlap_, monkeypatch):
    tokens = random_corpus(seed=5, words=500, sentences=800)
    config = TrainingConfig(vector_size=20, sample=0.01, shards=number, overlap=overlap_)
    one, events = train(tokens, config)
    monkeypatch.setattr(by_periods, "replicas_that_pay", lambda *_: replicas)
    many, many_events = train(tokens, config, threads=2 * replicas)
    assert sha256(one) == sha256(many)
    assert [event.loss for event in events] == [event.loss for event in many_events]


def test_replicas__are_as_many_as_shards_threads_and_memory_allow(monkeypatch):
    parameters = Parameters(*(np.zeros((1000, 100), np.float32) for _ in range(2)))
    size = 2 * 1000 * 100 * 4
    for shards_, threads, free, wanted in (
        (8, 4, 1e12, 4),
        (3, 4, 1e12, 3),
        (1, 4, 1e12, 1),
        (8, 4, 0, 1),
        (8, 4, 4 * 2 * 2 * size, 3),
    ):
        monkeypatch.setattr(by_periods, "free_memory", lambda free=free: int(free))
        assert by_periods.replicas_that_pay(shards_, threads, parameters) == wanted
    for free, wanted in ((4 * size, 1), (4 * size + 8 * size - 1, 1), (4 * size + 8 * size, 2)):
        monkeypatch.setattr(by_periods, "free_memory", lambda free=free: free)
        assert by_periods.replicas_that_pay(8, 8, parameters, overlap=0.5) == wanted


@needs_threads
def test_train__what_fails_in_a_replica_ends_the_training_and_the_other_replicas(monkeypatch):
    chunks_seen = []

    def fail(self, chunk, plan):
        chunks_seen.append(chunk)
        if len(chunks_seen) == 3:
            raise KeyboardInterrupt
        return 0.0, 1.0

    monkeypatch.setattr(chunks, "CHUNK_TOKENS", 200)
    monkeypatch.setattr(workers.WorkerGroup, "train", fail)
    tokens = random_corpus(seed=5, words=500, sentences=3000)
    with pytest.raises(KeyboardInterrupt):
        train(tokens, TrainingConfig(vector_size=20, sample=0.01, shards=2, period_tokens=10**6), threads=2)
    assert len(chunks_seen) < len(tokens.ids) // 400


def test_train__one_shard_is_as_without():
    tokens = random_corpus()
    assert sha256(train(tokens, TrainingConfig(shards=1))[0]) == sha256(train(tokens, TrainingConfig())[0])


def test_train__in_shards_reports_the_learning_rate_of_the_settings():
    """Not the higher one that shards learn at."""
    tokens = random_corpus()
    rates = [[e.learning_rate for e in train(tokens, TrainingConfig(shards=n))[1] if e.epoch_done] for n in (1, 4)]
    assert_allclose(rates[1], rates[0], rtol=1e-12)
    assert len(rates[0]) == 2


@pytest.mark.parametrize("overlap_", [0, 0.5])
def test_train__goes_on_after_any_period_with_the_same_bits(overlap_):
    tokens = random_corpus()
    config = TrainingConfig(vector_size=20, sample=0.02, shards=3, period_tokens=60, overlap=overlap_)
    whole, _ = train(tokens, config)
    parameters, done = first_parameters(tokens, config, 0), NOTHING
    begin = Parameters(*(np.full_like(array, np.nan) for array in parameters))
    events = 0
    while done.epochs < 2:
        event = next(rounds.train(tokens, config, parameters, epochs=2, threads=1, done=done, begin=begin))
        parameters, begin = (Parameters(*(array.copy() for array in of)) for of in (parameters, begin))
        done = event.done
        events += 1
    assert sha256(parameters) == sha256(whole)
    assert events == 2 * len(shards.periods_of(tokens.sentence_starts, config))


def test_train__frozen_words_stay_where_they_were_and_held_out_sentences_are_measured():
    sentences = [["the", "king", "and", "the", "queen"], ["a", "man", "and", "a", "woman"]] * 100
    first = firth.train(sentences, vector_size=10, epochs=1, progress=False)
    model = firth.train(
        sentences, start=first, frozen=["king"], vector_size=10, epochs=2, shards=4, validation=0.1, progress=False
    )
    assert (model["king"] == first["king"]).all()
    assert (model["queen"] != first["queen"]).any()
    assert all(result.validation_loss is not None for result in model.history)


def test_train__a_checkpoint_of_another_number_of_shards_is_refused(tmp_path):
    sentences = [["the", "king", "and", "the", "queen"], ["a", "man", "and", "a", "woman"]] * 100

    settings = {"vector_size": 10, "epochs": 3, "progress": False}
    kept = Checkpoints(tmp_path / "c", seconds_between=0)
    seen = []

    def interrupt(event):
        seen.append(event)
        if sum(isinstance(event, rounds.Progress) for event in seen) > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        firth.train(sentences, checkpoints=kept, shards=4, **settings | {"progress": interrupt})
    with pytest.raises(ConfigError, match="shards was 4, now 2"):
        firth.train(sentences, checkpoints=kept, resume=True, shards=2, **settings)
    model = firth.train(sentences, checkpoints=kept, resume=True, shards=4, **settings)
    assert (model.vectors == firth.train(sentences, shards=4, **settings).vectors).all()


@pytest.mark.parametrize(("overlap_", "events"), [(0, 3), (0.5, 3), (0.5, 4), (0.5, 5)])
def test_train__an_interrupted_training_in_shards_goes_on_with_the_same_bits(tmp_path, monkeypatch, overlap_, events):
    """Also where the last period that was done is another epoch's."""
    monkeypatch.setattr("firth.training.checkpoints.SHARE", 1e9)
    sentences = [["the", "king", "and", "the", "queen"], ["a", "man", "and", "a", "woman"]] * 100
    settings = {"vector_size": 10, "epochs": 3, "shards": 4, "overlap": overlap_, "sample": 0, "progress": False}
    kept = Checkpoints(tmp_path / "c", seconds_between=0)
    seen = []

    def interrupt(event):
        seen.append(event)
        if sum(isinstance(event, rounds.Progress) for event in seen) > events:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        firth.train(sentences, checkpoints=kept, **settings | {"progress": interrupt})
    periods = shards.usual_periods(4, overlap_)
    assert kept.newest().done.epochs * periods + kept.newest().done.chunks == events
    model = firth.train(sentences, checkpoints=kept, resume=True, **settings)
    assert (model.vectors == firth.train(sentences, **settings).vectors).all()


@pytest.mark.long
def test_train__in_shards_learns_about_as_much_as_one():
    """On text with something to learn, where the mean of eight shards' changes learns little."""
    rng = np.random.default_rng(3)
    topics = rng.integers(0, 20, (4000, 1))
    ids = np.where(
        rng.random((4000, 12)) < 0.6, topics * 10 + rng.integers(0, 10, (4000, 12)), rng.integers(0, 200, (4000, 12))
    )
    sentences = [[f"w{word}" for word in sentence] for sentence in ids.tolist()]
    settings = {"vector_size": 32, "epochs": 5, "progress": False, "validation": 0.1, "sample": 0}
    losses = [
        firth.train(sentences, shards=number, overlap=part, **settings).history[-1].validation_loss
        for number, part in ((1, 0), (8, 0), (8, 0.5))
    ]
    assert max(losses[1:]) < losses[0] + 0.03
