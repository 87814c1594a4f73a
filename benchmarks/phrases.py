"""Phrases of wiki100 beside gensim's: are they the same, with the same scores, and how long does it take?

gensim is timed from the text, which it splits at white space; firth from the encoded text, and the encoding by itself.
"""

import json
import tempfile
import time

import firth
from common import WORK, arguments, machine, peers_python, run, wiki100

arguments(__doc__.splitlines()[0])
corpus = wiki100()
firth.join_phrases([["a", "b"]] * 9, firth.find_phrases([["a", "b"]] * 9, scoring="npmi"))  # so that all is compiled
print(machine())
for scoring in ("mikolov", "npmi"):
    scores = WORK / "phrases.json"
    theirs = run(peers_python(), "one_phrases.py", corpus, scoring.replace("mikolov", "default"), scores)
    wanted = json.loads(scores.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as cache:
        began = time.process_time()
        encoded = firth.encode(corpus, cache=cache, threads=1)
        encoding = time.process_time() - began
        began = time.process_time()
        phrases = firth.find_phrases(encoded, scoring=scoring)
        finding = time.process_time() - began
        began = time.process_time()
        joined = firth.join_phrases(encoded, phrases, cache=cache)
        joining = time.process_time() - began
    ours = phrases.scores()
    apart = max(abs(ours[phrase] - wanted[phrase]) / abs(wanted[phrase]) for phrase in ours.keys() & wanted.keys())
    same = set(ours) == set(wanted)
    print(f"{scoring}: {len(wanted):,} phrases of gensim's, {len(ours):,} of firth's, the same: {same}")
    print(f"  greatest relative difference of a score {apart:.1e}")
    print(f"  tokens when they are joined: {theirs['tokens']:,}, {len(joined):,}")
    print(f"  finding: gensim {theirs['finding']:.1f} s, firth {finding:.2f} s after {encoding:.1f} s of encoding")
    print(f"  joining: gensim {theirs['joining']:.1f} s, firth {joining:.2f} s")
