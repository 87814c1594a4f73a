"""What stands for a missing value, of every program that is installed."""

import numpy as np

HOLES = [None, float("nan"), np.float32("nan"), np.datetime64("NaT")]
try:
    import pandas as pd
except ImportError:  # `make test` has none
    pass
else:
    HOLES += [pd.NA, pd.NaT]
