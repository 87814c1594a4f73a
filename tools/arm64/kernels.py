"""firth's kernels for an ARM processor, compiled on this machine: which there are, their machine code, and how often it
calls a library's functions or spills registers.

Numba translates a kernel as it does here, and LLVM compiles it for the other processor. Nothing of it runs here.
"""

import hashlib
import importlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TRIPLE = "aarch64-linux-gnu"
PROCESSOR = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""What tells firth and Numba that kernels are for an ARM processor of any kind, where they are made and run."""
CALL = re.compile(r"^\s+bl?\s+([A-Za-z_]\w*)", re.MULTILINE)
SPILL = re.compile(r"^\s+(?:str|ldr|stp|ldp|stur|ldur)\s+q\d+,.*\[sp\b", re.MULTILINE)
"""An instruction that stores or loads whole vectors to or from the stack."""


class Wanted(NamedTuple):
    """A kernel, and arguments of the types that it is wanted for, in which no array has numbers."""

    training: str  # the first that called it so
    module: str
    function: str
    arguments: tuple[Any, ...]
    file: str

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"{self.module.rpartition('.')[2]}.{self.function} ({self.training})"


class Counts(NamedTuple):
    """How often machine code calls each function of a library, and how many vectors it spills or reloads."""

    calls: dict[str, int]
    spills: int


def file_name(kernel: Any, signature: tuple[Any, ...]) -> str:
    """Where the machine code of a kernel for arguments of these types is kept."""
    function = kernel.function
    digest = hashlib.sha256(repr(signature).encode()).hexdigest()[:16]
    return f"{function.__module__}.{function.__name__}-{digest}.kernel"


def of_type(value: Any) -> Any:
    """A value of the same type; of an array, one without numbers."""
    if isinstance(value, np.ndarray):
        return np.empty((0,) * value.ndim, value.dtype)
    if isinstance(value, tuple):
        return type(value)(*map(of_type, value))
    return value


@contextmanager
def noted(found: list[Wanted], training: list[str]) -> Iterator[None]:
    """Within this, each kernel is noted when it is first called with arguments of some types. The last of `training` is
    the name of the one that runs.
    """
    from firth.jit.kernel import Kernel

    load = Kernel._load

    def note(kernel: Any, signature: tuple[Any, ...], arguments: tuple[Any, ...]) -> Any:
        function, like = kernel.function, tuple(map(of_type, arguments))
        new = Wanted(training[-1], function.__module__, function.__name__, like, file_name(kernel, signature))
        assert new.name not in {other.name for other in found}, "a training calls it with arguments of several types"
        found.append(new)
        return load(kernel, signature, arguments)

    Kernel._load = note  # type: ignore[method-assign]
    try:
        yield
    finally:
        Kernel._load = load  # type: ignore[method-assign]


def compiled(wanted: Wanted) -> tuple[Any, str]:
    """A kernel's machine code for an ARM processor, and the same as assembly. The environment has `PROCESSOR`."""
    import llvmlite.binding as llvm

    from firth.jit import codegen, kernel
    from firth.jit.cache import MachineCode

    function = getattr(importlib.import_module(wanted.module), wanted.function)
    kernel._import_lowerings()
    entry = wanted.file.removesuffix(".kernel")
    module, results = codegen.translated(function, wanted.arguments, entry)
    machine = arm_machine()
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    codegen.optimize(module, machine)
    assembly: str = machine.emit_assembly(llvm.parse_assembly(str(module)))
    return MachineCode(entry, results, machine.emit_object(module)), assembly


def arm_machine() -> Any:
    """LLVM's description of an ARM processor of any kind."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(TRIPLE)
    return target.create_target_machine(cpu="generic", features="", opt=3, codemodel="jitdefault", jit=True)


def counted(assembly: str) -> Counts:
    """How often machine code calls each function, and spills."""
    return Counts(dict(sorted(Counter(CALL.findall(assembly)).items())), len(SPILL.findall(assembly)))


def compile_into(folder: Path, wanted: Wanted) -> Counts:
    """Compile a kernel, unless that was done before, and count; keep both in a folder."""
    code, listing = folder / wanted.file, folder / f"{wanted.file}.s"
    if not code.exists():
        made, assembly = compiled(wanted)
        listing.write_text(assembly, "utf-8")
        partial = code.with_suffix(".partial")
        partial.write_bytes(made.to_bytes())
        partial.rename(code)
    return counted(listing.read_text("utf-8"))


def compile_all(folder: Path, wanted: list[Wanted], processes: int) -> Iterator[tuple[str, Counts]]:
    """Compile kernels by so many processes; give each one's name, and its counts."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= PROCESSOR
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        names = [kernel.name for kernel in wanted]
        yield from zip(names, pool.map(compile_into, [folder] * len(wanted), wanted), strict=True)
