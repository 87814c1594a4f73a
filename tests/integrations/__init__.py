"""firth beside the real program that it hands vectors to; each file's `NEEDS` says which packages that takes.

A file is skipped where its packages are missing; `python -m tools.integrations` installs them and runs it.
"""
