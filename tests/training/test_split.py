"""Sentences held out: which, and what is measured on them."""

import os

import numpy as np
import pytest

import firth
from firth.corpus.corpus import TOKENS_AT_A_TIME
from firth.errors import ConfigError, CorpusError
from firth.jit import target
from firth.kernels.machine import rng
from firth.training import rounds, schedule
from firth.training.split import held_out_sentences, select
from tests.helpers.models import SETTINGS, text

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


def test_draws__are_those_of_the_kernel():
    key = rng.stream_key(3, 0, rng.VALIDATION)
    assert rng.draws(key, 50).tolist() == [int(rng.draw(key, i)) for i in range(50)]


def test_select__holds_out_whole_sentences(tmp_path):
    corpus = firth.encode(text(lines=2000))
    counts = corpus.counts[:20]
    tokens, held_out = select(corpus, counts, validation=0.1, seed=7)
    out = held_out_sentences(corpus.sentences, 0.1, 7)
    assert 150 < out.sum() < 250
    assert held_out.sentence_starts.tolist() == list(range(0, 12 * out.sum() + 1, 12))
    sentences = np.minimum(corpus.ids, 20).reshape(-1, 12)
    assert held_out.ids.tolist() == sentences[out].reshape(-1).tolist()
    assert (tokens.ids.reshape(-1, 12)[out] == 20).all()
    assert (tokens.ids.reshape(-1, 12)[~out] == sentences[~out]).all()


def test_select__pieces_do_not_matter(monkeypatch):
    corpus = firth.encode(text(lines=500))
    whole, whole_out = select(corpus, corpus.counts, validation=0.3)
    monkeypatch.setattr("firth.corpus.corpus.TOKENS_AT_A_TIME", 100)
    cut, cut_out = select(corpus, corpus.counts, validation=0.3)
    assert len(corpus) < TOKENS_AT_A_TIME
    assert (whole.ids == cut.ids).all()
    assert (whole_out.ids == cut_out.ids).all()


def test_validation__is_an_honest_loss():
    """Sentences learnt by heart do not make it better."""
    rng = np.random.default_rng(0)
    noise = [[f"w{n}" for n in line] for line in rng.integers(0, 400, (300, 10))]
    made = firth.train(noise, validation=0.2, **SETTINGS | {"epochs": 40, "learning_rate": 0.1, "min_count": 1})
    first, last = made.history[0], made.history[-1]
    held_out = [result.validation_loss for result in made.history]
    assert abs(first.loss - first.validation_loss) < 0.2
    assert last.loss < last.validation_loss - 1
    assert last.validation_loss > min(held_out) + 0.02


def test_validation__does_not_touch_the_training():
    tokens_alone = firth.train(text(), **SETTINGS)
    assert [r.validation_loss for r in tokens_alone.history] == [None, None]
    corpus = firth.encode(text())
    tokens, held_out = select(corpus, corpus.counts, validation=0.2)
    config = firth.TrainingConfig(vector_size=12, sample=0, validation=0.2)
    made = []
    for out in (held_out, None):
        parameters = schedule.initial_parameters(len(corpus.counts), 12, 1)
        list(rounds.train(tokens, config, parameters, epochs=2, threads=1, held_out=out))
        made.append(parameters)
    assert all((a == b).all() for a, b in zip(*made, strict=True))


def test_validation__what_will_not_do_is_named():
    with pytest.raises(ConfigError, match="patience needs sentences"):
        firth.train(text(), patience=2, **SETTINGS)
    with pytest.raises(CorpusError, match="holds out none or all"):
        firth.train([["a", "b"]] * 5, validation=0.001, **SETTINGS)
    with pytest.raises(CorpusError, match="no two words near each other"):
        firth.train([["a", "b"], *[["c"]] * 3000], validation=0.1, **SETTINGS | {"min_count": 1})


def test_selection__leaves_no_file_behind(own_cache):
    firth.train(text(), validation=0.1, **SETTINGS)
    assert not os.listdir(own_cache)
