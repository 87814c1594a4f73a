"""The command: each part of it parses, makes one call, and shows the result."""

from __future__ import annotations

import os
import sys
import warnings

import click

from firth.cli import asking, learning, looking  # noqa: F401  # which add their commands
from firth.cli.shared import cli
from firth.errors import FirthError


def main() -> None:
    """Run the command. Exit codes: 0 done, 1 an error of the task, 2 of the command line, 130 interrupted."""
    warnings.formatwarning = lambda message, *_, **__: f"firth: {message}\n"
    try:
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
