"""What can go wrong, each with a message for the person who meets it: what was wanted, what came, what to try."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_QUOTE = 80
"""Characters of what somebody gave that a message repeats."""


def shortened(value: object) -> str:
    """A value as Python writes it, for a message: its beginning alone, if it is long."""
    is_text = isinstance(value, str | bytes | bytearray)
    text = _written(value[: LONGEST_QUOTE + 1] if isinstance(value, str | bytes | bytearray) else value)
    if len(text) <= LONGEST_QUOTE + (2 if is_text else 0):
        return text
    return f"{text[: LONGEST_QUOTE - 1]}…{text[-1] if is_text else ''}"


def _written(value: object) -> str:
    """The value as Python writes it, which it cannot where one is in the other a thousand times."""
    try:
        return repr(value)
    except RecursionError:
        return f"<{type(value).__name__} that is nested too deeply>"


class FirthError(Exception):
    """The base of every error that firth raises on purpose."""


class ConfigError(FirthError, ValueError):
    """A setting makes no sense. All that are wrong are named at once, before any work starts."""


class SourceError(FirthError, ValueError):
    """The text cannot be read, or is not what it was taken for."""


class CorpusError(FirthError, ValueError):
    """The text was read, but nothing can be learned from it."""


class DivergenceError(FirthError, ArithmeticError):
    """A training ended with numbers that nobody should use: what it learned is worse than nothing."""


class FormatError(FirthError, ValueError):
    """A file of vectors or a model folder is cut short, altered, or of another kind."""


class OutputExistsError(FirthError, FileExistsError):
    """The output path exists, and nobody asked to overwrite it."""


class UnwritableWordError(FirthError, ValueError):
    """A word cannot be written in the format asked for; nothing has been written."""


class ClusterError(FirthError, RuntimeError):
    """Several machines cannot work together, or have ceased to: what is missing, and what to do."""


class StopTraining(Exception):  # noqa: N818  # as StopIteration, it is no error
    """Raise it in a function given as `progress`, at any event: the training ends, and returns the model as it is now.

    The model's history has the epochs that were finished; of the first one, if none was. While the text is still being
    read, there is no model: the training ends with a `FirthError`. The events are those of `firth.reporting.events`.
    """


class WordNotFoundError(FirthError, KeyError):
    """A word is not in the vocabulary.

    Parameters
    ----------
    word
        The word.
    similar
        Near spellings that are, for the message.
    """

    def __init__(self, word: str, similar: Sequence[str] = ()):
        self.word = word
        self.similar = tuple(similar)
        hint = f"; near it: {', '.join(self.similar)}" if self.similar else ""
        self.message = self._say(hint)
        super().__init__(self.message)

    def _say(self, hint: str) -> str:
        return f"{shortened(self.word)} is not in the vocabulary{hint}"

    def __str__(self) -> str:
        return self.message  # KeyError would show the message in quotes


class VectorNotFiniteError(WordNotFoundError):
    """A word's vector has numbers that are not finite (NaN or infinite), so the word counts as unknown.

    Parameters
    ----------
    word
        The word.
    similar
        Not used.
    """

    def _say(self, hint: str) -> str:
        vector = f"the vector of {shortened(self.word)}"
        return f"{vector} has numbers that are not finite (NaN or infinite): it is as if unknown"


class FirthWarning(UserWarning):
    """Something is not as it should be, and firth goes on without it."""
