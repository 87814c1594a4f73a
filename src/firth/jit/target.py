"""The processor that machine code is made for."""

from __future__ import annotations

import functools
import os
import platform
import warnings
from typing import Any, cast

import llvmlite.binding as llvm

from firth.errors import FirthWarning

X86 = {"x86_64", "AMD64", "i386", "i686", "x86"}
"""What processors of this kind are called."""


def processor() -> tuple[str, str]:
    """The processor's name and features, as LLVM has them, or those that Numba's environment variables give."""
    name = os.environ.get("NUMBA_CPU_NAME")
    features = os.environ.get("NUMBA_CPU_FEATURES")
    return name or llvm.get_host_cpu_name(), features if features is not None else _host_features()


def _host_features() -> str:
    return cast(str, llvm.get_host_cpu_features().flatten())


def target_machine() -> Any:
    """LLVM's description of the processor that machine code is made for. An engine that gets it owns it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu, features = processor()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=cpu, features=features, opt=3, codemodel="jitdefault", jit=True)


def is_enabled() -> bool:
    """Whether kernels are compiled at all: with NUMBA_DISABLE_JIT=1 they run as Python, slowly, for coverage."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in {"", "0"}


@functools.cache
def warn_if_slow() -> None:
    """Warn, once in a process, where the processor multiplies and adds in two steps.

    Kernels then call the C library for each of these.
    """
    if platform.machine() in X86 and "+fma" not in processor()[1].split(","):
        warnings.warn(
            "this processor has no FMA instructions, or NUMBA_CPU_FEATURES leaves them out: training will take hundreds"
            " of times longer",
            FirthWarning,
            stacklevel=2,
        )
