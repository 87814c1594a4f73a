"""How fast firth is, how good, and where the time goes: see README.md. Run from the root of the repository."""
