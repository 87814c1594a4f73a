"""Text as numbers: the loops over bytes."""
