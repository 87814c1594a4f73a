"""The loops that train: rounds of blocks, for each kind of training."""
