"""The compiled loops: plain code over arrays, checked by their callers, each with a slow twin in `reference`.

Read `skipgram` first; `products` holds its three small matrix products, `randomness` its random numbers,
`synchrony` what its threads use to wait for each other, `compiler` the options all are compiled with.
"""
