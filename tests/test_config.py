import dataclasses
import json
import math

import numpy as np
import pytest

import firth
from firth.config import TextConfig, TrainingConfig
from firth.errors import ConfigError
from firth.settings import ELSEWHERE


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
        ("learning_rate", 10**400),
        ("noise_exponent", -(10**400)),
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
        ("batch_size", 0),
        ("batch_size", 1e3),
        ("batch_size", 16_385),
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
    with pytest.raises(ConfigError, match="batch_size"):
        TrainingConfig(architecture="cbow", objective="hierarchical-softmax", batch_size=256)
    with pytest.raises(ConfigError, match="gradient is not that of any loss where vectors are shared"):
        TrainingConfig(architecture="cbow", context_gradient="word2vec.c", shared_vectors=True)


def test_config__an_unknown_name_is_answered_with_the_known():
    with pytest.raises(ConfigError, match=r"no such setting: length; there are .*vector_size"):
        TrainingConfig.of({"length": 100})


def test_config__the_names_that_gensim_and_fasttext_have_are_answered_with_ours():
    with pytest.raises(ConfigError, match=r"no such setting: size \(here: vector_size\), iter \(here: epochs\), x; "):
        TrainingConfig.of({"size": 100, "iter": 5, "x": 1})
    names = {field.name for field in dataclasses.fields(TrainingConfig)}
    for name, ours in ELSEWHERE.items():
        assert name not in names
        assert ours.split("=")[0] in names or ours == "threads, an argument of train"
    for name in ("workers", "sg", "hs", "alpha", "ns_exponent"):
        with pytest.raises(ConfigError, match=rf"{name} \(here: "):
            firth.train([["a", "b"]], **{name: 1})


def test_config__numbers_of_numpy_become_pythons_own():
    given = {
        "vector_size": np.int64(50),
        "epochs": np.uint8(3),
        "learning_rate": np.float32(0.05),
        "sample": np.float64(0),
        "lowercase": np.bool_(False),
        "window": np.array(4),
        "architecture": np.str_("cbow"),
    }
    config = TrainingConfig(**given)
    wanted = {"vector_size": 50, "epochs": 3, "learning_rate": float(np.float32(0.05)), "sample": 0.0}
    wanted |= {"lowercase": False, "window": 4, "architecture": "cbow"}
    found = {name: getattr(config, name) for name in given}
    assert found == wanted
    assert {name: type(value) for name, value in found.items()} == {name: type(v) for name, v in wanted.items()}
    assert TrainingConfig.of(json.loads(json.dumps(dataclasses.asdict(config)))) == config


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("vector_size", np.bool_(True)),
        ("vector_size", np.float64(50)),
        ("vector_size", np.float32(50.5)),
        ("learning_rate", np.float32("nan")),
        ("learning_rate", np.bool_(True)),
        ("lowercase", np.int64(1)),
        ("vector_size", np.array([50])),
        ("patience", np.array([1, 2])),
        ("window", np.array([1, 2])),
        ("epochs", np.datetime64("2026-01-01")),
    ],
)
def test_config__values_of_numpy_that_make_no_sense_are_named(setting, value):
    with pytest.raises(ConfigError, match=f"{setting} must be"):
        TrainingConfig(**{setting: value})


def test_config__what_is_long_is_quoted_in_short():
    for settings in ({"architecture": "x" * 10_000}, {"x" * 10_000: 1}, {"window": list(range(10_000))}):
        with pytest.raises(ConfigError) as raised:
            TrainingConfig.of(settings)
        assert len(str(raised.value)) < 1000


def test_threads__may_be_a_number_of_numpy():
    settings = {"min_count": 1, "sample": 0, "epochs": 1, "vector_size": np.int16(4)}
    model = firth.train([["a", "b"]] * 50, threads=np.int64(1), **settings)
    assert model["a"].shape == (4,)
    for wrong in (True, np.bool_(True), 1.0, 0, np.int64(2000)):
        with pytest.raises(ConfigError, match="threads must be"):
            firth.train([["a", "b"]], threads=wrong)


def test_config__of_training_is_one_of_text_too():
    config = TrainingConfig(lowercase=False)
    assert isinstance(config, TextConfig)
    assert TrainingConfig.of({"window": 3}).window == 3


@pytest.mark.parametrize(
    ("setting", "given", "wanted"),
    [
        ("architecture", "skip_gram", "skip-gram"),
        ("architecture", "Skipgram", "skip-gram"),
        ("architecture", np.str_("CBOW"), "cbow"),
        ("objective", "negative_sampling", "negative-sampling"),
        ("objective", "Hierarchical Softmax", "hierarchical-softmax"),
        ("errors", "STRICT", "strict"),
    ],
)
def test_config__words_may_be_spelled_in_other_ways_and_become_ours(setting, given, wanted):
    config = TrainingConfig(**{setting: given})
    assert getattr(config, setting) == wanted
    assert config == TrainingConfig(**{setting: wanted})


@pytest.mark.parametrize(
    ("setting", "given", "meant"),
    [
        ("architecture", "sg", "skip-gram"),
        ("architecture", "skip-grams", "skip-gram"),
        ("objective", "hs", "hierarchical-softmax"),
        ("objective", "ns", "negative-sampling"),
        ("objective", "negative-samplin", "negative-sampling"),
        ("context", "avg", "mean"),
    ],
)
def test_config__a_word_that_seems_to_be_another_is_answered_with_it(setting, given, meant):
    with pytest.raises(ConfigError, match=rf"not '{given}' \(do you mean {meant}\?\)"):
        TrainingConfig(**{setting: given})
    with pytest.raises(ConfigError, match=r"not 'whatever'$"):
        TrainingConfig(**{setting: "whatever"})


def test_config__is_shown_by_the_settings_that_are_not_the_defaults():
    assert repr(TrainingConfig()) == "TrainingConfig()"
    config = TrainingConfig(window=30, architecture="cbow")
    assert repr(config) == "TrainingConfig(architecture='cbow', window=30)"
    assert eval(repr(config), {"TrainingConfig": TrainingConfig}) == config
    assert len(repr(TrainingConfig(stop_words=[f"w{i}" for i in range(10_000)]))) < 200


def test_config__in_files_the_batch_size_keeps_the_name_it_had():
    config = TrainingConfig(batch_size=1024, stop_words=("the",))
    assert config.saved()["round_centres"] == 1024
    assert "batch_size" not in config.saved()
    assert TrainingConfig.of_saved(json.loads(json.dumps(config.saved()))) == config
    with pytest.raises(ConfigError, match="wanted settings by their names, not \\[1\\]"):
        TrainingConfig.of_saved([1])
    with pytest.raises(ConfigError, match=r"round_centres \(here: batch_size\)"):
        TrainingConfig.of({"round_centres": 1024})


def test_config__shards_learn_at_a_rate_that_is_up_to_a_fifth_higher():
    rates = [TrainingConfig(learning_rate=0.1, shards=shards).first_rate for shards in (1, 2, 5, 1000)]
    np.testing.assert_allclose(rates, [0.1, 0.11, 0.116, 0.11998], rtol=1e-12)
    assert TrainingConfig(min_learning_rate=0.01, shards=5).last_rate == pytest.approx(0.0116)
