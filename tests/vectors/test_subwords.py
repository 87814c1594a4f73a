import struct
import tracemalloc

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose

import firth
from firth.cli import cli
from firth.errors import ConfigError, FirthError, FirthWarning, FormatError, UnwritableWordError, WordNotFoundError
from firth.formats import fasttext
from firth.jit import target
from firth.vectors.subwords import Composition, Ngrams, Subwords, ngram_buckets
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

needs_compiler = pytest.mark.skipif(not target.is_enabled(), reason="training is slow with the compiler off")

SETTINGS = {"vector_size": 12, "epochs": 2, "sample": 0, "min_count": 2, "progress": False}
SUBWORDS = {"max_n": 5, "buckets": 5000}


def buckets_by_hand(word, min_n, max_n, buckets):
    """As fastText's Dictionary::computeSubwords has it, character by character, byte by byte."""
    if word == "</s>":
        return []
    text, found = f"<{word}>", []
    for i in range(len(text)):
        for n in range(1, max_n + 1):
            if i + n > len(text) or n < min_n or (n == 1 and (i == 0 or i + n == len(text))):
                continue
            h = 2166136261
            for byte in text[i : i + n].encode():
                h = ((h ^ (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF) * 16777619 & 0xFFFFFFFF
            found.append(h % buckets)
    return found


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


# --- fastText's files ------------------------------------------------------------------------------------------------


def small(buckets=40):
    """Word vectors with subwords, made by hand."""
    rng = np.random.default_rng(0)
    words = ["the", "über", "日本", "</s>"]
    used = np.unique(ngram_buckets(words, Ngrams(2, 3, buckets))[1])
    own, rows = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(len(used), 3)).astype(np.float32)
    subword_rows = Subwords(Ngrams(2, 3, buckets), own, used, rows)
    return WordVectors(Vocabulary(words, [9, 5, 2, 1]), subword_rows.compose_all(words), subword_rows)


def test_fasttext__what_is_written_is_read(tmp_path):
    vectors = small()
    assert firth.export(vectors, tmp_path / "small.bin") == [tmp_path / "small.bin"]
    found = firth.load(tmp_path / "small.bin")
    assert found.vocabulary == vectors.vocabulary
    assert_allclose(found.vectors, vectors.vectors, rtol=1e-6)
    assert_allclose(found["theüber"], vectors["theüber"], rtol=1e-6)
    assert found.subwords.ngrams == vectors.subwords.ngrams
    again = firth.export(found, tmp_path / "again.bin")[0]
    assert again.read_bytes()[:4] == fasttext.MAGIC
    assert_allclose(firth.load(again).vectors, vectors.vectors, rtol=1e-6)


def test_fasttext__words_without_counts_are_written_with_1_and_read_without(tmp_path):
    bare = small().with_counts([0] * 4)
    path = firth.export(bare, tmp_path / "bare.bin")[0]
    assert path.read_bytes().count(struct.pack("<qb", 1, 0)) >= 4
    assert not firth.load(path).vocabulary.has_counts
    some = small().with_counts([9, 0, 0, 0])
    assert firth.load(firth.export(some, tmp_path / "some.bin")[0]).vocabulary.counts.tolist() == [9, 1, 1, 1]


def test_fasttext__words_with_spaces_keep_their_vectors_under_another_name(tmp_path):
    spaced = small().add("new york", [1, 2, 3], counts=1)
    with pytest.warns(FirthWarning, match="written with _: 'new_york'"):
        replaced = firth.load(firth.export(spaced, tmp_path / "replaced.bin", spaces="replace")[0])
    assert_allclose(replaced["new_york"], [1, 2, 3], atol=1e-5)
    assert_allclose(replaced[["the", "theüber"]], spaced[["the", "theüber"]], rtol=1e-6)
    with pytest.warns(FirthWarning, match="1 of 5 words are left out, as fasttext files cannot hold them: 'new york'"):
        skipped = firth.load(firth.export(spaced, tmp_path / "skipped.bin", spaces="skip")[0])
    assert skipped.words == small().words
    assert_allclose(skipped.vectors, small().vectors, rtol=1e-6)


def by_hand(
    words=(("a", 3), ("bc", 2)), *, width=2, buckets=4, min_n=2, max_n=3, rows=None, quantised=0, more=b"", **at
):
    """A file as fastText writes it, put together with struct."""
    rows = len(words) + buckets if rows is None else rows
    entries = at.get("entries", len(words))
    settings = [width, 5, 1, 1, 5, 1, 2, at.get("model", 2), buckets, min_n, max_n, 100]
    content = struct.pack("<ii12id", 793712314, at.get("version", 12), *settings, 1e-4)
    content += struct.pack("<iiiqq", entries, at.get("promised", entries), 0, 5, at.get("pruned", -1))
    for word, count in words:
        content += word.encode("utf-8", "surrogateescape") + b"\0" + struct.pack("<qb", count, at.get("kind", 0))
    content += struct.pack("<Bqq", quantised, rows, at.get("columns", width))
    content += np.arange(rows * width, dtype="<f4").tobytes()
    return content + struct.pack("<Bqq", 0, len(words), width) + np.zeros(len(words) * width, "<f4").tobytes()


def test_fasttext__a_file_by_hand(tmp_path):
    path = tmp_path / "hand.bin"
    path.write_bytes(by_hand())
    found = firth.load(path)
    assert found.words == ["a", "bc"]
    assert found.vocabulary.counts.tolist() == [3, 2]
    rows = np.arange(12.0).reshape(6, 2)
    of_a = buckets_by_hand("a", 2, 3, 4)
    assert_allclose(found["a"], (rows[0] + sum(rows[2 + b] for b in of_a)) / (1 + len(of_a)))
    path.write_bytes(by_hand(buckets=0, max_n=0))
    plain = firth.load(path)
    assert plain.subwords is None
    assert plain.vectors.tolist() == [[0, 1], [2, 3]]


def test_fasttext__the_first_words_words_that_come_twice_and_words_that_are_not_utf8(tmp_path):
    path = tmp_path / "hand.bin"
    path.write_bytes(by_hand((("a", 3), ("bc", 2), ("a", 1))))
    with pytest.warns(FirthWarning, match="1 of 3 words come a second time, the first of them 'a' as word 3"):
        found = firth.load(path)
    assert (found.words, found.vocabulary.counts.tolist()) == (["a", "bc"], [3, 2])
    rows = np.arange(14.0).reshape(7, 2)  # three of words, then those of the buckets
    of_bc = buckets_by_hand("bc", 2, 3, 4)
    assert_allclose(found["bc"], (rows[1] + sum(rows[3 + b] for b in of_bc)) / (1 + len(of_bc)))
    path.write_bytes(by_hand())
    whole, first = firth.load(path), firth.load(path, limit=1)
    assert first.words == ["a"]
    assert_allclose(first["bc"], whole.subwords.compose("bc"))
    path.write_bytes(by_hand((("caf\udce9", 3), ("bc", 2))))
    with pytest.raises(FormatError, match="word 1: the word is not UTF-8"):
        firth.load(path)
    assert firth.load(path, errors="ignore").words == ["caf", "bc"]


@pytest.mark.parametrize("name", ["m.ftz", "m.bin", "m.model"])
def test_fasttext__a_quantised_model_is_told_how_to_go_on(tmp_path, name):
    (tmp_path / name).write_bytes(by_hand(quantised=1))
    with pytest.raises(FormatError, match=r"has been quantised \(\.ftz\).*print-word-vectors model\.ftz"):
        firth.load(tmp_path / name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 13}, "version 13"),
        ({"pruned": 3}, "pruned"),
        ({"quantised": 1}, "quantised"),
        ({"entries": 2_000_000_000}, "cut short"),
        ({"entries": 2, "promised": 3}, "cut short"),
        ({"entries": 0}, "cut short"),
        ({"kind": 1}, "promises 2 words and has 0"),
        ({"width": 0, "columns": 0}, "cut short"),
        ({"columns": 3}, "promises vectors"),
        ({"rows": 5}, "5 vectors for 2 words"),
        ({"buckets": -1}, "cut short"),
        ({"buckets": 2_000_000_000, "rows": 6}, "6 vectors"),
        ({"min_n": 0}, "makes no sense"),
        ({"min_n": 9}, "makes no sense"),
        ({"max_n": 133_121}, "makes no sense"),
    ],
    ids=str,
)
def test_fasttext__what_does_not_fit_is_named(tmp_path, changes, message):
    (tmp_path / "bad.bin").write_bytes(by_hand(**changes))
    with pytest.raises(FormatError, match=message):
        firth.load(tmp_path / "bad.bin")


def test_fasttext__cut_short_anywhere_is_refused(tmp_path):
    whole = by_hand()
    needed = len(whole) - struct.calcsize("<Bqq") - 2 * 2 * 4  # the output matrix is not read
    for length in range(4, needed):
        (tmp_path / "cut.bin").write_bytes(whole[:length])
        with pytest.raises(FormatError):
            firth.load(tmp_path / "cut.bin")


def test_fasttext__cannot_hold_every_word(tmp_path):
    vectors = small()
    bad = WordVectors(Vocabulary(["new york", *vectors.words[1:]], [1] * 4), vectors.vectors, vectors.subwords)
    with pytest.raises(UnwritableWordError):
        firth.export(bad, tmp_path / "bad.bin")
    with pytest.raises(FirthError, match="subwords"):
        firth.export(WordVectors(vectors.vocabulary, vectors.vectors), tmp_path / "bad.bin", format="fasttext")
    assert list(tmp_path.iterdir()) == []


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
