import pytest
from numpy.testing import assert_array_equal

from firth.errors import ConfigError, FirthError, SourceError
from firth.gensim import Word2Vec

SETTINGS = {"vector_size": 12, "sample": 0, "min_count": 2}


class Walks(Word2Vec):
    """Learns from what numbers stand for, as fastnode2vec does."""

    def __init__(self, walks, **settings):
        self.walks, self.batches = walks, []
        super().__init__(**settings)

    def _do_train_job(self, sentences, alpha, inits):
        self.batches.append(len(sentences))
        return super()._do_train_job([self.walks[number] for (number,) in sentences], alpha, inits)


def numbers(sentences):
    return [[number] for number in range(len(sentences))]


@pytest.mark.long
@pytest.mark.parametrize("epochs", [1, 3])
def test_subclass__learns_from_the_sentences_that_it_hands_on(sentences, epochs):
    model = Walks(sentences, **SETTINGS, batch_words=7)
    model.build_vocab(sentences)
    model.train(numbers(sentences), total_examples=600, epochs=epochs)
    assert model.batches == ([7] * 85 + [5]) * epochs
    plain = Word2Vec(**SETTINGS)
    plain.build_vocab(sentences)
    plain.train(sentences * epochs, total_examples=600, epochs=1)
    assert_array_equal(model.wv.vectors, plain.wv.vectors)


def test_subclass__changes_sentences_given_to_the_constructor(sentences):
    class Doubled(Word2Vec):
        def _do_train_job(self, sentences, alpha, inits):
            return super()._do_train_job([[*sentence, *sentence] for sentence in sentences], alpha, inits)

    changed = Doubled(sentences, **SETTINGS, epochs=1)
    plain = Word2Vec(**SETTINGS)
    plain.build_vocab(sentences)
    plain.train([[*sentence, *sentence] for sentence in sentences], total_examples=600, epochs=1)
    assert_array_equal(changed.wv.vectors, plain.wv.vectors)


def test_subclass__that_keeps_sentences_or_has_them_once_is_an_error(sentences):
    class Silent(Word2Vec):
        def _do_train_job(self, sentences, alpha, inits):
            return 0, 0

    with pytest.raises(FirthError, match="does not hand sentences on"):
        Silent(sentences, **SETTINGS)
    model = Walks(sentences, **SETTINGS)
    model.build_vocab(sentences)
    with pytest.raises(SourceError, match="a generator gives its sentences once"):
        model.train(iter(numbers(sentences)), total_examples=600, epochs=2)


@pytest.mark.parametrize("name", ["_raw_word_count", "_train_epoch", "seeded_vector", "scan_vocab"])
def test_subclass__that_overrides_what_is_not_called_is_an_error(name):
    other = type("Other", (Word2Vec,), {name: lambda self, *_: 0})
    with pytest.raises(ConfigError, match=f"Other overrides {name}"):
        other()
