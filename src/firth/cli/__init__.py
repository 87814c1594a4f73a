"""The command: each part of it parses, makes one call, and shows the result."""

from __future__ import annotations

import io
import os
import sys
import warnings
from typing import Any

import click

from firth.cli.common import cli
from firth.errors import FirthError, FirthWarning


def _show(message: Warning | str, category: type[Warning], *where: Any, **_: Any) -> None:
    """firth's own warnings in one line, without the place in the code."""
    own = issubclass(category, FirthWarning)
    click.echo(f"firth: {message}" if own else warnings.formatwarning(message, category, *where[:2]), err=True)


def main() -> None:
    """Run the command. Exit codes: 0 done, 1 an error of the task, 2 of the command line, 130 interrupted."""
    _use_utf8_for_pipes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", FirthWarning)
            warnings.showwarning = _show
            code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        interrupted = error.__cause__ or error.__context__ or error  # click turns one into the other
        click.echo(f"firth: {str(interrupted) or 'interrupted'}", err=True)
        code = getattr(interrupted, "exit_code", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except (FirthError, OSError, MemoryError) as error:
        click.echo(f"firth: {error or type(error).__name__}", err=True)
        code = 1
    sys.exit(code or 0)


def _use_utf8_for_pipes() -> None:
    """Let what other programs write and read be UTF-8 whatever the locale, escaped where an encoding cannot hold it.

    An encoding that somebody asked for (PYTHONIOENCODING), or a terminal has, stays.
    """
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace")):
        if not isinstance(stream, io.TextIOWrapper) or stream.closed:
            continue
        is_asked_for = stream.isatty() or bool(os.environ.get("PYTHONIOENCODING", "").partition(":")[0])
        stream.reconfigure(encoding=stream.encoding if is_asked_for else "utf-8", errors=errors)
