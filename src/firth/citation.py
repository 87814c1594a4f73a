"""How to cite firth, and how to say what a model was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firth._version import __version__

if TYPE_CHECKING:
    from firth.model import Word2Vec

TITLE = "firth: word2vec, fast and reproducible"
AUTHORS = "The firth developers"
YEAR = 2026
VERSIONS = {"firth": "firth", "numpy": "NumPy", "numba": "Numba", "python": "Python"}


def cite(model: Word2Vec | None = None) -> str:
    """An entry of BibTeX for firth; with a model, also sentences that say how it was trained, for a methods section.

    Parameters
    ----------
    model
        A trained model.

    Returns
    -------
    str

    Examples
    --------
    >>> print(firth.cite())
    @software{firth,
    ...
    """
    entry = [
        "@software{firth,",
        f"  author  = {{{{{AUTHORS}}}}},",
        f"  title   = {{{TITLE}}},",
        f"  year    = {{{YEAR}}},",
        f"  version = {{{__version__}}}",
        "}",
    ]
    return "\n".join(entry if model is None else [*entry, "", *_methods(model)])


def _methods(model: Word2Vec) -> list[str]:
    """How a model was trained, a line for each text."""
    config = model.config
    made = f"{config.architecture} with {config.objective}, {config.vector_size} dimensions, {len(model):,} words"
    settings = config.changed()
    lines = [f"Word vectors ({made}) were trained with the settings {settings or 'that are the defaults'}."]
    for text in model.provenance:
        versions = ", ".join(f"{VERSIONS.get(name, name)} {number}" for name, number in text.versions.items())
        lines.append(
            f"Text: {text.source}, {text.sentences:,} sentences, {text.tokens:,} tokens, SHA-256 {text.fingerprint};"
            f" trained by {versions}."
        )
    return lines
