"""The version of firth."""

__version__ = "0.1.0.dev0"
