"""The loops of the tutorial: examples, and training on them in batches."""
