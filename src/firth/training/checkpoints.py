"""Checkpoints of a training: written now and then, whole or not at all, so that any interruption costs minutes at most.

A training's state is its parameters and how far it has come: everything random depends on the seed and the position.
So a training that goes on from a checkpoint ends with the same bits as one that was never interrupted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from firth.config import TrainingConfig
from firth.errors import FirthError, FormatError, OutputExistsError, shortened
from firth.kernels.word2vec.blocks import Parameters
from firth.reporting.events import Done
from firth.storage.files import atomic_folder, remove_abandoned, sha256_of
from firth.storage.locks import file_lock
from firth.storage.system import remove_folder
from firth.storage.tensors import map_tensor, write_tensor
from firth.training.rounds import VERSION

FORMAT = "firth checkpoint 1"
NAME = "checkpoint-"
STATE = "state.json"
CHUNKS_DONE = "stretches"
"""The key of `Done.chunks` in the file, whose name is part of the format."""
NAMES = ("inputs.safetensors", "outputs.safetensors")
"""The files of the parameters."""
BEST_NAMES = tuple(f"best-{name}" for name in NAMES)
"""The files of the parameters of the best epoch so far, where that is kept."""
BEGIN_NAMES = tuple(f"begin-{name}" for name in NAMES)
"""The files of the parameters from which the last period began, where they are needed."""
SECONDS_BETWEEN = 180.0
"""A checkpoint is written so often, and when an epoch ends; but never so often that it costs more than `SHARE`."""
SHARE = 0.01
"""Of the time, at most, that goes into writing checkpoints."""
KEPT = 2
STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))
"""Ctrl-C, the signal that asks a process to end, and Windows' own, Ctrl-Break."""


@dataclass(frozen=True)
class Identity:
    """What a training must have in common with a checkpoint to go on from it."""

    config: TrainingConfig
    corpus: str  # a fingerprint
    folder: str  # of the encoded corpus
    start: str = ""  # a fingerprint of the vectors it started from
    version: int = VERSION  # of the trainer

    def differences(self, other: Identity) -> list[str]:
        """The settings that differ, each with both values; and the text, the start or the trainer, if it is another."""
        ours, theirs = dataclasses.asdict(self.config), dataclasses.asdict(other.config)
        found = [f"{name} was {ours[name]!r}, now {theirs[name]!r}" for name in ours if ours[name] != theirs[name]]
        found += ["the text is another"] * (self.corpus != other.corpus)
        found += ["the vectors to start from are others"] * (self.start != other.start)
        if self.version != other.version:
            found.append("another version of firth began it, whose numbers are others: use that one, or begin anew")
        return found


@dataclass(frozen=True)
class Checkpoint:
    """How far a training had come: its history, and where the parameters lie."""

    identity: Identity
    done: Done
    history: list[dict[str, Any]]
    path: Path
    has_best: bool = False  # whether the parameters of the best epoch are there too

    def restore(self, parameters: Parameters, names: Sequence[str] = NAMES) -> None:
        """Give parameters the numbers they had: those of the training, or others, by the names of their files.

        Raises `FormatError` if they have another shape.
        """
        for name, array in zip(names, parameters, strict=True):
            kept = map_tensor(self.path / name, "parameters")
            if len(kept) != len(array) or kept.shape[1] > array.shape[1]:
                raise FormatError(f"{self.path / name} has the shape {kept.shape}: it is of another training")
            array[:, : kept.shape[1]] = kept
            array[:, kept.shape[1] :] = 0


class Checkpoints:
    """The checkpoints of one training, in a folder of their own."""

    def __init__(self, folder: str | Path, seconds_between: float = SECONDS_BETWEEN):
        self.folder = Path(folder)
        self.seconds_between = seconds_between
        self.last = time.monotonic()
        self.cost = 0.0
        self._is_held = False

    @classmethod
    def of(cls, given: str | Path | Checkpoints) -> Checkpoints:
        """Those in a folder; or these, which whoever gives them may have to itself already."""
        return given if isinstance(given, Checkpoints) else cls(given)

    def newest(self) -> Checkpoint | None:
        """The newest that is whole: one that was damaged is passed over. None if there is none."""
        for path in self._paths():
            try:
                return _read(path)
            except (FormatError, OSError):
                continue
        return None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from training with this folder. Raises `OutputExistsError` if one does so now."""
        if self._is_held:
            yield
            return
        with ExitStack() as stack:
            is_ours = self._hold(stack)
            if is_ours is False:
                raise OutputExistsError(
                    f"another process is training now, with its checkpoints in {self.folder}: wait for it, or choose"
                    " another output"
                )
            self._is_held = True
            try:
                yield
            finally:
                self._is_held = False
                self._remove_if_empty()

    def _hold(self, stack: ExitStack) -> bool | None:
        while True:
            self.folder.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # the process that had it has just removed it
                return stack.enter_context(file_lock(self.folder, alone=True))

    def refuse_to_overwrite(self) -> None:
        """Raise `OutputExistsError` if an interrupted training could go on from here."""
        if self._paths():
            raise OutputExistsError(
                f"a training was interrupted, and its checkpoint is in {self.folder}: go on with it (--resume, or"
                " resume=True), or remove that folder"
            )

    def are_due(self, *, epoch_done: bool) -> bool:
        """Whether it is time for another one."""
        waited = time.monotonic() - self.last
        return waited * SHARE >= self.cost and (epoch_done or waited >= self.seconds_between)

    def save(
        self,
        identity: Identity,
        done: Done,
        history: list[dict[str, Any]],
        parameters: Parameters,
        best: Parameters | None = None,
        begin: Parameters | None = None,
    ) -> Path:
        """Write a checkpoint, and remove all but the last two."""
        begun = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(self.folder)
        number = max([_number(path) for path in self._paths()], default=0) + 1
        path = self.folder / f"{NAME}{number:06}"
        width = identity.config.vector_size
        with atomic_folder(path) as temporary:
            files = dict(zip(NAMES, parameters, strict=True))
            files |= dict(zip(BEST_NAMES, best or (), strict=False)) | dict(zip(BEGIN_NAMES, begin or (), strict=False))
            for name, array in files.items():
                write_tensor(temporary / name, "parameters", array[:, :width])
            state = {
                "format": FORMAT,
                "config": identity.config.saved(),
                "corpus": identity.corpus,
                "folder": identity.folder,
                "start": identity.start,
                "version": identity.version,
                "done": _renamed(done._asdict(), {"chunks": CHUNKS_DONE}),
                "history": history,
                "sha256": {name: sha256_of(temporary / name) for name in files},
            }
            (temporary / STATE).write_text(json.dumps(state, indent=1), "ascii", newline="\n")
        for old in self._paths()[KEPT:]:
            remove_folder(old)
        self.last = time.monotonic()
        self.cost = self.last - begun
        return path

    def clear(self) -> None:
        """Remove all of them, and keep the folder, which this process may hold."""
        for path in self._paths():
            remove_folder(path)
        remove_abandoned(self.folder)

    def remove(self) -> None:
        """Remove all of them, and the folder: the training has come to its end, and its model is saved."""
        self.clear()
        self._remove_if_empty()

    def _remove_if_empty(self) -> None:
        with contextlib.suppress(OSError):  # there is something in it, or it is gone
            self.folder.rmdir()

    def _paths(self) -> list[Path]:
        """The checkpoints there are, the newest first."""
        if not self.folder.is_dir():
            return []
        return sorted((p for p in self.folder.iterdir() if _number(p)), key=_number, reverse=True)


def _number(path: Path) -> int:
    number = path.name.removeprefix(NAME)
    return int(number) if path.name.startswith(NAME) and number.isdecimal() else 0


def _read(path: Path) -> Checkpoint:
    try:
        state = json.loads((path / STATE).read_bytes())
        if state["format"] != FORMAT:
            raise FormatError(f"{path} has the format {shortened(state['format'])}: this firth reads {FORMAT!r}")
        identity = Identity(
            TrainingConfig.of_saved(state["config"]),
            str(state["corpus"]),
            str(state["folder"]),
            str(state.get("start", "")),
            int(state.get("version", 0)),  # of before there were versions
        )
        of_done = _renamed(state["done"], {CHUNKS_DONE: "chunks"})
        done = Done(**of_done | {"noise_mean": tuple(map(float, of_done.get("noise_mean", ())))})
        sums = dict(state["sha256"])
        history = [dict(result) for result in state["history"]]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, FirthError) as error:
        raise FormatError(f"the checkpoint {path} cannot be read: {error}") from error
    has_best = not sums.keys().isdisjoint(BEST_NAMES)
    for name in NAMES + BEST_NAMES * has_best + BEGIN_NAMES * (identity.config.overlap > 0):
        if not (path / name).is_file() or sha256_of(path / name) != sums.get(name):
            raise FormatError(f"{path / name} is not whole")
    return Checkpoint(identity, done, history, path, has_best)


class Interruption:
    """Whether somebody has asked the training to stop, by one of `STOPPING`."""

    def __init__(self) -> None:
        self.signal: int | None = None


@contextmanager
def interruptions() -> Iterator[Interruption]:
    """Within this, a first signal to stop is noted, so that a checkpoint can be written; a second one stops at once.

    Signals reach the main thread only: in others, nothing is changed.
    """
    asked = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in STOPPING}

    def note(number: int, frame: FrameType | None) -> None:
        asked.signal = number
        restore()

    def restore() -> None:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        restore()


class TrainingInterrupted(KeyboardInterrupt):
    """The training was stopped from outside, after a checkpoint was written."""

    def __init__(self, path: Path, number: int):
        super().__init__(f"interrupted; everything so far is in {path.parent}: the same command with --resume goes on")
        self.path = path
        self.exit_code = 128 + number


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same values, some by other names."""
    return {names.get(name, name): value for name, value in values.items()}
