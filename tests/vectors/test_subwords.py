import tracemalloc

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose

import firth
from firth.cli import cli
from firth.errors import ConfigError, FormatError, WordNotFoundError
from firth.jit import target
from firth.vectors.subwords import Composition, Ngrams, Subwords, ngram_buckets
from tests.helpers.subwords import buckets_by_hand, small

needs_compiler = pytest.mark.skipif(not target.is_enabled(), reason="training is slow with the compiler off")

SETTINGS = {"vector_size": 12, "epochs": 2, "sample": 0, "min_count": 2, "progress": False}
SUBWORDS = {"max_n": 5, "buckets": 5000}


WORDS = ["king", "über", "日本語テキスト", "😀x", "a", "", "</s>", "naïve café", "supercalifragilistic"]


@pytest.mark.parametrize("ngrams", [Ngrams(3, 6, 2_000_000), Ngrams(1, 3, 17), Ngrams(2, 100, 2**31 - 1)])
def test_ngram_buckets__are_those_computed_by_hand(ngrams):
    starts, buckets = ngram_buckets(WORDS, ngrams)
    for i, word in enumerate(WORDS):
        assert buckets[starts[i] : starts[i + 1]].tolist() == buckets_by_hand(word, *ngrams)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("king", [299675, 1736367, 824152, 785298, 1950837, 736598, 420536, 771707, 590751, 217300]),
        ("über", [1793082, 1664269, 716781, 820905, 255527, 904527, 1599331, 485366, 900056, 742840]),
        ("😀x", [1082798, 653744, 1799594]),
        ("a", [1087600]),
        ("</s>", []),
    ],
)
def test_ngram_buckets__are_those_that_fasttext_told(word, told):
    """fasttext 0.9.3, get_subwords, less the number of words."""
    assert ngram_buckets([word], Ngrams(3, 6, 2_000_000))[1].tolist() == told


def test_composition__is_the_mean_of_a_words_own_vector_and_its_ngrams(monkeypatch):
    monkeypatch.setattr("firth.vectors.subwords.AT_A_TIME", 30)
    ngrams = Ngrams(2, 4, 50)
    made_of = Composition(WORDS, ngrams)
    table = np.random.default_rng(0).normal(size=(len(WORDS) + len(made_of.used), 3)).astype(np.float32)
    composed = made_of.compose(table)
    for i, word in enumerate(WORDS):
        rows = [len(WORDS) + made_of.used.tolist().index(b) for b in buckets_by_hand(word, *ngrams)]
        assert_allclose(composed[i], table[[i, *rows]].astype(float).mean(axis=0), rtol=1e-5, atol=1e-6)
    subword_rows = Subwords(ngrams, table[: len(WORDS)], made_of.used, table[len(WORDS) :])
    assert_allclose(subword_rows.compose_all(WORDS), composed, rtol=1e-6)


def test_ngram_buckets__of_a_very_long_word_take_little_memory():
    long = "x" * 60_000
    tracemalloc.start()
    _, buckets = ngram_buckets(["a", long, "b"], Ngrams(1, 100, 1000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(buckets) == sum(60_002 - n + 1 for n in range(1, 101)) - 2 + 2 * (1 + 2 + 1)
    assert peak < 400e6


def text(seed=0, lines=600):
    numbers = np.random.default_rng(seed).zipf(1.4, (lines, 12)) % 60
    return [[f"{'walk' if n % 2 else 'talk'}{'ing' if n % 3 else 'er'}{n}" for n in line] for line in numbers]


@pytest.fixture(scope="module")
def model():
    if not target.is_enabled():
        pytest.skip("the compiler is off")
    return firth.train(text(), **SETTINGS | SUBWORDS)


def test_train__with_subwords_gives_unseen_words_a_vector(model):
    unseen = "walking999"
    assert unseen not in model
    buckets = buckets_by_hand(unseen, 3, 5, 5000)
    rows = {bucket: model.subwords.rows[i] for i, bucket in enumerate(model.subwords.used.tolist())}
    by_hand = sum(rows.get(bucket, np.zeros(12)) for bucket in buckets) / len(buckets)
    assert_allclose(model[unseen], by_hand, rtol=1e-4, atol=1e-7)
    assert model[[unseen, model.words[0]]].shape == (2, 12)
    assert model.similarity(unseen, model.words[0]) == pytest.approx(
        float(by_hand @ model[model.words[0]] / np.linalg.norm(by_hand) / np.linalg.norm(model[model.words[0]])),
        abs=1e-5,
    )
    near = model.most_similar(unseen, topn=60)
    assert len(near) == len(model)
    assert dict(near) == pytest.approx(dict(model.most_similar([unseen, "walking1"], topn=60)[0]), abs=1e-6)
    assert len(model.analogy(unseen, model.words[0], model.words[1], topn=60)) == len(model) - 2
    with pytest.raises(WordNotFoundError):
        model["日本"]


def test_save__keeps_subwords(model, tmp_path):
    loaded = firth.load(model.save(tmp_path / "model.firth"))
    assert (loaded["unseenwalking"] == model["unseenwalking"]).all()
    assert loaded.vectors.tobytes() == model.vectors.tobytes()
    assert loaded.subwords.ngrams == model.subwords.ngrams
    again = loaded.save(tmp_path / "again.firth")
    assert (again / "subwords.safetensors").read_bytes() == (tmp_path / "model.firth/subwords.safetensors").read_bytes()


def test_vectors__are_composed_of_their_parts(model):
    assert_allclose(model.vectors, model.subwords.compose_all(model.words), rtol=1e-6)


@needs_compiler
@pytest.mark.parametrize("vocabulary", ["keep", "grow", "replace"])
def test_train_more__goes_on_with_the_ngrams(model, vocabulary):
    fresh = [[model.words[0], "brandnew", model.words[3]]] * 50
    before = model.vectors.tobytes()
    more = model.train_more(fresh, vocabulary=vocabulary, progress=False, epochs=1)
    assert model.vectors.tobytes() == before
    assert ("brandnew" in more) == (vocabulary != "keep")
    assert set(model.subwords.used) <= set(more.subwords.used) or vocabulary == "replace"
    assert_allclose(more.vectors, more.subwords.compose_all(more.words), rtol=1e-6)
    if vocabulary != "replace":  # words that are not in the new text have moved with their n-grams
        other = next(word for word in model.words if word not in fresh[0])
        assert (more[other] != model[other]).any()
        assert (more.subwords.own[more.vocabulary.id(other)] == model.subwords.own[model.vocabulary.id(other)]).all()


@needs_compiler
def test_start__takes_the_ngrams_too(model):
    begun = firth.train(text(), start=model, **SETTINGS | SUBWORDS)
    assert begun.history[0].loss < model.history[0].loss
    for wrong in ({"max_n": 4}, {"buckets": 4000}):
        with pytest.raises(ConfigError, match="the same ones"):
            firth.train(text(), start=model, **SETTINGS | SUBWORDS | wrong)
    with pytest.raises(ConfigError, match="frozen"):
        firth.train(text(), start=model, frozen=True, **SETTINGS | SUBWORDS)
    plain = firth.train(text(), start=model, **SETTINGS)  # from the composed vectors
    assert plain.subwords is None


@needs_compiler
def test_checkpoint__with_subwords_goes_on_to_the_same_bits(model, tmp_path):
    def stop(event):
        if getattr(event, "epoch", 0) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        firth.train(text(), checkpoints=tmp_path / "kept", **SETTINGS | SUBWORDS | {"progress": stop})
    resumed = firth.train(text(), checkpoints=tmp_path / "kept", resume=True, **SETTINGS | SUBWORDS)
    assert resumed.subwords.rows.tobytes() == model.subwords.rows.tobytes()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_n": 2}, "below min_n"),
        ({"max_n": -1}, "max_n must be"),
        ({"max_n": 101}, "max_n must be"),
        ({"min_n": 0, "max_n": 3}, "min_n must be"),
        ({"max_n": 5, "buckets": 0}, "buckets must be"),
        ({"max_n": 5, "shared_vectors": True}, "shared"),
    ],
)
def test_config__ngrams_that_make_no_sense_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        firth.TrainingConfig(**settings)


@pytest.mark.parametrize("change", ["other words", "unknown bucket", "falling", "no metadata", "huge"])
def test_load__parts_that_do_not_fit_are_refused(tmp_path, change):
    subword_rows, path = small().subwords, tmp_path / "subwords.safetensors"
    if change == "unknown bucket":
        subword_rows.used[-1] = 40
    if change == "falling":
        subword_rows.used[:] = subword_rows.used[::-1]
    if change == "other words":
        subword_rows.own = subword_rows.own[:, :2]
    if change == "huge":
        subword_rows.ngrams = Ngrams(2, 10**12, 2**40)
    subword_rows.save(path)
    if change == "no metadata":
        from safetensors.numpy import save_file

        save_file({"own": subword_rows.own, "rows": subword_rows.rows, "used": subword_rows.used}, path)
    with pytest.raises(FormatError):
        Subwords.load(path)


@needs_compiler
def test_command__trains_with_subwords_and_exports_fasttext(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in text()))

    def run(*words):
        result = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    model, cache = tmp_path / "m.firth", ("--cache", tmp_path / "cache")
    run("train", path, "-o", model, "--max-n", 5, "--buckets", 500, "--epochs", 1, "--vector-size", 8, *cache)
    run("export", model, tmp_path / "m.bin")
    assert run("similar", tmp_path / "m.bin", "walkingunseen") == run("similar", model, "walkingunseen")
