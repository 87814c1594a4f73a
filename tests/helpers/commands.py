"""Commands in processes of their own."""

import os
import subprocess
import sys

QUICK = ["--vector-size", "8", "--epochs", "2", "--sample", "0", "--quiet"]


def firth_process(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "firth", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def in_locale(*arguments, typed=b"", **environment):
    """Run the command into a pipe, as a locale has it; its output as bytes."""
    plain = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHONIOENCODING"))}
    command = [sys.executable, "-m", "firth", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=kept | plain | environment, check=False, input=typed)
