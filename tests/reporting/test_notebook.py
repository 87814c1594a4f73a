"""The bar in a notebook, as a real kernel shows it: one line, that stays."""

import io
import re
import sys

import pytest

from firth.reporting import notebook, progress_bar
from tests.helpers.notebooks import executed

START = """
import sys
if not {has_widgets}:
    sys.modules["ipywidgets"] = None  # as if it were not installed
import firth
from firth.reporting.events import Compiling, OnCluster, Progress, Reading
from firth.reporting.progress_bar import ProgressBar, steps
text = ["one two three four five six seven"] * 2000
"""
TRAINING = "model = firth.train(text, vector_size=8, epochs=2, min_count=1, sample=0)"
STOPPED = """
with ProgressBar() as bar:
    for n in range(1, 6):
        bar(Progress(1, 1, n * 1000, 10_000, 9, 2.03, 0.02))
    raise {error}
"""
EVENTS = """
with ProgressBar() as bar:
    bar(Compiling())
    bar(OnCluster("a machine was lost"))
    for n in range(1, 4):
        bar(Reading(n * 100, 300, n))
    bar(Progress(1, 1, 10_000, 10_000, 9, 2.03, 0.02))
"""
STEPS = """
with steps("t-SNE", shown=True) as report:
    for n in range(100):
        report(n + 1, 100)
"""
CELLS = [
    TRAINING,
    STOPPED.format(error="KeyboardInterrupt"),
    STOPPED.format(error="ValueError"),
    EVENTS,
    STEPS,
    "print(1)",
]


@pytest.fixture(scope="module", params=[False, True], ids=["without ipywidgets", "as installed"])
def outputs(request, tmp_path_factory):
    """What each of the cells shows, but errors: text by kind of output."""
    cells = [START.format(has_widgets=request.param), *CELLS]
    made = executed(cells, tmp_path_factory.mktemp("notebook"), allow_errors=True)
    assert made.cells[0].outputs == []
    return [
        [(o.output_type, o.get("text") or o.data["text/plain"]) for o in cell.outputs if o.output_type != "error"]
        for cell in made.cells[1:]
    ]


def test_notebook__a_training_shows_one_line_that_stays_at_its_end_and_no_warning(outputs):
    ((kind, line),) = outputs[0]
    assert kind == "display_data"
    assert re.fullmatch(r"training: 100%\|█+\| .* words/s, epoch 2/2, loss \d.*\]", line)


@pytest.mark.parametrize("cell", [1, 2])
def test_notebook__a_training_that_is_interrupted_or_fails_leaves_its_bar_where_it_was(outputs, cell):
    ((_, line),) = outputs[cell]
    assert line.startswith("training:  50%|█████     | 5.00k/10.0k")


def test_notebook__work_before_the_training_gives_way_to_it_and_news_of_a_cluster_stays(outputs):
    shown = dict(outputs[3])
    assert shown["stream"] == "a machine was lost\n"
    assert shown["display_data"].startswith("training: 100%")
    assert len(outputs[3]) == 2


def test_notebook__other_long_work_has_a_line_too(outputs):
    ((_, line),) = outputs[4]
    assert line.startswith("t-SNE: 100%|██████████| 100/100")
    assert outputs[5] == [("stream", "1\n")]


def test_notebook__its_line_takes_what_a_bar_writes_and_no_moves_of_a_cursor():
    shown = []
    line = notebook.NotebookLine()
    line.show = shown.append
    for text in ("\r 5%   ", "\n", "\x1b[A", "\r 6%", "\r"):
        line.write(text)
    assert shown == [" 5%", " 6%"]


def test_notebook__where_nothing_shown_can_be_changed_the_bar_is_on_standard_error(monkeypatch):
    monkeypatch.setattr(notebook, "in_a_kernel", lambda: True)
    assert notebook.line_here() is not None
    monkeypatch.setitem(sys.modules, notebook.WITHOUT_UPDATES, sys)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert notebook.line_here() is None
    with progress_bar.steps("t-SNE", shown=True) as report:
        report(1, 1)
    assert "t-SNE: 100%" in sys.stderr.getvalue()


def test_notebook__a_process_that_has_ipykernel_but_is_no_kernel_shows_no_bar(monkeypatch):
    pytest.importorskip("ipykernel", reason="needs the dependency group check")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not progress_bar.wanted(None)
