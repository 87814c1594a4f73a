"""Programs that train with gensim, on firth in its place: a check before a release.

    python -m tools.gensim_users                              # all
    python -m tools.gensim_users --python python3.14 pecanpy  # also where gensim cannot be installed

Each gets an environment of its own under `build/gensim_users`, with what it needs except gensim, in whose place there
is a package that is `firth.gensim` by gensim's name. What runs are the tests in its source archive, if it has any, and
`tests/gensim_users/test_NAME.py`. Nothing of these programs is kept here.
"""

import argparse
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

from tools.integrations import version_of

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "gensim_users"


class User(NamedTuple):
    """A program: its version, what it needs other than gensim, and its own tests."""

    version: str
    needs: tuple[str, ...]
    own_tests: str | None = None


USERS = {
    "fastnode2vec": User("0.0.7", ("networkx", "scipy")),
    "karateclub": User(
        "1.3.3", ("networkx", "python-louvain", "scikit-learn", "pygsp", "pandas", "six", "Levenshtein")
    ),
    "node2vec": User("0.5.0", ("networkx", "joblib", "setuptools<80")),
    "pecanpy": User("2.0.9", ("numba-progress", "typing_extensions", "networkx", "parameterized", "scipy"), "test"),
}
GENSIM = """
import importlib
import sys

import firth.gensim

sys.modules["gensim.models"] = firth.gensim.models
for name in ("callbacks", "fasttext", "keyedvectors", "phrases", "word2vec"):
    sys.modules[f"gensim.models.{name}"] = importlib.import_module(f"firth.gensim.models.{name}")


class NotHere:
    def __init__(self, *args, **kwargs):
        raise NotImplementedError("firth has no Doc2Vec")


doc2vec = type(sys)("gensim.models.doc2vec")  # which some import, whatever they train
doc2vec.Doc2Vec = doc2vec.TaggedDocument = NotHere
sys.modules["gensim.models.doc2vec"] = doc2vec
sys.modules["gensim"] = firth.gensim
"""
NPTYPING = """
class _Type:
    def __class_getitem__(cls, item):
        return cls


def __getattr__(name):
    return _Type
"""
"""In place of nptyping, which only annotates in PecanPy, and cannot be imported with NumPy 2."""
METADATA = "Metadata-Version: 2.1\nName: gensim\nVersion: {version}\n"


def put_in_the_place_of_gensim(site: Path) -> None:
    """Write a package called gensim that is firth's, with the version that it says it is."""
    for line in (ROOT / "src" / "firth" / "gensim" / "__init__.py").read_text("utf-8").splitlines():
        if line.startswith("__version__"):
            version = line.split('"')[1]
    (site / "gensim").mkdir(exist_ok=True)
    (site / "gensim" / "__init__.py").write_text(GENSIM, "utf-8")
    (site / "nptyping.py").write_text(NPTYPING, "utf-8")
    about = site / f"gensim-{version}.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text(METADATA.format(version=version), "utf-8")


def source_of(name: str, python: Path) -> Path:
    """The unpacked source archive of a program."""
    folder = WORK / f"{name}-{USERS[name].version}"
    if not folder.exists():
        wanted = f"{name}=={USERS[name].version}"
        download = ["download", "-q", "--no-deps", "--no-binary", ":all:", "-d", WORK, wanted]
        subprocess.run([python, "-m", "pip", *download], check=True)
        with tarfile.open(next(WORK.glob(f"{name}-{USERS[name].version}.tar.gz"))) as archive:
            archive.extractall(WORK, filter="data")
    return folder


def write_karate_club(python: Path, folder: Path) -> None:
    """The graph that PecanPy's tests read, which its source archive leaves out."""
    folder.mkdir(exist_ok=True)
    code = "import networkx, sys\nfor a, b in networkx.karate_club_graph().edges: print(a + 1, b + 1, sep='\\t')"
    edges = subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout
    (folder / "karate.edg").write_text(edges)


def tested(command: str, name: str) -> bool:
    """Make the environment of one program, and run its tests in it; return whether they pass."""
    user, folder = USERS[name], WORK / f"{version_of(command)}-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([command, "-m", "venv", folder], check=True)
    install = [python, "-m", "pip", "install", "-q"]
    subprocess.run([*install, "pip>=25.1"], check=True)  # which knows dependency groups
    subprocess.run([*install, *user.needs, "-e", ".", "--group", "test"], cwd=ROOT, check=True)
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    put_in_the_place_of_gensim(
        Path(subprocess.run(where, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    )
    source = source_of(name, python)
    subprocess.run([*install, "-qq", "--no-deps", source], check=True)  # its setup.py has much to say
    own = ROOT / "tests" / "gensim_users" / f"test_{name}.py"
    runs = [(ROOT, own)] if own.exists() else []
    if user.own_tests is not None:
        write_karate_club(python, source / "demo")
        (source / "pytest.ini").write_text("[pytest]\n")  # or else those of firth's are read
        runs.append((source, Path(user.own_tests)))
    return all(passed(python, *run) for run in runs)


def passed(python: Path, folder: Path, tests: Path) -> bool:
    """Whether tests in a folder pass, of which there must be some that are not skipped."""
    print(f"{python}: {folder / tests}", flush=True)
    path = {
        "PATH": f"{python.parent}:{Path(shutil.which('env') or '/usr/bin/env').parent}"
    }  # for commands of their own
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", tests]
    run = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.PIPE, text=True, env=path)
    print(run.stdout, flush=True)
    return run.returncode == 0 and " passed" in run.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(USERS))
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    failed = [name for name in arguments.names or USERS if not tested(arguments.python, name)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
