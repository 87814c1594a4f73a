"""Keys and their vectors, in arrays that may be changed, with attributes such as counts: what `KeyedVectors` holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from firth.arrays import Array, Bool, Float32
from firth.errors import ConfigError, FirthError, shortened
from firth.missing_values import text_of_word
from firth.vectors.nearest import inverse_lengths, unit_rows
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

Key = str | int | np.integer[Any]
REPLACED = {
    "index2entity": "index_to_key",
    "index2word": "index_to_key",
    "syn0": "vectors",
    "syn0norm": "get_normed_vectors()",
    "vectors_norm": "get_normed_vectors()",
    "vocab": "key_to_index, index_to_key, and get_vecattr(key, 'count')",
    "wv": "these vectors themselves",
}
"""Names of gensim before 4.0, and what there is now."""


def is_key(thing: object) -> bool:
    """Whether something given is a key, and not a vector or several."""
    return isinstance(thing, str | int | np.integer)


class KeyTable:
    """Keys, their vectors (n, d) float32, and attributes of keys, in the same order."""

    def __init__(self, vector_size: int, count: int = 0, dtype: Any = np.float32, mapfile_path: Any = None):
        if np.dtype(dtype) != np.float32:
            raise ConfigError(f"vectors are float32 here, not {np.dtype(dtype)}")
        if count or mapfile_path is not None:
            raise ConfigError("there is no room to be made beforehand (count, mapfile_path): add_vectors makes it")
        self.vector_size = int(vector_size)
        self.index_to_key: list[Any] = []
        self.key_to_index: dict[Any, int] = {}
        self.expandos: dict[str, Array] = {}
        self.vectors = np.zeros((0, self.vector_size), np.float32)
        self.vectors_lockf = np.ones(1, np.float32)

    @classmethod
    def of(cls, vectors: WordVectors) -> Any:
        """The same words, with vectors of their own, and their counts if these are known."""
        made = cls(vectors.vector_size)
        made.fill(vectors.vocabulary, np.array(vectors.vectors))
        return made

    def fill(self, vocabulary: Vocabulary, vectors: Float32) -> None:
        """Let these words and vectors take the place of all that is here."""
        self.index_to_key = list(vocabulary.typed_words)
        self.key_to_index = {key: i for i, key in enumerate(self.index_to_key)}
        self.vectors, self.vectors_lockf = vectors, np.ones(1, np.float32)
        self.expandos = {"count": np.array(vocabulary.counts)} if vocabulary.has_counts else {}

    def to_firth(self) -> WordVectors:
        """The same keys, as text, with their vectors: `firth.WordVectors`, whose vectors do not change with these."""
        counts = self.expandos.get("count", np.zeros(len(self), np.int64))
        return WordVectors(Vocabulary(self.index_to_key, counts), self.vectors.copy())

    @property
    def vectors(self) -> Float32:
        """The vectors, (n, d) float32, a row for each key. They may be changed: call `fill_norms(force=True)` then."""
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: Any) -> None:
        self._vectors: Float32 = np.asarray(vectors, np.float32)
        self._inverse: Float32 | None = None

    @property
    def inverse_norms(self) -> Float32:
        """One by the length of each vector, (n,): computed once, and again after `fill_norms(force=True)`."""
        if self._inverse is None or len(self._inverse) != len(self.vectors):
            self._inverse = inverse_lengths(self.vectors)
        return self._inverse

    def is_locked(self) -> Bool:
        """Which vectors stay as they are while a model is trained, (n,): those with a factor 0 in `vectors_lockf`.

        Raises `ConfigError` for another factor than 0 and 1, and for more or fewer of them than keys.
        """
        factors = np.asarray(self.vectors_lockf, np.float32)
        if factors.shape not in {(1,), (len(self),)}:
            raise ConfigError(
                f"vectors_lockf has one number for all {len(self):,} keys, or one for each, not the shape"
                f" {factors.shape}"
            )
        others = factors[(factors != 0) & (factors != 1)]
        if len(others):
            raise ConfigError(
                f"a lock factor is 0 here (the vector stays as it is) or 1 (it learns), and not {others[0]:g}: firth"
                " has no rates of single words"
            )
        return np.broadcast_to(factors == 0, (len(self),))

    @property
    def norms(self) -> Float32:
        """The lengths of the vectors, (n,) float32."""
        lengths: Float32 = np.linalg.norm(self.vectors, axis=1)
        return lengths

    def fill_norms(self, force: bool = False) -> None:
        """Compute the lengths of the vectors, which are else computed when they are first needed.

        Parameters
        ----------
        force
            Again, as vectors were changed in place.
        """
        if force:
            self._inverse = None
        _ = self.inverse_norms

    def __getattr__(self, name: str) -> NoReturn:
        if name in REPLACED:
            raise AttributeError(f"gensim 4 has no {name}: use {REPLACED[name]}")
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key)

    def __getitem__(self, key_or_keys: Any) -> Float32:
        """The vector of a key (d,), or of a list of keys (n, d)."""
        if is_key(key_or_keys):
            return self.get_vector(key_or_keys)
        found: Float32 = np.array([self.get_vector(key) for key in key_or_keys], np.float32)
        return found.reshape(-1, self.vector_size)

    def __setitem__(self, keys: Any, weights: Any) -> None:
        if is_key(keys):
            keys, weights = [keys], np.asarray(weights)[None]
        self.add_vectors(keys, weights, replace=True)

    @property
    def has_numbers(self) -> bool:
        """Whether its keys are whole numbers, such as ids: whether the first is one."""
        return bool(self.index_to_key) and isinstance(self.index_to_key[0], int | np.integer)

    def _row(self, key: Any) -> int:
        """The row of a key, -1 if it has none. A whole number is a row where keys are text, as in gensim, and never
        where they are numbers: an unknown id would get the vector of another one.
        """
        try:
            found = self._row_of_key(key)
        except TypeError:  # a list
            return -1
        if found < 0 and isinstance(key, int | np.integer) and 0 <= key < len(self) and not self.has_numbers:
            return int(key)
        return found

    def _row_of_key(self, key: Any) -> int:
        """The row of a key, where keys are numbers also by its text; -1 if it has none."""
        found = self.key_to_index.get(key, -1)
        if found >= 0 or not isinstance(key, str) or not self.has_numbers:
            return found
        try:
            number = int(key)
        except ValueError:
            return -1
        return self.key_to_index.get(number, -1) if str(number) == key else -1

    def get_index(self, key: Any, default: int | None = None) -> int:
        """The row of a key.

        Parameters
        ----------
        key
            The key.
        default
            What to return for an unknown key, which else raises `KeyError`.
        """
        row = self._row(key)
        if row >= 0:
            return row
        if default is None:
            raise KeyError(f"Key {shortened(key)} not present")
        return default

    def has_index_for(self, key: object) -> bool:
        """Whether a key has a row."""
        return self._row(key) >= 0

    def get_vector(self, key: Any, norm: bool = False) -> Float32:
        """The vector of a key, (d,), read-only. Raises `KeyError` for an unknown one.

        Parameters
        ----------
        key
            The key.
        norm
            Scaled to length 1.
        """
        row = self.get_index(key)
        vector: Float32 = self.vectors[row]
        if norm:
            vector = unit_rows(self.vectors[row : row + 1], self.inverse_norms[row : row + 1])[0]
        vector.flags.writeable = False
        return vector

    def word_vec(self, *args: Any, **kwargs: Any) -> Float32:
        """The same as `get_vector`."""
        return self.get_vector(*args, **kwargs)

    def get_normed_vectors(self) -> Float32:
        """All vectors, scaled to length 1, (n, d) float32."""
        return unit_rows(self.vectors, self.inverse_norms)

    def unit_normalize_all(self) -> None:
        """Scale all vectors to length 1, for good."""
        self.vectors = self.get_normed_vectors()

    def add_vector(self, key: Key, vector: Any) -> int:
        """Add a key with its vector (d,), and return its row. A key that is there keeps its vector."""
        self.add_vectors([key], np.asarray(vector)[None])
        return self._row_of_key(key)

    def add_vectors(
        self, keys: Sequence[Any] | str, weights: Any, extras: Mapping[str, Any] | None = None, replace: bool = False
    ) -> None:
        """Add keys with their vectors.

        Parameters
        ----------
        keys
            n keys.
        weights
            Their vectors, (n, d), or a list of them.
        extras
            Attributes of the keys, (n,) each, by name.
        replace
            Whether keys that are there get the new vectors; else they keep theirs.
        """
        keys = [keys] if is_key(keys) else list(keys)
        for key in keys:
            text_of_word(key)  # raises for a missing value
        rows = np.array(weights, np.float32).reshape(-1, self.vector_size) if len(keys) else self.vectors[:0]
        if len(rows) != len(keys):
            raise ValueError(f"{len(keys):,} keys, but {len(rows):,} vectors of {self.vector_size} numbers")
        before = len(self)
        places = [self._row_of_key(key) for key in keys]
        new = {key: i for i, (key, place) in reversed(list(enumerate(zip(keys, places, strict=True)))) if place < 0}
        added = sorted(new.values())
        for i in added:
            self.key_to_index[keys[i]] = len(self.index_to_key)
            self.index_to_key.append(keys[i])
        there = [i for i, place in enumerate(places) if place >= 0] if replace else []
        whole = np.concatenate([self.vectors, rows[added]])
        whole[[places[i] for i in there]] = rows[there]
        self.vectors = whole
        self._extend_attributes(before, added, there, [places[i] for i in there], extras or {})

    def _extend_attributes(
        self, before: int, added: list[int], there: list[int], places: list[int], extras: Mapping[str, Any]
    ) -> None:
        """Make room in attributes for keys that were added; take up what `extras` say of these and of replaced ones."""
        for name in {*self.expandos, *extras}:
            given = np.asarray(extras[name]) if name in extras else None
            old = self.expandos.get(name)
            dtype = old.dtype if old is not None else given.dtype if given is not None else np.dtype(np.int64)
            values = np.zeros(len(self), dtype)
            values[:before] = 0 if old is None else old
            if given is not None:
                values[before:], values[places] = given[added], given[there]
            self.expandos[name] = values

    def get_vecattr(self, key: Any, attr: str) -> Any:
        """An attribute of a key, such as its "count". Raises `KeyError` if there is none of this name.

        Parameters
        ----------
        key
            The key.
        attr
            The name of the attribute.
        """
        if attr not in self.expandos:
            hint = ": files of word2vec's format hold no counts, give fvocab=FILE" if attr == "count" else ""
            raise KeyError(f"the keys have no attribute {shortened(attr)}{hint}")
        return self.expandos[attr][self.get_index(key)]

    def set_vecattr(self, key: Any, attr: str, val: Any) -> None:
        """Give a key an attribute; those of other keys are 0 where they have none.

        Parameters
        ----------
        key
            The key.
        attr
            The name of the attribute.
        val
            Its value.
        """
        row = self.get_index(key)
        if attr not in self.expandos:
            self.expandos[attr] = np.zeros(len(self), np.asarray(val).dtype if not isinstance(val, str) else object)
        self.expandos[attr][row] = val

    def sort_by_descending_frequency(self) -> None:
        """Put the keys in the order of their counts, the most frequent first; equal ones stay in their order."""
        if "count" not in self.expandos:
            raise FirthError("these keys have no counts to be sorted by: set_vecattr(key, 'count', n) gives some")
        self._reorder(np.argsort(-self.expandos["count"], kind="stable"))

    def _reorder(self, order: Any) -> None:
        self.index_to_key = [self.index_to_key[i] for i in order.tolist()]
        self.key_to_index = {key: i for i, key in enumerate(self.index_to_key)}
        self.expandos = {name: values[order] for name, values in self.expandos.items()}
        self.vectors = self.vectors[order]

    def vectors_for_all(self, keys: Iterable[Any], allow_inference: bool = True, copy_vecattrs: bool = False) -> Any:
        """The vectors of some keys, each once, in their order; unknown keys are left out.

        Parameters
        ----------
        keys
            The keys.
        allow_inference
            Whether keys without a row of their own may have a vector by their n-grams.
        copy_vecattrs
            Whether to keep attributes, which keys without a row do not have.
        """
        wanted = [key for key in dict.fromkeys(keys) if (key in self if allow_inference else self.has_index_for(key))]
        from firth.gensim.models.keyedvectors import KeyedVectors

        made = KeyedVectors(self.vector_size)
        made.add_vectors(wanted, self[wanted])
        if copy_vecattrs:
            for key in filter(self.has_index_for, wanted):
                for name in self.expandos:
                    made.set_vecattr(key, name, self.get_vecattr(key, name))
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"
