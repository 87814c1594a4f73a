"""Training that ends before its time: by patience, or because somebody stops it."""

import math

import numpy as np
import pytest

import firth
from firth.jit import target
from firth.reporting.events import Progress
from firth.training.checkpoints import Checkpoints
from tests.helpers.models import SETTINGS, assert_same, text

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")


@pytest.mark.parametrize("threads", [1, 3])
def test_patience__stops_and_keeps_the_best_epoch(threads):
    rng = np.random.default_rng(0)
    noise = [[f"w{n}" for n in line] for line in rng.integers(0, 400, (300, 10))]
    settings = SETTINGS | {"learning_rate": 0.1, "min_learning_rate": 0.1, "min_count": 1, "validation": 0.2}
    made = firth.train(noise, patience=2, threads=threads, **settings | {"epochs": 50})
    losses = [result.validation_loss for result in made.history]
    best = losses.index(min(losses))
    assert len(losses) == best + 3 < 50
    kept = firth.train(noise, **settings | {"epochs": best + 1})
    assert (made.vectors == kept.vectors).all()


def test_patience__goes_on_after_an_interruption(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    noise = [[f"w{n}" for n in line] for line in rng.integers(0, 400, (300, 10))]
    settings = SETTINGS | {"learning_rate": 0.1, "min_count": 1, "validation": 0.2, "patience": 2, "epochs": 50}
    whole = firth.train(noise, **settings)
    monkeypatch.setattr(Checkpoints, "are_due", lambda *_, **__: True)

    def stop(event):
        if isinstance(event, Progress) and event.epoch == len(whole.history) - 1 and event.epoch_done:
            raise RuntimeError("lights out")

    with pytest.raises(RuntimeError):
        firth.train(noise, checkpoints=tmp_path / "c", **settings | {"progress": stop})
    made = firth.train(noise, checkpoints=tmp_path / "c", resume=True, **settings)
    assert_same(made, whole)
    assert made.history == whole.history


def test_stop_training__ends_with_the_model_as_it_is():
    seen = []

    def stop(event):
        if isinstance(event, Progress):
            seen.append(event)
            if event.epoch_done and event.epoch == 3:
                raise firth.StopTraining

    made = firth.train(text(), **SETTINGS | {"progress": stop, "epochs": 9})
    assert [result.epoch for result in made.history] == [1, 2, 3]
    assert seen[-1].epoch == 3
    assert math.isfinite(made.history[-1].loss)


@pytest.mark.parametrize("stage", ["Compiling", "Reading", "Joining"])
def test_stop_training__before_anything_is_learned_is_an_error_that_says_so(small_text, tmp_path, monkeypatch, stage):
    monkeypatch.setattr("firth.training.train.is_compiled", lambda job: False)
    monkeypatch.setattr("firth.training.train.background_compile.start", lambda *_: None)
    seen = []

    def stop(event):
        seen.append(type(event).__name__)
        if seen[-1] == stage:
            raise firth.StopTraining

    settings = {"phrase_passes": 1, "epochs": 1, "vector_size": 4}
    with pytest.raises(firth.FirthError, match="before anything was learned: there is no model"):
        firth.train(small_text, progress=stop, checkpoints=tmp_path / "kept", **settings)
    assert seen[-1] == stage
    assert not (tmp_path / "kept").exists()
    assert len(firth.train(small_text, progress=False, **settings)) > 2
