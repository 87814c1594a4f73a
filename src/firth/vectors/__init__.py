"""Looking words up: vectors, neighbors, subwords, an index. Never loads the compiler."""
