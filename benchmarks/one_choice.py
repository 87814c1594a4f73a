"""Train firth with its defaults, but for some settings: one_choice.py CORPUS OUTPUT [SETTING=NUMBER ...].

The embedded corpus is named python-docs.
"""

import json
import sys

import firth
from firth.python_docs import python_docs

settings = {name: float(value) if "." in value else int(value) for name, value in (s.split("=") for s in sys.argv[3:])}
text = python_docs() if sys.argv[1] == "python-docs" else sys.argv[1]
model = firth.train(text, progress=False, **settings)
model.export(sys.argv[2], format="word2vec binary", overwrite=True)
last = model.history[-1]
print(json.dumps({"epochs": last.epoch, "loss": last.loss, "validation_loss": last.validation_loss}))
