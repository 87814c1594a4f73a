import math

import pytest

from firth.config import TextConfig, TrainingConfig
from firth.errors import ConfigError


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("window", 0),
        ("window", 2.5),
        ("window", True),
        ("negative", -1),
        ("negative", 0),
        ("vector_size", 0),
        ("min_count", 0),
        ("max_vocabulary", 0),
        ("epochs", 0),
        ("epochs", "5"),
        ("learning_rate", math.nan),
        ("learning_rate", 0),
        ("learning_rate", math.inf),
        ("min_learning_rate", -0.1),
        ("sample", -1e-3),
        ("sample", 1.5),
        ("noise_exponent", math.nan),
        ("seed", -1),
        ("seed", 0.5),
        ("encoding", "utf-99"),
        ("errors", "whatever"),
        ("separator", ""),
        ("separator", "a\n"),
        ("lowercase", 1),
        ("round_centres", 0),
        ("round_centres", 1e3),
        ("round_centres", 16_385),
    ],
)
def test_config__names_a_setting_that_makes_no_sense(setting, value):
    with pytest.raises(ConfigError, match=setting):
        TrainingConfig(**{setting: value})


def test_config__names_all_that_is_wrong_at_once():
    with pytest.raises(ConfigError, match=r"window must be .* not 0; negative must be .* not -1"):
        TrainingConfig(window=0, negative=-1)


def test_config__rates_must_fall():
    with pytest.raises(ConfigError, match=r"min_learning_rate \(0.1\) must not be above learning_rate \(0.025\)"):
        TrainingConfig(min_learning_rate=0.1)


def test_config__rounds_of_one_block_have_no_other_size():
    with pytest.raises(ConfigError, match="round_centres"):
        TrainingConfig(architecture="cbow", objective="hierarchical-softmax", round_centres=256)
    with pytest.raises(ConfigError, match="gradient is not that of any loss where vectors are shared"):
        TrainingConfig(architecture="cbow", context_gradient="word2vec.c", shared_vectors=True)


def test_config__an_unknown_name_is_answered_with_the_known():
    with pytest.raises(ConfigError, match=r"no such setting: size; there are .*vector_size"):
        TrainingConfig.of({"size": 100})


def test_config__of_training_is_one_of_text_too():
    config = TrainingConfig(lowercase=False)
    assert isinstance(config, TextConfig)
    assert TrainingConfig.of({"window": 3}).window == 3
