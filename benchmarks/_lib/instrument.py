"""The kernels as they are, with a look at the processor's counter after each of their statements.

The source of a kernel is read, `note(k)` is put behind each statement, and what comes out takes the kernel's place in
every module that uses it. So what is measured is the real code, whatever its signature, and follows it when it changes.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from llvmlite import ir

from firth.jit.instructions import declared
from firth.jit.kernel import Kernel, KernelByType
from firth.jit.lowering import replaces

MOST_STATEMENTS = 1 << 10
NOTES = np.zeros((MOST_STATEMENTS + 1, 2), np.int64)
"""For each statement, its cycles and how often it was done; in the last row, when a note was taken last. The machine
code has the address of it.
"""
PACKAGE = "firth."


def note(statement: int) -> None:
    """Add what has gone by since the last note to a statement."""


@replaces(note)
def _note(builder: Any, statement: Any) -> None:
    word = ir.IntType(64)
    notes = builder.inttoptr(ir.Constant(word, NOTES.ctypes.data), word.as_pointer())
    counter = ir.FunctionType(word, [])
    now = builder.call(declared(builder, counter, "llvm.readcyclecounter"), [])
    last = builder.gep(notes, [ir.Constant(word, 2 * MOST_STATEMENTS)])
    first = builder.mul(statement, ir.Constant(word, 2))
    for offset, more in ((0, builder.sub(now, builder.load(last))), (1, ir.Constant(word, 1))):
        place = builder.gep(notes, [builder.add(first, ir.Constant(word, offset))])
        builder.store(builder.add(builder.load(place), more), place)
    builder.store(now, last)


@dataclass
class Instrumented:
    """Kernels in which each statement is timed."""

    labels: list[str] = field(default_factory=lambda: ["everything else"])
    firsts: list[int] = field(default_factory=list)  # the number of each kernel's first statement

    def add(self, kernel: Kernel) -> None:
        """Replace a kernel wherever it is used."""
        name = kernel.function.__name__
        tree = ast.parse(textwrap.dedent(inspect.getsource(kernel.function)))
        function = tree.body[0]
        assert isinstance(function, ast.FunctionDef)
        function.decorator_list = []
        self.firsts.append(len(self.labels))
        body: list[ast.stmt] = [_call_of_note(0)]
        for statement in function.body:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # the docstring
            number = len(self.labels)
            self.labels.append(f"{name}: {' '.join(ast.unparse(statement).split())}")
            noted = _BeforeReturns(number).visit(statement)
            body += [*(noted if isinstance(noted, list) else [noted]), _call_of_note(number)]
        function.body = body
        names = kernel.function.__globals__ | {"note": note}
        exec(compile(ast.fix_missing_locations(tree), f"<{name}, instrumented>", "exec"), names)
        _replace(kernel, Kernel(names[name]))


class _BeforeReturns(ast.NodeTransformer):
    """Puts a note before each return of a statement."""

    def __init__(self, number: int):
        self.number = number

    def visit_Return(self, statement: ast.Return) -> list[ast.stmt]:
        return [_call_of_note(self.number), statement]


def _call_of_note(number: int) -> ast.stmt:
    return ast.parse(f"note({number})").body[0]


def _modules() -> Iterable[Any]:
    return [module for name, module in list(sys.modules.items()) if name.startswith(PACKAGE)]


def kernel_named(name: str) -> Kernel:
    """The kernel of this name. Raises `LookupError` if none of the modules that were imported has it."""
    for module in _modules():
        if isinstance(found := vars(module).get(name), Kernel):
            return found
    raise LookupError(f"no kernel is called {name}: was it renamed? Name it with --kernels")


def _replace(old: Kernel, new: Kernel) -> None:
    for module in _modules():
        for name, value in list(vars(module).items()):
            if value is old:
                setattr(module, name, new)
            elif isinstance(value, KernelByType):
                value.kernels.update({kind: new for kind, kernel in value.kernels.items() if kernel is old})
