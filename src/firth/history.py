"""What a model has behind it: what each epoch came to, which texts it has learned from, and with which versions."""

from __future__ import annotations

import dataclasses
import math
import sys
from typing import Any

import numpy as np

from firth._version import __version__
from firth.data_frames import Tabular
from firth.errors import shortened
from firth.html_table import facts_table

LOSSES_IN_A_LINE = 10


@dataclasses.dataclass(frozen=True)
class EpochResult:
    """What an epoch came to.

    Parameters
    ----------
    epoch
        Its number, from 1.
    loss
        The mean loss of a (context, center) pair in nats (float64), each pair measured just before it was learned; NaN
        if there was none. These vectors lean towards the text just seen: compare models by their validation loss.
    pairs
        The number of pairs that were measured.
    validation_loss
        The same mean over the sentences held out (see the setting `validation`); None where none were.
    """

    epoch: int
    loss: float
    pairs: int
    validation_loss: float | None = None  # of the sentences held out, where some were

    def saved(self) -> dict[str, Any]:
        """The result in JSON's types, which have no number for the loss of an epoch without a pair."""
        return dataclasses.asdict(self) | {"loss": None if math.isnan(self.loss) else self.loss}

    @classmethod
    def of_saved(cls, saved: dict[str, Any]) -> EpochResult:
        """The result that was saved.

        Parameters
        ----------
        saved
            What `saved()` gave.
        """
        return cls(**saved | {"loss": math.nan if saved["loss"] is None else saved["loss"]})


class History(list[EpochResult], Tabular):
    """The results of a training's epochs. A notebook shows them as a table."""

    def _columns(self) -> dict[str, Any]:
        names = [field.name for field in dataclasses.fields(EpochResult)]
        columns = {name: [getattr(result, name) for result in self] for name in names}
        if all(loss is None for loss in columns["validation_loss"]):
            del columns["validation_loss"]
        return columns

    def _title(self) -> str:
        return ""

    def losses_in_a_line(self) -> str:
        """The loss of each epoch; of many, the first ones and the last."""
        losses = [f"{result.loss:.3f}" for result in self]
        if len(losses) > LOSSES_IN_A_LINE:
            losses[LOSSES_IN_A_LINE - 2 : -1] = ["…"]
        return ", ".join(losses)


@dataclasses.dataclass(frozen=True)
class Provenance:
    """A text that a model has learned from, and the versions of what it learned with.

    Parameters
    ----------
    source
        What the text was called: a file's name without its folders, or how many files there were.
    fingerprint
        A SHA-256 of the text's content and of how it was split into words: that of `Corpus.fingerprint`.
    files
        How many files it was in, those in archives counted; 0 where it was not in files.
    sentences
        How many sentences, lines or lists, it had that were not empty.
    tokens
        How many words of the text that were, in all.
    versions
        Of firth, NumPy, Numba and Python, by name.
    """

    source: str
    fingerprint: str
    files: int
    sentences: int
    tokens: int
    versions: dict[str, str]

    @classmethod
    def of_saved(cls, saved: dict[str, Any]) -> Provenance:
        """What was saved; what a later version may have added is left out.

        Parameters
        ----------
        saved
            The fields, by name.

        Raises
        ------
        ValueError, KeyError, TypeError, AttributeError
            For what is no such record.
        """
        text = cls(**{field.name: saved[field.name] for field in dataclasses.fields(cls)})
        counts, words = (text.files, text.sentences, text.tokens), (text.source, text.fingerprint)
        if not all(type(n) is int and n >= 0 for n in counts) or not all(type(word) is str for word in words):
            raise ValueError(f"no text is of {shortened(counts)} files, sentences and tokens: {shortened(words)}")
        if not all(type(part) is str for pair in text.versions.items() for part in pair):
            raise ValueError(f"these are no versions: {shortened(text.versions)}")
        return text

    def _repr_html_(self) -> str:
        return facts_table(type(self).__name__, dataclasses.asdict(self) | {"versions": self._versions()})

    def _versions(self) -> str:
        return ", ".join(f"{name} {version}" for name, version in self.versions.items())

    def told(self) -> str:
        """All of it in a line, the fingerprint by its first digits."""
        files = f"{self.files:,} files, " if self.files > 1 and self.source != f"{self.files} files" else ""
        text = f"{self.source} ({files}{self.sentences:,} sentences, {self.tokens:,} tokens, {self.fingerprint[:12]}…)"
        return f"{text}, with {self._versions()}"


def versions_here() -> dict[str, str]:
    """The versions that decide, with text and settings, what a training comes to."""
    from importlib.metadata import version  # a look-up has no need of it

    numba = version("numba")
    return {"firth": __version__, "numpy": np.__version__, "numba": numba, "python": sys.version.split()[0]}


def name_of(source: str) -> str:
    """What a source is called, without the folders that it is in, which are nobody's business."""
    column, of, path = source.rpartition(" of ") if source.startswith(("'", '"')) else ("", "", source)
    return column + of + (path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path)
