"""The compiled loops: plain code over arrays, checked by their callers, each with a slow reference in NumPy.

Read `word2vec/skipgram.py` first. `linalg/products.py` holds its small matrix products, `machine/rng.py` its random
numbers, `machine/atomics.py` what its threads wait for each other by. What compiles them all is `firth.jit`.
"""
