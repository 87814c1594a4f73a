"""The SHA-256 of all parameters at 1, 2, 3 and 4 threads, and over two runs: one and the same."""

import sys

from common import arguments, run, wiki100

options = arguments(__doc__, epochs=1)
corpus = wiki100()
digests = set()
for threads in (1, 2, 3, 4, 2):
    digest = run(sys.executable, "one_firth.py", corpus, 1, options.epochs, threads)["sha256"]
    print(f"{threads} threads: {digest}", flush=True)
    digests.add(digest)
sys.exit(None if len(digests) == 1 else "not the same bits")
