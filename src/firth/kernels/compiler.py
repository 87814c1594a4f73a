"""How kernels are compiled, and where the machine code is kept between runs.

Numba compiles a kernel when it is first called with arguments of given types (`machine_code.py`). The machine code is
kept in a file, so that the next process only has to load it: in milliseconds, and without importing Numba.

The files lie in a folder named after a hash of all kernel sources, of the compilers' versions and of the processor:
after any change there is another folder, and never stale code. A file that was cut short or changed is not loaded.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import importlib.util
import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding as llvm
import numpy as np

from firth.caches import user_cache, usual_cache
from firth.errors import FirthError
from firth.files import new_file

Function = TypeVar("Function", bound=Callable[..., Any])

# "_nrt" off: nobody counts the references to a kernel's arrays, which have no owner
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "forceinline": True,
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


@functools.cache
def cache_folder() -> Path:
    """Where this version's machine code is kept: under `NUMBA_CACHE_DIR` or the user's cache folder."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    machine = (sys.version, np.__version__, _version_file("numba"), _version_file("llvmlite"), *processor())
    digest.update(repr(machine).encode())
    name = Path("kernels") / digest.hexdigest()[:16]
    if root := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(root) / name
    usual = usual_cache()
    if usual is not None and (usual / name).is_dir():  # one that can only be read will do, if all is there
        return usual / name
    return user_cache() / name


def _version_file(package: str) -> bytes:
    """What tells a package's version, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FirthError(f"{package} is not installed: install firth again, with what it needs")
    return Path(spec.origin).with_name("_version.py").read_bytes()


def processor() -> tuple[str, str]:
    """The processor's name and features, as LLVM has them, or those that Numba's environment variables give."""
    name = os.environ.get("NUMBA_CPU_NAME")
    features = os.environ.get("NUMBA_CPU_FEATURES")
    return name or llvm.get_host_cpu_name(), features if features is not None else _host_features()


def _host_features() -> str:
    return cast(str, llvm.get_host_cpu_features().flatten())


def is_enabled() -> bool:
    """Whether kernels are compiled at all: with NUMBA_DISABLE_JIT=1 they run as Python, slowly, for coverage."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in {"", "0"}


def is_compiled(job: str) -> bool:
    """Whether this job has been done on this machine before, and so all kernels it needs been compiled."""
    return not is_enabled() or (cache_folder() / f"{job}.done").exists()


def mark_compiled(job: str) -> None:
    """Remember that a job has been done: its kernels need not be compiled again."""
    with contextlib.suppress(OSError):  # where nothing can be kept, kernels are compiled every time
        (cache_folder() / f"{job}.done").touch()


class Beside:
    """Another process that compiles some kernels, by doing something small with them, while this one does its work."""

    def __init__(self) -> None:
        self.kernels: frozenset[str] = frozenset()
        self.process: Any = None

    def start(self, kernels: set[str], code: str) -> None:
        """Have kernels of these names compiled by running `code`. Where that fails, they are compiled here later."""
        if not sys.executable or self.process is not None:
            return
        import subprocess

        command, nothing = [sys.executable, "-P", "-c", code], subprocess.DEVNULL
        with contextlib.suppress(OSError):
            self.process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
            self.kernels = frozenset(kernels)

    def wait_for(self, kernel: str) -> None:
        """Return when the other process has done what it could for a kernel."""
        if self.process is not None and kernel in self.kernels:
            self.process.wait()
            self.process = None


beside = Beside()


def compiled(function: Function) -> Function:
    """Compile a kernel on its first call, without the interpreter lock, and keep its machine code."""
    return cast(Function, Kernel(function, OPTIONS))


def compiled_by_type(kernels: dict[type, Callable[..., Any]]) -> KernelByType:
    """Choose a kernel by the type of the last argument, where it is called: when the caller is compiled, or runs."""
    return KernelByType(kernels)


@dataclass(frozen=True)
class MachineCode:
    """A kernel compiled for arguments of given types: the name of its entry, the dtypes it returns, an object file."""

    entry: str
    results: tuple[str, ...]
    code: bytes

    def to_bytes(self) -> bytes:
        """A line of JSON, then the object file."""
        digest = hashlib.sha256(self.code).hexdigest()
        header = {"entry": self.entry, "results": self.results, "sha256": digest}
        return json.dumps(header).encode() + b"\n" + self.code

    @staticmethod
    def from_bytes(content: bytes) -> MachineCode | None:
        """What `to_bytes` wrote, or None if this is not whole."""
        line, _, code = content.partition(b"\n")
        try:
            header = json.loads(line)
            if header["sha256"] == hashlib.sha256(code).hexdigest():
                return MachineCode(header["entry"], tuple(header["results"]), code)
        except (ValueError, KeyError, TypeError):
            pass
        return None


class Kernel:
    """A function over arrays and numbers that runs as machine code, one for each choice of argument types.

    Arguments are C-contiguous arrays, Python's or NumPy's numbers, None, and named tuples of these; results are
    numbers. Where a kernel asks whether an argument is None, the other branch is not compiled. An index counts from the
    beginning: a negative one is out of the array.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]):
        functools.update_wrapper(self, function)
        self.function = function
        self.options = options
        self.loaded: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def __call__(self, *args: Any) -> Any:
        """Run the machine code for arguments of these types: from memory, from the cache, or compiled now."""
        if not is_enabled():
            return self.function(*args)
        types: list[Any] = []
        words: list[Any] = []
        for arg in args:
            _flatten(arg, types, words)
        signature = tuple(types)
        run = self.loaded.get(signature)
        if run is None:
            with _loading:
                run = self.loaded.get(signature) or self.loaded.setdefault(signature, self._load(signature, args))
        return run(*words)

    @property
    def _numba_type_(self) -> Any:
        """How Numba, while it compiles a kernel that calls this one, knows what it is."""
        from firth.kernels import machine_code

        return machine_code.type_of(self)

    def _load(self, signature: tuple[Any, ...], args: tuple[Any, ...]) -> Callable[..., Any]:
        code = self.function.__code__  # that of a kernel outside this folder may change, too
        digest = hashlib.sha256(repr((signature, code.co_code, code.co_consts)).encode()).hexdigest()[:16]
        name = f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}-{digest}"
        path = cache_folder() / f"{name}.kernel"
        found = _kept(path)
        if found is None:
            beside.wait_for(self.function.__name__)
            found = _kept(path)
        if found is None:
            from firth.kernels import machine_code

            found = machine_code.compile_kernel(self, args, name)
            _keep(path, found.to_bytes())
        return _linked(found, signature)


class KernelByType:
    """Kernels that take the same arguments but the last, whose type says which of them is called."""

    def __init__(self, kernels: dict[type, Callable[..., Any]]):
        self.kernels = kernels

    def __call__(self, *args: Any) -> Any:
        """Call the kernel for the last argument's type."""
        *_, last = args
        return self.kernels[type(last)](*args)

    @property
    def _numba_type_(self) -> Any:
        from firth.kernels import machine_code

        return machine_code.type_of_choice(self)


_loading = threading.RLock()
NOTHING = "none"
_SCALARS = {bool: "bool", int: "int64", float: "float64"}
_C_TYPES: dict[str, Any] = {np.dtype(t).name: np.ctypeslib.as_ctypes_type(t) for t in "?bBhHiIqQfd"} | {
    NOTHING: ctypes.c_void_p
}


def _flatten(value: Any, types: list[Any], words: list[Any]) -> None:
    """Append a value's type to `types`, and to `words` what the machine code gets for it (Numba's ArrayModel)."""
    if isinstance(value, np.ndarray):
        if not value.flags.c_contiguous:
            raise TypeError("a kernel takes arrays that are C-contiguous only")
        types.append((value.dtype.name, value.ndim))
        words += (None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
    elif isinstance(value, tuple):
        types.append((type(value).__name__, len(value)))
        for item in value:
            _flatten(item, types, words)
    elif value is None:
        types.append(NOTHING)
        words.append(None)
    else:
        types.append(_SCALARS.get(type(value)) or value.dtype.name)
        words.append(value if type(value) in _SCALARS else value.item())


def _linked(machine_code: MachineCode, signature: tuple[Any, ...]) -> Callable[..., Any]:
    """The machine code as a Python function of flattened arguments. Numba's functions return a status, 0 if all went
    well, and get the places of the results and of an exception before the arguments.
    """
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code.code))
    engine.finalize_object()
    c_types: list[Any] = []
    for kind in signature:
        if isinstance(kind, str):
            c_types.append(_C_TYPES[kind])
        elif kind[0] in _C_TYPES:
            c_types += [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 2 + [ctypes.c_void_p] + [ctypes.c_int64] * 2 * kind[1]
    fields = [(f"r{i}", _C_TYPES[dtype]) for i, dtype in enumerate(machine_code.results)]
    results_type = type("Results", (ctypes.Structure,), {"_fields_": fields})
    prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *c_types)
    function = prototype(engine.get_function_address(machine_code.entry))

    def run(*words: Any) -> Any:
        results, exception = results_type(), ctypes.c_void_p()
        status = function(ctypes.addressof(results), ctypes.addressof(exception), *words)
        if status != 0:
            raise FirthError(f"the kernel {machine_code.entry} failed with status {status}")
        values = tuple(getattr(results, name) for name, _ in fields)
        return values if len(values) > 1 else values[0] if values else None

    return run


@functools.cache
def _engine() -> Any:
    """What loads all machine code of this process, and owns it."""
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())


def target_machine() -> Any:
    """LLVM's description of the processor that machine code is made for. An engine that gets it owns it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu, features = processor()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=cpu, features=features, opt=3, codemodel="jitdefault", jit=True)


def _kept(path: Path) -> MachineCode | None:
    """The machine code in a file, or None if it is not there, or not whole."""
    try:
        return MachineCode.from_bytes(path.read_bytes())
    except OSError:
        return None


def _keep(path: Path, content: bytes) -> None:
    """Write a file into the cache, whole or not at all."""
    with contextlib.suppress(OSError):  # where nothing can be kept, kernels are compiled every time
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(path, overwrite=True) as temporary:
            temporary.write_bytes(content)
