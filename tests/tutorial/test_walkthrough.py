"""Every row of the tutorial's published numbers, and what a run of it leaves."""

import numpy as np
import pytest

from firth import load
from firth.errors import CorpusError, OutputExistsError, SourceError
from firth.reporting.events import EpochMetrics
from firth.tutorial import walkthrough
from firth.tutorial.examples import vectorize
from firth.tutorial.walkthrough import Result, Step, make_examples, read_lines, run, toy_sentence, vectorized

WORDS = [
    "the",
    "and",
    "to",
    "i",
    "of",
    "you",
    "my",
    "a",
    "that",
    "in",
    "is",
    "not",
    "for",
    "with",
    "me",
    "it",
    "be",
    "your",
]
SEQUENCES = [[89, 270], [138, 36, 982, 144, 673, 125, 16, 106], [34], [106, 106], [89, 270]]

# Whole-epoch means of a fresh run of the notebook on TensorFlow 2.21 (2026-11-22).
LOSS = """1.6082 1.5890 1.5417 1.4590 1.3599 1.2614 1.1692 1.0838 1.0047 .9315
          .8638 .8014 .7441 .6917 .6437 .6000 .5602 .5241 .4912 .4613"""
ACCURACY = """.2323 .5571 .6087 .5814 .5872 .6144 .6476 .6825 .7157 .7445
              .7694 .7910 .8090 .8267 .8411 .8550 .8673 .8784 .8881 .8964"""


@pytest.fixture(scope="module")
def faithful_corpus(data):
    return vectorized(read_lines(data / "shakespeare.txt"), faithful=True)


@pytest.fixture(scope="module")
def mended_corpus(data):
    return vectorized(read_lines(data / "shakespeare.txt"), faithful=False)


def test_toy__sentence_vocabulary_and_ids():
    tokens, words, ids = toy_sentence()
    assert len(tokens) == 8
    assert words == ["<pad>", "the", "wide", "road", "shimmered", "in", "hot", "sun"]
    assert ids == [1, 2, 3, 4, 5, 1, 6, 7]


def test_toy__steps_show_the_published_numbers():
    text = "\n".join(line for step in walkthrough.toy_steps() for line in step.lines)
    for wanted in ("8 tokens", "<pad> 0  the 1  wide 2", "1 2 3 4 5 1 6 7", "26 positive pairs", "[1, 0, 0, 0, 0]"):
        assert wanted in text
    assert "0.00315225 0.00315225 0.00547597 0.00741556 0.00912817" in text


def test_corpus__lines_vocabulary_and_sequences_are_the_published_ones(faithful_corpus):
    assert len(faithful_corpus.lines) == 32_777
    assert faithful_corpus.words[:20] == ["", "[UNK]", *WORDS]
    assert len(faithful_corpus.words) == 4096
    assert faithful_corpus.sequences.shape == (32_777, 10)
    for row, expected in zip(faithful_corpus.sequences[:5].tolist(), SEQUENCES, strict=True):
        assert row == expected + [0] * (10 - len(expected))


def test_corpus__loses_what_the_tutorial_loses_and_mended_nothing(faithful_corpus, mended_corpus):
    whole = vectorize(faithful_corpus.lines, faithful_corpus.words, 100)
    assert int((whole == 1).sum()) == 12_216
    lengths = (mended_corpus.sequences != 0).sum(axis=1)
    assert int((lengths > 10).sum()) == 785
    assert int((lengths - 10)[lengths > 10].sum()) == 1008


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_examples__are_as_many_as_published_within_their_spread(faithful_corpus, seed):
    examples, _ = make_examples(faithful_corpus, faithful=True, seed=seed)
    assert abs(len(examples.targets) - 65_136) < 4 * 400
    n = len(examples.targets)
    assert examples.contexts.shape == examples.labels.shape == (n, 5)
    assert n // 1024 in {62, 63, 64}
    negatives = examples.contexts[:, 1:]
    assert abs((negatives == examples.contexts[:, :1]).any(axis=1).mean() - 0.035) < 0.005
    assert abs((negatives == 0).any(axis=1).mean() - 0.295) < 0.01
    assert abs((negatives == 1).any(axis=1).mean() - 0.185) < 0.01


def test_examples__mended_have_none_of_the_errors(mended_corpus):
    examples, expected = make_examples(mended_corpus, faithful=False, seed=1)
    negatives = examples.contexts[:, 1:]
    assert not (negatives == examples.contexts[:, :1]).any()
    assert negatives.min() >= 2
    assert examples.targets.min() >= 2
    assert np.isclose(expected.sum(), walkthrough.NUM_NS)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_run__faithful_has_the_published_losses_and_accuracies(data, tmp_path, seed):
    history = [
        e for e in run(data / "shakespeare.txt", tmp_path, faithful=True, seed=seed) if isinstance(e, EpochMetrics)
    ]
    loss, accuracy = (np.array(text.split(), float) for text in (LOSS, ACCURACY))
    assert abs(history[0].loss - np.log(5)) < 0.005
    assert np.abs([m.loss for m in history] - loss).max() < 0.03
    tolerance = np.full(20, 0.03)
    tolerance[1:3] = 0.06
    assert (np.abs([m.accuracy for m in history] - accuracy) < tolerance).all()


@pytest.fixture
def quick_text(tmp_path):
    random = np.random.default_rng(0)
    words = [f"word{i}" for i in range(60)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(random.choice(words, 8)) for _ in range(300)))
    return path


@pytest.mark.parametrize("faithful", [True, False])
def test_run__gives_steps_metrics_and_files(quick_text, tmp_path, faithful):
    events = list(run(quick_text, tmp_path / "out", faithful=faithful, epochs=2))
    titles = [e.title for e in events if isinstance(e, Step)]
    assert titles[0] == "A sentence"
    assert titles[-1] == "Vectors and what to open next"
    assert len([e for e in events if isinstance(e, EpochMetrics)]) == 2
    result = events[-1]
    assert isinstance(result, Result)
    again = load(tmp_path / "out" / "vectors.tsv")
    assert again.words == result.vectors.words == result.corpus.words[1:]
    assert (again.vectors == result.vectors.vectors).all()
    assert again.vector_size == 128
    with pytest.raises(OutputExistsError):
        list(run(quick_text, tmp_path / "out", epochs=1))


def test_run__the_seed_is_honoured(quick_text, tmp_path):
    def vectors(name, **more):
        *_, result = run(quick_text, tmp_path / name, epochs=1, **more)
        return result.vectors.vectors.tobytes()

    assert vectors("a") == vectors("b") != vectors("c", seed=7)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("", CorpusError, "not one line"),
        ("\n \n", CorpusError, "not one line"),
        ("a b a b", CorpusError, "too few different"),
    ],
)
def test_run__text_with_nothing_to_learn_says_so(tmp_path, content, error, message):
    (tmp_path / "t.txt").write_text(content)
    with pytest.raises(error, match=message):
        list(run(tmp_path / "t.txt", tmp_path / "out"))
    with pytest.raises(SourceError, match="no file"):
        list(run(tmp_path / "none.txt", tmp_path / "out"))
