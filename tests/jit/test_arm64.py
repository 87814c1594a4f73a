"""Kernels for ARM processors, compiled here: see `tools/arm64`, which runs them too."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from firth.jit import target
from tools.arm64 import __main__ as command
from tools.arm64 import counts, kernels, machine
from tools.arm64.kernels import Counts

needs_compiler = pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")
TABLE = {"compilers": counts.compilers(), "spills": {"rounds.train (cbow)": 7}}

ASSEMBLY = """
train:
	stp	q8, q9, [sp, #-32]!
	bl	fmaf
	ldr	q0, [x0, #16]
	ldr	d0, [sp, #16]
	str	q1, [sp, #16]
.LBB0_1:
	b.eq	.LBB0_1
	cbz	x0, .LBB0_1
	blr	x8
	b	fmaf
	b	.LBB0_1
"""


def test_counted__calls_by_name_and_whole_vectors_on_the_stack():
    assert kernels.counted(ASSEMBLY) == Counts({"fmaf": 2}, 2)


def test_complaints__more_spills_than_in_the_table():
    assert counts.complaints({"rounds.train (cbow)": Counts({}, 7)}, TABLE) == []
    (wrong,) = counts.complaints({"rounds.train (cbow)": Counts({}, 8)}, TABLE)
    assert "rounds.train (cbow)" in wrong
    assert "8 vectors on ARM, where it was 7" in wrong


def test_complaints__a_call_of_what_is_not_the_same_in_every_library():
    (wrong,) = counts.complaints({"rounds.train (cbow)": Counts({"memset": 2, "fmaf": 1}, 0)}, TABLE)
    assert "fmaf" in wrong
    assert "memset" not in wrong


def test_complaints__a_kernel_that_the_table_does_not_have():
    (wrong,) = counts.complaints({"new.kernel (cbow)": Counts({}, 0)}, TABLE)
    assert "--save-counts" in wrong


def test_complaints__spills_by_other_compilers_are_not_compared_but_calls_are():
    other = {"compilers": {"numba": "0.1"}, "spills": {}}
    assert counts.complaints({"new.kernel (cbow)": Counts({}, 100)}, other) == []
    assert len(counts.complaints({"new.kernel (cbow)": Counts({"expf": 1}, 0)}, other)) == 1


FEW = """
import json, sys
import numpy as np
from pathlib import Path
from tools.arm64.kernels import Wanted, compile_into

vectors, logits, flat = np.empty((0, 0), np.float32), np.empty((0, 0), np.float32), np.empty(0)
softmax = "firth.kernels.tutorial.full_softmax"
for number, (module, function, arguments) in enumerate([
    (softmax, "piece_logits", (vectors, vectors, logits)),
    (softmax, "by_piece", (logits, 1, vectors, vectors)),
    ("firth.kernels.linalg.exponentials", "fill_logarithms", (flat, flat)),
]):
    wanted = Wanted("", module, function, arguments, f"{number}.kernel")
    print(json.dumps([function, *compile_into(Path(sys.argv[1]), wanted)]))
"""


@needs_compiler
def test_kernels__for_arm_are_compiled_here_call_no_library_and_spill_no_more_than_they_did(tmp_path):
    environment = os.environ | kernels.PROCESSOR
    run = [sys.executable, "-c", FEW, tmp_path]
    done = subprocess.run(run, env=environment, cwd=machine.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found = {name: Counts(*rest) for name, *rest in map(json.loads, done.stdout.splitlines())}
    known = json.loads(counts.TABLE.read_text("utf-8"))
    known["spills"] = {name.partition(".")[2].partition(" ")[0]: spills for name, spills in known["spills"].items()}
    assert len(found) == 3
    assert counts.complaints(found, known) == []
    assert "fmla" in (tmp_path / "0.kernel.s").read_text("utf-8")  # it multiplies and adds in one


@needs_compiler
@pytest.mark.long
def test_kernels__all_of_them_for_arm(tmp_path):
    run = [sys.executable, "-m", "tools.arm64", "--counts", "--folder", tmp_path]
    done = subprocess.run(run, cwd=machine.ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_compared__names_what_is_other_and_what_is_missing(capsys):
    wrong = command.compared({"a": "1", "b": "2", "c": "3"}, iter([("a", "1"), ("b", "9")]))
    assert wrong == ["other bits on ARM: b", "other bits on ARM: c"]
    assert "b: NOT the same" in capsys.readouterr().out


def test_ran__says_what_a_command_needs():
    assert machine.ran([sys.executable, "-c", "print(1)"], needs="Python") == "1\n"
    with pytest.raises(SystemExit, match="no-such-program was not found: this needs Debian"):
        machine.ran(["no-such-program"], needs="Debian")
    with pytest.raises(SystemExit, match="failed: this needs the network\nno route"):
        machine.ran([sys.executable, "-c", "import sys; sys.exit('no route')"], needs="the network")


def test_found_qemu__is_the_installed_one_or_the_one_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert machine.found_qemu(tmp_path) == Path("/usr/bin/qemu-aarch64-static")
    monkeypatch.setattr(machine.shutil, "which", lambda _: None)
    (tmp_path / "qemu").mkdir()
    assert machine.found_qemu(tmp_path) == tmp_path / "qemu" / "usr" / "bin" / "qemu-aarch64-static"


@pytest.mark.parametrize(
    ("here", "there"), [((3, 11), "3.11"), ((3, 12), "3.11"), ((3, 13), "3.13"), ((3, 14), "3.13")]
)
def test_python_there__is_the_newest_that_debian_has_and_that_is_not_newer_than_this(here, there, monkeypatch):
    monkeypatch.setattr(machine.sys, "version_info", (*here, 0, "final", 0))
    assert machine.python_there() == there


def test_unpack__all_of_it_or_nothing(tmp_path):
    wheel, broken = tmp_path / "a.whl", tmp_path / "b.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("a/x.py", "x = 1")
    broken.write_bytes(b"no archive")
    with pytest.raises(zipfile.BadZipFile):
        machine.unpack([wheel, broken], tmp_path / "packages")
    assert not (tmp_path / "packages").exists()
    machine.unpack([wheel], tmp_path / "packages")
    assert (tmp_path / "packages" / "a" / "x.py").read_text("utf-8") == "x = 1"
