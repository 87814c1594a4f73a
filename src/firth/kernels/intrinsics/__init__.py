"""What kernels call in the place of some plain functions, when they are compiled: instructions of LLVM's."""

from firth.kernels.intrinsics import (  # noqa: F401
    contexts,
    exponentials,
    hierarchy,
    prefetch,
    products,
    rows,
    skipgram,
    sums,
    synchrony,
)
