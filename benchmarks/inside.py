"""What benchmarks share that look inside the kernels: the processor's own counter, and something to train on."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

import firth
from common import wiki100
from firth.config import TrainingConfig
from firth.kernels.blocks import Parameters
from firth.kernels.intrinsics.replacing import replaces
from firth.planning import Tokens, initial_parameters


def now():
    """The processor's counter of cycles, which goes at a steady rate."""
    return 0


@replaces(now)
def _now(typing_context: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(64), [])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.readcyclecounter"), [])

    return types.int64(), generate


def tokens_and_parameters() -> tuple[Tokens, Parameters]:
    """wiki100, and parameters of the usual size that look as if they had learnt something."""
    corpus, size = firth.encode(wiki100()), TrainingConfig().vector_size
    vocabulary = corpus.vocabulary(5)
    parameters = initial_parameters(len(vocabulary), size, 1)
    for array in parameters:
        array[:, :size] = np.random.default_rng(0).normal(0, 0.2, (len(vocabulary), size))
    return Tokens(corpus.ids, corpus.sentence_starts, vocabulary.counts), parameters
