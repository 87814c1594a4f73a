"""TensorBoard's Embedding Projector, started on this machine only."""

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

LOOPBACK = "127.0.0.1"
SECONDS_TO_START = 60


def can_serve() -> bool:
    """Whether TensorBoard can be started here."""
    return importlib.util.find_spec("tensorboard") is not None


@contextmanager
def serve_folder(folder: Path, port: int = 6006) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """TensorBoard on this machine only, until the end: its process, and the projector's address.

    Raises `FirthError` if the port is in use, or TensorBoard is not installed or does not start.
    """
    if not can_serve():
        raise FirthError("the projector needs an extra: pip install 'firth[tensorboard]'")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
