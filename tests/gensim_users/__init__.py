"""Programs that train with gensim, on firth in its place: `python -m tools.gensim_users` makes that so, and runs them.

Elsewhere these tests are skipped. Two factions of a karate club are known (Zachary 1977), and vectors that are worth
something tell them apart.
"""
