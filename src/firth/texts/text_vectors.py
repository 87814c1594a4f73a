"""Vectors of texts, as a transformer of scikit-learn's: weighted means of word vectors, without what they all share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from firth.arrays import Array
from firth.config import TextConfig
from firth.errors import CorpusError
from firth.storage.files import atomic_file, refuse_to_overwrite
from firth.texts.averaging import Vectors, WeightedWords, warn_of_unknown
from firth.texts.documents import can_be_read_again, documents_of
from firth.texts.estimator import NotFittedError, Transformer
from firth.texts.learning import Reader, Report, components, mean_length, to_nobody, word_weights
from firth.texts.parameters import check_parameters, removed_by
from firth.texts.weighting import MOST_USIF, Components, no_components
from firth.vectors.word_vectors import WordVectors

if TYPE_CHECKING:
    from firth.formats.words import Spaces


class Written(NamedTuple):
    """How many texts were written, and how many of these have no known word, and zeros."""

    texts: int
    unknown: int


class TextVectors(Transformer):
    """Vectors of texts: means of their words' vectors, weighted by SIF or uSIF, without their common components.

    A transformer for scikit-learn, which need not be installed: in a `Pipeline` or a `GridSearchCV`, and alone. A text
    is a string, which is split as the model's text was, or a list of tokens; phrases are joined as the model does.
    Unknown words are left out, except that a model with n-grams makes vectors for them. A text without any known word
    has a vector of zeros, and a `FirthWarning` says how many have.

    Parameters
    ----------
    model
        A model, or `WordVectors`. SIF and uSIF need counts.
    weights : {"sif", "usif", "mean"}
        "sif" weighs word w by a / (a + p(w)) (Arora, Liang and Ma 2017), "usif" by a / (a/2 + p(w)) with `a` from the
        texts' mean length (Ethayarajh 2018), "mean" weighs all alike. p(w) is the word's count over that of all words.
    a
        Of SIF; 0.001 to 0.0001 are usual.
    remove
        How many of the principal components of the texts to remove; by default as in the papers: 1 for "sif", 5 for
        "usif", 0 for "mean". uSIF removes a component in proportion to its variance, the others remove all of it.
    config
        How strings become words. By default the model's `text_config`: as its text did; for vectors alone, as a
        `TextConfig` says; for whole numbers, such as ids, they are split at white space alone.

    Attributes
    ----------
    components_
        What is removed, (m, d) float64: orthogonal rows of length 1.
    shares_
        How much of each is removed, (m,) float64.
    word_weights_
        The weight of each word, (V,) float64.
    mean_length_
        How many known words a text had, in the mean; None where it was not needed.

    Raises
    ------
    ConfigError
        By `fit`, for a parameter that makes no sense: all that are wrong are named.
    SourceError
        For what holds no texts.

    Examples
    --------
    >>> texts = firth.TextVectors(model, remove=1)
    >>> texts.fit_transform(["the king and the queen", "a man with an axe"]).shape
    (2, 100)
    """

    def __init__(
        self,
        model: WordVectors,
        weights: str = "sif",
        a: float = 1e-3,
        remove: int | None = None,
        config: TextConfig | None = None,
    ):
        self.model = model
        self.weights = weights
        self.a = a
        self.remove = remove
        self.config = config

    def fit(self, X: Any = None, y: Any = None, *, report: Report = to_nobody) -> Self:
        """Learn from texts what they have in common; for uSIF, also how long they are. The model stays as it is.

        Parameters
        ----------
        X
            Texts: an iterable of strings, or of lists of tokens; a `pathlib.Path` for the lines of a file;
            `firth.column(…)` for a column of a table. They are read some at a time. Not needed where nothing is learned
            from them: for "sif" and "mean" with `remove=0`.
        y
            Not used.
        report
            A function that is called with every event of the work (`firth.reporting.events.Embedding`).

        Returns
        -------
        TextVectors
            The same object.

        Raises
        ------
        ConfigError
            For parameters that make no sense.
        CorpusError
            If fewer components are there than are to be removed.
        SourceError
            If X holds no texts.
        """
        self._check()
        count = self._removed
        if X is None and self.learns:
            raise CorpusError(
                f"{self.weights} with remove={count} learns from texts: fit(texts); export(…, fit=texts), --fit FILE"
                + ("" if self.weights == "usif" else "; or remove nothing, remove=0")
            )
        if X is not None:
            documents_of(X, self.text_config)  # whose errors should not wait until texts are transformed
        if self.weights == "usif" and count and not can_be_read_again(X):  # the mean length comes first
            X = list(documents_of(X, self.text_config))
        self._reader = Reader.of(self.model, self.config)
        watched = self._reader.telling("learning from texts", report)
        by_usif = self.weights == "usif"
        length = mean_length(self.model, X, watched) if by_usif else None
        weights = word_weights(self.model, self.weights, float(self.a), length)
        words = WeightedWords(self.model, weights, MOST_USIF if by_usif else 1.0)
        removed = no_components(self.model.vector_size)
        if count:
            removed = components(words, X, watched, count, by_size=by_usif)
        self.mean_length_, self.word_weights_, self._words = length, weights, words
        self.components_, self.shares_ = removed
        self._fitted_with = self.get_params()
        return self

    def transform(self, X: Any) -> Any:
        """The vectors of texts.

        Parameters
        ----------
        X
            Texts, as for `fit`.

        Returns
        -------
        (n, d) float32 array, or the data frame that `set_output` asked for.

        Raises
        ------
        FirthError
            If `fit` was not called.
        SourceError
            If X holds no texts.
        """
        pieces, unknown = [np.zeros((0, self.model.vector_size), np.float32)], 0
        for piece in self.stream(X):
            pieces.append(piece.vectors)
            unknown += int(np.count_nonzero(piece.words == 0))
        vectors = np.concatenate(pieces)
        warn_of_unknown(unknown, len(vectors))
        return self._contained(vectors, X)

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Learn from texts, and give their vectors: `fit(X).transform(X)`.

        Parameters
        ----------
        X
            Texts, as for `fit`.
        y
            Not used.

        Returns
        -------
        (n, d) float32 array, or the data frame that `set_output` asked for.
        """
        self._check()
        again = X if can_be_read_again(X) else list(documents_of(X, self.text_config))
        return self.fit(again, y).transform(again)

    def stream(self, X: Any) -> Iterator[Vectors]:
        """The vectors of some texts at a time, for more of them than memory holds.

        Parameters
        ----------
        X
            Texts, as for `fit`.

        Yields
        ------
        Vectors
            `vectors` (n, d) float32; `words` (n,) int64, of how many known words each is the mean; `texts`, the same n,
            and their `ids`, None for those that have none.

        Raises
        ------
        FirthError
            If `fit` was not called.
        """
        return self._stream(X, to_nobody)

    def _stream(self, X: Any, report: Report) -> Iterator[Vectors]:
        removed = self.learned()
        reader = getattr(self, "_reader", None) or Reader.of(self.model, self.config)  # pickles of old have none
        for read in reader.telling("embedding", report).words(X):
            means, counts = self._words.means(read.words)
            yield Vectors(removed.removed_from(means).astype(np.float32), counts, read.texts, read.ids)

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """The names of the d columns: textvectors0, textvectors1, …

        Parameters
        ----------
        input_features
            Not used.

        Returns
        -------
        (d,) array of str objects
        """
        return np.array([f"{type(self).__name__.lower()}{i}" for i in range(self.model.vector_size)], object)

    def export(
        self,
        folder: str | Path,
        *,
        fit: Any = None,
        license: str | None = None,
        language: str | Sequence[str] | None = None,
        spaces: Spaces = "error",
        overwrite: bool = False,
    ) -> list[Path]:
        """Write a folder of static embeddings, which sentence-transformers, model2vec and the Hugging Face Hub open.

        Weights and removed components are folded into the words' rows, so that a plain mean of rows has the direction
        of what `transform` gives. The folder's tokenizer splits strings as `transform` does.

        Parameters
        ----------
        folder
            Where to.
        fit
            Texts to fit on before. Without them, what was never fitted is fitted on nothing, where that can be done.
        license
            For the model's card, as the Hub names it: "mit", "cc-by-sa-4.0".
        language : str or list of str
            For the model's card: "en", or several such codes.
        spaces : {"error", "skip"}
            What becomes of words that the tokenizer never makes of a text: phrases, and words with capitals where texts
            are lower-cased. "error" refuses them, "skip" leaves them out, with a `FirthWarning`.
        overwrite
            Whether to replace a folder that `export` wrote. One that holds anything else is never replaced.

        Returns
        -------
        list of Path
            The files.

        Raises
        ------
        FirthError
            If texts are split in a way that the tokenizer cannot have.
        CorpusError, SourceError
            As `fit`, which comes after all other checks.
        UnwritableWordError
            For words that it never makes.
        OutputExistsError
            If the folder exists, unless `overwrite` is set.
        FormatError
            If the folder exists, and holds other files.
        ConfigError
            For a license or language that no card can have.

        Examples
        --------
        >>> texts = firth.TextVectors(model, remove=0)
        >>> [path.name for path in texts.export("embeddings", license="mit", language="en")]
        ['README.md', 'config.json', 'model.safetensors', 'modules.json', 'text_vectors.safetensors', 'tokenizer.json']
        """
        from firth.texts.static_embedding import Card, usable_rows, write_folder  # who transforms has no need of it

        self._check()
        card = Card.of(license, language)
        rows = usable_rows(self.model, self.text_config, Path(folder), spaces, overwrite=overwrite)
        if fit is not None or not hasattr(self, "components_"):
            self.fit(fit)
        self.learned()
        return write_folder(self, rows, Path(folder), card, overwrite=overwrite)

    def write(
        self,
        X: Any,
        path: str | Path,
        *,
        texts: bool = True,
        overwrite: bool = False,
        report: Report = to_nobody,
    ) -> Written:
        """Write the vectors of texts to a file, some at a time; it is written completely or not at all.

        Parameters
        ----------
        X
            Texts, as for `fit`.
        path
            A file, whose ending decides the format: `.parquet`, `.csv` and `.jsonl` have a row a text, with its text,
            how many of its words the model knows, and its vector; `.npy` is the (n, d) float32 array. Texts that have
            ids, those of sessions or of `firth.column(…, ids=…)`, come with them in a first column of that name.
        texts
            Whether the texts themselves are written.
        overwrite
            Whether to replace a file.
        report
            As for `fit`.

        Returns
        -------
        Written
            `texts`, how many there were, and `unknown`, how many of them have no word that the model knows, and zeros.

        Raises
        ------
        FormatError
            For another ending, where there is no such folder, and for a column of ids that has another's name.
        OutputExistsError
            If the file exists, unless `overwrite` is set.
        FirthError
            If `fit` was not called.
        SourceError
            If X holds no texts.
        """
        from firth.texts.tables import Table, writer_of  # who transforms has no need of them

        path, counted = Path(path), [0, 0]
        self.learned()
        write = writer_of(path)
        refuse_to_overwrite(path, overwrite=overwrite)
        about = {"weights": self.weights, "a": float(self.a), "remove": len(self.shares_), "model": repr(self.model)}

        def pieces() -> Iterator[Vectors]:
            for piece in self._stream(X, report):
                counted[0] += len(piece.words)
                counted[1] += int(np.count_nonzero(piece.words == 0))
                yield piece

        table = Table.of(pieces(), self.model.vector_size, texts, getattr(X, "id_name", None), about)
        with atomic_file(path, overwrite=overwrite) as new:
            write(table, new)
        written = Written(*counted)
        warn_of_unknown(written.unknown, written.texts)
        return written

    @property
    def learns(self) -> bool:
        """Whether `fit` needs texts, with these parameters."""
        return self.weights == "usif" or self._removed > 0

    def learned(self) -> Components:
        """What `fit` found to be removed. Raises `FirthError` if it was not called with these parameters."""
        if not hasattr(self, "components_"):
            raise NotFittedError("these TextVectors have not learned from texts yet: call fit(texts) first")
        if changed := [name for name, value in self.get_params().items() if value != self._fitted_with[name]]:
            raise NotFittedError(f"{', '.join(changed)} changed after these TextVectors were fitted: call fit again")
        return Components(self.components_, self.shares_)

    @property
    def text_config(self) -> TextConfig:
        """How strings become words: the configuration given, or the model's `text_config`."""
        return self.config or self.model.text_config

    @property
    def _removed(self) -> int:
        return removed_by(self.weights, self.remove)

    def _check(self) -> None:
        """Raise `ConfigError` with everything that is wrong about the parameters."""
        check_parameters(**self.get_params())
