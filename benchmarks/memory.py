"""Peak memory of a training on wiki100, from the text file on, beside the model's own size."""

import sys
import tempfile

from common import arguments, machine, wiki100

PROGRAM = """
import json, resource, sys, firth
model = firth.train(sys.argv[1], cache=sys.argv[2], threads=int(sys.argv[3]), epochs=1, progress=False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"model": 2 * model.vectors.nbytes, "peak": peak}))
"""

if __name__ == "__main__":
    import json
    import subprocess

    options = arguments(__doc__, threads=2)
    corpus = wiki100()
    print(machine())
    with tempfile.TemporaryDirectory() as cache:
        for what in ("reading the text and training", "training, the text encoded before"):
            command = [sys.executable, "-c", PROGRAM, str(corpus), cache, str(options.threads)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            model, peak = found["model"] / 1e6, found["peak"] / 1e6
            print(f"{what}: peak {peak:.0f} MB = the model's {model:.0f} MB and {peak - model:.0f} MB")
