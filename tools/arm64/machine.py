"""An ARM machine in a folder: qemu, a Debian with Python, and what firth needs, unpacked from their packages.

Nothing is installed, and no root is needed: apt works in a state of its own, and packages are unpacked, not configured.
"""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tools.arm64.kernels import PROCESSOR

ROOT = Path(__file__).parents[2]
DEBIAN = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
RELEASES = {"3.11": "bookworm", "3.13": "trixie"}
"""Debian's releases, by the Python that they have."""
PACKAGES = ["python3", "libstdc++6"]
QEMU = "qemu-aarch64-static"
PLATFORMS = ["manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64"]
SAME_HERE = ("numpy", "numba", "llvmlite")
"""Packages that are to have the same versions as here: on others, bits are not promised to be the same."""


@dataclass(frozen=True)
class Machine:
    """What runs programs of an ARM machine: qemu, the folder of its Debian, and that of its Python packages."""

    qemu: Path
    root: Path
    packages: Path

    def command(self, *arguments: str | Path) -> list[str | Path]:
        """The command that runs its Python, with these arguments."""
        python = next(iter(sorted((self.root / "usr" / "bin").glob("python3.[0-9]*"))))
        return [self.qemu, "-L", self.root, python, "-S", *arguments]

    def environment(self) -> dict[str, str]:
        """The variables that its Python needs."""
        paths = [str(ROOT / "src"), str(ROOT), str(self.packages)]
        return PROCESSOR | {"PYTHONPATH": ":".join(paths), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self.packages)}


def made(folder: Path) -> Machine:
    """The machine in a folder, made the first time."""
    python = python_there()
    versions = "-".join([python, *map(version, SAME_HERE)])
    qemu, root, packages = found_qemu(folder), folder / f"debian-{python}", folder / f"packages-{versions}"
    if not root.is_dir():
        unpack(download(folder / "apt-arm64", "arm64", RELEASES[python], PACKAGES), root)
    if not packages.is_dir():
        unpack(wheels(folder / f"wheels-{versions}", python), packages)
    return Machine(qemu, root, packages)


def python_there() -> str:
    """The version of Python to run there: this one, where a release of Debian has it, or the newest before it."""
    here = sys.version_info[:2]
    return max((p for p in RELEASES if tuple(map(int, p.split("."))) <= here), key=lambda p: int(p[2:]))


def found_qemu(folder: Path) -> Path:
    """qemu, where it is installed or has been unpacked; otherwise from Debian's package."""
    installed = shutil.which(QEMU)
    if installed:
        return Path(installed)
    root = folder / "qemu"
    if not root.is_dir():
        here = ran(["dpkg", "--print-architecture"], needs="dpkg, of Debian or Ubuntu").strip()
        unpack(download(folder / "apt-here", here, RELEASES["3.13"], ["qemu-user-static"]), root)
    return root / "usr" / "bin" / QEMU


def download(state: Path, architecture: str, release: str, packages: list[str]) -> list[Path]:
    """Debian's packages of these names, and what they depend on, by apt in a state of its own."""
    if not KEYRING.exists():
        raise SystemExit(f"{KEYRING} is missing, to check Debian's packages by: apt-get install debian-archive-keyring")
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {DEBIAN} {release} main\n", "utf-8")
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "",
        "Dir::State": state / "state",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
    }
    apt = ["apt-get", "-q", *(part for name, value in settings.items() for part in ("-o", f"{name}={value}"))]
    needs = f"apt-get, of Debian or Ubuntu, and {DEBIAN}"
    ran([*apt, "update"], needs=needs)
    ran([*apt, "install", "-y", "--no-install-recommends", "--download-only", *packages], needs=needs)
    return sorted((state / "cache" / "archives").glob("*.deb"))


def wheels(folder: Path, python: str) -> list[Path]:
    """What firth needs, as wheels for an ARM machine."""
    of_firth = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    same = [f"{package}=={version(package)}" for package in SAME_HERE]
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    of_python = ["--only-binary=:all:", "--python-version", python, *platforms]
    pip = [sys.executable, "-m", "pip", "download", "-q", "-d", folder]
    ran([*pip, *of_python, *of_firth, *same], needs="pip and its index of packages")
    return sorted(folder.glob("*.whl"))


def unpack(packages: Iterable[Path], folder: Path) -> None:
    """Unpack Debian's packages, or wheels, into a folder: all of them, or there is no such folder."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for package in packages:
        if package.suffix == ".whl":
            zipfile.ZipFile(package).extractall(partial)
        else:
            ran(["dpkg-deb", "-x", package, partial], needs="dpkg-deb, of Debian or Ubuntu")
    if (partial / "usr" / "lib").is_dir() and not (partial / "lib").exists():  # newer Debians have a link there
        (partial / "lib").symlink_to("usr/lib")
    partial.rename(folder)


def ran(command: list[str | Path], *, needs: str) -> str:
    """What a command prints. Where it fails, an exit that says what it needs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SystemExit(f"{command[0]} was not found: this needs {needs}") from None
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise SystemExit(f"{Path(command[0]).name} failed: this needs {needs}\n" + "\n".join(told))
    return done.stdout
