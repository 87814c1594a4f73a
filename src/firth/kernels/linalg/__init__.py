"""Products of small matrices, and sums of rows: the plain functions, and what kernels run in their place."""
