"""Cost and speedup as corpora, vectors, vocabularies and threads grow."""
