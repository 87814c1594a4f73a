"""A folder of static embeddings, as sentence-transformers, model2vec and the Hugging Face Hub open them.

    model.safetensors          the tensor `embeddings`, (1 + V, d) float32: zeros for unknown words, then the words
    tokenizer.json             how a text becomes words: see `firth.texts.tokenizer`
    config.json, modules.json  what model2vec and sentence-transformers make of these: a mean, scaled to length 1
    README.md                  the model's card, with what the Hub wants to know at its top
    text_vectors.safetensors   what was folded into the rows: the words' weights, the removed components, their shares

Weights and removed components are in the rows, w(w) · (I - Σ λᵢ cᵢcᵢᵀ) v_w: the mean of a text's rows has then the
direction that `TextVectors.transform` gives. It is scaled to length 1, as sentence-transformers counts unknown words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from firth.arrays import Float32
from firth.citation import cite
from firth.corpus.lost_words import settings_to_turn_off, unreachable
from firth.errors import ConfigError, FormatError, UnwritableWordError, shortened
from firth.formats.reading import warn
from firth.model import Word2Vec
from firth.storage.files import atomic_folder, refuse_to_overwrite
from firth.storage.tensors import write_tensor, write_tensors
from firth.texts.tokenizer import tokenizer

if TYPE_CHECKING:
    from firth.config import TextConfig
    from firth.formats.words import Spaces
    from firth.texts.text_vectors import TextVectors
    from firth.vectors.word_vectors import WordVectors

TENSORS, TOKENIZER, CONFIG, MODULES = "model.safetensors", "tokenizer.json", "config.json", "modules.json"
CARD, FOLDED = "README.md", "text_vectors.safetensors"
FILES = {TENSORS, TOKENIZER, CONFIG, MODULES, CARD, FOLDED}
MODULE_TYPES = ("StaticEmbedding", "Normalize")
TAGS = ("sentence-transformers", "static-embeddings", "model2vec", "word2vec")
ROWS_AT_A_TIME = 1 << 14
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.-]*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*|multilingual|code")


class Card(NamedTuple):
    """What a model's card says at its top: a license, and languages."""

    license: str | None
    languages: Sequence[str]

    @classmethod
    def of(cls, license: str | None, language: str | Sequence[str] | None) -> Card:
        """A card with these. Raises `ConfigError` for what the Hub would not read."""
        languages = [language] if isinstance(language, str) else list(language or ())
        if license is not None and not (isinstance(license, str) and _LICENSE.fullmatch(license)):
            raise ConfigError(
                "license is a short name of the Hub's, such as mit, apache-2.0 or cc-by-sa-4.0, not"
                f" {shortened(license)}"
            )
        for one in languages:
            if not (isinstance(one, str) and _LANGUAGE.fullmatch(one)):
                raise ConfigError(f"language is a code of ISO 639, such as en, de or grc, not {shortened(one)}")
        return cls(license, languages)

    def lines(self) -> list[str]:
        """The top of the card, in YAML."""
        return [
            "---",
            "library_name: sentence-transformers",
            "pipeline_tag: sentence-similarity",
            *([f"license: {self.license}"] if self.license else []),
            *(["language:", *(f"- {language}" for language in self.languages)] if self.languages else []),
            "tags:",
            *(f"- {tag}" for tag in TAGS),
            "---",
        ]


def usable_rows(model: WordVectors, config: TextConfig, folder: Path, spaces: Spaces, *, overwrite: bool) -> list[int]:
    """The rows of the words that a folder can have. Raises if it could not be written, as `TextVectors.export`."""
    _refuse_to_replace(folder, overwrite=overwrite)
    tokenizer([], config)  # whose errors come before any work
    return _rows_of_words(model, config, spaces)


def write_folder(texts: TextVectors, rows: Sequence[int], folder: Path, card: Card, *, overwrite: bool) -> list[Path]:
    """Write a folder with the words of these rows, all or nothing; return its files."""
    words = [texts.model.words[row] for row in rows]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(folder, overwrite=overwrite) as new:
        write_tensor(new / TENSORS, "embeddings", _folded(texts, rows))
        _write_json(new / TOKENIZER, tokenizer(words, texts.text_config))
        _write_json(new / CONFIG, _config(texts.model.vector_size))
        _write_json(new / MODULES, _modules())
        (new / CARD).write_text("\n".join(_card(texts, folder.name, len(words), card)), "utf-8", newline="\n")
        _write_folded(texts, new / FOLDED)
    return [folder / name for name in sorted(FILES)]


def _refuse_to_replace(folder: Path, *, overwrite: bool) -> None:
    """Raise if something stands there: `OutputExistsError`, or `FormatError` for what is never replaced."""
    if folder.exists() and (not folder.is_dir() or not {TENSORS, TOKENIZER, MODULES} <= _names_in(folder)):
        raise FormatError(f"{folder} exists and is no folder of static embeddings: firth will not overwrite it")
    refuse_to_overwrite(folder, overwrite=overwrite)
    if folder.is_dir() and (others := _names_in(folder) - FILES):
        raise FormatError(
            f"{folder} also holds {shortened(min(others))}, which firth did not write and would be lost: export to"
            " another folder, and copy its files"
        )


def _names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _rows_of_words(model: WordVectors, config: TextConfig, spaces: Spaces) -> list[int]:
    """The rows of the words that the folder can have, and whose vectors are finite.

    Raises `UnwritableWordError` if there are others that no text there would have, unless they are to be skipped.
    """
    if spaces not in {"error", "skip"}:
        raise ValueError(f"spaces is 'error' or 'skip' for a folder of static embeddings, not {shortened(spaces)}")
    bad = dict.fromkeys(unreachable(model.words, config))
    phrases = getattr(model, "phrases", None)
    if phrases is not None:
        bad |= dict.fromkeys(word for word in phrases.scores() if word in model.vocabulary)
    if bad and spaces == "error":
        raise UnwritableWordError(_no_text_has(list(bad), config, phrases is not None))
    rows = [row for row, word in enumerate(model.words) if model.is_finite[row] and word not in bad]
    if not rows:
        raise UnwritableWordError(f"a folder of static embeddings can hold none of the {len(model):,} words")
    if bad:
        warn(
            f"{len(bad):,} of {len(model):,} words are left out, as no text in the folder has them: {_some(list(bad))}"
        )
    if not_finite := int(np.count_nonzero(~model.is_finite)):
        warn(f"{not_finite:,} of {len(model):,} words are left out, as their vectors are not finite")
    if model.subwords is not None:
        warn("the folder has no n-grams: there, unseen words are unknown")
    return rows


def _no_text_has(bad: Sequence[str], config: TextConfig, has_phrases: bool) -> str:
    """What to say of words that no text becomes."""
    count = f"{len(bad):,} word{'s' * (len(bad) != 1)}"
    why = "the folder's tokenizer joins no phrases. Leave them out"
    if not has_phrases:
        why = f"no text has them as texts are split now. {_how_to_split(bad, config)}eave such words out"
    return (
        f"a folder of static embeddings cannot use {count}, such as {_some(bad)}: {why}, spaces='skip', --spaces skip"
    )


def _how_to_split(bad: Sequence[str], config: TextConfig) -> str:
    """What to say of the fewest settings by which texts have most of these words; up to "l" of what else to do."""
    names = settings_to_turn_off(bad, config)
    if not names:
        return "L"
    settings = ", ".join(f"{name}=False" for name in names)
    flags = " ".join(f"--no-{name.replace('_', '-')}" for name in names)
    return f"Say how to split, config=firth.TextConfig({settings}), {flags}, or l"


def _some(words: Sequence[str]) -> str:
    return ", ".join(map(shortened, words[:3])) + (", …" if len(words) > 3 else "")


def _folded(texts: TextVectors, rows: Sequence[int]) -> Float32:
    """The words' rows (1 + n, d), with weights, and without the removed components; first zeros."""
    removed, weights = texts.learned(), texts.word_weights_
    folded = np.zeros((1 + len(rows), texts.model.vector_size), np.float32)
    for first in range(0, len(rows), ROWS_AT_A_TIME):
        some = np.array(rows[first : first + ROWS_AT_A_TIME])
        weighted = texts.model.vectors[some] * weights[some][:, None]
        folded[1 + first : 1 + first + len(some)] = removed.removed_from(weighted)
    return folded


def _config(vector_size: int) -> dict[str, Any]:
    return {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": vector_size,
        "normalize": True,
        "max_length": None,  # model2vec would cut texts after 512 words
        "embedding_dtype": "float32",
    }


def _modules() -> list[dict[str, Any]]:
    paths = (".", "1_Normalize")
    types = (f"sentence_transformers.models.{name}" for name in MODULE_TYPES)
    return [
        {"idx": i, "name": str(i), "path": path, "type": type}
        for i, (path, type) in enumerate(zip(paths, types, strict=True))
    ]


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8", newline="\n")


def _write_folded(texts: TextVectors, path: Path) -> None:
    """Write what was folded into the rows, for all words of the model."""
    about = {"weights": texts.weights, "a": float(texts.a), "mean_length": texts.mean_length_}
    arrays = {"word_weights": texts.word_weights_, "components": texts.components_, "shares": texts.shares_}
    write_tensors(path, arrays, json.dumps(about))


def _card(texts: TextVectors, name: str, words: int, card: Card) -> list[str]:
    """The lines of the model's card, in Markdown."""
    entry, end, methods = cite(texts.model if isinstance(texts.model, Word2Vec) else None).partition("\n}")
    return [
        *card.lines(),
        "",
        f"# {name}",
        "",
        f"Static embeddings of {words:,} words in {texts.model.vector_size} dimensions. A text's vector is the mean of"
        f" its words' rows: {_told(texts)}.",
        "",
        *_code(
            "from sentence_transformers import SentenceTransformer",
            "",
            f'vectors = SentenceTransformer({json.dumps(name)}).encode(["a text", "another one"])',
        ),
        *_code(
            "from model2vec import StaticModel",
            "",
            f'vectors = StaticModel.from_pretrained({json.dumps(name)}).encode(["a text", "another one"])',
        ),
        *([methods.strip(), ""] if methods else []),
        *_code(entry + end, language="bibtex"),
    ]


def _code(*lines: str, language: str = "python") -> list[str]:
    return [f"```{language}", *lines, "```", ""]


def _told(texts: TextVectors) -> str:
    """How words were weighted, and what was removed."""
    how = {
        "mean": "all words count alike",
        "sif": f"words are weighted by SIF, a = {texts.a:g}",
        "usif": f"words are weighted by uSIF, for texts of {texts.mean_length_ or 0:.1f} words",
    }
    count = len(texts.shares_)
    removed = f", and {count} common component{'s' * (count != 1)} removed" if count else ""
    return f"{how[texts.weights]}{removed}"
