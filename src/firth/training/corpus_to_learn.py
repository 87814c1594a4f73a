"""The text that a training learns from: encoded by one machine or several, its phrases joined, and how it was split."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.config import TrainingConfig
from firth.corpus.corpus import Corpus, is_encoded
from firth.corpus.encoding import encode
from firth.corpus.lost_words import Advice
from firth.corpus.phrase_detection import find_phrases, with_joined
from firth.errors import CorpusError, FirthError, FirthWarning, StopTraining
from firth.phrases import Phrases
from firth.reporting.events import Event, OnCluster
from firth.training.run_options import RunOptions
from firth.training.warm_start import WarmStart, told_as_taken

if TYPE_CHECKING:
    from firth.cluster.nodes import Nodes


@contextmanager
def nodes_of(options: RunOptions, config: TrainingConfig, report: Callable[[Event], None]) -> Iterator[Nodes | None]:
    """The machines that are to train, if they are several."""
    if options.nodes == 1:
        yield None
        return
    from firth.cluster.connecting import connected

    def tell(text: str) -> None:
        report(OnCluster(text))

    with connected(options.nodes, options.ray, tell, most=config.shards) as nodes:
        yield nodes


def encoded_text(
    source: Any, config: TrainingConfig, options: RunOptions, nodes: Nodes | None, report: Callable[[Event], None]
) -> Corpus:
    """The encoding of a source, made by this machine or by those of a cluster."""
    if nodes is None:
        return encode(source, config=config, cache=options.cache, report=report, threads=options.threads)
    from firth.corpus.on_nodes import encode_on_nodes

    return encode_on_nodes(source, nodes, config=config, cache=options.cache, threads=options.threads, report=report)


def with_phrases(
    corpus: Corpus,
    phrases: Phrases | None,
    begin: WarmStart | None,
    config: TrainingConfig,
    cache: str | Path | None,
    report: Callable[[Event], None],
) -> Corpus:
    """The corpus with phrases joined: those given, or, if it has none yet, those that are to be found in it, or else
    those of the vectors to start from.
    """
    if phrases is None and corpus.phrases is None and begin is not None and not config.phrase_passes:
        phrases = begin.phrases
    if phrases is None and config.phrase_passes and corpus.phrases is None:
        phrases = find_phrases(
            corpus,
            passes=config.phrase_passes,
            min_count=config.min_count,
            threshold=config.phrase_threshold,
            scoring=config.phrase_scoring,
            connector_words=config.connector_words,
            report=report,
        )
    return corpus if phrases is None else with_joined(corpus, phrases, cache, report, Advice.SETTINGS_ALONE)


def as_split(corpus: Corpus, config: TrainingConfig, begin: WarmStart | None, said: Collection[str]) -> TrainingConfig:
    """The configuration with the settings by which the corpus was split: it may have been encoded before, by others.

    Warns of settings that come too late, those that somebody `said` and those of a model that learns more, and of words
    to start from that the corpus cannot have.
    """
    splitting = corpus.splitting or {}
    others = [name for name, value in splitting.items() if getattr(config, name) != value]
    if late := [name for name in others if name in said]:
        _warn_of_late({name: splitting[name] for name in late}, "what the training says of that has no effect")
    elif begin and begin.goes_on and others:
        _warn_of_late({name: splitting[name] for name in others}, "that is not how the model splits text")
    if begin:
        begin.check_split(corpus)
    if splitting.get("separator") is not None:
        splitting = splitting | {"sentences": "line"}  # where others end is of no matter any more
    return dataclasses.replace(config, **splitting)


def _warn_of_late(settings: Mapping[str, Any], what: str) -> None:
    """Warn that a text was encoded with some settings before a training, or a model, had others."""
    warnings.warn(
        f"this text is encoded already, with {', '.join(f'{name}={value!r}' for name, value in settings.items())}:"
        f" {what}. Encode it anew, firth.encode(text, config=…), or give the text",
        FirthWarning,
        stacklevel=5,
    )


@contextmanager
def split_as_the_start(begin: WarmStart | None, source: Any, corpus: Corpus, config: TrainingConfig) -> Iterator[None]:
    """Within this, a `CorpusError` names the settings by which the text was split and which the start has, as nobody
    said others.
    """
    try:
        yield
    except CorpusError as error:
        was_encoded = isinstance(source, Corpus) or (isinstance(source, str | Path) and is_encoded(source))
        if begin is None or was_encoded or not corpus.splitting:
            raise
        taken = {name: getattr(config, name) for name in corpus.splitting if name in begin.taken_over}
        if not (told := told_as_taken(taken)):
            raise
        raise CorpusError(f"{error} {told}") from error


@contextmanager
def nothing_learned_yet() -> Iterator[None]:
    """Within this, there is no model that `StopTraining` could end with."""
    try:
        yield
    except StopTraining as stop:
        raise FirthError(
            "the training was stopped while the text was read, before anything was learned: there is no model. What has"
            " been read of files is kept for the next time"
        ) from stop
