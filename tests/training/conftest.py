"""Fixtures for training."""

import pytest

from firth.training import schedule


@pytest.fixture
def mean_in_every_other_round(monkeypatch):
    monkeypatch.setattr(schedule, "MEAN_ROUNDS", 2)
    monkeypatch.setattr(schedule, "MEAN_CENTERS", 0)
