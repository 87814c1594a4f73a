"""TensorBoard without TensorFlow: scalars while training, and a folder for the Embedding Projector, which it serves.

Needs the extra `firth[tensorboard]`.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firth.errors import FirthError
from firth.formats import export
from firth.reporting.events import EpochMetrics, Progress
from firth.vectors.word_vectors import WordVectors, refuse_other_than_vectors

PROJECTOR_ROWS = 100_000
"""Rows the projector shows at most."""
LOOPBACK = "127.0.0.1"
SECONDS_TO_START = 60


def is_installed() -> bool:
    """Whether logs can be written."""
    return importlib.util.find_spec("tensorboardX") is not None


class ScalarLog:
    """Writes loss, accuracy, learning rate and words a second where `tensorboard --logdir` finds them."""

    def __init__(self, folder: str | Path):
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise FirthError("writing for TensorBoard needs an extra: pip install 'firth[tensorboard]'") from error
        self.writer = SummaryWriter(str(folder))
        self._begun: tuple[float, int] | None = None

    def __enter__(self) -> ScalarLog:
        return self

    def __exit__(self, *exception: object) -> None:
        self.writer.close()

    def scalars(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """Write values at a step; `seconds` is the time of the event, as of `time.time()`."""
        for name, value in values.items():
            self.writer.add_scalar(name, value, step, walltime=seconds)

    def rounds(self, event: Progress, seconds: float) -> None:
        """Write a report of training by rounds; the step is the number of words seen."""
        words = (event.epoch - 1) * event.epoch_tokens + event.tokens
        values = {"loss": event.loss, "learning_rate": event.learning_rate}
        if self._begun is None:
            self._begun = (seconds, words)
        elif seconds > self._begun[0]:
            values["words_per_second"] = (words - self._begun[1]) / (seconds - self._begun[0])
        self.scalars(words, seconds, values)

    def epoch(self, metrics: EpochMetrics, seconds: float) -> None:
        """Write what an epoch of minibatches came to; the step is the epoch."""
        values = {
            "loss": metrics.loss,
            "accuracy": metrics.accuracy,
            "learning_rate": metrics.learning_rate,
            "validation_loss": metrics.validation_loss,
            "validation_accuracy": metrics.validation_accuracy,
        }
        self.scalars(metrics.epoch, seconds, {k: v for k, v in values.items() if v is not None})
        if self._begun is not None and seconds > self._begun[0]:
            self.scalars(metrics.epoch, seconds, {"examples_per_second": metrics.examples / (seconds - self._begun[0])})
        self._begun = (seconds, 0)


def write_projector(vectors: WordVectors, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write what `tensorboard --logdir FOLDER` shows under Projector; return the folder.

    `vectors.tsv`, `metadata.tsv`, and `projector_config.pbtxt` that names them. The first 100,000 words: it shows no
    more. Words whose vectors are not finite are left out: it would show none of the others.
    """
    refuse_other_than_vectors(vectors=vectors)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if len(vectors) > PROJECTOR_ROWS:
        vectors = vectors.first(PROJECTOR_ROWS)
    export(vectors.finite(), folder / "vectors.tsv", spaces="replace", counts=False, overwrite=overwrite)
    (folder / "projector_config.pbtxt").write_text(
        'embeddings {\n  tensor_name: "firth"\n  tensor_path: "vectors.tsv"\n  metadata_path: "metadata.tsv"\n}\n',
        "ascii",
        newline="\n",
    )
    return folder


def can_serve() -> bool:
    """Whether TensorBoard can be started here."""
    return not getattr(sys, "frozen", False) and importlib.util.find_spec("tensorboard") is not None


@contextmanager
def serve_folder(folder: Path, port: int = 6006) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """TensorBoard on this machine only, until the end: its process, and the projector's address.

    Raises `FirthError` if the port is in use, or TensorBoard is not installed or does not start.
    """
    if not can_serve():
        raise FirthError("the projector needs an extra: pip install 'firth[tensorboard]'")
    with socket.socket() as probe:
        # on Windows, SO_REUSEADDR would let two servers have one port
        probe.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR), 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise FirthError(f"port {port} is in use: ask for another with --port {port + 1}") from error
    command = [sys.executable, "-m", "tensorboard.main", f"--logdir={folder}", f"--host={LOOPBACK}", f"--port={port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(process, port)
        yield process, f"http://{LOOPBACK}:{port}/#projector"
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS_TO_START and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.1)
    raise FirthError("TensorBoard did not start: try it by hand, python -m tensorboard.main")
