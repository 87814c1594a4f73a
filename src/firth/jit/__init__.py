"""A compiler that knows no word2vec: Numba translates kernels, LLVM compiles them, files keep the machine code."""
