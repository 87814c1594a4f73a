"""Train firth with its defaults, but for some settings: one_choice.py CORPUS OUTPUT [SETTING=NUMBER ...]."""

import json
import sys

import firth

settings = {name: float(value) if "." in value else int(value) for name, value in (s.split("=") for s in sys.argv[3:])}
model = firth.train(sys.argv[1], progress=False, **settings)
model.export(sys.argv[2], overwrite=True)
print(json.dumps({"epochs": len(model.history), "words": len(model)}))
