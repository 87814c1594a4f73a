"""Vectors by their keys: to ask, to score by test sets, to save, and to exchange with other programs."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from firth import formats
from firth.analysis.evaluation import evaluate
from firth.analysis.scores import AnalogyScore, PairScore
from firth.errors import ConfigError, FirthWarning, FormatError, shortened
from firth.formats.counts import counted, write_counts
from firth.gensim.queries import Queries
from firth.missing_values import text_of
from firth.model import load as load_any
from firth.storage.files import atomic_file
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary


def refuse_encoding(encoding: str) -> None:
    """Raise `ConfigError` for another encoding than UTF-8."""
    if encoding.lower().replace("-", "").replace("_", "") != "utf8":
        raise ConfigError(f"words are read as UTF-8, not {shortened(encoding)}: unicode_errors='replace' may help")


class Correlation(NamedTuple):
    """A correlation coefficient, and its two-sided p-value."""

    statistic: float
    pvalue: float


class KeyedVectors(Queries):
    """Keys and their vectors, as gensim's `KeyedVectors`.

    Parameters
    ----------
    vector_size
        The dimensions of a vector.
    count, dtype, mapfile_path
        As in gensim; there is no other value here than the default.

    Examples
    --------
    >>> import numpy as np
    >>> from firth.gensim import KeyedVectors
    >>> wv = KeyedVectors(2)
    >>> wv.add_vectors(["north", "east", "northeast"], np.array([[0, 1], [1, 0], [1, 1.0]]))
    >>> wv.most_similar("north", topn=1)
    [('northeast', 0.707...)]
    """

    def save(self, fname: str | Path, *args: Any, **kwargs: Any) -> None:
        """Save to a folder, which `load` and `firth.load` read; one that is there is replaced.

        Parameters
        ----------
        fname
            The folder.
        *args, **kwargs
            How gensim pickles; not needed, as nothing is pickled.
        """
        self.to_firth().save(fname, overwrite=True)

    @classmethod
    def load(cls, fname: str | Path, mmap: str | None = None) -> Self:
        """Load a folder that `save` wrote, or any file that `firth.load` reads.

        Parameters
        ----------
        fname
            The folder.
        mmap
            Not needed.

        Raises
        ------
        FormatError
            For gensim's pickles: the message says how to export them.
        """
        loaded: Self = cls.of(load_any(fname))
        return loaded

    def save_word2vec_format(
        self,
        fname: str | Path,
        fvocab: str | Path | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write a file of word2vec's format, the most frequent words first if counts are known.

        Parameters
        ----------
        fname
            The file. It is replaced if it is there.
        fvocab
            A file for the counts, a word and its count a line.
        binary
            Whether to write the binary format.
        write_header
            Whether the first line tells how many words and numbers there are; without it this is GloVe's format.
        prefix
            What is put before each word.
        sort_attr
            The attribute by which words are in order, falling.
        total_vec, append
            There is no other value here than the default: a file is written whole or not at all.
        """
        if append or total_vec not in {None, len(self)}:
            raise ConfigError("a file is written whole or not at all: without append, total_vec")
        if binary and not write_header:
            raise ConfigError("the binary format has a first line: write_header=True")
        vectors = self.to_firth()
        if sort_attr in self.expandos:
            rows = np.argsort(-self.expandos[sort_attr], kind="stable")
            words, counts = [vectors.words[i] for i in rows.tolist()], vectors.vocabulary.counts[rows]
            vectors = WordVectors(Vocabulary(words, counts), vectors.vectors[rows])
        if prefix:
            words = [prefix + word for word in vectors.words]
            vectors = WordVectors(Vocabulary(words, vectors.vocabulary.counts), vectors.vectors)
        format = "word2vec binary" if binary else "word2vec text" if write_header else "glove"
        formats.export(vectors, fname, format=format, counts=False, overwrite=True)
        if fvocab is not None:
            with atomic_file(Path(fvocab), overwrite=True) as path:
                write_counts(vectors, path)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | Path,
        fvocab: str | Path | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: Any = "strict",
        limit: int | None = None,
        datatype: Any = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Read a file of word2vec's format, packed or not.

        Parameters
        ----------
        fname
            The file.
        fvocab
            A file of counts, a word and its count a line. Without it the words have no counts.
        binary
            Whether it has the binary format.
        encoding
            There is only UTF-8.
        unicode_errors : {"strict", "replace", "ignore"}
            What to do with words that are not.
        limit
            Read the first words only, so many.
        datatype
            There is only float32.
        no_header
            Whether it has no first line of numbers, as GloVe's files.

        Raises
        ------
        FormatError
            If it is not such a file, is cut short, or is a pickle of gensim's.
        """
        refuse_encoding(encoding)
        if np.dtype(datatype) != np.float32:
            raise ConfigError(f"vectors are float32 here, not {np.dtype(datatype)}")
        if what := formats.foreign.what_it_is(Path(fname)):
            raise FormatError(f"{fname} {what}")
        format = "word2vec binary" if binary else "glove" if no_header else "word2vec text"
        found = formats.read(fname, format=format, errors=unicode_errors, limit=limit)
        loaded: Self = cls.of(found if fvocab is None else counted(found, fvocab, unicode_errors))
        return loaded

    def intersect_word2vec_format(
        self,
        fname: str | Path,
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: Any = "strict",
    ) -> None:
        """Give the keys that are in a file of word2vec's format the vectors they have there. No keys are added.

        Parameters
        ----------
        fname
            The file.
        lockf : {0, 1}
            Whether these vectors learn in later trainings of the model (1), or stay as they are (0).
        binary, encoding, unicode_errors
            As for `load_word2vec_format`.

        Raises
        ------
        ConfigError
            For another `lockf`, and vectors of another size.
        FormatError
            As `load_word2vec_format`.
        """
        if lockf not in {0, 1}:
            raise ConfigError(f"lockf is 0 (vectors stay as they are) or 1 (they learn) here, not {shortened(lockf)}")
        found = KeyedVectors.load_word2vec_format(
            fname, binary=binary, encoding=encoding, unicode_errors=unicode_errors
        )
        if found.vector_size != self.vector_size:
            raise ConfigError(
                f"{fname} has vectors of {found.vector_size} numbers, and here they have {self.vector_size}"
            )
        theirs = {row: found.key_to_index.get(text_of(key), -1) for row, key in enumerate(self.index_to_key)}
        rows = [row for row, place in theirs.items() if place >= 0]
        if not rows:
            warnings.warn(
                f"{fname} has none of the {len(self):,} keys: all stay as they are", FirthWarning, stacklevel=2
            )
        factors = np.where(self.is_locked(), 0, 1).astype(np.float32)
        factors[rows] = lockf
        self.vectors[rows] = found.vectors[[theirs[row] for row in rows]]
        self.vectors_lockf = factors
        self.fill_norms(force=True)

    def evaluate_word_pairs(
        self,
        pairs: str | Path,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Correlation, Correlation, float]:
        """Pearson's and Spearman's correlation with people's scores, and the percentage of pairs with unknown words.

        Parameters
        ----------
        pairs
            A file with two words and a number a line.
        delimiter, encoding
            Not needed: the file tells the first, and is UTF-8.
        restrict_vocab
            Only the first words, so many.
        case_insensitive
            Whether words are compared without regard to case.
        dummy4unknown
            Whether pairs with unknown words count, with similarity 0; else they are left out.
        """
        score = evaluate(
            self.to_firth(),
            pairs,
            first_words=restrict_vocab,
            columns=(1, 2, 3),
            unknown="wrong" if dummy4unknown else "skip",
            case_sensitive=not case_insensitive,
        )
        if not isinstance(score, PairScore):
            raise FormatError(f"{pairs} is not a file of word pairs: evaluate_word_analogies may be meant")
        pearson, spearman = Correlation(score.pearson, score.pearson_p), Correlation(score.spearman, score.spearman_p)
        return pearson, spearman, 100 * score.missing / len(score.answers)

    def evaluate_word_analogies(
        self,
        analogies: str | Path,
        restrict_vocab: int = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """The share of analogies answered right; and for each section its name, and the right and wrong answers.

        Parameters
        ----------
        analogies
            A file in the form of Google's questions-words.
        restrict_vocab
            Only the first words, so many.
        case_insensitive
            Whether words are compared without regard to case.
        dummy4unknown
            Whether questions with unknown words count as answered wrong; else they are left out.
        similarity_function : {"most_similar", "most_similar_cosmul"}
            By 3CosAdd, or by 3CosMul.
        """
        if similarity_function not in {"most_similar", "most_similar_cosmul"}:
            raise ConfigError(
                f"similarity_function is most_similar or most_similar_cosmul, not {shortened(similarity_function)}"
            )
        score = evaluate(
            self.to_firth(),
            analogies,
            first_words=restrict_vocab,
            unknown="wrong" if dummy4unknown else "skip",
            case_sensitive=not case_insensitive,
        )
        if not isinstance(score, AnalogyScore):
            raise FormatError(f"{analogies} is not a file of analogies: evaluate_word_pairs may be meant")
        written = str.upper if case_insensitive else str
        sections = [
            _section(section, written, by_adding=similarity_function == "most_similar", unknown_count=dummy4unknown)
            for section in score.sections
        ]
        total: dict[str, Any] = {"section": "Total accuracy"}
        for side in ("correct", "incorrect"):
            total[side] = [question for section in sections for question in section[side]]
        return score.add if similarity_function == "most_similar" else score.mul, [*sections, total]


def _section(section: Any, written: Any, *, by_adding: bool, unknown_count: bool) -> dict[str, Any]:
    """A section of analogies as gensim tells it: the questions answered right, and the others."""
    found: dict[str, Any] = {"section": section.name, "correct": [], "incorrect": []}
    for answer in section.answers:
        if answer.add is None and not unknown_count:
            continue
        is_right = answer.right_add if by_adding else answer.right_mul
        question = tuple(written(word) for word in (*answer.question, answer.wanted))
        found["correct" if is_right else "incorrect"].append(question)
    return found


Word2VecKeyedVectors = KeyedVectors
"""gensim's name of before 4.0."""
