"""scikit-learn's protocol for a transformer, without scikit-learn: it calls these methods by their names.

What its `BaseEstimator` and `TransformerMixin` would give is written out, as `import firth` must not need
scikit-learn. See https://scikit-learn.org/stable/developers/develop.html.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any, Self

import numpy as np

from firth.arrays import Array
from firth.data_frames import library
from firth.errors import FirthError, shortened


class NotFittedError(FirthError, ValueError, AttributeError):
    """`fit` was not called. scikit-learn's error of this name has the same bases."""


CONTAINERS = ("default", "pandas", "polars")
"""What results may come in: an array, or a data frame."""


class Transformer:
    """Parameters by name, and results in the container that the user wants.

    A class has `fit` and `get_feature_names_out`; its `__init__` keeps each parameter as it is, under its own name;
    what is learned has a name that ends in an underscore.
    """

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Learn from data."""
        raise NotImplementedError

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """The names of the result's columns."""
        raise NotImplementedError

    @classmethod
    def _parameters(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by their names, as they were given.

        Parameters
        ----------
        deep
            Makes no difference: no parameter has parameters of its own.

        Returns
        -------
        dict
        """
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Self:
        """Change parameters; call `fit` again before anything else.

        Parameters
        ----------
        **params
            Values by name.

        Returns
        -------
        The same object.

        Raises
        ------
        ValueError
            For a parameter that does not exist.
        """
        names = self._parameters()
        if unknown := [name for name in params if name not in names]:
            raise ValueError(f"{type(self).__name__} has no parameter {shortened(unknown[0])}: {', '.join(names)}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def set_output(self, *, transform: str | None = None) -> Self:
        """Let `transform` and `fit_transform` give data frames.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            An array, or a data frame of one of these libraries, its columns named by `get_feature_names_out`. None
            leaves it as it is.

        Returns
        -------
        The same object.

        Raises
        ------
        ValueError
            For another container.
        """
        if transform is not None:
            if transform not in CONTAINERS:
                raise ValueError(f"transform is {', '.join(map(repr, CONTAINERS))}, not {shortened(transform)}")
            self._container = transform
        return self

    def _contained(self, result: Array, X: Any) -> Any:
        """A result (n, d) in the container that was asked for, here or by `sklearn.set_config`."""
        wanted = getattr(self, "_container", None)
        if wanted is None and (sklearn := sys.modules.get("sklearn")) is not None:
            wanted = sklearn.get_config()["transform_output"]
        if wanted not in CONTAINERS[1:]:
            return result
        names = list(self.get_feature_names_out())
        if wanted == "polars":
            return library("polars").DataFrame(result, schema=names, orient="row")
        pandas = library("pandas")
        index = X.index if isinstance(X, pandas.Series) else None
        return pandas.DataFrame(result, columns=names, index=index)

    def __sklearn_clone__(self) -> Self:
        """The same parameters, and nothing learned. A model is shared: a copy of a large one would cost memory."""
        copy = type(self)(**self.get_params())
        copy.set_output(transform=getattr(self, "_container", None))
        return copy

    def __sklearn_is_fitted__(self) -> bool:
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks before it calls: this takes texts, and no table of numbers."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags  # who asks has it

        inputs = InputTags(one_d_array=True, two_d_array=False, string=True)
        transforms = TransformerTags(preserves_dtype=[])
        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=transforms,
            input_tags=inputs,
        )

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        given = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not (value is defaults[name].default or (np.isscalar(value) and value == defaults[name].default))
        ]
        return f"{type(self).__name__}({', '.join(given)})"
